"""Who calls, on real processes: every kind of credential, and one answer for whatever is wrong with it."""
import json
import re
import signal
import statistics
import threading
import time

import pytest

from credentials import Issuer, Key, bearer, signature
from harness import edit, order_body, wait_for

SECRET, NEXT_SECRET = "aozora-secret-" + "s" * 32, "aozora-next-secret-" + "n" * 32
ORDER = "/v1/number-orders"


@pytest.fixture(scope="module")
def issuer():
    return Issuer(Key("RS256", "r-1"), Key("ES256", "e-1"), Key("EdDSA", "d-1"))


def furnish(house, issuer):
    """aozora gets a credential of every kind that needs no TLS; hoshi calls from elsewhere; minato slowly."""
    (house.directory / "corp.json").write_text(issuer.jwks())
    (house.directory / "aozora.secret").write_text(SECRET + "\n")
    (house.directory / "next.secret").write_text(NEXT_SECRET + "\n")
    clients = house.directory / "clients.yaml"
    edit(clients, [
        ("api_key_header: X-Api-Key\n", "api_key_header: X-Api-Key\ntoken_issuers:\n"
         "  - { name: corp, issuer: 'https://login.example', jwks: corp.json, audience: [sekisho], leeway: 1s }\n"
         "signatures: { window: 2m }\n")])
    text = clients.read_text()
    text = re.sub(r"(\{ id: aozora,.*?) \}", r"\1, tokens: [ { issuer: corp, subject: aozora-desk } ], "
                  r"signatures: [ { key_id: aozora-1, secret_file: aozora.secret } ] }", text)
    text = re.sub(r"(\{ id: hoshi,.*?) \}", r"\1, networks: [10.0.0.0/8, '2001:db8::/32'] }", text)
    text = re.sub(r"(\{ id: kawa,.*?) \}", r"\1, operations: [search], carriers: [demo] }", text)
    text = re.sub(r"(\{ id: minato,.*?) \}", r"\1, rate: { requests: 1, per: minute, burst: 4 } }", text)
    clients.write_text(text)
    return house


@pytest.fixture
def two(build_house, issuer):
    return furnish(build_house(gateways=2), issuer).start()


@pytest.fixture
def one(build_house, issuer):
    return furnish(build_house(), issuer).start()


def order(client, headers, quantity=1):
    return client.post(ORDER, order_body(quantity, "fixed"), headers)


def signed(house, gateway=None, secret=SECRET, body=order_body(1, "fixed"), **kw):
    return signature(secret, "POST", (gateway or house.gateway).port, ORDER, body, **kw)


def told(answer):
    """What a caller learns: everything but the time and the decision's id."""
    text = (answer.head + b"\n" + answer.body).decode()
    if answer.decision:
        text = text.replace(answer.decision, "ID")
    return re.sub(r"(?mi)^date:.*$", "Date:", text)


def reload(house, taken=True, gateways=None):
    for gateway in gateways or house.gateways:
        stamp = lambda: gateway.metrics().value("config_last_reload_success_timestamp_seconds")
        before = stamp()
        gateway.signal(signal.SIGHUP)
        if taken:
            wait_for("the reload is taken", 10, lambda: stamp() != before)
        else:
            wait_for("the reload is refused", 10,
                     lambda: gateway.metrics().value("config_last_reload_successful") == 0)


def test_every_kind_of_credential_makes_the_same_caller_and_stays_here(one, issuer):
    with one.gateway.client() as client:
        for headers in ([("X-Api-Key", "key-aozora")], *(bearer(issuer.token(key)) for key in issuer.keys),
                        signed(one)):
            answer = order(client, headers)
            assert answer.status == 201, (headers, answer)
            seen = {name.lower(): value for name, value in dict(one.carrier.seen()["last_headers"]).items()}
            assert seen["sekisho-client"] == "aozora" and seen["sekisho-operator"] == one.operators["aozora"]
            assert seen["authorization"] == "Bearer carrier-side-token"
            assert not {"x-api-key", "signature", "signature-input"} & set(seen), seen
        query = "/v1/available-numbers?limit=2"
        assert client.get(query, signature(SECRET, "GET", one.gateway.port, query)).status == 200
    metrics = one.gateway.metrics()
    for kind, count in (("api_key", 1), ("token", 3), ("signature", 2)):
        assert metrics.value("authentications_total", kind=kind, outcome="known") == count, kind


def wrong_calls(house, issuer):
    """Every way not to be known, by name: the cause that the journal has, and the headers."""
    now = int(time.time())
    stranger = Key("RS256", "r-1")
    key = [("X-Api-Key", "key-aozora")]
    altered = signed(house, body=order_body(2, "fixed"))
    return {
        "no credential": ("missing", []),
        "unknown key": ("unknown", [("X-Api-Key", "key-that-nobody-has")]),
        "a key twice": ("several", key + key),
        "key and token": ("several", key + bearer(issuer.token())),
        "key and signature": ("several", key + signed(house)),
        "another network": ("wrong-network", [("X-Api-Key", "key-hoshi")]),
        "expired": ("expired", bearer(issuer.token(exp=now - 10))),
        "not yet valid": ("not-yet-valid", bearer(issuer.token(nbf=now + 60))),
        "another audience": ("wrong-audience", bearer(issuer.token(aud="elsewhere"))),
        "another issuer": ("unknown", bearer(issuer.token(iss="https://evil.example"))),
        "an unknown subject": ("unknown", bearer(issuer.token(sub="somebody"))),
        "an unknown kid": ("unknown", bearer(issuer.token(header={"kid": "r-9"}))),
        "a stranger's key": ("wrong", bearer(issuer.token(stranger))),
        "no algorithm": ("malformed", bearer(issuer.token(header={"alg": "none"}))),
        "a secret's algorithm": ("malformed", bearer(issuer.token(header={"alg": "HS256"}))),
        "critical": ("malformed", bearer(issuer.token(header={"crit": ["x"]}))),
        "no token": ("malformed", bearer("planted-token-text")),
        "another scheme": ("malformed", [("Authorization", "Basic cGxhbnRlZDp0ZXh0")]),
        "a wrong secret": ("wrong", signed(house, secret="z" * 40)),
        "an unknown key id": ("unknown", signed(house, key_id="kaze-1")),
        "another body": ("altered", altered),
        "too little covered": ("not-covered", signed(house, cover=("@method", "@path"))),
        "signed long ago": ("expired", signed(house, created=now - 200)),
        "signed in the future": ("not-yet-valid", signed(house, created=now + 200)),
        "half a signature": ("malformed", signed(house)[:-1]),
    }


def test_whatever_is_wrong_is_one_answer_and_the_journal_knows_why(one, issuer):
    answers = {}
    with one.gateway.client() as client:
        for name, (cause, headers) in wrong_calls(one, issuer).items():
            answers[name] = (cause, order(client, headers))
    first = next(iter(answers.values()))[1]
    assert (first.status, first.code) == (401, "unauthenticated")
    assert [value.split()[0] for name, value in first.headers if name == "WWW-Authenticate"] == \
        ["ApiKey", "Bearer", "Signature"]
    for name, (cause, answer) in answers.items():
        assert told(answer) == told(first), name
    def causes():
        return {record["decision"]: record.get("cause") for record in one.gateway.records(kind="decision")}
    wait_for("all are on disk", 5, lambda: len(causes()) == len(answers))
    for name, (cause, answer) in answers.items():
        assert causes()[answer.decision] == cause, name
    assert one.carrier.seen()["orders"] == 0


def test_nothing_secret_is_written_anywhere(one, issuer):
    with open(one.gateway.config, "a") as config:
        config.write("\nlog: { level: debug }\n")
    one.gateway.terminate()
    one.gateway.start_ready()
    token, call = issuer.token(), signed(one)
    planted = [SECRET, NEXT_SECRET, "key-aozora", "planted-token-text", "cGxhbnRlZDp0ZXh0", token.split(".")[2],
               token.split(".")[1], "planted-key", dict(call)["Signature"].split(":")[1]]
    with one.gateway.client() as client:
        for headers in ([("X-Api-Key", "key-aozora")], [("X-Api-Key", "planted-key")], bearer(token), call,
                        bearer("planted-token-text"), bearer(token[:-4] + "AAAA"),
                        [("Authorization", "Basic cGxhbnRlZDp0ZXh0")]):
            order(client, headers)
        edit(one.directory / "clients.yaml", [("secret_file: aozora.secret", "secret_file: corp.json")])
        reload(one, taken=False)
        metrics, ready = one.gateway.metrics().text, one.gateway.admin("/readyz").body.decode()
        status = one.gateway.admin("/admin/v1/status").body.decode()
    one.gateway.terminate()
    log = one.gateway.out.read_text() + one.gateway.err.read_text()
    assert '"a caller is not known"' in log and "malformed" in log, "the log says why, at debug"
    written = log + metrics + ready + status + b"".join(one.gateway.journal_lines()).decode()
    for secret in planted:
        assert secret not in written, secret


def test_a_signature_is_good_once_on_all_gateways(two):
    here, there = two.gateways
    # One authority, as behind one name: the other gateway is told the first one's host.
    def call(gateway, headers):
        with gateway.client() as client:
            body = order_body(1, "fixed")
            lines = [f"POST {ORDER} HTTP/1.1", f"Host: 127.0.0.1:{here.port}", f"Content-Length: {len(body)}",
                     "Content-Type: application/json", *(f"{name}: {value}" for name, value in headers)]
            client.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            return client.read()
    for gateway in two.gateways:
        wait_for("orders are taken", 10, lambda: call(gateway, signed(two)).status == 201)
    once = signed(two)
    assert call(here, once).status == 201
    assert call(here, once).code == "unauthenticated"
    assert call(there, once).code == "unauthenticated"
    assert there.metrics().value("authentications_total", kind="signature", outcome="replayed") == 1
    assert call(there, signed(two)).status == 201

    two.redis.kill()
    alone = signed(two)
    assert call(here, alone).code == "ledger-unavailable", "an order needs to know that nobody used it"
    with here.client() as client:
        query = "/v1/available-numbers"
        headers = signature(SECRET, "GET", here.port, query)
        assert client.get(query, headers).status == 200, "a search does not"
        assert client.get(query, headers).code == "unauthenticated", "and yet it is good once here"


def test_carriers_and_operations_are_each_clients_own(one):
    with one.gateway.client("kawa") as client:
        assert client.get("/v1/available-numbers").status == 200
        answer = order(client, [])
        assert (answer.status, answer.code) == (403, "client-not-allowed")


def test_credentials_rotate_by_reload_under_calls(one):
    clients = one.directory / "clients.yaml"
    stop, failures, made = threading.Event(), [], []

    def calls():
        with one.gateway.client() as client:
            while not stop.is_set():
                current = secret[0]
                query = "/v1/available-numbers"
                answer = client.get(query, signature(current[1], "GET", one.gateway.port, query, key_id=current[0]))
                if answer.status != 200:
                    failures.append((current, answer))
                made.append(current[0])

    def calls_go_on(key):
        so_far = len(made)
        wait_for(f"calls are made with {key}", 10, lambda: len(made) > so_far + 5 and made[-1] == key)
    secret = [("aozora-1", SECRET)]
    thread = threading.Thread(target=calls)
    thread.start()
    both = "[ { key_id: aozora-1, secret_file: aozora.secret }, { key_id: aozora-2, secret_file: next.secret } ]"
    edit(clients, [("[ { key_id: aozora-1, secret_file: aozora.secret } ]", both)])
    reload(one)
    secret[0] = ("aozora-2", NEXT_SECRET)
    calls_go_on("aozora-2")
    edit(clients, [(both, "[ { key_id: aozora-2, secret_file: next.secret } ]")])
    reload(one)
    calls_go_on("aozora-2")
    stop.set()
    thread.join()
    assert failures == []
    with one.gateway.client() as client:
        assert order(client, signed(one)).code == "unauthenticated", "the old key has had its time"


def test_a_key_set_is_reloaded_and_a_broken_one_changes_nothing(one, issuer):
    keys, old = one.directory / "corp.json", issuer.token()
    successor = Issuer(Key("ES256", "e-2"))
    with one.gateway.client() as client:
        assert order(client, bearer(old)).status == 201
        broken = json.loads(successor.jwks())
        broken["keys"][0]["d"] = "AQAB"
        keys.write_text(json.dumps(broken))
        reload(one, taken=False)
        assert "keys[0]" in one.gateway.admin("/readyz").body.decode()
        assert order(client, bearer(old)).status == 201
        assert order(client, bearer(successor.token())).status == 401
        keys.write_text(successor.jwks())
        reload(one)
        assert order(client, bearer(successor.token())).status == 201
        assert order(client, bearer(old)).status == 401, "also a token that was verified before"


def test_whoever_guesses_is_answered_later_and_later(one):
    def took(client, headers, status):
        began = time.monotonic()
        assert order(client, headers).status == status
        return time.monotonic() - began
    with one.gateway.client() as client, one.gateway.client("aozora") as neighbour:
        times = [took(client, [("X-Api-Key", "a guess")], 401) for _ in range(26)]
        # In ten seconds one failure is forgotten, and a slow machine may take as long.
        assert times[24] > 0.35 and times[25] > 0.75, times
        assert statistics.median(times[:20]) < times[25] / 5, "a few mistakes are answered at once"
        # The next guess would wait for two seconds.
        assert min(took(neighbour, [], 201) for _ in range(3)) < 1, "who is known never waits"


def test_a_client_has_a_rate_and_what_gives_back_is_shed_last(one):
    with one.gateway.client("minato") as client:
        answers = [client.get("/v1/available-numbers") for _ in range(6)]
        assert [answer.status for answer in answers[:4]] == [200] * 4
        assert (answers[-1].status, answers[-1].code) == (429, "rate-exceeded")
        assert 1 <= int(answers[-1].header("Retry-After")) <= 60
        assert client.delete("/v1/numbers/0312345678").status != 429
    assert one.gateway.metrics().value("shed_total", reason="client-rate") >= 1


def test_a_source_has_a_rate_whoever_it_is(build_house, issuer):
    house = furnish(build_house(), issuer)
    edit(house.directory / "clients.yaml", [("signatures: {", "source_rate: { requests: 1, per: minute, burst: 5 }\n"
                                                              "signatures: {")])
    house.start()
    with house.gateway.client("aozora") as client, house.gateway.client("nobody") as stranger:
        answers = [client.get("/v1/available-numbers") for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * 5
        for caller in (client, stranger):
            answer = caller.get("/v1/available-numbers")
            assert (answer.status, answer.code) == (429, "rate-exceeded"), answer


def test_the_programs_own_signature_is_taken(one):
    body = one.directory / "body.json"
    body.write_bytes(order_body(2, "fixed"))
    url = f"https://127.0.0.1:{one.gateway.port}{ORDER}"
    done = one.sekisho("client", "sign", "--key-id", "aozora-1", "--secret-file", "aozora.secret", "POST", url,
                       "--body", body)
    assert done.code == 0, done
    with one.gateway.client() as client:
        answer = client.post(ORDER, body.read_bytes(), list(done.json.items()))
        assert answer.status == 201, answer
    assert one.sekisho("client", "sign", "--key-id", "a", "--secret-file", "corp.json", "GET", "nowhere").code == 2


def test_an_order_reads_a_claim_of_the_token(build_house, issuer):
    house = furnish(build_house(changes={"carrier.yaml": [("json:/areaCode?", "token:area?")]}), issuer).start()
    with house.gateway.client() as client:
        answers = [order(client, bearer(issuer.token(area="03"))), order(client, signed(house))]
        assert [answer.status for answer in answers] == [201, 201], answers
    areas = [wait_for("it is on disk", 5, lambda: house.gateway.records(answer.decision, "decision"))[0]["order"]
             .get("area") for answer in answers]
    assert areas == ["03", None]
