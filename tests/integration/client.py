"""A small strict HTTP/1.1 client over raw sockets: keep-alive, no retries, no guessing."""
import json
import select
import socket
import ssl
import time


class Broken(OSError):
    """The connection ended, or what came over it is not HTTP."""


class Answer:
    def __init__(self, status, headers, body, head):
        self.status, self.headers, self.body, self.head = status, headers, body, head

    def header(self, name):
        """The header's only value, or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} stands {len(values)} times in {self.head!r}"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The stable code of a problem answer, or None."""
        if self.header("Content-Type") != "application/problem+json":
            return None
        return self.json()["code"]

    @property
    def decision(self):
        return self.header("Sekisho-Decision")

    def __repr__(self):
        return f"<{self.status} {self.code or ''} {self.body[:300]!r}>"


class Client:
    """One connection at a time to one port; `key` is sent as X-Api-Key. `tls`: certificates.caller(...)."""

    def __init__(self, port, key=None, timeout=35.0, tls=None):
        self.port, self.key, self.timeout, self.tls = port, key, timeout, tls
        self.socket = self.session = None
        self.buffer = b""
        self.connected_at = self.sent_at = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.buffer = None, b""

    def connect(self):
        if self.socket and not self.buffer and not self._ended():
            return
        self.close()
        self.connected_at = time.monotonic()
        self.socket = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            context, name = self.tls
            self.socket = context.wrap_socket(self.socket, server_hostname=name, session=self.session)

    def _ended(self):
        if self.tls:  # what is readable may be a ticket for the next session
            self.socket.setblocking(False)
            try:
                return not self.socket.recv(1)
            except ssl.SSLWantReadError:
                return False
            except OSError:
                return True
            finally:
                self.socket.settimeout(self.timeout)
        return bool(select.select([self.socket], [], [], 0)[0])

    def dawdled(self):
        """It was so long between connecting and what was sent last that a gateway whose doors are closed may have hung up:
        it waits a second for a first request then."""
        return self.sent_at - self.connected_at > 0.7

    def send(self, data):
        """Raw bytes, for requests that no client should make."""
        self.connect()
        try:
            self.socket.sendall(data)
        finally:
            self.sent_at = time.monotonic()

    def request(self, method, target, headers=(), body=None):
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        if self.key:
            lines.append(f"X-Api-Key: {self.key}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
            if not any(name.lower() == "content-type" for name, _ in headers):
                lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return self.read(head_only=method == "HEAD")

    def get(self, target, headers=()):
        return self.request("GET", target, headers)

    def delete(self, target, headers=()):
        return self.request("DELETE", target, headers)

    def post(self, target, body, headers=()):
        return self.request("POST", target, headers, body)

    def read(self, head_only=False):
        try:
            while True:
                head = self._until(b"\r\n\r\n")
                status, headers = self._parse(head)
                if status >= 200:
                    break
            body = b"" if head_only or status in (204, 304) else self._body(headers)
        except OSError:
            self.close()
            raise
        answer = Answer(status, headers, body, head)
        if (answer.header("Connection") or "").lower() == "close":
            self.close()
        return answer

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise Broken("the connection ended")
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            self._more()
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def _take(self, size):
        while len(self.buffer) < size:
            self._more()
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    @staticmethod
    def _parse(head):
        lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        if version != "HTTP/1.1" or len(status) != 3 or not status.isdigit():
            raise Broken(f"no status line: {lines[0]!r}")
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Broken(f"no header: {line!r}")
            headers.append((name, value.strip(" \t")))
        return int(status), headers

    def _body(self, headers):
        lengths = [value for name, value in headers if name.lower() == "content-length"]
        codings = [value for name, value in headers if name.lower() == "transfer-encoding"]
        if codings == ["chunked"] and not lengths:
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._take(size)
                if self._take(2) != b"\r\n":
                    raise Broken("a chunk does not end where it said")
            if self._until(b"\r\n"):
                raise Broken("trailers were not asked for")
            return body
        if len(lengths) != 1 or codings or not lengths[0].isdigit():
            raise Broken(f"no certain length: {headers!r}")
        return self._take(int(lengths[0]))


NUMBER_TYPES = {"fixed": "FIXED", "ip_050": "IP050", "mobile": "MOBILE"}


def order_body(quantity, number_type, **fields):
    """The demo carrier's order; `number_type` in the numbering plan's words."""
    return json.dumps({"quantity": quantity, "numberType": NUMBER_TYPES[number_type], **fields}).encode()


def order(client, quantity, number_type="fixed", headers=(), **fields):
    return client.post("/v1/number-orders", order_body(quantity, number_type, **fields), headers)
