"""A short run of tests/chaos: faults at random on real processes, and exact counts afterwards."""
import os
import random

import chaos

SEED = int(os.environ.get("SEKISHO_SEED") or random.SystemRandom().randrange(1_000_000))


def test_nothing_is_given_past_a_limit_and_nothing_is_lost(tmp_path):
    found = chaos.run(tmp_path, 0.34, SEED, gateways=3)
    print(f"SEKISHO_SEED={SEED}", found)
    assert found["odd"] == [] and found["wrong_counts"] == [], found
    assert (found["overshoot"], found["journal_loss"], found["suspense_left"]) == (0, 0, 0), found
    assert found["orders"] > 100, "there was load"
