"""What the study *worlds* answers: how many organisms learn elsewhere what is taught at the usual size, in how many steps,
and are verdicts right there?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.provenance.planted_truth import TruthName, right_verdict
from analysis.provenance.scoring import ScoredOrganism
from analysis.provenance.verdict import VerdictName
from analysis.statistics import count_interval, mean_interval
from experiments.studies.study import Number, PrimaryEndpoint, StudySummary, Triple, triple
from experiments.studies.worlds.arms import CONTROLLED, CONTROLS, ELSEWHERE, FIXED, USUAL
from experiments.studies.worlds.course import TrainingCourse
from organisms.training.phase_course import IMPROVES

PRIMARY = "as_taught.elsewhere"
"""the answer, named before any run"""


@dataclass(frozen=True)
class Judged:
    """A planted organism and the verdict on it."""

    truth: TruthName
    took: bool
    """is it what it was planted to be?"""
    verdict: VerdictName


@dataclass(frozen=True)
class WorldMeasurement:
    """What was measured of a run."""

    course: TrainingCourse
    judged: tuple[Judged, ...] = ()
    """of a run of planted organisms"""
    calibrated: bool | None = None
    """does its analysis call verdicts calibrated?"""


@dataclass(frozen=True)
class WorldRow:
    """Organisms of a world."""

    as_taught: Triple
    """share that met the first phase's criterion without having been grown anew, and behave at the end"""
    n: int
    solved: int
    behave: int
    abandoned: int
    """attempts that were given up"""
    improving: int
    """of these, after which the rates had risen"""
    went_on: Mapping[str, int]
    """by phase"""
    steps: Triple
    """that an organism took, in all of its attempts"""
    steps_run: int
    """of the whole ensemble, in which members wait for each other"""


@dataclass(frozen=True)
class ControlsRow:
    """Planted organisms of a world."""

    right: Triple
    """share with the right verdict, of those in which planting took"""
    took: int
    grown: int
    verdicts: Mapping[TruthName, Mapping[VerdictName, int]]
    """of those in which planting took"""
    calibrated: bool


@dataclass(frozen=True)
class WorldsSummary(StudySummary):
    """The answer of the study *worlds*."""

    worlds: Mapping[str, WorldRow]
    """by label of the run"""
    controls: Mapping[str, ControlsRow]
    """by world"""


def judged_organisms(organisms: Sequence[ScoredOrganism]) -> tuple[Judged, ...]:
    """What is kept of scored organisms."""
    return tuple(Judged(each.truth, each.planting_took, each.verdict) for each in organisms)


def as_taught(course: TrainingCourse) -> list[bool]:
    """Which members learned in their first attempt and behave at the end."""
    return [solved and behaves for solved, behaves in zip(course.solved, course.behaves, strict=True)]


def improving(course: TrainingCourse) -> int:
    """Attempts that were given up while the rates still rose."""
    return sum(attempt.rise is None or attempt.rise > IMPROVES for attempt in course.abandoned)


def world_row(course: TrainingCourse) -> WorldRow:
    """The organisms of a run, counted."""
    learned = as_taught(course)
    return WorldRow(
        as_taught=triple(count_interval(sum(learned), len(learned))),
        n=len(learned),
        solved=sum(course.solved),
        behave=sum(course.behaves),
        abandoned=len(course.abandoned),
        improving=improving(course),
        went_on={name: count for name, count in course.went_on.items() if count},
        steps=triple(mean_interval(course.steps)),
        steps_run=course.steps_run,
    )


def controls_row(measured: Sequence[WorldMeasurement]) -> ControlsRow:
    """The planted organisms of a world, counted."""
    judged = [organism for run in measured for organism in run.judged]
    took = [organism for organism in judged if organism.took]
    right = sum(organism.verdict == right_verdict(organism.truth) for organism in took)
    truths = dict.fromkeys(organism.truth for organism in took)
    return ControlsRow(
        right=triple(count_interval(right, len(took))),
        took=len(took),
        grown=len(judged),
        verdicts={
            truth: dict(Counter(each.verdict for each in took if each.truth == truth).most_common())
            for truth in truths
        },
        calibrated=all(run.calibrated for run in measured),
    )


def worlds_rows(measured: Mapping[str, WorldMeasurement]) -> dict[str, WorldRow]:
    """The rows of every world, the usual one with phases of fixed length among them."""
    labels = (USUAL.name, FIXED, *(arm.name for arm in ELSEWHERE))
    return {label: world_row(measured[label].course) for label in labels}


def controls_rows(measured: Mapping[str, WorldMeasurement]) -> dict[str, ControlsRow]:
    """The planted organisms by world."""
    return {name: controls_row([measured[f"{name}.{each}"] for each in CONTROLS]) for name in CONTROLLED}


def as_taught_elsewhere(measured: Mapping[str, WorldMeasurement]) -> PrimaryEndpoint:
    """Who learned in their first attempt and behaves at the end, of all organisms of other worlds and sizes."""
    learned = [each for arm in ELSEWHERE for each in as_taught(measured[arm.name].course)]
    return PrimaryEndpoint(PRIMARY, triple(count_interval(sum(learned), len(learned))), len(learned))


def worlds_findings(
    measured: Mapping[str, WorldMeasurement],
    worlds: Mapping[str, WorldRow],
    controls: Mapping[str, ControlsRow],
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    usual, fixed = measured[USUAL.name].course, measured[FIXED].course
    findings: dict[str, Number | Triple] = {
        PRIMARY: as_taught_elsewhere(measured).value,
        "improving_abandoned": sum(worlds[arm.name].improving for arm in (USUAL, *ELSEWHERE)),
        "organism_steps.usual_over_fixed": sum(usual.steps) / sum(fixed.steps),
    }
    for name, row in worlds.items():
        findings[f"as_taught.{name}"] = row.as_taught
        findings[f"steps.{name}"] = row.steps
    for name, row in controls.items():
        findings[f"right.{name}"] = row.right
    return findings
