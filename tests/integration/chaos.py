"""Real gateways, a real Redis and a carrier under faults at random; then the three figures that matter.

tests/chaos [--minutes N] [--seed S] [--gateways G] [--redis single|sentinel|cluster]

Faults (chaos_faults.py): SIGKILL and SIGSTOP of gateways; a disk that is full, slow or broken; connections to the carrier
and to Redis that are reset, half closed, slow, or lose an answer; a carrier that says nothing, resets, or answers garbage;
and Redis: stopped, emptied, brought back from an old dump, failed over to a replica that lags, its slots moved.
Operators come in waves, each with a limit that its wave reaches; some orders come again under their Idempotency-Key, to
another gateway. Exit 0 when nothing was given past a limit, no journal lost a record, and every count is the carrier's.
"""
import argparse
import functools
import json
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

import chaos_faults
from harness import Broken, House, edits, order, wait_for

LIMIT = 400
TIGHT = {"policy.yaml": [("numbers: 1000, per: day", f"numbers: {LIMIT}, per: day"),
                         ("requests: 50, per: second, burst: 100", "requests: 1000000, per: second, burst: 1000000")]}
HASTY = {"carrier.yaml": [("response: 30s", "response: 1s")]}  # a carrier that says nothing keeps nobody for long
NOT_NOW = {"ledger-unavailable", "registry-stale", "journal-unavailable", "draining", "overloaded"}
AN_ANSWER = {"quota-exceeded", "carrier-timeout", "carrier-malformed", "carrier-unreachable", "idempotency-conflict",
             "outcome-unknown"}
WAVE = 6  # operators at a time, ten seconds each


class Callers:
    def __init__(self, house, seed):
        self.house, self.stopping, self.odd, self.taken, self.wave = house, threading.Event(), [], 0, []
        self.retried = 0
        self.threads = [threading.Thread(target=self._run, args=(gateway, random.Random(seed * 100 + n)))
                        for n in range(3) for gateway in house.gateways]
        for thread in self.threads:
            thread.start()

    def _run(self, gateway, dice):
        try:
            self._order(gateway, dice)
        except Exception as trouble:  # of the test itself
            self.odd.append(repr(trouble))
            raise

    def _order(self, gateway, dice):
        clients, wave = {}, None
        while not self.stopping.is_set():
            if not self.wave:
                time.sleep(0.01)
                continue
            if wave is not self.wave:
                wave = self.wave
                for client in clients.values():
                    client.close()
                clients.clear()
            name, quantity = dice.choice(self.wave), dice.randint(1, 6)
            key = [("Idempotency-Key", f"{dice.getrandbits(64):x}")] if dice.random() < 0.3 else []
            answer = self._ask(clients, gateway, name, quantity, key)
            if key and dice.random() < 0.7:  # as a caller who is impatient, or heard nothing
                self._again(answer, self._ask(clients, dice.choice(self.house.gateways), name, quantity, key))
            if answer and answer.status != 201:
                time.sleep(0.02)

    def _ask(self, clients, gateway, name, quantity, key):
        """The answer, if there was one."""
        who = (gateway, name)
        if who not in clients:
            clients[who] = gateway.client(name, timeout=5)
        try:
            answer = order(clients[who], quantity, headers=key)
        except (OSError, Broken):
            clients.pop(who).close()
            time.sleep(0.02)
            return None
        known = answer.code in NOT_NOW or answer.code in AN_ANSWER or answer.header("Sekisho-Decision")  # the carrier's own
        if answer.status == 201:
            self.taken += not answer.header("Idempotency-Replayed")
        elif not known:
            self.odd.append(answer)
        return answer

    def _again(self, first, second):
        """One order under one key: whatever was given is answered twice, and not given twice."""
        self.retried += 1
        if first and second and first.status == second.status == 201:
            if second.decision != first.decision or second.header("Idempotency-Replayed") != "true" or (
                    second.body != first.body and not second.header("Sekisho-Notice")):
                self.odd += [first, second]

    def see_more_than(self, orders, seconds):
        """Waits until so many orders were taken; some limits are reached, so not for ever."""
        until = time.monotonic() + seconds
        while self.taken <= orders and time.monotonic() < until:
            time.sleep(0.02)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a caller hangs"


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


def forwarded_by(gateway):
    """Decisions whose `forwarding` is on disk; a journal may be large."""
    found = set()
    for segment in gateway.journal.glob("*.ndjson"):
        with open(segment, "rb") as lines:
            found |= {json.loads(line)["decision"] for line in lines if b'"kind":"forwarding"' in line}
    return found


def run(directory, minutes, seed, gateways, redis="single", tell=functools.partial(print, flush=True)):
    """{overshoot, journal_loss, suspense_left, wrong_counts, ...}"""
    dice = random.Random(seed)
    waves = max(1, round(minutes * 6))
    setup, faults_of = chaos_faults.SETUPS[redis]
    house = House(directory, gateways=gateways, changes=edits(TIGHT, HASTY), extra_operators=WAVE * waves, redis=setup,
                  hurried=True)  # faults of Redis are to be noticed
    faults = faults_of(house, dice)
    for disk in faults.small_disks:
        tell(f"full disk of {disk.gateway.name}: {disk.kind}")
    callers = None
    names = [name for name in house.operators if name.startswith("extra")]
    try:
        faults.start()
        house.start()
        callers = Callers(house, seed)
        began = time.monotonic()
        for wave in range(waves):
            if time.monotonic() > began + minutes * 60:  # faults may take their time
                names = names[:wave * WAVE]
                break
            if wave and wave % 6 == 0:
                tell(f"{wave // 6} of {minutes:g}: {callers.taken} orders taken, {sum(faults.count.values())} faults")
            callers.wave = names[wave * WAVE:(wave + 1) * WAVE]
            until = time.monotonic() + 10
            while time.monotonic() < until:
                time.sleep(dice.uniform(0.2, 1.2))
                taken = callers.taken
                faults.one(callers.wave)
                if dice.random() < 0.7:  # else the next fault meets what is not yet mended
                    callers.see_more_than(taken + 20, seconds=8)
        callers.see_more_than(200, seconds=60)  # on a slow machine the load comes later
        time.sleep(2)
        for gateway in house.gateways:
            gateway.wait_ready(60, gateway.ready)
        wait_for("orders are admitted again", 60,
                 lambda: all(g.metrics().value("ledger_admitting") == 1 for g in house.gateways))
        callers.stop()
        wait_for("the carrier has finished", 60, lambda: house.carrier.seen()["waiting"] == 0)
        return reckon(house, callers, faults, names)
    finally:
        if callers:
            callers.stop()
        try:
            house.stop()
        finally:
            faults.stop()


def reckon(house, callers, faults, names):
    """The carrier's log against the ledger and the journals. Ends the gateways."""
    for gateway in house.gateways:
        still = lambda: {what: gateway.metrics().value(*what[:1], **dict(what[1:])) for what in (  # noqa: E731
            ("ledger_backlog",), ("connections", ("state", "active")))}
        try:
            wait_for("nothing is under way", 30, lambda: not any(still().values()))
        except AssertionError:
            faults.died.append(f"{gateway.name} has still something under way: {still()}")
    log = house.carrier.log()
    metric = lambda name: sum(int(gateway.metrics().value(name) or 0) for gateway in house.gateways)  # noqa: E731
    found = {"orders": len(log), "numbers": sum(len(entry["numbers"]) for entry in log), "faults": faults.count,
             "restored": metric("ledger_restored_total"), "journal_gap_records": metric("journal_gap_total"),
             "retried": callers.retried, "resolved_by_hand": settle_by_the_carriers_log(house), "at_the_limit": 0,
             "odd": callers.odd[:3], "wrong_counts": [], "overshoot": 0, "journal_loss": 0, "suspense_left": 0}
    again = twice(log)
    found["odd"] += faults.died + [f"twice: {entry}" for entry in log if entry["decision"] in again][:3]
    numbers = {}
    for entry in log:
        numbers.setdefault(entry["operator"], []).extend(entry["numbers"])
    for name in names:
        mine = len(numbers.get(house.operators[name], []))
        found["overshoot"] = max(found["overshoot"], mine - LIMIT)
        found["at_the_limit"] += mine >= LIMIT - 5
        counts = house.counts(name)
        if counts != (mine, 0, 0):
            found["wrong_counts"].append((name, counts, mine))
    found["suspense_left"] = len(house.holds())
    forwarded = set()
    for gateway in house.gateways:
        gateway.terminate()
        done = house.sekisho("audit", "verify", gateway.journal)
        found["journal_loss"] += not (done.json["integrity"] and done.json["completeness"])
        forwarded |= forwarded_by(gateway)
    found["journal_loss"] += len({entry["decision"] for entry in log} - forwarded)
    return found


def twice(log):
    """Decisions that reached the carrier more than once."""
    seen = set()
    return {entry["decision"] for entry in log if entry["decision"] in seen or seen.add(entry["decision"])}


def is_bad(found):
    return bool(found["overshoot"] > 0 or found["journal_loss"] or found["suspense_left"] or found["wrong_counts"]
                or found["odd"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments.add_argument("--gateways", type=int, default=3)
    arguments.add_argument("--redis", choices=chaos_faults.SETUPS, default="single")
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # and not without putting things away
    with tempfile.TemporaryDirectory(prefix="sekisho-chaos-") as directory:
        found = run(pathlib.Path(directory), given.minutes, given.seed, given.gateways, given.redis)
    figures = ("overshoot", "journal_loss", "suspense_left")
    for name, value in found.items():
        if name not in figures:
            print(f"{name:20} {value}")
    print(f"\n{given.minutes:g} minutes, {given.gateways} gateways, Redis {given.redis}, {found['orders']} orders, "
          f"{sum(found['faults'].values())} faults:")
    for name in figures:
        print(f"  {name.replace('_', ' '):16} {found[name]}")
    sys.exit(is_bad(found))


if __name__ == "__main__":
    main()
