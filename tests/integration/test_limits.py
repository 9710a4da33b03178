"""Every limit of a connection has its answer, and whoever is slow or greedy holds up nobody else."""
import contextlib
import itertools
import os
import resource
import socket
import subprocess
import threading
import time

import pytest

from certificates import Authority
from harness import edit, order, wait_for
from scripted_carrier import ScriptedCarrier

HURRY = "limits: { header_timeout: 2s, body_timeout: 2s, idle_timeout: 5s, queue: 5s, connections: 30, headers: 20, " \
        "header_bytes: 4KiB, body_bytes: 10KiB }"


@pytest.fixture
def house(build_house):
    house = build_house()
    lines = house.gateway.config.read_text().splitlines()
    at = lines.index("limits:")
    end = next((n for n in range(at + 1, len(lines)) if lines[n] and not lines[n].startswith((" ", "#"))), len(lines))
    house.gateway.config.write_text("\n".join([*lines[:at], HURRY, *lines[end:], ""]))
    return house


def connect(house):
    return socket.create_connection(("127.0.0.1", house.gateway.port), 30)


def heard_from(wire):
    """Everything until the gate closes."""
    heard = b""
    while piece := wire.recv(65536):
        heard += piece
    return heard


def works(house):
    with house.gateway.client("aozora") as client:
        return order(client, 1).status == 201


def drip(wire, text, seconds):
    """A byte now and then, as long as anybody listens."""
    until = time.monotonic() + seconds
    for n in range(10_000):
        if time.monotonic() > until:
            return
        try:
            wire.sendall(text[n % len(text):n % len(text) + 1])
        except OSError:
            return
        time.sleep(0.05)


HEAD = b"POST /v1/number-orders HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\nContent-Type: application/json\r\n"


def test_who_is_slow_is_dropped_in_time_and_holds_up_nobody(house):
    house.start()
    with connect(house) as slow_head, connect(house) as slow_body, connect(house) as idle:
        slow_head.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Drip: ")
        slow_body.sendall(HEAD + b"Content-Length: 5000\r\n\r\n{")
        assert works(house)
        for wire in (slow_head, slow_body):
            drip(wire, b" ", 3)
            heard = heard_from(wire)
            assert heard.startswith(b"HTTP/1.1 408 ") and b'"request-timeout"' in heard, heard
        assert heard_from(idle) == b"", "between requests there is nothing to answer"
    assert house.counts("aozora") == (1, 0, 0)
    assert house.gateway.metrics().value("requests_total", code="request-timeout") == 2


@pytest.mark.parametrize("status, code, sent", [
    (413, "body-too-large", HEAD + b"Content-Length: 20000\r\n\r\n"),
    (413, "body-too-large", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5000\r\n"),
    (414, "uri-too-long", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    (431, "headers-too-large", b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 5000 + b"\r\n\r\n"),
    (431, "headers-too-large", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 30 + b"\r\n"),
])
def test_what_is_too_large_has_its_status(house, status, code, sent):
    house.start()
    with connect(house) as wire:
        wire.sendall(sent)
        heard = heard_from(wire)
    assert heard.startswith(b"HTTP/1.1 %d " % status) and b"Connection: close" in heard, heard
    assert house.gateway.metrics().value("requests_total", code=code) == 1
    assert works(house)


def test_more_connections_than_allowed_are_shed_and_the_others_live(house):
    house.start()
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
        crowd = [connect(house) for _ in range(60)]
        wait_for("some are turned away", 5, lambda: house.gateway.metrics().value("shed_total", reason="connections"))
        assert order(client, 1).status == 201, "whoever was there first goes on"
        for wire in crowd:
            wire.close()
    wait_for("there is room again", 10, lambda: works(house))


def test_without_descriptors_it_goes_on_with_those_it_has(house):
    house.start()
    pid = house.gateway.popen.pid
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
        used = len(os.listdir(f"/proc/{pid}/fd"))
        _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 3, most))
        crowd = [connect(house) for _ in range(15)]
        wait_for("all descriptors are taken", 10, lambda: len(os.listdir(f"/proc/{pid}/fd")) >= used + 3)
        time.sleep(0.3)
        answer = order(client, 1)
        assert answer.status == 201, answer
        for wire in crowd:
            wire.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    wait_for("it takes new ones again", 10, lambda: works(house))
    assert house.gateway.metrics().value("shed_total", reason="accept") > 0


def test_a_handshake_that_never_ends_is_ended(house):
    shown = Authority(house.directory / "ca").issue("gate", ["127.0.0.1"])
    edit(house.gateway.config, [(f"address: 127.0.0.1:{house.gateway.port}",
                                 f"address: 127.0.0.1:{house.gateway.port}\n    tls: {{ certificate: {shown.path}, "
                                 f"key: {shown.key_path} }}")])
    house.start()
    with connect(house) as wire:
        wire.sendall(b"\x16\x03\x01")  # the beginning of a hello
        heard_from(wire)  # it comes to an end
    wait_for("it is counted", 5, lambda: house.gateway.metrics().value("tls_handshakes_total", side="listener",
                                                                       outcome="failed") == 1)


@pytest.fixture
def held_up():
    """A carrier that keeps every order until the test lets it go."""
    let_go, given = threading.Event(), itertools.count(31110000)

    def answer(call):
        let_go.wait(60)
        return 201, {"orderId": f"o-{next(given)}", "numbers": [f"03{next(given)}"]}
    carrier = ScriptedCarrier(answer)
    carrier.let_go = let_go.set
    yield carrier
    carrier.let_go()
    carrier.stop()


def test_a_carrier_that_lets_orders_wait_sheds_new_ones_before_they_are_held(build_house, held_up):
    house = build_house(hurried=True)
    edit(house.directory / "carrier.yaml", [("connections: 64", "connections: 1"),
                                            (f"127.0.0.1:{house.carrier.port}", f"127.0.0.1:{held_up.port}")])
    house.start()
    waiting = []
    for number in (1, 2):  # one is with the carrier, one waits for its turn
        client = house.gateway.client("aozora")
        client.send(HEAD + b"Content-Length: 38\r\n\r\n" + b'{"quantity": 1, "numberType": "FIXED"}')
        waiting.append(client)
        wait_for("it is held", 10, lambda: house.counts("aozora") == (0, number, 0))

    def turned_away():
        with house.gateway.client("aozora", timeout=3) as client, contextlib.suppress(TimeoutError):
            return order(client, 1)  # or it was let in, and waits as well
    time.sleep(1.2)
    answer = wait_for("one is turned away", 10, turned_away)
    assert (answer.status, answer.code) == (503, "overloaded") and answer.header("Retry-After"), answer
    assert house.gateway.metrics().value("shed_total", reason="overloaded") >= 1
    held_up.let_go()
    for client in waiting:
        assert client.read().status == 201, "what was accepted is finished"
        client.close()
    wait_for("orders are taken again", 20, lambda: works(house))


def test_the_gate_confines_itself(house):
    house.start()
    pid = house.gateway.popen.pid
    for thread in os.listdir(f"/proc/{pid}/task"):
        status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/task/{thread}/status").read().splitlines() if ":\t" in line)
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), thread
        assert int(status["CapEff"], 16) in (0, 1 << 10), status["CapEff"]  # to listen on low ports
    assert "Max core file size        0                    0" in open(f"/proc/{pid}/limits").read()
    done = subprocess.run(["cat", f"/proc/{pid}/cmdline"], capture_output=True)
    assert b"key-" not in done.stdout
