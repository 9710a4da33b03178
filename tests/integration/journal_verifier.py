#!/usr/bin/env python3
"""A second verifier, written from docs/reference/journal.md alone: it shares no code with Sekisho.

usage: journal_verifier.py DIRECTORY [KEY_FILE]     without KEY_FILE: by the public key in gateway.json
"""
import hashlib
import hmac
import json
import pathlib
import re
import sys

RECORD = re.compile(rb'\{"seq":([1-9]\d*),"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+09:00","kind":"([a-z]+)"'
                    rb'(?:,.*)?,"mac":"([0-9a-f]{64})"\}')
KINDS = {b"decision", b"forwarding", b"outcome", b"settled", b"registry", b"policy", b"epoch", b"gap", b"checkpoint"}

# Ed25519 as RFC 8032 has it, for verifying only. Points are (X, Y, Z, T).
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    out = (0, 1, 1, 0)
    while n:
        out = add(out, point) if n & 1 else out
        point, n = add(point, point), n >> 1
    return out


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public_key, message, signature):
    a, r, s = point_of(public_key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


class Verifier:
    def __init__(self, directory, key_file=None, heads=()):
        self.directory = pathlib.Path(directory)
        self.about = json.loads((self.directory / "gateway.json").read_text())
        assert self.about["format"] == "sekisho/journal/v1"
        self.public_key = bytes.fromhex(self.about["public_key"])
        self.secret = None
        if key_file:
            self.secret = bytes.fromhex(re.search(r"^hmac ([0-9a-f]{64})$", pathlib.Path(key_file).read_text(), re.M)[1])
        self.heads = dict(heads)
        beside = self.directory.with_name(self.directory.name + ".head")
        if beside.exists():
            seq, mac = beside.read_text().split()
            self.heads[int(seq)] = mac
        self.bad = {"integrity": set(), "completeness": set()}
        self.seq, self.mac, self.records, self.since = 0, "0" * 64, 0, 0
        self.span, self.span_from = hashlib.sha256(self.about["gateway"].encode()), 1  # None: a line of it is missing

    def run(self):
        segments = sorted(self.directory.glob("*.ndjson"), key=lambda file: int(file.stem))
        for number, segment in enumerate(segments, 1):
            *lines, rest = segment.read_bytes().split(b"\n")
            for line in lines:
                self.line(line)
            if rest:
                self.tail(rest, last=number == len(segments))
        if self.seq == 0 or max(self.heads, default=0) > self.seq:
            self.bad["completeness"].add(self.seq + 1)
        bad = self.bad["integrity"] | self.bad["completeness"]
        return {"integrity": not self.bad["integrity"], "completeness": not self.bad["completeness"],
                "records": self.records, "first_bad": min(bad, default=None)}

    def altered(self, seq):
        self.bad["integrity"].add(seq)

    def tail(self, rest, last):
        whole = RECORD.fullmatch(rest[:-1])
        if not last:
            self.line(rest + b"?")
        elif whole and int(whole[1]) == self.seq + 1:
            self.altered(self.seq + 1)

    def line(self, line):
        found = RECORD.fullmatch(line)
        try:
            record = json.loads(line) if found and found[2] in KINDS else None
        except ValueError:
            record = None
        if record is None:
            stated = re.search(rb',"mac":"([0-9a-f]{64})"}$', line)
            self.altered(self.seq + 1)
            self.seq, self.mac, self.span = self.seq + 1, stated and stated[1].decode(), None
            return
        self.records += 1
        seq, mac, sealed = int(found[1]), found[3].decode(), line[:line.rindex(b',"mac":')]
        if seq <= self.seq:
            self.altered(seq)
            self.span = None
            return
        if seq > self.seq + 1:
            self.bad["completeness"].add(self.seq + 1)
            self.mac, self.span = record.get("head") if "missing_from" in record else None, None
        if self.secret and self.mac:
            if hmac.new(self.secret, self.mac.encode() + sealed, "sha256").hexdigest() != mac:
                self.altered(seq)
                self.span = None  # what its digest would say is known
        if self.heads.get(seq, mac) != mac:
            self.altered(seq)
        self.since += 1
        if found[2] == b"checkpoint":
            self.checkpoint(seq, line, record)
        elif self.since > 4096:
            self.altered(seq)
        if self.span is not None:
            self.span.update(line + b"\n")
        self.seq, self.mac = seq, mac

    def checkpoint(self, seq, line, record):
        if self.span is not None and (record["digest"], record["from"]) != (self.span.hexdigest(), self.span_from):
            self.altered(self.span_from)
        if not signed(self.public_key, line[:line.rindex(b',"signature":')], bytes.fromhex(record["signature"])):
            self.altered(seq)
        self.span, self.span_from, self.since = hashlib.sha256(), seq, 0


if __name__ == "__main__":
    verdict = Verifier(*sys.argv[1:3]).run()
    print(json.dumps(verdict))
    sys.exit(not (verdict["integrity"] and verdict["completeness"]))
