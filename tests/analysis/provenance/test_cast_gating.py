"""Are organisms that part by who acts told from those that part by who is in the cast?"""

import numpy as np
import pytest

from analysis.patching.shapley import Contributions
from analysis.provenance.cast_gating import (
    CastEffects,
    PairInterval,
    moved_effects,
    moved_reading,
    parting_of,
)

CHARACTERS, SELF = np.array([0.5, 0.5, 0, 0, 0, 0]), np.array([0, 0, 0, 0.5, 0.5, 0])
PAIRS = 64


def contributions(effects, amount=PAIRS, noise=0.3, seed=0):
    """Pairs whose components carry these shares of some four nats, with noise from pair to pair."""
    rng = np.random.default_rng(seed)
    total = rng.uniform(3, 5, amount)
    return Contributions(
        total[:, None] * np.asarray(effects) + noise * rng.normal(size=(amount, len(effects))), total
    )


def gating(beside, apart=CHARACTERS, noise=0.3):
    """What is said where characters have these effects beside self."""
    effects = CastEffects(
        contributions(apart, 2 * PAIRS, noise, 1),
        contributions(beside, PAIRS, noise, 2),
        contributions(SELF, 2 * PAIRS, noise, 3),
        0.02,
        0.02,
    )
    return moved_effects(effects, 0)


@pytest.mark.parametrize(
    ("beside", "share", "says"),
    [
        pytest.param(CHARACTERS, 0.0, "by role", id="as apart from it"),
        pytest.param(SELF, 1.0, "by cast", id="with self's own components"),
        pytest.param((CHARACTERS + SELF) / 2, 0.5, "undecided", id="with half of each"),
        pytest.param(0.3 * SELF + 0.7 * CHARACTERS, 0.3, "by role", id="with a little of it"),
    ],
)
def test_what_characters_use_beside_self_says_how_the_two_part(beside, share, says):
    found = gating(beside)
    assert found.parting == says
    assert found.moved.low <= found.moved.value <= found.moved.high
    np.testing.assert_allclose(found.moved.value, share, atol=0.08)
    assert found.apart.value < 0.1


def test_where_self_and_characters_overlap_anyhow_there_is_nothing_to_move():
    assert gating(CHARACTERS, apart=SELF) is None


def test_a_new_place_that_is_not_selfs_is_no_move_towards_self():
    elsewhere = np.array([0, 0, 1.0, 0, 0, 0])
    assert gating(elsewhere).parting == "by role"


def test_noise_alone_moves_nothing():
    """Apart and beside are measured on as many pairs: else the one with more pairs would overlap more."""
    spread = np.full(6, 1 / 6)
    effects = CastEffects(
        contributions(CHARACTERS, 2 * PAIRS, 2.0, 1),
        contributions(CHARACTERS, PAIRS, 2.0, 2),
        contributions(spread, 2 * PAIRS, 2.0, 3),
        0.0,
        0.0,
    )
    found = moved_effects(effects, 0)
    assert found is None or found.moved.low <= 0 <= found.moved.high


@pytest.mark.parametrize(
    ("low", "high", "says"), [(0.51, 0.9, "by cast"), (0.1, 0.49, "by role"), (0.4, 0.6, "undecided")]
)
def test_an_interval_across_the_bar_decides_nothing(low, high, says):
    assert parting_of(PairInterval((low + high) / 2, low, high)) == says


@pytest.mark.parametrize(
    ("apart", "beside", "says"), [(0.0, 0.05, "by role"), (0.0, 0.7, "by cast"), (0.1, 0.55, "undecided")]
)
def test_reading_that_moves_beside_self_parts_by_cast(apart, beside, says):
    noise = 0.02 * np.random.default_rng(0).normal(size=(8, 2))
    found = moved_reading(np.array([apart, beside]) + noise, 0)
    assert found.parting == says
    np.testing.assert_allclose(found.moved.value, (beside - apart) / (1 - apart), atol=0.05)


def test_readers_of_both_roles_have_nothing_to_move():
    assert moved_reading(np.full((8, 2), 0.9), 0) is None
