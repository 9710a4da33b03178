"""The same Idempotency-Key at two gateways, over crashes and over losses of Redis: the carrier sees one order."""
import subprocess
import threading
import time

import chaos_faults
from harness import IMPATIENT, ROOMY, edits, order, wait_for

ROUNDS = 60


def keeping(**settings):
    """idempotency settings, e.g. keep="5s"."""
    words = ", ".join(f"{name}: {value}" for name, value in settings.items())
    return {"sekisho.yaml": [("\nworkers: 1 ", f"\nidempotency: {{ {words} }}\nworkers: 1 ")]}


def key(name):
    return [("Idempotency-Key", name)]


def forget_the_ledger(house):
    subprocess.run(["redis-cli", "-p", str(house.redis.port), "EVAL", chaos_faults.FORGET, "0", *chaos_faults.OF_THE_LEDGER],
                   check=True, capture_output=True, timeout=20)


def admitted(client, quantity, headers):
    """The answer, once orders are admitted."""
    def one():
        answer = order(client, quantity, headers=headers)
        return answer if answer.code not in ("ledger-unavailable", "idempotency-conflict") else None
    return wait_for("orders are admitted", 15, one)


def replayed(answer, first):
    return (answer.status == first.status and answer.body == first.body
            and answer.header("Idempotency-Replayed") == "true" and answer.decision == first.decision)


def test_two_gateways_get_one_key_at_the_same_moment(open_house):
    house = open_house(gateways=2, changes=ROOMY, delay_ms=3)
    clients = [gateway.client("aozora") for gateway in house.gateways]
    answers, start, conflicts, replays = {}, threading.Barrier(2), 0, 0

    def run(client):
        for n in range(ROUNDS):
            start.wait()
            answers[client, n] = order(client, 1 + n % 5, headers=key(f"round-{n}"))
    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(ROUNDS):
        pair = sorted((answers[client, n] for client in clients), key=lambda answer: (
            answer.status, answer.header("Idempotency-Replayed") or ""))
        first, other = pair
        assert first.status == 201 and first.header("Idempotency-Replayed") is None, pair
        if other.status == 201:
            assert replayed(other, first), pair
            replays += 1
        else:
            assert (other.status, other.code) == (409, "idempotency-conflict") and other.header("Retry-After"), other
            conflicts += 1
    print(f"{ROUNDS} rounds: {conflicts} in flight, {replays} replayed")
    assert house.carrier.seen()["orders"] == ROUNDS
    total = sum(1 + n % 5 for n in range(ROUNDS))
    assert house.counts("aozora") == (total, 0, 0)
    for client in clients:
        client.close()


def test_a_gateway_killed_while_its_order_is_under_way_leaves_the_key_taken(open_house):
    house = open_house(gateways=2)
    first, second = house.gateways
    house.carrier.control("slow", delay_ms=4000, times=1)

    def lost():
        try:
            order(first.client("aozora"), 5, headers=key("k"))
        except OSError:
            pass
    thread = threading.Thread(target=lost)
    thread.start()
    wait_for("the carrier has it", 5, lambda: house.carrier.seen()["waiting"] == 1)
    first.kill()
    thread.join()
    with second.client("aozora") as client:
        answer = order(client, 5, headers=key("k"))
        assert (answer.status, answer.code) == (409, "idempotency-conflict"), answer
        first.start_ready()  # it reads in its journal that it was sent
        wait_for("nobody knows what became of it", 10,
                 lambda: order(client, 5, headers=key("k")).code == "outcome-unknown")
        [entry] = wait_for("the carrier gave the numbers", 5, house.carrier.log)
        [hold] = house.holds()
        assert house.resolve(hold["hold"], "--granted", 5, "--numbers", *entry["numbers"]).code == 0
        answer = order(client, 5, headers=key("k"))
        assert answer.status == 200 and answer.header("Idempotency-Replayed") == "true", answer
        assert "not kept" in answer.header("Sekisho-Notice") and answer.decision == entry["decision"]
    assert house.carrier.seen()["orders"] == 1 and house.counts("aozora") == (5, 0, 0)


def test_the_answer_outlives_restarts_of_every_gateway_and_of_redis(open_house):
    house = open_house(gateways=2, appendonly=True)
    first, second = house.gateways
    with first.client("aozora") as client:
        answer = order(client, 5, headers=key("k"))
    for gateway in house.gateways:
        gateway.kill()
    house.redis.kill()
    house.redis.start()
    for gateway in house.gateways:
        gateway.start()
    for gateway in house.gateways:
        gateway.wait_ready(15, gateway.ready)
        with gateway.client("aozora") as client:
            assert replayed(admitted(client, 5, key("k")), answer)
    with second.client("aozora") as client:
        other = order(client, 6, headers=key("k"))
        assert (other.status, other.code) == (422, "idempotency-mismatch"), other
    assert house.carrier.seen()["orders"] == 1


def test_a_redis_that_forgot_the_answer_still_knows_the_outcome(open_house):
    house = open_house(changes=IMPATIENT)
    with house.gateway.client("aozora") as client:
        first = order(client, 5, headers=key("answered"))
        house.carrier.control("silence", times=1)
        assert order(client, 3, headers=key("resolved")).code == "carrier-timeout"
        [hold] = house.holds()
        assert house.resolve(hold["hold"], "--granted", 3).code == 0
        wait_for("what the person said is on record", 5, lambda: [
            record for record in house.gateway.records(hold["hold"], "settled") if record.get("by") == "tester"])
        forget_the_ledger(house)
        again = admitted(client, 5, key("answered"))
        assert again.status == 201 and again.body == b"" and "not kept" in again.header("Sekisho-Notice"), again
        assert again.decision == first.decision and again.header("Idempotency-Replayed") == "true"
        again = admitted(client, 3, key("resolved"))
        assert again.header("Idempotency-Replayed") == "true" and again.decision == hold["decision"], again
        assert order(client, 4, headers=key("answered")).code == "idempotency-mismatch"
    assert house.carrier.seen()["orders"] == 2 and house.counts("aozora") == (8, 0, 0)


def test_after_its_time_a_key_is_a_new_one(open_house):
    house = open_house(changes=keeping(keep="5s"))
    with house.gateway.client("aozora") as client:
        began = time.monotonic()
        first = order(client, 5, headers=key("k"))
        assert replayed(order(client, 5, headers=key("k")), first)

        def anew():
            answer = order(client, 5, headers=key("k"))
            return answer if answer.decision != first.decision else None
        second = wait_for("it is a new order", 10, anew)
        assert second.status == 201 and time.monotonic() - began > 4.9
        assert replayed(order(client, 5, headers=key("k")), second)
        time.sleep(5.1)
        # Told again to a Redis that forgot all: neither of them is what the key means today.
        forget_the_ledger(house)
        third = admitted(client, 6, key("k"))
        assert third.status == 201 and third.header("Idempotency-Replayed") is None, third
    assert house.carrier.seen()["orders"] == 3 and house.counts("aozora") == (16, 0, 0)


def test_of_an_answer_too_large_to_keep_the_outcome_is_kept_and_it_says_so(open_house):
    house = open_house(changes=edits(keeping(answer_bytes="100B")))
    with house.gateway.client("aozora") as client:
        first = order(client, 50, headers=key("k"))
        assert len(first.body) > 100
        again = order(client, 50, headers=key("k"))
        assert again.status == 201 and again.body == b"" and again.header("Idempotency-Replayed") == "true", again
        assert "not kept" in again.header("Sekisho-Notice") and again.decision == first.decision
    assert house.carrier.seen()["orders"] == 1 and house.counts("aozora") == (50, 0, 0)


def test_many_callers_and_gateways_that_die_give_one_answer_a_key(open_house):
    """Four callers with the same twenty keys, while gateways are killed: numbers are given once for each key."""
    house = open_house(gateways=2, changes=edits(ROOMY, IMPATIENT), delay_ms=5)
    seen, odd = {}, []

    def run(gateway):
        client = gateway.client("aozora", timeout=5)
        for n in range(20):
            for _ in range(400):
                try:
                    answer = order(client, 1 + n % 3, headers=key(f"many-{n}"))
                except OSError:
                    time.sleep(0.02)
                    continue
                if answer.status == 201:
                    seen.setdefault(n, set()).add(answer.decision)
                    break
                if answer.code == "outcome-unknown":
                    break
                if answer.status not in (409, 502, 503, 504):
                    odd.append(answer)
                time.sleep(0.02)
        client.close()
    threads = [threading.Thread(target=run, args=(gateway,)) for gateway in house.gateways * 2]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for gateway in house.gateways:
            time.sleep(0.3)
            gateway.kill()
            gateway.start()
            gateway.wait_ready(15, gateway.ready)
    assert odd == [] and all(len(decisions) == 1 for decisions in seen.values()), (odd[:3], seen)
    decisions = [entry["decision"] for entry in house.carrier.log()]
    assert len(decisions) == len(set(decisions)) <= 20
