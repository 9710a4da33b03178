#!/usr/bin/python3
"""How long a revocation takes to be in force on four gateways under load. `revocation_delay.py [ROUNDS] [ORDERS_PER_S]`.

The load is h2load's (package nghttp2-client), orders of one operator on every gateway. Another one is revoked and
reinstated, round after round. Delays are from the commit (`registry events`) to the swap on a gateway (its log, to the
millisecond); the metric that tells the same in production is printed beside them.
"""
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402


def moment(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def load(house, gateway, rate, seconds, body):
    command = ["h2load", "--h1", "-c", "10", "--rps", str(rate / 10), "-D", str(seconds), "-d", str(body),
               "-H", f"X-Api-Key: {house.keys['extra0']}", "-H", "Content-Type: application/json",
               f"http://127.0.0.1:{gateway.port}/v1/number-orders"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def swaps(gateway):
    """serial -> when this gateway logged that the revocation is in force."""
    found = {}
    for line in gateway.err.read_text(errors="replace").splitlines():
        if '"change":"revoke"' in line:
            record = json.loads(line)
            found[int(record["serial"])] = moment(record["time"])
    return found


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    with tempfile.TemporaryDirectory(prefix="sekisho-revocation-") as folder:
        house = harness.House(folder, gateways=4, changes=harness.ROOMY, extra_operators=1)
        try:
            house.start()
            body = house.directory / "order.json"
            body.write_bytes(harness.order_body(1, "fixed"))
            seconds = int(rounds * 0.25) + 4
            loads = [load(house, gateway, rate / 4, seconds, body) for gateway in house.gateways]
            time.sleep(2)
            for _ in range(rounds):
                assert house.revoke("aozora").code == 0
                time.sleep(0.1)
                assert house.reinstate("aozora").code == 0
            for one in loads:
                out = one.communicate(timeout=seconds + 30)[0]
                print(re.search(r"finished in .*", out).group(0), "|", re.search(r"status codes: .*", out).group(0))
            time.sleep(1)
            events = [e for e in house.sekisho("registry", "events").json if e["change"] == "revoke"]
            delays, missing = [], 0
            for gateway in house.gateways:
                known = swaps(gateway)
                for event in events:
                    if event["serial"] in known:
                        delays.append((known[event["serial"]] - moment(event["at"])) * 1000)
                    else:
                        missing += 1
            delays.sort()
            print(f"{len(events)} revocations on 4 gateways: {len(delays)} in force, {missing} not")
            print(f"delay: median {delays[len(delays) // 2]:.0f} ms, 99 % {delays[int(len(delays) * 0.99) - 1]:.0f} ms, "
                  f"most {delays[-1]:.0f} ms; {100 * sum(d < 50 for d in delays) / len(delays):.1f} % under 50 ms")
            for gateway in house.gateways:
                metrics = gateway.metrics()
                name = "registry_revocation_delay_seconds"
                print(f"{gateway.name}: {name}_count {metrics.value(name + '_count'):.0f}, "
                      f"sum {metrics.value(name + '_sum'):.3f}")
        finally:
            house.stop()


if __name__ == "__main__":
    main()
