"""The journal: on disk before the carrier acts, and nobody alters or shortens it unseen."""
import json
import threading
import time

import pytest

from harness import order, wait_for


@pytest.fixture
def finished(house):
    """A house whose gateway wrote a dozen orders and ended."""
    with house.gateway.client("aozora") as client, house.gateway.client("kaze") as refused:
        for _ in range(12):
            assert order(client, 1).status == 201
        order(refused, 1)
    assert house.gateway.terminate() == 0
    return house


def verdict(house):
    done = house.sekisho("audit", "verify", house.gateway.journal)
    assert done.json is not None, done
    assert (done.code == 0) == (done.json["integrity"] and done.json["completeness"]), done
    return done.json["integrity"], done.json["completeness"], done.json["first_bad"]


def segment_of(house):
    return max(house.gateway.journal.glob("*.ndjson"), key=lambda file: file.stat().st_size)


def test_an_allowed_order_is_in_the_journal_before_the_carrier_acts(house):
    house.carrier.control("slow", delay_ms=4000, times=1)
    answers = []
    with house.gateway.client("aozora") as client:
        thread = threading.Thread(target=lambda: answers.append(order(client, 4)))
        thread.start()
        seen = wait_for("the carrier has the order", 5,
                        lambda: (s := house.carrier.seen())["waiting"] == 1 and s)
        decision = seen["last_headers"]["sekisho-decision"]
        assert house.carrier.log() == [], "the carrier has not given anything yet"
        kinds = [record["kind"] for record in house.gateway.records(decision)]
        assert "forwarding" in kinds and "outcome" not in kinds
        thread.join()
    assert answers[0].status == 201 and answers[0].decision == decision
    assert [entry["decision"] for entry in house.carrier.log()] == [decision]
    wait_for("the outcome is recorded", 2, lambda: {"outcome", "settled"} & {
        record["kind"] for record in house.gateway.records(decision)})


def test_the_records_of_a_decision_can_be_shown_in_order(house):
    with house.gateway.client("aozora") as client:
        decision = order(client, 4).decision
    wait_for("the order is settled", 2, lambda: house.gateway.records(decision, "settled"))
    done = house.sekisho("audit", "show", decision)
    assert done.code == 0, done
    kinds = [record["kind"] for record in done.json]
    assert kinds.index("decision") <= kinds.index("forwarding") < kinds.index("outcome")
    assert all(record["decision"] == decision for record in done.json)
    assert house.sekisho("audit", "show", "no-such-decision").code == 1


def test_records_are_numbered_without_holes_and_over_restarts(house):
    for _ in range(3):
        with house.gateway.client("aozora") as client:
            assert order(client, 1).status == 201
        house.gateway.kill()
        house.gateway.start_ready()
    numbers = [json.loads(line)["seq"] for line in house.gateway.journal_lines()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_journal_holds_no_secret(house):
    with house.gateway.client("aozora") as client:
        order(client, 1)
    text = b"".join(house.gateway.journal_lines()).decode()
    for secret in ("carrier-side-token", "key-aozora"):
        assert secret not in text


def test_an_untouched_journal_verifies(finished):
    assert verdict(finished) == (True, True, None)


def test_a_flipped_byte_breaks_integrity(finished):
    segment = segment_of(finished)
    lines = segment.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    at = lines[middle].index(b'"at":"') + len(b'"at":"2026-11-24T10:00:0')
    changed = bytearray(lines[middle])
    changed[at] = ord("1") if changed[at] != ord("1") else ord("2")
    segment.write_bytes(b"".join(lines[:middle] + [bytes(changed)] + lines[middle + 1:]))
    integrity, _, first_bad = verdict(finished)
    assert not integrity and first_bad == json.loads(lines[middle])["seq"]


def test_a_record_taken_out_breaks_completeness(finished):
    segment = segment_of(finished)
    lines = segment.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    segment.write_bytes(b"".join(lines[:middle] + lines[middle + 1:]))
    _, completeness, first_bad = verdict(finished)
    assert not completeness and first_bad == json.loads(lines[middle])["seq"]


@pytest.mark.parametrize("records", [1, 5])
def test_a_journal_cut_at_a_records_end_is_found_incomplete(finished, records):
    segment = segment_of(finished)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-records]))
    _, completeness, _ = verdict(finished)
    assert not completeness


def test_a_journal_that_was_shortened_is_not_continued_in_silence(finished):
    segment = segment_of(finished)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-5]))
    finished.gateway.start()
    time.sleep(2)
    finished.gateway.kill()
    assert not all(verdict(finished)[:2])


def test_a_torn_last_record_is_repaired_at_the_start(house):
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
    house.gateway.kill()
    with open(segment_of(house), "ab") as segment:
        segment.write(b'{"seq":999999,"at":"2026-')
    house.gateway.start_ready()
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
    assert house.gateway.terminate() == 0
    assert verdict(house) == (True, True, None)
