"""What the study *worlds* answers: how many organisms learn elsewhere what is taught at the usual size, in how many steps,
and are verdicts right there?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.provenance.planted_truth import TruthName
from analysis.provenance.scoring import ScoredOrganism, accuracy, confusion
from analysis.provenance.verdict import VerdictName
from analysis.statistics import count_interval, mean_interval, ratio_interval
from experiments.studies.study import Number, PrimaryEndpoint, StudySummary, Triple, triple
from experiments.studies.worlds.arms import CONTROLLED, CONTROLS, ELSEWHERE, FIXED, USUAL
from experiments.studies.worlds.course import TrainingCourse

PRIMARY = "as_taught.elsewhere"
"""the answer, named before any run"""
UNSEEN = "as_taught.unseen"
"""the same of the worlds that were not seen while the rule was made that ends phases"""
STEPS_RATIO = "steps_ratio.usual_over_fixed"


@dataclass(frozen=True)
class WorldMeasurement:
    """What was measured of a run."""

    course: TrainingCourse
    scored: tuple[ScoredOrganism, ...] = ()
    """of a run of planted organisms"""
    calibrated: bool | None = None
    """does its analysis call verdicts calibrated?"""


@dataclass(frozen=True)
class WorldRow:
    """Organisms of a world."""

    as_taught: Triple
    """share of organisms that met the first phase's criterion without being reseeded, and behave at the end"""
    n: int
    solved: int
    behave: int
    reseeded_attempts: int
    largest_rise: float | None
    """of the rates, in an attempt that was given up, over as many steps as the phase has; None where none was"""
    went_on: Mapping[str, int]
    """how many members took longer than a phase's steps, by phase"""
    steps: Triple
    """steps of an organism, in all of its attempts"""
    steps_run: int
    """steps of the whole ensemble, in which members wait for each other"""


@dataclass(frozen=True)
class ControlsRow:
    """Planted organisms of a world."""

    right: Triple
    """share with the right verdict, of those in which planting took"""
    took: int
    grown: int
    reseeded_attempts: int
    verdicts: Mapping[TruthName, Mapping[VerdictName, int]]
    """how often each verdict was given where planting took, by what was planted"""
    calibrated: bool


@dataclass(frozen=True)
class WorldsSummary(StudySummary):
    """The answer of the study *worlds*."""

    worlds: Mapping[str, WorldRow]
    """by label of the run"""
    controls: Mapping[str, ControlsRow]
    """by world"""
    phases_were_cut: bool
    """did the command say how many steps a phase has? None could then last longer"""


def as_taught(course: TrainingCourse) -> list[bool]:
    """Which members learned in their first attempt and behave at the end."""
    return [solved and behaves for solved, behaves in zip(course.solved, course.behaves, strict=True)]


def world_row(course: TrainingCourse) -> WorldRow:
    """The organisms of a run, counted."""
    learned = as_taught(course)
    return WorldRow(
        as_taught=triple(count_interval(sum(learned), len(learned))),
        n=len(learned),
        solved=sum(course.solved),
        behave=sum(course.behaves),
        reseeded_attempts=len(course.abandoned),
        largest_rise=max((each.rise for each in course.abandoned if each.rise is not None), default=None),
        went_on={name: count for name, count in course.went_on.items() if count},
        steps=triple(mean_interval(course.steps)),
        steps_run=course.steps_run,
    )


def controls_row(measured: Sequence[WorldMeasurement]) -> ControlsRow:
    """The planted organisms of a world, counted."""
    scored = [organism for run in measured for organism in run.scored]
    took = [organism for organism in scored if organism.planting_took]
    return ControlsRow(
        right=triple(accuracy(took)),
        took=len(took),
        grown=len(scored),
        reseeded_attempts=sum(len(run.course.abandoned) for run in measured),
        verdicts=confusion(took),
        calibrated=all(run.calibrated for run in measured),
    )


def worlds_rows(measured: Mapping[str, WorldMeasurement]) -> dict[str, WorldRow]:
    """The rows of every world, the usual one with phases of fixed length among them."""
    labels = (USUAL.name, FIXED, *(arm.name for arm in ELSEWHERE))
    return {label: world_row(measured[label].course) for label in labels}


def controls_rows(measured: Mapping[str, WorldMeasurement]) -> dict[str, ControlsRow]:
    """The planted organisms by world."""
    return {name: controls_row([measured[f"{name}.{each}"] for each in CONTROLS]) for name in CONTROLLED}


def as_taught_elsewhere(measured: Mapping[str, WorldMeasurement], seen: bool = True) -> PrimaryEndpoint:
    """Who learned in their first attempt and behaves at the end, of all organisms of other worlds and sizes; or of those alone
    that were not seen while the rule was made that ends phases."""
    arms = [arm for arm in ELSEWHERE if seen or not arm.seen]
    learned = [each for arm in arms for each in as_taught(measured[arm.name].course)]
    name = PRIMARY if seen else UNSEEN
    return PrimaryEndpoint(name, triple(count_interval(sum(learned), len(learned))), len(learned))


def worlds_findings(
    measured: Mapping[str, WorldMeasurement],
    worlds: Mapping[str, WorldRow],
    controls: Mapping[str, ControlsRow],
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    usual, fixed = measured[USUAL.name].course, measured[FIXED].course
    findings: dict[str, Number | Triple] = {
        PRIMARY: as_taught_elsewhere(measured).value,
        UNSEEN: as_taught_elsewhere(measured, seen=False).value,
        STEPS_RATIO: triple(ratio_interval(usual.steps, fixed.steps)),
    }
    for name, row in worlds.items():
        findings[f"as_taught.{name}"] = row.as_taught
        findings[f"steps.{name}"] = row.steps
    for name, row in controls.items():
        findings[f"right.{name}"] = row.right
    return findings
