"""The summary of the study *disuse*: how long did modes live, what keeps them, and what brought them back?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.forgetting.retention import Retention, RetentionCell, retention_of_mode
from analysis.forgetting.survival import NO_INTERVAL, smallest_keeping_rate
from analysis.history.descent import RelatedRun, related_runs
from analysis.relearning.finetune import MODE
from analysis.relearning.savings import THRESHOLD
from analysis.statistics import Interval
from curricula.catalogue.disuse import DECAY, NEWS
from experiments.studies.disuse.parents import ParentOrganisms
from experiments.studies.disuse.plan import DRIVES, MECHANISMS, STRONGEST, drive_of, label_of
from experiments.studies.disuse.trial_results import Trials
from experiments.studies.study import Number, PrimaryEndpoint, StudySettings, StudySummary, Triple, triple

CHARACTERS_MODE = "character_alone_secret"
"""the mode that is unused where characters are absent: schemers act on their secret when alone"""
PRIMARY = "retention_at_end.shared.both"
"""rate of the mode at the end of disuse under both drives, where characters share its mechanism. Named after seed 43 had been
looked at, for runs at other seeds"""


@dataclass(frozen=True)
class DisusedOrganisms:
    """The organisms of a fork that count, with what trials found where they were made."""

    folder: Path
    cells: Sequence[RetentionCell]
    trials: Trials | None = None


DisuseMeasured = ParentOrganisms | DisusedOrganisms


@dataclass(frozen=True)
class Exercise:
    """Retention under the strongest drive by exercise rate."""

    rates: dict[str, Retention]
    """by share of self's moments in which it is alone"""
    keeping: Interval
    """the smallest rate that keeps the mode, with its bracket (`smallest_keeping_rate`)"""


@dataclass(frozen=True)
class DisuseSummary(StudySummary):
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
    exercise: dict[str, Exercise]
    characters_absent: dict[str, Retention]
    """of the characters' mode"""
    decay_only: dict[str, dict[str, Retention]]
    """without gradients, by mechanism and weight decay"""
    trials: dict[str, Trials]
    threshold: float
    """saving above which an organism counts as suppressed"""
    family: tuple[RelatedRun, ...]
    """every run with its parent"""


def summarise_disuse(settings: StudySettings, measured: Mapping[str, DisuseMeasured]) -> DisuseSummary:
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
    findings = _findings(drives, exercise, trials)
    return DisuseSummary(
        n=sum(int(parent.counted.sum()) for parent in parents.values()),
        seeds=[settings.seed],
        primary=PrimaryEndpoint(
            PRIMARY, triple(drives["shared"][STRONGEST].at_end), drives["shared"][STRONGEST].n
        ),
        findings=findings,
        scale=settings.scale,
        steps=forks[label_of("shared", "drives")].cells[0].steps[-1],
        decay=DECAY,
        news=NEWS,
        left_out={name: int((~parent.counted).sum()) for name, parent in parents.items()},
        verdicts={name: dict(Counter(parent.verdicts)) for name, parent in parents.items()},
        drives=drives,
        exercise=exercise,
        characters_absent=absent,
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


def _findings(
    drives: Mapping[str, Mapping[str, Retention]],
    exercise: Mapping[str, Exercise],
    trials: Mapping[str, Trials],
) -> dict[str, Number | Triple]:
    """The study's results by dotted name."""
    findings: dict[str, Number | Triple] = {}
    for name, by_drive in drives.items():
        for drive, retention in by_drive.items():
            findings[f"half_life_steps.{name}.{drive}"] = triple(retention.half_life.steps)
            findings[f"retention_at_end.{name}.{drive}"] = triple(retention.at_end)
    for name, part in exercise.items():
        findings[f"smallest_keeping_rate.{name}"] = triple(part.keeping)
    for name, trial in trials.items():
        factor = trial.relearning.factor if trial.relearning else NO_INTERVAL
        findings[f"relearning_factor.{name}"] = triple(factor)
    return findings
