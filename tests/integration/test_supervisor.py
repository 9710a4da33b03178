"""A gateway and the service manager that started it: systemd's notify protocol on a real socket."""
import ctypes
import os
import pathlib
import signal
import time

import pytest

from harness import wait_for
from service_manager import Manager

PATIENCE = 1.0


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    manager = Manager(tmp_path / "notify" if request.param == "path" else None)
    yield manager
    manager.close()


@pytest.fixture
def silent_manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


def supervised(open_house, manager, patience=PATIENCE, **more):
    """A house whose gateway was started by `manager`, and is ready."""
    house = open_house()
    house.gateway.kill()
    manager.listen()
    house.gateway.env.update(manager.environment(patience), **more)
    house.gateway.start_ready()
    return house


def petted(manager, since):
    return manager.said("WATCHDOG", "1", since)


def test_ready_reload_and_stop_are_said(open_house, manager):
    house = supervised(open_house, manager)
    manager.wait_for("READY", "1")
    manager.wait_for("WATCHDOG")
    wait_for("it says that it is well", 5, lambda: manager.status == "ready")

    asked = time.monotonic()
    house.gateway.signal(signal.SIGHUP)
    begun = manager.wait_for("RELOADING", "1", since=asked)
    stamp = next(int(lines["MONOTONIC_USEC"]) for _, lines in manager.heard if "RELOADING" in lines)
    assert asked - 0.01 < stamp / 1e6 < begun + 0.01  # the clock that the manager asked for
    assert manager.wait_for("READY", "1", since=asked) >= begun

    policy = house.directory / "policy.yaml"
    good = policy.read_text()
    policy.write_text(good.replace("rules:", "rulez:", 1))
    asked = time.monotonic()
    house.gateway.signal(signal.SIGHUP)
    manager.wait_for("READY", "1", since=asked)  # the old files are in force: the service runs
    wait_for("it says what is wrong", 5, lambda: "the last reload was refused" in manager.status)
    assert "policy.yaml" in manager.status

    assert house.gateway.terminate() == 0
    stops = [lines for _, lines in manager.listen() if "STOPPING" in lines]
    assert len(stops) == 1
    assert int(stops[0]["EXTEND_TIMEOUT_USEC"]) > 20e6  # longer than this house's `drain` may take
    assert manager.status == "draining"
    assert len(manager.said("READY")) == 3  # the start and two reloads: none comes after the end began


def test_whoever_waits_for_redis_says_so_and_asks_for_time(build_house, silent_manager):
    manager = silent_manager
    house = build_house()
    house.gateway.env.update(manager.environment(PATIENCE))
    house.gateway.start()  # there is no Redis
    wait_for("it says for what it waits", 10, lambda: "not ready: redis" in (manager.status or ""))
    manager.wait_for("EXTEND_TIMEOUT_USEC")
    house.gateway.signal(signal.SIGHUP)
    manager.listens_for(1)
    assert not manager.said("READY"), "a reload makes nobody ready"
    assert not manager.said("RELOADING")

    house.redis.start()
    house.carrier.start()
    house.import_all()
    ready = manager.wait_for("READY", "1")
    manager.listens_for(PATIENCE)
    assert not manager.said("EXTEND_TIMEOUT_USEC", since=ready)


PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


class Held:
    """One thread of a process, held still while the others run on. Needs root: a gateway lets nobody trace it."""

    def __init__(self, pid, name):
        tasks = [int(path.parent.name) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/comm")
                 if path.read_text().strip() == name]
        assert len(tasks) == 1, tasks
        self.thread, self.libc = tasks[0], ctypes.CDLL(None, use_errno=True)

    def _ptrace(self, request):
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if self.libc.ptrace(request, self.thread, None, None) != 0:
            pytest.skip(f"no thread may be held here: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        self._ptrace(PTRACE_SEIZE)
        self._ptrace(PTRACE_INTERRUPT)
        os.waitpid(self.thread, 0x40000000)  # __WALL
        return self

    def __exit__(self, *_):
        self._ptrace(PTRACE_DETACH)


def states(pid):
    """Of every thread, as /proc has them: {"T"} when all are stopped."""
    stats = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    return {stat.rpartition(")")[2].split()[0] for stat in stats}


def test_signs_of_life_come_at_half_of_the_patience_and_from_every_thread_or_not_at_all(open_house, silent_manager):
    manager = silent_manager
    house = supervised(open_house, manager)
    manager.wait_for("READY", "1")
    for _ in range(3):  # a machine that stands still meanwhile spoils the measurement
        since = time.monotonic()
        manager.listens_for(3 * PATIENCE)
        signs = petted(manager, since)
        if 5 <= len(signs) <= 7 and max(b - a for a, b in zip(signs, signs[1:])) < PATIENCE:
            break
    else:
        raise AssertionError(signs)

    house.gateway.signal(signal.SIGSTOP)
    wait_for("it stands still", 5, lambda: states(house.gateway.pid) == {"T"})
    manager.listen()  # what was on its way
    stopped = time.monotonic()
    manager.listens_for(1.5 * PATIENCE)
    assert not petted(manager, stopped), "a process that is stopped gives none"
    house.gateway.signal(signal.SIGCONT)
    manager.wait_for("WATCHDOG", "1", since=time.monotonic())

    with Held(house.gateway.pid, "worker"):
        manager.listens_for(PATIENCE / 2)
        held = time.monotonic()
        manager.listens_for(3 * PATIENCE)
        # The sign that it had part in may come late; without it there would be six.
        assert len(petted(manager, held)) <= 1, "one worker that hangs is enough"
        assert house.gateway.admin("/livez").status == 200, "the control thread runs on"
    manager.wait_for("WATCHDOG", "1", since=time.monotonic())


def test_patience_of_others_is_not_ours(open_house, silent_manager):
    manager = silent_manager
    house = supervised(open_house, manager)
    for environment in ({"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "often"}, {"WATCHDOG_USEC": "-1"}):
        house.gateway.kill()
        manager.listen()  # what the one before had said
        began = time.monotonic()
        house.gateway.env.update({"WATCHDOG_PID": "", "WATCHDOG_USEC": "500000"} | environment)
        house.gateway.start_ready()
        manager.wait_for("READY", "1", since=began)
        manager.listens_for(0.6)
        assert not petted(manager, began), environment


def test_a_manager_that_cannot_be_reached_is_no_trouble(open_house):
    house = open_house()
    for address in ("", "relative/path", "/nowhere/at/all", "@" + "x" * 200, "vsock:2:1234"):
        house.gateway.kill()
        house.gateway.env.update(NOTIFY_SOCKET=address, WATCHDOG_USEC="500000")
        house.gateway.start_ready()
    house.gateway.signal(signal.SIGHUP)
    assert house.gateway.terminate() == 0
