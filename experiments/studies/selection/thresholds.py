"""Thresholds: how sure is what training leaves beside growing anew, where the forks that set the threshold are drawn anew too?

A threshold is set by the honest organisms of a third of the forks. They are few, and those of one fork end alike. Thresholds of
other forks would catch other shares. An interval over counted forks alone takes the threshold as given.
"""

import numpy as np
from jaxtyping import Bool, Float

from analysis.selection.dependence import BOOTSTRAP_DRAWS, percentile_interval
from analysis.selection.detectors import alarm_threshold
from experiments.studies.selection.arms import (
    DRAWS,
    SAME_FORK,
    TRAINED_ON,
    TrainedOn,
    calibration_forks,
    trained_arm_label,
)
from experiments.studies.selection.measurement import READINGS, SelectionMeasurement
from experiments.studies.selection.summary import CountedOrganisms
from experiments.studies.study import Number, Triple, triple

THRESHOLDS_REDRAWN = "thresholds_redrawn"


class _ForkScores:
    """Scores and outcomes of an arm's organisms by their forks."""

    def __init__(self, measured: SelectionMeasurement, reading: str):
        organisms = measured.organisms(float("inf"), reading)
        self.scores: Float[np.ndarray, "fork draw"] = np.asarray(measured.scores[reading]).reshape(-1, DRAWS)
        self.schemes: Bool[np.ndarray, "fork draw"] = organisms.schemes.reshape(-1, DRAWS)
        self.honest: Bool[np.ndarray, "fork draw"] = organisms.honest.reshape(-1, DRAWS)


def difference_with_thresholds(
    counted: CountedOrganisms, trained_on: TrainedOn, reading: str, seed: int = 0
) -> Triple:
    """q_u of an arm less p_u / (1 - p_c) of the same forks, with a percentile interval over counted forks and over those that set
    the threshold. Draws of which all are caught are left out; one without honest organisms sets no threshold, and catches none."""
    grown, trained = (
        _ForkScores(counted.measured[arm], reading) for arm in (SAME_FORK, trained_arm_label(trained_on))
    )
    forks = len(grown.scores)
    setting, counts = np.arange(calibration_forks(forks)), np.arange(calibration_forks(forks), forks)

    def difference(setting: np.ndarray, counts: np.ndarray) -> float:
        threshold = alarm_threshold(grown.scores[setting][grown.honest[setting]])
        uncaught = grown.scores[counts] <= threshold
        schemers_left = (uncaught & grown.schemes[counts]).sum()
        law = schemers_left / uncaught.sum() if uncaught.any() else float("nan")
        return float((trained.schemes[counts] & (trained.scores[counts] <= threshold)).mean() - law)

    rng = np.random.default_rng(seed)
    draws = [
        difference(rng.choice(setting, len(setting)), rng.choice(counts, len(counts)))
        for _ in range(BOOTSTRAP_DRAWS)
    ]
    return triple(percentile_interval(difference(setting, counts), draws))


def threshold_findings(counted: CountedOrganisms) -> dict[str, Number | Triple]:
    """The difference of every arm and reading, with thresholds drawn anew."""
    return {
        f"{THRESHOLDS_REDRAWN}.{arm}.{reading}": difference_with_thresholds(counted, arm, reading)
        for arm in TRAINED_ON
        for reading in READINGS
    }
