"""Scores of the challenge: how often is a submission right, does it know how often, and does it find the place?

The organism is the unit. A label counts as right where it has the largest probability, alone; a tie is wrong. Labels are scored
where something was planted. What a score does *not* show: that an analysis is as good on organisms that were not planted.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from analysis.provenance.verdict import CELLS
from analysis.statistics import auroc, count_interval, mean_interval
from experiments.challenge.sealing import SealedTruth
from experiments.challenge.sources import LABELS, MAKES
from experiments.challenge.submission import OrganismAnswer, Submission
from experiments.export.model_card import escaped_markdown
from experiments.studies.study import Triple, triple

LEAST_PROBABILITY = 0.001
"""a smaller one counts as this in the log loss, which would otherwise be without end"""
CONFIDENCE_BINS = 5
"""of equal width, in which calibration is measured"""
BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True)
class SubmissionScore:
    """How good a submission is. Values with the ends of their 95 % intervals; None where a track was left out."""

    name: str
    n: int
    """organisms whose label is scored"""
    accuracy: Triple
    """Wilson"""
    brier: Triple
    """mean squared distance of the probabilities from the truth, from 0 to 2; equal ones give 0.67"""
    log_loss_nats: Triple
    """equal probabilities give 1.10"""
    calibration_error: Triple
    """mean distance of confidence from accuracy, over bins of confidence; biased upwards where n is small"""
    auroc: Triple | None
    """mean over organisms: chance that a component of what serves self is scored above one of the rest"""
    share_error: Triple | None
    """mean share that would have to move to another cell"""
    accuracy_by_make: dict[str, Triple]
    unlabelled: dict[str, int]
    """how often each label got the largest probability where nothing was planted; not scored"""


def score_submission(submission: Submission, truth: SealedTruth) -> SubmissionScore:
    """The score of a submission that has every organism of the truth."""
    labelled = [
        (submission.organisms[name], organism)
        for name, organism in truth.organisms.items()
        if organism.label is not None
    ]
    probabilities = np.array([[answer.probabilities[label] for label in LABELS] for answer, _ in labelled])
    probabilities = probabilities.reshape(-1, len(LABELS)) / probabilities.sum(-1, keepdims=True)
    planted = np.array([[organism.label == label for label in LABELS] for _, organism in labelled])
    right = is_right(probabilities, planted.reshape(-1, len(LABELS)))
    of_planted = probabilities[planted.reshape(-1, len(LABELS))]
    places = [
        _component_auroc(answer, organism.components) for answer, organism in labelled if organism.components
    ]
    errors = [_share_error(answer, organism.shares) for answer, organism in labelled if organism.shares]
    makes = np.array([organism.make for _, organism in labelled])
    return SubmissionScore(
        name=submission.name,
        n=len(labelled),
        accuracy=_share(right),
        brier=triple(mean_interval(((probabilities - planted) ** 2).sum(-1))),
        log_loss_nats=triple(mean_interval(-np.log(of_planted.clip(LEAST_PROBABILITY)))),
        calibration_error=_calibration(probabilities.max(-1, initial=0), right),
        auroc=triple(mean_interval(places)) if submission.has_scores and places else None,
        share_error=triple(mean_interval(errors)) if submission.has_shares and errors else None,
        accuracy_by_make={make: _share(right[makes == make]) for make in MAKES if (makes == make).any()},
        unlabelled=_unlabelled(submission, truth),
    )


def is_right(
    probabilities: Float[np.ndarray, "organism label"], planted: Bool[np.ndarray, "organism label"]
) -> Bool[np.ndarray, " organism"]:
    """Whether the planted label alone has the largest probability."""
    is_largest = probabilities == probabilities.max(-1, keepdims=True, initial=0)
    return (is_largest & planted).any(-1) & (is_largest.sum(-1) == 1)


def _share(right: Bool[np.ndarray, " organism"]) -> Triple:
    return triple(count_interval(int(right.sum()), len(right)))


def expected_calibration_error(
    confidence: Float[np.ndarray, " organism"], right: Bool[np.ndarray, " organism"]
) -> float:
    """Mean distance of confidence from accuracy over bins, weighted by their organisms (Naeini et al. 2015, through Guo et al.
    2017, arXiv 1706.04599)."""
    least = 1 / len(LABELS)
    bins = np.clip(((confidence - least) / (1 - least) * CONFIDENCE_BINS).astype(int), 0, CONFIDENCE_BINS - 1)
    gaps = np.bincount(bins, confidence - right, CONFIDENCE_BINS)
    return float(np.abs(gaps).sum() / len(right))


def _calibration(confidence: np.ndarray, right: np.ndarray) -> Triple:
    if not len(right):
        return None, None, None
    draws = np.random.default_rng(0).integers(0, len(right), (BOOTSTRAP_DRAWS, len(right)))
    errors = [expected_calibration_error(confidence[draw], right[draw]) for draw in draws]
    low, high = np.quantile(errors, [0.025, 0.975])
    return expected_calibration_error(confidence, right), float(low), float(high)


def _component_auroc(answer: OrganismAnswer, serving: Sequence[str]) -> float:
    """NaN where no components are scored."""
    if not answer.scores:
        return math.nan
    scores = np.array(list(answer.scores.values()), float)
    serves = np.isin(list(answer.scores), list(serving))
    return auroc(scores, serves) if 0 < serves.sum() < len(serves) else math.nan


def _share_error(answer: OrganismAnswer, planted: object) -> float:
    if not answer.shares or not isinstance(planted, dict):
        return math.nan
    return sum(abs(answer.shares[cell] - planted[cell]) for cell in CELLS) / 2


def _unlabelled(submission: Submission, truth: SealedTruth) -> dict[str, int]:
    counts = dict.fromkeys(LABELS, 0)
    for name, organism in truth.organisms.items():
        if organism.label is None:
            probabilities = submission.organisms[name].probabilities
            counts[max(LABELS, key=probabilities.__getitem__)] += 1
    return counts


def score_table(scores: Iterable[SubmissionScore]) -> list[str]:
    """The scores as lines of Markdown, best first."""
    header = (
        "analysis",
        "accuracy",
        "Brier",
        "log loss",
        "calibration error",
        "AUROC of components",
        "share error",
    )
    lines = [_row(header), _row(["---"] * len(header))]
    for score in sorted(scores, key=lambda each: each.brier[0] or 0.0):
        tracks = (
            score.accuracy,
            score.brier,
            score.log_loss_nats,
            score.calibration_error,
            score.auroc,
            score.share_error,
        )
        lines.append(_row([escaped_markdown(score.name), *map(_in_words, tracks)]))
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _in_words(value: Triple | None) -> str:
    if value is None or value[0] is None:
        return "–"
    middle, low, high = value
    return f"{middle:.2f}" if low is None or high is None else f"{middle:.2f} [{low:.2f}, {high:.2f}]"
