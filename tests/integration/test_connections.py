"""Connections to the carrier and to Redis that are reset, half closed, slow, or lose an answer."""
import pytest

from harness import edit, order, wait_for
from relay import Relay


@pytest.fixture
def relayed(build_house, request):
    """A house whose gateway reaches the carrier and Redis through relays."""
    house = build_house(hurried=getattr(request, "param", False))
    house.to_carrier = Relay(house.directory, "carrier-relay", house.carrier.port)
    house.to_redis = Relay(house.directory, "redis-relay", house.redis.port)
    edit(house.directory / "carrier.yaml", [(f"127.0.0.1:{house.carrier.port}", f"127.0.0.1:{house.to_carrier.port}")])
    edit(house.gateway.config, [(house.redis.url, f"redis://127.0.0.1:{house.to_redis.port}")])
    house.to_carrier.start()
    house.to_redis.start()
    yield house.start()
    house.to_carrier.kill()
    house.to_redis.kill()


def given(house):
    return sum(len(entry["numbers"]) for entry in house.carrier.log())


def test_idle_connections_that_were_reset_cost_no_order(relayed):
    house = relayed
    with house.gateway.client("aozora") as client:
        for words in ("cut", "half"):
            assert order(client, 1).status == 201
            house.to_carrier.say(words)
            answer = order(client, 1)
            # The end of it may not have come yet: then nobody knows, and nothing is sent twice.
            assert answer.status == 201 or answer.code in ("carrier-malformed", "carrier-unreachable"), answer
    assert house.carrier.seen()["orders"] <= 4
    counts = house.counts("aozora")
    assert counts[0] + counts[2] >= given(house) and counts[1] == 0


def test_a_gateway_that_says_it_is_ready_decides_orders(relayed):
    """Not before it is certain to know the newest registry, however late the word that it does."""
    house = relayed
    house.gateway.terminate()
    house.to_redis.say("slow 600 head")
    house.gateway.start_ready()
    house.to_redis.say("slow 0")
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201


def test_an_answer_that_is_cut_off_is_suspense_and_is_sent_once(relayed):
    house, key = relayed, [("Idempotency-Key", "cut")]
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
        house.to_carrier.say("swallow 1")
        answer = order(client, 5, headers=key)
        assert (answer.status, answer.code) == (502, "carrier-malformed"), answer
        assert order(client, 5, headers=key).code == "outcome-unknown"
        assert house.carrier.seen()["orders"] == 2 and house.counts("aozora") == (1, 0, 5)
        [hold] = house.holds()
        assert house.resolve(hold["hold"], "--granted", 5).code == 0
    assert house.counts("aozora") == (6, 0, 0) and given(house) == 6


def test_a_carrier_that_resets_at_once_was_sent_nothing_or_is_unknown(relayed):
    house = relayed
    house.to_carrier.say("refuse 60000")
    house.to_carrier.say("cut")
    with house.gateway.client("aozora") as client:
        answer = order(client, 5)
        assert answer.code in ("carrier-unreachable", "carrier-malformed"), answer
        house.to_carrier.say("refuse 0")
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
    wait_for("nothing is held", 5, lambda: house.counts("aozora")[1] == 0)
    assert house.counts("aozora")[0] == given(house)


@pytest.mark.parametrize("words", ["cut", "half", "swallow 1"])
def test_a_connection_to_redis_that_breaks_leaves_every_count(relayed, words):
    house, taken = relayed, 1
    with house.gateway.client("aozora") as client:
        wait_for("it is in step with the registry", 5, lambda: order(client, 1).status == 201)
        for _ in range(5):
            house.to_redis.say(words)
            for _ in range(10):
                answer = order(client, 1)
                assert answer.status == 201 or answer.code == "ledger-unavailable", answer
                taken += answer.status == 201
            wait_for("orders go on", 10, lambda: order(client, 1).status == 201)
            taken += 1
    wait_for("all are counted", 10, lambda: house.counts("aozora") == (taken, 0, 0))
    assert given(house) == taken


@pytest.mark.parametrize("relayed", [True], ids=["hurried"], indirect=True)
def test_a_way_to_redis_that_is_slower_than_the_deadline_takes_nothing(relayed):
    house, undecided = relayed, []

    def answered():
        answer = order(client, 1)
        assert answer.status == 201 or answer.code == "ledger-unavailable", answer
        undecided.append(answer.status == 503)
        return answer.status == 201
    with house.gateway.client("aozora") as client:
        wait_for("orders are taken", 10, answered)
        house.to_redis.say("delay 120")  # the deadline is 50 ms
        undecided.clear()
        # A gateway that was not run meanwhile may find the answer before it finds that it is late.
        wait_for("five are not decided", 10, lambda: (answered(), sum(undecided) >= 5)[1])
        assert len(undecided) <= 10, undecided
        house.to_redis.say("delay 0")
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
    wait_for("what came late is given up", 10, lambda: house.counts("aozora") == (given(house), 0, 0))
    limit = house.limit("aozora", "certified")
    assert (limit["used"], limit["held"]) == (given(house), 0)
