"""On a cluster one master may lose writes while the others, and the epoch that lies on one of them, lose none."""
import time

import pytest

import redis_setups
from harness import ROOMY, House, order, wait_for

# The registry is brought back by persons, which is tested elsewhere.
ALL_BUT_THE_REGISTRY = """#!lua flags=allow-cross-slot-keys
local keys = redis.call('KEYS', 'sekisho:*')
for _, key in ipairs(keys) do
  if not string.find(key, '{registry}', 1, true) then redis.call('DEL', key) end
end
return #keys"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One for all: each test takes an operator of its own, and leaves the cluster whole."""
    house = House(tmp_path_factory.mktemp("cluster"), redis=redis_setups.Cluster, changes=ROOMY, extra_operators=24,
                  gateways=2)
    house.fresh = [name for name in house.operators if name.startswith("extra")]
    try:
        yield house.start()
    finally:
        house.stop()


def account_of(house, name):
    return f"sekisho:{{{house.operators[name]}}}:usage"


def elsewhere_than_the_epoch(house):
    """A name whose account lies on another master than the epoch does, and that master with its replicas."""
    redis = house.redis
    epoch_at = redis.owner("sekisho:{ledger}:epoch")
    name = next(name for name in house.fresh if redis.owner(account_of(house, name)) is not epoch_at)
    house.fresh.remove(name)
    return name, next(one for one in redis.masters() if one[0] is redis.owner(account_of(house, name)))


def restored(house):
    return sum(gateway.metrics().value("ledger_restored_total") for gateway in house.gateways)


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
    before = restored(house)
    house.redis.fail_over(master, replicas, 0)
    taken += taken_again(house.gateway, name)
    assert house.counts(name) == (taken, 0, 0)
    assert 20 <= restored(house) - before < 30, "what it lost, and not the whole journal"


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


def test_a_master_that_is_emptied_where_it_stands_is_told_everything(house):
    name, (master, _) = elsewhere_than_the_epoch(house)
    taken = take(house.gateway, name, 5) + take(house.gateways[1], name, 5)
    time.sleep(1)
    assert master.ask("EVAL", ALL_BUT_THE_REGISTRY, 0).isdigit()
    wait_for("it is told", 15, lambda: house.counts(name) == (taken, 0, 0))
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
