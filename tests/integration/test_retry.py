"""A caller may send an order again under its Idempotency-Key; numbers are given once."""
import threading

from harness import IMPATIENT, order, wait_for

KEY = [("Idempotency-Key", "order-77")]


def test_a_finished_order_is_answered_again_byte_for_byte(house):
    with house.gateway.client("aozora") as client:
        first, again = order(client, 5, headers=KEY), order(client, 5, headers=KEY)
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body and again.header("Idempotency-Replayed") == "true"
    assert first.header("Idempotency-Replayed") is None
    assert house.carrier.seen()["orders"] == 1 and house.counts("aozora") == (5, 0, 0)


def test_the_stored_answer_outlives_a_restart(house):
    with house.gateway.client("aozora") as client:
        first = order(client, 5, headers=KEY)
    house.gateway.kill()
    house.gateway.start_ready()
    with house.gateway.client("aozora") as client:
        again = order(client, 5, headers=KEY)
    assert again.body == first.body and house.carrier.seen()["orders"] == 1


def test_a_carriers_refusal_is_a_finished_answer(house):
    house.carrier.control("refuse", times=1)
    with house.gateway.client("aozora") as client:
        first, again = order(client, 5, headers=KEY), order(client, 5, headers=KEY)
    assert (first.status, again.status) == (409, 409) and again.body == first.body
    assert house.carrier.seen()["orders"] == 1


def test_the_same_key_with_another_content_is_a_mistake(house):
    with house.gateway.client("aozora") as client:
        assert order(client, 5, headers=KEY).status == 201
        answer = order(client, 6, headers=KEY)
    assert (answer.status, answer.code) == (422, "idempotency-mismatch"), answer
    assert house.counts("aozora") == (5, 0, 0)


def test_a_key_belongs_to_its_operator(house):
    with house.gateway.client("aozora") as one, house.gateway.client("minato") as other:
        assert order(one, 1, "ip_050", headers=KEY).status == 201
        assert order(other, 1, "ip_050", headers=KEY).header("Idempotency-Replayed") is None
    assert house.counts("minato") == (1, 0, 0)


def test_a_retry_while_the_first_is_under_way_is_told_so(house):
    house.carrier.control("slow", delay_ms=4000, times=1)
    first = []
    with house.gateway.client("aozora") as client, house.gateway.client("aozora") as second:
        thread = threading.Thread(target=lambda: first.append(order(client, 5, headers=KEY)))
        thread.start()
        wait_for("the carrier has the order", 5, lambda: house.carrier.seen()["waiting"] == 1)
        answer = order(second, 5, headers=KEY)
        thread.join()
    assert (answer.status, answer.code) == (409, "idempotency-conflict"), answer
    assert first[0].status == 201 and house.carrier.seen()["orders"] == 1


def test_a_retry_of_an_unknown_outcome_never_reaches_the_carrier(open_house):
    house = open_house(changes=IMPATIENT)
    house.carrier.control("silence", times=1)
    with house.gateway.client("aozora") as client:
        assert order(client, 5, headers=KEY).status == 504
        answer = order(client, 5, headers=KEY)
        assert (answer.status, answer.code) == (409, "outcome-unknown"), answer
        [hold] = house.holds()
        assert house.resolve(hold["hold"], "--granted", 5).code == 0
        assert order(client, 5, headers=KEY).code != "outcome-unknown"
    assert house.carrier.seen()["orders"] == 1 and house.counts("aozora") == (5, 0, 0)


def test_a_policy_refusal_is_decided_anew_each_time(house):
    with house.gateway.client("kaze") as client:
        first, again = order(client, 1, headers=KEY), order(client, 1, headers=KEY)
    assert first.code == again.code == "etoc-revoked" and first.decision != again.decision
