"""Refusals in the shapes of carriers' APIs, over the wire: one gateway, and a path of its own for every shape."""
import json
import re
import urllib.parse
import xml.etree.ElementTree as ET

import pytest
from harness import House, wait_for
from scripted_carrier import ScriptedCarrier

ADAPTER = """
schema: sekisho/carrier/v1
carrier: demo
upstream:
  endpoints: ["http://127.0.0.1:{port}"]
  timeouts: {{ connect: 10s, response: 10s }}
denials:
  shape: json
  names: {{ root: error, code: error-code, text: error-code-label, status: http }}
  status: {{ decision: 420, carrier: 200 }}
  codes: {{ quota-exceeded: 21422, decision: 20403, unreadable-order: 400, carrier: "E502" }}
routes:
{routes}
  - match: POST /events
    operation: status
    webhook: {{ signature: hmac-sha256, header: X-Signature, secret: "known to two" }}
    order: {{ order_id: json:/order }}
    result: [ {{ granted: json:/granted }} ]
"""
ROUTE = """
  - match: POST /{name}
    operation: allocate
    {denials}
    order: {{ quantity: json:/count, number_type: const:ip_050 }}
    result: [ {{ on: 201, granted: json:/count }}, {{ on: 4xx, granted: 0 }} ]
"""
DENIALS = {"own": "", "problem": "denials: { shape: problem, status: { decision: 403, carrier: 504 } }",
           "json_api": "denials: { shape: json_api }", "tmf_error": "denials: { shape: tmf_error }",
           "xml": "denials: { shape: xml, names: { root: Response/Error } }", "form": "denials: { shape: form }"}
TYPES = {"own": "application/json", "problem": "application/problem+json", "json_api": "application/vnd.api+json",
         "tmf_error": "application/json", "xml": "application/xml", "form": "application/x-www-form-urlencoded"}


class Told:
    """What a caller of one shape reads: the carrier's code, the text, and the gate's code and decision."""

    def __init__(self, name, answer):
        assert answer.header("Content-Type") == TYPES[name], answer
        body = answer.body.decode()
        if name == "own":
            error = json.loads(body)["error"]
            self.code, self.text, own = error["error-code"], error["error-code-label"], error["sekisho"]
            assert error["http"] == answer.status
        elif name == "problem":
            own = json.loads(body)
            self.code, self.text = None, own["reasons"][0]["text"]
            assert own["status"] == answer.status
        elif name == "json_api":
            [error, *_] = json.loads(body)["errors"]
            self.code, self.text, own = error["code"], error["detail"], json.loads(body)["meta"]["sekisho"]
            assert error["status"] == str(answer.status)
        elif name == "tmf_error":
            error = json.loads(body)
            self.code, self.text, own = error["code"], error["message"], error["sekisho"]
            assert error["status"] == str(answer.status) and error["reason"]
        elif name == "xml":
            root = ET.fromstring(answer.body)
            assert root.tag == "Response"
            error = root.find("Error")
            self.code, self.text = error.findtext("Code"), error.findtext("Description")
            own = {child.tag: child.text for child in error.find("sekisho")}
        else:
            fields = urllib.parse.parse_qs(body, strict_parsing=True)
            assert all(len(values) == 1 for values in fields.values())
            self.code, self.text = fields["code"][0], fields["message"][0]
            own = {key[len("sekisho_"):]: values[0] for key, values in fields.items() if key.startswith("sekisho_")}
        self.own, self.decision = own["code"], own["decision"]
        assert self.decision == answer.decision
        if name != "problem":
            assert self.decision in self.text and self.own in self.text


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path, changes={"policy.yaml": [("numbers: 1000, per: day", "numbers: 100, per: day")]})
    carrier = ScriptedCarrier(lambda call: house.script(call))
    house.script = lambda call: (201, call.json)
    routes = "".join(ROUTE.format(name=name, denials=denials) for name, denials in DENIALS.items())
    (house.directory / "carrier.yaml").write_text(ADAPTER.format(port=carrier.port, routes=routes))
    house.scripted = carrier
    yield house.start()
    house.stop()
    carrier.stop()


def ask(house, who, target, body=None, **headers):
    with house.gateway.client(who) as client:
        text = body if isinstance(body, bytes) else json.dumps(body or {"count": 1}).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.request("POST", target, list({"Content-Type": "application/json", **names}.items()), text)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_decision_in_every_shape(house, language):
    japanese = re.compile("[\u3040-\u30ff]")
    for name in DENIALS:
        answer = ask(house, "kaze", f"/{name}", Accept_Language=language)
        told = Told(name, answer)
        assert answer.status == (403 if name == "problem" else 420), answer
        assert told.own == "etoc-revoked"
        assert told.code == {"own": 20403, "problem": None}.get(name, "20403")
        assert bool(japanese.search(told.text)) == (language == "ja"), told.text
        assert answer.header("Content-Language") == language
        [record] = wait_for("the decision is in the journal", 5,
                            lambda: house.gateway.records(told.decision, "decision"))
        assert (record["code"], record["status"]) == ("etoc-revoked", 403), "the journal has the gate's own"
    assert house.scripted.calls == []


def test_not_now_keeps_its_headers(house):
    """A hundred numbers a day."""
    for name in DENIALS:
        answer = ask(house, "aozora", f"/{name}", {"count": 101})
        told = Told(name, answer)
        assert answer.status == 429, answer
        assert told.own == "quota-exceeded"
        assert told.code == {"own": 21422, "problem": None}.get(name, "21422")
        assert int(answer.header("Retry-After")) >= 1
        assert answer.header("RateLimit").startswith('"') and answer.header("RateLimit-Policy")


def test_an_order_that_cannot_be_read(house):
    for name in DENIALS:
        for body in (b'{"count": 1, "count": 2}', b"\"<&]]>\xff\x00\"", b'{"count": "</Error>&x=\\u0000\\ud83d"}'):
            answer = ask(house, "aozora", f"/{name}", body)
            told = Told(name, answer)
            assert answer.status in (400, 415, 422), answer
            assert told.own in ("unreadable-order", "unsupported-body"), answer
    assert house.scripted.calls == []


def test_the_carriers_failure(house):
    # It ends the connection without a word.
    house.script = lambda call: (_ for _ in ()).throw(ConnectionResetError())
    for name in DENIALS:
        answer = ask(house, "aozora", f"/{name}")
        told = Told(name, answer)
        assert answer.status == (504 if name == "problem" else 200), answer
        assert told.own == "carrier-malformed"
        assert told.code == {"problem": None}.get(name, "E502")
        assert answer.header("Retry-After") is None, "it may have been carried out"
    assert house.counts("aozora") == (0, 0, len(DENIALS))


def test_an_unknown_caller_is_answered_in_the_dialect_of_the_path(house):
    for name in DENIALS:
        answer = ask(house, "nobody", f"/{name}")
        assert answer.status == 401, answer
        assert Told(name, answer).own == "unauthenticated"
        assert answer.header("WWW-Authenticate")
    # No route: problem+json, to strangers and to clients.
    assert ask(house, "nobody", "/elsewhere").code == "unauthenticated"
    refused = ask(house, "aozora", "/elsewhere")
    assert (refused.status, refused.code) == (403, "route-not-governed")


def test_a_webhook_is_no_client(house):
    answer = ask(house, None, "/events", {"order": "o", "granted": 1}, X_Signature="00")
    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_what_is_confidential_is_neutral_in_every_shape(house):
    """yama is on the refusal list: a request of the police."""
    for name in DENIALS:
        answer = ask(house, "yama", f"/{name}")
        assert Told(name, answer).own == "supply-refused"
        outward = urllib.parse.unquote_plus((answer.head + answer.body).decode()).lower()
        for secret in ("refusal", "police", "refuse_new", "r-2026-017", "scheme", "confidential"):
            assert secret not in outward, secret
