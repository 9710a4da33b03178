"""The machine: programs pinned to a core, what they used of it, and what it is."""
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
import harness  # noqa: E402

GATE_CORE, OTHER_CORE = 0, 1  # what is measured; load, carrier and Redis
TICK = os.sysconf("SC_CLK_TCK")


def settings_of_run(core):
    """In front of a command: its core, and before whatever else runs on this machine."""
    first = ["nice", "-n", str(-15 - os.nice(0))] if os.geteuid() == 0 else []
    return first + ["taskset", "-c", str(core)]


class Program(harness.Process):
    """A program on one core, ended by its id."""

    def __init__(self, name, command, directory, core, env=None):
        super().__init__(name, settings_of_run(core) + [str(part) for part in command], directory, env)

    def end(self):
        if self.running():
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


def family(pid):
    """The process and its children, as nginx has them."""
    found = [pid]
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += family(int(child))
    return found


class Used:
    """What a program's processes have used so far; `a - b` is what they used in between."""

    def __init__(self, pid=None):
        self.ns = self.user = self.system = self.switches = 0
        if pid is None:
            return
        for one in family(pid):
            stat = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            self.user += int(stat[11]) / TICK
            self.system += int(stat[12]) / TICK
            for task in pathlib.Path(f"/proc/{one}/task").iterdir():
                self.ns += int((task / "schedstat").read_text().split()[0])
                for line in (task / "status").read_text().splitlines():
                    if "ctxt_switches" in line:
                        self.switches += int(line.split()[1])

    def __sub__(self, earlier):
        out = Used()
        for name in vars(self):
            setattr(out, name, getattr(self, name) - getattr(earlier, name))
        return out


def stolen():
    """Seconds that the hypervisor took, over all cores, since the start."""
    return int(pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[8]) / TICK


class Span:
    """Times a stretch of work: what each program used, how long it took, and how much was stolen."""

    def __init__(self, **programs):
        self.programs = programs

    def __enter__(self):
        self.before = {name: Used(program.pid) for name, program in self.programs.items()}
        self.stolen_before, self.began = stolen(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.steal = (stolen() - self.stolen_before) / self.seconds / os.cpu_count()
        self.used = {name: Used(program.pid) - self.before[name] for name, program in self.programs.items()}


def resident(pid):
    """Bytes in memory."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()


def version(name, *command):
    return f"{name} {re.search(r'[0-9]+[.][0-9]+[.][0-9]+', said(*command))[0]}"


def facts():
    """What the figures belong to."""
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gb": round(memory, 1), "kernel": platform.release(),
            "system": next(line.split('"')[1] for line in pathlib.Path("/etc/os-release").read_text().splitlines()
                           if line.startswith("PRETTY_NAME")),
            "journal_on": said("findmnt", "-n", "-o", "FSTYPE", "-T", tempfile.gettempdir()), "date": datetime.date.today().isoformat(),
            "load_before": os.getloadavg()[0],
            "programs": [version("nginx", "nginx", "-v"), version("HAProxy", "haproxy", "-v"),
                         version("Redis", "redis-server", "--version")]}
