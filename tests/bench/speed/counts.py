"""What an order counts in: system calls, and allocations on the heap. Counts repeat where times do not."""
import collections
import pathlib
import re
import struct
import subprocess

import harness
from speed import load
from speed.bench import row, say

CALLS = ("epoll_wait epoll_ctl recvmsg sendmsg recvfrom sendto read write readv writev pwrite64 fdatasync fsync futex "
         "timerfd_settime accept4 openat ioctl poll nanosleep clock_nanosleep getrandom mmap munmap madvise brk").split()


def system_calls(bench, gate, **what):
    """(calls a request, {name: calls a request}, requests a second), counted by the kernel's own trace point."""
    names = ["raw_syscalls:sys_enter"] + [f"syscalls:sys_enter_{name}" for name in CALLS]
    kept = bench.directory / "calls"
    # perf starts the load itself: it counts from the first request to the last, however long it takes to attach.
    command, env = load.command(gate.port, bench.seconds, **what)
    done = subprocess.run(["perf", "stat", "-x", ";", "-o", kept, *(f"-e{name}" for name in names), "-p", str(gate.pid),
                           "--", *command], env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"perf cannot count system calls here: {done.stderr[-500:]}"
    seen, counts = load.Seen(done.stdout), {}
    for line in kept.read_text().splitlines():
        parts = line.split(";")
        if len(parts) > 2 and parts[0].isdigit():
            counts[parts[2].replace("syscalls:sys_enter_", "")] = int(parts[0]) / seen.requests
    total = counts.pop("raw_syscalls:sys_enter")
    each = {name: count for name, count in counts.items() if count >= 0.01}
    return total, dict(sorted(each.items(), key=lambda item: -item[1])), seen.rate


def words(each):
    return ", ".join(f"{name} {count:.2f}" for name, count in list(each.items())[:9])


def calls(bench):
    rows = []
    with bench.gate() as gate:
        bench.on_gate(gate, "gate, warming up", seconds=1)
        most, each, rate = system_calls(bench, gate)
        rows.append(row("system calls an order, at saturation", "≤ 6.5", "", f"{most:.1f}",
                        f"perf's trace point on all threads, at {rate:.0f}/s: {words(each)}", most, most <= 6.5))
        few, each, rate = system_calls(bench, gate, pause=load.pause_for(3000, gate.port))
        rows.append(row("system calls an order, at 3000 a second", "≤ 10", "", f"{few:.1f}",
                        f"the same at {rate:.0f}/s{'' if rate > 2700 else ' (no more came)'}: {words(each)}", few,
                        few <= 10 if rate > 2700 else None))
    return rows


DEPTH, STACKS, ONE_IN = 16, 1 << 16, 61  # as in allocations.c


class Counted:
    """The table that allocations.c keeps."""

    def __init__(self, path, after=None):
        data = path.read_bytes()
        self.ours, self.others, self.kept = struct.unpack_from("QQQ", data)
        self.stacks, self.library_stacks = [], []
        if after:
            for n in range(max(after.kept, self.kept - STACKS), self.kept):
                stack = struct.unpack_from(f"{DEPTH}Q", data, 64 + n % STACKS * DEPTH * 8)
                (self.library_stacks if stack[0] else self.stacks).append([address for address in stack[1:] if address])


def names_of(addresses):
    """Offset in the program -> the functions that stand there, the innermost first."""
    said = subprocess.run(["addr2line", "-C", "-f", "-i", "-a", "-e", str(harness.BIN / "sekisho"),
                           *(hex(address - 1) for address in addresses)], capture_output=True, text=True).stdout
    found, current = {}, None
    lines = said.splitlines()
    at = 0
    while at < len(lines):
        if re.fullmatch(r"0x[0-9a-f]+", lines[at]):
            current = found.setdefault(int(lines[at], 16) + 1, [])
            at += 1
        else:
            current.append((lines[at], lines[at + 1].split(" ")[0] if at + 1 < len(lines) else "?"))
            at += 2
    return found


def first_of_ours(stack, names):
    """The innermost function of a stack that stands in the tree's own files."""
    for address in stack:
        for function, place in names.get(address, []):
            tree = re.search(r"(?:^|/)((?:policy|config|cache|gateway)/[\w/]+\.(?:cpp|h)):(\d+)", place)
            if tree and "/include/" not in place:
                short = re.sub(r"\(.*|<.*|\[abi.*", "", function).removeprefix("sekisho::")
                return f"{short}  {tree[1]}:{tree[2]}"
    return "(no function of ours on the stack)"


def say_where(what, stacks, each):
    say(f"  {each:.1f} {what}, by the innermost function of the tree:")
    names = names_of(sorted({address for stack in stacks for address in stack}))
    summed = collections.Counter(first_of_ours(stack, names) for stack in stacks)
    for place, count in summed.most_common(60):
        if count / len(stacks) * each >= 0.05:
            say(f"    {count / len(stacks) * each:7.2f}  {place}")


def allocations(bench):
    rows = []
    shim, kept = bench.directory / "allocations.so", bench.directory / "allocations.table"
    source = pathlib.Path(__file__).with_name("allocations.c")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", shim, source], check=True)
    with bench.gate(env={"LD_PRELOAD": str(shim), "ALLOCATIONS_FILE": str(kept)}) as gate:
        for what, goal, options in (("a governed order", "0", {}),
                                    ("a passed-through request", "0", {"target": "/v1/passing"}),
                                    ("a refusal (403)", "0", {"keys": "revoked", "clients": 100})):
            bench.on_gate(gate, "gate with a count, warming up", seconds=2, **options)
            before, requests = Counted(kept), gate.metric("requests_total")
            bench.on_gate(gate, f"gate with a count: {what}", **options)
            after, requests = Counted(kept, before), gate.metric("requests_total") - requests
            ours, others = (after.ours - before.ours) / requests, (after.others - before.others) / requests
            say_where("of our own", after.stacks, ours)
            say_where("of libraries", after.library_stacks, others)
            rows.append(row(f"heap allocations of our own, {what}", goal, "", f"{ours:.1f}",
                            f"a preloaded counter over {requests:.0f} requests; libraries beside it {others:.1f}",
                            ours, ours < 0.5))
    return rows


MEMORY = re.compile(r"malloc|free|calloc|realloc|unlink_chunk|sbrk|operator (new|delete)")
ROOM = re.compile(r"sekisho::(policy|config|cache|gateway|http|net)\b")


def part_of(thread, library, symbol):
    """What a sample of perf belongs to: (thread, what it does)."""
    if symbol.startswith("[k]"):
        return thread, "kernel"
    if MEMORY.search(symbol):
        return thread, "memory"
    if "libcrypto" in library:
        return thread, "hashes"
    room = ROOM.search(symbol)
    if "boost::asio" in symbol.split("(")[0].split("<sekisho")[0]:
        return thread, "asio"
    if room:
        return thread, room[1]
    return thread, "other libraries"


def profile(bench):
    """Where a governed order's time goes: the first sixty functions, and their sums."""
    with bench.gate() as gate:
        run = bench.on_gate(gate, "gate, warming up", seconds=2)
        command, env = load.command(gate.port, bench.seconds)
        data = bench.directory / "perf.data"
        subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", "4999", "-o", data, "-p", str(gate.pid), "--",
                        *command], env=env, check=True, capture_output=True)
    said = subprocess.run(["perf", "report", "-i", data, "--stdio", "-q", "-t", "\t", "--sort=comm,dso,sym"],
                          capture_output=True, text=True).stdout
    parts = collections.Counter()
    for n, line in enumerate(line for line in said.splitlines() if line.strip()):
        if n < 60:
            say(f"  {line[:150]}")
        share, thread, library, symbol = (word.strip() for word in line.split("\t", 3))
        parts[part_of(thread, library, symbol)] += float(share.rstrip("%")) / 100
    rows = []
    for thread in sorted({thread for thread, _ in parts}, key=lambda one: -sum(parts[key] for key in parts if key[0] == one)):
        mine = {what: share for (of, what), share in parts.items() if of == thread}
        whole = sum(mine.values())
        told = ", ".join(f"{what} {100 * share:.0f} %" for what, share in sorted(mine.items(), key=lambda item: -item[1])
                         if share >= 0.005)
        rows.append(row(f"thread `{thread}`", "", "", f"{100 * whole:.0f} %, {whole * run.us:.0f} µs an order", told, whole))
    return rows
