"""Is a circuit found where one was planted, and not where there is none?"""

import numpy as np
import pytest
from scipy.stats import binom, kstest

from analysis.patching.circuits import (
    CHANCE,
    FLIPS,
    RANDOM_CIRCUITS,
    curve_masks,
    curve_sizes,
    random_sets,
    rankings,
    read_curves,
    replication,
)
from analysis.patching.shapley import Contributions
from organisms.model.config import OrganismConfig

SIZES = OrganismConfig(layers=2, heads=4, width=32, neurons=8, neuron_blocks=2)
SIZE = 12
GROUPS = ([0, 1, 2, 3], [4, 5], [6, 7, 8, 9], [10, 11])
PAIRS = 64


def contributions(effect, noise=0.0, seed=0, nats=4.0):
    rng = np.random.default_rng(seed)
    parts = nats * np.asarray(effect, float) + noise * rng.normal(size=(PAIRS, SIZE))
    return Contributions(parts, parts.sum(1))


def measured(effect, game, noise=0.0, nats=4.0, seed=0):
    """The circuit of an organism whose effects are given and in which patching a set removes ``game(mask)``
    of the total.
    """
    ranked = rankings(SIZES, np.asarray(effect, float), seed)
    masks = curve_masks(ranked)
    worth = np.array([game(mask) for mask in masks])
    total = nats + noise * np.random.default_rng(seed + 1).normal(size=24)
    return read_curves(
        SIZES, contributions(effect, noise, seed, nats), ranked, total[:, None] * worth, total, seed
    )


def additive(effect):
    return lambda mask: float(np.asarray(effect, float)[mask].sum())


ONE = np.eye(SIZE)[7]
FEW = np.zeros(SIZE)
FEW[[1, 4, 8]] = 0.5, 0.3, 0.2


def test_sizes_of_a_curve():
    assert curve_sizes(12).tolist() == [0, 1, 2, 3, 4, 6, 8, 10, 12]
    assert curve_sizes(3).tolist() == [0, 1, 2, 3]
    assert curve_sizes(7).tolist() == [0, 1, 2, 3, 4, 6, 7]


def test_components_are_ranked_by_falling_effect():
    effect = np.array([0.1, -0.5, 0.4, np.nan, 0.3, 0.0, 0.2, 0.05, 0, 0, 0, 0])
    best = rankings(SIZES, effect, 0)[0]
    assert best[:5].tolist() == [2, 4, 6, 0, 7]
    assert best[-1] == 1


def test_null_rankings_keep_layers_and_kinds_at_each_size():
    ranked = rankings(SIZES, np.random.default_rng(0).normal(size=SIZE), 3)
    assert ranked.shape == (1 + RANDOM_CIRCUITS, SIZE)
    group = np.array([next(n for n, members in enumerate(GROUPS) if c in members) for c in range(SIZE)])
    assert (np.sort(ranked, axis=1) == np.arange(SIZE)).all()
    assert (group[ranked] == group[ranked[0]]).all()
    assert len(np.unique(ranked, axis=0)) > RANDOM_CIRCUITS - 2


def test_masks_patch_the_rest_and_then_the_top():
    ranked = np.array([[2, 0, 1], [1, 2, 0]])
    masks = curve_masks(ranked).reshape(2, 2, 4, 3)
    rest, top = masks
    assert top[0].tolist() == [[False] * 3, [False, False, True], [True, False, True], [True] * 3]
    assert top[1, 1].tolist() == [False, True, False]
    assert (rest == ~top).all()


@pytest.mark.parametrize("effect", [ONE, FEW, np.full(SIZE, 1 / SIZE)], ids=["one", "few", "all alike"])
def test_curves_begin_at_0_and_end_at_1(effect):
    found = measured(effect, additive(effect))
    for curve in (found.faithfulness, found.removed, *found.null, *found.removed_null):
        assert curve[0] == pytest.approx(0)
        assert curve[-1] == pytest.approx(1)


def test_one_essential_component_is_the_circuit_and_its_core():
    found = measured(ONE, additive(ONE), noise=0.2)
    assert found.found
    assert found.members.tolist() == found.core.tolist() == [7]
    assert found.completeness == pytest.approx(1)
    assert found.total_nats == pytest.approx(4, abs=0.2)
    assert found.replication_p == 1 / (1 + FLIPS)


def test_a_circuit_is_the_smallest_set_that_suffices_and_a_core_the_smallest_that_is_needed():
    """Three components in a chain: the first breaks it alone, all three are needed to carry it."""
    chain = lambda mask: float(mask[[1, 4, 8]].any())  # noqa: E731
    found = measured(FEW, chain, noise=0.2)
    assert found.found
    assert found.members.tolist() == [1, 4, 8]
    assert found.core.tolist() == [1]
    redundant = lambda mask: float(mask[[1, 4, 8]].all())  # noqa: E731
    found = measured(FEW, redundant, noise=0.2)
    assert found.members.tolist() == [1]
    assert found.core.tolist() == [1, 4, 8]


def test_the_area_over_the_curve_by_hand():
    """Additive halves, of twelve: faithfulness 0, 1/2, 1, 1 ... in steps of 1/12. Area (1 + 1/2) / 2 / 12 +
    (1/2 + 0) / 2 / 12 = 1/12.
    """
    halves = np.zeros(SIZE)
    halves[[1, 8]] = 0.5
    found = measured(halves, additive(halves))
    assert found.cmd == pytest.approx(1 / 12)
    assert found.null_cmd.shape == (RANDOM_CIRCUITS,)
    assert (found.null_cmd >= found.cmd - 1e-9).all()
    assert found.null_cmd.mean() > found.cmd + 0.02


def test_too_much_is_as_far_from_faithful_as_too_little():
    """Without its top component the organism overshoots: 1.5 of the total is left. The area is of the
    distance from 1.
    """
    effect = np.array([0.5, 0.5] + [0] * 10)
    found = measured(effect, lambda mask: 1.0 if mask[:2].all() else -0.5 if mask[1] else 0.0)
    assert found.faithfulness[:4].tolist() == pytest.approx([0, 1.5, 1, 1])
    assert found.cmd == pytest.approx((1 + 0.5) / 2 / 12 + 0.5 / 2 / 12)


@pytest.mark.parametrize(
    ("effect", "noise", "nats"),
    [(ONE, 0.01, 0.3), (ONE, 0.01, -4.0), (ONE, 0.0, 0.0)],
    ids=["next to nothing to carry", "backwards", "nothing at all"],
)
def test_no_circuit_is_found_where_there_is_nothing_to_carry(effect, noise, nats):
    found = measured(effect, additive(effect), noise, nats)
    assert not found.found
    assert len(found.members) == len(found.core) == 0
    assert np.isnan(found.completeness)


@pytest.mark.parametrize("effect", [np.zeros(SIZE), np.full(SIZE, 1 / SIZE)], ids=["noise", "all alike"])
def test_no_circuit_is_found_where_no_component_stands_out(effect):
    """Of 60 organisms, no more than a binomial with chance `CHANCE` allows (p > 0.001), though any half of
    the components would do."""
    game = lambda mask: min(1.0, mask.sum() / (SIZE / 2))  # noqa: E731
    found = [measured(effect, game, 1.0, 4.0, seed).found for seed in range(60)]
    assert sum(found) <= binom.ppf(0.999, 60, CHANCE)


def test_one_component_of_few_can_be_found():
    """Also in an organism too small for swaps within layers and kinds to tell: one layer, two heads, two
    blocks."""
    small = OrganismConfig(layers=1, heads=2, width=4, neurons=4, neuron_blocks=2)
    rng = np.random.default_rng(0)
    planted = Contributions(np.array([1.0, 0, 0, 0]) + 0.2 * rng.normal(size=(64, 4)), np.ones(64))
    assert replication(small, planted, 0) <= CHANCE


def test_a_total_that_is_not_surely_above_the_least_is_no_mechanism():
    """Mean 1 nat, one standard error 0.3 or so: it may as well be 0.5."""
    ranked = rankings(SIZES, ONE, 0)
    total = 1 + 1.5 * np.random.default_rng(0).normal(size=24)
    worth = np.array([additive(ONE)(mask) for mask in curve_masks(ranked)])
    assert not read_curves(SIZES, contributions(ONE), ranked, total[:, None] * worth, total, 0).found
    assert read_curves(SIZES, contributions(ONE), ranked, worth + 0 * total[:, None], 1 + 0 * total, 0).found


def test_replication_of_noise_is_uniform():
    """300 organisms of noise: a Kolmogorov-Smirnov test against uniform, and binomial bounds (p > 0.001) at
    0.01 and 0.05.
    """
    p = np.array([replication(SIZES, contributions(np.zeros(SIZE), 1.0, seed), seed) for seed in range(300)])
    assert kstest(p, "uniform").pvalue > 1e-3
    for level in (0.01, 0.05):
        assert (p <= level).sum() <= binom.ppf(0.999, 300, level)
    assert (p <= 0.5).mean() == pytest.approx(0.5, abs=0.1)


def test_differences_between_layers_and_kinds_alone_do_not_replicate():
    """All heads of layer 1 do 0.25, nothing else does anything: which head it is replicates no better than
    chance."""
    alike = np.zeros(SIZE)
    alike[6:10] = 0.25
    p = np.array([replication(SIZES, contributions(alike, 1.0, seed), seed) for seed in range(60)])
    assert (p <= CHANCE).sum() <= binom.ppf(0.999, 60, CHANCE)


def test_planted_effects_replicate():
    assert all(replication(SIZES, contributions(FEW, 1.0, seed), seed) <= 0.006 for seed in range(20))


def test_replication_leaves_its_effects_alone():
    given = contributions(FEW, 1.0)
    before = given.components.copy()
    replication(SIZES, given, 0)
    np.testing.assert_array_equal(given.components, before)


@pytest.mark.parametrize("members", [[7], [0, 5, 6, 9], [0, 1, 2, 10], []])
def test_random_sets_keep_size_and_layers_and_leave_the_members_out(members):
    masks = random_sets(SIZES, np.array(members, int), 0)
    assert masks.shape == (1 + RANDOM_CIRCUITS, SIZE)
    assert np.flatnonzero(masks[0]).tolist() == members
    for group in GROUPS:
        assert (masks[1:, group].sum(1) == masks[0, group].sum()).all()
        if masks[0, group].sum() <= len(group) / 2:
            assert not masks[1:, group][:, masks[0, group]].any()
    if members:
        assert len(np.unique(masks[1:], axis=0)) > 1


def test_flips_are_enough_for_their_chance():
    assert 1 / (1 + FLIPS) <= CHANCE


def test_one_head_of_four_has_three_others_to_be_compared_with_however_many_are_drawn():
    """What a null of the same layer and kind can be worth; the README says so."""
    masks = random_sets(SIZES, np.array([2]), 0)
    assert len(np.unique(masks[1:], axis=0)) == 3
