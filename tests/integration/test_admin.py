"""Who may do what on the admin listener."""
import contextlib
import signal

import pytest

from admin_calls import TOKENS, ask, guard, sha256, write_tokens
from certificates import Authority, caller
from harness import edit, wait_for


@pytest.fixture
def guarded(build_house):
    house = build_house()
    guard(house)
    return house.start()


def test_health_is_anybodys_and_the_rest_has_roles(guarded):
    house = guarded
    assert ask(house, "GET", "/livez").status == 200
    assert ask(house, "GET", "/readyz").status == 200
    table = [  # method, target: viewer, operator, compliance
        ("GET", "/metrics", (200, 200, 200)), ("GET", "/admin/v1/status", (200, 200, 200)),
        ("POST", "/admin/v1/reload", (403, 200, 200)), ("GET", "/admin/v1/nothing", (404, 404, 404))]
    for method, target, statuses in table:
        assert tuple(ask(house, method, target, name).status for name in TOKENS) == statuses, target
        for nobody in (None, "nobody"):
            answer = ask(house, method, target, nobody)
            assert (answer.status, answer.code, answer.header("WWW-Authenticate")) == (
                401, "unauthenticated", 'Bearer realm="sekisho"')


@pytest.mark.parametrize("shown", ["secret of desk", "Basic secret of desk", "Bearer", "Bearer ", "Bearer  secret of desk",
                                   "Bearer secret of desk,x"])
def test_a_token_is_shown_in_one_way(guarded, shown):
    assert ask(guarded, "GET", "/metrics", headers=[("Authorization", shown)]).status == 401


def test_two_tokens_are_none(guarded):
    twice = [("Authorization", "Bearer secret of desk")] * 2
    assert ask(guarded, "GET", "/metrics", headers=twice).status == 400


def test_who_reloaded_is_on_record(guarded):
    house = guarded

    def reloaded_by():
        return [record.get("by") for record in house.gateway.records(kind="policy") if not record.get("repeated")]
    assert ask(house, "POST", "/admin/v1/reload", "desk").status == 200
    assert ask(house, "POST", "/admin/v1/reload", "on-call").status == 200
    house.gateway.signal(signal.SIGHUP)
    wait_for("the signal's reload", 10, lambda: len(reloaded_by()) == 4)
    assert reloaded_by() == [None, "desk", "on-call", "SIGHUP"]
    words = b"".join(house.gateway.journal_lines()) + (house.directory / "gateway-1.err").read_bytes()
    assert b"secret of" not in words


def test_a_token_that_is_taken_away_is_gone_with_the_next_reload(guarded):
    house = guarded
    write_tokens(house, {"desk": "compliance"})
    assert ask(house, "POST", "/admin/v1/reload", "on-call").status == 200
    assert ask(house, "POST", "/admin/v1/reload", "on-call").status == 401
    assert ask(house, "POST", "/admin/v1/reload", "desk").status == 200


def test_elsewhere_it_needs_tls_and_tokens(build_house):
    house = build_house()
    port = house.gateway.admin_port
    authority = Authority(house.directory / "ca")
    shown = authority.issue("gate", ["127.0.0.1"])
    edit(house.gateway.config, [(f"address: 127.0.0.1:{port}", f"address: 0.0.0.0:{port}")])
    done = house.sekisho("check", "--config", house.gateway.config)
    assert done.code == 2 and "needs 'admin.tls' and 'admin.tokens'" in done.out + done.err, done
    write_tokens(house, TOKENS)
    edit(house.gateway.config, [(f"address: 0.0.0.0:{port}", f"address: 0.0.0.0:{port}\n  tokens: admin.yaml\n  tls: {{ "
                                                             f"certificate: {shown.path}, key: {shown.key_path} }}")])
    house.gateway.ready = lambda: True
    house.start()

    def ready():
        with contextlib.suppress(ConnectionRefusedError):
            return ask(house, "GET", "/readyz", tls=caller(authority)).status == 200
    wait_for("it is ready", 15, ready)
    assert ask(house, "GET", "/metrics", "prometheus", tls=caller(authority)).status == 200
    with pytest.raises(OSError):
        ask(house, "GET", "/metrics", "prometheus")


@pytest.mark.parametrize("text, complaint", [
    ("tokens: []", "expected a list of tokens"),
    ("tokens: [ { name: a, role: root, token_sha256: %s } ]" % sha256("a"), "'root' is not one of viewer, operator, compliance, checker"),
    ("tokens: [ { name: a, role: viewer, token_sha256: a } ]", "64 lower-case hexadecimal digits"),
    ("tokens: [ { name: a, role: viewer, token_sha256: %s }, { name: b, role: viewer, token_sha256: %s } ]"
     % (sha256("a"), sha256("a")), "this token is that of 'a' already"),
    ("tokens: [ { name: a, role: viewer, token: secret } ]", "unknown key 'token'"),
])
def test_a_broken_file_is_refused_by_name(build_house, text, complaint):
    house = build_house()
    guard(house)
    (house.directory / "admin.yaml").write_text(f"schema: sekisho/admin/v1\n{text}\n")
    done = house.sekisho("check", "--config", house.gateway.config)
    assert done.code == 2 and complaint in done.out + done.err and "admin.yaml" in done.out + done.err, done
