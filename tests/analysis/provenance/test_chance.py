"""Chance: what are shares worth beside what components at random, or another variable, would give?"""

import numpy as np
import pytest

from analysis.provenance.chance import (
    BARS,
    shares_among_free,
    shares_at_random,
    shares_by_bar,
    specificity,
)
from analysis.provenance.verdict import CELLS
from tests.analysis.provenance.test_provenance import contributions, share_inputs

ALL = [np.arange(8)]
EVEN, NOTHING, HALF = [1 / 8] * 8, [0.0] * 4, [1 / 4] * 4


def test_components_at_random_get_what_the_mechanism_leaves_over():
    """Two groups: in the first one of two components served characters at the fork, in the second both did;
    self uses one of each, equally much."""
    shares = shares_at_random(
        share_inputs([0.5, 0, 0.5, 0.5], [0.5, 0, 0, 0], [0, 0.5, 0.5, 0]),
        [np.array([0, 1]), np.array([2, 3])],
        0,
    )
    assert shares["repurposed"] == pytest.approx([0.5, 0.5, 0.5])
    assert shares["reused"][0] == pytest.approx(0.25, abs=0.05)
    assert shares["reused"][1:] == pytest.approx([0, 0.5])
    assert sum(cell_shares[0] for cell_shares in shares.values()) == pytest.approx(1)


def test_a_self_that_merely_parted_beats_the_deal_over_all_and_not_that_over_what_is_left():
    """The fork is spread evenly over all components and characters keep one half: whatever self takes of the other
    half was theirs once, so *repurposed* is 1 without meaning anything."""
    inputs = share_inputs(EVEN, HALF + NOTHING, [*NOTHING, 0.7, 0.1, 0.1, 0.1])
    assert shares_at_random(inputs, ALL, 0)["repurposed"][0] < 0.7
    assert shares_among_free(inputs, ALL, 0)["repurposed"] == pytest.approx([1, 1, 1])


def test_a_self_that_took_what_characters_had_beats_the_deal_over_what_is_left():
    """Of four components that characters leave, two were theirs; self took these two."""
    inputs = share_inputs(
        [0.25, 0.25, 0, 0, 0.25, 0.25, 0, 0],
        [0.5, 0.5, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0.5, 0.5, 0, 0],
    )
    mean, low, high = shares_among_free(inputs, ALL, 0)["repurposed"]
    assert mean == pytest.approx(1 / 3, abs=0.05)
    assert (low, high) == pytest.approx((0, 1))


def test_nothing_is_dealt_to_what_characters_keep():
    """Self's effect on components that still serve characters stays where it is."""
    inputs = share_inputs(EVEN, HALF + NOTHING, [0.5, 0, 0, 0, 0.5, 0, 0, 0])
    shares = shares_among_free(inputs, ALL, 0)
    assert shares["reused"] == pytest.approx([0.5, 0.5, 0.5])


def test_a_single_free_component_leaves_nothing_to_deal():
    """Its share counts as chance, so that there is no excess."""
    inputs = share_inputs([0.5, 0.5], [1.0, 0.0], [0.0, 1.0])
    assert shares_among_free(inputs, [np.arange(2)], 0)["repurposed"] == pytest.approx([1, 1, 1])


def test_the_curve_over_the_bar_falls_where_components_served_little():
    """Self took a component that did 0.04 for characters: theirs at a bar of 0.03, nobody's at one of 0.05."""
    inputs = share_inputs([0.96, 0.04], [1.0, 0.0], [0.0, 1.0])
    by_bar = {each.bar: each.shares["repurposed"] for each in shares_by_bar(inputs)}
    assert tuple(by_bar) == BARS
    assert by_bar[0.03] > 0
    assert by_bar[0.05] == by_bar[0.1] == 0


def test_an_unrelated_variable_with_the_same_effects_leaves_no_difference():
    """The difference holds 0 where another variable has the gate's effects, and does not where it has others."""
    inputs = share_inputs([0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], pairs=60, noise=0.1)
    same = specificity(inputs, contributions([0.5, 0.5, 0, 0], 60, 0.1, seed=7), 0.0, 0)
    other = specificity(inputs, contributions([0, 0, 0.5, 0.5], 60, 0.1, seed=7), 0.0, 0)
    value, low, high = same.difference["reused"]
    assert low <= 0 <= high
    assert abs(value) < 0.2
    assert other.difference["reused"][1] > 0.5
    assert sum(other.shares[cell] for cell in CELLS) == pytest.approx(1)
