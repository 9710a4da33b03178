"""The admin API: what it tells is what the commands tell, and what it does is what they do."""
import re
import subprocess

import jsonschema
import pytest

from admin_calls import DESCRIPTION, TOKENS, all_pages, ask, guard, next_page, resolved
from harness import BIN, IMPATIENT, edit, edits, order, order_body, wait_for

ALL = {**TOKENS, "edge": "checker"}
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def guarded(build_house):
    house = build_house()
    guard(house, ALL)
    return house.start()


def printed_table():
    """The gateway's own table: (method, path) -> roles."""
    page = subprocess.run([BIN / "sekisho", "describe", "admin"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| `(\S+)` \| `(\S+)` \| ([\w, ]+) \|", page, re.M)
    return {(method, path): set() if roles == "anybody" else set(roles.split(", ")) for method, path, roles in rows}


def test_every_call_is_described_and_the_reverse():
    table = {}
    for (method, path), roles in printed_table().items():
        table |= {(one, path): roles for one in (METHODS if method == "*" else [method.lower()])}
    in_file = {(method, path): set(item[method]["x-roles"])
               for path, item in DESCRIPTION["paths"].items() for method in METHODS if method in item}
    assert in_file == table


def test_the_description_is_sound():
    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                resolved(node)
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
    walk(DESCRIPTION)
    for schema in DESCRIPTION["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = [operation.get("operationId") for item in DESCRIPTION["paths"].values()
             for method, operation in item.items() if method in METHODS and "operationId" in operation]
    assert len(names) == len(set(names))


def test_each_role_does_what_it_may_and_nobody_anything(guarded):
    for (method, path), roles in printed_table().items():
        if not roles or path.startswith("/authz"):
            continue
        target = path.replace("{id}", "jp:8999900000001").replace("{hold}", "none")
        for name, role in ALL.items():
            status = ask(guarded, method, target, name, body={} if method == "POST" else None).status
            assert (status != 403) == (role in roles), (method, path, role, status)
        assert ask(guarded, method, target, None, body={} if method == "POST" else None).status == 401


def test_what_is_not_there_is_said_so(guarded):
    for target in ("/admin/v1/nothing", "/admin/v1/operators/jp:8999900000002", "/admin/v1/operators/jp:1000000000007x",
                   "/admin/v1/decisions/short", "/admin/v1/decisions/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/admin/v1/operators/a/b"):
        assert ask(guarded, "GET", target, "desk").code == "not-found", target
    for method, target, allowed in (("POST", "/admin/v1/holds", "GET, HEAD"), ("GET", "/admin/v1/check", "POST"),
                                    ("DELETE", "/admin/v1/operators/jp:8999900000001", "GET, HEAD"), ("PUT", "/metrics", "GET, HEAD")):
        answer = ask(guarded, method, target, "desk", body=b"" if method != "GET" else None)
        assert (answer.status, answer.code, answer.header("Allow")) == (405, "method-not-allowed", allowed)
    for target in ("holds?state=lost", "holds?limit=0", "holds?limit=1001", "holds?limit=10&limit=10", "decisions?since=yesterday",
                   "decisions?code=etoc-revokd", "operators?etoc=maybe", "operators?colour=red", "policy?x=1", "decisions?operator=x",
                   "decisions?before=-1", "operators?after=%01"):
        assert ask(guarded, "GET", "/admin/v1/" + target, "desk").code == "bad-parameter", target
    japanese = ask(guarded, "GET", "/admin/v1/nothing", "desk", [("Accept-Language", "ja")])
    assert japanese.header("Content-Language") == "ja" and "アドレス" in japanese.json()["title"]


def test_a_body_is_read_as_strictly_as_an_order(guarded):
    revoke = "/admin/v1/operators/jp:8999900000001/revoke"
    for body, status in ((b'{"reason": "a", "reason": "b"}', 422), (b'{"reason": 1}', 422), (b'{"reason": ""}', 422), (b"{}", 422),
                         (b'{"reason": "a", "resaon": "b"}', 422), (b"reason=a", 422), (b'["reason"]', 422), (b"", 422),
                         (b'{"reason": "two\\nlines"}', 422), (b'{"reason": "a", "since": "tomorrow"}', 422)):
        assert ask(guarded, "POST", revoke, "desk", body=body).status == status, body
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    assert ask(guarded, "POST", revoke, "desk", form, body=b"reason=a").code == "unsupported-body"
    assert guarded.standing("aozora")["etoc"]["state"] == "certified"


def test_operators_are_told_as_the_commands_tell_them(guarded):
    listed = guarded.sekisho("registry", "list").json
    told, pages = all_pages(guarded, "/admin/v1/operators?limit=2", "desk")
    assert told == listed and pages == (len(listed) + 1) // 2
    revoked = ask(guarded, "GET", "/admin/v1/operators?etoc=revoked", "desk").json()
    assert [one["operator"] for one in revoked] == [guarded.operators["kaze"]]
    with guarded.gateway.client("aozora") as client:
        assert order(client, 3).status == 201
    shown = ask(guarded, "GET", "/admin/v1/operators/8999900000001", "desk").json()
    assert shown == {"known": True, **guarded.standing("aozora"), **guarded.ledger("aozora")} and shown["granted"] == 3


def test_the_refusal_list_is_for_compliance_alone(guarded):
    yama = "/admin/v1/operators/" + guarded.operators["yama"]
    with guarded.gateway.client("yama") as client:
        decision = order(client, 1).decision
    wait_for("it is on record", 5, lambda: guarded.gateway.records(decision))
    assert ask(guarded, "GET", yama, "desk").json()["refusals"][0]["action"] == "refuse_new"
    whole = ask(guarded, "GET", f"/admin/v1/decisions/{decision}", "desk").json()
    assert whole[0]["facts"]["refusal"] == "refuse_new" and whole[0]["findings"][0]["rule"] == "refusal-list"
    for name in ("prometheus", "on-call"):
        for target in (yama, "/admin/v1/operators", "/admin/v1/decisions", f"/admin/v1/decisions/{decision}"):
            answer = ask(guarded, "GET", target, name)
            assert answer.status == 200 and b"refuse_new" not in answer.body and b"refusal-list" not in answer.body
        assert ask(guarded, "GET", yama, name).json()["refusals"] is None
        assert ask(guarded, "GET", "/admin/v1/decisions?code=supply-refused", name).json()[0]["decision"] == decision


def test_decisions_are_found_newest_first_by_operator_code_and_time(guarded):
    made = []
    with guarded.gateway.client("aozora") as aozora, guarded.gateway.client("kaze") as kaze:
        for n in range(12):
            made.append((kaze if n % 3 == 0 else aozora, order(kaze if n % 3 == 0 else aozora, 1).decision))
    wait_for("all is on record", 5, lambda: len(guarded.gateway.records(kind="decision")) == 12
             and len(guarded.gateway.records(kind="settled")) == 8)
    newest_first = [decision for _, decision in reversed(made)]
    found, pages = all_pages(guarded, "/admin/v1/decisions?limit=5", "desk")
    assert [one["decision"] for one in found] == newest_first and pages == 3
    gateway = found[0]["gateway"]
    for decision in newest_first[:3]:
        assert ask(guarded, "GET", f"/admin/v1/decisions/{decision}", "desk").json() == [
            {**record, "gateway": gateway} for record in guarded.sekisho("audit", "show", decision).json]
    of_kaze, _ = all_pages(guarded, f"/admin/v1/decisions?operator={guarded.operators['kaze']}&limit=3", "desk")
    assert [one["decision"] for one in of_kaze] == [decision for client, decision in reversed(made) if client is kaze]
    refused, _ = all_pages(guarded, "/admin/v1/decisions?code=etoc-revoked", "desk")
    assert refused == of_kaze
    since = found[6]["at"].replace("+", "%2B")
    later, _ = all_pages(guarded, f"/admin/v1/decisions?since={since}", "desk")
    assert [one["decision"] for one in later] == [one["decision"] for one in found if one["at"] >= found[6]["at"]]


def test_holds_are_listed_and_resolved_on_record(build_house):
    house = build_house(changes=edits(IMPATIENT))
    guard(house)
    house.start()
    house.carrier.control("silence", times=3)
    with house.gateway.client("aozora") as client:
        for _ in range(3):
            assert order(client, 5).status == 504
    wait_for("they are in suspense", 5, lambda: len(house.holds()) == 3)
    listed = sorted(house.holds(), key=lambda one: one["hold"])
    told, pages = all_pages(house, "/admin/v1/holds?limit=1", "prometheus")
    assert told == listed and pages == 3 and all(one["state"] == "suspense" for one in told)
    assert all_pages(house, "/admin/v1/holds?state=held", "prometheus")[0] == []
    assert all_pages(house, f"/admin/v1/holds?operator={house.operators['kaze']}", "desk")[0] == []
    first, second, _ = (f"/admin/v1/holds/{one['hold']}/resolve" for one in told)
    for body in ({"reason": "r"}, {"reason": "r", "granted": 1, "released": True}, {"reason": "r", "granted": -1},
                 {"reason": "r", "released": True, "numbers": ["0330000001"]}, {"granted": 1}):
        assert ask(house, "POST", first, "desk", body=body).status == 422, body
    assert ask(house, "POST", first, "desk", body={"released": True, "reason": "no such order"}).json() == {
        "hold": told[0]["hold"], "operator": house.operators["aozora"], "granted": 0, "released": 5}
    assert ask(house, "POST", first, "desk", body={"released": True, "reason": "again"}).code == "not-found"
    given = {"granted": 2, "numbers": ["03-3000-0001", "0330000002"], "reason": "order list", "by": "tanaka"}
    assert ask(house, "POST", second, "desk", body=given).status == 200
    assert house.counts("aozora") == (2, 0, 5)
    wait_for("who and why is on record", 5, lambda: [
        (record["by"], record["reason"], record["granted"]) for record in house.gateway.records(kind="settled") if "by" in record] == [
            ("desk", "no such order", 0), ("tanaka (desk)", "order list", 2)])


def test_an_order_under_way_is_not_resolved(build_house):
    house = build_house(delay_ms=8000)
    guard(house)
    house.start()
    with house.gateway.client("aozora") as client:
        body = order_body(1, "fixed")
        client.send(b"POST /v1/number-orders HTTP/1.1\r\nHost: h\r\nX-Api-Key: key-aozora\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        held = wait_for("it is held", 3, lambda: ask(house, "GET", "/admin/v1/holds?state=held", "desk").json())
        hold = held[0]["hold"]
        refused = ask(house, "POST", f"/admin/v1/holds/{hold}/resolve", "desk", body={"released": True, "reason": "r"})
        assert (refused.status, refused.code) == (409, "not-possible")
        assert client.read().status == 201


def test_a_revocation_is_in_force_when_it_is_answered_and_says_whose_it_is(build_house):
    house = build_house(gateways=2)
    guard(house)
    house.start()
    target = f"/admin/v1/operators/{house.operators['aozora']}"
    clients = [gateway.client("aozora") for gateway in house.gateways]
    assert [order(client, 1).status for client in clients] == [201, 201]
    for body in ({"by": "tanaka"}, {"reason": "r", "since": "2999-01-01"}):
        assert ask(house, "POST", target + "/revoke", "desk", body=body).code == "unreadable-body"
    assert [order(client, 1).status for client in clients] == [201, 201]
    done = ask(house, "POST", target + "/revoke", "desk", body={"reason": "notice 12", "by": "tanaka", "since": "2026-01-01"}).json()
    for client in clients:
        assert order(client, 1).code in ("etoc-revoked", "registry-stale"), "the ledger may know of it before the gateway does"
        wait_for("the gateway knows", 5, lambda: order(client, 1).code == "etoc-revoked")
    assert (done["done"], done["by"], len(done["granted_since"])) == ("revoked", "tanaka (desk)", 4)
    assert ask(house, "GET", target, "desk").json()["act"]["by"] == "tanaka (desk)"

    def on_record(gateway):
        return [(r["change"], r["by"], r["reason"]) for r in gateway.records(kind="registry") if r["change"] in ("revoke", "reinstate")]
    back = ask(house, "POST", target + "/reinstate", "desk", body={"reason": "appeal"}, gateway=house.gateways[1]).json()
    assert (back["done"], back["by"], back["serial"]) == ("reinstated", "desk", done["serial"] + 1)
    assert ask(house, "POST", target + "/reinstate", "desk", body={"reason": "appeal"}).code == "not-possible"
    for gateway, client in zip(house.gateways, clients):
        wait_for("both acts are on record", 5, lambda: on_record(gateway) == [
            ("revoke", "tanaka (desk)", "notice 12"), ("reinstate", "desk", "appeal")])
        assert order(client, 1).status == 201


def test_without_tokens_who_does_it_must_be_said(house):
    target = f"/admin/v1/operators/{house.operators['aozora']}/revoke"
    assert ask(house, "POST", target, body={"reason": "r"}).code == "unreadable-body"
    assert ask(house, "POST", target, body={"reason": "r", "by": "tanaka"}).json()["by"] == "tanaka"


def test_the_policy_in_force_is_told_and_a_broken_one_by_line(guarded):
    def told():
        return ask(guarded, "GET", "/admin/v1/policy", "prometheus").json()
    before, file = told(), guarded.directory / "policy.yaml"
    assert before["text"] == file.read_text() and before["digest"] == ask(guarded, "GET", "/admin/v1/status", "desk").json()["policy"]["digest"]
    assert len(before["guarantees"]) == 3 and {one["rule"]: one for one in before["rules"]}["certified"]["limit"] == "1000 per day"
    edit(file, [("deny: etoc-revoked", "deny: etoc-revokd")])
    refused = ask(guarded, "POST", "/admin/v1/reload", "on-call", body=b"")
    assert refused.code == "files-refused" and refused.json()["ok"] is False
    (error,) = refused.json()["errors"]
    assert error["file"].endswith("policy.yaml") and error["line"] > 1 and "etoc-revoked" in error["text"]
    assert told() == before
    edit(file, [("deny: etoc-revokd", "deny: etoc-revoked # the scheme")])
    assert ask(guarded, "POST", "/admin/v1/reload", "on-call", body=b"").json() == {"ok": True, "errors": []}
    assert told()["digest"] != before["digest"] and told()["since"] > before["since"]


def test_without_redis_facts_are_told_and_counts_are_not_invented(guarded):
    with guarded.gateway.client("aozora") as client:
        assert order(client, 3).status == 201
    guarded.redis.kill()
    target = f"/admin/v1/operators/{guarded.operators['aozora']}"
    wait_for("the link is known to be down", 5, lambda: ask(guarded, "GET", target, "desk").json()["granted"] is None)
    shown = ask(guarded, "GET", target, "desk").json()
    assert shown["etoc"]["state"] == "certified" and shown["limits"] is None
    assert ask(guarded, "GET", "/admin/v1/operators", "desk").status == 200
    assert ask(guarded, "GET", "/admin/v1/decisions", "desk").status == 200
    for method, path, body in (("GET", "/admin/v1/holds", None), ("POST", target + "/revoke", {"reason": "r"}),
                               ("POST", "/admin/v1/holds/01ARZ3NDEKTSV4RRFFQ69G5FAV/resolve", {"reason": "r", "released": True})):
        answer = ask(guarded, method, path, "desk", body=body)
        assert (answer.status, answer.code) == (503, "ledger-unavailable"), path
    unsure = ask(guarded, "POST", "/admin/v1/check", "edge",
                 body={"operator": guarded.operators["aozora"], "number_type": "fixed", "quantity": 1})
    assert (unsure.status, unsure.code) == (503, "ledger-unavailable")
    certain = ask(guarded, "POST", "/admin/v1/check", "edge",
                  body={"operator": guarded.operators["kaze"], "number_type": "fixed", "quantity": 1})
    assert (certain.status, certain.json()["code"]) == (200, "etoc-revoked")


def test_links_keep_the_question(guarded):
    answer = ask(guarded, "GET", "/admin/v1/operators?limit=1&etoc=revoked", "desk")
    assert next_page(answer) is None
    answer = ask(guarded, "GET", "/admin/v1/operators?after=jp:0&limit=2", "desk")
    assert next_page(answer) == f"/admin/v1/operators?limit=2&after={answer.json()[-1]['operator']}"


def test_the_logs_level_is_changed_while_it_runs(guarded):
    def level(body, token="on-call"):
        return ask(guarded, "POST", "/admin/v1/log-level", token, body=body)

    def strangers():
        with guarded.gateway.client("nobody") as stranger:
            assert order(stranger, 1).status == 401
        return guarded.gateway.err.read_text().count("a caller is not known")
    assert strangers() == 0
    assert level({"level": "debug"}, "prometheus").code == "role-not-allowed"
    assert level({"level": "loud"}).code == level({}).code == "unreadable-body"
    assert level({"level": "debug"}).json() == {"level": "debug", "before": "info"}
    wait_for("it is told now", 5, strangers)
    def told_of(word):
        return f'"the log\'s level was changed","from_now_on":"{word}","by":"on-call"' in guarded.gateway.err.read_text()
    assert told_of("debug")
    assert level({"level": "error"}).json() == {"level": "error", "before": "debug"}
    wait_for("it is told, whatever the level is", 5, lambda: told_of("error"))
    assert level({"level": "info"}).json() == {"level": "info", "before": "error"}
    wait_for("it is told, whatever the level was", 5, lambda: told_of("info"))
