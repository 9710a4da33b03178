"""One run of the harness: its directory, the peers, the gates that were started, and how one load is measured."""
import contextlib
import pathlib
import resource
import shutil
import statistics
import sys
import tempfile

from speed import load, machine, peers
from speed.gate import Gate

STEAL_MOST = 0.05  # runs in which the hypervisor took more are set aside


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    """One load on one program: microseconds of CPU a request, its and Redis's, and what the load saw."""

    def __init__(self, name, seen, span, own):
        self.name, self.seen, self.steal = name, seen, span.steal
        used = [span.used[program] for program in own]
        self.us = sum(one.ns for one in used) / 1e3 / seen.requests
        self.system_share = sum(o.system for o in used) / max(sum(o.user + o.system for o in used), 1e-9)
        self.busy = sum(one.ns for one in used) / 1e9 / span.seconds
        self.redis_us = span.used["redis"].ns / 1e3 / seen.requests if "redis" in span.used else 0

    def __str__(self):
        seen = self.seen
        return (f"  {self.name:<28}{self.us:8.2f} us a request, {100 * self.system_share:3.0f} % of it in the kernel; "
                f"{seen.rate:7.0f}/s, busy {self.busy:4.2f}, Redis {self.redis_us:6.2f} us, refused {seen.refused} of "
                f"{seen.requests}, steal {self.steal:.3f}{' BROKEN ' + seen.broken if seen.broken else ''}")


def median(values):
    return statistics.median(values) if values else float("nan")


def calm(pairs):
    """Those pairs of runs in which little was stolen; all, if none is."""
    return [pair for pair in pairs if max(run.steal for run in pair) <= STEAL_MOST] or pairs


class Bench:
    def __init__(self, rounds, seconds):
        self.rounds, self.seconds = rounds, seconds
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sekisho-speed-"))
        self.peers = peers.Peers(self.directory)
        self.made = 0

    def stop(self):
        self.peers.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @contextlib.contextmanager
    def gate(self, **how):
        self.made += 1
        gate = Gate(self.directory / f"gate-{self.made}", self.peers, **how)
        try:
            yield gate.start()
        finally:
            gate.stop()

    def on_peer(self, name, seconds=None, tls=False, **what):
        programs = self.peers.start(name)
        watched = dict(programs)
        if self.peers.redis.running():
            watched["redis"] = self.peers.redis
        port = self.peers.tls_port if tls else self.peers.ports[name]
        return self._measure(name, watched, programs, port, seconds, tls=tls, **what)

    def on_gate(self, gate, name="gate", seconds=None, tls=False, **what):
        port = gate.tls_port if tls else gate.port
        return self._measure(name, {"gate": gate, "redis": gate.redis}, ["gate"], port, seconds, tls=tls, **what)

    def _measure(self, name, watched, own, port, seconds, **what):
        with machine.Span(**watched) as span:
            seen = load.run(port, seconds or self.seconds, **what)
        run = Run(name, seen, span, own)
        say(run)
        return run

    def pairs(self, base, variant, rounds=None):
        """[(base, variant)], each right after the other; both are functions that give a Run."""
        found = []
        for _ in range(rounds or self.rounds):
            first = base()
            found.append((first, variant()))
        return calm(found)


def ratio(pairs, of=lambda run: run.us):
    return median([of(variant) / of(base) for base, variant in pairs])


def spread(pairs, of=lambda run: run.us):
    ratios = sorted(of(variant) / of(base) for base, variant in pairs)
    return f"{ratios[0]:.2f} to {ratios[-1]:.2f}"


def row(what, goal, aim, measured, how, value=None, meets=None):
    """A row of the table. `meets`: whether the goal was reached; None: there is none, or it cannot be said here."""
    say(f"== {what}: {measured}   (goal {goal or 'none'}; {how})")
    return {"what": what, "goal": goal, "aim": aim, "measured": measured, "how": how, "value": value, "meets": meets}
