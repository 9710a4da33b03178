"""The load: wrk on the other core, and what it says."""
import os
import pathlib
import re
import subprocess

from speed import machine

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}


class Seen:
    """What a load has seen: requests, a second, latencies in milliseconds, answers other than 2xx, broken connections."""

    def __init__(self, text):
        self.text = text
        self.requests = int(re.search(r"(\d+) requests in", text)[1])
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        self.latency = {percent: float(number) * UNITS[unit] for percent, number, unit in
                        re.findall(r"^\s+(50|75|90|99)%\s+([\d.]+)(us|ms|s|m)$", text, re.M)}
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        self.refused = int(refused[1]) if refused else 0
        broken = re.search(r"Socket errors: (.*)", text)
        self.broken = broken[1] if broken else ""


def command(port, seconds, connections=64, tls=False, **options):
    env = {name.upper(): str(value) for name, value in options.items()}
    scheme = "https" if tls else "http"
    words = machine.settings_of_run(machine.OTHER_CORE) + [
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", str(SCRIPT),
        f"{scheme}://127.0.0.1:{port}/"]
    return words, {**os.environ, **env}


def run(*args, **options):
    words, env = command(*args, **options)
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    return Seen(done.stdout)


def pause_for(rate, port, connections=64, **options):
    """The mean pause, in milliseconds, with which so many connections make so many requests a second."""
    pause = 1000 * connections / rate
    for _ in range(3):
        seen = run(port, 1, connections=connections, pause=pause, **options)
        pause = max(0.0, pause + 1000 * connections * (1 / rate - 1 / seen.rate))
    return pause
