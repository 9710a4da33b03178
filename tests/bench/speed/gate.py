"""The gate as a carrier would run it: the real program and the contract's example with many operators and clients.

Journal with group commit on disk, a policy with limits and throttles, API keys, metrics, idempotency keys: nothing is
off. Limits and throttles are so wide that the orders of a load are allowed ones.
"""
import hashlib
import pathlib
import shutil
import subprocess

import harness
from speed import machine
from speed.peers import CLIENTS, OPERATORS, Redis

# family of keys -> how many operators and clients, ETOC state, owner group, rate of its clients
FAMILIES = {
    "ok": (OPERATORS, CLIENTS, "認証", "", ""),
    "revoked": (100, 100, "取消", "", ""),
    "throttled": (100, 100, "認証", "slow", ""),
    "hurried": (100, 100, "認証", "", ", rate: { requests: 1, per: hour, burst: 1 }"),
}
PASS = """  - { match: POST /v1/passing, operation: pass }
  - { match: "GET /large/{file}", operation: pass }
  - { match: "POST /taken/{file}", operation: pass }
"""
SLOW = """  - id: slow-group
    basis: contract
    why: measured are refusals for being too fast
    when: { owner_group: slow }
    throttle: { requests: 1, per: hour, burst: 1 }

"""


def more_limits(count):
    """Limits that all bind every order of the family `ok`, beside the example's own."""
    return "".join(f"  - id: wide-{n}\n    basis: contract\n    when: {{ etoc: certified }}\n"
                   f"    limit: {{ numbers: {101000000 + 1000000 * n}, per: {10 + n} days }}\n\n" for n in range(count))


def more_rules(count):
    """Rules about other carriers' areas and operators: asked of every order, met by none."""
    return "".join(f"  - id: other-{n}\n    basis: contract\n"
                   f"    when: {{ area: area-{n}, quantity: {{ over: {10 + n} }} }}\n    review: seen-{n}\n\n"
                   for n in range(count))


class Gate(machine.Program):
    def __init__(self, directory, peers, workers=1, cores=str(machine.GATE_CORE), limits=0, rules=0, operators=OPERATORS,
                 tls=False, env=None, connections=128, few_rules=False,
                 under=()):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        for file in harness.EXAMPLE.iterdir():
            shutil.copy(file, self.directory)
        self.port, self.tls_port, self.admin_port = (harness.free_port() for _ in range(3))
        self.peers, self.redis = peers, Redis(self.directory, "redis")
        self.config = self.directory / "sekisho.yaml"
        self.limits, self.rules, self.few_rules = limits, rules, few_rules
        self._settings(workers, tls, connections)
        self._policy()
        self._registers(operators)
        super().__init__("gate", [*under, harness.BIN / "sekisho", "serve", "--config", self.config], self.directory, cores,
                         env)

    def _settings(self, workers, tls, connections):
        listener = f"address: 127.0.0.1:{self.port}"
        if tls:
            for name in ("gate.pem", "gate.key"):
                shutil.copy(self.peers.directory / name, self.directory)
            listener += (f"\n  - address: 127.0.0.1:{self.tls_port}\n"
                         "    tls: { certificate: gate.pem, key: gate.key }")
        harness.edit(self.config, [
            ("address: 127.0.0.1:18080", listener), ("127.0.0.1:19090", f"127.0.0.1:{self.admin_port}"),
            ("redis://127.0.0.1:16379", self.redis.url), ("workers: 1 ", f"workers: {workers} "),
            # A busy machine is not to be taken for a broken Redis or an overload.
            ("deadline: 50ms", "deadline: 10s"),
            ("idle_timeout: 75s", "idle_timeout: 10m\n  queue: 10s\n  connections: 20000")])
        with open(self.config, "a") as config:
            config.write("\ndrain: { accept: 0s, wait: 2s }\n")
        harness.edit(self.directory / "carrier.yaml", [
            ("127.0.0.1:18081", f"127.0.0.1:{self.peers.carrier_port}"),
            ("connections: 64", f"connections: {connections}"),
            ("\nnumber_types:", PASS + "\nnumber_types:")])

    def _policy(self):
        path = self.directory / "policy.yaml"
        if self.few_rules:
            head = path.read_text().split("rules:")[0]
            path.write_text(head + "rules:\n  - id: certified\n    basis: contract\n    when: { etoc: certified }\n"
                            "    permit: true\n    limit: { numbers: 100000000, per: day }\n")
            return
        for name, pairs in harness.ROOMY.items():
            harness.edit(self.directory / name, pairs)
        harness.edit(path, [("guarantees:\n", SLOW + more_limits(self.limits) + more_rules(self.rules) + "guarantees:\n")])

    def _registers(self, operators):
        """The rows of all families, behind those of the example."""
        alive = (harness.jst_now().date() + harness.datetime.timedelta(days=365)).isoformat()
        base, clients = 100000000000, []
        rows = {"etoc.csv": [], "plan.csv": [], "track-record.csv": []}
        for family, (count, callers, state, group, rate) in FAMILIES.items():
            count = operators if family == "ok" else count
            numbers = [harness.corporate_number(base + n) for n in range(count)]
            base += count
            for n, number in enumerate(numbers):
                rows["etoc.csv"].append(f"{number},株式会社{family}{n},{family} {n} K.K.,ETOC-{family}-{n},2026-02-01,{alive},{state}\n")
                rows["plan.csv"].append(f"{number},certified,fixed ip_050 mobile,yes,2026-04-10,desk-1\n")
                rows["track-record.csv"].append(f"{number},2020-04-01,0,{group}\n")
            for n in range(1, callers + 1):
                digest = hashlib.sha256(f"key-{family}-{n:026d}".encode()).hexdigest()
                # Over the whole of a large registry, not only its beginning.
                number = numbers[n * max(1, count // callers) % count]
                clients.append(f'  - {{ id: {family}-{n}, operator: "jp:{number}", api_key_sha256: {digest}{rate} }}\n')
        record = self.directory / "track-record.csv"
        header, *lines = record.read_text().splitlines()
        record.write_text("\n".join([header + ",owner_group", *(line + "," for line in lines), ""]))
        for name, more in rows.items():
            with open(self.directory / name, "a", encoding="utf-8") as out:
                out.writelines(more)
        with open(self.directory / "clients.yaml", "a", encoding="utf-8") as out:
            out.writelines(clients)

    def sekisho(self, *words):
        done = subprocess.run([str(harness.BIN / "sekisho"), *map(str, words), "--config", str(self.config)],
                              cwd=self.directory, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def start(self):
        self.redis.start()
        for register in ("etoc", "plan", "refusals", "track-record"):
            mapping = ["--mapping", "etoc.mapping.yaml"] if register == "etoc" else []
            self.sekisho("registry", "import", "--register", register, *mapping, f"{register}.csv")
        super().start()
        self.wait_ready(180, self._ready)  # a million operators may take a while
        return self

    def _ready(self):
        try:
            with harness.Client(self.admin_port, timeout=5) as client:
                return client.get("/readyz").status == 200
        except OSError:
            return False

    def metric(self, name, **labels):
        with harness.Client(self.admin_port, timeout=5) as client:
            return harness.Metrics(client.get("/metrics").body.decode()).value(name, **labels) or 0

    def stop(self):
        """And its journal with it, which grows by some kilobytes an order."""
        self.end()
        self.redis.end()
        shutil.rmtree(self.directory, ignore_errors=True)
