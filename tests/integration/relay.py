"""A TCP relay on loopback that fails as networks fail, told so from outside while bytes go through it.

    relay.py --listen PORT --to PORT --control PORT [--certificate FILE --key FILE [--client-ca FILE]]

With a certificate it speaks TLS to its callers, and wants one of theirs where --client-ca says whose.

A line to the control port, and `ok` comes back:
    cut          every connection is reset, to both sides
    half         every connection is ended towards the caller only; what the caller still sends arrives
    swallow N    the next N answers are not passed on: the caller's connection is reset in their place
    delay MS     whatever comes is passed on so much later, in both directions; 0: at once
    slow MS WORD requests with WORD in them are passed on so much later
    refuse MS    for so long new connections are reset at once
"""
import argparse
import asyncio
import contextlib
import pathlib
import socket
import ssl
import struct
import sys

from harness import Process, free_port


class Wire:
    """One connection, from its caller to its target."""

    def __init__(self, caller, target):
        self.ends = (caller, target)

    def reset(self):
        for end in self.ends:
            raw = end.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
            end.transport.abort()


class Relaying:
    def __init__(self, target):
        self.target, self.wires, self.swallow, self.delay, self.refuse_until = target, set(), 0, 0.0, 0.0
        self.slow = (0.0, b"")

    async def serve(self, reader, writer):
        wire = None
        try:
            if asyncio.get_running_loop().time() < self.refuse_until:
                return Wire(writer, writer).reset()
            there, target = await asyncio.open_connection("127.0.0.1", self.target)
            wire = Wire(writer, target)
            self.wires.add(wire)
            await asyncio.gather(self.pass_on(reader, target, wire, False), self.pass_on(there, writer, wire, True))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.wires.discard(wire)
            (wire or Wire(writer, writer)).reset()

    async def pass_on(self, source, sink, wire, is_answer):
        while data := await source.read(65536):
            if is_answer and self.swallow > 0:
                self.swallow -= 1
                return wire.reset()
            if self.delay:
                await asyncio.sleep(self.delay)
            slow, word = self.slow
            if slow and not is_answer and word in data:
                await asyncio.sleep(slow)
            if not sink.is_closing():
                with contextlib.suppress(OSError, RuntimeError):
                    sink.write(data)
                    await sink.drain()
        with contextlib.suppress(OSError, RuntimeError):
            sink.write_eof()

    async def obey(self, reader, writer):
        word, _, number = (await reader.readline()).decode().strip().partition(" ")
        if word == "cut":
            for wire in list(self.wires):
                wire.reset()
        elif word == "half":
            for wire in list(self.wires):
                with contextlib.suppress(OSError, RuntimeError):
                    wire.ends[0].write_eof()
        elif word == "swallow":
            self.swallow = int(number)
        elif word == "delay":
            self.delay = int(number) / 1000
        elif word == "slow":
            time, _, what = number.partition(" ")
            self.slow = (int(time) / 1000, what.encode())
        elif word == "refuse":
            self.refuse_until = asyncio.get_running_loop().time() + int(number) / 1000
        writer.write(b"ok\n")
        writer.close()


class Relay(Process):
    """As a test holds it: in front of a port, told what to do to the connections that go through it."""

    def __init__(self, directory, name, target, *tls):
        """`tls`: "--certificate", path and so on."""
        self.port, self.control_port = free_port(), free_port()
        super().__init__(name, [sys.executable, pathlib.Path(__file__).resolve(), "--listen", self.port, "--to", target,
                                "--control", self.control_port, *tls], directory)

    def start(self):
        super().start()
        self.wait_ready(10, lambda: self._reached("delay 0"))

    def _reached(self, words):
        with contextlib.suppress(OSError):
            return self.say(words)

    def say(self, words):
        with socket.create_connection(("127.0.0.1", self.control_port), 5) as wire:
            wire.sendall(words.encode() + b"\n")
            assert wire.recv(8) == b"ok\n", words
        return True


async def main():
    options = argparse.ArgumentParser()
    for name in ("listen", "to", "control"):
        options.add_argument(f"--{name}", type=int, required=True)
    for name in ("certificate", "key", "client-ca"):
        options.add_argument(f"--{name}")
    given = options.parse_args()
    relaying = Relaying(given.to)
    tls = None
    if given.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.certificate, given.key)
        if given.client_ca:
            tls.load_verify_locations(given.client_ca)
            tls.verify_mode = ssl.CERT_REQUIRED
    await asyncio.start_server(relaying.serve, "127.0.0.1", given.listen, ssl=tls)
    await asyncio.start_server(relaying.obey, "127.0.0.1", given.control)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
