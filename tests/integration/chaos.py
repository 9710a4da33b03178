"""Real gateways, a real Redis and a carrier under faults at random; then the three figures that matter.

tests/chaos [--minutes N] [--seed S] [--gateways G]

Faults: SIGKILL and SIGSTOP of gateways, SIGSTOP of Redis, Redis killed and brought back from a dump of some moment
before, the ledger emptied where it stands, a carrier that says
nothing, resets, or answers garbage. Operators come in waves, each with a limit that
its wave reaches. Exit 0 when nothing was given past a limit, no journal lost a record, and every count is the carrier's.
"""
import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from harness import IMPATIENT, Broken, House, edits, order, wait_for

LIMIT = 400
TIGHT = {"policy.yaml": [("numbers: 1000, per: day", f"numbers: {LIMIT}, per: day"),
                         ("requests: 50, per: second, burst: 100", "requests: 1000000, per: second, burst: 1000000")]}
NOT_NOW = {"ledger-unavailable", "registry-stale", "journal-unavailable", "draining", "overloaded"}
AN_ANSWER = {"quota-exceeded", "carrier-timeout", "carrier-malformed", "carrier-unreachable"}
WAVE = 6  # operators at a time, ten seconds each
FORGET = "for _, p in ipairs(ARGV) do for _, k in ipairs(redis.call('KEYS', p)) do redis.call('DEL', k) end end"


class Callers:
    def __init__(self, house, seed):
        self.house, self.stopping, self.odd, self.taken, self.wave = house, threading.Event(), [], 0, []
        self.threads = [threading.Thread(target=self._run, args=(gateway, random.Random(seed * 100 + n)))
                        for n in range(3) for gateway in house.gateways]
        for thread in self.threads:
            thread.start()

    def _run(self, gateway, dice):
        clients = {}
        while not self.stopping.is_set():
            if not self.wave:
                time.sleep(0.01)
                continue
            name = dice.choice(self.wave)
            try:
                if name not in clients:
                    clients[name] = gateway.client(name, timeout=5)
                answer = order(clients[name], dice.randint(1, 6))
            except (OSError, Broken):
                clients.pop(name, None)
                time.sleep(0.02)
                continue
            if answer.status == 201:
                self.taken += 1
            elif answer.code in NOT_NOW or answer.code in AN_ANSWER or answer.header("Sekisho-Decision"):  # the carrier's own
                time.sleep(0.01)
            else:
                self.odd.append(answer)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)


class Faults:
    def __init__(self, house, dice):
        self.house, self.dice, self.count = house, dice, {}

    def one(self):
        what = self.dice.choice([self.kill_gateway, self.kill_gateway, self.stop_gateway, self.stop_redis,
                                 self.old_dump, self.forget, self.odd_carrier])
        self.count[what.__name__] = self.count.get(what.__name__, 0) + 1
        what()

    def ask(self, *words):
        subprocess.run(["redis-cli", "-p", str(self.house.redis.port), *map(str, words)], capture_output=True, timeout=20)

    def kill_gateway(self):
        gateway = self.dice.choice(self.house.gateways)
        gateway.kill()
        time.sleep(self.dice.uniform(0, 0.5))
        gateway.start()

    def stop_gateway(self):
        gateway = self.dice.choice(self.house.gateways)
        gateway.signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.2, 2))
        gateway.signal(signal.SIGCONT)

    def stop_redis(self):
        self.house.redis.signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.05, 1))
        self.house.redis.signal(signal.SIGCONT)

    def old_dump(self):
        self.ask("SAVE")
        time.sleep(self.dice.uniform(0.1, 2))
        self.house.redis.kill()
        self.house.redis.start()

    def forget(self):
        self.ask("EVAL", FORGET, 0, "sekisho:{jp:*", "sekisho:{ledger}*", "sekisho:number:*")

    def odd_carrier(self):
        mode = self.dice.choice(["silence", "reset", "garbage", "partial", "refuse", "error500"])
        self.house.carrier.control(mode, times=self.dice.randint(1, 4))


def settle_by_the_carriers_log(house):
    """What a person would do about orders nobody heard the end of. Returns how many there were."""
    given = {entry["decision"]: entry["numbers"] for entry in house.carrier.log()}
    wait_for("no order is under way", 60, lambda: all(hold["state"] == "suspense" for hold in house.holds()))
    holds = house.holds()
    for hold in holds:
        numbers = given.get(hold["decision"])
        how = ["--granted", len(numbers), "--numbers", *numbers] if numbers else ["--released"]
        done = house.resolve(hold["hold"], *how)
        assert done.code == 0, done
    return len(holds)


def run(directory, minutes, seed, gateways, tell=print):
    """{overshoot, journal_loss, suspense_left, wrong_counts, ...}"""
    dice = random.Random(seed)
    waves = max(1, round(minutes * 6))
    house = House(directory, gateways=gateways, changes=edits(TIGHT, IMPATIENT), extra_operators=WAVE * waves)
    house.start()
    callers = Callers(house, seed)
    faults = Faults(house, dice)
    names = [name for name in house.operators if name.startswith("extra")]
    try:
        for wave in range(waves):
            callers.wave = names[wave * WAVE:(wave + 1) * WAVE]
            until = time.monotonic() + 10
            while time.monotonic() < until:
                time.sleep(dice.uniform(0.2, 1.5))
                faults.one()
        time.sleep(2)
        for gateway in house.gateways:
            gateway.wait_ready(60, gateway.ready)
        wait_for("orders are admitted again", 60,
                 lambda: all(g.metrics().value("ledger_admitting") == 1 for g in house.gateways))
        callers.stop()
        wait_for("the carrier has finished", 60, lambda: house.carrier.seen()["waiting"] == 0)
        log = house.carrier.log()
        suspense = settle_by_the_carriers_log(house)
        found = {"orders": len(log), "numbers": sum(len(entry["numbers"]) for entry in log), "faults": faults.count,
                 "restored": sum(int(g.metrics().value("ledger_restored_total") or 0) for g in house.gateways),
                 "resolved_by_hand": suspense, "overshoot": 0, "at_the_limit": 0, "wrong_counts": [], "odd": callers.odd[:3]}
        for name in names:
            mine = [n for entry in log if entry["operator"] == house.operators[name] for n in entry["numbers"]]
            found["overshoot"] = max(found["overshoot"], len(mine) - LIMIT)
            found["at_the_limit"] += len(mine) >= LIMIT - 5
            if house.counts(name) != (len(mine), 0, 0):
                found["wrong_counts"].append((name, house.counts(name), len(mine)))
        found["suspense_left"] = len(house.holds())
        forwarded = set()
        found["journal_loss"] = 0
        for gateway in house.gateways:
            gateway.terminate()
            done = house.sekisho("audit", "verify", gateway.journal)
            found["journal_loss"] += not (done.json["integrity"] and done.json["completeness"])
            forwarded |= {record["decision"] for record in gateway.records(kind="forwarding")}
        found["journal_loss"] += len({entry["decision"] for entry in log} - forwarded)
        return found
    finally:
        callers.stop()
        house.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments.add_argument("--gateways", type=int, default=3)
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sekisho-chaos-") as directory:
        found = run(pathlib.Path(directory), given.minutes, given.seed, given.gateways)
    for name, value in found.items():
        print(f"{name:18} {value}")
    bad = found["overshoot"] > 0 or found["journal_loss"] or found["suspense_left"] or found["wrong_counts"] or found["odd"]
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
