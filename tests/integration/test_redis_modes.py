"""Redis under sentinels and as a cluster: masters are killed and slots are moved, orders go on and every one counts."""
import threading
import time

import pytest

import redis_setups
from harness import ROOMY, order, wait_for


class Load(threading.Thread):
    """Orders one number after the other; each is taken or cannot be decided, and nothing else."""

    def __init__(self, house, name):
        super().__init__()
        self.house, self.name_, self.taken, self.undecided, self.odd = house, name, 0, 0, []
        self.ends = threading.Event()

    def run(self):
        with self.house.gateway.client(self.name_) as client:
            while not self.ends.is_set():
                answer = order(client, 1)
                if answer.status == 201:
                    self.taken += 1
                elif (answer.status, answer.code) == (503, "ledger-unavailable"):
                    self.undecided += 1
                    time.sleep(0.02)
                else:
                    self.odd.append(answer)

    def end(self):
        self.ends.set()
        self.join()
        assert not self.odd, self.odd[:3]


def take(house, name, orders):
    with house.gateway.client(name) as client:
        for _ in range(orders):
            answer = order(client, 1)
            assert answer.status == 201, answer
    return orders


def taken_again(house, name):
    """Orders until one is taken; those before it could not be decided. Returns how long it took."""
    began = time.monotonic()
    with house.gateway.client(name) as client:
        def one():
            answer = order(client, 1)
            assert answer.status == 201 or (answer.status, answer.code) == (503, "ledger-unavailable"), answer
            return answer.status == 201
        wait_for("an order is taken again", 20, one)
    return time.monotonic() - began


def taken_until_refused(house, name):
    """Orders until the revocation is known where they come in. Returns how many were taken before."""
    taken = 0
    with house.gateway.client(name) as client:
        def refused():
            nonlocal taken
            answer = order(client, 1)
            taken += answer.status == 201
            return answer.status == 403
        wait_for("the revocation is known", 10, refused)
    return taken


@pytest.fixture
def sentinels(open_house):
    return open_house(redis=redis_setups.Sentinels)


def test_a_failover_is_followed_and_every_order_counts(sentinels):
    house = sentinels
    taken = take(house, "aozora", 5)
    assert house.redis.master.ask("WAIT", 1, 15000) == "1"
    house.redis.master.kill()
    print("failover:", taken_again(house, "aozora"))
    taken += 1 + take(house, "aozora", 5)
    wait_for("all are counted", 10, lambda: house.counts("aozora") == (taken, 0, 0))
    wait_for("ready", 10, house.gateway.ready)
    assert house.revoke("aozora").code == 0
    taken += taken_until_refused(house, "aozora")  # the registry's link has followed too

    # The old master comes back as a replica, and its turn comes again.
    house.redis.master.start()
    wait_for("it follows", 60, lambda: house.redis.master.says("master_link_status:up", "INFO", "replication"))
    house.redis.replica.kill()
    wait_for("the first is the master again", 20, lambda: house.redis.master.says("role:master", "INFO", "replication"))
    wait_for("counted there", 10, lambda: house.counts("aozora") == (taken, 0, 0))


def test_commands_and_the_doctor_go_through_the_sentinels(sentinels):
    house = sentinels
    take(house, "aozora", 2)
    done = house.sekisho("doctor")
    assert done.code == 0, done
    assert any(line["what"] == "redis replicas" for line in done.json["lines"]), done
    assert len(house.numbers("aozora")) == 2


@pytest.fixture
def cluster(open_house):
    return open_house(redis=redis_setups.Cluster, changes=ROOMY, extra_operators=4)


def test_on_a_cluster_a_slot_is_moved_and_a_master_killed(cluster):
    house, redis = cluster, cluster.redis
    names = ["aozora", "extra0", "extra1", "extra2", "extra3"]
    taken = {name: take(house, name, 3) for name in names}
    account = f"sekisho:{{{house.operators['aozora']}}}:usage"
    assert len({redis.owner(f"sekisho:{{{house.operators[name]}}}:usage").port for name in names}) > 1

    # Its slot goes round all masters while it orders.
    loads = [Load(house, name) for name in names[:2]]
    for load in loads:
        load.start()
    for _ in range(3):
        time.sleep(0.3)
        source = redis.owner(account)
        target = redis.nodes[(redis.nodes.index(source) + 1) % 3]
        assert redis.migrate(account, target) > 0
        wait_for("everybody knows", 10, lambda target=target: redis.owner(account) is target)
    wait_for("both go on ordering", 20, lambda: all(load.taken > 20 for load in loads))
    for load in loads:
        load.end()
        taken[load.name_] += load.taken
    print("moved: taken", [load.taken for load in loads], "undecided", [load.undecided for load in loads])
    for name in names:
        wait_for(f"all of {name} are counted", 15, lambda name=name: house.counts(name) == (taken[name], 0, 0))

    # Its master is killed; the replica has all of it.
    master = redis.owner(account)
    assert master.ask("WAIT", 1, 15000) == "1"
    master.kill()
    print("failover:", taken_again(house, "aozora"))
    taken["aozora"] += 1 + take(house, "aozora", 5)
    for name in names:
        wait_for(f"all of {name} are counted", 15, lambda name=name: house.counts(name) == (taken[name], 0, 0))
    wait_for("ready", 10, house.gateway.ready)

    assert house.revoke("extra0").code == 0
    taken_until_refused(house, "extra0")
    assert house.sekisho("doctor").code == 0
    assert house.holds() is not None
    number = house.numbers("aozora")[0]["number"]
    assert house.sekisho("ledger", "trace", number).code == 0
