"""A gateway ends and another takes its place, while callers come each millisecond: nobody is refused, nothing is lost."""
import os
import shutil
import signal
import threading

from client import Broken
from harness import BIN, ROOMY, edit, order, wait_for
from traffic import Opener



def exact(house, taken=None):
    given = {number for entry in house.carrier.log() for number in entry["numbers"]}
    assert {one["number"] for one in house.numbers("aozora")} == given
    assert house.counts("aozora") == (len(given), 0, 0)
    assert taken is None or taken == len(given), "each order that the carrier took was answered"


def whole(house, gateway):
    done = house.sekisho("audit", "verify", gateway.journal, config=gateway.config)
    assert done.json["integrity"] and done.json["completeness"], done


class Caller(threading.Thread):
    """Orders on one connection for as long as there is one; says how it ended."""

    def __init__(self, gateway):
        super().__init__()
        self.client, self.taken, self.trouble, self.announced = gateway.client("aozora"), 0, None, False
        self.start()

    def run(self):
        while True:
            before = self.client.socket
            try:
                self.client.connect()
            except ConnectionRefusedError:
                return
            except OSError as trouble:
                self.trouble = f"connecting: {trouble!r}"
                return
            fresh = self.client.socket is not before
            try:
                answer = order(self.client, 1)
            except ConnectionRefusedError:
                return  # the connection had ended between two orders, as it was told
            except (OSError, Broken) as trouble:
                if fresh and self.client.dawdled():
                    continue
                self.trouble = repr(trouble)
                return
            self.announced |= answer.header("Connection") == "close"
            if answer.status != 201:
                self.trouble = answer
                return
            self.taken += 1


def test_a_drain_under_load_loses_no_request(open_house):
    house = open_house(changes=ROOMY, drain="accept: 5s, wait: 20s")  # each of them orders once more in that time
    callers = [Caller(house.gateway) for _ in range(8)]
    wait_for("all of them order", 10, lambda: all(caller.taken > 10 for caller in callers))
    assert house.gateway.terminate() == 0
    for caller in callers:
        caller.join(30)
    assert [caller.trouble for caller in callers if caller.trouble] == []
    assert all(caller.announced for caller in callers), "each was told before its connection was closed"
    exact(house, sum(caller.taken for caller in callers))
    whole(house, house.gateway)


def test_who_has_knocked_is_let_in_before_the_door_closes(open_house):
    house = open_house(changes=ROOMY, drain="accept: 0ms, wait: 20s")
    house.gateway.signal(signal.SIGSTOP)
    callers = [house.gateway.client("aozora") for _ in range(150)]
    for number, client in enumerate(callers):
        client.connect()  # by the kernel, into the queue
        if number % 2:
            body = b'{"quantity":1,"numberType":"FIXED"}'
            client.socket.sendall(b"POST /v1/number-orders HTTP/1.1\r\nHost: gate\r\nX-Api-Key: key-aozora\r\n"
                                  b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    house.gateway.signal(signal.SIGTERM)
    house.gateway.signal(signal.SIGCONT)
    answers = []
    for number, client in enumerate(callers):
        if number % 2:
            answers.append(client.read())
        client.close()
    assert [answer for answer in answers if answer.status != 201] == []
    assert house.gateway.wait(20) == 0
    exact(house, len(answers))


def test_three_upgrades_under_load_refuse_nobody(build_house, tmp_path):
    house = build_house(gateways=2, changes=ROOMY)
    old, new = house.gateways
    edit(new.config, [(f"address: 127.0.0.1:{new.port}", f"address: 127.0.0.1:{old.port}")])
    new.port = old.port
    program = tmp_path / "sekisho"
    shutil.copy(BIN / "sekisho", program)
    for gateway in house.gateways:
        gateway.command[0] = str(program)
    house.redis.start()
    house.carrier.start()
    house.import_all()
    old.start_ready()
    callers, late = Opener(old.port, house.keys["aozora"]), []
    for _ in range(3):
        wait_for("callers are served", 10, lambda before=callers.opened: callers.opened > before + 200)
        house.carrier.control("slow", delay_ms=4000, times=1)
        replaced = tmp_path / "sekisho.new"
        shutil.copy(BIN / "sekisho", replaced)
        os.replace(replaced, program)  # as a package does it, under the one that runs
        new.start_ready()
        wait_for("an order is open", 10, lambda: house.carrier.seen()["waiting"] >= 1)
        late.append(house.counts("aozora")[1])
        assert old.terminate() == 0
        old, new = new, old
    callers.stop()
    assert callers.failures == [], (len(callers.failures), callers.failures[:3])
    print(f"{callers.opened} connections, {callers.taken} orders, over three upgrades; none refused, reset or lost")
    assert callers.opened > 600 and any(late), "orders were open when the old one was told to end"
    exact(house, callers.taken)
    assert old.terminate() == 0
    for gateway in house.gateways:
        whole(house, gateway)
