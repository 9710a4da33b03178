"""`audit replay`: what a real gateway decided follows from its journal; what another policy decided does not."""
import hashlib

from harness import Client, edit, order, wait_for

# So few that a test meets the limit.
SMALL = {"policy.yaml": [("numbers: 1000, per: day", "numbers: 20, per: day")]}


def replayed(house, *args):
    done = house.sekisho("audit", "replay", house.gateway.journal, *args)
    assert done.json is not None, done
    assert done.code == (0 if done.json["ok"] else 1), done
    return done.json


def reload(gateway):
    with Client(gateway.admin_port, timeout=30) as client:
        answer = client.post("/admin/v1/reload", b"")
    assert answer.status == 200, answer


def play(house):
    """Orders of every kind: allowed, cut, over a limit, refused by a rule, a retry, unreadable, unknown."""
    with house.gateway.client("aozora") as client:
        key = [("Idempotency-Key", f"order-{len(house.gateway.records())}")]
        for _ in range(2):
            assert order(client, 8, headers=key).status == 201
        assert order(client, 1000).status == 429
        assert len(order(client, 18, allowPartial=True).json()["numbers"]) < 18
        assert client.post("/v1/number-orders", b"{", ()).status == 422
    for name in ("kaze", "minato", "hoshi", "yama", "kawa", "nobody"):
        with house.gateway.client(name) as client:
            order(client, 2)
            order(client, 1)


def test_everything_a_gateway_decided_follows_from_its_journal(open_house):
    house = open_house(changes=SMALL)
    play(house)
    edit(house.directory / "policy.yaml", [("numbers: 20, per: day", "numbers: 30, per: day")])
    reload(house.gateway)
    play(house)
    house.revoke("aozora")
    wait_for("the revocation has come", 5, lambda: order_status(house, "aozora") == 403)
    assert house.gateway.terminate() == 0

    found = replayed(house)
    decisions = house.gateway.records(kind="decision")
    assert found["decisions"] == len(decisions) and found["records"] == len(house.gateway.journal_lines())
    assert found["differ"] == 0 and found["undecided"] == {} and found["ok"], found
    assert [policy["trouble"] for policy in found["policies"]] == ["", ""]
    codes = {record.get("code") for record in decisions}
    assert {"quota-exceeded", "etoc-revoked", "plan-missing", "supply-refused", "unauthenticated"} <= codes, codes
    assert found["same"] + sum(found["not_the_policys"].values()) == len(decisions)
    told_apart = found["not_the_policys"]
    assert (told_apart["unauthenticated"], told_apart["replayed"], told_apart["unreadable-order"]) == (4, 2, 2)
    assert any(record.get("trimmed") for record in decisions)

    words = house.sekisho("audit", "replay", house.gateway.journal, as_json=False).out
    assert "DIFFER           0" in words


def order_status(house, name):
    with house.gateway.client(name) as client:
        return order(client, 1).status


def test_the_journal_has_the_policy_itself(house):
    order_status(house, "aozora")
    [record] = wait_for("the policy is on record", 5, lambda: house.gateway.records(kind="policy"))
    text = (house.directory / "policy.yaml").read_text()
    assert record["text"] == text and record["policy"] == hashlib.sha256(text.encode()).hexdigest()


def test_what_another_policy_decided_is_found(house):
    """A gate that names one policy and decides by another: its decisions do not follow."""
    for name in ("aozora", "kaze"):
        order_status(house, name)
    assert house.gateway.terminate() == 0
    other = house.directory / "policy.yaml"
    decided_by = hashlib.sha256(other.read_bytes()).hexdigest()
    edit(other, [("deny: etoc-revoked", "deny: policy-denied")])
    named = hashlib.sha256(other.read_bytes()).hexdigest()
    for segment in house.gateway.journal.glob("*.ndjson"):  # the macs are `audit verify`'s to tell
        segment.write_text(segment.read_text().replace(decided_by, named))

    found = replayed(house, "--policy", other)
    assert (found["same"], found["differ"]) == (1, 1), found
    [difference] = found["differences"]
    assert difference["recorded"]["verdict"] == "403 etoc-revoked"
    assert difference["derived"]["verdict"] == "403 policy-denied"
    assert difference["operator"] == house.operators["kaze"]

    without = replayed(house)  # the text that the journal holds is not the policy that it names
    assert without["undecided"] == {"policy-unreadable": 2} and not without["ok"]
    assert "has another digest" in without["policies"][0]["trouble"]


def test_what_cannot_be_read_is_told(house):
    assert house.sekisho("audit", "replay", "nowhere").code == 2
    order_status(house, "aozora")
    house.gateway.terminate()
    segment = min(house.gateway.journal.glob("*.ndjson"))
    segment.write_bytes(segment.read_bytes() + b"nothing\n")
    done = house.sekisho("audit", "replay", house.gateway.journal)
    assert done.code == 2 and "00000001.ndjson:" in done.err, done
