"""nginx in front, which asks the gate by auth_request: the configuration of docs/integrations.md, as it stands there."""
import re

import pytest

from admin_calls import guard
from client import Client
from harness import TOP, Process, free_port, order, wait_for


class Nginx(Process):
    def __init__(self, house):
        self.port = free_port()
        page = (TOP / "docs/integrations.md").read_text()
        (config,) = re.findall(r"^```nginx\n(.*?)^```", page, re.M | re.S)
        for old, new in (("127.0.0.1:19090", f"127.0.0.1:{house.gateway.admin_port}"), ("127.0.0.1:18081", f"127.0.0.1:{house.carrier.port}"),
                         ("127.0.0.1:8080", f"127.0.0.1:{self.port}"), ("the token of edge-1", "secret of edge-1"),
                         ("the token for the carrier", "carrier-side-token")):
            assert old in config
            config = config.replace(old, new)
        self.home = house.directory / "nginx"
        self.home.mkdir()
        temporary = "".join(f"{kind}_temp_path {self.home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = self.home / "nginx.conf"
        file.write_text(f"daemon off; master_process off; pid {self.home}/pid; error_log stderr;\n"
                        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{config}\n}}\n")
        super().__init__("nginx", ["/usr/sbin/nginx", "-e", "stderr", "-p", self.home, "-c", file], house.directory)

    def start_ready(self):
        self.start()
        self.wait_ready(10, self.listens)

    def listens(self):
        try:
            with Client(self.port, timeout=2) as client:
                client.connect()
            return True
        except OSError:
            return False

    def client(self, key=None):
        return Client(self.port, key, timeout=20)


@pytest.fixture
def front(build_house):
    house = build_house()
    guard(house, {"edge-1": "checker", "desk": "compliance"})
    house.start()
    nginx = Nginx(house)
    nginx.start_ready()
    yield house, nginx
    nginx.kill()


def test_what_is_allowed_passes_with_its_decision_and_the_rest_gets_the_gates_words(front):
    house, nginx = front
    with nginx.client("key-aozora") as client:
        answer = order(client, 2)
        assert answer.status == 201 and len(answer.json()["numbers"]) == 2
    (sent,) = house.carrier.log()
    assert sent["operator"] == house.operators["aozora"]
    record = wait_for("it is on record", 5, lambda: house.gateway.records(sent["decision"]))[0]
    assert (record["check"], record["allowed"], record["unseen"]) == ("edge-1", True, True)
    for name, status, code in (("kaze", 403, "etoc-revoked"), ("yama", 403, "supply-refused"), ("nobody", 401, "unauthenticated")):
        with nginx.client(house.keys[name]) as client:
            refused = order(client, 2)
            assert (refused.status, refused.code) == (status, code)
            assert refused.decision == refused.json()["decision"]
    with nginx.client("key-kaze") as client:
        assert "取り消され" in order(client, 1, headers=[("Accept-Language", "ja")]).json()["title"]
        assert client.get("/v1/accounts").code == "route-not-governed"
        assert client.get("/v1/available-numbers?area=03").status == 200
    assert house.carrier.seen()["orders"] == 1


def test_a_status_that_nginx_does_not_know_reaches_the_caller_all_the_same(front):
    house, nginx = front
    with house.gateway.client("aozora") as client:
        assert order(client, 1000).status == 201
    with nginx.client("key-aozora") as client:
        refused = order(client, 1)
        assert (refused.status, refused.code) == (429, "quota-exceeded")
        assert int(refused.header("Retry-After")) >= 1 and refused.json()["limits"][0]["left"] == 0
    house.redis.kill()
    with nginx.client("key-minato") as client:
        wait_for("the gate cannot decide", 10, lambda: order(client, 1).code == "ledger-unavailable")
        assert order(client, 1).status == 503
    with nginx.client("key-kaze") as client:
        assert order(client, 1).code == "etoc-revoked"


def test_nothing_passes_while_the_gate_is_down_or_knows_nginx_not(front):
    house, nginx = front
    house.gateway.kill()
    with nginx.client("key-aozora") as client:
        assert order(client, 1).status == 500
        assert client.get("/v1/available-numbers?area=03").status == 500
    guarded = house.directory / "admin.yaml"
    guarded.write_text(guarded.read_text().replace("role: checker", "role: viewer"))
    house.gateway.start_ready()
    with nginx.client("key-aozora") as client:
        assert order(client, 1).status == 500
    assert house.carrier.seen()["orders"] == 0
