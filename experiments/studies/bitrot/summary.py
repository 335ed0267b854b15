"""The summary of the study *bitrot*: how long did modes live, what keeps them, and what brought them back?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from analysis.forgetting.retention import Retention, RetentionCell, retention_of_mode
from analysis.forgetting.survival import (
    NO_INTERVAL,
    HalfLifeRatio,
    Lifetimes,
    MeanLifeRatio,
    half_life_ratio,
    mean_life_ratio,
    smallest_keeping_rate,
)
from analysis.history.descent import RelatedRun, related_runs
from analysis.relearning.finetune import MODE
from analysis.relearning.savings import THRESHOLD
from analysis.statistics import Interval
from curricula.catalogue.disuse import DECAY, NEWS
from experiments.studies.bitrot.plan import COMPARED, DRIVES, MECHANISMS, STRONGEST, drive_of, label_of
from experiments.studies.bitrot.trial_results import Trials
from experiments.studies.study import Number, PrimaryEndpoint, StudySettings, StudySummary, Triple, triple

CHARACTERS_MODE = "character_alone_secret"
"""the mode that is unused where characters are absent: schemers act on their secret when alone"""
PRIMARY = "mean_life_ratio.shared_over_separate.both"
"""mean life of the mode where characters share its mechanism over that of one that nothing else uses, with
the same characters, under both drives; named before the study was run"""


@dataclass(frozen=True)
class ParentOrganisms:
    """The organisms of a parent run, as disuse began."""

    folder: Path
    verdicts: tuple[str, ...]
    """of each member"""
    counted: Bool[np.ndarray, " member"]
    """members that have the mode, by the mechanism that the study takes theirs for"""


@dataclass(frozen=True)
class DisusedOrganisms:
    """The organisms of a fork that count, with what trials found where they were made."""

    folder: Path
    cells: Sequence[RetentionCell]
    trials: Trials | None = None


BitrotMeasured = ParentOrganisms | DisusedOrganisms


@dataclass(frozen=True)
class Comparison:
    """Lives of a shared mode over those of one that nothing else uses."""

    half_lives: HalfLifeRatio
    mean_lives: MeanLifeRatio
    n: tuple[int, int]
    """organisms with the shared mode, and with the other"""


@dataclass(frozen=True)
class Exercise:
    """Retention under the strongest drive by exercise rate."""

    rates: dict[str, Retention]
    """by share of self's moments in which it is alone"""
    keeping: Interval
    """the smallest rate that keeps the mode, with its bracket (`smallest_keeping_rate`)"""


@dataclass(frozen=True)
class BitrotSummary(StudySummary):
    """The study's answer. Mappings by mechanism have the names of `MECHANISMS`; by drive, of `DRIVES`."""

    scale: str
    steps: int
    """of disuse"""
    decay: float
    """weight decay of the drives that have any"""
    news: float
    """share of moments that ask something new, in the drives that have any"""
    left_out: dict[str, int]
    """organisms that do not count, by curriculum"""
    verdicts: dict[str, dict[str, int]]
    """by curriculum"""
    drives: dict[str, dict[str, Retention]]
    """by mechanism and drive"""
    comparisons: dict[str, dict[str, Comparison]]
    """by drive and by the mechanism that nothing else uses"""
    exercise: dict[str, Exercise]
    characters_absent: dict[str, Retention]
    """of the characters' mode"""
    characters_absent_comparisons: dict[str, Comparison]
    decay_only: dict[str, dict[str, Retention]]
    """without gradients, by mechanism and weight decay"""
    trials: dict[str, Trials]
    threshold: float
    """saving above which an organism counts as suppressed"""
    family: tuple[RelatedRun, ...]
    """every run with its parent"""


def summarise_bitrot(settings: StudySettings, measured: Mapping[str, BitrotMeasured]) -> BitrotSummary:
    """The study's answer. measured: of every parent by curriculum, and of every fork by label."""
    parents = {label: part for label, part in measured.items() if isinstance(part, ParentOrganisms)}
    forks = {label: part for label, part in measured.items() if isinstance(part, DisusedOrganisms)}
    drives = {name: _by_drive(forks[label_of(name, "drives")]) for name in MECHANISMS}
    exercise = {
        name: _exercise(forks[label_of(name, "drives")], forks[label_of(name, "exercise")])
        for name in MECHANISMS
        if label_of(name, "exercise") in forks
    }
    absent = {
        name: retention_of_mode(forks[label].cells[0], CHARACTERS_MODE)
        for name in MECHANISMS
        if (label := label_of(name, "characters_absent")) in forks
    }
    trials = {
        name: part for name in MECHANISMS if (part := forks[label_of(name, "drives")].trials) is not None
    }
    comparisons = {
        drive: {
            separate: _compare(drives[shared][drive].lived, drives[separate][drive].lived)
            for separate, shared in COMPARED.items()
        }
        for drive in DRIVES.values()
    }
    primary = comparisons[STRONGEST]["separate"]
    return BitrotSummary(
        n=sum(int(parent.counted.sum()) for parent in parents.values()),
        seeds=[settings.seed],
        primary=PrimaryEndpoint(PRIMARY, triple(primary.mean_lives.interval), sum(primary.n)),
        findings=_findings(drives, comparisons, exercise, trials),
        scale=settings.scale,
        steps=forks[label_of("shared", "drives")].cells[0].steps[-1],
        decay=DECAY,
        news=NEWS,
        left_out={name: int((~parent.counted).sum()) for name, parent in parents.items()},
        verdicts={name: dict(Counter(parent.verdicts)) for name, parent in parents.items()},
        drives=drives,
        comparisons=comparisons,
        exercise=exercise,
        characters_absent=absent,
        characters_absent_comparisons={
            separate: _compare(absent[shared].lived, absent[separate].lived)
            for separate, shared in COMPARED.items()
            if separate in absent and shared in absent
        },
        decay_only={
            name: _by_decay(forks[label])
            for name in MECHANISMS
            if (label := label_of(name, "decay_only")) in forks
        },
        trials=trials,
        threshold=THRESHOLD,
        family=related_runs([part.folder for part in measured.values()]),
    )


def _by_drive(fork: DisusedOrganisms) -> dict[str, Retention]:
    cells = {drive_of(cell): cell for cell in fork.cells}
    return {drive: retention_of_mode(cells[drive], MODE) for drive in DRIVES.values()}


def _by_decay(fork: DisusedOrganisms) -> dict[str, Retention]:
    return {f"{cell.phase.optimiser.weight_decay:g}": retention_of_mode(cell, MODE) for cell in fork.cells}


def _exercise(drives: DisusedOrganisms, exercised: DisusedOrganisms) -> Exercise:
    unused = next(cell for cell in drives.cells if drive_of(cell) == STRONGEST)
    cells = [unused, *exercised.cells]
    rates = [cell.phase.self_alone for cell in cells]
    retained = [retention_of_mode(cell, MODE) for cell in cells]
    return Exercise(
        {f"{rate:g}": retention for rate, retention in zip(rates, retained, strict=True)},
        smallest_keeping_rate(rates, [retention.kept_share for retention in retained]),
    )


def _compare(shared: Lifetimes, separate: Lifetimes) -> Comparison:
    """The ratio of half-lives, and that of mean lives up to the last reading, which is decided where half of
    either group lived on."""
    n = shared.n, separate.n
    if not min(n):
        return Comparison(HalfLifeRatio(), MeanLifeRatio(), n)
    return Comparison(half_life_ratio(shared, separate), mean_life_ratio(shared, separate), n)


def _findings(
    drives: Mapping[str, Mapping[str, Retention]],
    comparisons: Mapping[str, Mapping[str, Comparison]],
    exercise: Mapping[str, Exercise],
    trials: Mapping[str, Trials],
) -> dict[str, Number | Triple]:
    """The study's results by dotted name."""
    findings: dict[str, Number | Triple] = {}
    for name, by_drive in drives.items():
        for drive, retention in by_drive.items():
            findings[f"half_life_steps.{name}.{drive}"] = triple(retention.half_life.steps)
            findings[f"retention_at_end.{name}.{drive}"] = triple(retention.at_end)
    for drive, by_mechanism in comparisons.items():
        for separate, comparison in by_mechanism.items():
            pair = f"{COMPARED[separate]}_over_{separate}"
            findings[f"half_life_ratio.{pair}.{drive}"] = triple(comparison.half_lives.interval)
            findings[f"mean_life_ratio.{pair}.{drive}"] = triple(comparison.mean_lives.interval)
    for name, part in exercise.items():
        findings[f"smallest_keeping_rate.{name}"] = triple(part.keeping)
    for name, trial in trials.items():
        if not MECHANISMS[name].routed:
            factor = trial.relearning.factor if trial.relearning else NO_INTERVAL
            findings[f"relearning_factor.{name}"] = triple(factor)
    return findings
