"""Orders that are decided for somebody else: as the gate itself would, and without any effect but the record."""
import json

import pytest

from admin_calls import ask, guard
from harness import OPERATORS, Metrics, edit, order, wait_for

EDGE = {"edge": "checker", "desk": "compliance"}


@pytest.fixture
def guarded(build_house):
    house = build_house()
    guard(house, EDGE)
    return house.start()


def check(house, **said):
    answer = ask(house, "POST", "/admin/v1/check", "edge", body=said)
    assert answer.status == 200, answer
    return answer.json()


def authz(house, method, target, key=None, headers=(), token="edge", body=None):
    """As nginx's auth_request asks."""
    shown = [("Sekisho-Token", f"secret of {token}")] if token else []
    keys = [("X-Api-Key", key)] if key else []
    return ask(house, "GET", "/authz", None, [("X-Original-Method", method), ("X-Original-URI", target), *shown, *keys, *headers], body)


def ext_authz(house, method, target, key=None, headers=(), body=None):
    """As Envoy's ext_authz asks, with path_prefix."""
    keys = [("X-Api-Key", key)] if key else []
    return ask(house, method, "/authz" + target, None, [("Sekisho-Token", "secret of edge"), *keys, *headers], body)


def test_a_check_decides_as_an_order_is_decided(guarded):
    for name in OPERATORS:
        for number_type in ("fixed", "ip_050"):
            said = check(guarded, client=name, number_type=number_type, quantity=2)
            with guarded.gateway.client(name) as client:
                answer = order(client, 2, number_type)
            assert said["allowed"] == (answer.status == 201), (name, number_type, said, answer)
            assert said["status"] == (200 if said["allowed"] else answer.status)
            if not said["allowed"]:
                problem = answer.json()
                assert said["code"] == problem["code"] and said["reasons"] == problem["reasons"]
                assert said["limits"] == problem.get("limits", [])
    assert check(guarded, operator=OPERATORS["kaze"], number_type="fixed", quantity=1)["code"] == "etoc-revoked"
    assert check(guarded, operator="jp:2999900000007", number_type="fixed", quantity=1)["code"] == "plan-missing"
    assert check(guarded, operator=OPERATORS["kaze"], operation="release")["allowed"], "giving back is always possible"


def test_a_check_takes_nothing_and_is_on_record_as_what_it_is(guarded):
    before = guarded.ledger("aozora")
    said = [check(guarded, operator=OPERATORS["aozora"], number_type="fixed", quantity=1000) for _ in range(3)]
    assert all(one["allowed"] for one in said) and guarded.ledger("aozora") == before and guarded.holds() == []
    assert guarded.carrier.seen()["orders"] == 0
    over = check(guarded, operator=OPERATORS["aozora"], number_type="fixed", quantity=1001)
    assert (over["code"], over["limits"][0]["left"]) == ("quota-exceeded", 1000)
    trimmed = check(guarded, operator=OPERATORS["aozora"], number_type="fixed", quantity=1001, partial=True)
    assert trimmed["allowed"] and trimmed["quantity"] == 1000
    for one in [*said, over, trimmed]:
        wait_for("it is on record", 5, lambda: guarded.gateway.records(one["decision"]))
        (record,) = guarded.gateway.records(one["decision"])
        assert (record["kind"], record["check"], record["allowed"]) == ("decision", "edge", one["allowed"])
    audited = guarded.sekisho("audit", "replay", guarded.gateway.journal)
    assert audited.code == 0 and audited.json["same"] == audited.json["decisions"] == 5, audited
    assert guarded.sekisho("audit", "verify", guarded.gateway.journal).code == 0
    metrics = Metrics(ask(guarded, "GET", "/metrics", "desk").body.decode())
    assert metrics.value("requests_total", outcome="checked") == 5


def test_what_is_confidential_stays_so(guarded):
    said = check(guarded, operator=OPERATORS["yama"], number_type="fixed", quantity=1)
    assert said["code"] == "supply-refused" and "rule" not in said["reasons"][0]
    assert "refus" not in json.dumps(said).replace("supply-refused", "")


@pytest.mark.parametrize("said", [
    {}, {"operator": "aozora"}, {"client": "who"}, {"client": "aozora", "operator": OPERATORS["kaze"]},
    {"operator": OPERATORS["aozora"], "quantity": 1}, {"operator": OPERATORS["aozora"], "number_type": "fixed"},
    {"operator": OPERATORS["aozora"], "number_type": "fixed", "quantity": 1.5},
    {"operator": OPERATORS["aozora"], "number_type": "fixed", "quantity": "1"},
    {"operator": OPERATORS["aozora"], "number_type": "FIXED", "quantity": 1},
    {"operator": OPERATORS["aozora"], "number_type": "fixed", "quantity": 1, "carrier": "other"},
    {"operator": OPERATORS["aozora"], "number_type": "fixed", "quantity": 1, "operation": "pass"},
    {"operator": OPERATORS["aozora"], "number_type": "fixed", "quantity": 1, "receiver": OPERATORS["kaze"]},
    {"operator": OPERATORS["aozora"], "number_type": "fixed", "quantity": 1, "number": "0312345678"},
])
def test_an_order_in_words_is_certain_or_refused(guarded, said):
    assert ask(guarded, "POST", "/admin/v1/check", "edge", body=said).code == "unreadable-body"


def test_a_call_is_judged_by_who_makes_it_and_by_what_can_be_seen_of_it(guarded):
    number = "/v1/numbers/0330009999"
    table = [  # operator, method, target: what auth_request hears, the true status, the reason
        ("aozora", "POST", "/v1/number-orders", 200, None, None),
        ("minato", "POST", "/v1/number-orders", 200, None, None),  # expired: one number is left to it
        ("hoshi", "POST", "/v1/number-orders", 200, None, None),   # no fixed numbers; but it may be of another type
        ("kaze", "POST", "/v1/number-orders", 403, "403", "etoc-revoked"),
        ("yama", "POST", "/v1/number-orders", 403, "403", "supply-refused"),
        ("kawa", "POST", "/v1/number-orders", 403, "403", "plan-missing"),
        ("kaze", "DELETE", number, 200, None, None),
        ("kaze", "GET", "/v1/available-numbers?area=03", 200, None, None),
        ("aozora", "GET", "/v1/accounts", 403, "403", "route-not-governed"),
        ("nobody", "POST", "/v1/number-orders", 401, "401", "unauthenticated"),
        ("aozora", "GET", "/v1/../v1/available-numbers", 403, "400", "malformed"),
        ("aozora", "G T", "/v1/available-numbers", 403, "400", "malformed"),
    ]
    for name, method, target, status, true_status, reason in table:
        answer = authz(guarded, method, target, guarded.keys[name])
        assert (answer.status, answer.header("Sekisho-Status"), answer.header("Sekisho-Reason")) == (
            status, true_status, reason), (name, method, target, answer)
        if status == 200:
            assert answer.header("Sekisho-Operator") == OPERATORS[name] and answer.header("Sekisho-Client") == name
            assert answer.body == b""
        else:
            assert json.loads(answer.header("Sekisho-Problem"))["code"] == reason
    assert authz(guarded, "POST", "/v1/number-orders").status == 401
    assert guarded.counts("aozora") == (0, 0, 0) and guarded.carrier.seen()["orders"] == 0
    japanese = authz(guarded, "POST", "/v1/number-orders", guarded.keys["kaze"], [("Accept-Language", "ja")])
    assert "取り消され" in json.loads(japanese.header("Sekisho-Problem"))["title"]


def test_the_limit_that_is_used_up_refuses_also_what_was_not_seen(guarded):
    with guarded.gateway.client("minato") as client:
        assert order(client, 1, "ip_050").status == 201
    answer = authz(guarded, "POST", "/v1/number-orders", guarded.keys["minato"])
    assert (answer.status, answer.header("Sekisho-Reason")) == (403, "quota-exceeded")
    assert json.loads(answer.header("Sekisho-Problem"))["limits"][0]["left"] == 0
    audited = guarded.sekisho("audit", "replay", guarded.gateway.journal)
    assert audited.code == 0, audited


def test_with_its_body_a_call_is_judged_whole(guarded):
    def asked(quantity, number_type="FIXED", name="aozora", body=None):
        body = body or json.dumps({"quantity": quantity, "numberType": number_type}).encode()
        return ext_authz(guarded, "POST", "/v1/number-orders", guarded.keys[name], [("Content-Type", "application/json")], body)
    assert asked(1000).status == 200
    over = asked(1001)
    assert (over.status, over.code, over.header("Sekisho-Reason")) == (429, "quota-exceeded", "quota-exceeded")
    assert asked(1, name="hoshi").code == "plan-deemed-not-enough"
    assert asked(0, body=b'{"quantity": 1, "quantity": 2, "numberType": "FIXED"}').code == "unreadable-order"
    assert asked(0, body=b'{"quantity": 1, "numberType": "FIXED"}\n').status == 200
    assert ext_authz(guarded, "GET", "/v1/available-numbers?area=03", guarded.keys["aozora"]).status == 200
    assert ext_authz(guarded, "GET", "/v1/accounts", guarded.keys["aozora"]).status == 403
    assert ext_authz(guarded, "POST", "/v1/number-orders").status == 401


def test_only_a_gateway_that_is_known_is_answered_and_what_is_wrong_with_it_is_no_verdict(guarded):
    for token in (None, "nobody"):
        answer = authz(guarded, "POST", "/v1/number-orders", guarded.keys["aozora"], token=token)
        assert (answer.status, answer.code) == (503, "checker-unknown")
    bearer = [("Authorization", "Bearer secret of edge")]
    assert authz(guarded, "POST", "/v1/number-orders", guarded.keys["aozora"], bearer, token=None).status == 503
    half = ask(guarded, "GET", "/authz", None, [("Sekisho-Token", "secret of edge"), ("X-Original-URI", "/v1/number-orders")])
    assert (half.status, half.code) == (400, "bad-parameter")
    twice = [("X-Original-URI", "/v1/available-numbers")]
    assert authz(guarded, "POST", "/v1/number-orders", guarded.keys["aozora"], twice).status == 400
    assert ask(guarded, "GET", "/admin/v1/operators", "edge").status == 403, "it sees nothing else"


def test_where_a_client_calls_from_is_as_the_gateway_in_front_saw_it(build_house):
    house = build_house()
    guard(house, EDGE)
    edit(house.directory / "clients.yaml", [("{ id: aozora,", "{ id: aozora, networks: [192.0.2.0/24],")])
    house.start()
    for address, status in (("192.0.2.7", 200), ("198.51.100.7", 401), (None, 401), ("here", 400)):
        seen = [("X-Real-IP", address)] if address else []
        assert authz(house, "POST", "/v1/number-orders", house.keys["aozora"], seen).status == status, address
