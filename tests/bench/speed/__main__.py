"""The project's own speed harness. tests/bench/run starts it; docs/building.md says how to read what it writes."""
import argparse
import json
import signal
import sys

from speed import bench as benches
from speed import compare, counts, flat, instructions, machine, programs, table, waiting

GROUPS = {
    "governed": compare.governed, "pass": compare.passing, "refusals": compare.refusals, "peers": compare.peers,
    "tls": compare.tls, "calls": counts.calls, "allocations": counts.allocations, "latency": waiting.latency,
    "bodies": waiting.bodies, "workers": waiting.workers, "decision": programs.decision, "registry": programs.registry,
    "idle": programs.idle, "flat": flat.flat, "revocation": programs.revocation, "operators": flat.operators,
    "start": programs.start, "instructions": instructions.instructions, "profile": counts.profile,
}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures the gate next to its peers.")
    parser.add_argument("--only", metavar="ROWS", help="a list such as governed,pass of: " + ", ".join(GROUPS))
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs for each ratio (5)")
    parser.add_argument("--secs", type=int, default=5, help="seconds of one run (5)")
    parser.add_argument("--write", action="store_true",
                        help="write docs/performance.md, with what is measured in place of older figures")
    return parser.parse_args()


def main():
    wanted = arguments()
    names = wanted.only.split(",") if wanted.only else list(GROUPS)
    for name in names:
        if name not in GROUPS:
            sys.exit(f"unknown rows '{name}'; there are: {', '.join(GROUPS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    facts, measured = machine.facts(), {}
    bench = benches.Bench(wanted.rounds, wanted.secs)
    try:
        for name in names:
            benches.say(f"-- {name}")
            rows = GROUPS[name](bench)
            if rows:
                measured[name] = rows
                if wanted.write:
                    table.keep({name: rows}, facts, wanted.rounds, wanted.secs)
    finally:
        bench.stop()
    if measured and not wanted.write:
        print(json.dumps(measured, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
