"""Long commands say on standard error how far they have come; what they print stays as it is."""
import fcntl
import itertools
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

import pytest

from harness import BIN, SLOWNESS, corporate_number, order

WIDE = 60
CLEARED = "\x1b[K"
UNITS = r"(?:\d[\d,]* operators|[\d.]+ [kMG]B)"


class Watched:
    """A command that ran as on a machine that had no time for it at first, and what it said on standard error."""

    def __init__(self, house, *command, terminal):
        env = {**os.environ, "SEKISHO_CONFIG": str(house.gateway.config), "TERM": "xterm"}
        ours, theirs = pty.openpty() if terminal else os.pipe()
        if terminal:
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDE, 0, 0))
        # It stands still before it begins: also where this test comes late to slow it down.
        stopped = ["sh", "-c", 'kill -STOP $$; exec "$@"', "sh"]
        self.popen = subprocess.Popen([*stopped, str(BIN / "sekisho"), *map(str, command), "--json"], cwd=house.directory,
                                      env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        said = []
        reader = threading.Thread(target=self._read, args=(ours, said))
        reader.start()
        threading.Thread(target=self._slow_down, daemon=True).start()
        out, _ = self.popen.communicate(timeout=300 * SLOWNESS)
        reader.join()
        self.code, self.json, self.said = self.popen.returncode, json.loads(out), b"".join(said).decode()

    @staticmethod
    def _read(end, said):
        try:
            while piece := os.read(end, 4096):
                said.append(piece)
        except OSError:
            pass  # a terminal that its last writer has left
        os.close(end)

    def _slow_down(self):
        until = time.monotonic() + 4
        while self.popen.poll() is None:
            slow = time.monotonic() < until
            for what, seconds in ((signal.SIGSTOP, 0.25), (signal.SIGCONT, 0.01)) if slow else ((signal.SIGCONT, 0.25),):
                self.popen.send_signal(what)
                time.sleep(seconds)

    def lines(self):
        """Of a log, or a terminal's one line as it was over time: [(what, per cent, the rest)]."""
        texts = self.said.split("\n")[:-1] if "\n" in self.said else [
            text.removesuffix(CLEARED) for text in self.said.split("\r") if text and text != CLEARED]
        found = []
        for text in texts:
            seen = re.fullmatch(rf"([a-z ]+): (\d+) % of {UNITS}(, (?:[\dhmins ]+|—) left| in [\dhmins ]+)", text)
            assert seen, (text, self.said)
            assert len(text) < WIDE
            found.append((seen[1], int(seen[2]), seen[3]))
        return found


def rises(lines):
    for _, stretch in itertools.groupby(lines, key=lambda line: line[0]):
        percents = [line[1] for line in stretch]
        if percents != sorted(percents):
            return False
    return True


def check_terminal(seen):
    lines = seen.lines()
    assert lines and rises(lines), seen.said
    assert "\n" not in seen.said and seen.said.startswith("\r")
    assert seen.said.endswith("\r" + CLEARED), "the line is cleared when all is done"


def check_log(seen):
    lines = seen.lines()
    assert lines and rises(lines), seen.said
    assert "\r" not in seen.said and "\x1b" not in seen.said
    # Ten seconds between two, but for the closing word of a stretch.
    assert sum(" in " not in rest for _, _, rest in lines) <= 1 + 30 * SLOWNESS
    for what, stretch in itertools.groupby(lines, key=lambda line: line[0]):
        assert list(stretch)[-1][1] == 100, (what, seen.said)


def write_list(file, rows, more=""):
    with open(file, "w") as out:
        out.write("corporate_number,plan_state,number_types,forwards_calls,checked_on,checked_by\n")
        for n in range(rows):
            out.write(f"{corporate_number(100_000_000_000 + n)},certified,fixed ip_050,yes,2026-04-10,desk-1\n")
        out.write(more)
    return file


@pytest.fixture(scope="module")
def long_list(tmp_path_factory):
    """A register of 100,000 operators."""
    return write_list(tmp_path_factory.mktemp("list") / "plan.csv", 100_000)


@pytest.fixture
def redis_alone(build_house):
    house = build_house()
    house.redis.start()
    return house


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])
def test_an_import_says_how_far_it_has_come(redis_alone, long_list, terminal):
    seen = Watched(redis_alone, "registry", "import", "--register", "plan", long_list, terminal=terminal)
    assert seen.code == 0 and seen.json["rows"] == 100_000 and len(seen.json["added"]) == 100_000
    (check_terminal if terminal else check_log)(seen)
    stretches = {what for what, _, _ in seen.lines()}
    assert stretches <= {"reading the list", "reading the registry", "sending", "folding in"}
    if terminal:
        assert stretches & {"sending", "folding in"}
        assert any(left.startswith(",") and "—" not in left for _, _, left in seen.lines()), seen.said


@pytest.fixture
def long_journal(open_house):
    """A journal of some 120 MB: what a gateway wrote, and its decisions over and over. No mac of those fits."""
    house = open_house()
    with house.gateway.client("aozora") as client, house.gateway.client("kaze") as refused:
        order(client, 3)
        order(refused, 3)
    assert house.gateway.terminate() == 0
    lines = house.gateway.journal_lines()
    decisions = [line for line in lines if b'"kind":"decision"' in line]
    seq = len(lines)
    with open(max(house.gateway.journal.glob("*.ndjson")), "ab") as segment:
        while segment.tell() < 120_000_000:
            for line in decisions:
                seq += 1
                segment.write(re.sub(rb'^{"seq":\d+', b'{"seq":%d' % seq, line))
    return house


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])
def test_what_reads_a_journal_says_how_far_it_has_come(long_journal, terminal):
    journal = long_journal.gateway.journal
    for command in (["audit", "verify", journal], ["audit", "replay", journal],
                    ["policy", "replay", "policy.yaml", "--journal", journal],
                    ["audit", "show", "01K00000000000000000000000", "--journal", journal]):
        plain = long_journal.sekisho(*command, "--quiet")
        assert plain.json is not None and plain.err == "", plain
        seen = Watched(long_journal, *command, terminal=terminal)
        (check_terminal if terminal else check_log)(seen)
        for result in (plain.json, seen.json):
            if "seconds" in result:
                result.pop("seconds")
        assert (seen.code, seen.json) == (plain.code, plain.json)


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])
def test_whoever_wants_to_hear_nothing_says_so(redis_alone, long_list, terminal):
    seen = Watched(redis_alone, "registry", "import", "--quiet", "--register", "plan", long_list, terminal=terminal)
    assert seen.code == 0 and seen.said == ""


def test_a_refusal_does_not_stand_in_the_middle_of_a_line(redis_alone, tmp_path):
    """What is wrong with a list is said on a line of its own. So long a list is not read before a word is said."""
    bad = write_list(tmp_path / "bad.csv", 600_000, "x,certified,fixed,yes,2026-04-10,desk-1\n")
    seen = Watched(redis_alone, "registry", "import", "--register", "plan", bad, terminal=True)
    assert seen.code == 2
    progress, _, refusal = seen.said.rpartition("\r" + CLEARED)
    assert "reading the list" in progress
    assert refusal.startswith(f"{bad}:600002:1: 'x' is not a corporate number"), refusal
