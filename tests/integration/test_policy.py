"""The policy's own tools on real files and a real journal, and how a new policy comes into force."""
import signal
import threading
import time
import xml.etree.ElementTree

import pytest

from harness import Client, edit, jst_now, order, wait_for

BUDGET = {"sekisho.yaml": [("workers: 1 ", "activation: { flips: 20% }\n\nworkers: 1 ")]}


@pytest.fixture
def shop(build_house):
    """The files alone: most tools need nothing that runs."""
    return build_house()


def changed(house, name, *pairs):
    """A policy beside the one in force."""
    file = house.directory / name
    file.write_text((house.directory / "policy.yaml").read_text())
    edit(file, pairs)
    return file


def post_reload(gateway):
    with Client(gateway.admin_port, timeout=30) as client:
        return client.post("/admin/v1/reload", b"")


# ---- on files

def test_check_proves_and_says_how_much(shop):
    done = shop.sekisho("policy", "check", "policy.yaml")
    assert done.code == 0 and done.json["ok"] and done.json["guarantees"] == 3, done


def test_a_broken_guarantee_is_told_with_its_line_and_a_test_that_shows_it(shop):
    file = changed(shop, "p.yaml", ("{ from: 2026-04-01, value: 1 }", "{ from: 2026-04-01, value: 2 }"))
    done = shop.sekisho("policy", "check", file)
    assert done.code == 1, done
    [error] = done.json["errors"]
    assert error["line"] == 77 and error["source"] == "  - id: uncertified-at-most-one"
    assert "does not hold. Counterexample: on 2026-04-01, an operator with etoc none" in error["text"]
    plain = shop.sekisho("policy", "check", file, as_json=False)
    assert "   77 |   - id: uncertified-at-most-one\n      |     ^\n" in plain.err

    # What the message gives as a test passes as long as the mistake is there.
    text = error["text"].split("with the answer of today:\n")[1]
    file.write_text(file.read_text().split("guarantees:")[0])
    (shop.directory / "p.test.yaml").write_text(f"schema: sekisho/policy-test/v1\npolicy: p.yaml\n{text}")
    done = shop.sekisho("policy", "test", "p.test.yaml")
    assert done.code == 0 and done.json["passed"] == 1, done


def test_tests_name_the_rules_they_do_not_touch_and_write_junit(shop):
    report = shop.directory / "junit.xml"
    done = shop.sekisho("policy", "test", "policy.test.yaml", "--junit", report)
    assert done.code == 0 and done.json["passed"] == 7, done
    assert "mobile-is-watched" in done.json["untouched_rules"]
    [suite] = xml.etree.ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("7", "0")

    edit(shop.directory / "policy.test.yaml", [("order: { number_type: fixed, quantity: 10 }, at: 2026-11-23T10:00:00+09:00, expect: permit",
                                                "order: { number_type: fixed, quantity: 10 }, at: 2026-11-23T10:00:00+09:00, expect: { deny: etoc-revoked }")])
    done = shop.sekisho("policy", "test", "policy.test.yaml", "--junit", report)
    assert done.code == 1 and done.json["failed"] == 1, done
    failure = xml.etree.ElementTree.parse(report).getroot().find(".//failure")
    assert "and the answer was permit" in failure.get("message") and "policy.test.yaml:9:" in failure.text


def test_explain_tells_every_rule_in_both_languages(shop):
    done = shop.sekisho("policy", "explain", "policy.yaml", "etoc=revoked", "plan=certified", "plan_types=fixed",
                        "quantity=1", "date=2026-11-23")
    assert done.code == 0 and len(done.json["rules"]) == 10, done
    assert done.json["decision"] == {"allowed": False, "status": 403, "code": "etoc-revoked"}
    for rule in done.json["rules"]:
        assert rule["why"]["en"] and rule["why"]["ja"] and rule["effect"]["en"] and rule["effect"]["ja"]
    revoked = next(rule for rule in done.json["rules"] if rule["rule"] == "etoc-revoked")
    assert revoked["matched"] and revoked["why"] == {"en": "ETOC certification is revoked", "ja": "ETOC 認証は revoked"}
    ramp = next(rule for rule in done.json["rules"] if rule["rule"] == "uncertified-ramp")
    assert not ramp["matched"] and "asked for: none or applied" in ramp["why"]["en"]
    # The same case from the table of tests.
    of_test = shop.sekisho("policy", "explain", "policy.test.yaml", "--test", "revoked is refused")
    assert of_test.json["verdict"] == done.json["verdict"]
    assert shop.sekisho("policy", "explain", "policy.yaml", "etoc=maybe").code == 2
    assert "one of none, applied" in shop.sekisho("policy", "explain", "policy.yaml", "etoc=maybe").err


def test_diff_lists_what_changes_in_meaning_and_says_when_nothing_does(shop):
    file = changed(shop, "p.yaml", ("- { until: 2026-03-31, value: 100 }", "- { until: 2026-03-31, value: 50 }"))
    done = shop.sekisho("policy", "diff", "policy.yaml", file)
    assert done.code == 0 and not done.json["same"], done
    [change] = done.json["changes"]
    assert change["cases"] == ["etoc none, applied, expired, surrendered; until 2026-03-31"]
    assert change["before"] == "permitted up to 100 per lifetime (etoc-uncertified)"
    assert change["after"] == "permitted up to 50 per lifetime (etoc-uncertified)"
    assert shop.sekisho("policy", "diff", "policy.yaml", file, "--exit-code").code == 1

    # The same rules in another order, with other words of justification.
    text = (shop.directory / "policy.yaml").read_text()
    head, rules = text.split("rules:\n")
    rules, guarantees = rules.split("guarantees:")
    parts = rules.strip("\n").split("\n\n")
    file.write_text(head + "rules:\n" + "\n\n".join(reversed(parts)).replace("figure set", "the figure is set")
                    + "\n\nguarantees:" + guarantees)
    done = shop.sekisho("policy", "diff", "policy.yaml", file)
    assert done.code == 0 and done.json["same"] and done.json["changes"] == [], done


def test_format_keeps_meaning_and_comments(shop):
    original = (shop.directory / "policy.yaml").read_text()
    assert shop.sekisho("policy", "format", "policy.yaml", as_json=False).out == original
    assert shop.sekisho("policy", "format", "policy.yaml", "--check").code == 0
    ugly = changed(shop, "ugly.yaml", ("  - id: refusal-list\n    basis: scheme\n",
                                       "  - basis:    scheme   # of the police\n    id:   refusal-list\n"))
    assert shop.sekisho("policy", "format", ugly, "--check").code == 1
    assert shop.sekisho("policy", "format", ugly, "--write").code == 0
    assert "  - id: refusal-list\n    basis: scheme" in ugly.read_text() and "# of the police" in ugly.read_text()
    assert shop.sekisho("policy", "diff", "policy.yaml", ugly).json["same"]


# ---- on a journal

def test_replay_tells_which_past_decisions_would_flip(house):
    with house.gateway.client("aozora") as client, house.gateway.client("kaze") as revoked:
        for _ in range(4):
            assert order(client, 10).status == 201
        assert order(client, 2, headers=[("Idempotency-Key", "once")]).status == 201
        assert order(revoked, 1).code == "etoc-revoked"
    with house.gateway.client("nobody") as client:
        assert order(client, 1).status == 401
    wait_for("refusals are on record too", 5, lambda: len(house.gateway.records(kind="decision")) == 7)

    def replay(*pairs):
        done = house.sekisho("policy", "replay", changed(house, "p.yaml", *pairs), "--journal", house.gateway.journal)
        assert done.code == 0, done
        return done.json

    same = replay()
    assert (same["decisions"], same["flipped"], same["undecidable"]) == (6, 0, 0)

    # Five a day: the first order of ten is more than that already, so is each later one; the last two too.
    fewer = replay(("numbers: 1000, per: day, short: trim", "numbers: 15, per: day"))
    assert fewer["flips"]["to_refused"] == 4 and fewer["numbers"]["to_refused"] == 32, fewer
    [group] = fewer["groups"]
    assert group["after"] == "quota-exceeded (certified)" and group["operators"] == 1
    assert fewer["operators"] == [{"operator": "jp:8999900000001", "decisions": 4, "numbers": 32}]

    # A revoked operator would be let through (the guarantee must go too, or the file is refused).
    text = (house.directory / "policy.yaml").read_text().split("guarantees:")[0]
    open_file = house.directory / "open.yaml"
    open_file.write_text(text.replace("when: { etoc: revoked }\n    deny: etoc-revoked",
                                      "when: { etoc: revoked }\n    permit: true"))
    done = house.sekisho("policy", "replay", open_file, "--journal", house.gateway.journal)
    assert done.json["flips"]["to_permitted"] == 1 and done.json["groups"][0]["before"] == "etoc-revoked (etoc-revoked)"


# ---- coming into force

def test_a_policy_that_flips_too_much_needs_somebody_who_answers_for_it(open_house):
    house = open_house(changes=BUDGET)
    gateway, policy = house.gateway, house.directory / "policy.yaml"
    with gateway.client("aozora") as client:
        for _ in range(10):
            assert order(client, 10).status == 201

        good = policy.read_text()
        policy.write_text(good.replace("numbers: 1000, per: day, short: trim", "numbers: 50, per: day"))
        answer = post_reload(gateway)
        assert answer.status == 422, answer
        assert "5 of the last day's 10 decisions otherwise (50.0 %, allowed are 20.0 %)" in answer.json()["errors"][0]["text"]
        assert gateway.metrics().value("config_last_reload_successful") == 0
        assert "last reload was refused" in gateway.admin("/readyz").body.decode()
        assert order(client, 10).status == 201, "the old policy stays"

        # The next good file counts, also when it is the one in force.
        policy.write_text(good)
        assert post_reload(gateway).status == 200
        assert gateway.metrics().value("config_last_reload_successful") == 1

        policy.write_text(good.replace("numbers: 1000, per: day, short: trim", "numbers: 50, per: day"))
        assert post_reload(gateway).status == 422
        assert house.sekisho("policy", "replay", policy, "--approve", "flips").code == 2, "who, and why"
        done = house.sekisho("policy", "replay", policy, "--approve", "flips", "--by", "sato", "--reason", "ministry order")
        assert done.code == 0 and done.json["flipped"] >= 5, done
        assert post_reload(gateway).status == 200
        assert order(client, 10).code == "quota-exceeded", "the new policy is in force"
    last = lambda: gateway.records(kind="policy")[-1]
    wait_for("who and why is on record", 5, lambda: (last().get("by"), last().get("reason")) == ("sato", "ministry order"))

    # Approved is one file, byte for byte.
    policy.write_text(good.replace("numbers: 1000, per: day, short: trim", "numbers: 20, per: day"))
    assert post_reload(gateway).status == 422


def test_a_small_change_is_within_the_budget(open_house):
    house = open_house(changes=BUDGET)
    with house.gateway.client("aozora") as client:
        for _ in range(10):
            assert order(client, 10).status == 201
        edit(house.directory / "policy.yaml", [("numbers: 1000, per: day, short: trim", "numbers: 90, per: day")])
        assert post_reload(house.gateway).status == 200
        assert order(client, 10).code == "quota-exceeded"


def test_health_is_told_while_a_policy_is_proven(house):
    """A large policy takes a moment to prove; nobody's probe may wait for it."""
    rules = "".join(
        f"  - id: area-{n}\n    why: agreed\n    when: {{ area: a{n}, quantity: {{ over: {n + 10} }}, owner_group: g{n % 40},"
        f" any_of: [ {{ etoc: none }}, {{ plan: deemed }}, {{ weekday: sunday }} ] }}\n    deny: policy-denied\n"
        for n in range(700))
    text = (house.directory / "policy.yaml").read_text()
    (house.directory / "policy.yaml").write_text(text.replace("\nguarantees:", "\n" + rules + "\nguarantees:"))
    answers = []
    worker = threading.Thread(target=lambda: answers.append(post_reload(house.gateway)))
    worker.start()
    slowest, probes = 0, 0
    while worker.is_alive():
        began = time.monotonic()
        assert house.gateway.admin("/livez").status == 200
        slowest, probes = max(slowest, time.monotonic() - began), probes + 1
        time.sleep(0.01)
    worker.join()
    print(f"{probes} probes while it was proven, the slowest {slowest * 1000:.0f} ms")
    assert answers[0].status == 200, answers[0]
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201


def test_two_reloads_at_once_are_done_one_after_the_other(house):
    edit(house.directory / "policy.yaml", [("numbers: 1000, per: day", "numbers: 999, per: day")])
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post_reload(house.gateway))) for _ in range(4)]
    for thread in threads:
        thread.start()
    house.gateway.signal(signal.SIGHUP)
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 4
    wait_for("the metric says so", 5, lambda: house.gateway.metrics().value("config_last_reload_successful") == 1)


# ---- what only a registry and an order can show

def test_every_hop_of_the_chain_is_looked_up(open_house):
    rule = ("  - id: certified-hops-only\n    basis: contract\n    why: nobody further down without certification\n"
            "    when: { chain_etoc: [none, applied, expired, revoked, surrendered, unknown] }\n    deny: policy-denied\n\n"
            "guarantees:")
    house = open_house(changes={"policy.yaml": [("guarantees:", rule)]})
    with house.gateway.client("aozora") as client:
        def with_chain(*hops):
            return order(client, 1, downstream=list(hops))
        assert with_chain().status == 201
        assert with_chain("jp:8999900000001").status == 201
        assert with_chain("jp:8999900000001", "jp:6999900000003").status == 403, "an expired hop"
        assert with_chain("7999900000002").status == 403, "a revoked one, by its bare number"
        refused = with_chain("some name that no register has")
        assert refused.status == 403 and refused.code == "policy-denied"
        decision = refused.json()["decision"]
        facts = wait_for("the refusal is in the journal", 5, lambda: house.gateway.records(decision=decision))[0]["facts"]
        assert facts["chain_depth"] == "1" and facts["chain_etoc"] == "none"


def test_owner_groups_come_with_the_track_record(open_house):
    rule = ("  - id: kaze-group\n    basis: contract\n    why: agreed with the ministry on 2026-10-01\n"
            "    when: { owner_group: 風グループ }\n    limit: { numbers: 5, per: day, code: group-cap }\n\nguarantees:")
    changes = {"policy.yaml": [("guarantees:", rule)],
               "track-record.csv": [("corporate_number,first_supply,numbers_elsewhere", "corporate_number,first_supply,numbers_elsewhere,owner_group"),
                                    ("8999900000001,2020-04-01,0", "8999900000001,2020-04-01,0,風グループ"),
                                    ("7999900000002,2019-10-01,0", "7999900000002,2019-10-01,0,"),
                                    ("6999900000003,2021-06-01,120", "6999900000003,2021-06-01,120,"),
                                    ("5999900000004,2022-01-15,0", "5999900000004,2022-01-15,0,"),
                                    ("4999900000005,2018-04-01,0", "4999900000005,2018-04-01,0,")]}
    house = open_house(changes=changes)
    assert house.standing("aozora")["owner_group"] == "風グループ"
    with house.gateway.client("aozora") as client:
        assert order(client, 5).status == 201
        refused = order(client, 1)
        assert refused.status == 429 and refused.json()["limits"][0]["rule"] == "kaze-group", refused


def test_a_waiver_lifts_its_rule_for_its_operator_on_its_days(open_house):
    today = jst_now().date().isoformat()
    waiver = (f"waivers:\n  - {{ id: minato-renewal, operators: \"jp:6999900000003\", lifts: uncertified-ramp, from: {today},"
              f" until: {today}, reason: delayed round, approved_by: sato, ticket: CASE-1 }}\n\nguarantees:")
    changes = {"policy.yaml": [("guarantees:", waiver),
                               ("  - id: uncertified-at-most-one\n", "  - id: uncertified-at-most-one\n    waived: no\n")]}
    house = open_house(changes=changes)
    with house.gateway.client("minato") as client:  # expired, with a plan for 050
        answer = order(client, 3, "ip_050")
        assert answer.status == 201, answer
        record = wait_for("it is in the journal", 5, lambda: house.gateway.records(kind="decision"))[-1]
        assert record["waived"] == ["uncertified-ramp"]
        rules = [limit["rule"] for limit in client.get("/sekisho/v1/standing").json()["limits"]]
        assert "uncertified-ramp" not in rules, "its own standing says what binds it"
    with house.gateway.client("hoshi") as client:  # as uncertified, and nobody waived anything
        assert order(client, 3, "ip_050").code in ("quota-exceeded", "etoc-uncertified")
