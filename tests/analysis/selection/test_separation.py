"""Does the separation tell ranking from level, and is its interval over groups?"""

import numpy as np
import pytest

from analysis.selection.outcomes import GrownOrganisms
from analysis.selection.separation import separation
from analysis.statistics import auroc


def grown(schemes, group):
    nobody = np.zeros(len(schemes), bool)
    return GrownOrganisms(group, np.zeros(len(schemes), int), schemes, ~schemes, nobody)


def test_scores_that_are_all_pushed_down_rank_as_they_did():
    rng = np.random.default_rng(0)
    schemes, group = rng.random(120) < 0.5, np.repeat(np.arange(20), 6)
    scores = rng.normal(size=120) + schemes
    value, low, high = separation(grown(schemes, group), scores)
    assert value == pytest.approx(auroc(scores, schemes))
    assert separation(grown(schemes, group), scores - 100) == (value, low, high)
    assert low < value < high
    assert 0.4 < separation(grown(schemes, group), rng.normal(size=120))[0] < 0.6


def test_organisms_of_a_group_that_end_alike_widen_the_interval():
    rng = np.random.default_rng(1)
    of_group = rng.random(20) < 0.5
    noise = rng.normal(size=20)
    schemes, scores = np.repeat(of_group, 6), np.repeat(noise + of_group, 6)
    group = np.repeat(np.arange(20), 6)
    _, low, high = separation(grown(schemes, group), scores)
    _, low_alone, high_alone = separation(grown(schemes, np.arange(120)), scores)
    assert high - low > 1.5 * (high_alone - low_alone)


def test_without_one_of_the_kinds_there_is_no_number():
    group = np.arange(4)
    assert np.isnan(separation(grown(np.ones(4, bool), group), np.arange(4.0))).all()
