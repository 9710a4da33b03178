"""Rows that other programs of tests/bench measure; they are built and called here, and their words are read."""
import json
import pathlib
import re
import subprocess
import sys

import harness
from speed import machine
from speed.bench import row, say

HERE = pathlib.Path(__file__).resolve().parents[1]


def said(*command, seconds=550):
    done = subprocess.run(machine.settings_of_run(machine.GATE_CORE) + [str(part) for part in command], capture_output=True,
                          text=True, timeout=seconds, env={**machine.os.environ, "SEKISHO_BIN_DIR": str(harness.BIN)})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for line in done.stdout.splitlines():
        say(f"  {line}")
    return done.stdout


def script(name, *arguments, **options):
    """On both cores: these start gateways, carriers and load by themselves."""
    core, machine.GATE_CORE = machine.GATE_CORE, "0-1"
    try:
        return said(sys.executable, HERE / name, *arguments, **options)
    finally:
        machine.GATE_CORE = core


def decision(_):
    out = subprocess.run(machine.settings_of_run(machine.GATE_CORE) +
                         [str(harness.BIN / "decide_bench"), "--benchmark_format=json", "--benchmark_repetitions=5",
                          "--benchmark_filter=evaluate/200|decide_order/200"], capture_output=True, text=True, check=True).stdout
    found = {one["name"]: one for one in json.loads(out)["benchmarks"]}
    rules, whole = found["evaluate/200_median"], found["decide_order/200_median"]
    return [row("decision of 200 rules", "≤ 1 µs", "≤ 300 ns", f"{rules['cpu_time']:.0f} ns",
                f"`decide_bench`, {rules['allocations']:.0f} allocations; with everything that an answer tells {whole['cpu_time']:.0f} ns",
                rules["cpu_time"], rules["cpu_time"] <= 1000)]


def registry(_):
    out = said(harness.BIN / "registry_bench")
    beside = re.search(r"changes/s beside\n(?:.*came\)\n)*\s+([\d.]+) ns any operator, ([\d.]+) ns one of (\d+)", out)
    if not beside:
        beside = re.search(r"([\d.]+) ns any operator, ([\d.]+) ns one of (\d+) busy ones\s*$", out.split("10000 changes/s")[1], re.M)
    any_operator, busy = float(beside[1]), float(beside[2])
    read = re.search(r"([\d.]+) ns\n", out)[1]
    return [row("lookup among a million operators, 10,000 updates a second beside it", "≤ 100 ns", "",
                f"{busy:.0f} ns one of 10,000 busy ones, {any_operator:.0f} ns any",
                f"`registry_bench`; one read of this machine's memory takes {read} ns", busy, busy <= 100)]


def idle(_):
    out = script("idle_connections.py", 10000)
    rows = []
    for name, goal, aim in (("plain", 8, 4), ("TLS", 40, 25)):
        each = float(re.search(rf"{name}: ([\d.]+) KB", out)[1])
        rows.append(row(f"memory of an idle keep-alive connection, {name}", f"≤ {goal} KB", f"≤ {aim} KB", f"{each:.1f} KB",
                        "`idle_connections.py`, over 10,000 connections", each, each <= goal))
    return rows


def revocation(_):
    out = script("revocation_delay.py", 40, 1000)
    delay = re.search(r"delay: median (\d+) ms, 99 % (\d+) ms, most (\d+) ms; ([\d.]+) % under 50 ms", out)
    none_missing = " 0 not" in out
    return [row("revocation in force, four gateways under load", "99 % in 50 ms, all in 2 s", "",
                f"median {delay[1]} ms, 99 % {delay[2]} ms, most {delay[3]} ms; {delay[4]} % under 50 ms",
                "`revocation_delay.py`, 40 revocations, 1000 orders a second; all on this machine's cores", int(delay[3]),
                none_missing and int(delay[3]) <= 2000 and float(delay[4]) >= 99)]


def start(_):
    out = script("registry_million.py")
    took = {what: re.search(rf"{re.escape(what)}\s+([\d.]+) s", out)[1] for what in
            ("import", "gateway start to ready, from Redis", "gateway start to ready, from its copy")}
    values = list(took.values())
    return [row("a million operators: start to ready", "seconds", "",
                f"{values[1]} s from Redis, {values[2]} s from its copy on disk", f"`registry_million.py`; import {values[0]} s",
                float(values[1]))]
