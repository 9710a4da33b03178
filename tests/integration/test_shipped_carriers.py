"""Shipped carriers' files in a running gate: what a recording alone cannot show."""
import pathlib
import re
import urllib.parse

import pytest
from harness import House, edits, ROOMY
from scripted_carrier import ScriptedCarrier

TOP = pathlib.Path(__file__).resolve().parents[2]
SECRET = "never-to-be-written-down"


@pytest.fixture
def opened(tmp_path):
    ends = []

    def start(name, answer, operators=None):
        house = House(tmp_path, extra_operators=1, changes=edits(ROOMY))
        carrier = ScriptedCarrier(answer)
        ends.extend([house, carrier])
        text = (TOP / f"config/carriers/{name}.yaml").read_text()
        text = re.sub(r'endpoints: \[.*\]', f'endpoints: ["http://127.0.0.1:{carrier.port}"]', text)
        for account, operator in (operators or {}).items():
            text = re.sub(rf'{account}: ".*"', f'{account}: "{house.operators[operator]}"', text)
        (house.directory / "carrier.yaml").write_text(text)
        house.scripted = carrier
        return house.start()
    yield start
    for one in ends:
        one.stop()


def ask(house, who, method, target, body=None, kind="application/json"):
    with house.gateway.client(who) as client:
        return client.request(method, target, [("Content-Type", kind)] if body is not None else [], body or b"")


def test_a_number_that_has_an_id_is_moved_and_given_back_by_it(opened):
    base, one, other = "/2010-04-01/Accounts/{}/IncomingPhoneNumbers", "AC" + "0" * 31 + "1", "AC" + "0" * 31 + "2"
    bought = {}

    def twilio(call):
        if call.method == "DELETE":
            return 204, b""
        form = dict(urllib.parse.parse_qsl(call.body.decode()))
        sid = call.target.split("/")[-1].removesuffix(".json")
        if "PhoneNumber" in form:
            sid = f"PN{len(bought):032d}"
            bought[sid] = form["PhoneNumber"]
            return 201, {"sid": sid, "phone_number": bought[sid]}
        return 200, {"sid": sid, "phone_number": bought[sid], "account_sid": form["AccountSid"]}

    house = opened("twilio-like", twilio, {one: "aozora", other: "extra0"})
    form = "application/x-www-form-urlencoded"
    for last in (8, 9):
        answer = ask(house, "aozora", "POST", base.format(one) + ".json", b"PhoneNumber=%%2B8131234567%d" % last, form)
        assert answer.status == 201, answer
    first, second = bought
    assert house.counts("aozora") == (2, 0, 0)

    # Another setting of the number is no order that the file can read.
    assert ask(house, "aozora", "POST", f"{base.format(one)}/{first}.json", b"VoiceUrl=x", form).status == 422
    # What somebody else bought is not known as the caller's.
    stolen = ask(house, "extra0", "POST", f"{base.format(one)}/{first}.json", f"AccountSid={other}".encode(), form)
    assert (stolen.status, stolen.code) == (422, "unreadable-order")

    moved = ask(house, "aozora", "POST", f"{base.format(one)}/{first}.json", f"AccountSid={other}".encode(), form)
    assert moved.status == 200, moved
    assert (house.counts("aozora"), house.counts("extra0")) == ((1, 0, 0), (1, 0, 0))
    assert [number["number"] for number in house.numbers("extra0")] == ["0312345678"]

    assert ask(house, "aozora", "DELETE", f"{base.format(one)}/{second}.json").status == 204
    assert ask(house, "extra0", "DELETE", f"{base.format(other)}/{first}.json").status == 204
    assert (house.counts("aozora"), house.counts("extra0")) == ((0, 0, 0), (0, 0, 0))
    # Giving back what is not known passes.
    assert ask(house, "aozora", "DELETE", f"{base.format(one)}/PN9.json").status == 204


def test_a_search_fixes_what_its_purchase_counts(opened):
    def azure(call):
        if call.target.endswith(":search"):
            return 202, {}, {"search-id": "s-1"}
        if call.target.endswith(":purchase"):
            return 202, {}, {"operation-id": "p-1"}
        return 200, {"status": "succeeded"}

    house = opened("azure-like", azure)
    search = b'{"phoneNumberType": "geographic", "quantity": 7}'
    assert ask(house, "aozora", "POST", "/availablePhoneNumbers/countries/JP/:search", search).status == 202
    assert ask(house, "aozora", "POST", "/availablePhoneNumbers/:purchase", b'{"searchId": "s-1"}').status == 202
    assert house.counts("aozora") == (0, 7, 0)
    assert ask(house, "aozora", "GET", "/phoneNumbers/operations/p-1").status == 200
    assert house.counts("aozora") == (7, 0, 0)
    unknown = ask(house, "aozora", "POST", "/availablePhoneNumbers/:purchase", b'{"searchId": "s-2"}')
    assert (unknown.status, unknown.code) == (422, "unreadable-order")


@pytest.mark.parametrize("name, calls", [
    ("ntt-like", [("GET", "/v1/050voip/service-orders-dx/05031234567", "application/json",
                   b'{"ispPwd": "%s", "applyNumber": "a-1"}'),
                  ("POST", "/v1/050voip/service-orders-dx/05031234567", "application/json",
                   b'{"ispPwd": "%s", "applyNumber": "a-2", "orderType": "5010"}'),
                  ("POST", "/v1/050voip/service-orders-dx/05031234567", "application/json",
                   b'{"ispPwd": "%s", "applyNumber": "a-3", "orderType": "9"}'),
                  ("POST", "/v1/050voip/service-orders-dx/05031234567", "application/json", b'{"ispPwd": "%s", ')]),
    ("vonage-like", [("POST", "/number/buy?api_key=k&api_secret=%s", "application/x-www-form-urlencoded",
                      b"country=JP&msisdn=815031234567"),
                     ("POST", "/number/buy?api_key=k&api_secret=%s&msisdn=1", "application/x-www-form-urlencoded",
                      b"country=JP&msisdn=815031234567"),
                     ("GET", "/number/search?api_secret=%s", "application/json", b"")])])
def test_a_secret_in_an_order_reaches_the_carrier_and_nothing_else(opened, name, calls):
    house = opened(name, lambda call: (200, {"checkResult": "OK", "correlateId": "c-1", "error-code": "200"}))
    for method, target, kind, body in calls:
        ask(house, "aozora", method, target.replace("%s", SECRET), body.replace(b"%s", SECRET.encode()), kind)
    assert any(SECRET in call.target or SECRET.encode() in call.body for call in house.scripted.calls)
    if name == "ntt-like":
        assert house.scripted.calls[0].method == "GET" and SECRET.encode() in house.scripted.calls[0].body
    assert house.counts("aozora") == (1, 0, 0)
    house.gateway.terminate()
    assert house.gateway.records(kind="decision")
    for file in house.directory.rglob("*"):
        if file.is_file() and file.name != "carrier.yaml":
            assert SECRET.encode() not in file.read_bytes(), file
