"""Redis as a master with a replica under three sentinels, and as a cluster of three masters with a replica each.

Real servers on loopback, in directories of their own, ended by pid with the test. A house takes one in the place of
its single Redis: House(redis=redis_setups.Sentinels).
"""
import shutil
import subprocess
import time

from certificates import Authority
from harness import Process, free_port, wait_for


class Server(Process):
    def __init__(self, directory, name, *options, config="", tls=None):
        self.port, self.bus_port, self.tls = free_port(), free_port(), tls
        self.data = directory / name
        self.data.mkdir(exist_ok=True)
        command = ["redis-server"]
        if config:
            (self.data / "redis.conf").write_text(config)
            command.append(self.data / "redis.conf")
        listens = ["--port", "0", "--tls-port", self.port, *tls.options] if tls else ["--port", self.port]
        super().__init__(name, [*command, *listens, "--bind", "127.0.0.1", "--dir", self.data, *options], directory)

    def start(self):
        super().start()
        self.wait_ready(10, lambda: self.ask("PING") == "PONG")

    def ask(self, *words):
        how = ["--tls", "--cacert", str(self.tls.authority.path)] if self.tls else []
        done = subprocess.run(["redis-cli", *how, "-p", str(self.port), *map(str, words)], capture_output=True, timeout=20)
        return done.stdout.decode().strip()

    def says(self, part, *words):
        return part in self.ask(*words)

    def follows(self):
        return self.says("master_link_status:up", "INFO", "replication")

    def leads(self):
        return self.says("role:master", "INFO", "replication")


class Tls:
    """One certificate for all servers of a set-up, as docs/tls.md advises; nothing is said in the clear, nor among them."""
    NAME = "redis.internal"

    def __init__(self, directory):
        self.authority = Authority(directory / "redis-ca")
        shown = self.authority.issue(self.NAME, [self.NAME], both=True)
        self.options = ["--tls-cert-file", shown.path, "--tls-key-file", shown.key_path, "--tls-ca-cert-file",
                        self.authority.path, "--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-cluster", "yes"]
        self.settings = f"{{ ca: {self.authority.path}, server_name: {self.NAME} }}"


def dies_ahead_of(master, replicas, lag):
    """The master is killed after it confirmed `lag` seconds of writes that no replica has."""
    for replica in replicas:  # it is cut off, and cannot log in again
        replica.ask("CONFIG", "SET", "masterauth", "not-today")
    master.ask("CLIENT", "KILL", "TYPE", "replica")
    time.sleep(lag)
    master.kill()
    for replica in replicas:
        replica.ask("CONFIG", "SET", "masterauth", "")


LASTING = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", 0]


class Sentinels:
    def __init__(self, directory, tls=None):
        self.tls = tls
        self.master = Server(directory, "redis-1", *LASTING, tls=tls)
        self.replica = Server(directory, "redis-2", *LASTING, "--replicaof", "127.0.0.1", self.master.port, tls=tls)
        config = (f"sentinel monitor gate 127.0.0.1 {self.master.port} 2\n"
                  "sentinel down-after-milliseconds gate 2000\nsentinel failover-timeout gate 3000\n")
        self.sentinels = [Server(directory, f"sentinel-{n}", "--sentinel", config=config, tls=tls) for n in (1, 2, 3)]
        peers = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        self.url = f"{'rediss' if tls else 'redis'}+sentinel://{peers}/gate"

    def start(self):
        self.master.start()
        self.replica.start()
        wait_for("the replica follows", 10, lambda: self.replica.says("master_link_status:up", "INFO", "replication"))
        for one in self.sentinels:
            one.start()
            one.ask("SENTINEL", "DEBUG", "PUBLISH-PERIOD", 200, "INFO-PERIOD", 300)
        for one in self.sentinels:
            wait_for("the sentinels know each other", 15,
                     lambda one=one: one.says("num-other-sentinels\n2\n", "SENTINEL", "MASTER", "gate")
                     and one.says("num-slaves\n1\n", "SENTINEL", "MASTER", "gate"))

    def kill(self):
        for one in [*self.sentinels, self.replica, self.master]:
            one.kill()

    def roles(self):
        """(who is the master now, the other)"""
        pair = [self.master, self.replica]
        return pair if self.master.leads() else pair[::-1]

    def fail_over(self, lag):
        """To the replica, which lacks the last `lag` seconds; the old master comes back and follows."""
        old, new = self.roles()
        dies_ahead_of(old, [new], lag)
        wait_for("the replica is promoted", 120, new.leads)
        old.start()
        # On a machine that is slow the sentinels may have gone back to the old one meanwhile.
        wait_for("one leads and the other follows", 120, lambda: self.roles()[0].leads() and self.roles()[1].follows())


class Cluster:
    def __init__(self, directory, tls=None):
        self.tls = tls
        self.nodes = [Server(directory, f"redis-{n}", *LASTING, "--cluster-enabled", "yes", "--cluster-node-timeout", 3000,
                             tls=tls) for n in range(1, 7)]
        for node in self.nodes:
            node.command += ["--cluster-port", str(node.bus_port)]
        self.url = f"{'rediss' if tls else 'redis'}+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:2])

    def start(self):
        for node in self.nodes:
            node.start()
        masters, replicas = self.nodes[:3], self.nodes[3:]
        for n, (node, first, last) in enumerate(zip(masters, (0, 5461, 10923), (5460, 10922, 16383)), 1):
            node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", n)
        for n, node in enumerate(self.nodes):
            for other in self.nodes[:n]:  # quicker than hearing of each other
                node.ask("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus_port)
        for node in self.nodes:
            wait_for("the nodes know each other", 20, lambda node=node: all(
                node.says(word, "CLUSTER", "INFO") for word in ("cluster_state:ok", "cluster_known_nodes:6")))
        for master, replica in zip(masters, replicas):
            wait_for("it is a replica", 10,
                     lambda m=master, r=replica: r.ask("CLUSTER", "REPLICATE", m.ask("CLUSTER", "MYID")) == "OK")
        for replica in replicas:
            wait_for("it follows", 10,
                     lambda replica=replica: replica.says("master_link_status:up", "INFO", "replication"))
        for node in self.nodes:
            wait_for("everybody knows", 15,
                     lambda node=node: node.ask("CLUSTER", "NODES").count("slave") == 3)

    def kill(self):
        for node in self.nodes:
            node.kill()

    def _nodes(self):
        """CLUSTER NODES as a running node tells it: (server, words) of each."""
        teller = next(node for node in reversed(self.nodes) if node.running())
        for line in teller.ask("CLUSTER", "NODES").splitlines():
            words = line.split()
            port = int(words[1].split("@")[0].split(":")[1])
            yield next(node for node in self.nodes if node.port == port), words

    def masters(self):
        """[(master, its replicas)] of those that have slots."""
        seen = list(self._nodes())
        return [(node, [other for other, its in seen if its[3] == words[0]])
                for node, words in seen if "master" in words[2] and len(words) > 8]

    def whole(self):
        """Everybody is there, follows whom it should, and knows it."""
        return (all(node.running() and node.says("cluster_state:ok", "CLUSTER", "INFO") for node in self.nodes)
                and len(self.masters()) == 3
                and all(replicas and all(map(Server.follows, replicas)) for _, replicas in self.masters()))

    def fail_over(self, master, replicas, lag):
        """To a replica, which lacks the last `lag` seconds; the old master then follows it."""
        dies_ahead_of(master, replicas, lag)
        wait_for("a replica is promoted", 120, lambda: any(map(Server.leads, replicas)))
        master.start()
        wait_for("the cluster is whole", 120, self.whole)

    def restart_empty(self, master):
        """The master comes back at once, as the same node, and remembers nothing."""
        master.kill()
        shutil.rmtree(master.data / "appendonlydir", ignore_errors=True)
        (master.data / "dump.rdb").unlink(missing_ok=True)
        master.start()
        wait_for("the cluster is whole", 120, self.whole)

    def owner(self, key):
        """The master that has this key now, as the others see it."""
        slot = int(self.nodes[-1].ask("CLUSTER", "KEYSLOT", key))
        for node, words in self._nodes():
            for span in words[8:]:
                first, _, last = span.partition("-")
                if "[" not in span and int(first) <= slot <= int(last or first):
                    return node
        return None

    def migrate(self, key, to):
        """The whole slot of this key, key by key, while everybody goes on."""
        slot, source = self.nodes[-1].ask("CLUSTER", "KEYSLOT", key), self.owner(key)
        to_id, source_id = to.ask("CLUSTER", "MYID"), source.ask("CLUSTER", "MYID")
        assert to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id) == "OK"
        assert source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to_id) == "OK"
        moved = 0
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 1).split():
            def carried(keys=keys):
                said = source.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
                assert said in ("OK", "NOKEY") or "CLUSTERDOWN" in said or "IOERR" in said, said
                return said in ("OK", "NOKEY")
            wait_for("it is carried over", 60, carried)
            moved += 1
        for node in (to, source):
            assert node.ask("CLUSTER", "SETSLOT", slot, "NODE", to_id) == "OK"
        return moved
