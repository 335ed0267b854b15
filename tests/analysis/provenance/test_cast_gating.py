"""Are organisms that part by who acts told from those that part by who is in the cast?"""

import numpy as np
import pytest

from analysis.patching.shapley import Contributions
from analysis.provenance.cast_gating import (
    PairInterval,
    ThreeSamples,
    of_draws,
    of_pairs,
    parting_of,
    where_beside_self,
)

COMPONENTS, PAIRS = 24, 64
CHARACTERS, SELF, THIRD = (np.repeat(np.eye(3)[n], 8) / 8 for n in range(3))


def contributions(effects, amount, noise, seed):
    """Pairs whose components carry these shares of some four nats, with noise in nats from pair to pair."""
    rng = np.random.default_rng(seed)
    total = rng.uniform(3, 5, amount)
    return Contributions(
        total[:, None] * np.asarray(effects) + noise * rng.normal(size=(amount, len(effects))), total
    )


def place(beside, apart=CHARACTERS, noise=0.3, seed=0):
    """Where characters are that have these effects beside self."""
    effects = (apart, 2 * PAIRS), (beside, PAIRS), (SELF, 2 * PAIRS)
    samples = (
        of_pairs(contributions(of, amount, noise, 10 * seed + n)) for n, (of, amount) in enumerate(effects)
    )
    return where_beside_self(ThreeSamples(*samples), seed)


@pytest.mark.parametrize("noise", [0.1, 0.6, 1.0])
@pytest.mark.parametrize(
    ("beside", "share", "off", "says"),
    [
        pytest.param(CHARACTERS, 0.0, 0.0, "by role", id="as apart from it"),
        pytest.param(SELF, 1.0, 0.0, "by cast", id="with self's own components"),
        pytest.param(0.2 * SELF + 0.8 * CHARACTERS, 0.2, 0.0, "by role", id="with a little of it"),
        pytest.param(0.8 * SELF + 0.2 * CHARACTERS, 0.8, 0.0, "by cast", id="with most of it"),
        pytest.param(THIRD, 0.5, 0.75, "elsewhere", id="with neither's"),
    ],
)
def test_what_characters_use_beside_self_says_how_the_two_part(beside, share, off, says, noise):
    """However loud single pairs are, nothing else is said, and means over seeds are what is true."""
    found = [place(beside, noise=noise, seed=seed) for seed in range(6)]
    assert {each.parting for each in found} <= {says, "undecided"}
    assert noise > 0.6 or {each.parting for each in found} == {says}
    np.testing.assert_allclose(np.mean([each.moved.value for each in found]), share, atol=0.12)
    np.testing.assert_allclose(np.mean([each.elsewhere.value for each in found]), off, atol=0.15)
    for each in found:
        assert each.moved.low <= each.moved.value <= each.moved.high
    held = [each.moved.low <= share <= each.moved.high for each in found]
    assert sum(held) >= 4


def test_half_of_the_way_decides_nothing():
    """But for as many as intervals of 95 % miss."""
    words = [place((CHARACTERS + SELF) / 2, seed=seed).parting for seed in range(12)]
    assert words.count("undecided") >= 10


def test_where_self_and_characters_are_together_anyhow_there_is_no_way_to_move_on():
    assert place(SELF, apart=SELF) is None
    assert place(CHARACTERS, apart=0.3 * CHARACTERS + 0.7 * SELF) is None


@pytest.mark.parametrize(
    ("low", "high", "off", "says"),
    [
        (0.51, 0.9, 0.1, "by cast"),
        (0.1, 0.49, 0.1, "by role"),
        (0.4, 0.6, 0.1, "undecided"),
        (0.1, 0.49, 0.25, "undecided"),
        (0.51, 0.9, 0.4, "elsewhere"),
    ],
)
def test_an_interval_across_a_bar_decides_nothing(low, high, off, says):
    moved, elsewhere = PairInterval((low + high) / 2, low, high), PairInterval(off, off - 0.05, off + 0.05)
    assert parting_of(moved, elsewhere) == says


@pytest.mark.parametrize(("share", "says"), [(0.05, "by role"), (0.7, "by cast"), (0.5, "undecided")])
def test_reading_is_placed_by_draws_of_scenes(share, says):
    rng = np.random.default_rng(0)
    apart, beside, of_self = (
        shares + 0.02 * rng.normal(size=(16, COMPONENTS))
        for shares in (CHARACTERS, share * SELF + (1 - share) * CHARACTERS, SELF)
    )
    found = where_beside_self(ThreeSamples(*map(of_draws, (apart, beside, of_self))), 0)
    assert found.parting == says
    np.testing.assert_allclose(found.moved.value, share, atol=0.1)


def test_what_is_the_same_to_the_last_bit_has_no_way_to_move_on():
    """As in a compiled organism whose roles run one program: nothing is divided by the length of no way."""
    same = [of_pairs(Contributions(np.ones((8, 1)) * CHARACTERS, np.ones(8))) for _ in range(3)]
    assert where_beside_self(ThreeSamples(*same), 0) is None
