"""The faults of tests/chaos, one at a time and at random: each does its worst and puts things right again.

What is common to all set-ups of Redis, and for each what only it can suffer. `count` says how often each came.
"""
import signal
import subprocess
import time

import redis_setups
from disks import SlowDisk, SmallDisk
from harness import edit, wait_for
from relay import Relay

FORGET = "for _, p in ipairs(ARGV) do for _, k in ipairs(redis.call('KEYS', p)) do redis.call('DEL', k) end end"
OF_THE_LEDGER = ["sekisho:{jp:*", "sekisho:{ledger}*", "sekisho:number:*"]


class Faults:
    """Of gateways, disks, the carrier and the way to it. Stands between the parts of a house that is not yet started."""

    def __init__(self, house, dice):
        self.house, self.dice, self.count, self.died = house, dice, {}, []
        self.carrier_way = Relay(house.directory, "carrier-relay", house.carrier.port)
        edit(house.directory / "carrier.yaml", [(f"127.0.0.1:{house.carrier.port}", f"127.0.0.1:{self.carrier_way.port}")])
        self.relays = [self.carrier_way]
        self.small_disks = [SmallDisk(gateway) for gateway in house.gateways[:1]]
        self.slow_disks = [SlowDisk(gateway) for gateway in house.gateways[1:]]
        self.all = [self.kill_gateway, self.kill_gateway, self.stop_gateway, self.odd_carrier, self.carrier_cut,
                    self.carrier_half_closed, self.carrier_answer_cut, self.carrier_slow, self.full_disk, self.slow_disk,
                    self.broken_disk]

    def start(self):
        for relay in self.relays:
            relay.start()

    def stop(self):
        for relay in self.relays:
            relay.kill()
        for disk in self.small_disks:
            disk.close()

    def one(self, wave):
        """`wave`: the names of those who order at this moment."""
        self.wave = wave
        for gateway in self.house.gateways:
            if not gateway.running():  # of itself
                self.died.append(f"{gateway.name} ended with {gateway.popen.returncode}: {gateway.last_words()[-500:]}")
                gateway.start()
        what = self.dice.choice(self.all)
        self.count[what.__name__] = self.count.get(what.__name__, 0) + 1
        what()

    def some_time(self, shortest, longest):
        time.sleep(self.dice.uniform(shortest, longest))

    def kill_gateway(self):
        gateway = self.dice.choice(self.house.gateways)
        gateway.kill()
        self.some_time(0, 0.5)
        gateway.start()

    def stop_gateway(self):
        gateway = self.dice.choice(self.house.gateways)
        gateway.signal(signal.SIGSTOP)
        self.some_time(0.2, 2)
        gateway.signal(signal.SIGCONT)

    def odd_carrier(self):
        mode = self.dice.choice(["silence", "reset", "garbage", "partial", "refuse", "error500"])
        self.house.carrier.control(mode, times=self.dice.randint(1, 4))

    def carrier_cut(self):
        self.carrier_way.say("cut")

    def carrier_half_closed(self):
        self.carrier_way.say("half")

    def carrier_answer_cut(self):
        self.carrier_way.say(f"swallow {self.dice.randint(1, 3)}")

    def carrier_slow(self):
        self.carrier_way.say(f"delay {self.dice.choice([20, 100, 600])}")
        self.some_time(0.1, 0.7)
        self.carrier_way.say("delay 0")

    def full_disk(self):
        disk = self.dice.choice(self.small_disks)
        disk.fill()
        if self.dice.random() < 0.2:
            disk.gateway.kill()  # it may not come up before there is room: then with the next attempt
            disk.gateway.start()
        self.some_time(0.3, 2)
        disk.make_room()
        self.see_it_runs(disk.gateway)

    @staticmethod
    def see_it_runs(gateway):
        time.sleep(0.3)
        if not gateway.running():
            gateway.start()

    def slow_disk(self):
        disk = self.dice.choice(self.slow_disks)
        disk.takes(self.dice.choice([20, 100, 500]))
        self.some_time(0.3, 2)
        disk.is_well()

    def broken_disk(self):
        disk = self.dice.choice(self.slow_disks)
        disk.fails()
        self.some_time(0.1, 1)
        disk.is_well()


class OfOneServer(Faults):
    def __init__(self, house, dice):
        super().__init__(house, dice)
        self.redis_way = Relay(house.directory, "redis-relay", house.redis.port)
        for gateway in house.gateways:
            edit(gateway.config, [(house.redis.url, f"redis://127.0.0.1:{self.redis_way.port}")])
        self.relays.append(self.redis_way)
        self.all += [self.stop_redis, self.old_dump, self.old_dump, self.forget, self.redis_cut, self.redis_half_closed,
                     self.redis_answers_cut, self.redis_slow, self.redis_refuses]

    def ask(self, *words):
        subprocess.run(["redis-cli", "-p", str(self.house.redis.port), *map(str, words)], capture_output=True, timeout=20)

    def stop_redis(self):
        self.house.redis.signal(signal.SIGSTOP)
        self.some_time(0.05, 1)
        self.house.redis.signal(signal.SIGCONT)

    def old_dump(self):
        self.ask("SAVE")
        self.some_time(0.1, 2)
        self.house.redis.kill()
        self.house.redis.start()

    def forget(self):
        self.ask("EVAL", FORGET, 0, *OF_THE_LEDGER)

    def redis_cut(self):
        self.redis_way.say("cut")

    def redis_half_closed(self):
        self.redis_way.say("half")

    def redis_answers_cut(self):
        self.redis_way.say(f"swallow {self.dice.randint(1, 6)}")

    def redis_slow(self):
        self.redis_way.say(f"delay {self.dice.choice([5, 30, 200])}")  # the deadline is 50 ms
        self.some_time(0.1, 1)
        self.redis_way.say("delay 0")

    def redis_refuses(self):
        self.redis_way.say(f"refuse {self.dice.randint(50, 1000)}")
        self.redis_way.say("cut")


class OfServers(Faults):
    """What a Sentinel group and a cluster have in common."""

    def servers(self):
        raise NotImplementedError

    def hang_up(self):
        self.dice.choice(self.servers()).ask("CLIENT", "KILL", "TYPE", "normal")

    def stop_server(self):  # not for long enough to be replaced
        server = self.dice.choice(self.servers())
        server.signal(signal.SIGSTOP)
        self.some_time(0.05, 0.35)
        server.signal(signal.SIGCONT)


class OfSentinels(OfServers):
    def __init__(self, house, dice):
        super().__init__(house, dice)
        self.all += [self.fail_over, self.fail_over, self.fail_over, self.hang_up, self.stop_server]

    def servers(self):
        return list(self.house.redis.roles())

    def fail_over(self):
        self.house.redis.fail_over(self.dice.uniform(0, 1.5))


class OfACluster(OfServers):
    def __init__(self, house, dice):
        super().__init__(house, dice)
        self.all += [self.fail_over, self.fail_over, self.restart_empty, self.move_slots, self.move_slots,
                     self.move_and_fail_over, self.hang_up, self.stop_server]

    def servers(self):
        return self.house.redis.nodes

    def fail_over(self):
        master, replicas = self.dice.choice(self.house.redis.masters())
        self.house.redis.fail_over(master, replicas, self.dice.uniform(0, 1.5))

    def restart_empty(self):
        master, _ = self.dice.choice(self.house.redis.masters())
        self.house.redis.restart_empty(master)

    def move(self, name):
        redis = self.house.redis
        account = f"sekisho:{{{self.house.operators[name]}}}:usage"
        source = redis.owner(account)
        target = self.dice.choice([master for master, _ in redis.masters() if master is not source])
        redis.migrate(account, target)
        wait_for("everybody knows who has the slot", 20, lambda: redis.owner(account) is target)
        return target

    def move_slots(self):
        for name in self.wave:
            self.move(name)

    def move_and_fail_over(self):
        """Who has just been given a slot fails, and its replica may never have heard of it."""
        redis = self.house.redis
        account = f"sekisho:{{{self.house.operators[self.wave[0]]}}}:usage"
        source = redis.owner(account)
        target, replicas = self.dice.choice([one for one in redis.masters() if one[0] is not source])
        for replica in replicas:
            replica.ask("CONFIG", "SET", "masterauth", "not-today")
        target.ask("CLIENT", "KILL", "TYPE", "replica")
        redis.migrate(account, target)
        redis.fail_over(target, replicas, self.dice.uniform(0, 0.5))


SETUPS = {"single": (None, OfOneServer), "sentinel": (redis_setups.Sentinels, OfSentinels),
          "cluster": (redis_setups.Cluster, OfACluster)}
