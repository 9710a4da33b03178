"""Short runs of tests/chaos: faults at random on real processes, and exact counts afterwards."""
import os
import random

import pytest

import chaos

SEED = int(os.environ.get("SEKISHO_SEED") or random.SystemRandom().randrange(1_000_000))


@pytest.mark.parametrize("redis, waves", [("single", 2), ("sentinel", 1), ("cluster", 1)])
def test_nothing_is_given_past_a_limit_and_nothing_is_lost(tmp_path, redis, waves):
    print(f"SEKISHO_SEED={SEED}")
    found = chaos.run(tmp_path, waves / 6, SEED, 3, redis)
    print(found)
    assert not chaos.is_bad(found), found
    assert found["orders"] > 100, "there was load"
