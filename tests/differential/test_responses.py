"""The gate's reading of carriers' answers against h11's client side, over generated streams: whatever the gate accepts,
h11 reads to the same answer, and where the gate would use the connection again nothing is left on it.
SEKISHO_STREAMS and SEKISHO_SEED choose how many and which."""
import itertools

import h11

from messages import Messages
from test_requests import BUILT, COUNT, SEED, lines_of

# In what words h11 refuses an answer that the gate accepts, and why the gate's reading is safe.
KNOWN = []


def by_h11(kind, stream):
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=64 * 1024)
    connection.send(h11.Request(method="HEAD" if kind == "head" else "GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(stream)
    connection.receive_data(b"")
    answer, body = None, b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                answer = {"status": event.status_code, "headers": [[name.decode("latin-1").lower(), value.decode("latin-1")]
                                                                   for name, value in event.headers]}
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return {**answer, "body": body.decode("latin-1"), "left": connection.trailing_data[0] != b"",
                        "closes": connection.their_state is not h11.DONE}
            elif not isinstance(event, h11.InformationalResponse):
                return {"refused": f"no answer: {event!r}"}
    except h11.RemoteProtocolError as error:
        return {"refused": str(error)}


def is_part_of(some, all_in_order):
    rest = iter(all_in_order)
    return all(one in rest for one in some)


def differences(gate, other):
    if "refused" in other:
        return [] if any(words in other["refused"] for words, _ in KNOWN) else [f"h11 refuses it: {other['refused']}"]
    [ours] = gate["messages"]
    out = [f"{key}: the gate {ours[key]!r}, h11 {other[key]!r}" for key in ("status", "body") if ours[key] != other[key]]
    # The gate has taken out what is for one connection only.
    kept = [[name.lower(), value] for name, value in ours["headers"]]
    if not is_part_of(kept, other["headers"]):
        out.append(f"headers: the gate {kept!r}, h11 {other['headers']!r}")
    if gate["end"] == "" and other["left"]:
        out.append("h11 finds bytes behind the answer")
    return out


def test_what_the_gate_accepts_h11_reads_alike():
    print(f"seed {SEED}, {COUNT} streams")
    cases = list(itertools.islice(Messages(SEED).responses(), COUNT))
    accepted, trouble = 0, []
    for (kind, stream), gate in zip(cases, lines_of([str(BUILT / "read_messages")], cases)):
        if gate["messages"]:
            accepted += 1
            trouble += [f"{kind} {stream!r}\n  {difference}" for difference in differences(gate, by_h11(kind, stream))]
    print(f"accepted {accepted}")
    assert not trouble, f"seed {SEED}: {len(trouble)} differences\n" + "\n".join(trouble[:20])
    assert accepted > COUNT * 0.2, (SEED, accepted)
