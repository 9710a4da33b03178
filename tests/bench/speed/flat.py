"""Costs that should stay flat: CPU an order while connections, rules, operators, limits and bodies grow."""
import time

from speed import machine
from speed.bench import median, row


def cost(bench, gate, name, seconds=None, **what):
    bench.on_gate(gate, f"{name}, warming up", seconds=seconds or 2, **what)
    return median([bench.on_gate(gate, name, seconds, **what).us for _ in range(max(1, bench.rounds // 2))])


def as_row(what, goal, figures, how):
    """`figures`: [(size, µs)]."""
    text = ", ".join(f"{size}: {us:.0f} µs" for size, us in figures)
    return row(what, goal, "", text, how, [us for _, us in figures])


def wait_for_rest(gate):
    """A gate that has just loaded a large registry still writes its copy on disk."""
    for _ in range(180):
        with machine.Span(gate=gate) as span:
            time.sleep(1)
        if span.used["gate"].ns < 50e6:
            return


def connections(bench):
    figures = []
    # An order waits for 10,000 others here, which a gate in use would rather shed.
    with bench.gate() as gate:
        for count in (1, 64, 1000, 10000):
            figures.append((f"{count:,}", cost(bench, gate, f"{count} connections", max(bench.seconds, count // 800),
                                                connections=count)))
    return [as_row("CPU an order, by connections", "flat", figures,
                   "with 1 connection no two orders share a wake-up, and each waits for a sync of its own, which costs CPU too")]


def without_callers(bench):
    with bench.gate() as gate:
        time.sleep(1)
        with machine.Span(gate=gate) as span:
            time.sleep(2 * bench.seconds)
    each = span.used["gate"].ns / 1e6 / span.seconds
    return [row("CPU of a gate without callers", "", "", f"{each:.1f} ms a second",
                "it asks Redis four times a second how things stand", each)]


def rules(bench):
    figures = []
    for count, how in ((1, {"few_rules": True}), (10, {}), (200, {"rules": 190})):
        with bench.gate(**how) as gate:
            figures.append((count, cost(bench, gate, f"{count} rules")))
    return [as_row("CPU an order, by rules of the policy", "flat", figures,
                   "1: one permit with one limit; else the contract's example, and rules about areas beside it")]


def limits(bench):
    figures = []
    for count in (1, 4, 16):
        with bench.gate(limits=count - 1) as gate:
            bench.on_gate(gate, f"{count} limits, warming up", seconds=2)
            runs = [bench.on_gate(gate, f"{count} limits") for _ in range(max(1, bench.rounds // 2))]
            figures.append((count, median([run.us for run in runs]), median([run.redis_us for run in runs])))
    text = ", ".join(f"{size}: {us:.0f} µs (Redis {redis:.0f})" for size, us, redis in figures)
    return [row("CPU an order, by limits that bind it", "flat", "", text, "windows of 1 and of 10 to 24 days", figures)]


def operators(bench):
    figures = []
    for count in (100, 10_000, 1_000_000):
        with bench.gate(operators=count) as gate:
            wait_for_rest(gate)
            figures.append((f"{count:,}", cost(bench, gate, f"{count} operators")))
    return [as_row("CPU an order, by operators in the registry", "flat", figures, "1000 clients, spread over all of them")]


def body_sizes(bench):
    figures = []
    with bench.gate() as gate:
        for size in (327, 1024, 8192, 65536):
            bench.on_gate(gate, f"{size} bytes, warming up", seconds=1, body=size)
            pairs = bench.pairs(lambda: bench.on_peer("nginx-plain", body=size),
                                lambda: bench.on_gate(gate, f"{size} bytes", body=size), max(1, bench.rounds // 2))
            figures.append((f"{size:,}", median([run.us for _, run in pairs]), median([run.us for run, _ in pairs])))
    text = ", ".join(f"{size}: {us:.0f} µs (nginx {base:.0f})" for size, us, base in figures)
    return [row("CPU an order, by bytes of its body", "", "", text, "each next to nginx plain with the same body", figures)]


def flat(bench):
    return without_callers(bench) + connections(bench) + rules(bench) + limits(bench) + body_sizes(bench)
