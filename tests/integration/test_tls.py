"""TLS on every side: what clients, carriers and Redis must show, what they are shown, and that it can be renewed at any
time without an order that fails."""
import contextlib
import datetime
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import redis_setups
import relay
from certificates import Authority, caller
from harness import Redis, edit, free_port, order, wait_for


class TlsRedis(Redis):
    """Speaks TLS only, and wants a certificate of the same authority."""

    def __init__(self, directory):
        super().__init__(directory, free_port(), False)
        self.authority = Authority(directory / "redis-ca")
        self.shown = self.authority.issue("redis.internal", ["redis.internal"])
        self.ours = self.authority.issue("gate", client=True)
        self.url = f"rediss://127.0.0.1:{self.port}"
        self.command = ["redis-server", "--port", "0", "--tls-port", str(self.port), "--bind", "127.0.0.1", "--dir",
                        str(self.data), "--save", "", "--tls-cert-file", str(self.shown.path), "--tls-key-file",
                        str(self.shown.key_path), "--tls-ca-cert-file", str(self.authority.path)]

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as plain:
            context, _ = caller(self.authority, self.ours)
            with context.wrap_socket(plain, server_hostname="redis.internal") as wire:
                wire.sendall(b"PING\r\n")
                return wire.recv(16).startswith(b"+PONG")

    def settings(self, **changes):
        said = {"ca": self.authority.path, "certificate": self.ours.path, "key": self.ours.key_path,
                "server_name": "redis.internal", **changes}
        return "{ " + ", ".join(f"{key}: {value}" for key, value in said.items() if value) + " }"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


def secure_listener(gateway, certificate, **more):
    said = {"certificate": certificate.path, "key": certificate.key_path, **more}
    text = ", ".join(f"{key}: {value}" for key, value in said.items())
    edit(gateway.config, [(f"address: 127.0.0.1:{gateway.port}", f"address: 127.0.0.1:{gateway.port}\n    tls: {{ {text} }}")])


def secure_carrier(house, authority, certificate, tls, *relay_options):
    """The carrier behind TLS: a front of its own with `certificate`; `tls`: what the adapter says."""
    front = relay.Relay(house.directory, "carrier-front", house.carrier.port, "--certificate", certificate.path, "--key",
                        certificate.key_path, *relay_options)
    edit(house.directory / "carrier.yaml", [
        (f'endpoints: ["http://127.0.0.1:{house.carrier.port}"]', f'endpoints: ["https://127.0.0.1:{front.port}"]\n  tls: {tls}')])
    front.start()
    return front


def start_with(house, *parts):
    """Starts the house; what stands in front of its parts ends with it."""
    ended = house.stop

    def stop():
        for part in parts:
            part.kill()
        ended()
    house.stop = stop
    return house.start()


def handshake(port, context, name="127.0.0.1"):
    """Version, cipher and protocol that were agreed on; raises what ssl raises."""
    with socket.create_connection(("127.0.0.1", port), 20) as plain, context.wrap_socket(plain, server_hostname=name) as wire:
        wire.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.recv(10)  # TLS 1.3: only now has the server said what it thinks of our certificate
        return wire.version(), wire.cipher()[0], wire.selected_alpn_protocol()


def test_an_order_goes_under_tls_all_the_way(build_house, authority):
    house = build_house(redis=TlsRedis)
    gateway = house.gateway
    secure_listener(gateway, authority.issue("gate", ["127.0.0.1"]))
    edit(gateway.config, [(house.redis.url, f"{house.redis.url}\n  tls: {house.redis.settings()}")])
    ours = authority.issue("gate-at-the-carrier", client=True)
    front = secure_carrier(house, authority, authority.issue("carrier", ["127.0.0.1"]),
                           f"{{ ca: {authority.path}, certificate: {ours.path}, key: {ours.key_path} }}",
                           "--client-ca", authority.path)
    start_with(house, front)
    with gateway.client("aozora", tls=caller(authority)) as client:
        for _ in range(3):
            assert order(client, 2).status == 201
        big = order(client, 1, note="x" * 300_000)  # several records each way
        assert big.status == 201
    wait_for("counted", 10, lambda: house.counts("aozora") == (7, 0, 0))
    metrics = gateway.metrics()
    assert metrics.value("tls_handshakes_total", side="listener", outcome="good") == 1
    assert metrics.value("tls_handshakes_total", side="carrier", outcome="good") == 1
    for use in (f"listener/127.0.0.1:{gateway.port}", "carrier/demo", "redis"):
        ends = metrics.value("tls_certificate_not_after_timestamp_seconds", use=use)
        assert ends and abs(ends - time.time() - 90 * 86400) < 3600, (use, ends)
    with gateway.client("aozora") as client, pytest.raises(OSError):
        order(client, 1)  # in the clear


def test_versions_and_ciphers(build_house, authority):
    house = build_house()
    secure_listener(house.gateway, authority.issue("gate", ["127.0.0.1"]))
    house.start()
    port = house.gateway.port
    context, _ = caller(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    assert handshake(port, context) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1") or \
        handshake(port, context)[0] == "TLSv1.3"
    older, _ = caller(authority)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    version, cipher, protocol = handshake(port, older)
    assert version == "TLSv1.2" and cipher.startswith("ECDHE-") and "GCM" in cipher and protocol is None
    weak, _ = caller(authority)
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
    with pytest.raises(OSError):
        handshake(port, weak)
    other, _ = caller(authority)
    other.set_alpn_protocols(["h2"])
    with pytest.raises(OSError):
        handshake(port, other)
    scan = subprocess.run(["sslscan", "--no-colour", "--no-check-certificate", f"127.0.0.1:{port}"], capture_output=True,
                          text=True, timeout=120).stdout
    enabled = [line for line in scan.splitlines() if line.startswith(("SSLv", "TLSv")) and line.endswith("enabled")]
    assert [line.split()[0] for line in enabled] == ["TLSv1.2", "TLSv1.3"], scan
    for line in scan.splitlines():
        if line.startswith(("Accepted", "Preferred")):
            assert "GCM" in line or "CHACHA20" in line, line
    assert "renegotiation not supported" in scan or "Secure session renegotiation" in scan, scan
    assert "vulnerable to heartbleed" not in scan.replace("not vulnerable to heartbleed", ""), scan


def test_a_session_is_resumed_and_is_another_client_all_the_same(build_house, authority):
    house = build_house()
    secure_listener(house.gateway, authority.issue("gate", ["127.0.0.1"]))
    house.start()
    context, name = caller(authority)
    session = None
    for expected in (False, True, True):
        with socket.create_connection(("127.0.0.1", house.gateway.port), 20) as plain:
            with context.wrap_socket(plain, server_hostname=name, session=session) as wire:
                wire.sendall(b"GET /sekisho/v1/standing HTTP/1.1\r\nHost: a\r\n\r\n")
                assert wire.recv(12) == b"HTTP/1.1 401", "what was said before is not remembered"
                assert wire.session_reused is expected
                session = wire.session


def test_clients_certificates(build_house, authority):
    house = build_house()
    gateway = house.gateway
    stranger = Authority(house.directory / "stranger")
    good = authority.issue("reseller", client=True)
    late = authority.issue("late", client=True, good_for=-datetime.timedelta(hours=1))
    gone = authority.issue("gone", client=True)
    server = authority.issue("gate", ["127.0.0.1"])
    crl = authority.revoke(gone)
    secure_listener(gateway, server, client_ca=authority.path, crl=crl, client_certificate="required")
    house.start()

    def call(certificate):
        with gateway.client("aozora", tls=caller(authority, certificate)) as client:
            return order(client, 1).status

    assert call(good) == 201
    for nobody in (None, late, gone, stranger.issue("reseller", client=True), authority.issue("server-only", ["a"])):
        with pytest.raises(OSError):
            call(nobody)
    wait_for("all five are counted", 5, lambda: gateway.metrics().value(
        "tls_handshakes_total", side="listener", outcome="failed") == 5)

    # Whoever is revoked now is turned away from the next connection on, whatever it remembers of an earlier one.
    context, name = caller(authority, good)
    with gateway.client("aozora", tls=(context, name)) as client:
        assert order(client, 1).status == 201
        ticket = client.socket.session
    authority.revoke(good)
    gateway.signal(signal.SIGHUP)

    def refused():
        try:
            return call(good) != 201
        except OSError:
            return True
    wait_for("the new list is in force", 10, refused)
    with gateway.client("aozora", tls=(context, name)) as client:
        client.session = ticket
        with pytest.raises(OSError):
            order(client, 1)


def test_a_certificate_says_who_calls(build_house, authority):
    """By its fingerprint or its subject, alone or beside a key of the same client; any other is nobody."""
    house = build_house()
    gateway = house.gateway
    by_print, by_subject = authority.issue("desk-1", client=True), authority.issue("desk-2", client=True)
    strange = authority.issue("desk-3", client=True)
    hoshi = next(line for line in (house.directory / "clients.yaml").read_text().splitlines() if "id: hoshi" in line)
    edit(house.directory / "clients.yaml", [
        ("  - { id: aozora,", f'  - {{ id: aozora, certificates: ["sha256:{by_print.fingerprint}"],'),
        (hoshi, hoshi.replace("id: hoshi,", 'id: hoshi, certificates: [{ subject: "CN=desk-2" }],'))])
    secure_listener(gateway, authority.issue("gate", ["127.0.0.1"]), client_ca=authority.path)
    house.start()

    def standing(certificate, key=None):
        with gateway.client(key, tls=caller(authority, certificate)) as client:
            answer = client.get("/sekisho/v1/standing")
            return answer.json()["operator"] if answer.status == 200 else answer.status

    aozora, hoshi = house.operators["aozora"], house.operators["hoshi"]
    assert [standing(by_print), standing(by_subject), standing(strange), standing(None)] == [aozora, hoshi, 401, 401]
    assert standing(by_print, "aozora") == aozora
    assert standing(None, "aozora") == aozora, "a certificate was optional"
    assert standing(by_subject, "aozora") == 401, "two clients are none"
    with gateway.client(tls=caller(authority, by_print)) as client:
        assert order(client, 2).status == 201
    wait_for("counted", 10, lambda: house.counts("aozora") == (2, 0, 0))


def test_certificates_are_renewed_under_load(build_house, authority):
    house = build_house(changes={"policy.yaml": [("numbers: 1000, per: day", "numbers: 1000000, per: day"),
                                                 ("requests: 50, per: second, burst: 100",
                                                  "requests: 1000000, per: second, burst: 1000000")]})
    gateway = house.gateway
    shown = authority.issue("gate", ["127.0.0.1"], file="shown")
    secure_listener(gateway, shown)
    house.start()
    troubles, served, stopping = [], [], threading.Event()

    def call(lasting):
        client = gateway.client("aozora", tls=caller(authority))
        while not stopping.is_set():
            try:
                answer = order(client, 1)
                served.append(answer.status)
                if answer.status != 201:
                    troubles.append(answer)
            except OSError as trouble:
                troubles.append(repr(trouble))
            if not lasting:
                client.close()
        client.close()

    def ends():
        return gateway.metrics().value("tls_certificate_not_after_timestamp_seconds",
                                       use=f"listener/127.0.0.1:{gateway.port}")

    callers = [threading.Thread(target=call, args=(lasting,)) for lasting in (True, False)]
    for one in callers:
        one.start()
    try:
        before = ends()
        authority.issue("gate", ["127.0.0.1"], good_for=datetime.timedelta(days=200), file="shown")
        gateway.signal(signal.SIGHUP)
        wait_for("the new certificate is shown", 10, lambda: ends() > before + 86400 * 100)
        renewed = ends()

        good = shown.path.read_bytes()
        shown.path.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
        gateway.signal(signal.SIGHUP)
        wait_for("the reload is refused", 10, lambda: gateway.metrics().value("config_last_reload_successful") == 0)
        assert ends() == renewed
        shown.path.write_bytes(good)
        gateway.signal(signal.SIGHUP)
        wait_for("and taken again", 10, lambda: gateway.metrics().value("config_last_reload_successful") == 1)
        so_far = len(served)
        wait_for("calls go on", 10, lambda: len(served) > so_far + 20)
    finally:
        stopping.set()
        for one in callers:
            one.join(20)
    assert not troubles, troubles[:3]


@pytest.mark.parametrize("why", ["another name", "another issuer", "expired", "in the clear"])
def test_a_carrier_that_cannot_show_who_it_is_gets_no_order(build_house, authority, why):
    house = build_house()
    certificate = authority.issue("carrier", ["10.0.0.9" if why == "another name" else "127.0.0.1"],
                                  good_for=-datetime.timedelta(hours=1) if why == "expired" else datetime.timedelta(days=9))
    trusted = Authority(house.directory / "another").path if why == "another issuer" else authority.path
    front = secure_carrier(house, authority, certificate, f"{{ ca: {trusted} }}")
    if why == "in the clear":
        edit(house.directory / "carrier.yaml", [(f"https://127.0.0.1:{front.port}", f"https://127.0.0.1:{house.carrier.port}")])
    start_with(house, front)
    with house.gateway.client("aozora") as client:
        answer = order(client, 3)
        assert (answer.status, answer.code) == (502, "carrier-unreachable")
    assert house.carrier.log() == []
    wait_for("nothing is left counted", 10, lambda: house.counts("aozora") == (0, 0, 0))
    assert house.gateway.metrics().value("tls_handshakes_total", side="carrier", outcome="failed") >= 1


def test_a_carriers_name_may_be_said_apart_from_its_address(build_house, authority):
    house = build_house()
    front = secure_carrier(house, authority, authority.issue("carrier", ["numbers.carrier.example"]),
                           f"{{ ca: {authority.path}, server_name: numbers.carrier.example }}")
    start_with(house, front)
    with house.gateway.client("aozora") as client:
        assert order(client, 3).status == 201


def test_when_the_certificate_for_redis_ends_is_read_from_its_file(build_house):
    house = build_house(redis=TlsRedis)
    gateway = house.gateway
    edit(gateway.config, [(house.redis.url, f"{house.redis.url}\n  tls: {house.redis.settings()}")])
    house.start()

    def days():
        ends = gateway.metrics().value("tls_certificate_not_after_timestamp_seconds", use="redis")
        return ends and round((ends - time.time()) / 86400)
    assert days() == 90
    house.redis.authority.issue("gate", client=True, good_for=datetime.timedelta(days=200))
    assert days() == 200, "without a reload, as it will be shown"
    for broken in ("", "no certificate", None):
        house.redis.ours.path.write_text(broken) if broken is not None else house.redis.ours.path.unlink()
        assert days() is None
    assert gateway.ready()


def test_a_redis_that_cannot_show_who_it_is_is_told_nothing(build_house):
    house = build_house(redis=TlsRedis)
    gateway = house.gateway
    edit(gateway.config, [(house.redis.url, f"{house.redis.url}\n  tls: {house.redis.settings(server_name='other.internal')}")])
    house.redis.start()
    house.carrier.start()
    gateway.start()

    def says_why():
        with contextlib.suppress(OSError):
            return b"hostname mismatch" in gateway.admin("/readyz").body
    wait_for("it says why", 15, says_why)
    assert gateway.admin("/readyz").status == 503
    done = house.sekisho("doctor")
    assert done.code == 1 and "hostname mismatch" in done.out + done.err, done


@pytest.mark.parametrize("setup", [redis_setups.Sentinels, redis_setups.Cluster])
def test_several_redis_under_tls_are_followed(build_house, setup):
    house = build_house(redis=lambda directory: setup(directory, redis_setups.Tls(directory)))
    edit(house.gateway.config, [(house.redis.url, f"{house.redis.url}\n  tls: {house.redis.tls.settings}")])
    house.start()
    with house.gateway.client("aozora") as client:
        assert order(client, 3).status == 201
    assert house.counts("aozora") == (3, 0, 0)
    assert house.sekisho("doctor").code == 0
    if setup is redis_setups.Cluster:
        return
    assert house.redis.master.ask("WAIT", 1, 15000) == "1"
    house.redis.master.kill()

    def taken_again():
        with house.gateway.client("aozora") as client:
            return order(client, 1).status == 201
    wait_for("the failover is followed", 30, taken_again)
    wait_for("all are counted", 10, lambda: house.counts("aozora") == (4, 0, 0))


@pytest.mark.parametrize("said, complaint", [
    ("{ certificate: gate.pem }", "'certificate' and 'key' stand together"),
    ("{ certificate: none.pem, key: gate.key }", "none.pem: cannot be read"),
    ("{ certificate: gate.pem, key: other.key }", "other.key: no key of the certificate 'gate.pem'"),
    ("{ certificate: gate.key, key: gate.key }", "gate.key: no certificate that can be used"),
    ("{ certificate: old.pem, key: old.key }", "old.pem: the certificate has expired"),
    ("{ certificate: gate.pem, key: locked.key }", "locked.key: no key of the certificate"),
    ("{ certificate: gate.pem, key: gate.key, client_ca: gate.key }", "gate.key: no issuer's certificate"),
    ("{ certificate: gate.pem, key: gate.key, crl: ca.crl }", "'crl' needs 'client_ca'"),
    ("{ certificate: gate.pem, key: gate.key, client_ca: ca.pem, crl: ca.pem }", "ca.pem: no revocation list"),
    ("{ certificate: gate.pem, key: gate.key, client_certificate: required }", "'client_certificate' needs 'client_ca'"),
    ("{ certificate: gate.pem, key: gate.key, ciphers: all }", "unknown key 'ciphers'"),
])
def test_what_is_wrong_with_a_certificate_is_said_before_anything_starts(build_house, said, complaint):
    house = build_house()
    authority = Authority(house.directory)
    authority.issue("gate", ["127.0.0.1"])
    authority.issue("other", ["127.0.0.1"])
    authority.issue("old", ["127.0.0.1"], good_for=-datetime.timedelta(hours=1))
    authority.revoke()
    subprocess.run(["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", house.directory / "gate.key", "-out",
                    house.directory / "locked.key"], check=True, capture_output=True)
    edit(house.gateway.config, [(f"address: 127.0.0.1:{house.gateway.port}",
                                 f"address: 127.0.0.1:{house.gateway.port}\n    tls: {said}")])
    done = house.sekisho("check", "--config", house.gateway.config)
    assert done.code == 2 and complaint in done.out + done.err, done
