"""Traces: the caller's goes on to the carrier, and what the gate did in it to a collector, on nobody's time."""
import contextlib
import json
import re
import ssl
import statistics
import threading
import time

import pytest

from certificates import Authority
from harness import Client, edit, free_port, order, wait_for
from scripted_carrier import ScriptedCarrier

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"
INTERNAL, SERVER, CLIENT, ERROR = 1, 2, 3, 2
SECRETS = ["key-aozora", "key-that-nobody-has", "carrier-side-token", "of-the-collector", "planted", "0312345671", "03-1234-5671"]


def carrier_says(call):
    if call.method == "POST":
        count = json.loads(call.body)["quantity"]
        return 201, {"orderId": "planted-order", "numbers": [f"03{12345671 + n:08d}" for n in range(count)]}
    return (204, b"") if call.method == "DELETE" else (200, {"state": "pending"})


class Span:
    """One span, held against OTLP's JSON as it is read."""

    def __init__(self, told, resource):
        assert told.keys() <= {"traceId", "spanId", "parentSpanId", "flags", "name", "kind", "startTimeUnixNano",
                               "endTimeUnixNano", "attributes", "status"}
        self.trace, self.id, self.parent = told["traceId"], told["spanId"], told.get("parentSpanId")
        assert re.fullmatch("[0-9a-f]{32}", self.trace) and self.trace.strip("0")
        for one in filter(None, (self.id, self.parent)):
            assert re.fullmatch("[0-9a-f]{16}", one) and one.strip("0")
        self.name, self.kind, self.flags = told["name"], told["kind"], told["flags"]
        assert self.name and self.kind in (INTERNAL, SERVER, CLIENT) and self.flags & 1
        self.start, self.end = (self.nanoseconds(told[f"{which}TimeUnixNano"]) for which in ("start", "end"))
        assert self.start <= self.end and abs(self.end / 1e9 - time.time()) < 300
        self.attributes = attributes(told["attributes"])
        self.failed = told.get("status") == {"code": ERROR}
        assert self.failed or "status" not in told
        self.resource = resource

    @staticmethod
    def nanoseconds(text):
        assert isinstance(text, str) and text.isdigit()
        return int(text)

    def __repr__(self):
        return f"<{self.name} {self.kind} {self.attributes}>"


def attributes(told):
    found = {}
    for one in told:
        assert one.keys() == {"key", "value"} and one["key"] not in found
        (kind, value), = one["value"].items()
        assert isinstance(value, str) and kind in ("stringValue", "intValue")
        found[one["key"]] = int(value) if kind == "intValue" else value
    return found


class Collector:
    """Takes spans at /v1/traces, unless `answers` has another answer waiting."""

    def __init__(self):
        self.answers, self.refused, self.hanging = [], [], threading.Event()
        self.hanging.set()
        self.server = ScriptedCarrier(self.answer)
        self.port = self.server.port

    def answer(self, call):
        self.hanging.wait(30)
        return self.answers.pop(0) if self.answers else (200, {})

    @property
    def calls(self):
        return list(self.server.calls)

    def spans(self, *calls):
        found = []
        for call in calls or self.calls:
            assert (call.method, call.target) == ("POST", "/v1/traces") and call.headers["Content-Type"] == "application/json"
            (of_gateway,) = call.json["resourceSpans"]
            (of_scope,) = of_gateway["scopeSpans"]
            assert of_scope["scope"]["name"] == "sekisho"
            resource = attributes(of_gateway["resource"]["attributes"])
            found += [Span(one, resource) for one in of_scope["spans"]]
        return found

    def wait_for(self, count):
        wait_for(f"{count} spans", 10, lambda: len(self.spans()) >= count)
        assert len(self.spans()) == count
        return self.spans()

    def stop(self):
        self.hanging.set()
        self.server.stop()


@pytest.fixture
def collector():
    one = Collector()
    yield one
    one.stop()


@pytest.fixture
def carrier():
    one = ScriptedCarrier(carrier_says)
    yield one
    one.stop()


@pytest.fixture
def open_gate(build_house, carrier):
    """Starts an installation with this carrier, whose gateway has these lines of traces; None: none."""

    def open_it(traces, **kw):
        house = build_house(**kw)
        edit(house.directory / "carrier.yaml", [(f"127.0.0.1:{house.carrier.port}", f"127.0.0.1:{carrier.port}")])
        if traces:
            with open(house.gateway.config, "a") as config:
                config.write(f"traces: {{ {traces} }}\n")
        return house.start()

    return open_it


def to(collector, more=""):
    return f"endpoint: 'http://127.0.0.1:{collector.port}'{more}"


def counted(house):
    metrics = house.gateway.metrics()
    dropped = {labels["cause"]: value for name, labels, value in metrics.samples if name == "sekisho_spans_dropped_total"}
    return metrics.value("spans_exported_total"), {cause: value for cause, value in dropped.items() if value}


def call(house, name="aozora", quantity=1, traceparent=SAMPLED, headers=(), **fields):
    with house.gateway.client(name) as client:
        return order(client, quantity, headers=[*([("traceparent", traceparent)] if traceparent else []), *headers], **fields)


def test_a_sampled_order_is_told_step_by_step(open_gate, collector, carrier):
    house = open_gate(to(collector, ", headers: { Authorization: Bearer of-the-collector }"))
    answer = call(house, quantity=2, headers=[("tracestate", "foo=1,bar=2"), ("Idempotency-Key", "planted-key")],
                  note="planted")
    assert answer.status == 201
    root, hold, journal, forward, settle = collector.wait_for(5)
    assert collector.calls[0].headers["Authorization"] == "Bearer of-the-collector"

    assert {span.trace for span in collector.spans()} == {TRACE}
    assert (root.parent, root.kind, root.name, root.flags) == (PARENT, SERVER, "POST /v1/number-orders", 0x301)
    assert root.attributes == {
        "http.request.method": "POST", "http.route": "/v1/number-orders", "http.response.status_code": 201,
        "sekisho.decision": answer.decision, "sekisho.operation": "allocate", "sekisho.carrier": "demo",
        "sekisho.operator": house.operators["aozora"], "sekisho.outcome": "passed"}
    steps = hold, journal, forward, settle
    assert [step.name for step in steps] == ["hold", "journal", "POST /v1/number-orders", "settle"]
    assert [step.kind for step in steps] == [INTERNAL, INTERNAL, CLIENT, INTERNAL]
    assert {(step.parent, step.flags) for step in steps} == {(root.id, 0x101)}
    assert len({span.id for span in collector.spans()}) == 5
    assert forward.attributes == {
        "http.request.method": "POST", "server.address": "127.0.0.1", "server.port": carrier.port,
        "http.response.status_code": 201, "sekisho.carrier": "demo"}
    assert not any(span.failed for span in collector.spans())

    moments = [root.start, *(moment for step in steps for moment in (step.start, step.end)), root.end]
    assert moments == sorted(moments), "they nest, one behind the other"
    status = json.loads(house.gateway.admin("/admin/v1/status").body)
    assert root.resource == {"service.name": "sekisho", "service.version": status["version"],
                             "service.instance.id": status["gateway"]}

    # The carrier is a child of our call to it, the record is of the caller's trace.
    (sent,) = carrier.seen("POST", "/v1/number-orders")
    assert sent.headers.get_all("traceparent") == [f"00-{TRACE}-{forward.id}-01"]
    assert sent.headers.get_all("tracestate") == ["foo=1,bar=2"]
    assert {record["trace"] for record in house.gateway.records(answer.decision, "decision")} == {SAMPLED}
    wait_for("they are counted", 5, lambda: counted(house) == (5, {}))


def test_nothing_that_anybody_wrote_stands_in_a_span(open_gate, collector):
    house = open_gate(to(collector, ", ratio: 100%"))
    planted = [("X-Planted", "planted"), ("tracestate", "planted=planted")]
    answers = [call(house, headers=planted, note="planted")]
    with house.gateway.client("aozora") as client:
        traced = [("traceparent", SAMPLED), *planted]
        answers.append(client.delete("/v1/numbers/0312345671?planted=planted", traced))
        answers.append(client.get("/v1/number-orders/planted", traced))
        answers.append(client.get("/planted/03-1234-5671", traced))
        answers.append(client.request("PLANTED", "/v1/number-orders", traced))
        answers.append(client.get("/sekisho/v1/standing", traced))
    answers.append(call(house, "nobody", traceparent=None, headers=planted))
    assert [answer.status for answer in answers] == [201, 204, 200, 403, 403, 200, 401]
    wait_for("all calls are told", 10, lambda: len([s for s in collector.spans() if s.kind == SERVER]) == len(answers))
    text = b"".join(one.body for one in collector.calls).decode()
    assert [secret for secret in SECRETS if secret.lower() in text.lower()] == []
    roots = [span for span in collector.spans() if span.kind == SERVER]
    assert [root.name for root in roots] == ["POST /v1/number-orders", "DELETE /v1/numbers/{number}",
                                             "GET /v1/number-orders/{id}", "GET", "_OTHER", "GET /sekisho/v1/standing", "POST"]
    assert [root.attributes.get("sekisho.code") for root in roots] == [None, None, None, "route-not-governed",
                                                                       "route-not-governed", None, "unauthenticated"]
    assert "sekisho.operator" not in roots[-1].attributes and roots[-1].parent is None


def test_what_nobody_sampled_is_not_told(open_gate, collector, carrier):
    house = open_gate(to(collector))
    for traceparent in (UNSAMPLED, None):
        assert call(house, traceparent=traceparent).status == 201
    assert call(house, "nobody").status == 401, "a stranger's word for it does not count"
    last = call(house)
    spans = collector.wait_for(5)
    assert spans[0].attributes["sekisho.decision"] == last.decision
    theirs, ours, _ = [sent.headers.get_all("traceparent") for sent in carrier.seen("POST", "/v1/number-orders")]
    assert theirs == [UNSAMPLED], "as it came: no span of ours is to be found"
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", *ours)


def test_a_share_of_the_traces_that_begin_here(open_gate, collector, carrier):
    house = open_gate(to(collector, ", ratio: 100%"))
    answer = call(house, traceparent=None)
    assert call(house, traceparent=UNSAMPLED).status == 201, "the caller's word counts"
    root, _, _, forward, _ = collector.wait_for(5)
    assert (root.parent, root.flags) == (None, 0x101)
    assert {record["trace"] for record in house.gateway.records(answer.decision, "decision")} == {f"00-{root.trace}-{root.id}-01"}
    assert carrier.calls[0].headers["traceparent"] == f"00-{root.trace}-{forward.id}-01"


def test_without_a_collector_the_trace_passes_as_it_came(open_gate, carrier):
    house = open_gate(None)
    for traceparent in (SAMPLED, UNSAMPLED, "cc-" + SAMPLED[3:] + "-more"):
        assert call(house, traceparent=traceparent).status == 201
    assert [sent.headers["traceparent"] for sent in carrier.calls] == [SAMPLED, UNSAMPLED, SAMPLED]
    assert house.gateway.metrics().value("spans_exported_total") == 0


def test_tracestate_goes_on_with_its_trace_only(open_gate, carrier):
    house = open_gate(None)
    many = [f"k{n}=v" for n in range(33)]
    table = [  # traceparents | tracestate lines | what the carrier gets
        ([SAMPLED], ["foo=1"], "foo=1"),
        ([UNSAMPLED], ["foo=1 , bar=2", "", "baz=3"], "foo=1,bar=2,baz=3"),
        ([SAMPLED], many[:32], ",".join(many[:32])),
        ([SAMPLED], many, None),
        ([SAMPLED], ["foo=1", "BAR=2"], None),
        ([SAMPLED], ["foo=1,foo=2"], None),
        ([SAMPLED], [""], None),
        ([], ["foo=1"], None),
        ([SAMPLED + "."], ["foo=1"], None),
        ([SAMPLED, SAMPLED], ["foo=1"], None),
    ]
    for parents, states, expected in table:
        headers = [("traceparent", one) for one in parents] + [("TraceState", one) for one in states]
        assert call(house, traceparent=None, headers=headers).status == 201
        got = carrier.calls[-1].headers
        assert got.get_all("tracestate") == ([expected] if expected else None), (parents, states)
        (traceparent,) = got.get_all("traceparent")
        followed = parents in ([SAMPLED], [UNSAMPLED])
        assert (traceparent in parents) == followed and (TRACE in traceparent) == followed


def test_refusals_and_failures_say_what_they_were(open_gate, collector, carrier):
    house = open_gate(to(collector))
    assert call(house, "kaze").status == 403
    (refused,) = collector.wait_for(1)
    assert not refused.failed and refused.attributes["sekisho.outcome"] == "refused"
    assert refused.attributes["sekisho.code"] == "etoc-revoked" and refused.attributes["http.response.status_code"] == 403

    carrier.answer = lambda call: (404, {})
    assert call(house).status == 404
    *_, root, _, _, forward, _ = collector.wait_for(6)
    assert not root.failed and forward.failed and forward.attributes["error.type"] == "404"

    carrier.answer = lambda call: (500, {})
    assert call(house).status == 500
    *_, root, _, _, forward, settle = collector.wait_for(11)
    assert root.failed and root.attributes["error.type"] == "500" and forward.failed and settle.name == "settle"

    def breaks_off(call):
        raise ConnectionResetError

    carrier.answer = breaks_off
    assert call(house).status == 502
    *_, root, _, _, forward, settle = collector.wait_for(16)
    assert root.failed and root.attributes["sekisho.code"] == "carrier-malformed"
    assert forward.failed and forward.attributes["error.type"] == "carrier-malformed"
    assert "http.response.status_code" not in forward.attributes


def test_a_check_is_told_as_what_it_is(open_gate, collector, carrier):
    house = open_gate(to(collector, ", ratio: 100%"))
    body = json.dumps({"operator": house.operators["aozora"], "number_type": "fixed", "quantity": 1}).encode()
    with Client(house.gateway.admin_port) as client:
        answer = client.post("/admin/v1/check", body)
    assert answer.status == 200, answer
    (root,) = collector.wait_for(1)
    assert root.name == "check" and root.attributes["sekisho.outcome"] == "checked" and not carrier.calls


def log(house, message):
    lines = [json.loads(line) for line in house.gateway.err.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == message]


def test_a_collector_that_has_enough_is_asked_again_when_it_says(open_gate, collector):
    house = open_gate(to(collector))
    collector.answers = [(429, {}, {"Retry-After": "3"}), (503, {})]
    began = time.monotonic()
    assert call(house).status == 201
    wait_for("the batch comes a third time", 30, lambda: len(collector.calls) == 3)
    assert time.monotonic() - began > 3 + 1
    assert len({one.body for one in collector.calls}) == 1
    wait_for("it is counted once", 5, lambda: counted(house) == (5, {}))
    assert len(log(house, "the collector of traces takes no spans")) == 1
    wait_for("and all is well", 5, lambda: log(house, "the collector of traces takes spans again"))


def test_what_a_collector_refuses_is_counted_and_not_sent_again(open_gate, collector):
    house = open_gate(to(collector))
    collector.answers = [(400, {}), (200, {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too long"}})]
    assert call(house).status == 201
    wait_for("refused", 10, lambda: counted(house) == (0, {"refused": 5}))
    assert call(house).status == 201
    wait_for("partly refused", 10, lambda: counted(house) == (3, {"refused": 7}))
    assert len(collector.calls) == 2
    wait_for("the log says why", 5, lambda: [
        line["why"] for line in log(house, "spans were dropped")] == ["it answers 400", "too long"])


def decisions_of(collector):
    return [span.attributes.get("sekisho.decision") for span in collector.spans()]


def usual_time(house, count=20):
    times = []
    for _ in range(count):
        began = time.monotonic()
        assert call(house).status == 201
        times.append(time.monotonic() - began)
    return statistics.median(times)


def test_the_doctor_asks_the_collector(open_gate, collector):
    house = open_gate(to(collector, ", headers: { Authorization: Bearer of-the-collector }"))

    def doctor():
        (line,) = [one for one in house.sekisho("doctor").json["lines"] if one["what"] == "traces"]
        return line["state"], line["says"]

    assert doctor() == ("ok", f"127.0.0.1:{collector.port}/v1/traces takes them")
    (asked,) = collector.calls
    assert (asked.headers["Authorization"], collector.spans()) == ("Bearer of-the-collector", [])
    collector.answers.append((401, {"message": "who are you?"}))
    state, says = doctor()
    assert state == "warning" and "401" in says, says
    collector.stop()
    assert doctor() == ("warning", f"127.0.0.1:{collector.port}/v1/traces: no connection; no order waits for it, "
                                   "but its spans are lost")
    assert house.sekisho("doctor").code == 0, "a gate without traces is a gate"


@pytest.mark.parametrize("trouble", ["down", "hanging"])
def test_a_collector_that_is_gone_costs_orders_nothing(open_gate, collector, trouble):
    port = free_port() if trouble == "down" else collector.port
    house = open_gate(f"endpoint: 'http://127.0.0.1:{port}', queue: 60, timeout: 2s")
    if trouble == "hanging":
        collector.hanging.clear()
    assert usual_time(house) < 1.5, "who waited for the collector would have waited two seconds"
    assert house.gateway.ready()
    wait_for("what does not fit is dropped", 10, lambda: counted(house) == (0, {"queue": 40}))
    wait_for("and the log says so", 40, lambda: any(line["cause"] == "queue" for line in log(house, "spans were dropped")))
    wait_for("the others are given up", 60, lambda: counted(house)[1].get("unreachable") == 60)
    collector.hanging.set()
    if trouble == "hanging":
        before = counted(house)[0]
        last = call(house)
        wait_for("it takes spans again", 10, lambda: counted(house)[0] == before + 5)
        assert last.decision in decisions_of(collector)


def test_what_is_left_is_sent_before_the_gateway_ends(open_gate, collector):
    house = open_gate(to(collector))
    for _ in range(3):  # no more than two seconds are given to that, and the collector may be kept waiting as long
        last = call(house)
        assert house.gateway.terminate() == 0
        if last.decision in decisions_of(collector):
            return
        house.gateway.start_ready()
    raise AssertionError("three times, and nothing was sent")


def test_a_collector_that_hangs_does_not_keep_the_gateway(open_gate, collector):
    house = open_gate(to(collector, ", timeout: 1m"), drain="accept: 0s, wait: 5s")
    collector.hanging.clear()
    assert call(house).status == 201
    wait_for("the batch is on its way", 10, lambda: collector.calls)
    assert call(house).status == 201
    began = time.monotonic()
    assert house.gateway.terminate() == 0
    assert time.monotonic() - began < 30, "it did not wait as long as the collector may take"
    assert {line["cause"] for line in log(house, "spans were dropped")} == {"drain"}


def test_spans_go_over_tls_to_whom_the_certificate_names(open_gate, tmp_path):
    authority = Authority(tmp_path / "ca")
    mine = authority.issue("127.0.0.1", ["127.0.0.1"])
    collector = Collector()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(mine.path, mine.key_path)
    collector.server.server.socket = context.wrap_socket(collector.server.server.socket, server_side=True)
    with contextlib.closing(collector.server.server.socket):
        house = open_gate(f"endpoint: 'https://127.0.0.1:{collector.port}/otlp', tls: {{ ca: {authority.path} }}")
        assert call(house).status == 201
        wait_for("they came", 10, lambda: collector.calls)
        assert collector.calls[0].target == "/otlp/v1/traces"
        stranger = Authority(tmp_path / "other")
        edit(house.gateway.config, [(str(authority.path), str(stranger.path))])
        house.gateway.terminate()
        house.gateway.start_ready()
        assert call(house).status == 201
        (line,) = wait_for("it is not trusted", 10, lambda: log(house, "the collector of traces takes no spans"))
        assert "no TLS connection" in line["why"] and len(collector.calls) == 1
    collector.stop()
