"""Shares: does the division recover where self's mechanism came from, on effects whose truth is written down here?"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.patching.shapley import Contributions
from analysis.provenance.judging import inherited_share
from analysis.provenance.shares import (
    GateEffects,
    ShareInputs,
    divide,
    membership,
    null_floor,
    overlap,
    provenance_shares,
    shares_with_intervals,
)
from analysis.provenance.verdict import CELLS
from analysis.thresholds import ENOUGH, SERVES

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


def share_inputs(fork, end, self_effect, floors=(0.0, 0.0, 0.0), **settings):
    parts = [contributions(effect, seed=n, **settings) for n, effect in enumerate((fork, end, self_effect))]
    return ShareInputs(*parts, np.array(floors))


def test_a_spare_that_hides_behind_what_it_stands_in_for_is_a_spare():
    """Characters keep the first component and leave the second, which did nothing beside it and everything without it; self
    takes the second and a third, which never did. With nothing silent all that self took would be new."""
    fork, end, self_effect = [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.6, 0.4]
    inputs = share_inputs(fork, end, self_effect)
    assert provenance_shares(inputs)["second copy"] == pytest.approx(1)
    stand_in = Contributions(0.8 * contributions([0.0, 1.0, 0.0]).components, inputs.fork_character.total)
    shares = provenance_shares(inputs._replace(stand_in=stand_in))
    assert shares["repurposed"] == pytest.approx(0.6)
    assert shares["second copy"] == pytest.approx(0.4)
    _, intervals = shares_with_intervals(inputs._replace(stand_in=stand_in), 0)
    assert intervals["repurposed"][0] <= 0.6 <= intervals["repurposed"][1]


def test_what_stands_in_has_a_floor_of_its_own():
    """With characters' set silent a component that is idle in truth may seem to do as much as one without a meaning."""
    inputs = share_inputs([1.0, 0.0], [1.0, 0.0], [0.0, 1.0], floors=(0.01, 0.0, 0.0))
    seeming = Contributions(contributions([0.0, 0.05]).components, inputs.fork_character.total)
    noisy = inputs._replace(stand_in=seeming)
    assert provenance_shares(noisy)["repurposed"] > 0
    assert provenance_shares(noisy._replace(stand_in_floor=0.06))["second copy"] == pytest.approx(1)


def test_what_stands_in_adds_nothing_where_the_gate_falls_with_what_characters_keep():
    inputs = share_inputs([0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5])
    nothing = inputs._replace(stand_in=Contributions(np.zeros((40, 3)), inputs.fork_character.total))
    assert provenance_shares(nothing) == provenance_shares(inputs)


@pytest.mark.parametrize("truth", TRUTHS)
def test_every_truth_is_recovered(truth):
    fork, end, self_effect, expected = TRUTHS[truth]
    assert provenance_shares(share_inputs(fork, end, self_effect)) == pytest.approx(
        dict.fromkeys(CELLS, 0) | expected, abs=1e-9
    )


@pytest.mark.parametrize("truth", TRUTHS)
def test_every_truth_is_recovered_through_noise_and_floor(truth):
    """Noise of a tenth of the total a pair and component, its floor taken off; the truth lies within 0.12, so
    no cell is taken for another.
    """
    fork, end, self_effect, expected = TRUTHS[truth]
    quiet = Contributions(contributions(np.zeros(4), 40, 0.1, 9).components, np.zeros(40))
    floor = null_floor(quiet, 4.0)
    assert 0.01 < floor < 0.06
    shares = provenance_shares(share_inputs(fork, end, self_effect, floors=(floor,) * 3, noise=0.1))
    assert shares == pytest.approx(dict.fromkeys(CELLS, 0) | expected, abs=0.12)


def test_a_reader_at_0_98_for_self_and_0_11_for_characters_is_a_copy():
    """A plain threshold calls it shared. It belongs to the characters' mechanism by 0.11 over their typical
    effect."""
    characters = np.array([0.11, 0.89])
    typical = (characters**2).sum()
    shares = divide(GateEffects(characters, characters, np.array([0.98, 0.02])))
    belongs = 0.11 / typical / ENOUGH
    assert shares["reused"] == pytest.approx(0.98 * belongs**2 + 0.02)
    assert shares["second copy"] == pytest.approx(0.98 * (1 - belongs) ** 2)
    assert shares["second copy"] > 0.5
    assert shares["reused"] < 0.1


@given(effect=EFFECTS, scale=st.floats(0.1, 10))
@settings(max_examples=60, deadline=None)
def test_equal_effects_are_reused_however_they_are_spread(effect, scale):
    """The weak parts of a distributed mechanism belong wholly, if they do as much for self as for
    characters."""
    assume(effect.max() > 1e-3)
    assert divide(GateEffects(scale * effect, scale * effect, scale * effect))["reused"] == pytest.approx(1)


@given(fork=EFFECTS, end=EFFECTS, self_effect=EFFECTS)
@settings(max_examples=150, deadline=None)
def test_shares_are_shares(fork, end, self_effect):
    assume(self_effect.sum() > 1e-3)
    shares = divide(GateEffects(fork, end, self_effect))
    assert set(shares) == set(CELLS)
    assert sum(shares.values()) == pytest.approx(1)
    assert all(-1e-12 <= share <= 1 + 1e-12 for share in shares.values())
    assert ((membership(fork, self_effect) >= 0) & (membership(fork, self_effect) <= 1)).all()


@given(fork=EFFECTS, end=EFFECTS, self_effect=EFFECTS, order=st.permutations(range(5)))
@settings(max_examples=60, deadline=None)
def test_the_names_of_components_do_not_matter(fork, end, self_effect, order):
    assume(self_effect.sum() > 1e-3)
    assert divide(GateEffects(fork[order], end[order], self_effect[order])) == pytest.approx(
        divide(GateEffects(fork, end, self_effect)), abs=1e-9
    )


@given(fork=EFFECTS, end=EFFECTS, self_effect=EFFECTS)
@settings(max_examples=60, deadline=None)
def test_swapping_fork_and_end_swaps_repurposed_and_migrated(fork, end, self_effect):
    assume(self_effect.sum() > 1e-3)
    forwards, backwards = (
        divide(GateEffects(fork, end, self_effect)),
        divide(GateEffects(end, fork, self_effect)),
    )
    assert forwards["repurposed"] == pytest.approx(backwards["migrated"], abs=1e-9)
    assert forwards["reused"] == pytest.approx(backwards["reused"], abs=1e-9)


def test_no_effect_self_effect_has_no_shares():
    assert all(np.isnan(share) for share in divide(GateEffects(np.ones(3), np.ones(3), np.zeros(3))).values())


def test_the_floor_takes_null_effects_away():
    """Characters do 0.06 in what self took over, at the fork and at the end: below a floor of 0.07 that is
    nothing, without one it is not.
    """
    characters, self_effect = [0.88, 0.06, 0.06], [0, 0.5, 0.5]
    with_floor = provenance_shares(
        share_inputs(characters, characters, self_effect, floors=(0.07, 0.07, 0.07))
    )
    assert with_floor["second copy"] == pytest.approx(1)
    assert provenance_shares(share_inputs(characters, characters, self_effect))["second copy"] < 0.9


def test_each_floor_is_its_own():
    fork, end, self_effect = [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]
    assert provenance_shares(share_inputs(fork, end, self_effect, floors=(0.15, 0, 0)))["migrated"] > 0.2
    assert provenance_shares(share_inputs(fork, end, self_effect, floors=(0.15, 0, 0)))["repurposed"] == 0
    assert provenance_shares(share_inputs(fork, end, self_effect, floors=(0, 0.25, 0)))["migrated"] == 0
    assert np.isnan(provenance_shares(share_inputs(fork, end, self_effect, floors=(0, 0, 1.1)))["reused"])


def test_the_null_floor_by_hand():
    """0.95 quantile over components of the size of the mean over pairs, in fractions of the real pairs'
    total, whatever its sign.
    """
    means = np.linspace(-2, 0, 21)
    null = Contributions(np.tile(means, (6, 1)), np.zeros(6))
    assert null_floor(null, 4.0) == pytest.approx(1.9 / 4)
    assert null_floor(null, 0.0) == null_floor(null, -1.0) == 1.0


def test_intervals_hold_the_point_and_shrink_with_pairs():
    fork, end, self_effect = [0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], [0.25, 0.25, 0.25, 0.25]
    widths = {}
    for pairs in (32, 512):
        point, intervals = shares_with_intervals(
            share_inputs(fork, end, self_effect, pairs=pairs, noise=0.3), seed=1
        )
        assert all(low <= point[cell] <= high for cell, (low, high) in intervals.items())
        widths[pairs] = np.mean([high - low for low, high in intervals.values()])
    assert 0.02 < widths[32] < 1
    assert widths[512] < widths[32] / 2


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """Half reused, half a copy, 40 times over with fresh noise: 95 % intervals miss both times at most 8 of
    40 (binomial, p < 0.001).
    """
    missed = 0
    for trial in range(40):
        parts = [
            contributions(e, 48, 0.2, 100 * trial + n) for n, e in enumerate(([1, 0], [1, 0], [0.5, 0.5]))
        ]
        inputs = ShareInputs(*parts, np.zeros(3))
        low, high = shares_with_intervals(inputs, trial)[1]["second copy"]
        missed += not low <= 0.5 <= high
    assert missed <= 8


def test_a_single_pair_is_no_reason_to_fail():
    shares, intervals = shares_with_intervals(share_inputs([1, 0], [1, 0], [1, 0], pairs=1), seed=0)
    assert shares["reused"] == pytest.approx(1)
    assert intervals["reused"] == pytest.approx([1, 1])


def test_what_is_below_the_bar_does_not_serve_unless_self_has_as_little():
    """Just below the bar, a component that does 0.5 for self does nothing for characters, and just above it something; in
    one that does little more than the bar for self either is something."""

    def belongs(effect, of_self):
        return membership(np.array([effect, 1 - effect]), np.array([of_self, 1 - of_self]))[0]

    assert belongs(SERVES - 1e-3, 0.5) == 0 < belongs(SERVES + 1e-3, 0.5) < 0.3
    assert belongs(SERVES - 1e-3, 1.2 * SERVES) == 1
    assert membership(np.array([SERVES - 1e-3, 1.0]), np.array([0.5, 0.5]), bar=SERVES / 2)[0] > 0


def test_the_overlap_is_1_less_the_total_variation():
    assert overlap(np.array([2.0, 2.0]), np.array([0.5, 0.5])) == pytest.approx(1)
    assert overlap(np.array([1.0, 0.0]), np.array([0.0, 3.0])) == 0
    assert overlap(np.array([3.0, 1.0]), np.array([1.0, 1.0])) == pytest.approx(0.75)
    assert np.isnan(overlap(np.zeros(2), np.ones(2)))


@pytest.mark.parametrize(("end_nats", "expected"), [(20.0, 0.35), (0.2, None), (-0.2, None)])
def test_nothing_is_inherited_where_self_has_no_gate_at_the_end(end_nats, expected):
    assert inherited_share(7.0, end_nats) == pytest.approx(expected or np.nan, nan_ok=True)
