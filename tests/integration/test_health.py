"""What a load balancer and an alarm are told: why not ready, never ready with half a registry, and how a reload went."""
import re
import signal
import threading
import time

import pytest

from client import Client
from harness import SLOWNESS, corporate_number, edit, jst_now, order, wait_for


def readyz(gateway):
    """(status, lines)"""
    answer = gateway.admin("/readyz")
    return answer.status, answer.body.decode().splitlines()


def says(gateway, *words):
    """Waits until it is not ready and gives each of these reasons; returns all."""
    def told():
        try:
            status, lines = readyz(gateway)
        except OSError:
            return None
        return lines if status == 503 and all(any(word in line for line in lines[1:]) for word in words) else None
    lines = wait_for(f"/readyz says {words}", 15, told)
    assert lines[0] == "not ready" and gateway.metrics().value("ready") == 0
    return lines


def test_every_reason_not_to_be_ready_is_given_until_none_is_left(build_house):
    house = build_house(drain="accept: 20s, wait: 20s")  # long enough to be seen
    gateway = house.gateway
    gateway.start()
    says(gateway, "redis: not reached yet", "registry: no snapshot loaded yet", "register 'etoc' was never imported",
         "register 'plan' was never imported", "ledger: not yet reconciled")
    assert gateway.admin("/livez").status == 200, "alive, whatever it lacks"

    house.redis.start()
    house.carrier.start()
    assert house.import_register("etoc", "etoc.csv", "etoc.mapping.yaml").code == 0
    wait_for("only one reason is left", 15, lambda: readyz(gateway)[1] == ["not ready", "registry: the register 'plan' was never imported"])
    with gateway.client("aozora") as client:
        answer = order(client, 1)
        assert (answer.status, answer.code) == (503, "registry-stale"), "and half a registry decides nothing"
    assert house.import_register("plan", "plan.csv").code == 0
    wait_for("ready", 15, lambda: readyz(gateway) == (200, ["ready"]))
    assert gateway.metrics().value("ready") == 1
    with gateway.client("aozora") as client:
        assert order(client, 1).status == 201

    gateway.signal(signal.SIGTERM)
    assert says(gateway, "draining") == ["not ready", "draining"]


def test_a_gateway_is_never_ready_with_half_a_registry(build_house):
    """From the first moment that it listens: whenever it says ready, it has every operator and every register."""
    house = build_house()
    gateway, many = house.gateway, 20_000
    numbers = [corporate_number(100_000_000_000 + n) for n in range(many)]
    with open(house.directory / "etoc.csv", "a", encoding="utf-8") as etoc, open(house.directory / "plan.csv", "a", encoding="utf-8") as plan:
        for number in numbers:
            etoc.write(f"{number},大{number}株式会社,O{number} K.K.,E-{number},2026-02-01,2099-01-31,認証\n")
            plan.write(f"{number},certified,fixed,yes,2026-04-10,desk-1\n")
    house.redis.start()
    house.carrier.start()
    house.import_all()
    (house.directory / "journal-1.registry").unlink(missing_ok=True)  # it loads from Redis, not from a copy
    gateway.start()
    statuses, halves = [], []
    end = time.monotonic() + 120 * SLOWNESS
    while time.monotonic() < end and statuses[-3:] != [200] * 3:
        try:
            status, _ = readyz(gateway)
        except OSError:
            continue
        metrics = gateway.metrics()
        statuses.append(status)
        known = sum(value for name, _, value in metrics.samples if name == "sekisho_registry_operators")
        ages = [metrics.value("registry_age_seconds", source=source) for source in ("etoc", "plan")]
        if status == 200 and (known < many or max(ages) == float("inf")):
            halves.append((known, ages))
    assert statuses[-3:] == [200] * 3 and halves == []
    with gateway.client("aozora") as client:
        assert order(client, 1).status == 201


def by_signal(gateway):
    gateway.signal(signal.SIGHUP)


def by_admin(gateway):
    with Client(gateway.admin_port, timeout=20) as client:
        assert client.post("/admin/v1/reload", b"").status in (200, 422)


def told_of_reload(gateway):
    metrics = gateway.metrics()
    return metrics.value("config_last_reload_successful"), metrics.value("config_last_reload_success_timestamp_seconds")


@pytest.mark.parametrize("reload", [by_signal, by_admin])
def test_the_reload_metric_goes_down_with_a_bad_file_and_up_with_the_same_good_one(house, reload):
    gateway, policy = house.gateway, house.directory / "policy.yaml"
    good = policy.read_text()
    taken, first = told_of_reload(gateway)
    assert taken == 1 and abs(first - jst_now().timestamp()) < 60, "the start counts as one that was taken"
    digest = gateway.admin("/admin/v1/status").json()["policy"]["digest"]

    def reloads(expected, moves):
        before = told_of_reload(gateway)[1]
        reload(gateway)
        wait_for(f"the metric is {expected}", 10, lambda: told_of_reload(gateway)[0] == expected
                 and (told_of_reload(gateway)[1] > before) == moves)
        return readyz(gateway)

    assert reloads(1, moves=True) == (200, ["ready"]), "the same files again"
    edit(policy, [("per: day", "per: dya")])
    for _ in range(2):  # it stays down as long as the file is bad
        status, lines = reloads(0, moves=False)
        assert status == 200 and lines[0] == "ready", "a bad file takes no gateway out"
        assert len(lines) == 2 and "the last reload was refused" in lines[1] and "policy.yaml:" in lines[1]
        assert gateway.metrics().value("ready") == 1
        assert gateway.admin("/admin/v1/status").json()["policy"]["digest"] == digest
    policy.write_text(good)
    assert reloads(1, moves=True) == (200, ["ready"])
    edit(policy, [("numbers: 1000, per: day", "numbers: 40, per: day")])
    assert reloads(1, moves=True) == (200, ["ready"])
    assert gateway.admin("/admin/v1/status").json()["policy"]["digest"] != digest


def test_it_stays_ready_and_serves_while_reloads_fail(open_house):
    """Every answer of /readyz during a series of refused reloads is 200, and every order is taken."""
    house = open_house()
    gateway, ended, seen = house.gateway, threading.Event(), []

    def look():
        while not ended.is_set():
            seen.append(readyz(gateway)[0])

    edit(house.directory / "clients.yaml", [("api_key_sha256: 2db4", "api_key_sha256: zzzz")])
    looking = threading.Thread(target=look)
    looking.start()
    try:
        with gateway.client("aozora") as client:
            for _ in range(10):
                gateway.signal(signal.SIGHUP)
                assert order(client, 1).status == 201
        wait_for("it was looked at", 10, lambda: len(seen) > 5)
    finally:
        ended.set()
        looking.join()
    wait_for("the reload was refused", 10, lambda: told_of_reload(gateway)[0] == 0)
    assert set(seen) == {200}


def test_the_limits_of_ages_are_told_as_configured(build_house):
    house = build_house(changes={"sekisho.yaml": [("link:    { soft: 5s, hard: 60s }", "link:    { soft: 700ms, hard: 90s }")]})
    metrics = house.start().gateway.metrics()
    told = {(labels["source"], labels["limit"]): value for name, labels, value in metrics.samples
            if name == "sekisho_registry_age_limit_seconds"}
    day = 86400
    assert told == {("link", "soft"): 0.7, ("link", "hard"): 90, ("etoc", "soft"): 2 * day, ("etoc", "hard"): 14 * day,
                    ("plan", "soft"): 30 * day, ("plan", "hard"): 400 * day}


def test_what_is_alarmed_on_is_told_at_zero_from_the_start(house):
    metrics = house.gateway.metrics()
    for name, labels in [("shed_total", {"reason": "overloaded"}), ("carrier_over_delivery_total", {"carrier": "demo"}),
                         ("quota_near_limit_total", {"rule": "certified"}), ("journal_gap_total", {}), ("ledger_restored_total", {}),
                         ("requests_total", {"carrier": "demo", "code": "carrier-timeout"})]:
        assert metrics.value(name, **labels) == 0, name
    with house.gateway.client("aozora") as client:
        house.carrier.control("over", times=1)
        assert order(client, 1).status == 201
        assert house.gateway.metrics().value("carrier_over_delivery_total", carrier="demo") == 1, "and counts on from there"


def lengthen(gateway, records):
    """So many records more to search: copies of a decision, in segments that the gateway does not know of."""
    line = next(line for line in gateway.journal_lines() if b'"kind":"decision"' in line)
    each = 25_000
    first = gateway.journal / "00001000.ndjson"
    with open(first, "wb") as segment:
        for seq in range(1_000_000, 1_000_000 + each):
            segment.write(re.sub(rb'^{"seq":\d+', b'{"seq":%d' % seq, line))
    for n in range(1, records // each):
        (gateway.journal / f"{1000 + n:08}.ndjson").hardlink_to(first)


def test_health_is_told_at_once_while_a_long_journal_is_searched(open_house):
    house = open_house()
    gateway = house.gateway
    with gateway.client("kaze") as client:
        assert order(client, 1).code == "etoc-revoked"
    wait_for("it is on record", 5, lambda: gateway.records(kind="decision"))
    lengthen(gateway, 500_000)
    searches, troubles, until = [], [], time.monotonic() + 8

    def search(question):
        with Client(gateway.admin_port, timeout=60) as client:
            while time.monotonic() < until:
                began = time.monotonic()
                answer = client.get("/admin/v1/decisions?" + question)
                searches.append(time.monotonic() - began)
                if answer.status not in (200, 503):  # 503: as many search as may
                    troubles.append(answer)

    # Every record has these words and none says them; and a page as long as one may be.
    questions = ["operator=jp:7999900000002&code=quota-exceeded", "operator=jp:8999900000001&code=etoc-revoked",
                 "limit=1000", "operator=jp:7999900000002&limit=1000"]
    seekers = [threading.Thread(target=search, args=(question,)) for question in questions]
    for one in seekers:
        one.start()
    told = []
    while time.monotonic() < until:
        for path in ("/livez", "/readyz"):
            began = time.monotonic()
            assert gateway.admin(path).status == 200
            told.append(time.monotonic() - began)
        time.sleep(0.02)
    for one in seekers:
        one.join()
    told.sort()
    print(f"{len(told)} answers, half within {told[len(told) // 2] * 1000:.1f} ms, the last within {told[-1] * 1000:.0f} ms; "
          f"{len(searches)} searches of up to {max(searches):.1f} s")
    assert not troubles, troubles
    assert max(searches) > 0.3, "the searches were long"
    assert told[len(told) // 2] < max(searches) / 3, "behind the searches each would have waited as long as they take"
