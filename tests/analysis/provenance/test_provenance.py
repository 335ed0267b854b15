"""Does the division recover where self's mechanism came from, on effects whose truth is written down here?"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.patching.shapley import Contributions
from analysis.provenance.shares import (
    CELLS,
    ENOUGH,
    Evidence,
    dealt,
    divide,
    membership,
    null_floor,
    shares,
    shares_with_intervals,
)

TRUTHS = {
    "reused": ([0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], {"reused": 1}),
    "reused, unequal parts": ([0.7, 0.2, 0.1, 0], [0.7, 0.2, 0.1, 0], [0.7, 0.2, 0.1, 0], {"reused": 1}),
    "repurposed: characters left": ([0.5, 0.5, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], {"repurposed": 1}),
    "migrated: both moved": ([1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], {"migrated": 1}),
    "second copy": ([1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0.5, 0.5], {"second copy": 1}),
    "a quarter reused": (
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [0.25, 0.75, 0, 0],
        {"reused": 0.25, "second copy": 0.75},
    ),
    "half reused": ([1, 0, 0, 0], [1, 0, 0, 0], [0.5, 0.5, 0, 0], {"reused": 0.5, "second copy": 0.5}),
    "three quarters reused": (
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [0.75, 0.25, 0, 0],
        {"reused": 0.75, "second copy": 0.25},
    ),
    "a quarter of each": (
        [0.5, 0.5, 0, 0],
        [0.5, 0, 0.5, 0],
        [0.25, 0.25, 0.25, 0.25],
        {"reused": 0.25, "repurposed": 0.25, "migrated": 0.25, "second copy": 0.25},
    ),
    "four equal readers, one does it all for self": ([0.25] * 4, [0.25] * 4, [1, 0, 0, 0], {"reused": 1}),
    "four equal readers, one left to self": (
        [0.25] * 4,
        [0, 1 / 3, 1 / 3, 1 / 3],
        [1, 0, 0, 0],
        {"repurposed": 1},
    ),
    "four equal readers, self takes two": ([0.25] * 4, [0, 0, 0.5, 0.5], [0.5, 0.5, 0, 0], {"repurposed": 1}),
}
EFFECTS = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=5, max_size=5).map(np.array)


def contributions(effect, pairs=40, noise=0.0, seed=0, nats=4.0):
    """Contributions whose effect over pairs is ``effect`` (plus noise), in pairs of unequal totals."""
    rng = np.random.default_rng(seed)
    total = nats * rng.uniform(0.5, 1.5, pairs)
    parts = total[:, None] * np.asarray(effect, float) + nats * noise * rng.normal(size=(pairs, len(effect)))
    return Contributions(parts, total)


def evidence(fork, end, of_self, latent=None, floors=(0.0, 0.0, 0.0), **settings):
    made = [contributions(effect, seed=n, **settings) for n, effect in enumerate((fork, end, of_self))]
    none = np.zeros(len(fork)) if latent is None else np.asarray(latent, float)
    return Evidence(made[0], none, made[1], made[2], np.array(floors))


@pytest.mark.parametrize("truth", TRUTHS)
def test_every_truth_is_recovered(truth):
    fork, end, of_self, expected = TRUTHS[truth]
    assert shares(evidence(fork, end, of_self)) == pytest.approx(dict.fromkeys(CELLS, 0) | expected, abs=1e-9)


@pytest.mark.parametrize("truth", TRUTHS)
def test_every_truth_is_recovered_through_noise_and_floor(truth):
    """Noise of a tenth of the total a pair and component, its floor taken off; the truth lies within 0.12, so
    no cell is taken for another.
    """
    fork, end, of_self, expected = TRUTHS[truth]
    quiet = Contributions(contributions(np.zeros(4), 40, 0.1, 9).components, np.zeros(40))
    floor = null_floor(quiet, 4.0)
    assert 0.01 < floor < 0.06
    found = shares(evidence(fork, end, of_self, floors=(floor,) * 3, noise=0.1))
    assert found == pytest.approx(dict.fromkeys(CELLS, 0) | expected, abs=0.12)


def test_a_reader_at_0_98_for_self_and_0_11_for_characters_is_a_copy():
    """A plain threshold calls it shared. It belongs to the characters' mechanism by 0.11 over their typical
    effect."""
    characters = np.array([0.11, 0.89])
    typical = (characters**2).sum()
    found = divide(characters, characters, np.array([0.98, 0.02]))
    belongs = 0.11 / typical / ENOUGH
    assert found["reused"] == pytest.approx(0.98 * belongs**2 + 0.02)
    assert found["second copy"] == pytest.approx(0.98 * (1 - belongs) ** 2)
    assert found["second copy"] > 0.5
    assert found["reused"] < 0.1


@given(effect=EFFECTS, scale=st.floats(0.1, 10))
@settings(max_examples=60, deadline=None)
def test_equal_effects_are_reused_however_they_are_spread(effect, scale):
    """The weak parts of a distributed mechanism belong wholly, if they do as much for self as for
    characters."""
    assume(effect.max() > 1e-3)
    assert divide(scale * effect, scale * effect, scale * effect)["reused"] == pytest.approx(1)


@given(fork=EFFECTS, end=EFFECTS, of_self=EFFECTS)
@settings(max_examples=150, deadline=None)
def test_shares_are_shares(fork, end, of_self):
    assume(of_self.sum() > 1e-3)
    found = divide(fork, end, of_self)
    assert set(found) == set(CELLS)
    assert sum(found.values()) == pytest.approx(1)
    assert all(-1e-12 <= share <= 1 + 1e-12 for share in found.values())
    assert ((membership(fork, of_self) >= 0) & (membership(fork, of_self) <= 1)).all()


@given(fork=EFFECTS, end=EFFECTS, of_self=EFFECTS, order=st.permutations(range(5)))
@settings(max_examples=60, deadline=None)
def test_the_names_of_components_do_not_matter(fork, end, of_self, order):
    assume(of_self.sum() > 1e-3)
    assert divide(fork[order], end[order], of_self[order]) == pytest.approx(
        divide(fork, end, of_self), abs=1e-9
    )


@given(fork=EFFECTS, end=EFFECTS, of_self=EFFECTS)
@settings(max_examples=60, deadline=None)
def test_swapping_fork_and_end_swaps_repurposed_and_migrated(fork, end, of_self):
    assume(of_self.sum() > 1e-3)
    one, other = divide(fork, end, of_self), divide(end, fork, of_self)
    assert one["repurposed"] == pytest.approx(other["migrated"], abs=1e-9)
    assert one["reused"] == pytest.approx(other["reused"], abs=1e-9)


def test_no_effect_of_self_has_no_shares():
    assert all(np.isnan(share) for share in divide(np.ones(3), np.ones(3), np.zeros(3)).values())


def test_latent_effects_count_at_the_fork_only():
    """A spare that single patches do not show at the fork is a spare all the same: what self takes over is
    repurposed, not copied.
    """
    fork, end, of_self = [1, 0, 0], [1, 0, 0], [0, 1, 0]
    assert shares(evidence(fork, end, of_self))["second copy"] == pytest.approx(1)
    assert shares(evidence(fork, end, of_self, latent=[0, 1, 0]))["repurposed"] == pytest.approx(1)
    assert shares(evidence(fork, end, of_self, latent=[np.nan, 1, np.nan]))["repurposed"] == pytest.approx(1)


def test_the_floor_takes_null_effects_away():
    """Characters do 0.04 in what self took over, at the fork and at the end: below a floor of 0.05 that is
    nothing, without one it is not.
    """
    characters, of_self = [0.92, 0.04, 0.04], [0, 0.5, 0.5]
    with_floor = shares(evidence(characters, characters, of_self, floors=(0.05, 0.05, 0.05)))
    assert with_floor["second copy"] == pytest.approx(1)
    assert shares(evidence(characters, characters, of_self))["second copy"] < 0.9


def test_each_floor_is_its_own():
    fork, end, of_self = [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]
    assert shares(evidence(fork, end, of_self, floors=(0.15, 0, 0)))["migrated"] > 0.2
    assert shares(evidence(fork, end, of_self, floors=(0.15, 0, 0)))["repurposed"] == 0
    assert shares(evidence(fork, end, of_self, floors=(0, 0.25, 0)))["migrated"] == 0
    assert np.isnan(shares(evidence(fork, end, of_self, floors=(0, 0, 1.1)))["reused"])


def test_the_null_floor_by_hand():
    """0.95 quantile over components of the size of the mean over pairs, in fractions of the real pairs'
    total, whatever its sign.
    """
    means = np.linspace(-2, 0, 21)
    null = Contributions(np.tile(means, (6, 1)), np.zeros(6))
    assert null_floor(null, 4.0) == pytest.approx(1.9 / 4)
    assert null_floor(null, 0.0) == null_floor(null, -1.0) == 1.0


def test_intervals_hold_the_point_and_shrink_with_pairs():
    fork, end, of_self = [0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], [0.25, 0.25, 0.25, 0.25]
    widths = {}
    for pairs in (32, 512):
        point, intervals = shares_with_intervals(evidence(fork, end, of_self, pairs=pairs, noise=0.3), seed=1)
        assert all(low <= point[cell] <= high for cell, (low, high) in intervals.items())
        widths[pairs] = np.mean([high - low for low, high in intervals.values()])
    assert 0.02 < widths[32] < 1
    assert widths[512] < widths[32] / 2


def test_intervals_cover_the_truth():
    """Half reused, half a copy, 40 times over with fresh noise: 95 % intervals miss both times at most 8 of
    40 (binomial, p < 0.001).
    """
    missed = 0
    for trial in range(40):
        made = [
            contributions(e, 48, 0.2, 100 * trial + n) for n, e in enumerate(([1, 0], [1, 0], [0.5, 0.5]))
        ]
        given = Evidence(made[0], np.zeros(2), made[1], made[2], np.zeros(3))
        low, high = shares_with_intervals(given, trial)[1]["second copy"]
        missed += not low <= 0.5 <= high
    assert missed <= 8


def test_a_single_pair_is_no_reason_to_fail():
    found, intervals = shares_with_intervals(evidence([1, 0], [1, 0], [1, 0], pairs=1), seed=0)
    assert found["reused"] == pytest.approx(1)
    assert intervals["reused"] == pytest.approx([1, 1])


def test_components_at_random_get_what_the_mechanism_leaves_over():
    """Two groups: in the first one of two components served characters at the fork, in the second both did;
    self uses one of each, equally much."""
    found = dealt(
        evidence([0.5, 0, 0.5, 0.5], [0.5, 0, 0, 0], [0, 0.5, 0.5, 0]),
        [np.array([0, 1]), np.array([2, 3])],
        0,
    )
    assert found["repurposed"] == pytest.approx([0.5, 0.5, 0.5])
    assert found["reused"][0] == pytest.approx(0.25, abs=0.05)
    assert found["reused"][1:] == pytest.approx([0, 0.5])
    assert sum(of[0] for of in found.values()) == pytest.approx(1)
