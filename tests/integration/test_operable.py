"""What operations lives with: health, metrics, logs, drain, reload."""
import json
import signal
import threading
import time

import pytest

from harness import SLOWNESS, edit, jst_now, order, wait_for

METRICS = """
    requests_total numbers_total request_duration_seconds decision_duration_seconds gate_overhead_seconds
    carrier_duration_seconds registry_serial registry_operators registry_age_seconds registry_link_age_seconds
    registry_revocation_delay_seconds certificates_expiring ledger_hold_seconds ledger_holds
    ledger_oldest_suspense_seconds rule_matches_total journal_lag_records journal_fsync_seconds journal_gap_total
    redis_up redis_roundtrip_seconds config_last_reload_successful config_last_reload_success_timestamp_seconds
    connections build_info""".split()


def test_health_is_told_apart_from_readiness(house):
    assert house.gateway.admin("/livez").status == 200
    assert house.gateway.admin("/readyz").status == 200
    assert house.gateway.admin("/no-such-page").status == 404


def test_every_promised_metric_is_there_and_names_no_operator(house):
    with house.gateway.client("aozora") as client, house.gateway.client("kaze") as refused:
        order(client, 3)
        order(refused, 1)
    house.revoke("hoshi")
    serial = house.standing("hoshi")["serial"]
    wait_for("the revocation is known", 5, lambda: house.gateway.metrics().value("registry_serial") == serial)
    metrics = house.gateway.metrics()
    names = metrics.families | {sample for sample, _, _ in metrics.samples}
    missing = [name for name in METRICS if not any(found.startswith(f"sekisho_{name}") for found in names)]
    assert missing == []
    assert metrics.value("requests_total", carrier="demo", operation="allocate") == 2
    assert metrics.value("requests_total", code="etoc-revoked") == 1
    assert metrics.value("numbers_total", carrier="demo", number_type="fixed", outcome="granted") == 3
    assert metrics.value("redis_up") == 1 and metrics.value("config_last_reload_successful") == 1
    assert metrics.value("request_duration_seconds_count", operation="allocate") == 2
    assert metrics.value("journal_gap_total") in (None, 0)
    assert metrics.value("registry_operators", etoc="certified") >= 1
    for operator in house.operators.values():
        assert operator.removeprefix("jp:") not in metrics.text


def test_log_lines_are_json_and_hold_no_secret(house):
    with house.gateway.client("aozora") as client, house.gateway.client("nobody") as stranger:
        order(client, 1)
        order(stranger, 1)
        client.send(b"BROKEN\r\n\r\n")
        client.read()
    house.carrier.kill()
    with house.gateway.client("aozora") as client:
        order(client, 1)
    house.gateway.terminate()
    text = house.gateway.out.read_text() + house.gateway.err.read_text()
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines
    for line in lines:
        json.loads(line)
    for secret in ("carrier-side-token", "key-aozora", "key-that-nobody-has"):
        assert secret not in text


def test_a_term_signal_drains_without_losing_an_order(open_house):
    house = open_house(drain="accept: 6s, wait: 20s")
    house.carrier.control("slow", delay_ms=7000, times=1)
    slow = []
    with house.gateway.client("aozora") as client, house.gateway.client("aozora") as late:
        thread = threading.Thread(target=lambda: slow.append(order(client, 5)))
        thread.start()
        wait_for("the carrier has the order", 5, lambda: house.carrier.seen()["waiting"] == 1)
        house.gateway.signal(signal.SIGTERM)
        wait_for("not ready any more", 1, lambda: house.gateway.admin("/readyz").status == 503)
        assert house.gateway.admin("/livez").status == 200
        answer = order(late, 1)
        assert answer.status == 201 or answer.code == "draining", answer
        thread.join()
        assert house.gateway.wait(25) == 0
    assert slow[0].status == 201 and len(slow[0].json()["numbers"]) == 5
    given = sum(len(entry["numbers"]) for entry in house.carrier.log())
    assert house.counts("aozora") == (given, 0, 0)
    with pytest.raises(OSError):
        house.gateway.admin("/livez")


def test_a_second_gateway_takes_the_work_of_a_draining_one(open_house):
    house = open_house(gateways=2)
    house.gateways[0].signal(signal.SIGTERM)
    with house.gateways[1].client("aozora") as client:
        assert order(client, 1).status == 201
    assert house.gateways[0].wait(30) == 0
    assert house.counts("aozora") == (1, 0, 0)


def reload_result(house):
    metrics = house.gateway.metrics()
    return metrics.value("config_last_reload_successful")


def reload(house, expected):
    house.gateway.signal(signal.SIGHUP)
    wait_for(f"config_last_reload_successful is {expected}", 5, lambda: reload_result(house) == expected)


def test_a_reload_takes_all_or_nothing_and_recovers(house):
    policy = house.directory / "policy.yaml"
    good = policy.read_text()
    with house.gateway.client("aozora") as client:
        assert order(client, 30).status == 201

        edit(policy, [("numbers: 1000, per: day", "numbers: 40, per: day")])
        taken_at = lambda: house.gateway.metrics().value("config_last_reload_success_timestamp_seconds")
        before = taken_at()
        house.gateway.signal(signal.SIGHUP)
        wait_for("the reload is taken", 5, lambda: taken_at() != before)
        assert order(client, 20).code == "quota-exceeded", "the new limit holds"
        assert reload_result(house) == 1

        edit(policy, [("numbers: 40, per: day", "numbers: many, per: day")])
        reload(house, 0)
        assert order(client, 20).code == "quota-exceeded", "the old set stays"
        assert order(client, 1).status == 201

        policy.write_text(good.replace("deny: etoc-revoked", "permit: true"))  # breaks a guarantee
        house.gateway.signal(signal.SIGHUP)
        time.sleep(0.5 * SLOWNESS)
        assert reload_result(house) == 0
        assert order(client, 20).code == "quota-exceeded"

        policy.write_text(good)
        reload(house, 1)
        assert order(client, 20).status == 201
    assert abs(house.gateway.metrics().value("config_last_reload_success_timestamp_seconds")
               - jst_now().timestamp()) < 60


@pytest.mark.parametrize("file, pairs", [
    ("clients.yaml", [("api_key_sha256: 2db4", "api_key_sha256: zzzz")]),
    ("clients.yaml", [("schema: sekisho/clients/v1", "schema: sekisho/clients/v1\n}")]),
    ("carrier.yaml", [("operation: allocate", "operation: give")]),
])
def test_a_broken_file_changes_nothing(house, file, pairs):
    original = (house.directory / file).read_text()
    edit(house.directory / file, pairs)
    reload(house, 0)
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
    assert house.gateway.ready()
    (house.directory / file).write_text(original)
    reload(house, 1)


def test_a_client_that_was_removed_is_unknown_after_a_reload(house):
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
        clients = house.directory / "clients.yaml"
        clients.write_text("\n".join(line for line in clients.read_text().splitlines() if "id: aozora" not in line))
        house.gateway.signal(signal.SIGHUP)
        wait_for("the key is unknown", 5, lambda: order(client, 1).status == 401)


def test_two_gateways_do_not_write_one_journal(house):
    config = house.directory / "sekisho-2.yaml"
    text = house.gateway.config.read_text()
    config.write_text(text.replace(str(house.gateway.port), "0").replace(str(house.gateway.admin_port), "0"))
    import subprocess
    from harness import BIN
    done = subprocess.run([BIN / "sekisho", "serve", "--config", config], capture_output=True, timeout=60 * SLOWNESS,
                          cwd=house.directory)
    assert done.returncode not in (0, -signal.SIGSEGV)
    assert b"journal" in done.stderr + done.stdout
