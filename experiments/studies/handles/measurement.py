"""What the study *handles* measures of a run: the handles of every organism, under the name of what is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.findings import RunFindings
from analysis.handles.results import HandleResult, MemberHandles
from analysis.handles.token_reading import TokenReading
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.planted_truth import planted_truth, read_truth
from analysis.provenance.verdict import VerdictName
from experiments.measurements.handle import HandleMeasurement
from experiments.measurements.measuring import MeasuringChoice, measure_run, opened_for_measuring
from experiments.studies.handles.arms import UNTRAINED, UNTRAINED_OF, HandleSource, arm_of_label
from experiments.studies.study import ANALYSIS_SEED, StudyRun


@dataclass(frozen=True)
class HandledOrganism:
    """One organism, and what handles do on it."""

    arm: str
    """label of its run, or *untrained*"""
    member: int
    source: HandleSource
    provenance: str
    """what was planted; the verdict of those that nobody planted; what a negative is"""
    counts: bool
    """did planting take, by a check that knows the lanes? Of those that nobody planted: always"""
    handles: MemberHandles


@dataclass(frozen=True)
class HandleArmMeasurement:
    """The organisms of a run."""

    seed: int
    organisms: tuple[HandledOrganism, ...]
    readings: tuple[TokenReading, ...]


def measured_handles(run: StudyRun) -> HandleArmMeasurement:
    """The handles of a run's organisms; of one run also before its first step."""
    arm = arm_of_label(run.label)
    judged = arm.source == "incentivised"
    findings = run.findings_of(*((ProvenanceResult, HandleResult) if judged else (HandleResult,)))
    result = findings[HandleResult]
    organisms = [
        HandledOrganism(arm.label, member, arm.source, provenance, counts, handles)
        for member, (handles, (provenance, counts)) in enumerate(
            zip(result.members, _provenances(run, findings), strict=True)
        )
    ]
    if run.label == UNTRAINED_OF:
        organisms += [
            HandledOrganism(UNTRAINED, member, "negative", UNTRAINED, True, handles)
            for member, handles in enumerate(untrained_handles(run).members)
        ]
    return HandleArmMeasurement(run.config.seed, tuple(organisms), result.readings)


def _provenances(run: StudyRun, findings: RunFindings) -> Sequence[tuple[str, bool]]:
    """What is known of each organism, and whether it counts."""
    arm = arm_of_label(run.label)
    if arm.source == "planted":
        truth = planted_truth(read_truth(run.folder))
        return [(truth.truth, took) for took in truth.planting_took]
    if arm.source == "negative":
        return [(arm.name, True)] * len(findings.members)
    verdicts: list[VerdictName] = [member.verdict for member in findings[ProvenanceResult].members]
    return [(verdict, True) for verdict in verdicts]


def untrained_handles(run: StudyRun) -> HandleResult:
    """The handles of a run's organisms as they were before their first step."""
    choice = MeasuringChoice(frozenset({HandleMeasurement.name}), only=(HandleResult,))

    def measure() -> HandleResult:
        run.log(f"{run.folder.name}: handles of untrained organisms")
        opened = opened_for_measuring(run.run, ANALYSIS_SEED, null="untrained")
        return measure_run(opened, choice)[HandleResult]

    settings = {"handle": dict(HandleMeasurement.settings), "seed": ANALYSIS_SEED}
    return run.measured_once("handles-untrained", HandleResult, settings, measure)
