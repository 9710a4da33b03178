#!/usr/bin/python3
"""Ten million numbers given out: what they take in Redis, and how long `ledger trace` and `ledger numbers` take.
`ledger_ten_million.py [MILLIONS] [--scattered]`.

One operator holds a tenth of all numbers, everybody else a thousand each, of which a hundred were given back. The
numbers are written straight into Redis as the ledger would have; some are given through a real gateway first, and
what both wrote is compared, key by key and record by record. `--scattered`: only every tenth number of a block is
given out. Everything runs in a folder of its own and ends with it.
"""
import argparse
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402

OF_ONE, GIVEN_BACK, OF_AN_ORDER = 1000, 100, 100
SINCE, UNTIL = 1_790_000_000_000, 1_795_000_000_000


class Redis:
    """A few commands at a time, on one connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, *commands):
        self.socket.sendall(b"".join(encoded(*command) for command in commands))
        return [self.read() for _ in commands]

    def __call__(self, *command):
        return self.send(command)[0]

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        assert kind != b"-", line
        return int(rest) if kind == b":" else rest.decode()


def encoded(*command):
    parts = [str(part).encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def operator(n):
    return f"jp:{harness.corporate_number(100000000000 + n)}"


def decision(n):
    return f"01M85KR7B39Q{n:014d}"


class Filling:
    """The ledger's keys, made by hand (cache/keys.h, cache/tenure_record.h)."""

    def __init__(self, port, step):
        self.pipe = subprocess.Popen(["redis-cli", "-p", str(port), "--pipe"], stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL)
        self.step, self.place, self.orders, self.block, self.fields = step, 3_000_000_000, 0, None, []

    def next_number(self):
        self.place += self.step
        return f"0{self.place}"

    def give(self, who, count, given_back=0):
        for begun in range(0, count, OF_AN_ORDER):
            self.orders += 1
            of = decision(self.orders)
            present, past = [], []
            for n in range(begun, min(begun + OF_AN_ORDER, count)):
                number = self.next_number()
                if n < given_back:
                    past += [f"{number}|{of}", f"fixed|{SINCE}|{UNTIL}||o-{self.orders}"]
                else:
                    present += [number, f"fixed|{SINCE}|{of}||o-{self.orders}"]
                if number[:-2] != self.block:
                    self.end_block()
                    self.block = number[:-2]
                self.fields += [number[-2:], who, f"{number[-2:]}|{of}", who]
            for what, fields in (("numbers", present), ("past", past)):
                if fields:
                    self.write("HSET", f"sekisho:{{{who}}}:{what}", *fields)

    def end_block(self):
        if self.fields:
            self.write("HSET", f"sekisho:number:{self.block}", *self.fields)
        self.fields = []

    def write(self, *command):
        self.pipe.stdin.write(encoded(*command))

    def end(self):
        self.end_block()
        self.pipe.stdin.close()
        assert self.pipe.wait() == 0


def shape(redis, key):
    """The key's type and what kinds of fields and values it has, with every digit run made the same."""
    def blur(text):
        text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "DECISION", text)
        text = re.sub(r"\b(ord|o)-[\w-]+", "ORDER", text)
        return re.sub(r"\d+", "0", text)
    some = redis("HSCAN", key, 0, "COUNT", 20)[1]
    return redis("TYPE", key), {(blur(field), blur(value)) for field, value in zip(some[::2], some[1::2])}


def compare_with_the_real(house, redis):
    """What the gateway's ledger wrote against what was made here."""
    with house.gateway.client("aozora") as client:
        numbers = harness.order(client, 3).json()["numbers"]
        client.delete(f"/v1/numbers/{numbers[0]}")
    harness.wait_for("it is given back", 10, lambda: len(house.numbers("aozora")) == 2)
    real, made = house.operators["aozora"], operator(1)
    some = redis("HSCAN", f"sekisho:{{{made}}}:numbers", 0, "COUNT", 1)[1][0]
    for what in ("numbers", "past"):
        a, b = shape(redis, f"sekisho:{{{real}}}:{what}"), shape(redis, f"sekisho:{{{made}}}:{what}")
        assert a == b, (what, a, b)
    a, b = shape(redis, f"sekisho:number:{numbers[1][:-2]}"), shape(redis, f"sekisho:number:{some[:-2]}")
    assert a == b, (a, b)
    print("what was made here has the shape of what a gateway writes")


def quantiles(what, times):
    times = sorted(1000 * one for one in times)
    print(f"{what:<62} p50 {times[len(times) // 2]:8.2f} ms   p99 {times[int(len(times) * 0.99)]:8.2f} ms", flush=True)


def timed(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def trace_in_redis(redis, number):
    """The commands of RedisLedger::trace, without a program around them."""
    block = redis("HGETALL", f"sekisho:number:{number[:-2]}")
    grants = [(field[3:], who) for field, who in zip(block[::2], block[1::2]) if field.startswith(number[-2:] + "|")]
    redis.send(*[command for of, who in grants for command in
                 (("HGET", f"sekisho:{{{who}}}:numbers", number), ("HGET", f"sekisho:{{{who}}}:past", f"{number}|{of}"))])


def numbers_in_redis(redis, who, whats=("numbers",)):
    slowest, count = 0, 0
    for what in whats:
        cursor = "0"
        while True:
            began = time.perf_counter()
            cursor, page = redis("HSCAN", f"sekisho:{{{who}}}:{what}", cursor, "COUNT", 1000)
            slowest, count = max(slowest, time.perf_counter() - began), count + len(page) // 2
            if cursor == "0":
                break
    return slowest, count


def memory(redis):
    return int(re.search(r"used_memory:(\d+)", redis("INFO", "memory"))[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", type=float, nargs="?", default=10)
    parser.add_argument("--scattered", action="store_true")
    asked = parser.parse_args()
    count = int(asked.millions * 1_000_000)
    with tempfile.TemporaryDirectory(prefix="sekisho-ten-million-") as folder:
        house = harness.House(folder, gateways=1)
        try:
            house.start()
            redis = Redis(house.redis.port)
            empty = memory(redis)
            began = time.monotonic()
            filling = Filling(house.redis.port, 10 if asked.scattered else 1)
            filling.give(operator(0), count // 10)
            others = (count - count // 10) // OF_ONE
            for n in range(1, others + 1):
                filling.give(operator(n), OF_ONE, GIVEN_BACK)
            filling.end()
            used = memory(redis) - empty
            print(f"{count} numbers of {others + 1} operators in {time.monotonic() - began:.0f} s: "
                  f"{used / 1e9:.2f} GB, {used / count:.0f} bytes a number, all records of it together")
            for what, key in (("numbers", f"sekisho:{{{operator(0)}}}:numbers"), ("past", f"sekisho:{{{operator(1)}}}:past"),
                              ("block", "sekisho:number:03000000")):
                size = redis("HLEN", key)
                if not size:  # no number of this block was given out
                    continue
                print(f"  {what:<8} {redis('MEMORY', 'USAGE', key, 'SAMPLES', 0) / size:6.0f} bytes a record")
            compare_with_the_real(house, redis)

            some = [operator(1 + n * 7919 % others) for n in range(200)]
            held = [redis("HSCAN", f"sekisho:{{{who}}}:numbers", 0, "COUNT", 1)[1][0] for who in some]
            for number in (held[0], filling.next_number()):
                assert house.sekisho("ledger", "trace", number).code == (0 if number == held[0] else 1)
            then = "2026-10-01"  # between SINCE and UNTIL
            assert len(house.sekisho("ledger", "numbers", some[0]).json) == OF_ONE - GIVEN_BACK
            assert len(house.sekisho("ledger", "numbers", some[0], "--at", then).json) == OF_ONE
            quantiles("the program itself (sekisho --version)",
                      [timed(lambda: house.sekisho("--version", as_json=False)) for _ in range(200)])
            quantiles("ledger trace, the whole command",
                      [timed(lambda: house.sekisho("ledger", "trace", number)) for number in held])
            quantiles("ledger numbers, the whole command", [timed(lambda: house.sekisho("ledger", "numbers", who)) for who in some])
            quantiles("ledger numbers --at, the whole command",
                      [timed(lambda: house.sekisho("ledger", "numbers", who, "--at", then)) for who in some])
            quantiles("trace, its commands in Redis alone", [timed(lambda: trace_in_redis(redis, number)) for number in held])
            quantiles("numbers, its commands in Redis alone", [timed(lambda: numbers_in_redis(redis, who)) for who in some])
            quantiles("numbers --at, its commands in Redis alone",
                      [timed(lambda: numbers_in_redis(redis, who, ("numbers", "past"))) for who in some])

            large = timed(lambda: house.sekisho("ledger", "numbers", operator(0)))
            slowest, pages_of = numbers_in_redis(redis, operator(0))
            print(f"ledger numbers of the operator that holds {pages_of}: {large:.2f} s, "
                  f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB; nobody waits for Redis longer than "
                  f"{1000 * slowest:.1f} ms of one page")
        finally:
            house.stop()


if __name__ == "__main__":
    main()
