"""What the ledger counts after everything a carrier can do to an order."""
import time
from datetime import timedelta

import pytest

from harness import IMPATIENT, jst_now, order, stay_in_one_day, wait_for


@pytest.fixture(autouse=True)
def one_day():
    stay_in_one_day(30)


@pytest.fixture
def impatient(open_house):
    """A gate that waits one second for the carrier."""
    return open_house(changes=IMPATIENT)


def used(house):
    limit = house.limit("aozora", "certified")
    return limit["used"], limit["held"]


def test_a_refusal_by_the_carrier_takes_nothing_and_passes_unchanged(house):
    house.carrier.control("refuse")
    with house.gateway.client("aozora") as client:
        answer = order(client, 10)
    assert answer.status == 409 and answer.body.decode() == house.carrier.seen()["last_answer"]
    assert answer.decision
    assert house.counts("aozora") == (0, 0, 0) and used(house) == (0, 0)


def test_a_refusal_by_policy_takes_nothing(house):
    with house.gateway.client("aozora") as client:
        assert order(client, 1001).code == "quota-exceeded"
    assert house.counts("aozora") == (0, 0, 0) and used(house) == (0, 0)
    assert house.holds() == []


def test_an_order_that_provably_never_left_takes_nothing(house):
    house.carrier.kill()
    with house.gateway.client("aozora") as client:
        answer = order(client, 10, headers=[("Idempotency-Key", "again")])
        assert (answer.status, answer.code) == (502, "carrier-unreachable"), answer
        assert house.counts("aozora") == (0, 0, 0) and used(house) == (0, 0)
        house.carrier.start()
        assert order(client, 10, headers=[("Idempotency-Key", "again")]).status == 201, "nothing was stored"
    assert house.counts("aozora") == (10, 0, 0)


UNKNOWN = {"silence": 504, "garbage": 502, "reset": None, "error500": 500}


@pytest.mark.parametrize("mode", UNKNOWN)
def test_an_unknown_outcome_stays_counted_as_suspense(impatient, mode):
    house = impatient
    house.carrier.control(mode, times=1)
    with house.gateway.client("aozora") as client:
        answer = order(client, 10)
    assert answer.status == UNKNOWN[mode] or (mode == "reset" and answer.status in (502, 504)), answer
    assert house.carrier.seen()["orders"] == 1, "an order is never sent twice"
    assert house.counts("aozora") == (0, 0, 10)
    assert sum(used(house)) == 10
    [hold] = house.holds()
    assert (hold["state"], hold["quantity"], hold["operator"], hold["decision"]) == (
        "suspense", 10, house.operators["aozora"], answer.decision)


def test_a_person_resolves_suspense_as_granted(impatient):
    house = impatient
    house.carrier.control("silence", times=1)
    with house.gateway.client("aozora") as client:
        assert order(client, 10).status == 504
    [hold] = house.holds()
    assert house.sekisho("ledger", "resolve", hold["hold"], "--granted", 10).code == 2, "reason and name are needed"
    assert house.resolve(hold["hold"], "--granted", len(house.carrier.log()[0]["numbers"])).code == 0
    assert house.counts("aozora") == (10, 0, 0) and used(house) == (10, 0)
    assert house.holds() == []
    assert house.resolve(hold["hold"], "--released").code == 1, "a hold resolves once"
    assert house.counts("aozora") == (10, 0, 0)
    said = lambda: [r for r in house.gateway.records(hold["decision"], "settled") if r.get("by") and r.get("reason")]
    wait_for("who resolved it, and why, stands in the journal", 5, said)
    time.sleep(0.6)
    assert [r["granted"] for r in said()] == [10], "once"


def test_a_person_resolves_suspense_as_released(impatient):
    house = impatient
    house.carrier.control("reset", times=1)
    with house.gateway.client("aozora") as client:
        assert order(client, 10).status in (502, 504)
    [hold] = house.holds()
    assert house.resolve(hold["hold"], "--released").code == 0
    assert house.counts("aozora") == (0, 0, 0) and used(house) == (0, 0)
    assert house.holds() == []


def test_suspense_survives_restarts_of_the_gateway(impatient):
    house = impatient
    house.carrier.control("silence", times=1)
    with house.gateway.client("aozora") as client:
        assert order(client, 7).status == 504
    house.gateway.kill()
    house.gateway.start_ready()
    assert house.counts("aozora") == (0, 0, 7)


def test_a_partial_delivery_grants_what_came(house):
    house.carrier.control("partial", times=1)
    with house.gateway.client("aozora") as client:
        answer = order(client, 10)
    assert answer.status == 201 and len(answer.json()["numbers"]) == 5
    assert house.counts("aozora") == (5, 0, 0) and used(house) == (5, 0)


def test_a_delivery_beyond_the_order_is_counted_as_it_came(house):
    house.carrier.control("over", times=1)
    with house.gateway.client("aozora") as client:
        assert len(order(client, 10).json()["numbers"]) == 11
    assert house.counts("aozora") == (11, 0, 0) and used(house) == (11, 0)


def test_an_order_that_is_settled_later_stays_held_until_its_state_is_seen(house):
    house.carrier.control("pending", times=1)
    with house.gateway.client("aozora") as client:
        answer = order(client, 10)
        assert answer.status == 202
        granted, held, suspense = house.counts("aozora")
        assert (granted, held + suspense) == (0, 10)
        [hold] = house.holds()
        assert hold["order_id"] == answer.json()["orderId"]
        state = client.get(f"/v1/number-orders/{answer.json()['orderId']}")
        assert state.status == 200 and len(state.json()["numbers"]) == 10
        assert house.counts("aozora") == (10, 0, 0) and used(house) == (10, 0)
        client.get(f"/v1/number-orders/{answer.json()['orderId']}")
    assert house.counts("aozora") == (10, 0, 0), "seen twice, counted once"
    assert {e["number"] for e in house.numbers("aozora")} == set(state.json()["numbers"])


def test_a_number_given_back_twice_counts_once(house):
    with house.gateway.client("aozora") as client:
        number = order(client, 3).json()["numbers"][0]
        assert client.delete(f"/v1/numbers/{number}").status == 204
        assert house.counts("aozora") == (2, 0, 0)
        assert client.delete(f"/v1/numbers/{number}").status == 404
    assert house.counts("aozora") == (2, 0, 0)
    assert used(house) == (3, 0), "a window gets nothing back"
    assert number not in {e["number"] for e in house.numbers("aozora")}


def test_a_number_of_another_operator_is_refused(house):
    with house.gateway.client("aozora") as client, house.gateway.client("kaze") as other:
        number = order(client, 1).json()["numbers"][0]
        before = house.carrier.seen()["requests"]
        answer = other.delete(f"/v1/numbers/{number}")
        assert (answer.status, answer.code) == (403, "not-yours"), answer
        assert house.carrier.seen()["requests"] == before
        assert other.delete("/v1/numbers/0399999999").status == 404, "an unknown number passes"
    assert house.counts("aozora") == (1, 0, 0)


def test_an_order_is_cut_to_what_is_left_where_the_caller_allows_it(open_house):
    house = open_house(changes={"policy.yaml": [("numbers: 1000, per: day", "numbers: 12, per: day")]})
    body = b'{ "allowPartial":true,"numberType":"FIXED" , "quantity":  10, "note":"10 numbers, quantity 10" }\n'
    with house.gateway.client("aozora") as client:
        assert order(client, 8).status == 201
        assert order(client, 10).code == "quota-exceeded", "all or nothing unless the caller says otherwise"
        answer = client.post("/v1/number-orders", body)
        assert answer.status == 201 and len(answer.json()["numbers"]) == 4
        assert house.carrier.seen()["last_body"].encode() == body.replace(b'"quantity":  10', b'"quantity":  4')
        assert order(client, 1, allowPartial=True).code == "quota-exceeded", "nothing left to cut to"
    assert house.counts("aozora") == (12, 0, 0)


def test_a_number_can_be_traced_to_its_order_also_after_it_was_given_back(house):
    with house.gateway.client("aozora") as client:
        answer = order(client, 1)
        number = answer.json()["numbers"][0]
        client.delete(f"/v1/numbers/{number}")
    done = house.sekisho("ledger", "trace", number)
    assert done.code == 0, done
    [entry] = done.json
    assert (entry["operator"], entry["decision"], entry["order_id"]) == (
        house.operators["aozora"], answer.decision, answer.json()["orderId"])
    assert entry["from"] and entry["until"]
    assert house.sekisho("ledger", "trace", "0399999999").code == 1


def test_what_was_held_at_a_moment_is_listed_whatever_became_of_it(house):
    def held(*at):
        done = house.sekisho("ledger", "numbers", house.operators["aozora"], *at)
        assert done.code == 0, done
        assert all(set(row) == {"number", "number_type", "granted_at", "decision", "order_id"} for row in done.json)
        return [row["number"] for row in done.json]

    with house.gateway.client("aozora") as client:
        before = jst_now()
        first, second = sorted(order(client, 2).json()["numbers"])
        wait_for("they are counted", 5, lambda: held() == [first, second])
        between = jst_now()
        time.sleep(0.005)  # moments are whole milliseconds
        assert client.delete(f"/v1/numbers/{first}").status == 204
        wait_for("it is given back", 5, lambda: held() == [second])
    assert held("--at", between.isoformat(timespec="milliseconds")) == [first, second]
    assert held("--at", before.isoformat(timespec="milliseconds")) == []
    assert held("--at", (before.date() - timedelta(days=1)).isoformat()) == []
    assert held("--at", before.date().isoformat()) == [second], "at the end of the day, which is not over"
    text = house.sekisho("ledger", "numbers", house.operators["aozora"], as_json=False).out
    assert text.startswith(f"{second}  fixed  ") and text.count("\n") == 1
    for wrong in ("yesterday", "2026-13-01", (before.date() + timedelta(days=1)).isoformat(), "2999-01-01T00:00:00+09:00"):
        done = house.sekisho("ledger", "numbers", house.operators["aozora"], "--at", wrong)
        assert done.code == 2 and wrong in done.err, done


def test_concurrent_orders_never_go_over_a_limit(open_house):
    import threading
    house = open_house(gateways=2, changes={"policy.yaml": [
        ("numbers: 1000, per: day", "numbers: 50, per: day"),
        ("requests: 50, per: second, burst: 100", "requests: 1000000, per: second, burst: 1000000")]})
    statuses = []

    def run(gateway):
        with gateway.client("aozora") as client:
            statuses.extend(order(client, 3).status for _ in range(5))

    threads = [threading.Thread(target=run, args=(house.gateways[n % 2],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {201, 429}
    assert statuses.count(201) == 16, "48 of 50 fit"
    assert house.carrier.seen()["numbers"] == 48 and house.counts("aozora") == (48, 0, 0)
