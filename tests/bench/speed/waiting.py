"""What a caller waits for: latency at half load, large bodies, and what a second worker brings."""
import os
import subprocess
import threading
import time

from speed import load, machine
from speed.bench import median, row, say

MEGABYTE = 1 << 20
BODY = 20 * MEGABYTE


def direct(bench, pause, seconds):
    seen = load.run(bench.peers.carrier_port, seconds, pause=pause)
    say(f"  straight to the carrier     {seen.rate:7.0f}/s, p50 {seen.latency['50']:.2f} ms, p99 {seen.latency['99']:.2f} ms")
    return seen


def one_sync(bench):
    """Median milliseconds in which this disk makes four more kilobytes of a file durable: no durable order is faster."""
    took = []
    with open(bench.directory / "synced", "wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            began = time.monotonic()
            os.fdatasync(file)
            took.append((time.monotonic() - began) * 1000)
    return median(took)


def latency(bench):
    with bench.gate() as gate:
        rate = bench.on_gate(gate, "gate, for its most").seen.rate / 2
        pause, bare_pause = load.pause_for(rate, gate.port), load.pause_for(rate, bench.peers.carrier_port)
        added = {"50": [], "99": []}
        for _ in range(bench.rounds):
            bare = direct(bench, bare_pause, bench.seconds)
            through = bench.on_gate(gate, "gate, at half load", pause=pause).seen
            for percent, values in added.items():
                values.append(through.latency[percent] - bare.latency[percent])
    how = f"{rate:.0f}/s, half of its most here; journal on disk, where one sync takes {one_sync(bench):.1f} ms; {bench.rounds} pairs"
    return [row("added to p50 at half load", "≤ 2 ms", "", f"{median(added['50']):.2f} ms", how, median(added["50"]),
                median(added["50"]) <= 2),
            row("added to p99 at half load", "≤ 10 ms", "", f"{median(added['99']):.2f} ms",
                f"{how}; {min(added['99']):.1f} to {max(added['99']):.1f} ms", median(added["99"]),
                median(added["99"]) <= 10)]


class Watched:
    """The most memory that a program has while something runs."""

    def __init__(self, pid):
        self.pid, self.most, self.ended = pid, 0, threading.Event()

    def __enter__(self):
        self.before = machine.resident(self.pid)
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def _watch(self):
        while not self.ended.is_set():
            self.most = max(self.most, machine.resident(self.pid))
            time.sleep(0.005)

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    @property
    def grew(self):
        return self.most - self.before


def transfers(port, directory, upload, count):
    """Megabytes a second of so many bodies over one connection."""
    one = ["-s", "-S", "-f", "-H", f"X-Api-Key: key-ok-{1:026d}", "-o", "/dev/null"]
    if upload:
        one += ["-H", "Expect:", "-X", "POST", "-H", "Content-Type: application/octet-stream", "-T", str(directory / "files/big"),
                f"http://127.0.0.1:{port}/taken/big"]
    else:
        one += [f"http://127.0.0.1:{port}/large/big"]
    words = ["curl"]
    for n in range(count):
        words += (["--next"] if n else []) + one
    began = time.monotonic()
    subprocess.run(machine.settings_of_run(machine.OTHER_CORE) + words, check=True, stdin=subprocess.DEVNULL)
    return count * BODY / MEGABYTE / (time.monotonic() - began)


def bodies(bench):
    (bench.peers.directory / "files" / "big").write_bytes(os.urandom(MEGABYTE) * (BODY // MEGABYTE))
    bench.peers.start("nginx-plain")
    plain, rows = bench.peers.ports["nginx-plain"], []
    with bench.gate() as gate:
        for what, upload in (("upload", True), ("download", False)):
            for port in (plain, gate.port):
                transfers(port, bench.peers.directory, upload, 2)
            ratios, grew, speeds = [], 0, []
            for _ in range(bench.rounds):
                base = transfers(plain, bench.peers.directory, upload, 20)
                with Watched(gate.pid) as watched:
                    speed = transfers(gate.port, bench.peers.directory, upload, 20)
                say(f"  {what}: nginx {base:.0f} MB/s, gate {speed:.0f} MB/s, {watched.grew / 1024:.0f} KB more in memory")
                ratios.append(speed / base)
                speeds.append(speed)
                grew = max(grew, watched.grew)
            rows.append(row(f"20 MB {what} : nginx plain, speed", "≥ 0.9", "",
                            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}; {median(speeds):.0f} MB/s)",
                            "20 bodies one after another by curl over one connection", median(ratios), median(ratios) >= 0.9))
            rows.append(row(f"20 MB {what}, memory", "flat", "", f"{grew / 1024:.0f} KB more", "the most while 20 of them pass",
                            grew, grew < MEGABYTE))
    return rows


def workers(bench):
    """Two workers on two cores of their own, where the machine has two more for everything else."""
    cores = os.cpu_count()
    free = cores >= 4
    rates, us = {}, {}
    for count in (1, 2):
        on = "0,1" if count == 2 or not free else "0"
        previous, machine.OTHER_CORE = machine.OTHER_CORE, f"2-{cores - 1}" if free else machine.OTHER_CORE
        try:
            with bench.gate(workers=count, cores=on) as gate:
                bench.on_gate(gate, "gate, warming up", seconds=1)
                runs = [bench.on_gate(gate, f"gate with {count} worker(s)", connections=128) for _ in range(bench.rounds)]
        finally:
            machine.OTHER_CORE = previous
        rates[count], us[count] = median([run.seen.rate for run in runs]), median([run.us for run in runs])
    if free:
        scale = rates[2] / rates[1]
        return [row("two workers : one worker, orders a second", "≥ 1.8", "", f"{scale:.2f}",
                    f"{rates[1]:.0f}/s and {rates[2]:.0f}/s; load, carrier and Redis on other cores", scale, scale >= 1.8)]
    scale = 2 * us[1] / us[2]
    return [row("two workers : one worker, orders a second", "≥ 1.8", "", f"{scale:.2f}, derived",
                f"this machine has {cores} cores, none of them free: twice the CPU of an order with one worker ({us[1]:.0f} µs) over "
                f"that with two ({us[2]:.0f} µs), which is what two free cores would give if nothing else bound them", scale)]
