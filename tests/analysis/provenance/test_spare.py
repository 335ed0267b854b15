"""Spare: is what self took told from what was never needed, and from what could not be done without?"""

import numpy as np
import pytest

from analysis.patching.silencing import SilencedGate
from analysis.provenance.spare import own_sets, spare_at_fork, spare_sets
from analysis.thresholds import SERVES, SPARE_LEFT

GROUPS = [np.arange(4), np.arange(4, 8)]
KEPT, TOOK = [0.5, 0.5, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0.5, 0.5, 0, 0, 0]


def spare(took_silent, kept_silent, both_silent, noise=0.02):
    """What is said where these shares of the gate are left, pair by pair with some noise."""
    sets = spare_sets(np.array(KEPT), np.array(TOOK), GROUPS, 0)
    rng, pairs = np.random.default_rng(0), 24
    shares = np.full(len(sets.masks()), 0.3)
    shares[:3] = took_silent, kept_silent, both_silent
    total = rng.uniform(3, 5, pairs)
    left = total[:, None] * (shares + noise * rng.normal(size=(pairs, len(shares))))
    return spare_at_fork(SilencedGate(left[None], total[None]), 0, sets, 0)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param((0.9, 0.8, 0.05), "spare", id="either will do, and one is needed"),
        pytest.param((0.1, 0.1, 0.0), "no spare", id="divided: both are needed"),
        pytest.param((1.0, 0.0, 0.0), "no spare", id="never served: a second copy would be there"),
        pytest.param((0.9, 0.9, 0.9), "no spare", id="idle: a third set stands in"),
        pytest.param((0.3, 1.0, 0.3), "no spare", id="nothing stands in for it"),
        pytest.param((0.9, SPARE_LEFT, 0.0), "undecided", id="on the bar"),
        pytest.param((0.9, 0.6, 0.307), "undecided", id="half of it stands without either"),
    ],
)
def test_a_spare_can_be_done_without_and_stands_in(left, expected):
    standing = spare(*left)
    assert standing.says == expected
    assert standing.took_silent.low <= standing.took_silent.value <= standing.took_silent.high


def test_what_characters_keep_is_not_taken_and_random_sets_avoid_it():
    end_self = np.array(TOOK)
    end_self[0] = 0.5
    sets = spare_sets(np.array(KEPT), end_self, GROUPS, 0)
    assert np.flatnonzero(sets.took).tolist() == [3, 4]
    assert not (sets.random & sets.kept).any()
    for group in GROUPS:
        assert (sets.random[:, group].sum(1) == sets.took[group].sum()).all()
    assert len(np.unique(sets.random, axis=0)) > 1


@pytest.mark.parametrize(
    ("of_characters", "expected"),
    [
        pytest.param([0.5, 0.5, 0, 0], [2, 3], id="took all"),
        pytest.param([0.5, 0.5, 0, 0.3], [2], id="took most"),
        pytest.param([0.5, 0.5, 0.3, 0], [2, 3], id="took a third, keeps two"),
        pytest.param([0.5, 0.5, 0.3, 0.3], [2, 3], id="took nothing"),
    ],
)
def test_self_s_own_set_is_what_it_took_where_that_does_most(of_characters, expected):
    sets = own_sets(np.array(of_characters), np.array([0, 0, 0.6, 0.3]))
    assert np.flatnonzero(sets["self"]).tolist() == expected
    assert sets["character"].tolist() == [effect > 0 for effect in of_characters]


def test_what_serves_below_the_bar_is_in_neither_set():
    little = np.full(8, SERVES - 1e-6)
    sets = spare_sets(little, little, GROUPS, 0)
    assert not sets.took.any()
    assert not sets.kept.any()
