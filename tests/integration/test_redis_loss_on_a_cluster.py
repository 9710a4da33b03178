"""On a cluster one master may lose writes while the others, and the epoch that lies on one of them, lose none."""
import time

import pytest

import redis_setups
from harness import ROOMY, edits, order, wait_for

UNHURRIED = edits(ROOMY, {"sekisho.yaml": [("deadline: 50ms", "deadline: 250ms")]})


@pytest.fixture
def house(open_house):
    return open_house(redis=redis_setups.Cluster, changes=UNHURRIED, extra_operators=8, gateways=2)


def account_of(house, name):
    return f"sekisho:{{{house.operators[name]}}}:usage"


def elsewhere_than_the_epoch(house):
    """A name whose account lies on another master than the epoch does, and that master with its replicas."""
    redis = house.redis
    epoch_at = redis.owner("sekisho:{ledger}:epoch")
    name = next(name for name in house.operators if name.startswith("extra")
                and redis.owner(account_of(house, name)) is not epoch_at)
    return name, next(one for one in redis.masters() if one[0] is redis.owner(account_of(house, name)))


def take(gateway, name, orders):
    with gateway.client(name) as client:
        for _ in range(orders):
            answer = order(client, 2)
            assert answer.status == 201, answer
    return 2 * orders


def taken_again(gateway, name):
    with gateway.client(name) as client:
        wait_for("an order is taken", 30, lambda: order(client, 2).status == 201)
    return 2


def cut_off(master, replicas):
    for replica in replicas:
        replica.ask("CONFIG", "SET", "masterauth", "not-today")
    master.ask("CLIENT", "KILL", "TYPE", "replica")


def test_what_a_master_lost_in_a_failover_is_told_again(house):
    name, (master, replicas) = elsewhere_than_the_epoch(house)
    taken = take(house.gateway, name, 5) + take(house.gateways[1], name, 5)
    cut_off(master, replicas)
    taken += take(house.gateway, name, 10) + take(house.gateways[1], name, 10)
    time.sleep(1)  # the positions of both journals are far beyond them by now
    house.redis.fail_over(master, replicas, 0)
    taken += taken_again(house.gateway, name)
    assert house.counts(name) == (taken, 0, 0)
    restored = sum(gateway.metrics().value("ledger_restored_total") for gateway in house.gateways)
    assert 20 <= restored < 30, restored  # and not the whole journal


def test_a_master_that_comes_back_empty_is_told_everything(house):
    name, (master, _) = elsewhere_than_the_epoch(house)
    taken = take(house.gateway, name, 5) + take(house.gateways[1], name, 5)
    time.sleep(1)
    house.redis.restart_empty(master)
    taken += taken_again(house.gateway, name)
    assert house.counts(name) == (taken, 0, 0)


def test_a_master_that_is_emptied_where_it_stands_is_told_everything(house):
    name, (master, _) = elsewhere_than_the_epoch(house)
    taken = take(house.gateway, name, 5) + take(house.gateways[1], name, 5)
    time.sleep(1)
    master.ask("FLUSHALL")
    wait_for("it is told", 15, lambda: house.counts(name) == (taken, 0, 0))
    taken += taken_again(house.gateway, name)
    assert house.counts(name) == (taken, 0, 0)


def test_a_slot_that_its_new_master_forgot_is_told_everything(house):
    redis = house.redis
    name, (source, _) = elsewhere_than_the_epoch(house)
    taken = take(house.gateway, name, 5) + take(house.gateways[1], name, 5)
    target, replicas = next(one for one in redis.masters() if one[0] is not source)
    time.sleep(1)
    cut_off(target, replicas)
    redis.migrate(account_of(house, name), target)
    wait_for("all know who has it", 20, lambda: redis.owner(account_of(house, name)) is target)
    taken += taken_again(house.gateway, name)
    time.sleep(1)
    redis.fail_over(target, replicas, 0)
    taken += taken_again(house.gateway, name)
    assert house.counts(name) == (taken, 0, 0)


def test_a_gateway_that_ended_well_is_waited_for_when_a_master_lost_what_it_counted(house):
    first, second = house.gateways
    name, (master, replicas) = elsewhere_than_the_epoch(house)
    taken = take(first, name, 5)
    cut_off(master, replicas)
    taken += take(second, name, 5)
    assert second.terminate() == 0
    time.sleep(1)
    house.redis.fail_over(master, replicas, 0)
    with first.client(name) as client:
        wait_for("it says for whom it waits", 20, lambda: b"waiting until gw-" in first.admin("/readyz").body)
        assert order(client, 2).code == "ledger-unavailable"
    second.start()
    taken += taken_again(first, name)
    assert house.counts(name) == (taken, 0, 0)


def test_a_gateway_that_ended_well_is_not_waited_for_when_nothing_was_lost(house):
    first, second = house.gateways
    name, (master, replicas) = elsewhere_than_the_epoch(house)
    taken = take(first, name, 5) + take(second, name, 5)
    assert second.terminate() == 0
    wait_for("all is replicated", 10, lambda: int(master.ask("WAIT", 1, 1000)) >= 1)
    time.sleep(1)
    house.redis.fail_over(master, replicas, 0)
    taken += taken_again(first, name)
    assert house.counts(name) == (taken, 0, 0)
