"""A limit over an owner group: its members share it, whichever gateway they ask, and whatever Redis loses."""
import threading

import chaos_faults
from harness import ROOMY, edits, order, wait_for
from test_redis_loss import ask

LIMIT = 40
RULE = f"""
  - id: one-group
    basis: contract
    why: the members of a group are one customer
    when: {{ owner_group: Umi Holdings }}
    limit: {{ numbers: {LIMIT}, per: day, of: owner_group }}

  - id: etoc-revoked
"""


def of_one_group(open_house, **more):
    policy = {"policy.yaml": [("\n  - id: etoc-revoked\n", RULE)]}
    return open_house(changes=edits(ROOMY, policy), extra_operators=3, groups={"extra0": "Umi Holdings", "extra1": "Umi Holdings"},
                      **more)


def take(house, gateway, who, count):
    with gateway.client(who) as client:
        return order(client, count)


def group(house):
    done = house.sekisho("ledger", "show", "group:Umi%20Holdings")
    assert done.code == 0, done
    return done.json


def test_members_share_the_limit(open_house):
    house = of_one_group(open_house)
    gateway = house.gateway
    assert take(house, gateway, "extra0", 30).status == 201
    over = take(house, gateway, "extra1", 11)
    assert (over.status, over.code) == (429, "quota-exceeded")
    [limit] = over.json()["limits"]
    assert (limit["rule"], limit["limit"], limit["used"], limit["left"]) == ("one-group", LIMIT, 30, 10)
    assert take(house, gateway, "extra1", 10).status == 201
    assert take(house, gateway, "extra2", 11).status == 201, "of no group"
    assert (house.counts("extra0"), house.counts("extra1")) == ((30, 0, 0), (10, 0, 0))
    assert group(house)["granted"] == LIMIT
    assert [one["rule"] for one in group(house)["limits"]] == ["one-group"]
    # The standing of a member tells what its group has left.
    with gateway.client("extra0") as client:
        standing = client.get("/sekisho/v1/standing").json()
    assert next(one for one in standing["limits"] if one["rule"] == "one-group")["left"] == 0


def test_what_a_member_gives_back_leaves_the_group(open_house):
    house = of_one_group(open_house)
    assert take(house, house.gateway, "extra0", 3).status == 201
    number = house.numbers("extra0")[0]["number"]
    with house.gateway.client("extra0") as client:
        assert client.delete(f"/v1/numbers/{number}").status in (200, 204)
    assert (house.counts("extra0")[0], group(house)["granted"]) == (2, 2)


def test_two_members_at_two_gateways_never_pass_it(open_house):
    house = of_one_group(open_house, gateways=2)
    given = []

    def ask_for_many(gateway, who):
        for _ in range(40):
            answer = take(house, gateway, who, 1)
            assert answer.status in (201, 429), answer
            given.append(answer.status == 201)
    threads = [threading.Thread(target=ask_for_many, args=(gateway, who))
               for gateway in house.gateways for who in ("extra0", "extra1")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(given) == LIMIT
    assert house.counts("extra0")[0] + house.counts("extra1")[0] == LIMIT == group(house)["granted"]


def test_a_group_is_told_again_when_redis_forgets(open_house):
    house = of_one_group(open_house, gateways=2)
    assert take(house, house.gateways[0], "extra0", 20).status == 201
    assert take(house, house.gateways[1], "extra1", 15).status == 201
    ask(house, "EVAL", chaos_faults.FORGET, 0, *chaos_faults.OF_THE_LEDGER)
    wait_for("the counts are told again", 30, lambda: group(house)["granted"] == 35)

    def answered(gateway, count):
        """Not "503, later": that is said until every gateway has told."""
        answer = take(house, gateway, "extra1", count)
        return answer if answer.status != 503 else None
    for gateway in house.gateways:
        over = wait_for("orders are admitted", 30, lambda: answered(gateway, 6))
        assert over.status == 429, over
    last = wait_for("orders are admitted", 30, lambda: answered(house.gateways[0], 5))
    assert last.status == 201, last
    assert (house.counts("extra0")[0], house.counts("extra1")[0], group(house)["granted"]) == (20, 20, LIMIT)
