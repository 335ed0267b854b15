"""Fitting: how do the numbers of an analysis become probabilities of labels, by a pack whose labels are known?

A logistic regression for each analysis, on a practice pack of another seed. It knows nothing of the pack that is answered.
"""

from collections.abc import Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from experiments.challenge.baselines import Readings
from experiments.challenge.sealing import SealedTruth
from experiments.challenge.sources import LABELS
from experiments.challenge.submission import OrganismAnswer, Submission

EQUAL = dict.fromkeys(LABELS, 1 / len(LABELS))


def needs_fitting(readings: Readings) -> bool:
    """Has an analysis no rule of its own that makes labels of its numbers?"""
    return all(reading.probabilities is None for reading in readings.values())


def fitted_rule(readings: Readings, truth: SealedTruth) -> Pipeline | None:
    """The regression from numbers to labels, of organisms that have both; None where a label has none."""
    labelled = [
        (reading.numbers, truth.organisms[name].label)
        for name, reading in readings.items()
        if np.isfinite(reading.numbers).all() and reading.numbers and truth.organisms[name].label
    ]
    labels = [str(label) for _, label in labelled]
    if set(labels) != set(LABELS):
        return None
    rule = make_pipeline(StandardScaler(), LogisticRegression())
    return rule.fit(np.array([numbers for numbers, _ in labelled]), labels)


def submission_of(title: str, readings: Readings, pack: str, rule: Pipeline | None = None) -> Submission:
    """The submission of an analysis. pack: the pack's seal. rule: fitted, where the analysis has none.

    Equal probabilities where an organism has no numbers.
    """
    answers: dict[str, OrganismAnswer] = {}
    for name, reading in readings.items():
        probabilities = reading.probabilities
        if probabilities is None:
            probabilities = _fitted_probabilities(reading.numbers, rule)
        answers[name] = OrganismAnswer(probabilities, reading.shares, reading.scores)
    return Submission(pack, title, answers)


def _fitted_probabilities(numbers: tuple[float, ...], rule: Pipeline | None) -> Mapping[str, float]:
    if rule is None or not numbers or not np.isfinite(numbers).all():
        return EQUAL
    row = rule.predict_proba(np.array([numbers]))[0]
    by_label = dict(zip(rule.classes_.tolist(), row.tolist(), strict=True))
    return {label: by_label[label] for label in LABELS}
