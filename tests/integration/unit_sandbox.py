#!/usr/bin/env python3
"""Runs one command of a systemd unit under what the unit says about files, privileges and system calls, where systemd
itself does not run. A test's stand-in: what it does not know it refuses, so that no line of a unit goes untested unseen.

usage (as root, in a mount namespace of its own): unshare -m unit_sandbox.py UNIT -- COMMAND...

Taken from the unit: User, Group, Environment, WorkingDirectory, UMask, Limit*, State-, Runtime- and
ConfigurationDirectory, ProtectSystem, ProtectHome, PrivateTmp, PrivateDevices, ProtectProc, ProcSubset,
NoNewPrivileges, CapabilityBoundingSet, AmbientCapabilities, RestrictAddressFamilies, MemoryDenyWriteExecute,
RestrictNamespaces, LockPersonality, SystemCallFilter (with systemd's own groups). Not shown, for what they hide is hidden by
those or is no file of ours: the lines of NOT_SHOWN.
"""
import errno
import functools
import grp
import os
import pathlib
import pwd
import re
import resource
import subprocess
import sys

import seccomp

NOT_SHOWN = {
    "Type", "WatchdogSec", "TimeoutStartSec", "TimeoutStopSec", "Restart", "RestartSec", "KillMode",  # the manager's part
    "ExecStartPre", "ExecStart", "ExecReload",
    "DevicePolicy", "ProtectControlGroups", "RemoveIPC", "KeyringMode", "PrivateMounts",
    # Only calls or files that SystemCallFilter, the capabilities and ProcSubset shut off already.
    "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectClock", "ProtectHostname",
    "RestrictRealtime", "RestrictSUIDSGID", "SystemCallArchitectures",
}


class Unit:
    """The lines of a unit's service, in order; a key that stands several times has several values."""

    def __init__(self, path):
        self.lines, self.asked = [], set()
        service = pathlib.Path(path).read_text().partition("[Service]")[2].partition("\n[")[0]
        for line in service.splitlines():
            if "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                self.lines.append((key.strip(), value.strip()))

    def all(self, key):
        self.asked.add(key)
        return [value for name, value in self.lines if name == key]

    def get(self, key, default=None):
        return (self.all(key) or [default])[-1]

    def yes(self, key):
        value = self.get(key, "no")
        assert value in ("yes", "no"), f"{key}={value}"
        return value == "yes"

    def words(self, key):
        return " ".join(self.all(key)).split()


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def show_files(unit, user, group):
    """What the service sees of the file system, and what of it it may change."""
    mount("--make-rprivate", "/")
    writable = []
    for key, top in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
        for name in unit.words(key):
            path, mode = pathlib.Path(top) / name, int(unit.get(key + "Mode", "0755"), 8)
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, user, group)
            path.chmod(mode)
            mount("--bind", str(path), str(path))
            writable.append(str(path))
    for name in unit.words("ConfigurationDirectory"):
        pathlib.Path("/etc", name).chmod(int(unit.get("ConfigurationDirectoryMode", "0755"), 8))
    if unit.yes("PrivateDevices"):  # made aside, then put in place
        mount("-t", "tmpfs", "-o", "mode=755", "none", "/mnt")
        for name in ("null", "zero", "full", "random", "urandom"):
            pathlib.Path("/mnt", name).touch()
            mount("--bind", f"/dev/{name}", f"/mnt/{name}")
        mount("-o", "remount,bind,ro", "/mnt")
        mount("--move", "/mnt", "/dev")
    assert unit.get("ProtectSystem") == "strict"
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        where = line.split()[4]
        if where not in writable and not where.startswith(("/proc", "/dev", "/sys")):
            mount("-o", "remount,bind,ro", where)
    if unit.yes("ProtectHome"):
        for where in ("/home", os.path.expanduser("~root")):
            mount("-t", "tmpfs", "-o", "ro,mode=755", "none", where)
    if unit.yes("PrivateTmp"):
        for where in ("/tmp", "/var/tmp"):
            mount("-t", "tmpfs", "-o", "mode=1777", "none", where)
    assert (unit.get("ProtectProc"), unit.get("ProcSubset")) == ("invisible", "pid")
    mount("-t", "proc", "-o", "hidepid=invisible,subset=pid", "proc", "/proc")


@functools.cache
def groups():
    """systemd's own table of groups of system calls: {"@chown": ["chown", ...]}."""
    shown = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, capture_output=True, text=True).stdout
    found, current = {}, []
    for line in re.sub("\x1b\\[[0-9;]*m", "", shown).splitlines():
        if line.startswith("@"):
            current = found[line.strip()] = []
        elif line.startswith(" ") and line.strip() and not line.strip().startswith("#"):
            current.append(line.strip())
    return found


def calls_of(word):
    """The system calls that a word of SystemCallFilter stands for."""
    return set().union(*map(calls_of, groups()[word])) if word.startswith("@") else {word}


def number_of(call):
    try:
        number = seccomp.resolve_syscall(seccomp.Arch(), call)
        return number if number >= 0 else None
    except ValueError:
        return None


def filters(unit):
    """Built while everything may still be read; loaded last."""
    allowed = set()
    for line in unit.all("SystemCallFilter"):
        calls = set().union(*map(calls_of, line.lstrip("~").split()))
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    calls = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
    for name in sorted(allowed | {"execve", "exit_group"}):
        if number_of(name) is not None:
            calls.add_rule(seccomp.ALLOW, name)
    rest, equal, masked = seccomp.SyscallFilter(seccomp.ALLOW), seccomp.EQ, seccomp.MASKED_EQ
    refused = seccomp.ERRNO(errno.EPERM)
    families = {int(getattr(__import__("socket"), name)) for name in unit.words("RestrictAddressFamilies")}
    for family in set(range(64)) - families:
        rest.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, equal, family))
    if unit.yes("MemoryDenyWriteExecute"):
        rest.add_rule(refused, "mmap", seccomp.Arg(2, masked, 6, 6))      # PROT_WRITE and PROT_EXEC
        rest.add_rule(refused, "mprotect", seccomp.Arg(2, masked, 4, 4))  # PROT_EXEC
    if unit.yes("RestrictNamespaces"):
        for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            rest.add_rule(refused, "clone", seccomp.Arg(0, masked, flag, flag))
            rest.add_rule(refused, "unshare", seccomp.Arg(0, masked, flag, flag))
        rest.add_rule(refused, "setns")
    if unit.yes("LockPersonality"):
        rest.add_rule(refused, "personality", seccomp.Arg(0, seccomp.NE, 0))
    return [rest, calls]


def capability_words(unit, key):
    return ",".join(["-all", *("+" + word.lower().removeprefix("cap_") for word in unit.words(key))])


def main():
    separator = sys.argv.index("--")
    unit, command = Unit(sys.argv[1]), sys.argv[separator + 1:]
    if "--last-step" in sys.argv[:separator]:
        for one in filters(unit):
            one.load()
        os.execv(command[0], command)

    user, group = pwd.getpwnam(unit.get("User")), grp.getgrnam(unit.get("Group"))
    filters(unit)  # asks what it will need
    assert unit.yes("NoNewPrivileges")
    for key, limit in (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitCORE", resource.RLIMIT_CORE)):
        most = resource.getrlimit(limit)[1]  # not every root may raise it
        resource.setrlimit(limit, (min(int(unit.get(key)), most) if most >= 0 else int(unit.get(key)),) * 2)
    show_files(unit, user.pw_uid, group.gr_gid)
    os.umask(int(unit.get("UMask"), 8))
    os.chdir(unit.get("WorkingDirectory"))
    environment = {"PATH": "/usr/bin:/bin", **dict(line.split("=", 1) for line in unit.all("Environment"))}
    environment |= {name: os.environ[name] for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "MAINPID") if name in os.environ}
    bounding, ambient = (capability_words(unit, key) for key in ("CapabilityBoundingSet", "AmbientCapabilities"))
    unknown = {key for key, _ in unit.lines} - unit.asked - NOT_SHOWN
    assert not unknown, f"lines that nobody tests: {unknown}"
    os.execve("/usr/bin/setpriv",
              ["setpriv", f"--reuid={user.pw_uid}", f"--regid={group.gr_gid}", "--clear-groups", "--no-new-privs",
               f"--inh-caps={ambient}", f"--ambient-caps={ambient}", f"--bounding-set={bounding}",
               sys.executable, os.path.abspath(__file__), sys.argv[1], "--last-step", "--", *command], environment)


if __name__ == "__main__":
    main()
