"""The instruments of tests/bench: what they count is what was done. Nothing here is timed."""
import pathlib
import subprocess
import sys

import harness

BENCH = harness.TOP / "tests" / "bench"
sys.path.insert(0, str(BENCH))
from speed import counts, table  # noqa: E402

MADE = 12200  # a multiple of counts.ONE_IN
PROGRAM = r"""
#include <cstdlib>
#include <string>
char* volatile kept;
void make(int count) { for (int i = 0; i < count; ++i) { kept = new char[40]; delete[] kept; } }
int main(int, char** words) { make(std::atoi(words[1])); }
"""


def counted(directory, shim, count):
    kept = directory / f"kept-{count}"
    subprocess.run([directory / "program", str(count)], check=True,
                   env={"LD_PRELOAD": str(shim), "ALLOCATIONS_FILE": str(kept)})
    return counts.Counted(kept, counts.Counted(shim.with_name("nothing")))


def test_every_allocation_is_counted_and_found_on_a_stack(tmp_path):
    (tmp_path / "program.cpp").write_text(PROGRAM)
    subprocess.run(["g++", "-O1", "-g", "-o", tmp_path / "program", tmp_path / "program.cpp"], check=True)
    shim = tmp_path / "allocations.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", shim, BENCH / "speed" / "allocations.c"], check=True)
    (tmp_path / "nothing").write_bytes(bytes(64))
    few, many = counted(tmp_path, shim, 0), counted(tmp_path, shim, MADE)
    assert many.ours - few.ours == MADE
    assert many.kept - few.kept == MADE // counts.ONE_IN
    assert all(stack for stack in many.stacks)


def test_a_row_is_looked_for_in_the_newest_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "KEPT", tmp_path / "measured.json")
    monkeypatch.setattr(table, "PAGE", tmp_path / "performance.md")
    facts = {"cpu": "some", "cores": 2, "memory_gb": 4, "system": "Debian", "kernel": "6", "journal_on": "ext4",
             "programs": [], "date": "2026-11-28", "load_before": 0}
    old = {"what": "an order", "goal": "≤ 1", "aim": "", "measured": "2.00", "how": "3 pairs", "value": 2, "meets": False}
    table.keep({"governed": [old], "pass": [{**old, "what": "a pass"}]}, facts, 3, 3)
    table.keep({"governed": [{**old, "measured": "0.90", "meets": True}]}, {**facts, "date": "2026-11-29"}, 5, 5)
    page = pathlib.Path(table.PAGE).read_text()
    assert "| an order | ≤ 1 |  | 0.90 | yes | 3 pairs |" in page
    assert "| a pass | ≤ 1 |  | 2.00 | **no** | 3 pairs; 2026-11-28 |" in page
