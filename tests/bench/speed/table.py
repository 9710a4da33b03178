"""docs/performance.md: written from what was measured, newest figures of each row in place of older ones."""
import json
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[3]
PAGE, KEPT = TOP / "docs" / "performance.md", TOP / "tests" / "bench" / "measured.json"

SECTIONS = (
    ("Goals", "Ratios are of CPU a request, all threads together: under 1 the gate is cheaper than the peer.",
     ("governed", "pass", "refusals", "calls", "allocations", "instructions", "decision", "registry", "workers", "idle", "latency", "bodies", "tls")),
    ("Where a governed order's time goes",
     "Shares of all samples that `perf` took of the gate's threads at saturation; which functions, `--only profile` prints.",
     ("profile",)),
    ("What stays flat", "CPU of one governed order while one thing grows and the rest stays as above.", ("flat", "operators")),
    ("Until it is in force", "", ("revocation", "start")),
    ("The peers", "", ("peers",)),
)
MET = {True: "yes", False: "**no**", None: ""}

WHY = """
## What stands in the way of the goals that are not reached

- **A governed order, and one that passes, next to nginx.** The profile above has no peak: what is the program's own is spread
  over hundreds of functions, of which none has more than 1.5 %, each run once an order and cold when its turn comes.
  Beside what nginx does too (two sends, two receives) an order is a JSON body read, a key hashed, four records written and
  chained by HMAC, two scripts put into words and their answers read, and metrics. It would take a program without
  coroutines and without texts that own their memory, or one that is laid out by a profile of itself (gcc's
  `-fprofile-use`, which needs a training run in each build). A sync of the journal costs 100 to 200 µs of the processor, and
  is shared by twenty orders: a file of blocks written before halves that, but ends in zeros, which no reader of
  newline-delimited JSON expects.
- **Next to nginx with Lua and Redis.** That one has neither journal nor policy. The journal's thread is a sixth of an order's CPU:
  without it the gate would cost about a tenth more than that one, and not a third of it.
- **Redis.** The goal is about what the arguments of both scripts cost before a line of them runs (144,000 of 506,000
  instructions an order); the 25 commands that they give are another 200,000. It would take one value an operator that a
  module of Redis reads and writes itself: no hash, no script, no tools that read them.
- **Refusals.** One receive and one send over loopback take 9 µs on this machine, where a call of the system costs 1.1 µs
  before it does anything: nearly all of the goal. The rest is reading the request and the order, a key that is hashed, an answer in two languages,
  and a record in the journal.
- **Allocations.** What is left are texts that outlive a request's own stack: headers and bodies, records on their way to the
  journal's thread, commands and answers of Redis. tcmalloc made them cheap (5 % of a governed order); a pool for each
  request would hide them from the count and not from the processor.
- **Waiting.** An order waits for one sync, two trips to Redis and the carrier, all of them on two cores that load, carrier
  and Redis share with the gate.
"""

HOW = """
## How it is measured

`tests/bench/run` measures and `--write` writes this page ([how to use it](building.md#measuring-speed)).

- The gate is the real program with the contract's example (`config/examples/contract`) and many more operators and clients:
  policy with limits and throttles, journal with group commit on disk, API keys, idempotency keys, metrics. One worker.
- nginx, Lua, HAProxy and the gate are each alone on the first core; load (wrk), carrier and Redis on the second. 64
  connections that are kept alive, an order of 327 bytes, 1000 keys of 500 operators in turn. The carrier gives every order
  numbers and an order id of its own.
- CPU is `schedstat` of all threads of all processes of the one that is measured, over the requests done. Each run is
  right after one of the peer it is held against, and the ratio is the median over such pairs. Pairs in which the hypervisor
  took more than 5 % are set aside.
- Redis is without appendonly for all of them, on a unix socket each. Production wants `appendfsync always`
  ([redis.md](redis.md)), which adds to what Redis does and not to what the gate does.
- `redis.deadline` and `limits.queue` are wider than the defaults, so that a busy machine is not taken for an outage.
- System calls are counted by the kernel's trace point on every thread, allocations by a preloaded library: those of the
  program and its C++ library; those that other libraries make for it are told beside it.
"""


def kept():
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(measured, facts, rounds, seconds):
    """Adds a run: {group: rows}."""
    all_of_it = kept()
    for group, rows in measured.items():
        all_of_it[group] = {"rows": rows, "machine": facts, "rounds": rounds, "seconds": seconds}
    KEPT.write_text(json.dumps(all_of_it, ensure_ascii=False, indent=1) + "\n")
    PAGE.write_text(page(all_of_it))


def machine_of(facts):
    return (f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB; {facts['system']}, kernel {facts['kernel']}; "
            f"journal on {facts['journal_on']}. {', '.join(facts['programs'])}.")


def page(all_of_it):
    newest = max((entry["machine"] for entry in all_of_it.values()), key=lambda facts: facts["date"])
    load = max(entry["machine"]["load_before"] for entry in all_of_it.values())
    machine = machine_of(newest)
    lines = ["# Speed", "",
             "What a governed order costs, next to what does less. This page is written by `tests/bench/run --write`; it says what one",
             "machine measured, and the ratios are what holds on another.", "",
             f"Measured on {newest['date']}: {machine}", ""]
    if load > 1:
        lines += [f"Other work ran on this machine at the same time (load {load:.0f}): read ratios, not absolute times.", ""]
    for title, words, groups in SECTIONS:
        found = [(all_of_it[group], row) for group in groups if group in all_of_it for row in all_of_it[group]["rows"]]
        if not found:
            continue
        lines += [f"## {title}", ""] + ([words, ""] if words else [])
        with_goals = any(row["goal"] for _, row in found)
        lines += ["| what | goal | aim beyond | measured | reached | how |" if with_goals else "| what | measured | how |",
                  "|---|---|---|---|---|---|" if with_goals else "|---|---|---|"]
        for entry, row in found:
            how = row["how"]
            if entry["machine"]["date"] != newest["date"]:
                how += f"; {entry['machine']['date']}"
            if machine_of(entry["machine"]) != machine:
                how += f"; on {machine_of(entry['machine'])}"
            cells = [row["what"], row["goal"], row["aim"], row["measured"], MET[row["meets"]], how]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in (cells if with_goals else [cells[0], cells[3], how])) + " |")
        lines.append("")
    return "\n".join(lines) + WHY + HOW


if __name__ == "__main__":
    print(page(kept()), end="")
