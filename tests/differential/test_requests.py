"""The gate's reading of requests against h11 and Node's own server (llhttp), over generated streams: whatever the gate
accepts, both read to the same messages with the same borders, or the reason why not stands in KNOWN. A stream ends
with a request of ours, which nobody may take for a part of what came before. SEKISHO_STREAMS and SEKISHO_SEED choose how
many and which."""
import itertools
import json
import os
import pathlib
import random
import re
import subprocess

import h11

from messages import Messages

HERE = pathlib.Path(__file__).parent
BUILT = pathlib.Path(os.environ.get("SEKISHO_BIN_DIR", HERE.parents[1] / "build" / "release"))
COUNT = int(os.environ.get("SEKISHO_STREAMS", 50_000))
# The same streams in every run, so that what it says today it says tomorrow; "random" looks for others.
SEED = os.environ.get("SEKISHO_SEED") or "20261128"
SEED = random.randrange(2**32) if SEED == "random" else int(SEED)
PROBE = b"GET /probe HTTP/1.1\r\nHost: probe.example\r\n\r\n"


def lines_of(command, cases):
    """`cases`: kinds and streams."""
    frames = b"".join(b"%s %d\n%s" % (kind.encode(), len(stream), stream) for kind, stream in cases)
    ran = subprocess.run(command, input=frames, stdout=subprocess.PIPE, check=True, timeout=900)
    lines = [json.loads(line) for line in ran.stdout.split(b"\n")[:-1]]
    assert len(lines) == len(cases)
    return lines


def by_h11(stream):
    """A connection for each message: h11 wants an answer before it goes on, and tells what stands behind."""
    messages = []
    rest = stream
    while rest:
        rest = rest.lstrip(b"\r\n")  # RFC 9112 2.2: the gate and Node pass over them, h11 does not
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        connection.receive_data(rest)
        connection.receive_data(b"")
        message, body = None, b""
        try:
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Request):
                    message = {"method": event.method.decode("latin-1"), "target": event.target.decode("latin-1"),
                               "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in event.headers.raw_items()]}
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    return {"messages": messages, "end": f"no message: {event!r}"}
        except h11.RemoteProtocolError as error:
            return {"messages": messages, "end": str(error)}
        messages.append({**message, "body": body.decode("latin-1")})
        rest = connection.trailing_data[0]
    return {"messages": messages, "end": ""}


# Where another parser refuses what the gate accepts, or says it in other words, and why the gate's reading is safe.
def origin_form(target):
    """The gate tells an absolute target whose authority is the Host's in origin form."""
    found = re.fullmatch(r"(?i)https?://[^/?#]*(.*)", target)
    return target if not found else found[1] if found[1].startswith("/") else "/" + found[1]


# Who, in what words, of what stream, and why.
KNOWN = [
    ("node", "HPE_INVALID_METHOD", rb"", "llhttp has a list of methods; the gate takes any in capital letters, and no route has it"),
    ("node", "HPE_STRICT", rb"(?i)[0-9a-f];", "a chunk extension that is no token: the size is read before it, and it is dropped"),
    ("node", "HPE_INVALID_CHUNK_SIZE", rb"(?i)[0-9a-f];", "the same, as newer ones say it"),
    ("node", "HPE_INVALID_CONTENT_LENGTH", rb"(?i)content-length:[ \t]*[0-9]+ *\t", "a tab behind a value is space to everybody else"),
    ("node", "HPE_INVALID_TRANSFER_ENCODING", rb"(?i)transfer-encoding:[ \t]*chunked *\t", "the same"),
    ("node", "HPE_CLOSED_CONNECTION", rb"(?i)connection:[ \t]*keep-alive *\t", "the same"),
    # RFC 9110 6.5.1: fields of framing and of the connection mean nothing in the trailers. llhttp heeds them there.
    *[("node", words, rb"(?i)\r\n0+(;[^\r]*)?\r\n([^\r]+\r\n)*(content-length|transfer-encoding|connection):", "the gate drops all trailers")
      for words in ("HPE_INVALID_CONTENT_LENGTH", "HPE_INVALID_TRANSFER_ENCODING", "HPE_CLOSED_CONNECTION")],
]


def is_known(who, refusal, stream):
    return any(who == name and words in refusal and re.search(shape, stream) for name, words, shape, _ in KNOWN)


def told(message):
    # h11 tells a coding in small letters.
    small = lambda name, value: value.lower() if name == "transfer-encoding" else value
    headers = [(name.lower(), small(name.lower(), value.strip(" \t"))) for name, value in message["headers"]]
    return message["method"], origin_form(message["target"]), headers, message["body"]


def differences(stream, gate, others):
    """Every way in which another parser reads the accepted requests of a stream differently."""
    out = []
    for name, other in others.items():
        for i, message in enumerate(gate["messages"]):
            if i < len(other["messages"]):
                ours, theirs = told(message), told(other["messages"][i])
                out += [f"request {i}: the gate {a!r}, {name} {b!r}" for a, b in zip(ours, theirs) if a != b]
            elif not is_known(name, other["end"], stream):
                out.append(f"request {i}: {name} does not have it: {other['end']!r}")
            if i >= len(other["messages"]):
                break
        if gate["end"] == "" and len(other["messages"]) > len(gate["messages"]):
            out.append(f"{name} finds {len(other['messages'])} requests, the gate {len(gate['messages'])}")
    return out


def read_by_all(streams):
    streams = [stream + PROBE for stream in streams]
    cases = [("request", stream) for stream in streams]
    gate = lines_of([str(BUILT / "read_messages")], cases)
    node = lines_of(["node", str(HERE / "requests.js")], cases)
    for stream, ours, nodes in zip(streams, gate, node):
        yield stream, ours, {"node": nodes, "h11": by_h11(stream)} if ours["messages"] else {}


def test_what_the_gate_accepts_everybody_reads_alike():
    print(f"seed {SEED}, {COUNT} streams")
    accepted = with_body = to_the_end = 0
    trouble = []
    for stream, gate, others in read_by_all(list(itertools.islice(Messages(SEED).requests(), COUNT))):
        accepted += len(gate["messages"])
        with_body += sum(message["body"] != "" for message in gate["messages"])
        to_the_end += gate["end"] == "" and gate["messages"] != []
        trouble += [f"{stream!r}\n  {difference}" for difference in differences(stream, gate, others)]
    print(f"accepted {accepted} requests, {with_body} with a body; {to_the_end} streams to their end")
    assert not trouble, f"seed {SEED}: {len(trouble)} differences\n" + "\n".join(trouble[:20])
    # A gate that refuses everything would agree with everybody.
    assert to_the_end > COUNT * 0.1 and with_body > COUNT * 0.1, (SEED, accepted, with_body, to_the_end)


def test_the_comparison_sees_a_smuggled_request():
    head = b"POST /a HTTP/1.1\r\nHost: a\r\n"
    smuggled = b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n"
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s" % (5 + len(smuggled), smuggled)
    body = {"method": "POST", "target": "/a", "headers": [["Host", "a"]], "body": "0\r\n\r\n" + smuggled.decode()}
    probe = {"method": "GET", "target": "/probe", "headers": [["Host", "probe.example"]], "body": ""}
    # One that took the length, where the others see chunks or refuse; one that takes too little of the body.
    for stream, claimed in ((head + both, [body, probe]),
                            (head + b"Content-Length: 2\r\n\r\nhi", [{**body, "headers": [["Host", "a"], ["Content-Length", "2"]], "body": "h"}, probe]),
                            (head + b"Content-Length: 0\r\n\r\n" + smuggled, [{**body, "headers": [["Host", "a"], ["Content-Length", "0"]], "body": ""}, probe])):
        [(_, _, others)] = read_by_all([stream])
        others = others or {"h11": by_h11(stream + PROBE)}
        assert differences(stream, {"messages": claimed, "end": ""}, others), stream


def test_the_gate_refuses_what_is_framed_in_two_ways():
    head = b"POST /a HTTP/1.1\r\nHost: a\r\n"
    for framing in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 5\r\nContent-Length: 5\r\n",
                    b"Content-Length: 5, 5\r\n", b"Content-Length : 5\r\n", b"Content-Length:\r\n 5\r\n", b"Transfer-Encoding: chunked, chunked\r\n",
                    b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding:\x0bchunked\r\n", b"X: y\nContent-Length: 5\r\n",
                    b"Transfer-Encoding: identity\r\n", b"Content-Length: +5\r\n", b"Content-Length: 05\r\n"):
        [(_, gate, _)] = read_by_all([head + framing + b"\r\nhello"])
        assert gate["messages"] == [] and gate["end"].startswith("malformed: "), (framing, gate)
