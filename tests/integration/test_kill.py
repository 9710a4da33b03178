"""kill -9 at any moment loses no number: what the gate counts is what the carrier gave."""
import os
import random
import threading
import time

from harness import ROOMY, Broken, order, stay_in_one_day, wait_for

KILLS = int(os.environ.get("SEKISHO_KILLS") or 50)
SEED = int(os.environ.get("SEKISHO_SEED") or random.SystemRandom().randrange(1_000_000))
CONNECTIONS = 16
FAILING = {"ledger-unavailable", "registry-stale", "journal-unavailable", "draining"}  # while it starts: not now


class Callers:
    """Connections that order at random and come back after every loss of their gateway."""

    def __init__(self, house, seed):
        self.house, self.stopping = house, threading.Event()
        self.unexpected, self.answered = [], []
        self.threads = [threading.Thread(target=self._run, args=(random.Random(seed + n),)) for n in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def _run(self, dice):
        operators = [name for name in self.house.operators if name == "aozora" or name.startswith("extra")]
        clients = {name: self.house.gateway.client(name) for name in operators}
        while not self.stopping.is_set():
            name = dice.choice(operators)
            try:
                answer = order(clients[name], dice.randint(1, 5), dice.choice(("fixed", "ip_050")))
            except (OSError, Broken):
                time.sleep(0.005)
                continue
            if answer.status == 201:
                self.answered.append((answer.decision, answer.json()["numbers"]))
            elif answer.code not in FAILING:
                self.unexpected.append(answer)
            else:
                time.sleep(0.005)
        for client in clients.values():
            client.close()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)


def kill_again_and_again(gateway, dice):
    for _ in range(KILLS):
        if dice.random() < 0.8:
            gateway.wait_ready(20, gateway.ready)
            time.sleep(dice.uniform(0.005, 0.4))
        else:  # also while it starts and recovers
            time.sleep(dice.uniform(0, 0.2))
        gateway.kill()
        gateway.start()
    gateway.wait_ready(30, gateway.ready)


def resolve_by_the_carriers_log(house, given):
    """What a person would do: asks the carrier about every open hold. Returns the decisions so resolved."""
    wait_for("every open hold is known to be unknown", 15,
             lambda: all(hold["state"] == "suspense" for hold in house.holds()))
    holds = house.holds()
    for hold in holds:
        numbers = given.get(hold["decision"])
        how = ("--granted", len(numbers)) if numbers else ("--released",)
        done = house.resolve(hold["hold"], *how)
        assert done.code == 0, (hold, done)
    assert house.holds() == []
    return {hold["decision"] for hold in holds}


def test_kills_at_random_moments_lose_and_invent_no_number(open_house):
    stay_in_one_day(240)
    print(f"SEKISHO_SEED={SEED} SEKISHO_KILLS={KILLS}")
    house = open_house(changes=ROOMY, delay_ms=3, extra_operators=3)
    callers = Callers(house, SEED)
    try:
        kill_again_and_again(house.gateway, random.Random(SEED))
    finally:
        callers.stop()
    wait_for("the carrier has finished", 10, lambda: house.carrier.seen()["waiting"] == 0)

    log = house.carrier.log()
    given = {entry["decision"]: entry["numbers"] for entry in log}
    assert len(given) == len(log), "an order reached the carrier twice"
    assert callers.unexpected == []
    by_hand = resolve_by_the_carriers_log(house, given)
    print(f"{len(log)} orders with numbers, {len(callers.answered)} answered, {len(by_hand)} resolved by hand")
    assert len(log) > KILLS, "there was load"
    for decision, numbers in callers.answered:
        assert given[decision] == numbers

    for name, operator in house.operators.items():
        orders = [entry for entry in log if entry["operator"] == operator]
        count = sum(len(entry["numbers"]) for entry in orders)
        assert house.counts(name) == (count, 0, 0), name
        known = {e["number"] for e in house.numbers(name) if e["decision"] not in by_hand}
        assert known == {n for entry in orders if entry["decision"] not in by_hand for n in entry["numbers"]}, name
        if count:
            limit = house.limit(name, "certified")
            assert (limit["used"], limit["held"]) == (count, 0), name

    assert house.gateway.terminate() == 0
    done = house.sekisho("audit", "verify", house.gateway.journal)
    assert done.code == 0 and done.json["integrity"] is True and done.json["completeness"] is True, done
    forwarded = {r["decision"] for r in house.gateway.records(kind="forwarding")}
    assert given.keys() <= forwarded, "the carrier saw an order that the journal does not know"
