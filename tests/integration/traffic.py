"""Callers who notice everything: orders, releases and calls that pass, on connections that stay and on fresh ones. Whatever is
not the carrier's own good answer is kept as a failure."""
import contextlib
import socket
import threading
import time

from client import Broken, Client, order


class Traffic:
    """Runs until `stop`. `clients`: makes a connection; one thread on a lasting one and one on fresh ones for each of `pairs`."""

    def __init__(self, clients, pairs=2):
        self.clients, self.stopping, self.failures = clients, threading.Event(), []
        self.answered, self.returned = 0, set()
        self.threads = [threading.Thread(target=self._call, args=(fresh,)) for fresh in (False, True) for _ in range(pairs)]
        for thread in self.threads:
            thread.start()

    def _call(self, fresh):
        client = self.clients()
        while not self.stopping.is_set():
            try:
                self._expect(201, answer := order(client, 2))
                if answer.status == 201:
                    number = answer.json()["numbers"][0]
                    self._expect(204, client.delete(f"/v1/numbers/{number}"))
                    self.returned.add(number)
                self._expect(200, client.get("/v1/available-numbers"))
            except Exception as trouble:  # a connection that broke as much as a mistake of this file
                self.failures.append(repr(trouble))
            if fresh:
                client.close()
            time.sleep(0.002)
        client.close()

    def _expect(self, status, answer):
        self.answered += 1
        if answer.status != status:
            self.failures.append(answer)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a caller hangs"


@contextlib.contextmanager
def traffic(clients, **kw):
    running = Traffic(clients, **kw)
    try:
        yield running
    finally:
        running.stop()
    assert running.failures == [], running.failures[:3]


class Opener:
    """Opens a connection each millisecond, or as fast as the machine answers them, and asks once on it: a search, or every tenth
    time an order. A connection that is refused, reset or closed without an answer is a failure."""

    def __init__(self, port, key, readers=6):
        self.port, self.key, self.stopping = port, key, threading.Event()
        self.failures, self.opened, self.taken, self.lock, self.waiting = [], 0, 0, threading.Lock(), []
        self.threads = [threading.Thread(target=self._open)]
        self.threads += [threading.Thread(target=self._ask) for _ in range(readers)]
        for thread in self.threads:
            thread.start()

    def _open(self):
        due = time.monotonic()
        while not self.stopping.is_set():
            due = max(due + 0.001, time.monotonic() - 0.05)
            time.sleep(max(0, due - time.monotonic()))
            if len(self.waiting) > 20:  # the callers are slower than this
                continue
            client = Client(self.port, self.key, timeout=20)
            client.connected_at = time.monotonic()
            try:
                client.socket = socket.create_connection(("127.0.0.1", self.port), 20)
            except OSError as refused:
                self.failures.append(("opening", repr(refused)))
                continue
            self.opened += 1
            self.waiting.append((client, self.opened % 10 == 0))

    def _ask(self):
        while not self.stopping.is_set() or self.waiting:
            try:
                client, orders = self.waiting.pop(0)
            except IndexError:
                time.sleep(0.001)
                continue
            with client:
                try:
                    answer = self._answer(client, orders)
                except (OSError, Broken) as broken:
                    if not client.dawdled():
                        self.failures.append(("asking", repr(broken)))
                    continue
            if answer.status == 201:
                with self.lock:
                    self.taken += 1
            elif answer.status != 200:
                self.failures.append(answer)

    def _answer(self, client, orders):
        client.connect = lambda: None  # on this connection or none
        return order(client, 1) if orders else client.get("/v1/available-numbers")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a caller hangs"
