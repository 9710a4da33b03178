"""CPU a request against nginx that only hands on, and what an order costs Redis."""
from speed.bench import median, ratio, row, spread


def in_words(pairs):
    us = median([variant.us for _, variant in pairs])
    return f"{ratio(pairs):.2f} ({spread(pairs)}; {us:.0f} µs)"


def busy(pairs):
    """How much of its core each had: with less than all of it, wake-ups are shared by fewer requests."""
    return (f"; busy {median([variant.busy for _, variant in pairs]):.2f} of its core, the peer "
            f"{median([base.busy for base, _ in pairs]):.2f}")


def plain(bench, **what):
    return lambda: bench.on_peer("nginx-plain", **what)


def governed(bench):
    """Governed orders, next to both nginx; the same runs tell what an order costs Redis."""
    how = f"{bench.rounds} pairs of {bench.seconds} s, 64 connections; median (span of pairs; absolute)"
    with bench.gate() as gate:
        bench.on_gate(gate, "gate, warming up", seconds=1)
        bench.on_peer("nginx-lua", seconds=1)
        to_plain = bench.pairs(plain(bench), lambda: bench.on_gate(gate, "gate: governed"))
        to_lua = bench.pairs(lambda: bench.on_peer("nginx-lua"), lambda: bench.on_gate(gate, "gate: governed"))
        all_passed = gate.metric("requests_total", outcome="passed")
        not_passed = gate.metric("requests_total") - all_passed
    note = f"; {not_passed:.0f} of {all_passed + not_passed:.0f} orders did not pass" if not_passed else ""
    of_redis = lambda run: run.redis_us  # noqa: E731
    redis = median([variant.redis_us for _, variant in to_lua])
    return [
        row("a governed order : nginx plain", "≤ 1.10", "≤ 1.00", in_words(to_plain), how + busy(to_plain) + note,
            ratio(to_plain), ratio(to_plain) <= 1.10),
        row("a governed order : nginx + Lua + Redis", "≤ 0.33", "≤ 0.28", in_words(to_lua), how + busy(to_lua),
            ratio(to_lua), ratio(to_lua) <= 0.33),
        row("Redis CPU an order : hold + commit of nginx + Lua", "≤ 0.6", "≤ 0.4",
            f"{ratio(to_lua, of_redis):.2f} ({spread(to_lua, of_redis)}; {redis:.0f} µs)",
            "of the same pairs; both on a Redis of their own with the same settings (unix socket, no appendonly)",
            ratio(to_lua, of_redis), ratio(to_lua, of_redis) <= 0.6),
    ]


def passing(bench):
    with bench.gate() as gate:
        bench.on_gate(gate, "gate, warming up", seconds=1, target="/v1/passing")
        pairs = bench.pairs(plain(bench), lambda: bench.on_gate(gate, "gate: passed through", target="/v1/passing"))
    return [row("a passed-through request : nginx plain", "≤ 0.85", "≤ 0.78", in_words(pairs),
                "the same order on a route with `operation: pass`" + busy(pairs), ratio(pairs), ratio(pairs) <= 0.85)]


REFUSALS = (
    ("403, certification revoked", "the gate decides by its registry", {"keys": "revoked", "clients": 100}),
    ("429, a client's own rate", "before the order is read", {"keys": "hurried", "clients": 100}),
    ("429, a throttle of the policy", "by Redis, which all gateways share", {"keys": "throttled", "clients": 100}),
    ("401, nobody's key", "1000 connections of one source: 256 answers wait two seconds each, whoever comes then is told at "
     "once (429), after the same work", {"keys": "nobody", "connections": 1000}),
)


def refusals(bench):
    rows = []
    for what, how, options in REFUSALS:
        with bench.gate() as gate:
            bench.on_gate(gate, "gate, warming up", seconds=1, **options)
            base = {"connections": options.get("connections", 64)}
            pairs = bench.pairs(plain(bench, **base), lambda: bench.on_gate(gate, f"gate: {what}", **options))
        rows.append(row(f"a refusal ({what}) : nginx plain", "≤ 0.45", "≤ 0.35", in_words(pairs), how + busy(pairs),
                        ratio(pairs), ratio(pairs) <= 0.45))
    return rows


def peers(bench):
    """Where the others stand: no goals, but figures that the whole instrument can be judged by."""
    rows = []
    for name, what in (("haproxy", "HAProxy plain"), ("nginx-lua", "nginx + Lua + Redis"),
                       ("nginx-auth", "nginx `auth_request` + Lua checker + Redis")):
        bench.on_peer(name, seconds=1)
        pairs = bench.pairs(plain(bench), lambda: bench.on_peer(name))
        rows.append(row(f"{what} : nginx plain", "", "", in_words(pairs), "a peer; no goal of ours" + busy(pairs),
                        ratio(pairs)))
    return rows


def tls(bench):
    with bench.gate(tls=True) as gate:
        bench.on_gate(gate, "gate under TLS, warming up", seconds=1, tls=True)
        pairs = bench.pairs(plain(bench, tls=True), lambda: bench.on_gate(gate, "gate: governed, TLS", tls=True))
    return [row("a governed order : nginx plain, both under TLS 1.3", "", "", in_words(pairs),
                "P-256, connections kept alive" + busy(pairs), ratio(pairs))]
