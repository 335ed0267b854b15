"""Do the other lines of evidence speak where they can, and only there?"""

import numpy as np
import pytest

from analysis.corroboration import APART, AT_FORK, NOT_AT_FORK, TOGETHER, cosine, lesion, say
from analysis.effects import Contributions
from analysis.provenance import CELLS


def contributions(effect, noise=0.0, seed=0, pairs=60):
    rng = np.random.default_rng(seed)
    total = rng.uniform(3, 5, pairs)
    return Contributions(total[:, None] * np.asarray(effect) + noise * rng.normal(size=(pairs, len(effect))), total)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, 0, 0], [0.5, 0, 0], 1),
        ([1.0, 0, 0], [0, 1.0, 0], 0),
        ([0.6, 0.8, 0], [0.8, 0.6, 0], 0.96),
        ([1.0, 0], [-1.0, 0], -1),
    ],
)
def test_cosines_by_hand(first, second, expected):
    found = cosine(contributions(first), contributions(second, seed=1), None, 0)
    assert found["value"] == pytest.approx(expected)
    assert found["low"] == pytest.approx(expected)
    assert found["null"] is None


def test_the_cosine_interval_holds_its_value_and_the_null_is_the_unrelated_task():
    first, second = contributions([0.7, 0.3, 0, 0], 0.5, 1), contributions([0.5, 0.5, 0, 0], 0.5, 2)
    unrelated = contributions([0, 0, 0.5, 0.5], 0.5, 3)
    found = cosine(first, second, unrelated, 0)
    assert found["low"] < found["value"] < found["high"]
    assert found["low"] > 0.8
    assert abs(found["null"]) < 0.2
    assert found["high"] - found["low"] > 0.005


def test_a_lesion_is_a_ratio_of_sums_and_its_null_leaves_the_circuit_out():
    """Two pairs of unequal totals: (1 + 6) / (2 + 8), not the mean of 0.5 and 0.75."""
    removed = np.array([[1.0, 0.2, 0.6], [6.0, 0.8, 0.4]])
    found = lesion(removed, np.array([2.0, 8.0]), 0)
    assert found["value"] == pytest.approx(0.7)
    assert found["null"] == pytest.approx(0.1)
    assert found["null_high"] == pytest.approx(0.1)
    assert found["low"] == pytest.approx(0.5)
    assert found["high"] == pytest.approx(0.75)


def test_the_highest_random_lesion_is_the_bar():
    removed = np.tile([0.9, 0.1, 0.5], (20, 1))
    assert lesion(removed, np.ones(20), 0)["null_high"] == pytest.approx(0.5)


ABOVE, BELOW, ACROSS = (
    {"low": low, "high": high, "null_high": 0.5} for low, high in ((0.8, 0.9), (0.1, 0.2), (0.4, 0.6))
)


@pytest.mark.parametrize(
    ("verdict", "found", "expected"),
    [
        ("reused", ABOVE, "agrees"),
        ("migrated", ABOVE, "agrees"),
        ("reused", BELOW, "disagrees"),
        ("second copy", BELOW, "agrees"),
        ("repurposed", BELOW, "agrees"),
        ("second copy", ABOVE, "disagrees"),
        ("reused", ACROSS, "silent"),
        ("mixed", ABOVE, "silent"),
        ("undecided", ABOVE, "silent"),
        ("absent", BELOW, "silent"),
        ("reused", {"low": 0.8, "high": 0.9, "null": None}, "silent"),
        ("reused", {"low": 0.8, "high": 0.9, "null": 0.3}, "agrees"),
        ("reused", {"low": float("nan"), "high": float("nan"), "null": 0.3}, "silent"),
        ("second copy", {"low": float("nan"), "high": float("nan"), "null": 0.3}, "silent"),
        ("second copy", {"low": 0.1, "high": 0.2, "null_high": float("nan")}, "silent"),
    ],
)
def test_what_is_said(verdict, found, expected):
    assert say(verdict, TOGETHER, APART, found) == expected


def test_claims_cover_every_cell_once():
    for yes, no in ((TOGETHER, APART), (AT_FORK, NOT_AT_FORK)):
        assert yes | no == set(CELLS)
        assert not yes & no


def test_the_fork_line_parts_repurposed_from_second_copy():
    assert say("repurposed", AT_FORK, NOT_AT_FORK, ABOVE) == "agrees"
    assert say("second copy", AT_FORK, NOT_AT_FORK, ABOVE) == "disagrees"
