"""The Debian package: made, read, installed into a spare root, run there as its user under its unit, removed."""
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

import pytest

from client import Client, order
from harness import BIN, SLOWNESS, TOP, edit, wait_for
from service_manager import Manager
from spare_root import SpareRoot
from unit_sandbox import Unit

UNITS = ("sekisho.service", "sekisho@.service")
HERE = pathlib.Path(__file__).parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a spare root")


def of_version(name):
    return re.search(rf' {name} = "(.*)";', (TOP / "gateway/version.h").read_text())[1]


@pytest.fixture(scope="module")
def package():
    """SEKISHO_PACKAGE: one that was made before, e.g. the one that is to be given out."""
    if made := os.environ.get("SEKISHO_PACKAGE"):
        return pathlib.Path(made)
    done = subprocess.run([TOP / "deploy/package", BIN], capture_output=True, text=True, timeout=300 * SLOWNESS)
    assert done.returncode == 0, done.stdout + done.stderr
    return pathlib.Path(TOP / done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    directory = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-R", package, directory], check=True)
    return directory


def field(package, name):
    return subprocess.run(["dpkg-deb", "-f", package, name], check=True, capture_output=True, text=True).stdout.strip()


# ---------------------------------------------------------------- what is in it


def test_name_version_and_changelog_are_the_programs(package):
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
    assert package.name == f"sekisho_{of_version('version')}_{arch}.deb"
    assert field(package, "Version") == of_version("version")
    said = subprocess.run([BIN / "sekisho", "--version"], capture_output=True, text=True).stdout
    assert said == f"sekisho {of_version('version')}\n"
    newest, _, rest = (TOP / "deploy/debian/changelog").read_text().partition("\n")
    assert newest.startswith(f"sekisho ({of_version('version')}) ")
    when = subprocess.run(["date", "-u", "+%F", "-d", re.search(r"^ -- .*>  (.*)$", rest, re.M)[1]],
                          capture_output=True, text=True).stdout.strip()
    assert when == of_version("version_date")


def test_the_same_build_gives_the_same_bytes(package, tmp_path):
    """Made once more, somewhere else; only what it is made from is not built anew."""
    date = subprocess.run(["date", "-u", "-d", of_version("version_date"), "+%s"], capture_output=True, text=True).stdout
    depends = f"CPACK_DEBIAN_PACKAGE_DEPENDS={field(package, 'Depends')}"
    again = subprocess.run(["cpack", "--config", BIN / "CPackConfig.cmake", "-B", tmp_path, "-D", depends],
                           capture_output=True, text=True, env={**os.environ, "SOURCE_DATE_EPOCH": date.strip()},
                           timeout=300 * SLOWNESS)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


def test_it_has_what_it_should_and_nothing_is_writable(unpacked):
    for file in ("usr/bin/sekisho", "usr/share/man/man1/sekisho.1.gz", "usr/share/zsh/vendor-completions/_sekisho",
                 "usr/share/bash-completion/completions/sekisho", "usr/share/sekisho/sbom.cdx.json",
                 "usr/share/sekisho/policy.schema.json", "usr/share/doc/sekisho/copyright",
                 "usr/share/doc/sekisho/changelog.gz", "usr/share/doc/sekisho/install.md",
                 "usr/share/doc/sekisho/examples/start/sekisho.yaml",
                 "usr/share/doc/sekisho/examples/carriers/plain-json.yaml",
                 "usr/share/doc/sekisho/examples/policies/first.yaml",
                 *(f"lib/systemd/system/{unit}" for unit in UNITS)):
        assert (unpacked / file).is_file(), file
    assert not list((unpacked / "etc/sekisho").iterdir()), "the configuration is the administrator's"
    for path in unpacked.rglob("*"):
        assert path.is_symlink() or path.stat().st_mode & 0o6022 == 0, path
    assert "/" + str(TOP) not in (unpacked / "usr/share/sekisho/sbom.cdx.json").read_text()


def test_the_programs_text_is_for_its_readers_alone(unpacked):
    """The man page and completions that are shipped are those that the shipped program prints."""
    page = subprocess.run(["gzip", "-dc", unpacked / "usr/share/man/man1/sekisho.1.gz"], capture_output=True).stdout
    for shipped, what in ((page, "man-page"),
                          ((unpacked / "usr/share/bash-completion/completions/sekisho").read_bytes(), "bash-completion"),
                          ((unpacked / "usr/share/zsh/vendor-completions/_sekisho").read_bytes(), "zsh-completion")):
        printed = subprocess.run([unpacked / "usr/bin/sekisho", "describe", what], capture_output=True).stdout
        assert printed and shipped == printed


def test_lintian_has_nothing_to_complain_of(package):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", package],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bill_of_materials_has_every_library_and_the_headers_that_were_compiled_in(unpacked):
    bill = json.loads((unpacked / "usr/share/sekisho/sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["version"] == of_version("version")
    known = {one["name"]: one for one in bill["components"]}
    uses = {name: {p["value"] for p in one["properties"] if p["name"] == "sekisho:use"} for name, one in known.items()}
    dynamic = subprocess.run(["readelf", "-d", unpacked / "usr/bin/sekisho"], capture_output=True, text=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    owners = subprocess.run(["dpkg-query", "-S", *(f"*/{one}" for one in needed)], capture_output=True, text=True).stdout
    for one in needed:
        names = {line.split(":")[0] for line in owners.splitlines() if line.endswith("/" + one)}
        assert any("linked" in uses.get(name, ()) for name in names), (one, names)
    for name in ("libcli11-dev", "libboost1.81-dev"):  # in nobody's list of libraries: all of it is headers
        assert uses[name] == {"headers"}
    assert not any("gtest" in name or "benchmark" in name for name in known), "the tests are not in the product"
    installed = subprocess.run(["dpkg-query", "-W", "-f", "${binary:Package} ${Version}\n",
                                *(one["bom-ref"] for one in known.values())], capture_output=True, text=True).stdout
    assert sorted(installed.splitlines()) == sorted(f"{one['bom-ref']} {one['version']}" for one in bill["components"])
    assert all(one["purl"].startswith("pkg:deb/debian/") for one in known.values())
    assert {one["bom-ref"] for one in bill["components"]} == set(bill["dependencies"][0]["dependsOn"])


# ---------------------------------------------------------------- its units


@pytest.fixture
def units(unpacked, tmp_path):
    """The units as they would stand on a machine that has the package."""
    for unit in UNITS:
        text = (unpacked / "lib/systemd/system" / unit).read_text()
        (tmp_path / unit).write_text(text.replace("/usr/bin/sekisho", str(unpacked / "usr/bin/sekisho")))
    return tmp_path


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_the_unit_and_finds_it_confined(units, unit):
    name = units / unit.replace("@", "@tokyo")
    if not name.exists():
        shutil.copy(units / unit, name)
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", name],
                              capture_output=True, text=True)
    assert verified.returncode == 0 and not verified.stderr, verified.stderr
    exposed = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", name],
                             capture_output=True, text=True)
    assert exposed.returncode == 0, exposed.stdout


def test_the_unit_leaves_time_for_the_drain_and_notices_who_hangs(unpacked):
    settings = (TOP / "docs/reference/settings.md").read_text()
    drain = sum(int(re.search(rf"`drain.{name}` .*? \| `(\d+)s`", settings)[1]) for name in ("accept", "wait"))
    for name in UNITS:
        unit = Unit(unpacked / "lib/systemd/system" / name)
        assert int(unit.get("TimeoutStopSec").removesuffix("s")) >= drain + 30
        assert unit.get("Type") == "notify" and unit.get("WatchdogSec") == "20s"
        check, hangup = unit.all("ExecReload")
        assert check.endswith("/sekisho check") and "-HUP" in hangup


# ---------------------------------------------------------------- installed


@pytest.fixture(scope="module")
def machine(package, tmp_path_factory):
    """A spare root with the package installed."""
    try:
        root = SpareRoot(tmp_path_factory.mktemp("machine"))
    except OSError as trouble:  # a container that may not mount
        pytest.skip(str(trouble))
    try:
        with open(package, "rb") as deb:
            subprocess.run(root.command("sh", "-c", "cat >/tmp/sekisho.deb"), stdin=deb, check=True)
        root.must("dpkg", "--install", "--no-triggers", "/tmp/sekisho.deb")
        for file in ("unit_sandbox.py",):
            root.write(f"/opt/test/{file}", (HERE / file).read_text())
        yield root
    finally:
        root.close()


@as_root
def test_it_brings_a_user_and_directories_that_only_it_can_read_and_starts_nothing(machine):
    _, _, user, group, _, home, shell = machine.must("getent", "passwd", "sekisho").strip().split(":")
    assert int(user) < 1000 and home == "/var/lib/sekisho" and shell == "/usr/sbin/nologin"
    shown = machine.must("stat", "-c", "%n %U:%G %a", "/etc/sekisho", "/var/lib/sekisho")
    assert shown.splitlines() == ["/etc/sekisho root:sekisho 750", "/var/lib/sekisho sekisho:sekisho 700"]
    assert machine.run("sh", "-c", "ls /etc/systemd/system/*/sekisho*").returncode != 0, "not enabled"
    assert machine.must("dpkg", "--verify", "sekisho") == ""


@as_root
def test_the_files_to_begin_with_pass_only_when_they_are_filled_in(machine):
    start, etc = "/usr/share/doc/sekisho/examples", "/etc/sekisho"
    machine.must("sh", "-c", f"cp {start}/start/*.yaml {etc}; cp {start}/policies/first.yaml {etc}/policy.yaml; "
                             f"cp {start}/carriers/plain-json.yaml {etc}/carrier.yaml")
    config = f"{etc}/sekisho.yaml"
    refused = machine.run("sekisho", "check", "--config", config)
    assert refused.returncode == 2 and re.search(r"sekisho.yaml:\d+:.* URL", refused.stderr), refused.stderr

    machine.must("sed", "-i", "s|url: FILL-IN|url: redis://127.0.0.1:6379|", config)
    refused = machine.run("sekisho", "check", "--config", config)
    assert refused.returncode == 2 and "clients.yaml:" in refused.stderr, refused.stderr

    machine.must("sed", "-i", "s|jp:FILL-IN|jp:8999900000001|; s|api_key_sha256: FILL-IN|api_key_sha256: "
                 "2db45c329a9b3a7295a39f3e29120de0813c31a6768b787cfb537ab4e6f1a94f|", f"{etc}/clients.yaml")
    machine.must("sh", "-c", f"mkdir {etc}/tls; cd {etc}/tls; openssl req -x509 -newkey ec -pkeyopt "
                 "ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=gate -keyout gate.key -out gate.crt")
    assert machine.must("sekisho", "check", "--config", config).startswith("ok: policy 'first'")
    machine.must("sh", "-c", f"rm -r {etc}/*")


class Service:
    """What systemd does with the installed unit, as far as it can be shown without it: runs its commands as its user
    under its restrictions (unit_sandbox.py) and hears its notifications."""

    def __init__(self, root):
        self.root, self.manager, self.process = root, Manager(), None
        installed = root.top.parent / "installed.service"
        installed.write_text(root.must("cat", f"/lib/systemd/system/{UNITS[0]}"))
        self.unit = Unit(installed)

    def inside(self, *words, **variables):
        assignments = [f"{name}={value}" for name, value in variables.items()]
        return self.root.command("env", *assignments, "unshare", "-m", "/usr/bin/python3", "/opt/test/unit_sandbox.py",
                                 f"/lib/systemd/system/{UNITS[0]}", "--", *words)

    def run(self, *words, **variables):
        return subprocess.run(self.inside(*words, **variables), capture_output=True, text=True, timeout=60 * SLOWNESS)

    def start(self):
        for command in self.unit.all("ExecStartPre"):
            done = self.run(*command.split())
            assert done.returncode == 0, done.stderr
        patience = int(self.unit.get("WatchdogSec").removesuffix("s"))
        self.log = open(self.root.top.parent / "service.log", "w+")
        self.process = subprocess.Popen(self.inside(*self.unit.get("ExecStart").split(),
                                                    **self.manager.environment(patience)),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for("the service is ready", 20, self._ready)

    def _ready(self):
        assert self.process.poll() is None, self.said()
        return self.manager.said("READY", "1")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def reload(self):
        """The code of the first command that fails; 0 when it was told to reload."""
        for command in self.unit.all("ExecReload"):
            done = self.run(*command.replace("$MAINPID", str(self.process.pid)).split())
            if done.returncode != 0:
                return done.returncode
        return 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60 * SLOWNESS)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.manager.close()


def low_port():
    """A port that only root may take, or who has the capability."""
    while True:
        port = random.SystemRandom().randrange(600, 1024)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


@as_root
def test_it_runs_as_its_user_under_its_unit(machine, build_house):
    house = build_house()
    house.redis.start()
    house.carrier.start()
    port, config = low_port(), house.gateway.config
    edit(config, [(f"address: 127.0.0.1:{house.gateway.port}", f"address: 127.0.0.1:{port}"),
                  ("directory: journal-1", "directory: /var/lib/sekisho/journal")])
    for file in house.directory.glob("*.*"):
        if file.suffix in (".yaml", ".csv") and file.name != "sekisho.yaml":
            machine.write(f"/etc/sekisho/{'sekisho.yaml' if file == config else file.name}", file.read_text())
    machine.must("sh", "-c", "chown -R root:sekisho /etc/sekisho; chmod -R u=rwX,g=rX,o= /etc/sekisho")
    for register, more in (("etoc", ["--mapping", "/etc/sekisho/etoc.mapping.yaml"]), ("plan", []), ("refusals", []),
                           ("track-record", [])):
        machine.must("sekisho", "registry", "import", "--register", register, *more, f"/etc/sekisho/{register}.csv",
                     "--config", "/etc/sekisho/sekisho.yaml")
    service = Service(machine)
    try:
        # That the stand-in holds what the unit says: who tries more is refused or ended.
        shell, python = ["/bin/sh", "-c"], ["/usr/bin/python3", "-c"]
        good = service.run(*shell, "umask; cd /var/lib/sekisho && touch x && rm x && touch /run/sekisho/x && echo >/dev/null")
        assert (good.returncode, good.stdout.strip()) == (0, "0077"), good
        for tried, forbidden, why in (
                (shell, "echo >/etc/sekisho/x; echo >/usr/bin/x", ["Read-only", "Read-only"]),
                (shell, "ls /proc/sys; ls /dev/kmsg; ls /home/*", ["No such file"] * 3),
                (python, "import mmap; mmap.mmap(-1, 4096, prot=7)", ["Operation not permitted"]),
                (python, "import socket; socket.socket(socket.AF_NETLINK)", ["Address family not supported"])):
            done = service.run(*tried, forbidden)
            assert done.returncode != 0 and re.findall("|".join(set(why)), done.stderr) == why, done
        assert service.run(*python, "import os; os.chroot('/')").returncode == -signal.SIGSYS

        service.start()
        status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
        about = dict(re.findall(r"^(\w+):\t(.*)$", status, re.M))
        owner = int(machine.must("id", "-u", "sekisho"))
        assert about["Uid"].split() == [str(owner)] * 4
        assert (about["NoNewPrivs"], about["Seccomp"]) == ("1", "2")
        assert int(about["Seccomp_filters"]) >= 3, "the unit's, and the gateway's own"
        only_low_ports = f"{1 << 10:016x}"
        assert {about[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {only_low_ports}

        with Client(port, house.keys["aozora"]) as client:
            answer = order(client, 3)
        assert answer.status == 201, answer
        shown = machine.must("stat", "-c", "%U %a", "/var/lib/sekisho/journal.key", "/var/lib/sekisho/journal")
        assert shown.splitlines() == ["sekisho 600", "sekisho 700"]

        asked = time.monotonic()
        assert service.reload() == 0
        service.manager.wait_for("RELOADING", "1", since=asked)
        service.manager.wait_for("READY", "1", since=asked)
        machine.must("sed", "-i", "s/^rules:/rulez:/", "/etc/sekisho/policy.yaml")
        asked = time.monotonic()
        assert service.reload() == 2, "a broken file is refused before the gateway hears of it"
        service.manager.listens_for(0.5)
        assert not service.manager.said("RELOADING", since=asked)

        assert service.stop() == 0, service.said()
        assert service.manager.said("STOPPING", "1")
        verified = machine.must("sekisho", "audit", "verify", "/var/lib/sekisho/journal", "--json")
        assert json.loads(verified)["integrity"] is True
    finally:
        service.close()


@as_root
def test_an_upgrade_leaves_what_the_administrator_did(machine):
    machine.must("sh", "-c", "chmod 0700 /etc/sekisho; echo mine >/etc/sekisho/mine; chown root /var/lib/sekisho")
    machine.must("dpkg", "--install", "--no-triggers", "/tmp/sekisho.deb")
    shown = machine.must("stat", "-c", "%n %U:%G %a", "/etc/sekisho", "/var/lib/sekisho")
    assert shown.splitlines() == ["/etc/sekisho root:sekisho 700", "/var/lib/sekisho root:sekisho 700"]
    assert machine.must("cat", "/etc/sekisho/mine") == "mine\n"


@as_root
def test_removing_it_leaves_what_is_evidence(machine):
    machine.must("sh", "-c", "mkdir -p /var/lib/sekisho/journal && touch /var/lib/sekisho/journal/1 /etc/sekisho/mine")
    machine.must("dpkg", "--remove", "--no-triggers", "sekisho")
    machine.must("dpkg", "--purge", "--no-triggers", "sekisho")
    assert machine.run("sh", "-c", "command -v sekisho").returncode != 0
    machine.must("test", "-e", "/var/lib/sekisho/journal/1", "-a", "-e", "/etc/sekisho/mine")
