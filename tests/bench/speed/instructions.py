"""Instructions of an order in user space, counted by callgrind: they repeat where times do not, so a change shows."""
import collections
import re
import subprocess

import harness
from speed.bench import row, say

FEW, MANY = 100, 600


# valgrind knows no seccomp(2), so the gate is not confined while it counts; a filter would change no instruction of ours.
UNCONFINED = "int seccomp_load(void) { return 0; }\nint seccomp_rule_add(void) { return 0; }\n"


def unconfined(bench):
    library = bench.directory / "unconfined.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=UNCONFINED, text=True, check=True)
    return {"LD_PRELOAD": str(library)}


def counted(bench, orders):
    """Instructions of a gate that starts, takes so many orders one after another, and ends."""
    kept = bench.directory / f"callgrind.{orders}"
    callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={kept}", "--quiet"]
    with bench.gate(under=callgrind, env=unconfined(bench)) as gate:
        with harness.Client(gate.port, f"key-ok-{1:026d}", timeout=60) as client:
            for n in range(orders):
                answer = client.post("/v1/number-orders", b'{"quantity":2,"numberType":"FIXED","areaCode":"03"}',
                                     [("Idempotency-Key", f"counted-{n}")])
                assert answer.status == 201, answer
        gate.end()
        said = gate.last_words()
    whole = re.search(r"^(?:summary|totals): (\d+)", kept.read_text(), re.M)
    assert whole, said
    return int(whole[1]), kept


def functions(kept, *options):
    """Function -> instructions."""
    said = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no", *options, kept],
                          capture_output=True, text=True).stdout
    found = collections.Counter()
    for count, file, name in re.findall(r"^\s*([\d,]+)\s+([^:\s]+):(\S.*)", said, re.M):
        name = re.sub(r"\s*\[.*/(.*)\]$", r"  [\1]", name)
        found[name.removeprefix("'")] += int(count.replace(",", ""))
    return found


def say_where(few, many, title, *options):
    say(f"  {title}")
    more = functions(many, *options) - functions(few, *options)
    for name, count in more.most_common(60):
        say(f"  {count / (MANY - FEW):9,.0f}  {name[:150]}")


def instructions(bench):
    few, kept_of_few = counted(bench, FEW)
    many, kept_of_many = counted(bench, MANY)
    each = (many - few) / (MANY - FEW)
    say_where(kept_of_few, kept_of_many, "in the function itself")
    say_where(kept_of_few, kept_of_many, "with all that it calls", "--inclusive=yes")
    return [row("instructions of a governed order in user space", "", "", f"{each:,.0f}",
                f"callgrind, one order after another: {MANY} orders less {FEW}. It lacks the processor's SHA instructions, so hashes "
                "weigh more here", each)]
