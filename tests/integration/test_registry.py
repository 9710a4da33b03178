"""The registry over its life: copies on disk, history, mergers, imports, and whatever Redis does to it."""
import contextlib
import datetime
import re
import signal
import subprocess
import time

import pytest

from harness import jst_now, order, wait_for

EVENTS = "sekisho:{registry}:events"


def days_ago(days):
    return (jst_now().date() - datetime.timedelta(days=days)).isoformat()


def redis(house, *command):
    done = subprocess.run(["redis-cli", "-p", str(house.redis.port), *command], capture_output=True, timeout=20)
    assert done.returncode == 0, done
    return done.stdout.decode().strip()


def copy_of(gateway):
    return gateway.journal.with_name(gateway.journal.name + ".registry")


def log_of(gateway):
    return gateway.err.read_text() + gateway.out.read_text()


def wait_alive(gateway):
    """Answers on its admin port, ready or not."""
    def alive():
        with contextlib.suppress(OSError):
            return gateway.admin("/livez").status == 200
    gateway.wait_ready(15, alive)


def status(gateway):
    answer = gateway.admin("/admin/v1/status")
    assert answer.status == 200, answer
    return answer.json()


def serial(gateway):
    return gateway.metrics().value("registry_serial")


def code_of(gateway, name, number_type="fixed"):
    with gateway.client(name) as client:
        answer = order(client, 1, number_type)
    return answer.code or answer.status


def facts(house):
    """What every operator is, without which change made it so."""
    done = house.sekisho("registry", "list")
    assert done.code == 0, done
    return {row["operator"]: {key: value for key, value in row.items() if key not in ("serial", "known_at")}
            for row in done.json}


@pytest.fixture
def desk(build_house):
    """Redis and the commands; no gateway."""
    house = build_house()
    house.redis.start()
    return house


# ---- the copy on disk

def test_a_gateway_that_starts_without_redis_has_the_registry_that_it_had(open_house):
    house = open_house(appendonly=True, extra_operators=1)
    assert code_of(house.gateway, "extra0") == 201
    assert house.revoke("aozora").code == 0
    wait_for("the gateway knows", 5, lambda: code_of(house.gateway, "aozora") == "etoc-revoked")
    before = serial(house.gateway)
    house.gateway.kill()
    house.redis.kill()
    house.gateway.start()
    wait_alive(house.gateway)
    wait_for("the copy is loaded", 5, lambda: serial(house.gateway) == before)
    assert code_of(house.gateway, "aozora") == "etoc-revoked"
    assert code_of(house.gateway, "kaze") == "etoc-revoked"
    assert code_of(house.gateway, "yama") == "supply-refused"
    with house.gateway.client("extra0") as client:
        answer = order(client, 1)
    assert answer.status == 503 and answer.code in ("registry-stale", "ledger-unavailable"), answer
    assert house.carrier.seen()["orders"] == 1 and house.gateway.admin("/readyz").status == 503
    said = [line for line in status(house.gateway)["degraded"] if "copy" in line]
    assert said and re.search(r"in step until 20\d\d-\d\d-\d\dT", said[0]), status(house.gateway)

    house.redis.start()
    wait_for("ready", 15, house.gateway.ready)
    wait_for("orders are taken again", 5, lambda: code_of(house.gateway, "extra0") == 201)
    assert not [line for line in status(house.gateway)["degraded"] if "copy" in line]
    assert house.reinstate("aozora").code == 0
    wait_for("it goes on", 5, lambda: code_of(house.gateway, "aozora") == 201)


@pytest.mark.parametrize("damage", ["cut", "altered", "nothing left"])
def test_a_gateway_with_a_damaged_copy_starts_says_so_and_loads_from_redis(open_house, damage):
    house = open_house()
    assert house.revoke("aozora").code == 0
    wait_for("the gateway knows", 5, lambda: code_of(house.gateway, "aozora") == "etoc-revoked")
    before = serial(house.gateway)
    house.gateway.kill()
    copy = copy_of(house.gateway)
    data = copy.read_bytes()
    assert b'"block":"whole"' in data
    if damage == "cut":
        copy.write_bytes(data[:-20])
    elif damage == "altered":
        copy.write_bytes(data.replace(b"certified", b"surrender", 1))
    else:
        copy.write_bytes(b"\0" * 100)
    logged = len(log_of(house.gateway))
    house.gateway.start_ready()
    said = lambda: log_of(house.gateway)[logged:]
    wait_for("the log says so", 5, lambda: "cut or altered" in said() and copy.name in said())
    assert serial(house.gateway) == before
    assert code_of(house.gateway, "aozora") == "etoc-revoked"


def test_a_redis_that_was_emptied_by_mistake_is_filled_again_from_a_copy(open_house):
    house = open_house()
    assert house.revoke("aozora").code == 0
    wait_for("the gateway knows", 5, lambda: code_of(house.gateway, "aozora") == "etoc-revoked")
    whole = facts(house)
    why = ("--by", "ops", "--reason", "FLUSHALL by mistake")
    refused = house.sekisho("registry", "restore", copy_of(house.gateway), *why)
    assert refused.code == 1 and "Redis has a registry" in refused.err, refused

    redis(house, "FLUSHALL")
    assert house.sekisho("registry", "list").json == []
    assert code_of(house.gateway, "aozora") == "etoc-revoked", "the gateway does not forget"
    missing = house.sekisho("registry", "restore", "no-such-file", *why)
    assert missing.code == 2 and "does not exist" in missing.err, missing
    done = house.sekisho("registry", "restore", copy_of(house.gateway), *why)
    assert done.code == 0 and done.json["operators"] == len(whole), done
    assert facts(house) == whole
    last = house.sekisho("registry", "events").json[-1]
    assert (last["change"], last["by"], last["reason"]) == ("restore", "ops", "FLUSHALL by mistake")
    assert code_of(house.gateway, "aozora") == "etoc-revoked"
    assert house.reinstate("aozora").code == 0
    wait_for("served again", 10, lambda: code_of(house.gateway, "aozora") == 201)


# ---- history

def show(house, name, at=None, known_at=None):
    done = house.sekisho("registry", "show", house.operators[name], *(["--at", at] if at else []),
                         *(["--known-at", known_at] if known_at else []))
    assert done.code in (0, 1), done
    return done.json["etoc"]["state"] if done.code == 0 else None


def revoked_after_import(house):
    """A list published 30 days ago, a revocation that reaches back 10 days; the moment between both."""
    assert house.import_register("etoc", "etoc.csv", "etoc.mapping.yaml", "--published", days_ago(30)).code == 0
    between = jst_now().isoformat(timespec="milliseconds")
    time.sleep(0.01)
    assert house.sekisho("registry", "revoke", house.operators["aozora"], "--since", days_ago(10), "--reason", "r",
                         "--by", "b").code == 0
    return between


def test_history_tells_what_was_so_and_what_was_known_then(desk):
    between = revoked_after_import(desk)
    now = jst_now().isoformat(timespec="milliseconds")
    assert show(desk, "aozora", days_ago(5), between) == "certified"
    assert show(desk, "aozora", days_ago(5), now) == "revoked"
    assert show(desk, "aozora", days_ago(10)) == "revoked"
    assert show(desk, "aozora", days_ago(11), now) == "certified"
    assert show(desk, "aozora", days_ago(31), now) is None
    assert show(desk, "aozora", days_ago(5), days_ago(1)) is None, "the list was not known here yesterday"
    assert show(desk, "aozora") == "revoked"


def test_a_list_imported_after_a_revocation_does_not_move_its_day(desk):
    revoked_after_import(desk)
    changed = (desk.directory / "etoc.csv").read_text().replace("Aozora Telecom K.K.", "Aozora K.K.")
    (desk.directory / "changed.csv").write_text(changed)
    done = desk.import_register("etoc", "changed.csv", "etoc.mapping.yaml", "--published", days_ago(20))
    assert done.code == 0 and desk.operators["aozora"] in done.json["changed"], done
    assert show(desk, "aozora", days_ago(9)) == "revoked"
    assert show(desk, "aozora", days_ago(15)) == "certified"


def test_events_tell_every_change_or_those_of_one_operator(desk):
    desk.import_all()
    aozora, kaze = desk.operators["aozora"], desk.operators["kaze"]
    why = ("--reason", "why", "--by", "who")
    assert desk.sekisho("registry", "revoke", aozora, "--since", days_ago(3), *why).code == 0
    assert desk.reinstate("aozora").code == 0
    events = desk.sekisho("registry", "events").json
    assert [event["serial"] for event in events] == list(range(1, len(events) + 1))
    assert [event["change"] for event in events] == ["import"] * 4 + ["revoke", "reinstate"]
    assert (events[4]["by"], events[4]["reason"], events[4]["operators"]) == ("who", "why", [aozora])
    of_one = desk.sekisho("registry", "events", aozora).json
    assert [event["change"] for event in of_one][-2:] == ["revoke", "reinstate"]
    assert [event["effective"] for event in of_one][-2:] == [days_ago(3), days_ago(0)]
    assert "revoke" not in [event["change"] for event in desk.sekisho("registry", "events", kaze).json]
    assert desk.sekisho("registry", "events", desk.operators["kawa"]).code == 1, "no register has it"
    assert desk.sekisho("registry", "events", "jp:8999900000002").code == 2, "a wrong check digit"


def test_a_new_name_keeps_the_former_ones(desk):
    for name, former in (("青空通信", []), ("あおぞら通信", ["青空通信"]), ("アオゾラ", ["青空通信", "あおぞら通信"]),
                         ("青空通信", ["あおぞら通信", "アオゾラ"])):  # the last one came back
        (desk.directory / "list.csv").write_text("corporate_number,name,certificate,state\n"
                                                 f"8999900000001,{name},ETOC-0001,certified\n")
        assert desk.import_register("etoc", "list.csv").code == 0
        names = desk.standing("aozora")["names"]
        assert (names["ja"], names["former"]) == (name, former)


# ---- mergers

def merge(house, name, into):
    return house.sekisho("registry", "merge", house.operators[name], "--into", house.operators.get(into, into),
                         "--reason", "merged", "--by", "legal")


def test_a_merged_operator_orders_by_the_facts_and_on_the_account_of_its_successor(open_house):
    house = open_house(extra_operators=1)
    assert house.import_register("track-record", "track-record.csv").code == 0
    with house.gateway.client("extra0") as client:
        held = order(client, 3).json()["numbers"]
    assert code_of(house.gateway, "kawa") == "plan-missing"
    # An operator that no register has can have no successor: the track record makes it known.
    with open(house.directory / "track-record.csv", "a") as out:
        out.write(f"{house.operators['kawa'].removeprefix('jp:')},2024-04-01,0\n")
    unknown = merge(house, "kawa", "aozora")
    assert unknown.code == 1 and "not in the registry" in unknown.err, unknown
    assert house.import_register("track-record", "track-record.csv").code == 0
    for name in ("kawa", "extra0"):
        done = merge(house, name, "aozora")
        assert done.code == 0 and house.standing(name)["merged_into"] == house.operators["aozora"], done

    newest = house.standing("extra0")["serial"]
    wait_for("the gateway knows of both", 5, lambda: serial(house.gateway) == newest)
    assert code_of(house.gateway, "kawa") == 201, "as aozora"
    assert house.counts("aozora") == (1, 0, 0) and house.counts("kawa") == (0, 0, 0)
    with house.gateway.client("extra0") as client, house.gateway.client("aozora") as successor:
        assert order(client, 2).status == 201
        assert (house.counts("aozora")[0], house.counts("extra0")[0]) == (3, 3), "what it held before stays its own"
        assert client.delete(f"/v1/numbers/{held[0]}").status == 204
        assert successor.delete(f"/v1/numbers/{held[1]}").status == 204
        wait_for("given back", 10, lambda: house.counts("extra0") == (1, 0, 0))
        with house.gateway.client("hoshi") as stranger:
            assert stranger.delete(f"/v1/numbers/{held[2]}").status == 403

        assert house.revoke("aozora").code == 0
        wait_for("its successor is revoked", 5, lambda: order(client, 1).code == "etoc-revoked")
        assert house.revoke("extra0").code == 0 and house.reinstate("aozora").code == 0
        wait_for("and reinstated", 5, lambda: order(successor, 1).status == 201)
        assert order(client, 1).code == "etoc-revoked", "nobody hides behind a successor"
        assert house.reinstate("extra0").code == 0
        assert merge(house, "extra0", "none").code == 0
        before = house.counts("extra0")[0]
        wait_for("it stands for itself again", 5, lambda: order(client, 1).status == 201
                 and house.counts("extra0")[0] > before)


def test_a_merged_operator_that_is_revoked_while_a_gateway_sleeps_is_given_nothing_more(open_house):
    house = open_house(extra_operators=1)
    assert merge(house, "extra0", "aozora").code == 0
    for _ in range(3):
        wait_for("it orders as aozora", 5, lambda: code_of(house.gateway, "extra0") == 201)
        before = house.carrier.seen()["orders"]
        with house.gateway.client("extra0") as client:
            client.connect()
            house.gateway.signal(signal.SIGSTOP)
            assert house.revoke("extra0").code == 0
            client.send(b"POST /v1/number-orders HTTP/1.1\r\nHost: gate\r\nX-Api-Key: key-extra0\r\n"
                        b"Content-Type: application/json\r\nContent-Length: 36\r\n\r\n"
                        b'{"quantity": 1,"numberType":"FIXED"}')
            time.sleep(0.2)
            house.gateway.signal(signal.SIGCONT)
            answer = client.read()
        assert answer.status in (403, 503), answer
        assert house.carrier.seen()["orders"] == before
        assert house.reinstate("extra0").code == 0


def test_a_revoked_operator_stays_revoked_when_it_is_merged(house):
    assert merge(house, "kaze", "aozora").code == 0
    time.sleep(0.5)
    assert code_of(house.gateway, "kaze") == "etoc-revoked"
    assert merge(house, "yama", "aozora").code == 0
    time.sleep(0.5)
    assert code_of(house.gateway, "yama") == "supply-refused"


def test_a_ring_of_mergers_is_refused(desk):
    desk.import_all()
    assert merge(desk, "minato", "minato").code == 1
    assert merge(desk, "minato", "hoshi").code == 0
    assert merge(desk, "hoshi", "aozora").code == 0
    ring = merge(desk, "aozora", "minato")
    assert ring.code == 1 and "merged into" in ring.err, ring
    assert desk.standing("aozora")["merged_into"] is None
    assert merge(desk, "aozora", "jp:1234").code == 2
    assert merge(desk, "minato", "none").code == 0
    assert merge(desk, "aozora", "minato").code == 0, "no ring any more"


# ---- imports

def test_a_dry_run_tells_whose_orders_a_list_would_touch(house):
    with house.gateway.client("aozora") as client:
        assert order(client, 3).status == 201
    before = house.standing("aozora")
    text = (house.directory / "etoc.csv").read_text()
    (house.directory / "new.csv").write_text(re.sub("(8999900000001.*),認証", r"\1,取消", text))
    done = house.import_register("etoc", "new.csv", "etoc.mapping.yaml", "--dry-run")
    assert done.code == 0 and done.json["revoked"] == [house.operators["aozora"]], done
    assert done.json["touches"] == [{"operator": house.operators["aozora"], "numbers": 3, "last_30_days": 3,
                                     "open_orders": 0}]
    assert house.standing("aozora") == before and code_of(house.gateway, "aozora") == 201


def test_certificates_that_end_soon_are_listed_counted_and_told(open_house):
    soon = (jst_now().date() + datetime.timedelta(days=30)).isoformat()
    house = open_house(changes={"etoc.csv": [("ETOC-0001,2026-02-01,2027-01-31", f"ETOC-0001,2026-02-01,{soon}")]})
    with house.gateway.client("aozora") as client:
        answer = order(client, 2)
    assert answer.header("Sekisho-Notice") == "certificate expires in 30 days", answer.head
    done = house.sekisho("registry", "list", "--expiring", "60d")
    rows = {row["operator"]: row for row in done.json}
    aozora = rows[house.operators["aozora"]]
    assert (aozora["days_left"], aozora["numbers"], aozora["last_30_days"]) == (30, 2, 2), aozora
    assert house.operators["minato"] not in rows, "it has expired already"
    assert house.sekisho("registry", "list", "--expiring", "29d").json == []
    assert house.sekisho("registry", "list", "--expiring", "soon").code == 2
    metrics = house.gateway.metrics()
    assert metrics.value("certificates_expiring", within="60d") == len(rows)
    assert metrics.value("certificates_expiring", within="14d") == 0
    assert house.revoke("aozora").code == 0
    wait_for("a revoked one is not counted", 5, lambda:
             house.gateway.metrics().value("certificates_expiring", within="60d") == len(rows) - 1)


def test_a_list_without_corporate_numbers_is_matched_by_certificate_and_never_by_name(desk):
    desk.import_all()
    lines = ["name,certificate,certified_on,valid_until,state\n",
             "whoever,etoc-0001,2026-02-01,2099-01-31,certified\n",
             "風ネットワーク株式会社,ETOC-0002,2026-02-01,2027-01-31,revoked\n",
             "港テレコム合同会社,ETOC-0003,2025-02-01,2026-01-31,certified\n",
             "山ボイス株式会社,ETOC-0005,2026-02-01,2099-01-31,certified\n"]
    (desk.directory / "bare.csv").write_text("".join(lines))
    done = desk.import_register("etoc", "bare.csv")
    assert done.code == 0 and done.json["rows"] == 4 and done.json["removed"] == [], done
    assert desk.standing("aozora")["etoc"]["valid_until"] == "2099-01-31"
    lines[2] = "風ネットワーク株式会社,ETOC-9999,2026-02-01,2099-01-31,certified\n"
    (desk.directory / "bare.csv").write_text("".join(lines))
    done = desk.import_register("etoc", "bare.csv")
    assert done.code == 2 and "ETOC-9999" in done.err and desk.operators["kaze"] in done.err, done
    assert desk.standing("kaze")["etoc"]["state"] == "revoked"


def test_older_lists_shrunken_lists_and_lists_too_short_need_somebody_s_name(build_house):
    desk = build_house(extra_operators=20)
    with open(desk.gateway.config, "a") as config:
        config.write("\nimport: { min_rows: 3 }\n")
    desk.redis.start()
    first = ("etoc", "etoc.csv", "etoc.mapping.yaml")
    assert desk.import_register(*first, "--serial", 7, "--published", days_ago(3)).code == 0
    assert desk.import_register(*first, "--serial", 7, "--published", days_ago(3)).json["same_file"] is True
    certified = facts(desk)
    text = (desk.directory / "etoc.csv").read_text()
    header, *rows = text.splitlines(keepends=True)
    changed = text.replace("Aozora Telecom K.K.", "Aozora K.K.")
    approved = ("--by", "desk", "--reason", "checked")
    for name, content, options, guard in (
            ("older.csv", changed, ("--serial", 6), "rollback"),
            ("older.csv", changed, ("--published", days_ago(4)), "rollback"),
            ("shrunk.csv", header + "".join(rows[:10]), (), "shrink"),
            ("short.csv", header + "".join(rows[:2]), (), "rows")):
        (desk.directory / name).write_text(content)
        done = desk.import_register("etoc", name, "etoc.mapping.yaml", *options)
        assert done.code == 1 and guard in [one["approval"] for one in done.json["guards"]], (guard, done)
        assert facts(desk) == certified
        assert desk.import_register("etoc", name, "etoc.mapping.yaml", *options, "--approve", guard).code == 2
    done = desk.import_register("etoc", "older.csv", "etoc.mapping.yaml", "--serial", 6, "--approve", "rollback",
                                *approved)
    assert done.code == 0, done
    last = desk.sekisho("registry", "events").json[-1]
    assert last["by"] == "desk" and "checked" in last["reason"] and "rollback" in last["reason"], last


def test_a_half_written_list_changes_nothing(desk):
    desk.import_all()
    before = facts(desk)
    data = (desk.directory / "etoc.csv").read_bytes()
    for at in [*range(0, len(data) - 1, 41), *range(len(data) - 8, len(data) - 1)]:
        (desk.directory / "half.csv").write_bytes(data[:at])
        done = desk.import_register("etoc", "half.csv", "etoc.mapping.yaml")
        assert done.code in (1, 2), (at, done)
    assert facts(desk) == before


# ---- whatever Redis does

def test_a_gateway_that_slept_while_the_stream_was_cut_ends_in_step(house):
    assert code_of(house.gateway, "aozora") == 201
    house.gateway.signal(signal.SIGSTOP)
    for _ in range(8):
        assert house.revoke("minato").code == 0 and house.reinstate("minato").code == 0
    assert house.revoke("aozora").code == 0
    redis(house, "XTRIM", EVENTS, "MAXLEN", "2")
    newest = house.standing("aozora")["serial"]
    house.gateway.signal(signal.SIGCONT)
    wait_for("in step", 10, lambda: serial(house.gateway) == newest)
    assert code_of(house.gateway, "aozora") == "etoc-revoked"
    assert house.reinstate("aozora").code == 0
    wait_for("and it follows", 5, lambda: code_of(house.gateway, "aozora") == 201)


def test_a_revocation_outlives_a_redis_that_comes_back_empty(build_house):
    house = build_house(gateways=2)
    house.redis.start()
    house.carrier.start()
    house.import_all()
    first, second = house.gateways
    first.start_ready()
    assert house.revoke("aozora").code == 0
    wait_for("the first gateway knows", 5, lambda: code_of(first, "aozora") == "etoc-revoked")
    house.redis.kill()
    house.redis.start()
    assert redis(house, "EXISTS", EVENTS) == "0"
    house.import_all()
    wait_for("the first gateway restored it", 15, lambda: house.standing("aozora")["etoc"]["state"] == "revoked")
    assert code_of(first, "aozora") == "etoc-revoked"
    restored = [event for event in house.sekisho("registry", "events").json if event["change"] == "restore"]
    assert restored and restored[0]["operators"] == [house.operators["aozora"]], restored
    assert restored[0]["by"].startswith("gateway "), restored
    second.start_ready()
    assert code_of(second, "aozora") == "etoc-revoked", "it never heard of it from anybody but Redis"
    assert code_of(second, "kaze") == "etoc-revoked"
    assert house.reinstate("aozora").code == 0
    for gateway in house.gateways:
        wait_for("reinstated", 5, lambda gateway=gateway: code_of(gateway, "aozora") == 201)
