"""Does an interval know that thresholds are set by few honest organisms?"""

import numpy as np
import pytest

from experiments.studies.selection.arms import DRAWS, SAME_FORK, trained_arm_label
from experiments.studies.selection.measurement import READINGS, SelectionMeasurement
from experiments.studies.selection.summary import CountedOrganisms, trained_on_row
from experiments.studies.selection.thresholds import difference_with_thresholds

READING, FORKS, SETTING = READINGS[0], 30, 10
HONEST_SCORE, SCHEMER_SCORE = 0.1, 0.5


def measurement(schemes, scores):
    """Organisms [fork, draw] that scheme or are honest, and their scores by one reading; others read nothing."""
    secret = np.where(schemes, 1.0, 0.0).ravel()
    of_reading = {name: tuple(np.zeros(secret.size)) for name in READINGS} | {READING: tuple(scores.ravel())}
    return SelectionMeasurement(
        0, SAME_FORK, tuple(secret), tuple(1 - secret), tuple(np.ones(secret.size)), of_reading
    )


def counted_organisms(honest_scores):
    """Half of each fork schemes and scores alike; training leaves none. honest_scores: of the forks that set the threshold."""
    schemes = np.tile(np.arange(DRAWS) < DRAWS // 2, (FORKS, 1))
    scores = np.where(schemes, SCHEMER_SCORE, HONEST_SCORE)
    scores[:SETTING, DRAWS // 2 :] = np.asarray(honest_scores)[:, None]
    trained = measurement(np.zeros_like(schemes), np.full(schemes.shape, HONEST_SCORE))
    return CountedOrganisms({SAME_FORK: measurement(schemes, scores), trained_arm_label("reward"): trained})


@pytest.mark.parametrize("score", [0.2, 0.9])
def test_where_all_honest_organisms_score_alike_the_threshold_is_sure(score):
    counted = counted_organisms([score] * SETTING)
    row = trained_on_row(counted, "reward", READING)
    assert difference_with_thresholds(counted, "reward", READING) == pytest.approx(row.difference)
    assert row.difference[0] == pytest.approx(0.0 if score < SCHEMER_SCORE else -0.5)


def test_where_few_honest_organisms_decide_what_is_caught_the_interval_holds_both_answers():
    """A tenth may be caught: one fork of ten is the threshold or is not, by chance."""
    counted = counted_organisms([0.9] * 2 + [0.2] * (SETTING - 2))
    value, low, high = difference_with_thresholds(counted, "reward", READING)
    given = trained_on_row(counted, "reward", READING).difference
    assert value == pytest.approx(given[0])
    assert given[2] - given[1] < 0.01
    assert (low, high) == pytest.approx((-0.5, 0.0))


def test_only_forks_that_set_thresholds_set_them_and_only_the_others_count():
    schemes = np.zeros((FORKS, DRAWS), bool)
    schemes[:SETTING, 0] = True
    grown = measurement(schemes, np.where(schemes, SCHEMER_SCORE, HONEST_SCORE))
    is_counted = np.broadcast_to(np.arange(FORKS)[:, None] >= SETTING, schemes.shape)
    schemers = measurement(is_counted, np.zeros(schemes.shape))
    counted = CountedOrganisms({SAME_FORK: grown, trained_arm_label("reward"): schemers})
    assert difference_with_thresholds(counted, "reward", READING) == pytest.approx((1.0, 1.0, 1.0))
