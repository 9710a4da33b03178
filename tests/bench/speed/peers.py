"""The others: nginx alone, nginx with Lua and Redis, nginx auth_request, HAProxy; the carrier behind all of them."""
import pathlib
import re
import shutil
import subprocess

import harness
from speed import machine

FILES = pathlib.Path(__file__).with_name("peers")
CLIENTS, OPERATORS = 1000, 500


def modules():
    said = subprocess.run(["nginx", "-V"], capture_output=True, text=True).stderr
    return re.search(r"--modules-path=(\S+)", said)[1]


class Redis(machine.Program):
    """Without a log of its writes, over a unix socket: the same settings for whoever is measured."""

    def __init__(self, directory, name):
        self.socket = directory / f"{name}.sock"
        super().__init__(name, ["redis-server", "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "777",
                                "--save", "", "--appendonly", "no", "--dir", directory], directory, machine.OTHER_CORE)

    def start(self):
        super().start()
        self.wait_ready(10, lambda: self.cli("ping").strip() == "PONG")

    def cli(self, *words, said=None):
        return subprocess.run(["redis-cli", "-s", str(self.socket), *words], input=said, capture_output=True,
                              text=True).stdout

    @property
    def url(self):
        return f"unix://{self.socket}"


class Peers:
    """Every peer, started when first asked for: `peers["nginx-lua"]` is its programs, `port` where it listens."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        for file in FILES.iterdir():
            shutil.copy(file, self.directory)
        self.carrier_port, self.tls_port = harness.free_port(), harness.free_port()
        self.ports = {name: harness.free_port() for name in ("nginx-plain", "nginx-lua", "nginx-auth", "haproxy")}
        self.redis = Redis(self.directory, "peers-redis")
        self.values = {"CARRIER": self.carrier_port, "TLS_PORT": self.tls_port, "MODULES": modules(),
                       "CHECKER": harness.free_port(), "REDIS": self.redis.socket, "CLIENTS": CLIENTS,
                       "OPERATORS": OPERATORS}
        self._fill("start.lua")
        (self.directory / "files").mkdir(exist_ok=True)
        self._certificate()
        self.running = {}
        self.carrier = self._nginx("carrier", "carrier.conf", machine.OTHER_CORE)
        self.carrier.start()
        self._wait_for(self.carrier, self.carrier_port)

    def _certificate(self):
        """One for all, on P-256."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=gate", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30",
                        "-keyout", "gate.key", "-out", "gate.pem"], cwd=self.directory, check=True, capture_output=True)

    def _fill(self, name, **more):
        path = self.directory / name
        text = path.read_text()
        for key, value in {**self.values, **more}.items():
            text = text.replace(f"@{key}@", str(value))
        path.write_text(text)

    def _nginx(self, name, config, core, **more):
        self._fill(config, **more)
        return machine.Program(name, ["nginx", "-e", "stderr", "-p", self.directory, "-c", self.directory / config],
                               self.directory, core)

    def _wait_for(self, program, port):
        def listens():
            try:
                harness.socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        program.wait_ready(10, listens)

    def _scripts(self):
        if not self.redis.running():
            self.redis.start()
            for name in ("hold", "commit"):
                digest = self.redis.cli("-x", "script", "load", said=(self.directory / f"{name}.lua").read_text())
                (self.directory / f"{name}.sha").write_text(digest.strip())

    def start(self, name):
        """The programs whose CPU counts as that of `name`."""
        if name in self.running:
            return self.running[name]
        port, core = self.ports[name], machine.GATE_CORE
        if name == "haproxy":
            self._fill("haproxy.cfg", PORT=port)
            programs = {name: machine.Program(name, ["haproxy", "-db", "-f", self.directory / "haproxy.cfg"],
                                              self.directory, core)}
        else:
            programs = {name: self._nginx(name, f"{name}.conf", core, PORT=port)}
            if name != "nginx-plain":
                self._scripts()
            if name == "nginx-auth":
                programs["checker"] = self._nginx("checker", "checker.conf", core)
        for program in programs.values():
            program.start()
        self._wait_for(programs[name], port)
        self.running[name] = programs
        return programs

    def stop(self):
        for programs in self.running.values():
            for program in programs.values():
                program.end()
        self.carrier.end()
        if self.redis.running():
            self.redis.end()
