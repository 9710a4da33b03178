"""Files change while orders go on: not one request fails, each change is in force, and a broken file changes nothing."""
import hashlib
import os
import signal
import time

import pytest

from certificates import Authority, caller
from credentials import Issuer, Key, bearer
from harness import ROOMY, TOP, Client, edit, edits, order, order_body, wait_for
from traffic import traffic

PASSING = {"carrier.yaml": [("operation: search", "operation: pass")]}
IDENTITY = "{ id: next, operator: \"jp:8999900000001\", api_key_sha256: %s }" % hashlib.sha256(b"key-next").hexdigest()


def success(gateway):
    metrics = gateway.metrics()
    return metrics.value("config_last_reload_success_timestamp_seconds"), metrics.value("config_last_reload_successful")


def reload(gateway, taken=True):
    before = success(gateway)[0]
    gateway.signal(signal.SIGHUP)
    if taken:
        wait_for("the reload is taken", 15, lambda: success(gateway)[0] != before)
    else:
        wait_for("the reload is refused", 15, lambda: success(gateway)[1] == 0)
        assert success(gateway)[0] == before


def test_every_file_is_changed_under_load_and_no_request_fails(build_house):
    house = build_house(changes=edits(ROOMY, PASSING))
    gateway, files = house.gateway, house.directory
    authority = Authority(files / "ca")
    first, second = (authority.issue("gate", ["127.0.0.1"], file=file) for file in ("first", "second"))
    old, new = Issuer(Key("EdDSA", "old")), Issuer(Key("EdDSA", "new"))
    (files / "corp.json").write_text(old.jwks())
    (files / "plan.yaml").write_text((TOP / "config" / "numbering-plan.yaml").read_text())
    for kind in ("pem", "key"):
        (files / f"shown.{kind}").write_bytes((first.path if kind == "pem" else first.key_path).read_bytes())
    edit(gateway.config, [(f"address: 127.0.0.1:{gateway.port}",
                           f"address: 127.0.0.1:{gateway.port}\n    tls: {{ certificate: shown.pem, key: shown.key }}"),
                          ("clients: clients.yaml", "clients: clients.yaml\nnumbering_plan: plan.yaml")])
    edit(files / "clients.yaml", [
        ("api_key_header: X-Api-Key\n", "api_key_header: X-Api-Key\ntoken_issuers:\n"
         "  - { name: corp, issuer: 'https://login.example', jwks: corp.json, audience: [sekisho] }\n"),
        ("{ id: aozora,", "{ id: aozora, tokens: [ { issuer: corp, subject: aozora-desk } ],")])
    house.start()

    def client(key="key-aozora"):
        return Client(gateway.port, key, tls=caller(authority))

    def asked(status_or_code, key="key-aozora", quantity=4, headers=(), number_type="ip_050"):
        with client(key) as one:
            answer = order(one, quantity, number_type, headers)
        return status_or_code in (answer.status, answer.code)

    def by_token(issuer):
        with client(None) as one:
            return one.post("/v1/number-orders", order_body(1, "fixed"), bearer(issuer.token())).status

    def shown():
        with client() as one:
            one.connect()
            return hashlib.sha256(one.socket.getpeercert(binary_form=True)).hexdigest()

    rule = "\nguarantees:\n"
    steps = [
        ("a limit", "policy.yaml", [(rule, "\n  - id: few\n    basis: contract\n    when: { number_type: ip_050 }\n"
                                           "    limit: { numbers: 3, per: order }\n" + rule)],
         lambda: asked(201), lambda: asked("quota-exceeded")),
        ("a rule", "policy.yaml", [("    limit: { numbers: 3, per: order }\n", "    deny: policy-denied\n")],
         lambda: asked("quota-exceeded"), lambda: asked("policy-denied")),
        ("a client", "clients.yaml", [("clients:\n", f"clients:\n  - {IDENTITY}\n")],
         lambda: asked(401, "key-next"), lambda: asked(201, "key-next", 1, number_type="fixed")),
        ("the adapter", "carrier.yaml", [('"Bearer carrier-side-token" }', '"Bearer carrier-side-token", X-Gate: next-gate }')],
         lambda: "next-gate" not in str(house.carrier.seen()),
         lambda: wait_for("the carrier sees it", 5, lambda: "next-gate" in str(house.carrier.seen()))),
        ("the key set", "corp.json", new.jwks(), lambda: (by_token(old), by_token(new)) == (201, 401),
         lambda: (by_token(old), by_token(new)) == (401, 201)),
        ("the certificate", "shown.pem", second.path.read_text(), lambda: shown() == first.fingerprint,
         lambda: shown() == second.fingerprint),
        ("the numbering plan", "plan.yaml", [("050-[1-9]XXX-XXXX", "050-9XXX-XXXX")],
         lambda: True, lambda: True),  # that it is taken; what it means, numbering_plan_file_test shows
    ]
    with traffic(client) as running:
        for what, name, change, before, after in steps:
            assert before(), what
            good = (files / name).read_text()
            (files / name).write_text("broken: [")
            reload(gateway, taken=False)
            assert before(), f"broken: {what}"
            (files / name).write_text(good)
            if isinstance(change, str):
                (files / name).write_text(change)
            else:
                edit(files / name, change)
            if what == "the certificate":
                (files / "shown.key").write_bytes(second.key_path.read_bytes())
            reload(gateway)
            assert after(), what
            answered = running.answered
            wait_for("calls go on", 10, lambda: running.answered > answered + 20)
    print(f"{running.answered} calls over {len(steps)} changes and as many broken files, none failed")
    given = {number for entry in house.carrier.log() for number in entry["numbers"]}
    assert {one["number"] for one in house.numbers("aozora")} == given - running.returned
    assert house.counts("aozora")[1:] == (0, 0)


WATCHED = "\nreload: { watch: yes }\n"
FEWER = ("numbers: 100000000, per: day", "numbers: 3, per: day")


def limited(gateway):
    with gateway.client("aozora") as client:
        return order(client, 4).code == "quota-exceeded"


def policies(gateway):
    return len(gateway.records(kind="policy"))


def written(house, file, text):
    file.write_text(text)


def renamed(house, file, text):
    beside = file.with_name(".policy.yaml.swp")
    beside.write_text(text)
    os.replace(beside, file)


def mounted(house, file, text):
    """As Kubernetes changes what it mounts: a new directory, and a link that is swapped."""
    new = house.directory / f"..{time.time_ns()}"
    new.mkdir()
    (new / "policy.yaml").write_text(text)
    (house.directory / "..data_tmp").symlink_to(new.name)
    os.replace(house.directory / "..data_tmp", house.directory / "..data")


@pytest.mark.parametrize("put", [written, renamed, mounted])
def test_a_watched_file_is_taken_when_it_changes(build_house, put):
    house = build_house(changes=ROOMY)
    gateway, policy = house.gateway, house.directory / "policy.yaml"
    good = policy.read_text()
    if put is mounted:
        policy.unlink()
        put(house, policy, good)
        policy.symlink_to("..data/policy.yaml")
    with open(gateway.config, "a") as config:
        config.write(WATCHED)
    house.start()
    assert not limited(gateway)
    put(house, policy, good.replace(*FEWER))
    wait_for("the new limit holds", 10, lambda: limited(gateway))
    put(house, policy, "broken: [")
    wait_for("it is refused", 10, lambda: success(gateway)[1] == 0)
    assert limited(gateway), "the old set stays"
    put(house, policy, good)
    wait_for("it recovers", 10, lambda: success(gateway)[1] == 1)
    assert not limited(gateway)
    wait_for("all are on record", 5, lambda: policies(gateway) >= 3)
    assert policies(gateway) == 3, "a change is a reload, and nothing else is"
    journaled = [record for record in gateway.records(kind="policy") if "file watch" in str(record)]
    assert len(journaled) == 2, "who reloaded is on record"


def test_a_file_that_was_missing_is_taken_when_it_comes(build_house):
    house = build_house(changes=ROOMY)
    gateway, clients = house.gateway, house.directory / "clients.yaml"
    with open(gateway.config, "a") as config:
        config.write(WATCHED)
    house.start()
    edit(clients, [("api_key_header: X-Api-Key\n", "api_key_header: X-Api-Key\ntoken_issuers:\n  - { name: corp, "
                    "issuer: 'https://login.example', jwks: keys/corp.json, audience: [sekisho] }\n"),
                   ("{ id: aozora,", "{ id: aozora, tokens: [ { issuer: corp, subject: aozora-desk } ],")])
    wait_for("it is refused", 10, lambda: success(gateway)[1] == 0)
    issuer = Issuer(Key("EdDSA", "k"))
    (house.directory / "keys").mkdir()
    (house.directory / "keys" / "corp.json").write_text(issuer.jwks())
    wait_for("it recovers", 10, lambda: success(gateway)[1] == 1)
    with gateway.client() as client:
        assert client.post("/v1/number-orders", order_body(1, "fixed"), bearer(issuer.token())).status == 201


def test_what_is_only_saved_decides_nothing_where_nobody_watches(open_house):
    house = open_house(changes=ROOMY)
    edit(house.directory / "policy.yaml", [FEWER])
    time.sleep(1.5)
    assert not limited(house.gateway) and policies(house.gateway) == 1
