#!/usr/bin/env python3
"""Writes first inputs for every target, made from the repository's examples and recordings, and a dictionary of their
words.

usage: seeds.py DIRECTORY     with TARGET/ and TARGET.dict in it afterwards
"""
import collections
import hashlib
import json
import pathlib
import re
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
CONTRACT = TREE / "config/examples/contract"
BODY_KINDS = {"json": "json_orders", "x-www-form-urlencoded": "form_orders", "xml": "xml_orders"}
SMALL = 6000  # a larger example teaches no more, and slows every run


def files(*patterns):
    for pattern in patterns:
        for path in sorted(TREE.glob(pattern)):
            if path.stat().st_size <= SMALL:
                yield path.read_bytes()


def head_and_body(message):
    head, _, body = message.replace(b"\r\n", b"\n").partition(b"\n\n")
    return head.split(b"\n"), body


def as_sent(message):
    """A recording as it goes over the wire: with CRLF, a Host and the body's length."""
    lines, body = head_and_body(message)
    names = {line.split(b":")[0].lower() for line in lines[1:]}
    if b"host" not in names and not lines[0].startswith(b"HTTP/"):
        lines.insert(1, b"Host: gate.example")
    if body and b"content-length" not in names:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def from_recordings():
    """An order's and an answer's input begin with the adapter and the call."""
    for request in sorted(TREE.glob("tests/carriers/*/*.request.http")):
        sent = request.read_bytes()
        lines, body = head_and_body(sent)
        call = lines[0].rsplit(b" HTTP/", 1)[0]
        first = request.parent.name.encode() + b" " + call + b"\n"
        media = re.search(rb"(?im)^content-type:.*?([a-z-]+)\s*(;.*)?$", b"\n".join(lines))
        if media and (target := BODY_KINDS.get(media[1].decode().split("+")[-1])):
            yield target, first + body
        if len(sent) < 450:
            yield "requests", as_sent(sent)
        yield "targets", b"gate.example\n" + call.split(b" ")[1]
        answer = request.with_name(request.name.replace(".request.", ".answer."))
        if answer.exists():
            got = answer.read_bytes()
            lines, body = head_and_body(got)
            yield "answers", first + lines[0].split(b" ")[1] + b"\n" + body
            if len(got) < 450:
                yield "responses", b"0" + as_sent(got)


def from_tests():
    """Strings of the tests that are whole messages, bodies or numbers."""
    for source, pattern, target, before in (
            ("tests/http/mutation_test.cpp", r'^    "((?:GET|POST|PUT|DELETE).*)', "requests", ""),
            ("tests/http/mutation_test.cpp", r'^    "(HTTP/1.*)', "responses", "2"),
            ("tests/policy/numbering_plan_test.cpp", r'"([+(]?\d[-\d() +]{8,20})"', "numbers", ""),
            ("config/numbering-plan.yaml", r'digits: "?([-0-9X\[\]]+)', "numbers", "0312345678\n")):
        text = (TREE / source).read_text()
        # Neighbouring pieces of one literal are joined as the compiler does.
        joined = re.sub(r'"\s*\n\s*"', "", text)
        for found in re.finditer(pattern, joined, re.M):
            literal = found[1].split('",')[0]
            yield target, (before + literal.encode().decode("unicode_escape")).encode("latin-1", "replace")


def from_files():
    for target, patterns in {
            "settings": ["config/examples/contract/sekisho.yaml"],
            "clients": ["config/examples/contract/clients.yaml"],
            "adapters": ["config/carriers/*.yaml", "config/examples/contract/carrier.yaml"],
            "policies": ["config/policies/*[!t].yaml", "tests/config/good_policies/*.yaml", "tests/config/formatted/*.yaml",
                         "config/examples/contract/policy.yaml"],
            "policy_tests": ["config/policies/*.test.yaml", "config/examples/contract/policy.test.yaml"],
            "numbering_plans": ["config/numbering-plan.yaml"]}.items():
        for text in files(*patterns):
            yield target, text
    plan = (TREE / "config/numbering-plan.yaml").read_text()
    yield "numbering_plans", re.sub(r"(?m)^\s*#.*\n", "", plan).encode()
    mapping = (CONTRACT / "etoc.mapping.yaml").read_bytes()
    yield "registers", mapping + b"\n%%\n" + (CONTRACT / "etoc.csv").read_bytes()
    for name in ("plan", "refusals", "track-record"):
        table = (CONTRACT / f"{name}.csv").read_bytes()
        yield "registers", name.encode() + b"\n%%\n" + table
        header, *rows = [line.split(",") for line in table.decode("utf-8-sig").splitlines() if line]
        objects = [dict(zip(header, row)) for row in rows]
        yield "registers", name.encode() + b"\n%%\n" + json.dumps(objects, ensure_ascii=False).encode()


def by_hand():
    hexes, signature = "ab" * 32, "A" * 86 + "=="
    statement = {"schema": "sekisho/list-signature/v1", "register": "etoc", "serial": 12, "published": "2026-11-24",
                 "rows": 5, "sha256": hexes, "mapping": "none", "signatures": [{"key": "desk-1", "signature": signature}]}
    keys = ('schema: sekisho/list-keys/v1\nversion: 3\nthreshold: 1\nkeys:\n'
            '  - { id: desk-1, public: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", registers: [etoc, plan] }\n'
            '  - { id: desk-2, public: "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=" }\n')
    yield "signatures", json.dumps(statement, indent=1).encode()
    yield "signatures", (json.dumps(statement) + "\n%%\n" + keys).encode()
    record = {"serial": 12, "operator": "jp:8999900000001", "names": {"ja": "番号", "en": "A", "former": ["b"]},
              "etoc": {"state": "certified", "certificate": "E-1", "certified_on": "2026-02-01", "valid_until": "2027-01-31"},
              "plan": {"state": "deemed", "number_types": "fixed ip_050", "forwards_calls": True, "checked_on": "2026-02-01"},
              "refusals": [{"action": "refuse_new", "number_types": "mobile", "from": "2026-02-01", "reference": "r"}],
              "track_record": {"first_supply": "2020-02-01", "numbers_elsewhere": 7}, "owner_group": "g"}
    yield "operators", json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    yield "holds", b"held|10|fixed|2026-11-24|1795500000000|demo|gw-0000000000000001/3|7|key|group|order%7C1"
    yield "holds", b"fixed|1795500000000|01D|group|order-1"
    yield "holds", b"fixed|1795500000000|1795500000001|group|order-1"
    for name in (b"26112409", b"261101", b"L", b"N.mobile", b"t:rule", b"0312345678|01D"):
        yield "holds", name
    for answer in (b"+OK\r\n", b"-MOVED 3999 127.0.0.1:6381\r\n", b"-ASK 1 ::1:6381\r\n", b":7\r\n", b"$-1\r\n",
                   b"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n*2\r\n$12\r\nconfig-epoch\r\n$1\r\n5\r\n",
                   b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:7000\r\n",
                   b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"):
        yield "redis", answer
    yield "numbers", "+81 3 1234 5678\n020[1-35-9]-XXXX-XXX".encode()
    yield "numbers", "０３-1234-5678\n0120-XXX-XXX".encode()
    yield "problems", "\0ja;q=0.9, en\na detail <&>\"\ndesk@carrier.example\n/v1/orders\nrule\n番号\nremedy\n".encode()
    yield from credentials()
    yield "targets", b"gate.example:8443\nhttp://gate.example:8443/v1/orders/a%20b;x=1?x=[1]&y=%2F"
    for parent in (b"00-", b"cc-"):
        trace = parent + b"4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        yield "traces", trace + b"\nfoo=1,bar=2 \n\n0tenant@system=x y,baz=3"
        yield "traces", trace + b"-more\n" + b",".join(b"k%d=v" % n for n in range(32))
    yield from ((("targets", b"h\n" + path)) for path in (b"/v1/number-orders/..;/x", b"/a//b/%2e%2E", b"/?q|^{}"))


def credentials():
    claims = {"iss": "https://idp.example", "aud": "sekisho", "sub": "aozora", "exp": 1795500060}
    for header, payload in (
            ({"alg": "EdDSA", "kid": "k1", "typ": "JWT"}, claims),
            ({"alg": "EdDSA"}, {**claims, "aud": ["other", "sekisho"], "nbf": 1795499000, "iat": 1795499990.5, "n": 7, "b": True}),
            ({"alg": "none", "crit": ["x"]}, claims), ({"alg": "EdDSA", "kid": "k2"}, {"iss": "https://else.example", "exp": 1}),
            ({"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, {**claims, "exp": 1795400000})):
        lines = json.dumps(header).encode() + b"\n" + json.dumps(payload).encode() + b"\n"
        yield "tokens", lines
        yield "tokens", lines + b"\0" * 64
    okp = {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig", "alg": "EdDSA"}
    ec = {"kty": "EC", "crv": "P-256", "kid": "k2", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "key_ops": ["verify"]}
    rsa = {"kty": "RSA", "kid": "k3", "n": "u" + "A1b2" * 85 + "Q", "e": "AQAB", "alg": "RS256"}
    for keys in ([okp], [ec, okp], [rsa], [{**okp, "d": "AA"}], [{"kty": "oct", "k": "AA"}], [okp, okp]):
        yield "key_sets", json.dumps({"keys": keys}).encode()
    yield "key_sets", b"AQAB"
    head = b"POST /v1/number-orders?dry=1\nHost: gate.example\nContent-Type: application/json\n"
    signed = (b'Content-Digest: sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\n'
              b'Signature-Input: sig1=("@method" "@authority" "@path" "@query" "content-digest");created=1795500000;keyid="key-1";nonce="n"\n'
              b'Signature: sig1=:' + b"A" * 43 + b'=:\n')
    body = b'\n{"hello": "world"}'
    yield from (("signed_requests", data) for data in (head + body, head + signed + body, b"GET /v1/number-orders/a%20b\nHost: h\n\n"))


def journal_lines():
    at, mac = "2026-11-24T10:00:00.000+09:00", "0" * 64
    order = {"quantity": 10, "number_type": "fixed", "area": "03", "channels": 2, "partial": True}
    facts = {"etoc": "certified", "plan": "deemed", "plan_types": "fixed", "date": "2026-11-24", "stale": False}
    charge = {"rule": "daily", "limit": 1000, "before": 90, "taken": 100, "per": "day", "number_types": "fixed", "of": "owner_group"}
    decided = {"decision": "01D", "operator": "jp:8999900000001", "carrier": "demo", "operation": "allocate", "policy": mac,
               "order": order, "facts": facts, "matched": [{"rule": "daily", "mode": "enforce"}], "waived": ["w"], "reviews": ["r"]}
    held = "held|10|fixed|2026-11-24|1795500000000|demo|gw-0000000000000001/1|7|key|group|"
    for kind, inside in {
            "forwarding": {"decision": "01D", "operator": "jp:8999900000001", "carrier": "demo", "held": 10,
                           "number_type": "fixed", "day": "2026-11-24", "of": held},
            "outcome": {"decision": "01D", "operator": "jp:8999900000001", "result": "finished", "status": 201,
                        "granted": 10, "order_id": "o-1", "numbers": ["0312345678"], "of": held, "since": 1795500000000},
            "settled": {"decision": "01D", "operator": "jp:8999900000001", "result": "granted", "granted": 10, "of": held},
            "decision": {**decided, "allowed": True, "charges": [charge]},
            "checkpoint": {"open_from": 0, "from": 1, "digest": mac, "signature": mac * 2},
            "gap": {"missing_from": 3, "missing_until": 5, "head": mac},
            "policy": {"policy": mac, "text": "schema: sekisho/policy/v1"}}.items():
        text = json.dumps(inside, separators=(",", ":"))[1:-1]
        line = f'{{"seq":7,"at":"{at}","kind":"{kind}",{text},"mac":"{mac}"}}'
        yield "records", line.encode()
        yield "journals", text.encode() + b"\n"
        yield "journals", line.encode() + b"\n"
    refused = {**decided, "allowed": False, "code": "quota-exceeded", "status": 429, "replayed": True,
               "limits": [{"rule": "daily", "limit": 10, "used": 7, "held": 3, "per": "month"}],
               "findings": [{"rule": "daily", "code": "quota-exceeded"}]}
    yield "records", f'{{"seq":8,"at":"{at}","kind":"decision",{json.dumps(refused)[1:-1]},"mac":"{mac}"}}'.encode()


# What parsers trip over, beside the words of a target's own inputs.
TRICKS = {"requests": ["\\x0d\\x0a", "\\x0d\\x0a\\x0d\\x0a", "0\\x0d\\x0a\\x0d\\x0a", "Transfer-Encoding: chunked\\x0d\\x0a",
                       "Content-Length: 5\\x0d\\x0a", "Expect: 100-continue\\x0d\\x0a", "Connection: close\\x0d\\x0a", "HTTP/1.0"],
          "numbers": ["+81", "0081", "\\xef\\xbc\\x90", "\\xe3\\x80\\x80"],
          "redis": ["\\x0d\\x0a", "*1\\x0d\\x0a", "$1\\x0d\\x0a", "-CLUSTERDOWN ", "config-epoch"],
          "json_orders": ["\\\\u0000", "\\\\ud800", "1e3", "-0"],
          "xml_orders": ["<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE", "&#10;", "&amp;", "xmlns:a="]}
TRICKS["responses"] = TRICKS["requests"] + ["HTTP/1.1 100 Continue\\x0d\\x0a\\x0d\\x0a", "204", "304"]


def dictionary(folder):
    words = collections.Counter()
    for path in folder.iterdir():
        words.update(re.findall(rb"[A-Za-z_][\w./-]{2,30}", path.read_bytes()))
    lines = [word.decode() for word, _ in words.most_common(300)] + TRICKS.get(folder.name, [])
    folder.with_suffix(".dict").write_text("".join(f'"{line}"\n' for line in lines))


def main(directory):
    for source in (from_recordings, from_tests, from_files, by_hand, journal_lines):
        for target, data in source():
            folder = pathlib.Path(directory) / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
    for folder in pathlib.Path(directory).iterdir():
        if folder.is_dir():
            dictionary(folder)


if __name__ == "__main__":
    main(sys.argv[1])
