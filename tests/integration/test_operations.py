"""What each operation does to the count: a carrier of every kind of call, and the ledger after each."""
import hashlib
import hmac
import json
import signal
import time

import pytest
from harness import House, edits, ROOMY, wait_for
from scripted_carrier import ScriptedCarrier

SECRET = "of the carrier and the gate"
ADAPTER = """
schema: sekisho/carrier/v1
carrier: demo
upstream:
  endpoints: ["http://127.0.0.1:{port}"]
  timeouts: {{ connect: 10s, response: 5s }}
number_types: {{ FIXED: fixed, IP050: ip_050 }}
operators: {{ AC-hoshi: "{hoshi}", AC-extra0: "{extra0}", AC-kaze: "{kaze}" }}
routes:
  - match: POST /reservations
    operation: reserve
    order: {{ quantity: json:/count, number_type: json:/type, reference: "header:Idempotency-Key?" }}
    result: [ {{ on: 201, granted: json:/count, order_id: json:/id }}, {{ on: 4xx, granted: 0 }} ]
  - match: POST /reservations/{{id}}/confirmation
    operation: confirm
    order: {{ order_id: path:id, reference: "header:Idempotency-Key?" }}
    result:
      - {{ on: 200, granted: count(json:/numbers/*), numbers: json:/numbers/* }}
      - {{ on: 202, pending: yes, order_id: json:/id }}
      - {{ on: 4xx, granted: 0 }}
  - match: DELETE /reservations/{{id}}
    operation: cancel
    order: {{ order_id: path:id }}
    result: [ {{ on: 204, granted: 0 }} ]
  - match: DELETE /orders/{{id}}
    operation: cancel
    order: {{ order_id: path:id }}
    result: [ {{ on: 204, released: 1 }} ]
  - match: POST /searches
    operation: search
    order: {{ quantity: json:/count, number_type: const:fixed }}
    result: [ {{ on: 202, order_id: "header:search-id" }} ]
  - match: POST /orders
    operation: allocate
    order: {{ quantity: json:/count, number_type: const:fixed, reference: "header:Idempotency-Key?" }}
    result:
      - {{ on: 201, granted: count(json:/numbers/*), numbers: json:/numbers/*, order_id: json:/id }}
      - {{ on: 202, pending: yes, order_id: json:/id }}
      - {{ on: 4xx, granted: 0 }}
  - match: GET /orders/{{id}}
    operation: status
    {poll}
    order: {{ order_id: path:id }}
    result:
      - on: 200
        state: json:/state
        states: {{ done: done, refused: failed, working: pending }}
        granted: count(json:/numbers/*)
        numbers: json:/numbers/*
  - match: POST /events
    operation: status
    webhook: {{ signature: hmac-sha256, header: X-Signature, prefix: "sha256=", secret: "{secret}",
               timestamp: X-Time, covers: "{{timestamp}}.{{body}}" }}
    order: {{ order_id: json:/order }}
    result:
      - {{ state: json:/state, states: {{ done: done, refused: failed, working: pending }},
          granted: count(json:/numbers/*), numbers: json:/numbers/* }}
  - match: POST /numbers/{{number}}/transfer
    operation: transfer
    order: {{ numbers: path:number, number_type: "type_of(path:number)", receiver: json:/to }}
    result: [ {{ on: 200, granted: 1 }}, {{ on: 202, pending: yes, order_id: json:/id }}, {{ on: 4xx, granted: 0 }} ]
  - match: DELETE /numbers/{{number}}
    operation: release
    order: {{ numbers: path:number }}
    result: [ {{ on: 2xx, released: 1 }} ]
  - match: PATCH /orders/{{id}}
    operation: modify
    order: {{ order_id: path:id, number_type: const:fixed }}
    result: [ {{ on: 2xx, granted: 0 }} ]
"""


class Shop:
    """Gives numbers one after another, and lets the test say how the next call goes."""

    def __init__(self):
        self.next, self.orders, self.sizes, self.script = 0, {}, {}, []

    def numbers(self, count, prefix="03"):
        self.next += count
        return [f"{prefix}{61000000 + self.next - count + n}" for n in range(count)]

    def __call__(self, call):
        if self.script:
            return self.script.pop(0)(call)
        path = call.target.split("/")[1:]
        if call.target == "/reservations":
            name = f"r-{len(self.sizes)}"
            self.sizes[name] = call.json["count"]
            return 201, {"id": name, "count": call.json["count"]}
        if path[-1] == "confirmation":
            if path[1] not in self.sizes:
                return 404, {"error": "no such reservation"}
            return 200, {"numbers": self.numbers(self.sizes.pop(path[1]))}
        if call.target == "/searches":
            name = f"s-{len(self.sizes)}"
            self.sizes[name] = call.json["count"]
            return 202, {}, {"search-id": name}
        if call.target == "/orders":
            name = f"o-{len(self.orders)}"
            self.orders[name] = call.json["count"]
            return 202, {"id": name}
        if path[0] == "orders" and call.method == "GET":
            return 200, {"state": "working", "numbers": []}
        if call.method == "DELETE":
            return 204, b""
        return 200, {}


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def house(tmp_path, shop):
    with_poll = []

    def start(poll=None):
        house = House(tmp_path, extra_operators=2, changes=edits(ROOMY))
        carrier = ScriptedCarrier(shop)
        with_poll.extend([house, carrier])
        text = ADAPTER.format(port=carrier.port, secret=SECRET, poll=f"poll: {poll}" if poll else "",
                              hoshi=house.operators["hoshi"], kaze=house.operators["kaze"],
                              extra0=house.operators["extra0"])
        (house.directory / "carrier.yaml").write_text(text)
        house.shop = shop
        house.scripted = carrier
        return house.start()
    yield start
    for one in with_poll:
        one.stop()


def ask(house, who, method, target, body=None, **headers):
    with house.gateway.client(who) as client:
        text = json.dumps(body).encode() if body is not None else b""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            names["Content-Type"] = "application/json"
        return client.request(method, target, list(names.items()), text)


def reservation(count, kind="FIXED"):
    return {"count": count, "type": kind}


def webhook(house, body, secret=SECRET, seconds=None, **more):
    text = json.dumps(body).encode()
    time_of = str(int(seconds if seconds is not None else time.time()))
    signature = hmac.new(secret.encode(), f"{time_of}.".encode() + text, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Time": time_of, "X-Signature": "sha256=" + signature, **more}
    with house.gateway.client() as client:
        return client.request("POST", "/events", list(headers.items()), text)


def test_a_reservation_and_its_confirmation_count_once(house):
    house = house()
    reserved = ask(house, "aozora", "POST", "/reservations", reservation(7))
    assert reserved.status == 201, reserved
    assert house.counts("aozora") == (0, 7, 0)
    assert [hold["state"] for hold in house.holds()] == ["held"] and house.holds()[0]["reserved"]
    confirmed = ask(house, "aozora", "POST", "/reservations/r-0/confirmation", {}, Idempotency_Key="k-1")
    assert confirmed.status == 200, confirmed
    assert house.counts("aozora") == (7, 0, 0)
    assert len(house.numbers("aozora")) == 7
    # The same key again is the same answer, and never reaches the carrier.
    again = ask(house, "aozora", "POST", "/reservations/r-0/confirmation", {}, Idempotency_Key="k-1")
    assert (again.status, again.body, again.header("Idempotency-Replayed")) == (200, confirmed.body, "true")
    # Once more under another key: the carrier refuses, and nothing is counted.
    other = ask(house, "aozora", "POST", "/reservations/r-0/confirmation", {}, Idempotency_Key="k-2")
    assert other.status == 404
    assert house.counts("aozora") == (7, 0, 0)
    assert len(house.scripted.seen("POST", "/reservations/r-0/confirmation")) == 2


def test_a_confirmation_under_a_limit_is_not_charged_beside_its_reservation(house):
    house = house()
    # One number a day, and it is reserved: the confirmation must fit.
    assert ask(house, "hoshi", "POST", "/reservations", reservation(1, "IP050")).status == 201
    refused = ask(house, "hoshi", "POST", "/reservations", reservation(1, "IP050"))
    assert refused.status in (403, 429), refused
    assert ask(house, "hoshi", "POST", "/reservations/r-0/confirmation", {}).status == 200
    assert house.counts("hoshi") == (1, 0, 0)


def test_a_confirmation_of_a_stranger_is_refused(house):
    house = house()
    assert ask(house, "aozora", "POST", "/reservations", reservation(3)).status == 201
    refused = ask(house, "extra0", "POST", "/reservations/r-0/confirmation", {})
    assert (refused.status, refused.code) == (422, "unreadable-order")
    assert house.scripted.seen("POST", "/reservations/r-0/confirmation") == []


def test_a_revoked_operator_cannot_confirm(house):
    house = house()
    assert ask(house, "aozora", "POST", "/reservations", reservation(3)).status == 201
    house.revoke("aozora")
    refused = wait_for("the revocation is in force", 2, lambda: (lambda a: a if a.status == 403 else None)(
        ask(house, "aozora", "POST", "/reservations/r-0/confirmation", {})))
    assert refused.code == "etoc-revoked"
    assert house.counts("aozora") == (0, 3, 0)
    # Giving back is always possible.
    assert ask(house, "aozora", "DELETE", "/reservations/r-0").status == 204
    assert house.counts("aozora") == (0, 0, 0)


def test_a_confirmation_that_nobody_answers_is_in_suspense(house):
    house = house()
    assert ask(house, "aozora", "POST", "/reservations", reservation(4)).status == 201
    house.shop.script.append(lambda call: (time.sleep(7), (200, {"numbers": []}))[1])
    assert ask(house, "aozora", "POST", "/reservations/r-0/confirmation", {}, Idempotency_Key="k").status == 504
    assert house.counts("aozora") == (0, 0, 4)
    again = ask(house, "aozora", "POST", "/reservations/r-0/confirmation", {}, Idempotency_Key="k")
    assert (again.status, again.code) == (409, "outcome-unknown")
    [hold] = house.holds()
    assert house.resolve(hold["hold"], "--granted", 4).code == 0
    assert house.counts("aozora") == (4, 0, 0)


def test_what_a_search_found_is_bought_by_its_id(house):
    house = house()
    assert ask(house, "aozora", "POST", "/searches", {"count": 5}).status == 202
    assert house.counts("aozora") == (0, 0, 0)
    assert ask(house, "aozora", "POST", "/reservations/s-0/confirmation", {}).status == 200
    assert house.counts("aozora") == (5, 0, 0)


def test_a_cancelled_order_counts_no_more(house):
    house = house()
    assert ask(house, "aozora", "POST", "/orders", {"count": 5}).status == 202
    assert house.counts("aozora") == (0, 5, 0)
    assert ask(house, "aozora", "DELETE", "/reservations/o-0").status == 204
    assert house.counts("aozora") == (0, 0, 0)
    assert house.holds() == []


def test_a_cancellation_that_gives_numbers_back_survives_a_crash(house):
    """The carrier took the numbers back and the journal says so; the gateway dies before Redis knows."""
    house = house()
    numbers = house.shop.numbers(3)
    house.shop.script.append(lambda call: (201, {"id": "o-9", "numbers": numbers}))
    assert ask(house, "aozora", "POST", "/orders", {"count": 3}).status == 201
    assert house.counts("aozora") == (3, 0, 0)

    def redis_stops_meanwhile(call):
        house.redis.signal(signal.SIGSTOP)
        return 204, b""
    house.shop.script.append(redis_stops_meanwhile)
    answer = ask(house, "aozora", "DELETE", "/orders/o-9")
    assert answer.status == 204, answer
    wait_for("it is on record", 5, lambda: house.gateway.records(decision=answer.decision, kind="outcome"))
    house.gateway.kill()
    house.redis.signal(signal.SIGCONT)
    assert house.counts("aozora") == (3, 0, 0), "nobody has told Redis"
    house.gateway.start_ready()
    wait_for("it is told now", 10, lambda: house.counts("aozora") == (0, 0, 0))
    assert house.numbers("aozora") == []


def test_a_webhook_settles_what_waits(house):
    house = house()
    assert ask(house, "aozora", "POST", "/orders", {"count": 5}).status == 202
    numbers = house.shop.numbers(3)
    assert webhook(house, {"order": "o-0", "state": "working", "numbers": []}).status == 204
    assert house.counts("aozora") == (0, 5, 0)
    assert webhook(house, {"order": "o-0", "state": "done", "numbers": numbers}).status == 204
    assert house.counts("aozora") == (3, 0, 0)
    assert sorted(one["number"] for one in house.numbers("aozora")) == numbers
    # It may come twice.
    assert webhook(house, {"order": "o-0", "state": "done", "numbers": numbers}).status == 204
    assert house.counts("aozora") == (3, 0, 0)


@pytest.mark.parametrize("forged", [
    {"secret": "another"}, {"seconds": 1_700_000_000}, {"X-Signature": "sha256=00"}, {"X-Time": "soon"},
    {"X-Signature": ""}])
def test_a_webhook_that_is_not_the_carriers_changes_nothing(house, forged):
    house = house()
    assert ask(house, "aozora", "POST", "/orders", {"count": 5}).status == 202
    answer = webhook(house, {"order": "o-0", "state": "refused", "numbers": []}, **forged)
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert house.counts("aozora") == (0, 5, 0)
    # Nor does one with a caller's key instead of a signature.
    assert ask(house, "aozora", "POST", "/events", {"order": "o-0", "state": "refused", "numbers": []}).status == 401
    assert house.counts("aozora") == (0, 5, 0)


def test_the_gate_asks_by_itself(house):
    house = house(poll="1s")
    numbers = house.shop.numbers(2)
    assert ask(house, "aozora", "POST", "/orders", {"count": 5}).status == 202
    wait_for("the gate asked", 10, lambda: house.scripted.seen("GET", "/orders/o-0"))
    assert house.counts("aozora") == (0, 5, 0)
    house.shop.script.append(lambda call: (200, {"state": "done", "numbers": numbers}))
    wait_for("the order is settled", 10, lambda: house.counts("aozora") == (2, 0, 0))
    asked = len(house.scripted.seen("GET", "/orders/o-0"))
    time.sleep(2)  # and asks no more
    assert len(house.scripted.seen("GET", "/orders/o-0")) <= asked + 1
    assert house.gateway.metrics().value("polls_total", outcome="answered") >= 2


def test_the_gate_goes_on_asking_after_a_crash(house):
    house = house(poll="1s")
    assert ask(house, "aozora", "POST", "/orders", {"count": 5}).status == 202
    wait_for("the order waits", 10, lambda: house.scripted.seen("GET", "/orders/o-0"))
    house.gateway.kill()
    house.redis.kill()  # without a file: everything is gone
    house.redis.start()
    house.import_all()
    numbers = house.shop.numbers(5)
    house.gateway.start_ready()
    before = len(house.scripted.seen("GET", "/orders/o-0"))
    wait_for("the gate asks again", 10, lambda: len(house.scripted.seen("GET", "/orders/o-0")) > before)
    house.shop.script.append(lambda call: (200, {"state": "done", "numbers": numbers}))
    wait_for("the order is settled", 10, lambda: house.counts("aozora") == (5, 0, 0))


def give(house, who, count, prefix="03"):
    """Numbers that the operator holds."""
    order = f"o-{len(house.shop.orders)}"
    assert ask(house, who, "POST", "/orders", {"count": count}).status == 202
    numbers = house.shop.numbers(count, prefix)
    assert webhook(house, {"order": order, "state": "done", "numbers": numbers}).status == 204
    return numbers


def test_a_transfer_is_charged_to_the_receiver_and_leaves_the_giver(house):
    house = house()
    first, second = give(house, "aozora", 2)
    answer = ask(house, "aozora", "POST", f"/numbers/{first}/transfer", {"to": "AC-extra0"})
    assert answer.status == 200, answer
    assert house.counts("aozora") == (1, 0, 0)
    assert house.counts("extra0") == (1, 0, 0)
    assert [one["number"] for one in house.numbers("extra0")] == [first]
    assert [one["number"] for one in house.numbers("aozora")] == [second]
    tenures = house.sekisho("ledger", "trace", first).json
    assert [t["operator"] for t in tenures] == [house.operators["extra0"], house.operators["aozora"]]
    assert tenures[0]["until"] is None and tenures[1]["until"] is not None
    # It is not the giver's any more.
    assert ask(house, "aozora", "DELETE", f"/numbers/{first}").code == "not-yours"
    assert ask(house, "extra0", "DELETE", f"/numbers/{first}").status == 204
    assert house.counts("extra0") == (0, 0, 0)


def test_a_transfer_is_decided_by_the_receivers_facts(house):
    house = house()
    first, second, third = give(house, "aozora", 3, "050")
    refused = ask(house, "aozora", "POST", f"/numbers/{first}/transfer", {"to": "AC-kaze"})
    assert (refused.status, refused.code) == (403, "etoc-revoked")
    # One number a day for an uncertified one.
    assert ask(house, "aozora", "POST", f"/numbers/{first}/transfer", {"to": house.operators["hoshi"]}).status == 200
    over = ask(house, "aozora", "POST", f"/numbers/{second}/transfer", {"to": "AC-hoshi"})
    assert over.status in (403, 429), over
    assert (house.counts("aozora"), house.counts("hoshi")) == ((2, 0, 0), (1, 0, 0))
    nobody = ask(house, "aozora", "POST", f"/numbers/{third}/transfer", {"to": "somebody"})
    assert (nobody.status, nobody.code) == (422, "unreadable-order")
    others = ask(house, "extra1", "POST", f"/numbers/{third}/transfer", {"to": "AC-extra0"})
    assert (others.status, others.code) == (403, "not-yours")


def test_a_transfer_that_ends_later_leaves_the_giver_then(house):
    house = house()
    [number] = give(house, "aozora", 1)
    house.shop.script.append(lambda call: (202, {"id": "t-1"}))
    assert ask(house, "aozora", "POST", f"/numbers/{number}/transfer", {"to": "AC-extra0"}).status == 202
    assert (house.counts("aozora"), house.counts("extra0")) == ((1, 0, 0), (0, 1, 0))
    assert webhook(house, {"order": "t-1", "state": "done", "numbers": [number]}).status == 204
    wait_for("the giver has it no more", 5, lambda: house.counts("aozora") == (0, 0, 0))
    assert house.counts("extra0") == (1, 0, 0)


def test_a_modification_that_adds_nothing_counts_nothing(house):
    house = house()
    assert ask(house, "aozora", "PATCH", "/orders/o-9", {"label": "x"}).status == 200
    assert house.counts("aozora") == (0, 0, 0)
    assert house.holds() == []
    assert ask(house, "kaze", "PATCH", "/orders/o-9", {"label": "x"}).code == "etoc-revoked"
