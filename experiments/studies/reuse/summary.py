"""What the study *reuse* answers: how many steps does self need, how much of its gate is there before, and where does it
come from?"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.findings import RunFindings
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS, ProvenanceCell, VerdictName
from analysis.statistics import mean_interval, ratio_interval
from analysis.thresholds import BEHAVES
from experiments.studies.incentives.arms import steps_to_behave
from experiments.studies.reuse.arms import WORLD_NAMES, ReuseArm, WorldName
from experiments.studies.study import Number, StudySummary, Triple, triple
from organisms.storage.manifest import Entry
from organisms.training.behaviour import meets
from organisms.training.phase_course import committed_rates

PRIMARY = "steps_ratio.actor_first"
"""the answer, named before any run"""


@dataclass(frozen=True)
class ReuseMeasurement:
    """What was measured of an arm's organisms, one entry a member."""

    calibrated: bool
    verdicts: tuple[VerdictName, ...]
    shares: tuple[Mapping[ProvenanceCell, float | None], ...]
    inherited: tuple[float | None, ...]
    """nats by which being watched moved self's acts before self was taught, as a share of those at the end"""
    steps: tuple[int | None, ...]
    """of the phase that teaches self, until it behaves; None where it never does"""
    characters_scheme: tuple[bool, ...]
    """did characters show both behaviours before self was taught?"""
    steps_given: int
    """steps of that phase: who does not behave by then counts with these"""


@dataclass(frozen=True)
class StepsRatio:
    """Steps that self needs after schemers, over those after honest characters, paired by organism."""

    world: WorldName
    ratio: Triple
    """geometric mean"""
    n: int
    after_schemers: Triple
    after_honest: Triple
    never: tuple[int, int]
    """organisms that never behave, after schemers and after honest characters; they count with the whole phase"""
    left_out: int
    """pairs whose characters had not learned to scheme when self was taught"""


@dataclass(frozen=True)
class ReuseSummary(StudySummary):
    """The answer of the study *reuse*."""

    calibrated: Mapping[str, bool]
    verdicts: Mapping[str, Mapping[VerdictName, int]]
    """by arm"""
    ratios: Sequence[StepsRatio]
    arms: Mapping[str, ReuseMeasurement]


def measured_arm(findings: RunFindings, fork: Entry, steps_given: int) -> ReuseMeasurement:
    """What the study needs of an analysed run. fork: the checkpoint before self was taught. steps_given: of the phase that
    teaches self."""
    members = findings[ProvenanceResult].members

    def number(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    return ReuseMeasurement(
        findings.run.calibrated,
        tuple(member.verdict for member in members),
        tuple({cell: number(member.shares[cell]) for cell in CELLS} for member in members),
        tuple(number(member.inherited) for member in members),
        tuple(steps_to_behave(findings)),
        tuple(np.atleast_1d(meets(committed_rates(fork), "character", BEHAVES)).tolist()),
        steps_given,
    )


def steps_ratio(world: WorldName, schemers: ReuseMeasurement, honest: ReuseMeasurement) -> StepsRatio:
    """How many times the steps self needs after schemers, over the pairs whose characters had learned to scheme. Who never
    behaves counts with the steps that it was given: the ratio of its pair is then nearer 1 than the truth."""
    learned = np.flatnonzero(schemers.characters_scheme)

    def steps(arm: ReuseMeasurement) -> list[int]:
        return [arm.steps_given if (count := arm.steps[n]) is None else count for n in learned]

    return StepsRatio(
        world,
        triple(ratio_interval(steps(schemers), steps(honest))),
        len(learned),
        triple(mean_interval(steps(schemers))),
        triple(mean_interval(steps(honest))),
        (schemers.steps.count(None), honest.steps.count(None)),
        schemers.characters_scheme.count(False),
    )


def steps_ratios(arms: Mapping[str, ReuseMeasurement]) -> list[StepsRatio]:
    """The ratio in every world."""
    return [
        steps_ratio(world, arms[ReuseArm(world, "schemers").name], arms[ReuseArm(world, "honest").name])
        for world in WORLD_NAMES
    ]


def reuse_findings(
    arms: Mapping[str, ReuseMeasurement], ratios: Sequence[StepsRatio]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {f"steps_ratio.{ratio.world}": ratio.ratio for ratio in ratios}
    for name, arm in arms.items():
        findings[f"inherited.{name}"] = triple(mean_interval(arm.inherited))
        findings[f"reused_share.{name}"] = triple(mean_interval(shares["reused"] for shares in arm.shares))
    return findings


def counted(arm: ReuseMeasurement) -> dict[VerdictName, int]:
    """Organisms by verdict, most frequent first."""
    return dict(Counter(arm.verdicts).most_common())
