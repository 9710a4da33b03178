"""The service manager's half of systemd's notify protocol, on a real socket, for tests."""
import contextlib
import os
import socket
import time

from harness import SLOWNESS, wait_for


class Manager:
    """Hears what a service says of itself. `path`: a socket in the file system; without it an abstract one."""

    def __init__(self, path=None):
        self.address = str(path) if path else f"@sekisho-test-{os.getpid()}-{time.monotonic_ns()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0", 1))
        self.socket.setblocking(False)
        self.heard = []  # (when, {name: value}) for each datagram

    def environment(self, patience=None):
        """What a service is started with; `patience`: seconds that it may be silent."""
        return {"NOTIFY_SOCKET": self.address,
                **({"WATCHDOG_USEC": str(int(patience * 1_000_000))} if patience else {})}

    def listen(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self.socket.recv(65536).decode()
                assert "\n\n" not in text, f"an empty line in {text!r}"
                self.heard.append((time.monotonic(), dict(line.split("=", 1) for line in text.strip().split("\n"))))
        return self.heard

    def said(self, name, value=None, since=0.0):
        """When it said so: a list of times."""
        return [when for when, lines in self.listen()
                if when > since and name in lines and (value is None or lines[name] == value)]

    def wait_for(self, name, value=None, seconds=15, since=0.0):
        return wait_for(f"{name}={value or '...'}; heard: {self.heard[-5:]}", seconds,
                        lambda: self.said(name, value, since))[0]

    @property
    def status(self):
        told = [lines["STATUS"] for _, lines in self.listen() if "STATUS" in lines]
        return told[-1] if told else None

    def listens_for(self, seconds):
        end = time.monotonic() + seconds * SLOWNESS
        while time.monotonic() < end:
            self.listen()
            time.sleep(0.02)
        self.listen()  # also when there was no time for it before

    def close(self):
        self.socket.close()
