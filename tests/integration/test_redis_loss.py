"""Redis loses writes: emptied where it stands, killed without its last seconds, brought back from an old dump. What
the gateways count afterwards is what the carrier gave, to the number."""
import subprocess
import time

import chaos
import chaos_faults
from chaos import settle_by_the_carriers_log
from harness import ROOMY, order, wait_for


def ask(house, *words):
    done = subprocess.run(["redis-cli", "-p", str(house.redis.port), *map(str, words)], capture_output=True, timeout=20)
    assert done.returncode == 0, done
    return done.stdout.decode().strip()


def known_to(gateway):
    """The gateways it has heard of and would wait for; of a new one it hears with its next beat."""
    return gateway.journal.with_name(gateway.journal.name + ".epoch").read_text().split()[1:]


def forget_the_ledger(house):
    """As FLUSHALL, but for the registry, which is tested elsewhere."""
    ask(house, "EVAL", chaos_faults.FORGET, 0, *chaos_faults.OF_THE_LEDGER)


def callers_of(house, seed):
    callers = chaos.Callers(house, seed)
    callers.wave = ["aozora"]
    return callers


def stop(callers):
    callers.stop()
    assert not callers.odd, callers.odd[:3]


def exact(house):
    settle_by_the_carriers_log(house)
    log = house.carrier.log()
    mine = {n for entry in log if entry["operator"] == house.operators["aozora"] for n in entry["numbers"]}
    assert house.counts("aozora") == (len(mine), 0, 0)
    assert {entry["number"] for entry in house.numbers("aozora")} == mine
    limit = house.limit("aozora", "certified")
    assert (limit["used"], limit["held"]) == (len(mine), 0)
    some = sorted(mine)[len(mine) // 2]
    traced = house.sekisho("ledger", "trace", some)
    assert traced.code == 0 and traced.json[0]["operator"] == house.operators["aozora"], traced
    return len(mine)


def test_an_old_dump_is_told_everything_since(open_house):
    house = open_house(gateways=2, changes=ROOMY)
    callers = callers_of(house, 1)
    time.sleep(1)
    ask(house, "SAVE")
    before = callers.taken
    wait_for("a hundred orders more", 20, lambda: callers.taken > before + 100)
    house.redis.kill()
    house.redis.start()  # from the dump
    taken = callers.taken
    wait_for("orders go on", 30, lambda: callers.taken > taken + 100)
    stop(callers)
    restored = sum(gateway.metrics().value("ledger_restored_total") for gateway in house.gateways)
    print(f"{exact(house)} numbers, {restored:.0f} orders told again")
    assert restored > 0


def test_a_redis_without_any_memory_is_told_everything(open_house):
    house = open_house(gateways=2, changes=ROOMY)
    callers = callers_of(house, 2)
    for _ in range(3):
        taken = callers.taken
        wait_for("some orders", 20, lambda: callers.taken > taken + 60)
        forget_the_ledger(house)
    taken = callers.taken
    wait_for("orders go on", 30, lambda: callers.taken > taken + 60)
    stop(callers)
    print(f"{exact(house)} numbers")


def test_flushall_by_mistake(open_house):
    house = open_house(gateways=2, changes=ROOMY)
    callers = callers_of(house, 3)
    wait_for("some orders", 20, lambda: callers.taken > 60)
    ask(house, "FLUSHALL")
    time.sleep(0.5)
    copy = next(house.gateway.journal.parent.glob("journal-1.registry*"))
    done = house.sekisho("registry", "restore", copy, "--reason", "FLUSHALL by mistake", "--by", "tester")
    assert done.code == 0, done
    taken = callers.taken
    wait_for("orders go on", 30, lambda: callers.taken > taken + 60)
    stop(callers)
    print(f"{exact(house)} numbers")


def test_nobody_admits_before_every_gateway_has_told(open_house):
    house = open_house(gateways=2, changes=ROOMY)
    first, second = house.gateways
    with second.client("aozora") as client:
        assert order(client, 3).status == 201
    wait_for("the first knows the second", 10, lambda: len(known_to(first)) == 2)
    second.kill()
    forget_the_ledger(house)
    with first.client("aozora") as client:
        answer = order(client, 1)
        assert (answer.status, answer.code) == (503, "ledger-unavailable")
        wait_for("it says for whom it waits", 10, lambda: b"waiting until gw-" in first.admin("/readyz").body)
        assert first.metrics().value("ledger_admitting") == 0
        assert house.sekisho("doctor").code != 0
        time.sleep(1)
        assert order(client, 1).code == "ledger-unavailable", "time alone opens nothing"
        second.start_ready()
        wait_for("both have told", 15, lambda: order(client, 1).status == 201)
    exact(house)


def test_a_gateway_that_is_gone_for_good_is_retired_by_a_person(open_house):
    house = open_house(gateways=2, changes=ROOMY)
    first, second = house.gateways
    wait_for("the first knows the second", 10, lambda: len(known_to(first)) == 2)
    second.kill()
    ask(house, "DEL", "sekisho:{ledger}:epoch")
    with first.client("aozora") as client:
        wait_for("it says for whom it waits", 10, lambda: b"waiting until gw-" in first.admin("/readyz").body)
        waited = first.admin("/readyz").body.decode().split("waiting until ")[1].split()[0]
        assert waited in known_to(first)
        assert house.sekisho("ledger", "retire", "gw-0000000000000000", "--reason", "r", "--by", "t").code == 1
        done = house.sekisho("ledger", "retire", waited, "--reason", "its disk burnt", "--by", "tester")
        assert done.code == 0 and done.json["was_waited_for"] is True, done
        wait_for("orders are taken", 10, lambda: order(client, 1).status == 201)
    assert b"its disk burnt" in ask(house, "XRANGE", "sekisho:{ledger}:retired", "-", "+").encode()
