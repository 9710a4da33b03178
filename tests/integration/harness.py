"""One installation of the gate with everything around it: Redis, the sample carrier, gateways, registers.

All of it is real and private to a test: own directory, own ports, ended by pid with the test. Programs are taken
from SEKISHO_BIN_DIR (default build/release). SEKISHO_SLOWNESS stretches time limits for instrumented builds;
SEKISHO_GRACEFUL=1 ends gateways by SIGTERM instead of SIGKILL, so that leak checks get to speak.
"""
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

from client import Answer, Broken, Client, order, order_body  # noqa: F401  (for the tests)

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = TOP / "config" / "examples" / "contract"
BIN = pathlib.Path(os.environ.get("SEKISHO_BIN_DIR") or TOP / "build" / "release").resolve()
SLOWNESS = float(os.environ.get("SEKISHO_SLOWNESS") or 1)
LENIENCE = 3 * SLOWNESS  # what is waited for comes later on a busy machine; waiting longer for what never comes costs nothing else
GRACEFUL = os.environ.get("SEKISHO_GRACEFUL") == "1"
JST = datetime.timezone(datetime.timedelta(hours=9))

OPERATORS = {
    "aozora": "jp:8999900000001",  # certified
    "kaze": "jp:7999900000002",    # revoked
    "minato": "jp:6999900000003",  # expired
    "hoshi": "jp:5999900000004",   # never certified, deemed plan
    "yama": "jp:4999900000005",    # on the refusal list
    "kawa": "jp:3999900000006",    # no plan
}

# Load must not meet the sample policy's limits.
ROOMY = {"policy.yaml": [("numbers: 1000, per: day", "numbers: 100000000, per: day"),
                         ("requests: 50, per: second, burst: 100", "requests: 1000000, per: second, burst: 1000000")]}
IMPATIENT = {"carrier.yaml": [("response: 30s", "response: 3s")]}  # a carrier that the machine keeps waiting is no silent one


def edits(*groups):
    """Several groups of edits as one."""
    merged = {}
    for group in groups:
        for name, pairs in group.items():
            merged.setdefault(name, []).extend(pairs)
    return merged


def wait_for(what, seconds, true):
    """Waits until `true()` is truthy and returns it; `what` says in the failure what never came."""
    end = time.monotonic() + seconds * LENIENCE
    while True:
        last = true()
        if last:
            return last
        assert time.monotonic() < end, f"not within {seconds * LENIENCE:g} s: {what}"
        time.sleep(0.02)


def jst_now():
    return datetime.datetime.now(JST)


def next_jst_midnight():
    return datetime.datetime.combine(jst_now().date() + datetime.timedelta(days=1), datetime.time(), JST)


def stay_in_one_day(seconds):
    """Day windows turn at midnight JST: waits it out when it comes within `seconds`."""
    left = (next_jst_midnight() - jst_now()).total_seconds()
    if left < seconds:
        time.sleep(left + 1)


ports_given = set()  # one that was given and is not yet bound looks free, and must not be given again


def free_port():
    """Below the range that outgoing connections use, so that a port stays free while its owner restarts."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        if port in ports_given:
            continue
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            ports_given.add(port)
            return port


def corporate_number(base):
    """13 digits: a check digit in front of twelve (Ministry of Finance Ordinance 70 of 2014, article 2)."""
    digits = f"{base:012d}"
    total = sum(int(d) * (1 if n % 2 else 2) for n, d in enumerate(reversed(digits), 1))
    return f"{9 - total % 9}{digits}"


def edit(path, pairs):
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, f"{path.name} has no {old!r}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class Process:
    """A program that ends with the test, and with pytest."""

    def __init__(self, name, command, directory, env=None):
        self.name, self.command, self.directory = name, [str(part) for part in command], directory
        self.env = {**os.environ, **(env or {})}
        self.out, self.err = directory / f"{name}.out", directory / f"{name}.err"
        self.popen = None

    def start(self):
        assert not self.running(), f"{self.name} is running"
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with open(self.out, "ab") as out, open(self.err, "ab") as err:
            self.popen = subprocess.Popen(guard + self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          cwd=self.directory, env=self.env)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds):
        return self.popen.wait(seconds * LENIENCE)

    def kill(self):
        if self.running():
            self.signal(signal.SIGCONT)  # in case the test had stopped it
            self.signal(signal.SIGKILL)
            self.popen.wait(10)

    def wait_ready(self, seconds, ready):
        def alive_and_ready():
            assert self.running(), f"{self.name} ended with {self.popen.returncode}:\n{self.last_words()}"
            return ready()
        return wait_for(f"{self.name} is ready; it says:\n{self.last_words()}", seconds, alive_and_ready)

    def last_words(self):
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in (self.out, self.err) if path.exists())


class Redis(Process):
    def __init__(self, directory, port, appendonly):
        self.port, self.data, self.url = port, directory / "redis", f"redis://127.0.0.1:{port}"
        self.data.mkdir(exist_ok=True)
        super().__init__("redis", ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", self.data,
                                   "--save", "", "--appendonly", "yes" if appendonly else "no",
                                   "--appendfsync", "always"], directory)

    def start(self):
        super().start()
        self.wait_ready(10, self.answers)

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as s:
            s.sendall(b"PING\r\n")
            return s.recv(16).startswith(b"+PONG")


class Carrier(Process):
    def __init__(self, directory, port, delay_ms):
        self.port, self.log_file = port, directory / "carrier.ndjson"
        super().__init__("carrier", [BIN / "sample_carrier", "--listen", f"127.0.0.1:{port}",
                                     "--log", self.log_file, "--delay-ms", delay_ms], directory)

    def start(self):
        super().start()
        self.wait_ready(10, self._answers)

    def _answers(self):
        with contextlib.suppress(OSError):
            return self.seen()

    def control(self, mode, delay_ms=0, times=0):
        body = json.dumps({"mode": mode, "delay_ms": delay_ms, "times": times}).encode()
        with Client(self.port) as client:
            answer = client.post("/control", body)
        assert answer.status == 200, answer

    def seen(self):
        """What reached the carrier so far: counts, and the last request as it came."""
        with Client(self.port) as client:
            return client.get("/control").json()

    def log(self):
        """Every order that got numbers: [{order_id, decision, operator, numbers}]."""
        if not self.log_file.exists():
            return []
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]


class Metrics:
    """The text exposition, parsed."""

    def __init__(self, text):
        self.text = text
        self.families = set(re.findall(r"^# TYPE (\S+)", text, re.M))
        self.samples = []
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?", line).groups()
                self.samples.append((name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")), float(value)))

    def value(self, name, **labels):
        """The sum over the samples that carry these labels; None when there is none. `name` without sekisho_."""
        found = [value for sample, its, value in self.samples
                 if sample == "sekisho_" + name and labels.items() <= its.items()]
        return sum(found) if found else None


class Gateway(Process):
    """Bears with a machine that stands still for seconds: a stalled Redis or a late thread refuses no order. A house that is
    `hurried` keeps the figures of its file, for what is shown of them."""

    def __init__(self, house, number):
        self.house, self.config = house, house.directory / f"sekisho-{number}.yaml"
        self.port, self.admin_port = free_port(), free_port()
        self.journal = house.directory / f"journal-{number}"
        shutil.copy(house.directory / "sekisho.yaml", self.config)
        edit(self.config, [("address: 127.0.0.1:18080", f"address: 127.0.0.1:{self.port}"),
                           ("address: 127.0.0.1:19090", f"address: 127.0.0.1:{self.admin_port}"),
                           ("directory: journal", f"directory: journal-{number}")])
        if not house.hurried:
            text = self.config.read_text().replace("deadline: 50ms", "deadline: 5s")
            self.config.write_text(text.replace("\nlimits:\n", "\nlimits:\n  queue: 5s\n"))
        with open(self.config, "a") as config:
            config.write(f"\ndrain: {{ {house.drain} }}\n")
        super().__init__(f"gateway-{number}", [BIN / "sekisho", "serve", "--config", self.config], house.directory)

    def client(self, name=None, **kw):
        return Client(self.port, self.house.keys.get(name), **kw)

    def admin(self, target):
        with Client(self.admin_port, timeout=20) as client:
            return client.get(target)

    def ready(self):
        with contextlib.suppress(OSError):
            return self.admin("/readyz").status == 200
        return False

    def start_ready(self, seconds=15):
        self.start()
        self.wait_ready(seconds, self.ready)

    def metrics(self):
        answer = self.admin("/metrics")
        assert answer.status == 200, answer
        return Metrics(answer.body.decode())

    def terminate(self, seconds=60):
        """SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def journal_lines(self):
        """Whole records, as bytes, in order."""
        lines = []
        for segment in sorted(self.journal.glob("*.ndjson")):
            lines += [line for line in segment.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        return lines

    def records(self, decision=None, kind=None):
        found = [json.loads(line) for line in self.journal_lines()]
        return [r for r in found if (not decision or r.get("decision") == decision) and (not kind or r["kind"] == kind)]


class Done:
    """A finished command."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.json = None
        with contextlib.suppress(ValueError):
            self.json = json.loads(out)

    def __repr__(self):
        return f"<exit {self.code}\n{self.out}\n{self.err}>"


class House:
    """The files of an installation and, once `start`ed, what runs in it."""

    def __init__(self, directory, gateways=1, changes=None, appendonly=False, delay_ms=0, extra_operators=0,
                 drain="accept: 200ms, wait: 20s", redis=None, groups=None, hurried=False):
        self.directory, self.drain, self.hurried = pathlib.Path(directory), drain, hurried
        for file in EXAMPLE.iterdir():
            shutil.copy(file, self.directory)
        self.operators = dict(OPERATORS)
        self.keys = {name: f"key-{name}" for name in OPERATORS}
        self.keys["nobody"] = "key-that-nobody-has"
        self._keep_certificates_alive()
        if groups:
            register = self.directory / "track-record.csv"
            header, *rows = register.read_text().splitlines()
            register.write_text("\n".join([header + ",owner_group", *(row + "," for row in rows), ""]))
        for n in range(extra_operators):
            group = "," + groups.get(f"extra{n}", "") if groups else ""
            self._add_operator(f"extra{n}", corporate_number(999900000100 + n), group)
        for name, pairs in (changes or {}).items():
            edit(self.directory / name, pairs)
        self.redis = redis(self.directory) if redis else Redis(self.directory, free_port(), appendonly)
        self.carrier = Carrier(self.directory, free_port(), delay_ms)
        edit(self.directory / "sekisho.yaml", [("redis://127.0.0.1:16379", self.redis.url)])
        edit(self.directory / "carrier.yaml", [("127.0.0.1:18081", f"127.0.0.1:{self.carrier.port}")])
        self.gateways = [Gateway(self, number) for number in range(1, gateways + 1)]

    @property
    def gateway(self):
        return self.gateways[0]

    def _keep_certificates_alive(self):
        """The sample list ends on 2027-01-31; the tests go on after it."""
        if jst_now().date() > datetime.date(2027, 1, 31):
            later = jst_now().date() + datetime.timedelta(days=365)
            edit(self.directory / "etoc.csv", [("2027-01-31", later.isoformat())])

    def _add_operator(self, name, number, group=""):
        """One more operator like aozora: certified, with a plan and a record."""
        alive = (jst_now().date() + datetime.timedelta(days=365)).isoformat()
        rows = {"etoc.csv": f"{number},{name}株式会社,{name} K.K.,ETOC-{name},2026-02-01,{alive},認証\n",
                "plan.csv": f"{number},certified,fixed ip_050 mobile,yes,2026-04-10,desk-1\n",
                "track-record.csv": f"{number},2020-04-01,0{group}\n",
                "clients.yaml": f"  - {{ id: {name}, operator: \"jp:{number}\", api_key_sha256: "
                                f"{hashlib.sha256(f'key-{name}'.encode()).hexdigest()} }}\n"}
        for file, row in rows.items():
            with open(self.directory / file, "a", encoding="utf-8") as out:
                out.write(row)
        self.operators[name], self.keys[name] = f"jp:{number}", f"key-{name}"

    def start(self):
        self.redis.start()
        self.carrier.start()
        self.import_all()
        for gateway in self.gateways:
            gateway.start()
        for gateway in self.gateways:
            gateway.wait_ready(15, gateway.ready)
        return self

    def stop(self):
        troubles = []
        for gateway in self.gateways:
            if gateway.running() and GRACEFUL:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    gateway.terminate()
                if gateway.popen.poll() != 0:
                    troubles.append(f"{gateway.name} ended with {gateway.popen.poll()}:\n{gateway.last_words()}")
            gateway.kill()
        self.carrier.kill()
        self.redis.kill()
        assert not troubles, "\n".join(troubles)

    def sekisho(self, *args, config=None, as_json=True):
        command = [str(BIN / "sekisho"), *map(str, args)] + (["--json"] if as_json else [])
        env = {**os.environ, "SEKISHO_CONFIG": str(config or self.gateway.config)}
        done = subprocess.run(command, cwd=self.directory, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60 * LENIENCE)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def import_register(self, register, file, mapping=None, *more):
        return self.sekisho("registry", "import", "--register", register,
                            *(["--mapping", mapping] if mapping else []), file, *more,
                            "--config", self.gateway.config)

    def import_all(self):
        for register, file, mapping in (("etoc", "etoc.csv", "etoc.mapping.yaml"), ("plan", "plan.csv", None),
                                        ("refusals", "refusals.csv", None),
                                        ("track-record", "track-record.csv", None)):
            done = self.import_register(register, file, mapping)
            assert done.code == 0, done

    def revoke(self, name):
        return self.sekisho("registry", "revoke", self.operators[name], "--reason", "test", "--by", "tester")

    def reinstate(self, name):
        return self.sekisho("registry", "reinstate", self.operators[name], "--reason", "test", "--by", "tester")

    def standing(self, name):
        done = self.sekisho("registry", "show", self.operators[name])
        assert done.code in (0, 1), done  # 1: no register has it
        return done.json if done.code == 0 else None

    def ledger(self, name):
        done = self.sekisho("ledger", "show", self.operators[name])
        assert done.code == 0, done
        return done.json

    def counts(self, name):
        """(granted, held, suspense)"""
        shown = self.ledger(name)
        return shown["granted"], shown["held"], shown["suspense"]

    def limit(self, name, rule):
        return next(limit for limit in self.ledger(name)["limits"] if limit["rule"] == rule)

    def holds(self):
        done = self.sekisho("ledger", "holds")
        assert done.code == 0, done
        return done.json

    def resolve(self, hold, *how):
        return self.sekisho("ledger", "resolve", hold, *how, "--reason", "asked the carrier", "--by", "tester")

    def numbers(self, name):
        done = self.sekisho("ledger", "numbers", self.operators[name])
        assert done.code == 0, done
        return done.json
