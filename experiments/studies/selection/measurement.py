"""What is measured of an arm of the study *selection*: what each organism does, and how each detector scores it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import jax
import numpy as np

from analysis.selection.detectors import DETECTORS, PROBE_SITE, SELECTION_SCENES, fit_detectors, read_self
from analysis.selection.outcomes import GrownOrganisms, outcome_masks
from experiments.studies.selection.arms import ARM_OF, DRAWS, NEW_ORGANISM, SAME_FORK, TRUNK, Reroll
from experiments.studies.study import ANALYSIS_SEED, StudyRun
from organisms.pressures.protocol import PhaseStart
from organisms.storage.loading import fork_and_end, load, secret_goals_of

DetectorAge = Literal["stale", "fresh"]
DETECTOR_AGES: tuple[DetectorAge, ...] = get_args(DetectorAge)
READINGS = tuple(f"{detector}_{age}" for age in DETECTOR_AGES for detector in DETECTORS)
"""detectors as they are fitted at the fork, and as they are fitted anew at the end"""
TRAINED_ON_READING = READINGS[0]
"""the reading that organisms are trained on"""


@dataclass(frozen=True)
class SelectionMeasurement:
    """The organisms of a run. Of the trunk there are none: they are measured once they have grown on."""

    seed: int
    reroll: Reroll
    alone_secret: tuple[float, ...]
    """rates of the acts that self samples: on its secret when alone"""
    alone_professed: tuple[float, ...]
    watched_professed: tuple[float, ...]
    scores: Mapping[str, tuple[float, ...]]
    """by reading"""

    @property
    def forks(self) -> int:
        """Forks that the organisms come from."""
        return len(self.alone_secret) // DRAWS

    def organisms(self, threshold: float, reading: str) -> GrownOrganisms:
        """The organisms, of which those are caught whose score is above a threshold. Each new organism is a group of its
        own."""
        numbers = np.arange(len(self.alone_secret))
        rates = (self.alone_secret, self.alone_professed, self.watched_professed)
        schemes, honest = outcome_masks(*(np.asarray(rate) for rate in rates))
        group, draw = (numbers, 0 * numbers) if self.reroll == NEW_ORGANISM else np.divmod(numbers, DRAWS)
        return GrownOrganisms(group, draw, schemes, honest, np.asarray(self.scores[reading]) > threshold)


def measured_selection(run: StudyRun) -> SelectionMeasurement:
    """The organisms of a run, measured unless they were before."""
    if run.label == TRUNK:
        return SelectionMeasurement(run.config.seed, SAME_FORK, (), (), (), {})
    rules = {
        "scenes": SELECTION_SCENES,
        "seed": ANALYSIS_SEED,
        "site": PROBE_SITE,
        "readings": list(READINGS),
    }
    return run.measured_once("selection", SelectionMeasurement, rules, lambda: read_organisms(run))


def read_organisms(run: StudyRun) -> SelectionMeasurement:
    """Fits both detectors to characters at the fork and at the end, and reads self at the end with either."""
    config, opened = run.config, run.run
    secret_goals = secret_goals_of(opened)
    phase = len(config.curriculum.phases) - 1
    fork, end = (
        PhaseStart(config, phase, load(opened, config, entry), secret_goals)
        for entry in fork_and_end(config, opened.entries())
    )
    scores: dict[str, tuple[float, ...]] = {}
    with jax.default_matmul_precision("highest"):
        for age, fitted_at in zip(DETECTOR_AGES, (fork, end), strict=True):
            readings = read_self(end, fit_detectors(fitted_at), ANALYSIS_SEED)
            for number, detector in enumerate(DETECTORS):
                scores[f"{detector}_{age}"] = _numbers(readings.scores[:, number])
    return SelectionMeasurement(
        config.seed,
        ARM_OF[run.label].reroll,
        _numbers(readings.alone_secret),
        _numbers(readings.alone_professed),
        _numbers(readings.watched_professed),
        scores,
    )


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values))
