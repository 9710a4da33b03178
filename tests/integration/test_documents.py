"""The documents are right: what they say to run runs, and what they name exists. docs/building.md says which block is which.

docs/clients.md has a test of its own (test_clients_page.py), and so have the Japanese pages (test_japanese_pages.py); lines
of jq in the runbooks are tried by test_watching.py.
"""
import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from harness import BIN, IMPATIENT, SLOWNESS, TOP, edit, free_port, order, wait_for

DOCS = TOP / "docs"
PAGES = [*sorted(TOP.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
# Their Japanese twins have the same commands (test_japanese_pages.py).
RUNBOOKS = sorted(path for path in (DOCS / "runbooks").glob("*.md") if path.stem != "README" and not path.stem.endswith(".ja"))
RUN_HERE = {"README.md", "first-carrier.md", "policy.md", "registry.md", "carriers.md", "operations.md"}
RUN_ELSEWHERE = {"clients.md", "backup.md"}
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
NOT_OURS = {"iostat", "timedatectl", "dmesg", "df", "promtool"}  # of the machine or of Prometheus, told in runbooks
SAMPLE_PORTS = ("18080", "18081", "19090", "16379")


def names(paths):
    return [str(path.relative_to(TOP)) for path in paths]


def blocks(path, *languages):
    return [text for _, language, text in BLOCK.findall(path.read_text()) if language in languages]


def lines(text):
    """Commands, a line each: continued lines joined."""
    return text.replace("\\\n", " ").splitlines()


def transcripts(text):
    """[(command, what it printed)] of a console block."""
    told = []
    for line in lines(text):
        if line.startswith("$ "):
            told.append((line[2:], []))
        else:
            told[-1][1].append(line)
    return [(command, "\n".join(said).strip()) for command, said in told]


# Running a page.

def script(path):
    """Everything of a page that is run, as one script that tells on stderr where it is."""
    parts = ["set -euo pipefail"]
    for number, text in enumerate(blocks(path, "sh"), 1):
        parts.append(f"echo '== {path.name}, block {number}' >&2")
        parts.append(re.sub(r"^(.*?) +# exit (\d)$", r"code=0; \1 || code=$?; [ $code = \2 ]", text, flags=re.M))
    whole = "\n".join(parts)
    ready = "curl -s --retry 40 --retry-all-errors --retry-delay 1 -f http://127.0.0.1:19090/readyz"
    return re.sub(r"^sekisho serve$", f"sekisho serve & gate=$!; {ready}; kill $gate; wait $gate", whole, flags=re.M)


def gone(group, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def run(text, directory, ports=(), seconds=300, **env):
    """As one shell; whatever it started ends with it."""
    for old, new in ports:
        text = text.replace(old, str(new))
    env = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(directory), **env}
    shell = subprocess.Popen(["bash", "-c", text], cwd=directory, env=env, stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = shell.communicate(timeout=seconds * SLOWNESS)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        out, err = shell.communicate()
        raise AssertionError(f"it goes on for ever:\n{out[-2000:]}\n{err[-2000:]}") from None
    ended = shell.returncode == 0 and gone(shell.pid, 30 * SLOWNESS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, f"exit {shell.returncode}:\n{text[-500:]}\n{out[-2000:]}\n{err[-2000:]}"
    assert ended, "the page leaves programs running"
    return out


@pytest.fixture
def at_home(build_house):
    """A house whose own file is the one that pages name, `sekisho.yaml`."""
    def build(**kw):
        house = build_house(**kw)
        shutil.copy(house.gateway.config, house.directory / "sekisho.yaml")
        return house
    return build


def ports_of(house):
    return [("19090", house.gateway.admin_port), ("18080", house.gateway.port), ("journal/", "journal-1/")]


def test_the_readme_in_front_of_your_carrier(at_home):
    house = at_home()
    house.redis.start(), house.carrier.start()
    said = run(script(TOP / "README.md"), house.directory, ports_of(house))
    assert "7 passed, 0 failed" in said and "imported track-record" in said and said.endswith("ready\n")


def test_the_first_carrier_from_top_to_bottom(tmp_path):
    (tmp_path / "config").symlink_to(TOP / "config")
    said = run(script(DOCS / "first-carrier.md"), tmp_path, [(port, free_port()) for port in SAMPLE_PORTS])
    for block in blocks(DOCS / "first-carrier.md", ""):
        assert block in said, "what the page says is printed"
    for told in ('["jp:5999900000004",true,["uncertified","day"]]', "permitted -> etoc-uncertified (uncertified): 1 decisions",
                 "nothing altered, nothing missing"):
        assert told in said


def test_the_policys_working_day(at_home):
    house = at_home().start()
    with house.gateway.client("aozora") as client:
        assert order(client, 3).status == 201
    text = (house.directory / "policy.yaml").read_text()
    (house.directory / "new.yaml").write_text(text.replace("numbers: 1000, per: day", "numbers: 2, per: day"))
    tests = (house.directory / "policy.test.yaml").read_text()
    (house.directory / "new.test.yaml").write_text(tests.replace("policy.yaml", "new.yaml").replace("quantity: 10 }", "quantity: 2 }"))
    page = DOCS / "policy.md"
    day = re.findall(r"^\| \d \| `(sekisho [^`]+)`", page.read_text(), re.M)
    assert len(day) == 5, day
    for command in [*day, *blocks(page, "sh"), *blocks(DOCS / "policy.ja.md", "sh")]:
        run(command.replace("DIR", "journal-1"), house.directory, SEKISHO_CONFIG="sekisho.yaml")


def test_the_registrys_import_and_revocation(at_home):
    house = at_home().start()
    rows = (house.directory / "etoc.csv").read_text()
    assert "認証\n" in rows
    (house.directory / "new.csv").write_text(rows.replace("認証\n", "取消\n", 1))
    told = [one for block in blocks(DOCS / "registry.md", "console") for one in transcripts(block)]
    assert len(told) == 2
    for command, _ in told:
        said = run(command, house.directory, SEKISHO_CONFIG="sekisho.yaml")
        assert "jp:8999900000001" in said
    assert house.standing("aozora")["etoc"]["state"] == "revoked"


def test_the_carriers_page_prints_what_it_says(tmp_path):
    page = DOCS / "carriers.md"
    shutil.copy(TOP / "config" / "carriers" / "telnyx-like.yaml", tmp_path)
    shutil.copy(TOP / "tests" / "carriers" / "telnyx-like" / "01-order-pending.answer.http", tmp_path / "order.answer.http")
    (tmp_path / "order.request.http").write_text(blocks(page, "http")[0])
    told = [one for block in blocks(page, "console") for one in transcripts(block)]
    assert len(told) == 2
    for command, printed in told:
        assert run(command, tmp_path).strip() == printed


def silent_order(house, quantity):
    """The id of a hold in suspense: the carrier never answered."""
    before = {hold["hold"] for hold in house.holds()}
    house.carrier.control("silence", times=1)
    with house.gateway.client("aozora") as client:
        assert order(client, quantity).status == 504
    return wait_for("it is in suspense", 10, lambda: {hold["hold"] for hold in house.holds() if hold["state"] == "suspense"} - before).pop()


def test_operations_and_every_runbook(at_home):
    """What the capitals stand for is filled in; each `resolve` ends a hold of its own."""
    house = at_home(changes=IMPATIENT).start()
    with house.gateway.client("aozora") as client:
        answer = order(client, 1)
    assert answer.status == 201
    run("openssl req -x509 -newkey ed25519 -nodes -keyout gate.key -out gate.pem -days 9 -subj /CN=gate", house.directory)
    known = {"ID": house.operators["kaze"], "DECISION": answer.decision, "DIR": "journal-1", "NAME": "sato", "R": "test",
             "DAY": "2026-11-01"}
    done = 0
    for page in [DOCS / "operations.md", DOCS / "operations.ja.md", *RUNBOOKS]:
        for line in (line for block in blocks(page, "sh") for line in lines(block)):
            line = re.sub(r" +#.*", "", line).replace("…", "")
            if line.split()[0] in NOT_OURS | {"jq"}:
                continue
            if re.search(r"\bHOLD\b", line):
                known["HOLD"] = silent_order(house, 5)
            for word, value in known.items():
                line = re.sub(rf"\b{word}\b", value, line)
            if " doctor" in line or "readyz" in line:  # what they say is the house's state, not the page's
                line = line.replace("curl -s ", "curl -sf ") + (" || [ $? = 1 ]" if " doctor" in line else "")
            run(line, house.directory, ports_of(house), SEKISHO_CONFIG="sekisho.yaml", REDIS_URL=house.redis.url)
            done += 1
    assert done > 35


def first_file(page, schema):
    return next(text for text in blocks(DOCS / page, "yaml") if f"schema: {schema}" in text)


@pytest.mark.parametrize("page", ["registry.md", "registry.ja.md"])
def test_the_mapping_of_the_page_reads_a_list(at_home, page):
    house = at_home()
    house.redis.start()
    (house.directory / "page.yaml").write_text(first_file(page, "sekisho/mapping/v1"))
    rows = "法人番号,事業者名,認証番号,有効期限,状態\n8999900000001,あおぞら通信株式会社,ETOC-0001,2027-01-31,認証\n"
    (house.directory / "page.csv").write_text(rows, encoding="shift_jis")
    done = house.import_register("etoc", "page.csv", "page.yaml", "--dry-run")
    assert done.code == 0 and done.json["added"] == ["jp:8999900000001"], done


def test_the_admin_tokens_of_the_page_load(at_home):
    house = at_home()
    (house.directory / "admin.yaml").write_text(first_file("operations.md", "sekisho/admin/v1"))
    address = f"  address: 127.0.0.1:{house.gateway.admin_port}"
    edit(house.gateway.config, [(address, f"  tokens: admin.yaml\n{address}")])
    assert house.sekisho("check").code == 0
    edit(house.directory / "admin.yaml", [("role: viewer", "role: reader")])
    assert house.sekisho("check").code == 2


def test_no_page_has_commands_that_nobody_runs():
    marked = {path.name for path in PAGES if blocks(path, "sh") and path not in RUNBOOKS and not path.name.endswith(".ja.md")}
    assert marked <= RUN_HERE | RUN_ELSEWHERE, "a block marked `sh` is run: add the page to this file, or mark the block `console`"
    assert [path.name for path in PAGES if blocks(path, "bash", "shell")] == [], "say `sh` or `console`"
    unmarked = [(path.name, line) for path in PAGES if "reference" not in path.parts for text in blocks(path, "") for line in text.splitlines()
                if line.startswith(("$ ", "sekisho ")) and not line.startswith("sekisho list signature")]
    assert unmarked == [], "mark a block of commands: `sh` is run, `console` is for reading"


# What pages name.

@functools.lru_cache(None)
def helped(*words):
    """The help of this very command, or None."""
    text = subprocess.run([BIN / "sekisho", *words, "--help"], capture_output=True, text=True, timeout=60).stdout
    return text if re.search(rf"^Usage: sekisho{''.join(' ' + word for word in words)}(?: [\[A-Za-z]|$)", text, re.M) else None


def has_subcommands(*words):
    return "\nSubcommands:" in helped(*words)


def commands(text):
    """Every `sekisho …` that stands in code, a string each."""
    fenced = [line for _, language, block in BLOCK.findall(text) if language in ("sh", "console", "") for line in lines(block)]
    for line in fenced:
        yield from re.findall(r"^(?:\$ )?(sekisho [a-z].*)", line)
    for inline in re.findall(r"`([^`\n]+)`", BLOCK.sub("", text)):
        if re.match(r"sekisho [a-z]", inline):
            yield inline
        elif re.match(r"(policy|registry|carrier|client|ledger|audit) [a-z]+($| -| [A-Z])", inline):
            yield f"sekisho {inline}"


def wrong_with(command):
    command = re.sub(r"(\s#.*|\s[|>&2]+ .*|;.*)", "", command)
    if command.startswith("sekisho list signature"):  # the first line of what is signed
        return None
    words, known = command.split()[1:], []
    while words and has_subcommands(*known):
        if not re.fullmatch(r"[a-z-]+", words[0]) or words[0].startswith("-"):
            break
        if helped(*known, words[0]) is None:
            return f"no such command: {' '.join([*known, words[0]])}"
        known.append(words.pop(0))
    options = re.findall(r"(?<=\s)--[a-z][a-z-]*", command)
    texts = helped(*known) + helped()
    missing = [option for option in options if not re.search(rf"{option}\b(?!-)", texts)]
    return f"no such option: {missing}" if missing else None


def test_every_command_of_every_page_exists():
    seen = [(path.name, command) for path in PAGES for command in commands(path.read_text())]
    assert len(seen) > 250
    wrong = [(*one, why) for one in seen if (why := wrong_with(one[1]))]
    assert wrong == []


def anchors(path):
    """GitHub's: of each heading."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_of_every_page_leads_somewhere():
    dead, seen = [], 0
    for path in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", path.read_text())):
            if re.match(r"https?:", target):
                continue
            seen += 1
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists() or (anchor and anchor not in anchors(there)):
                dead.append((path.name, target))
    assert dead == [] and seen > 300


def test_the_japanese_index_of_alerts_is_the_runbooks_own():
    row = r"^\| \[(\w+)\]\(([\w-]+)(?:\.ja)?\.md\) \| ([\w, ]+) \|"
    english, japanese = (re.findall(row, (DOCS / "runbooks" / page).read_text(), re.M) for page in ("README.md", "README.ja.md"))
    assert english == japanese and len(english) == len(RUNBOOKS)


def described(page):
    return subprocess.run([BIN / "sekisho", "describe", page], capture_output=True, text=True, timeout=60, check=True).stdout


def test_every_metric_of_every_page_exists():
    rows = re.findall(r"^\| `(sekisho_\w+)` \| (\w+)", described("metrics"), re.M)
    known = {name for name, _ in rows}
    known |= {f"{name}_{part}" for name, kind in rows if kind == "histogram" for part in ("bucket", "sum", "count")}
    assert len(rows) > 30
    known |= {"sekisho_code", "sekisho_decision", "sekisho_contact"}  # members of answers in a carrier's shape
    known |= {f"sekisho_{name}" for name in ("decision", "operator", "status", "problem", "retry_after", "refused", "admin")}  # nginx's variables
    wrong = [(path.name, name) for path in PAGES for name in re.findall(r"\bsekisho_[a-z_]+[a-z]\b", path.read_text()) if name not in known]
    assert wrong == []


def test_every_setting_of_every_page_exists():
    rows = re.findall(r"^\| `([a-z_.-]+)` \|", described("settings"), re.M)
    known = set(rows) | {f"{row}.{end}" for row in rows for end in ("soft", "hard")}
    known |= {name.rpartition(".")[0] for name in known} | {name.rpartition(".")[0] + ".*" for name in known}
    tops = {name.split(".")[0] for name in rows if "." in name}
    files = {"journal.registry", "admin.openapi.yaml"}
    wrong = []
    for path in PAGES:
        for name in re.findall(r"`([a-z_]+(?:\.[a-z_*-]+)+)`", path.read_text()):
            if name in files:
                continue
            if name.split(".")[0] in tops and name not in known:
                wrong.append((path.name, name))
    assert len(rows) > 30 and wrong == []


def test_every_reason_of_every_page_exists_with_its_status():
    text = described("reasons")
    known = dict(re.findall(r"^## ([a-z-]+)\n\n(\d+)", text, re.M))
    assert len(known) > 30
    wrong = []
    for path in PAGES:
        for status, code in re.findall(r"\b([45]\d\d) `([a-z]+(?:-[a-z]+)*)`", path.read_text()):
            if code not in known or (status != known[code] and code != "quota-exceeded"):
                wrong.append((path.name, status, code))
        for code in re.findall(r"\bdeny: ([a-z]+(?:-[a-z]+)+)\b", "".join(blocks(path, "yaml", "sh"))):
            if code not in known:
                wrong.append((path.name, code))
    assert wrong == []
