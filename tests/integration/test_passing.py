"""Calls that pass: bodies of any size go through as they come, in flat memory, and what breaks off is never taken for
whole."""
import hashlib
import http.server
import pathlib
import socket
import threading
import time

import pytest

from certificates import Authority, caller
from client import Broken
from harness import edit, order, wait_for

ROUTES = """
  - { match: POST /v1/files, operation: pass }
  - { match: "GET /v1/files/{name}", operation: pass }
"""
MB = 1_000_000


def noise(size, seed=b"a"):
    block = b"".join(hashlib.sha256(seed + bytes([n])).digest() for n in range(250))
    return (block * (size // len(block) + 1))[:size]


class Depot:
    """Takes files and gives them: digests of what came, and bytes on demand in several framings."""

    def __init__(self):
        depot = self
        self.calls, self.callers, self.let_go = [], set(), threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                digest, size = hashlib.sha256(), 0
                try:
                    for piece in self.body():
                        digest.update(piece)
                        size += len(piece)
                        depot.calls.append(size)
                except (OSError, ValueError):
                    depot.calls.append("broke off")
                    self.close_connection = True
                    return
                self.say(f"{size} {digest.hexdigest()} {self.headers.get('Transfer-Encoding')}".encode())

            def body(self):
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline().strip() or b"x", 16):
                        piece = self.rfile.read(size)
                        if self.rfile.read(2) != b"\r\n":
                            raise ValueError
                        yield piece
                    self.rfile.readline()
                else:
                    left = int(self.headers["Content-Length"])
                    while left:
                        piece = self.rfile.read1(min(left, 65536))
                        if not piece:
                            raise ValueError
                        left -= len(piece)
                        yield piece

            def do_GET(self):
                how, _, size = self.path.rsplit("/", 1)[1].partition("-")
                body = noise(int(size))
                depot.callers.add(self.client_address)
                if how == "fixed":
                    self.say(body)
                elif how == "chunked":
                    self.head([("Transfer-Encoding", "chunked")])
                    for at in range(0, len(body), 30_000):
                        piece = body[at:at + 30_000]
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.write(b"0\r\n\r\n")
                elif how == "closing":
                    self.close_connection = True
                    self.head([("Connection", "close")])
                    self.wfile.write(body)
                elif how == "broken":  # promises more than it gives
                    self.close_connection = True
                    self.head([("Content-Length", str(len(body) * 2))])
                    self.wfile.write(body)
                elif how == "status":  # 204 or 304
                    self.send_response(int(size))
                    self.end_headers()
                elif how == "waiting":
                    self.head([("Content-Length", str(len(body)))])
                    self.wfile.write(body[:1000])
                    depot.let_go.wait(20)
                    self.wfile.write(body[1000:])

            def do_HEAD(self):
                depot.callers.add(self.client_address)
                self.head([("Content-Length", "12345")])

            def head(self, headers):
                self.send_response(200)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()

            def say(self, body):
                self.head([("Content-Length", str(len(body)))])
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def depot():
    depot = Depot()
    yield depot
    depot.let_go.set()
    depot.server.shutdown()


@pytest.fixture
def house(build_house, depot):
    house = build_house()
    edit(house.directory / "carrier.yaml", [(f"127.0.0.1:{house.carrier.port}", f"127.0.0.1:{depot.port}"),
                                            ("routes:\n", "routes:" + ROUTES)])
    return house


def memory(gateway):
    """Peak resident bytes so far."""
    status = pathlib.Path(f"/proc/{gateway.popen.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def in_chunks(body, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + size]), body[at:at + size]) for at in range(0, len(body), size)) + \
        b"0\r\n\r\n"


def expected(body, coding):
    return f"{len(body)} {hashlib.sha256(body).hexdigest()} {coding}".encode()


def test_bodies_of_any_size_pass_in_flat_memory(house):
    house.start()
    with house.gateway.client("aozora") as client:
        assert client.post("/v1/files", noise(1000)).status == 200
        assert client.get("/v1/files/fixed-1000").status == 200
        before = memory(house.gateway)
        for size in (0, 1, 65_536, 20 * MB):
            body = noise(size)
            assert client.post("/v1/files", body).body == expected(body, None)
            for how in ("fixed", "chunked"):
                assert client.get(f"/v1/files/{how}-{size}").body == body, (how, size)
        body = noise(5 * MB, b"c")
        client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.socket.sendall(in_chunks(body, 70_000))
        assert client.read().body == expected(body, "chunked")
        connections = client.socket
        assert client.get("/v1/files/fixed-10").status == 200 and client.socket is connections, "and it goes on"
    grown = memory(house.gateway) - before
    assert grown < 4 * MB, f"{grown} bytes more after 20 MB"


def test_an_answer_that_ends_with_its_connection_is_told_in_chunks(house):
    house.start()
    with house.gateway.client("aozora") as client:
        answer = client.get("/v1/files/closing-300000")
        assert answer.body == noise(300_000) and answer.header("Transfer-Encoding") == "chunked"
        assert client.get("/v1/files/fixed-10").status == 200
    with house.gateway.client() as client:  # who knows no chunks is told by the end
        client.send(b"GET /v1/files/closing-300000 HTTP/1.0\r\nHost: a\r\nX-Api-Key: key-aozora\r\n\r\n")
        heard = b""
        while piece := client.socket.recv(65536):
            heard += piece
        head, body = heard.split(b"\r\n\r\n", 1)
        assert body == noise(300_000) and b"Transfer-Encoding" not in head and b"Connection: close" in head


def test_answers_without_a_body_have_none_and_free_their_connection(house, depot):
    edit(house.directory / "carrier.yaml", [('"GET /v1/files/{name}", operation: pass }',
                                             '"GET /v1/files/{name}", operation: pass }\n'
                                             '  - { match: "HEAD /v1/files/{name}", operation: pass }')])
    house.start()
    with house.gateway.client("aozora") as client:
        for _ in range(3):
            for status in (204, 304):
                answer = client.get(f"/v1/files/status-{status}")
                assert (answer.status, answer.header("Content-Length"), answer.body) == (status, None, b"")
            answer = client.request("HEAD", "/v1/files/fixed-12345")
            assert answer.status == 200 and answer.header("Transfer-Encoding") is None
            assert client.get("/v1/files/fixed-0").header("Content-Length") == "0"
    assert len(depot.callers) == 1, "all over one connection"


def test_it_goes_through_as_it_comes(house, depot):
    house.start()
    with house.gateway.client("aozora") as client:
        client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\nContent-Length: 3000\r\n\r\n" + b"x" * 1000)
        wait_for("the carrier has what came so far", 10, lambda: 1000 in depot.calls)
        client.socket.sendall(b"x" * 2000)
        assert client.read().status == 200
        client.send(b"GET /v1/files/waiting-5000 HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\n\r\n")
        heard = b""
        while noise(5000)[:1000] not in heard:
            heard += client.socket.recv(65536)
        depot.let_go.set()
        while noise(5000) not in heard:
            heard += client.socket.recv(65536)


def test_what_breaks_off_is_never_taken_for_whole(house, depot):
    house.start()
    with house.gateway.client("aozora") as client, pytest.raises(Broken):
        client.get("/v1/files/broken-50000")
    with house.gateway.client("aozora") as client:
        client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\nContent-Length: 3000\r\n\r\n" + b"x" * 1000)
        wait_for("the carrier has what came so far", 10, lambda: 1000 in depot.calls)
    wait_for("the carrier hears that it broke off", 10, lambda: "broke off" in depot.calls)
    with house.gateway.client("aozora") as client:  # nothing of it is left for anybody
        client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"3\r\nabcd\r\n")
        assert client.read().status == 502
        client.close()
        assert client.get("/v1/files/fixed-10").body == noise(10)


def test_a_refusal_is_heard_although_the_body_still_comes(house):
    house.start()
    body = noise(3 * MB)
    with house.gateway.client("nobody") as client:
        assert client.post("/v1/files", body).status == 401
    with house.gateway.client("aozora") as client:  # of a governed order that is far too large
        answer = order(client, 1, note="x" * 2 * MB)
        assert answer.status == 413, answer


def test_an_expectation_is_met_by_the_carriers_turn(house):
    house.start()
    with house.gateway.client("aozora") as client:
        client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\nContent-Length: 4\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        assert client._until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
        client.socket.sendall(b"abcd")
        assert client.read().body == expected(b"abcd", None)
    with house.gateway.client("nobody") as client:
        client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nX-Api-Key: no\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.read().status == 401, "and nobody is told to go on"


def test_a_caller_that_reads_nothing_holds_up_nobody(house):
    house.start()
    slow = socket.create_connection(("127.0.0.1", house.gateway.port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(b"GET /v1/files/fixed-20000000 HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\n\r\n")
    time.sleep(0.5)
    before = memory(house.gateway)
    with house.gateway.client("aozora") as client:
        for _ in range(20):
            assert client.get("/v1/files/fixed-1000").status == 200
    assert memory(house.gateway) - before < 4 * MB
    slow.close()


def test_under_tls_too(house):
    authority = Authority(house.directory / "ca")
    shown = authority.issue("gate", ["127.0.0.1"])
    edit(house.gateway.config, [(f"address: 127.0.0.1:{house.gateway.port}",
                                 f"address: 127.0.0.1:{house.gateway.port}\n    tls: {{ certificate: {shown.path}, "
                                 f"key: {shown.key_path} }}")])
    house.start()
    with house.gateway.client("aozora", tls=caller(authority)) as client:
        body = noise(5 * MB)
        assert client.post("/v1/files", body).body == expected(body, None)
        assert client.get("/v1/files/chunked-5000000").body == body
