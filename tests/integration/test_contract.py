"""The example installation answers as its files say: who gets numbers, who does not, and how each is told."""
import datetime
import json
import re
import time

import pytest

from harness import EXAMPLE, TOP, next_jst_midnight, order, order_body, stay_in_one_day, wait_for

PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "code", "reasons", "decision", "contact"}
REASON_FIELDS = {"code", "rule", "basis", "text", "remedy"}
LIMIT_FIELDS = {"rule", "code", "per", "limit", "used", "held", "left", "resets_at"}


def assert_problem(answer, status, code):
    """The gate's own answer, complete and consistent; returns its body."""
    assert (answer.status, answer.code) == (status, code), answer
    body = answer.json()
    assert PROBLEM_FIELDS <= body.keys(), body
    assert body["status"] == status
    assert body["title"] and body["detail"] and body["type"]
    assert body["decision"] == (answer.decision or body["decision"])
    assert body["contact"] == "numbers-desk@carrier.example"
    assert body["reasons"] and all(reason["code"] and reason["text"] for reason in body["reasons"])
    assert answer.header("Cache-Control") == "no-store"
    return body


def patient_order(client, *args, **kw):
    """An order that steps back when only the rate says no."""
    while (answer := order(client, *args, **kw)).code == "rate-exceeded":
        time.sleep(0.1)
    return answer


def test_the_shipped_example_is_the_agreed_installation():
    agreed = TOP.parent / "shared" / "contract"
    if not agreed.is_dir():
        pytest.skip("the agreed installation is not beside this tree")
    assert {f.name: f.read_bytes() for f in agreed.iterdir()} == {f.name: f.read_bytes() for f in EXAMPLE.iterdir()}


def test_a_certified_operator_gets_the_carriers_own_answer(house):
    with house.gateway.client("aozora") as client:
        answer = order(client, 10)
    seen = house.carrier.seen()
    assert answer.status == 201
    assert answer.body.decode() == seen["last_answer"]
    assert len(answer.json()["numbers"]) == 10
    assert answer.decision and answer.decision == seen["last_headers"]["sekisho-decision"]
    assert house.carrier.log() == [{"order_id": answer.json()["orderId"], "decision": answer.decision,
                                    "operator": house.operators["aozora"], "numbers": answer.json()["numbers"]}]
    assert house.counts("aozora") == (10, 0, 0)
    assert {entry["number"] for entry in house.numbers("aozora")} == set(answer.json()["numbers"])


def test_an_order_passes_byte_for_byte(house):
    body = ('{ "note":"あおぞら\\u3042", "numberType" :"FIXED",\n\t"quantity":  3 , "areaCode":"045",'
            '"zero":-0.0, "big":12345678901234567890 }  ').encode()
    with house.gateway.client("aozora") as client:
        answer = client.post("/v1/number-orders?trace=a%20b&x", body)
    assert answer.status == 201, answer
    seen = house.carrier.seen()
    assert seen["last_body"].encode() == body
    assert seen["last_target"] == "/v1/number-orders?trace=a%20b&x"
    assert all(number.startswith("045") for number in answer.json()["numbers"])


def test_the_carrier_hears_from_the_gate_who_asks_and_from_nobody_else(house):
    lies = [("Sekisho-Operator", "jp:1"), ("sekisho_operator", "jp:2"), ("Sekisho.Client", "evil"),
            ("Sekisho-Decision", "mine"), ("X-Forwarded-For", "10.0.0.1"), ("Forwarded", "for=10.0.0.1"),
            ("Authorization", "Bearer not-this-one"), ("Connection", "X-Hop"), ("X-Hop", "1"),
            ("X-Order-Note", "stays")]
    with house.gateway.client("aozora") as client:
        answer = order(client, 1, headers=lies)
    assert answer.status == 201, answer
    headers = house.carrier.seen()["last_headers"]
    assert headers["sekisho-operator"] == house.operators["aozora"]
    assert headers["sekisho-client"] == "aozora"
    assert headers["sekisho-decision"] == answer.decision
    assert headers["authorization"] == "Bearer carrier-side-token"
    assert headers["x-order-note"] == "stays"
    assert not {"x-api-key", "sekisho_operator", "sekisho.client", "x-hop"} & headers.keys()
    assert "10.0.0.1" not in json.dumps(headers)


def test_a_day_gives_a_certified_operator_a_thousand_numbers_and_then_says_until_when(house):
    stay_in_one_day(60)
    with house.gateway.client("aozora") as client:
        for _ in range(100):
            assert patient_order(client, 10).status == 201
        answer = patient_order(client, 10)
    body = assert_problem(answer, 429, "quota-exceeded")
    [limit] = [limit for limit in body["limits"] if limit["rule"] == "certified"]
    assert LIMIT_FIELDS <= limit.keys()
    assert (limit["per"], limit["limit"], limit["used"], limit["held"], limit["left"]) == ("day", 1000, 1000, 0, 0)
    assert datetime.datetime.fromisoformat(limit["resets_at"]) == next_jst_midnight()
    until_midnight = (next_jst_midnight() - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert until_midnight - 5 <= int(answer.header("Retry-After")) <= until_midnight + 60
    assert house.carrier.seen()["numbers"] == 1000
    assert house.counts("aozora") == (1000, 0, 0)


def test_orders_that_come_too_fast_are_told_to_wait(open_house):
    house = open_house(changes={"policy.yaml": [("requests: 50, per: second, burst: 100",
                                                 "requests: 1, per: minute, burst: 3")]})
    with house.gateway.client("aozora") as client:
        answers = [order(client, 1) for _ in range(10)]
    assert [a.status for a in answers[:3]] == [201, 201, 201]
    refused = [a for a in answers if a.status != 201]
    assert refused
    for answer in refused:
        assert_problem(answer, 429, "rate-exceeded")
        assert int(answer.header("Retry-After")) >= 1
    assert house.counts("aozora") == (10 - len(refused), 0, 0)


def test_an_expired_operator_gets_one_number_ever(house):
    with house.gateway.client("minato") as client:
        assert order(client, 1, "ip_050").status == 201
        body = assert_problem(order(client, 1, "ip_050"), 403, "quota-exceeded")
    [limit] = [limit for limit in body["limits"] if limit["code"] == "etoc-uncertified"]
    assert limit["rule"] == "uncertified-ramp"
    assert (limit["per"], limit["limit"], limit["used"], limit["left"]) == ("lifetime", 1, 1, 0)
    assert limit.get("resets_at") is None


REFUSALS = [
    ("kaze", "fixed", "etoc-revoked", "etoc-revoked"),
    ("hoshi", "fixed", "plan-deemed-not-enough", "fixed-needs-a-certified-plan"),
    ("kawa", "mobile", "plan-missing", "plan-required"),
]


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory):
    """One running example for the tests that leave nothing behind in it."""
    from harness import House
    house = House(tmp_path_factory.mktemp("quiet"))
    try:
        yield house.start()
    finally:
        house.stop()


@pytest.mark.parametrize("who, number_type, code, rule", REFUSALS)
def test_a_refusal_names_the_reason_and_the_rule(quiet_house, who, number_type, code, rule):
    before = quiet_house.carrier.seen()["requests"]
    with quiet_house.gateway.client(who) as client:
        body = assert_problem(order(client, 1, number_type), 403, code)
    assert {"code": code, "rule": rule} in [{"code": r["code"], "rule": r["rule"]} for r in body["reasons"]]
    assert all(REASON_FIELDS <= reason.keys() and reason["remedy"] for reason in body["reasons"])
    assert body["instance"] == "/v1/number-orders"
    assert quiet_house.carrier.seen()["requests"] == before
    assert quiet_house.counts(who) == (0, 0, 0)


def test_a_police_refusal_reveals_nothing_but_stands_in_the_journal(quiet_house):
    with quiet_house.gateway.client("yama") as client:
        answer = order(client, 1)
        standing = client.get("/sekisho/v1/standing")
    assert_problem(answer, 403, "supply-refused")
    outward = (answer.head + answer.body).decode().lower()
    for secret in ("refusal", "police", "refuse_new", "r-2026-017", "scheme", "confidential"):
        assert secret not in outward, secret
    for secret in ("refusal", "police", "refuse_new", "r-2026-017"):
        assert secret not in standing.body.decode().lower(), secret
    # A refusal does not wait until it is on disk.
    [record] = wait_for("the decision is on disk", 5, lambda: quiet_house.gateway.records(answer.decision, "decision"))
    assert "refusal-list" in json.dumps(record)


def test_callers_with_no_key_and_with_a_wrong_key_cannot_be_told_apart(quiet_house):
    def without_ids(answer):
        text = (answer.head + b"\n" + answer.body).decode()
        for changing in filter(None, (answer.json().get("decision"), answer.decision)):
            text = text.replace(changing, "ID")
        return re.sub(r"(?mi)^date:.*$", "Date:", text)

    with quiet_house.gateway.client() as nobody, quiet_house.gateway.client("nobody") as stranger:
        missing, wrong = order(nobody, 1), order(stranger, 1)
        elsewhere = nobody.get("/v1/nothing-here")
    assert (missing.status, missing.code) == (401, "unauthenticated")
    assert missing.header("WWW-Authenticate")
    assert without_ids(missing) == without_ids(wrong)
    assert elsewhere.status == 401


def test_a_call_that_no_route_covers_is_refused(quiet_house):
    before = quiet_house.carrier.seen()["requests"]
    with quiet_house.gateway.client("aozora") as client:
        for method, target in (("GET", "/v1/secrets"), ("PUT", "/v1/number-orders"), ("POST", "/v1/number-orders/"),
                               ("POST", "/v1//number-orders"), ("POST", "/v1/%6eumber-orders")):
            answer = client.request(method, target, body=order_body(1, "fixed"))
            assert answer.status in (403, 405, 400), (method, target, answer)
        assert_problem(client.get("/v1/secrets"), 403, "route-not-governed")
    assert quiet_house.carrier.seen()["requests"] == before


def test_a_search_passes_for_everybody_who_is_known(quiet_house):
    for who in ("aozora", "kaze", "yama", "kawa"):
        with quiet_house.gateway.client(who) as client:
            assert client.get("/v1/available-numbers").status == 200


def test_problems_speak_japanese_when_asked(quiet_house):
    with quiet_house.gateway.client("kaze") as client:
        japanese = order(client, 1, headers=[("Accept-Language", "ja-JP, en;q=0.5")])
        english = order(client, 1, headers=[("Accept-Language", "fr, en;q=0.5")])
    assert (japanese.header("Content-Language"), english.header("Content-Language")) == ("ja", "en")
    assert re.search("[ぁ-ん]", japanese.json()["title"]) and re.search("[ぁ-ん]", japanese.json()["reasons"][0]["text"])
    assert english.json()["title"].isascii()


UNREADABLE = {
    "a repeated quantity": b'{"quantity":1,"quantity":100,"numberType":"FIXED"}',
    "a quantity of zero": b'{"quantity":0,"numberType":"FIXED"}',
    "a negative quantity": b'{"quantity":-1,"numberType":"FIXED"}',
    "a fraction": b'{"quantity":1.5,"numberType":"FIXED"}',
    "an exponent": b'{"quantity":1e1,"numberType":"FIXED"}',
    "no quantity": b'{"numberType":"FIXED"}',
    "a quantity that is a list": b'{"quantity":[1],"numberType":"FIXED"}',
    "an unknown number type": b'{"quantity":1,"numberType":"SATELLITE"}',
    "half a document": b'{"quantity":1,"numberType":"FIX',
    "two documents": b'{"quantity":1,"numberType":"FIXED"}{"quantity":1}',
    "bytes that are not UTF-8": b'{"quantity":1,"numberType":"FIXED","note":"\xff"}',
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_order_that_cannot_be_read_with_certainty_is_refused(quiet_house, what):
    before = quiet_house.carrier.seen()["requests"]
    with quiet_house.gateway.client("aozora") as client:
        answer = client.post("/v1/number-orders", UNREADABLE[what])
    assert answer.status in (400, 422) and answer.code in ("unreadable-order", "malformed"), answer
    assert quiet_house.carrier.seen()["requests"] == before


def test_compressed_and_foreign_bodies_are_refused(quiet_house):
    before = quiet_house.carrier.seen()["requests"]
    with quiet_house.gateway.client("aozora") as client:
        for header in (("Content-Encoding", "gzip"), ("Content-Type", "text/plain"),
                       ("Content-Type", "application/json; charset=shift_jis")):
            answer = order(client, 1, headers=[header])
            assert (answer.status, answer.code) == (415, "unsupported-body"), (header, answer)
    assert quiet_house.carrier.seen()["requests"] == before


AMBIGUOUS = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "a length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an odd coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "two hosts": b"Host: other\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_ambiguous_http_is_refused_and_the_connection_closed(quiet_house, what):
    with quiet_house.gateway.client() as client:
        client.send(b"POST /v1/number-orders HTTP/1.1\r\nHost: gate\r\nX-Api-Key: key-aozora\r\n" + AMBIGUOUS[what])
        answer = client.read()
    assert (answer.status, answer.code) == (400, "malformed"), answer
    assert answer.header("Connection") == "close"


def test_an_observing_rule_shows_in_metrics_and_journal_only(house):
    with house.gateway.client("aozora") as client:
        small, large = order(client, 1, "mobile"), order(client, 600, "mobile")
    assert (small.status, large.status) == (201, 201)
    assert b"mobile-is-watched" not in large.head + large.body and b"review" not in large.head + large.body
    assert house.gateway.metrics().value("rule_matches_total", rule="mobile-is-watched", mode="observe") == 1
    assert "mobile-is-watched" in json.dumps(house.gateway.records(large.decision))
    assert "mobile-is-watched" not in json.dumps(house.gateway.records(small.decision))


def test_giving_a_number_back_always_passes_and_lowers_what_is_granted(house):
    with house.gateway.client("aozora") as client:
        number = order(client, 2).json()["numbers"][0]
        assert house.revoke("aozora").code == 0
        assert client.delete(f"/v1/numbers/{number}").status == 204
    assert house.counts("aozora") == (1, 0, 0)
    assert house.limit("aozora", "certified")["used"] == 2, "a window gets nothing back"


def test_a_caller_sees_its_own_standing(quiet_house):
    with quiet_house.gateway.client("kaze") as client:
        answer = client.get("/sekisho/v1/standing")
    assert answer.status == 200
    assert quiet_house.operators["kaze"] in answer.body.decode() and "revoked" in answer.body.decode()


def test_the_shipped_policy_passes_its_own_tests_and_proofs(build_house):
    house = build_house()
    for command in (("check", "--config", house.gateway.config), ("policy", "check", "policy.yaml"),
                    ("policy", "test", "policy.test.yaml")):
        done = house.sekisho(*command)
        assert done.code == 0 and done.json["ok"] is True and done.json["errors"] == [], done
