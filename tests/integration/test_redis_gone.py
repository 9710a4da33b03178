"""Redis goes away, stalls, comes back, or comes back older: no verdict is invented and no count is lost."""
import contextlib
import signal
import time

import pytest

from harness import SLOWNESS, order, wait_for


@pytest.fixture
def lasting(open_house):
    """Redis keeps what it confirmed, as a carrier would have it."""
    return open_house(appendonly=True)


def assert_undecided_quickly(client, orders=10):
    """Allocations get 503 ledger-unavailable with Retry-After; none waits for Redis. (How quickly: tests/bench.)"""
    times = []
    for _ in range(orders):
        began = time.monotonic()
        answer = order(client, 1)
        times.append(time.monotonic() - began)
        assert (answer.status, answer.code) == (503, "ledger-unavailable"), answer
        assert int(answer.header("Retry-After")) >= 1
    times.sort()
    assert times[len(times) // 2] < 2 * SLOWNESS and times[-1] < 15 * SLOWNESS, times


def assert_everything_else_goes_on(house, number):
    with house.gateway.client("aozora") as client, house.gateway.client("kaze") as revoked:
        assert client.delete(f"/v1/numbers/{number}").status == 204
        assert client.get("/v1/available-numbers").status == 200
        answer = order(revoked, 1)
        assert (answer.status, answer.code) == (403, "etoc-revoked"), answer
    assert house.gateway.admin("/livez").status == 200
    wait_for("the metric says so", 3, lambda: house.gateway.metrics().value("redis_up") == 0)


def test_without_redis_allocations_wait_and_everything_else_goes_on(lasting):
    house = lasting
    with house.gateway.client("aozora") as client:
        number = order(client, 3).json()["numbers"][0]
        house.redis.kill()
        assert_undecided_quickly(client)
        assert house.carrier.seen()["orders"] == 1
        assert_everything_else_goes_on(house, number)
        house.redis.start()
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
    wait_for("the release made meanwhile is counted", 10, lambda: house.counts("aozora") == (3, 0, 0))
    wait_for("ready again", 5, house.gateway.ready)


def test_a_stalled_redis_is_like_a_missing_one_and_leaves_nothing_taken(open_house):
    house = open_house(appendonly=True, hurried=True)
    with house.gateway.client("aozora") as client:
        taken = lambda: (answer := order(client, 3)).status == 201 and answer
        number = wait_for("an order is taken", 10, taken).json()["numbers"][0]
        house.redis.signal(signal.SIGSTOP)
        assert_undecided_quickly(client)
        assert_everything_else_goes_on(house, number)
        house.redis.signal(signal.SIGCONT)
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
    wait_for("what stalled was taken back", 15, lambda: house.counts("aozora") == (3, 0, 0))
    limit = house.limit("aozora", "certified")
    assert (limit["used"], limit["held"]) == (4, 0)


def test_an_order_under_way_when_redis_goes_is_settled_later(lasting):
    import threading
    house = lasting
    house.carrier.control("slow", delay_ms=4000, times=1)
    answers = []
    with house.gateway.client("aozora") as client:
        thread = threading.Thread(target=lambda: answers.append(order(client, 5)))
        thread.start()
        wait_for("the carrier has the order", 5, lambda: house.carrier.seen()["waiting"] == 1)
        house.redis.kill()
        thread.join()
        assert answers[0].status == 201, "the carrier's answer is the truth, whether or not it could be counted yet"
        house.redis.start()
        wait_for("counted", 10, lambda: house.counts("aozora") == (5, 0, 0))


def test_a_gateway_starts_without_redis_and_says_what_it_waits_for(build_house):
    house = build_house(appendonly=True)
    house.redis.start()
    house.carrier.start()
    house.import_all()
    house.redis.kill()
    house.gateway.start()

    def live():
        try:
            return house.gateway.admin("/livez").status == 200
        except OSError:
            return False

    house.gateway.wait_ready(10, live)
    answer = house.gateway.admin("/readyz")
    assert answer.status == 503 and b"redis" in answer.body.lower(), answer
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 503
        house.redis.start()
        wait_for("ready", 15, house.gateway.ready)
        assert order(client, 1).status == 201


def test_a_gateway_without_any_registers_is_not_ready(build_house):
    house = build_house()
    house.redis.start()
    house.carrier.start()
    house.gateway.start()

    def says_what_is_missing():
        with contextlib.suppress(OSError):
            return b"etoc" in house.gateway.admin("/readyz").body
    house.gateway.wait_ready(10, says_what_is_missing)
    assert not house.gateway.ready()
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 503
        house.import_all()
        wait_for("ready", 10, house.gateway.ready)
        assert order(client, 1).status == 201


def test_a_gateway_that_was_stopped_admits_nothing_on_what_it_knew(open_house):
    """A paused machine wakes up with an old registry: the revocation made meanwhile must hold."""
    house = open_house()
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
        house.gateway.signal(signal.SIGSTOP)
        assert house.revoke("aozora").code == 0
        client.send(b"POST /v1/number-orders HTTP/1.1\r\nHost: gate\r\nX-Api-Key: key-aozora\r\n"
                    b"Content-Type: application/json\r\nContent-Length: 36\r\n\r\n"
                    b'{"quantity": 1,"numberType":"FIXED"}')
        time.sleep(6)  # past the soft limit of the link
        house.gateway.signal(signal.SIGCONT)
        answer = client.read()
    assert answer.status in (403, 503), answer
    assert house.carrier.seen()["orders"] == 1
