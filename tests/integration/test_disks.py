"""A journal's disk that is full, slow or broken: allocations stop or wait, everything else goes on, no count is lost."""
import contextlib
import threading
import time

import pytest

from disks import SlowDisk, SmallDisk
from harness import order, wait_for


@pytest.fixture
def small(build_house, request):
    """A house whose gateway's journal lies on a disk that can be filled."""
    house = build_house()
    house.disk = SmallDisk(house.gateway, may_mount=getattr(request, "param", True))
    print(f"full disk: {house.disk.kind}")
    house.start()
    yield house
    house.gateway.kill()
    house.disk.close()


@pytest.fixture
def slow(build_house):
    house = build_house()
    house.disk = SlowDisk(house.gateway)
    return house.start()


def exact(house, gave_back=0):
    """Nothing is counted that the carrier did not give, and the journal is whole."""
    given = {entry["decision"]: entry["numbers"] for entry in house.carrier.log()}
    total = sum(map(len, given.values()))
    wait_for("the counts are the carrier's", 10, lambda: house.counts("aozora") == (total - gave_back, 0, 0))
    limit = house.limit("aozora", "certified")
    assert (limit["used"], limit["held"]) == (total, 0)
    assert house.gateway.terminate() == 0
    done = house.sekisho("audit", "verify", house.gateway.journal)
    assert done.json["integrity"] and done.json["completeness"], done
    assert given.keys() <= {record["decision"] for record in house.gateway.records(kind="forwarding")}


def refused(client):
    answer = order(client, 1)
    assert answer.status == 201 or answer.code == "journal-unavailable", answer
    return answer if answer.status != 201 else None


def until_it_is_full(house, client):
    """Orders until the disk has no room left. Returns the first answer that says so."""
    house.disk.fill()
    return wait_for("the disk is full", 10, lambda: refused(client))


def until_an_order_is_lost(house, client, fails, is_well):
    """A record that nobody waits for may meet the disk first; it is kept in memory, and no order is tried then."""
    for _ in range(20):
        fails()
        answer = wait_for("the disk fails", 10, lambda: refused(client))
        if house.gateway.metrics().value("journal_gap_total") > 0:
            return answer
        is_well()
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
    raise AssertionError("twenty times, and no order was lost")


@pytest.mark.parametrize("small", [True, False], ids=["mounted", "limited"], indirect=True)
def test_a_full_disk_stops_allocations_and_nothing_else(small):
    house, carrier = small, small.carrier
    with house.gateway.client("aozora") as client:
        numbers = order(client, 3).json()["numbers"]
        answer = until_an_order_is_lost(house, client, house.disk.fill, house.disk.make_room)
        assert answer.status == 503 and int(answer.header("Retry-After")) >= 1
        before = carrier.seen()["orders"]
        for _ in range(5):
            assert order(client, 1).code == "journal-unavailable"
        assert carrier.seen()["orders"] == before, "nothing was sent that is not on disk"
        assert client.delete(f"/v1/numbers/{numbers[0]}").status == 204
        assert client.get("/v1/available-numbers").status == 200
        assert b"journal" in house.gateway.admin("/readyz").body

        house.disk.make_room()
        wait_for("orders are taken again, by themselves", 10, lambda: order(client, 1).status == 201)
        lost = lambda: sum(record["lost"] for record in house.gateway.records(kind="gap"))
        wait_for("every gap stands in the journal", 5, lambda: 0 < lost() == house.gateway.metrics().value("journal_gap_total"))
    wait_for("the release made meanwhile is on record", 5, lambda: [
        record for record in house.gateway.records() if record.get("numbers") == [numbers[0]]])
    exact(house, gave_back=1)


def test_orders_that_are_under_way_when_the_disk_fills_are_settled(small):
    house = small
    house.carrier.control("slow", delay_ms=4000, times=1)
    answers = []
    with house.gateway.client("aozora") as first, house.gateway.client("aozora") as second:
        thread = threading.Thread(target=lambda: answers.append(order(first, 7)))
        thread.start()
        wait_for("the carrier has it", 5, lambda: house.carrier.seen()["waiting"] == 1)
        until_it_is_full(house, second)
        thread.join()
        assert answers[0].status == 201, "what the carrier gave is told, whatever our disk does"
        house.disk.make_room()
        wait_for("orders are taken again", 10, lambda: order(second, 1).status == 201)
    exact(house)


def is_up(gateway):
    with contextlib.suppress(OSError):
        return gateway.admin("/livez").status == 200


def test_a_gateway_killed_on_a_full_disk_loses_no_count(small):
    house = small
    house.carrier.control("slow", delay_ms=4000, times=1)
    with house.gateway.client("aozora") as first, house.gateway.client("aozora") as second:
        thread = threading.Thread(target=lambda: order(first, 7))
        thread.start()
        wait_for("the carrier has it", 5, lambda: house.carrier.seen()["waiting"] == 1)
        until_it_is_full(house, second)
        thread.join()  # answered and counted; its outcome is in memory only
    house.gateway.kill()
    house.gateway.start()
    wait_for("it comes up, or ends", 15, lambda: not house.gateway.running() or is_up(house.gateway))
    assert house.gateway.running() or "No space left" in house.gateway.last_words() or "too large" in house.gateway.last_words()
    house.disk.make_room()
    if not house.gateway.running():
        house.gateway.start()
    house.gateway.wait_ready(15, house.gateway.ready)
    with house.gateway.client("aozora") as client:
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
    exact(house)


def test_a_slow_disk_makes_orders_wait_and_loses_none(slow):
    house = slow
    with house.gateway.client("aozora") as client:
        numbers = order(client, 3).json()["numbers"]
        house.disk.takes(400)
        began = time.monotonic()
        assert order(client, 3).status == 201
        assert time.monotonic() - began > 0.35, "the order was not sent before it was on disk"
        times = []
        for number in numbers:
            began = time.monotonic()
            assert client.get("/v1/available-numbers").status == 200
            assert client.delete(f"/v1/numbers/{number}").status == 204
            times.append(time.monotonic() - began)
        assert min(times) < 0.35, "these wait for no disk"
        assert house.gateway.admin("/livez").status == 200
        house.disk.is_well()
        assert order(client, 1).status == 201
    exact(house, gave_back=len(numbers))


def test_a_disk_whose_syncs_fail_is_like_a_full_one(slow):
    house = slow
    with house.gateway.client("aozora") as client:
        number = order(client, 2).json()["numbers"][0]
        until_an_order_is_lost(house, client, house.disk.fails, house.disk.is_well)
        before = house.carrier.seen()["orders"]
        for _ in range(3):
            assert order(client, 1).code == "journal-unavailable"
        assert client.delete(f"/v1/numbers/{number}").status == 204
        assert house.carrier.seen()["orders"] == before
        house.disk.is_well()
        wait_for("orders are taken again", 10, lambda: order(client, 1).status == 201)
        wait_for("the gap stands in the journal", 5, lambda: house.gateway.records(kind="gap"))
    exact(house, gave_back=1)
