"""What the study of dated lineages says: which planted changes events report, and how they are dated."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.history import dating
from analysis.history.dating import QuietStretch, ScoredChange
from analysis.statistics import Interval, mean_interval
from curricula.world.world import ROLES
from experiments.studies.study import Number, StudySummary, Triple, triple

PRIMARY = "changes_detected.all"
"""share of planted role changes that an event reports: mean over organisms of the share in each"""
GROUPS: Mapping[str, Callable[[ScoredChange], bool]] = {
    "all": lambda change: True,
    "surgery": lambda change: change.abrupt,
    "learned": lambda change: not change.abrupt,
    "came": lambda change: change.comes,
    "left": lambda change: not change.comes,
}
"""planted changes by how they were made, and by whether a component came to a role or left it"""


@dataclass(frozen=True)
class TrainedLineages:
    """How many organisms a curriculum gave."""

    trained: int
    planting_took: int
    checkpoints: int


@dataclass(frozen=True)
class LineageMeasurement:
    """What came of one run."""

    lineages: TrainedLineages
    changes: tuple[ScoredChange, ...]
    quiet: tuple[QuietStretch, ...]


@dataclass(frozen=True)
class DetectionGroup:
    """Planted changes of one kind, and how their events came out."""

    components: int
    """of which a change was planted"""
    detected: Triple
    """share reported by an event; mean over organisms"""
    median_error: float | None
    """checkpoints by which the events are dated wrongly"""
    errors: Sequence[int]
    """how many events are dated wrongly by 0, 1, 2, .. checkpoints"""


@dataclass(frozen=True)
class AncestrySummary(StudySummary):
    """The answer of the study *ancestry*."""

    chosen_on_these: Sequence[int]
    """seeds of the runs that thresholds were chosen on"""
    thresholds: Mapping[str, Number | str]
    carries: float
    """smallest share of a gate whose change is scored"""
    checkpoint_every: int
    """steps"""
    targets: Mapping[str, Number]
    lineages: Mapping[str, TrainedLineages]
    groups: Mapping[str, DetectionGroup]
    in_interval: Triple
    """share of the events whose interval holds the known date"""
    reported_as: Mapping[str, Mapping[str, int]]
    """events by what was planted, as ``surgery.came.self``"""
    false_events: Triple
    """events a component where nothing happens"""
    quiet: Sequence[QuietStretch]
    changes: Sequence[ScoredChange]


def detection_group(changes: Sequence[ScoredChange]) -> DetectionGroup:
    """The results over some planted changes."""
    errors = [change.error for change in changes if change.error is not None]
    return DetectionGroup(
        len(changes),
        triple(dating.detected_share(changes)),
        dating.median_error(changes),
        np.bincount(errors).tolist(),
    )


def events_by_change(changes: Sequence[ScoredChange]) -> dict[str, dict[str, int]]:
    """How often each kind of planted change was reported as each event."""
    return {
        f"{'surgery' if abrupt else 'learned'}.{'came' if comes else 'left'}.{role}": dict(
            Counter(
                change.event or "not found"
                for change in changes
                if (change.abrupt, change.comes, change.role) == (abrupt, comes, role)
            )
        )
        for abrupt in (True, False)
        for comes in (True, False)
        for role in ROLES
    }


def events_per_component(stretches: Sequence[QuietStretch]) -> Interval:
    """Events a component in a phase in which nothing happens: mean over organisms."""
    return mean_interval(stretch.events_per_component for stretch in stretches)


def ancestry_findings(
    groups: Mapping[str, DetectionGroup], in_interval: Triple, quiet: Sequence[QuietStretch]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {
        f"changes_detected.{name}": group.detected for name, group in groups.items()
    }
    findings |= {f"median_error_checkpoints.{name}": group.median_error for name, group in groups.items()}
    findings["date_in_interval"] = in_interval
    findings["false_events_per_component.all"] = triple(events_per_component(quiet))
    for name in dict.fromkeys(stretch.curriculum for stretch in quiet):
        stretches = [stretch for stretch in quiet if stretch.curriculum == name]
        findings[f"false_events_per_component.{name}"] = triple(events_per_component(stretches))
    return findings
