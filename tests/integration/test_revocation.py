"""A revoked operator is refused on every gateway, at once and for good."""
import threading
import time

from harness import ROOMY, SLOWNESS, Client, order, wait_for

CONNECTIONS = 64


class Load:
    """Connections that order one number after the other; remembers when what was answered."""

    def __init__(self, gateways, key, connections):
        self.stopping = threading.Event()
        self.seen = []  # (gateway, sent at, answered at, status, code); list.append is atomic
        self.threads = [threading.Thread(target=self._order, args=(n % len(gateways), gateways[n % len(gateways)], key))
                        for n in range(connections)]
        for thread in self.threads:
            thread.start()

    def _order(self, index, gateway, key):
        with Client(gateway.port, key) as client:
            while not self.stopping.is_set():
                sent = time.monotonic()
                answer = order(client, 1)
                self.seen.append((index, sent, time.monotonic(), answer.status, answer.code))
                if answer.status != 201:
                    time.sleep(0.005)  # a refusal is quick; leave the processor to the others

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)


def test_a_revocation_reaches_every_gateway_under_load_within_two_seconds(open_house):
    house = open_house(gateways=2, changes=ROOMY)
    load = Load(house.gateways, house.keys["aozora"], CONNECTIONS)
    answered = lambda wanted: {index for index, _, _, status, _ in load.seen if status == wanted} == {0, 1}
    try:
        wait_for("both gateways take orders", 10, lambda: answered(201))
        time.sleep(1)
        done = house.revoke("aozora")
        returned = time.monotonic()
        assert done.code == 0, done
        wait_for("both gateways refuse", 10, lambda: answered(403))
        time.sleep(2.5 * SLOWNESS)
        reinstating = time.monotonic()
        assert house.reinstate("aozora").code == 0
        reinstated = time.monotonic()
        wait_for("orders are allowed again on both gateways", 5, lambda: {0, 1} == {
            index for index, sent, _, status, _ in load.seen if status == 201 and sent > reinstated})
    finally:
        load.stop()

    # The ledger knows at once; a gateway that is late to hear the rest says so, and gives nothing.
    usual = {(201, None), (403, "etoc-revoked")}
    odd = [(round(sent - returned, 3), round(got - sent, 3), index, status, code) for index, sent, got, status, code in load.seen
           if (status, code) not in usual | {(503, "registry-stale")}]
    assert not odd, f"seconds after the revocation, seconds it took, gateway, answer: {odd[:20]}"
    assert {(status, code) for *_, status, code in load.seen} >= usual
    for index in range(2):
        allowed = [sent for which, sent, _, status, _ in load.seen
                   if which == index and status == 201 and sent < reinstating]
        delay = max(0.0, max(allowed) - returned)
        print(f"gateway {index + 1}: last allowed order was sent {1000 * delay:.1f} ms after the command returned "
              f"({len(allowed)} allowed before)")
        assert delay < 2.0 * SLOWNESS
        assert [1 for which, sent, _, status, _ in load.seen if which == index and status == 403]
    given = sum(len(entry["numbers"]) for entry in house.carrier.log())
    assert house.counts("aozora") == (given, 0, 0)


def test_importing_the_old_list_again_does_not_bring_a_revoked_operator_back(house):
    assert house.revoke("aozora").code == 0
    done = house.import_register("etoc", "etoc.csv", "etoc.mapping.yaml")
    assert done.code == 0 and done.json["same_file"] and done.json["still_revoked"] == [house.operators["aozora"]], done
    assert house.standing("aozora")["etoc"]["state"] == "revoked"
    with house.gateway.client("aozora") as client:
        time.sleep(0.3)
        assert order(client, 1).code == "etoc-revoked"
        assert house.reinstate("aozora").code == 0
        wait_for("the reinstated operator is served", 5, lambda: order(client, 1).status == 201)


def test_a_revocation_outlives_a_restart_of_the_gateway(house):
    assert house.revoke("aozora").code == 0
    house.gateway.kill()
    house.gateway.start_ready()
    with house.gateway.client("aozora") as client:
        assert order(client, 1).code == "etoc-revoked"


def test_an_order_that_waited_is_looked_up_again_before_it_leaves(open_house):
    """Whatever is answered after the revocation, the carrier must not have given numbers after it."""
    house = open_house(changes=ROOMY)
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
        assert house.revoke("aozora").code == 0
        wait_for("the gateway knows", 2, lambda: order(client, 1).code == "etoc-revoked")
        before = house.carrier.seen()["orders"]
        for _ in range(20):
            assert order(client, 1).code == "etoc-revoked"
    assert house.carrier.seen()["orders"] == before


def test_revoking_needs_a_reason_and_a_name_and_a_known_operator(house):
    aozora = house.operators["aozora"]
    assert house.sekisho("registry", "revoke", aozora).code == 2
    assert house.sekisho("registry", "revoke", aozora, "--reason", "r").code == 2
    assert house.sekisho("registry", "revoke", "jp:123", "--reason", "r", "--by", "b").code == 2
    assert house.standing("aozora")["etoc"]["state"] == "certified"
