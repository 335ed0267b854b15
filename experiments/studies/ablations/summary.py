"""What the study *ablations* says: how much of the repurposed share goes with each part of the incentive?

Differences are paired by organism: the same member in the whole incentive and without a part. All grown organisms are
the denominator: one that does not act as taught has no mechanism of self's, and counts with a share of 0. Without the
monitor or the overlap cost an organism begins at the very same fork; without half-dropout it shares the weights and
scenes of the first phase.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.provenance.verdict import CELLS, SHARED_GROUND
from analysis.statistics import mean_interval
from curricula.errors import SystemFailure
from experiments.studies.ablations.arms import ABLATION_ARMS, PARTS, WHOLE, Part
from experiments.studies.incentives.arms import ArmOrganism, ArmSummary
from experiments.studies.incentives.summary import PRIMARY_VERDICT, dotted, spare_rate
from experiments.studies.study import Number, StudySummary, Triple, triple

PRIMARY = "lost_without.overlap"
"""repurposed share with all three parts less that without the overlap cost, mean over organisms. Named before the first
run: half-dropout makes the spare, the monitor says where self may not be, and the overlap cost is expected to decide
whether the roles part"""


@dataclass(frozen=True)
class PartDifference:
    """What goes with a part."""

    part: Part
    difference: Triple
    """repurposed share of the whole incentive less that without the part, mean over all organisms"""
    among_behaving: Triple
    """the same over organisms that act as taught, with a share, in both arms"""
    n_behaving: int
    differences: Sequence[float]
    """of each organism"""

    @property
    def name(self) -> str:
        """As a finding."""
        return f"lost_without.{self.part}"


@dataclass(frozen=True)
class AblationsSummary(StudySummary):
    """The answer of the study *ablations*."""

    calibrated: bool
    thresholds: Mapping[str, Number | str]
    arms: Mapping[str, ArmSummary]
    differences: Sequence[PartDifference]


def part_differences(arms: Mapping[str, ArmSummary]) -> list[PartDifference]:
    """What goes with each part. Raises SystemFailure where arms that should begin at the same forks do not."""
    found: list[PartDifference] = []
    for part in PARTS:
        whole, without = arms[WHOLE.name], arms[WHOLE.without(part).name]
        if part != "half_dropout" and whole.fork_sha256 != without.fork_sha256:
            raise SystemFailure(
                f"arms {WHOLE.name} and {WHOLE.without(part).name}: expected the same organisms at the fork, got "
                f"{whole.fork_sha256[:12]} and {without.fork_sha256[:12]}; delete the runs of this study and give the "
                "command again"
            )
        pairs = list(zip(whole.organisms, without.organisms, strict=True))
        differences = [repurposed_share(first) - repurposed_share(second) for first, second in pairs]
        counted = [
            difference
            for difference, pair in zip(differences, pairs, strict=True)
            if all(organism.behaves and organism.shares[PRIMARY_VERDICT] is not None for organism in pair)
        ]
        found.append(
            PartDifference(
                part,
                triple(mean_interval(differences)),
                triple(mean_interval(counted)),
                len(counted),
                differences,
            )
        )
    return found


def repurposed_share(organism: ArmOrganism) -> float:
    """0 where the organism does not act as taught, or has no share."""
    share = organism.shares[PRIMARY_VERDICT] if organism.behaves else None
    return 0.0 if share is None else share


def ablation_findings(
    arms: Mapping[str, ArmSummary], differences: Sequence[PartDifference]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {each.name: each.difference for each in differences}
    findings |= {f"{each.name}.behaving": each.among_behaving for each in differences}
    for arm in ABLATION_ARMS:
        found = arms[arm.name]
        for verdict in (*CELLS, SHARED_GROUND):
            findings[f"rate_of_all.{arm.name}.{dotted(verdict)}"] = found.rates_of_all[verdict]
        findings[f"share.{arm.name}.{PRIMARY_VERDICT}"] = found.shares[PRIMARY_VERDICT]
        findings[f"took_spare.{arm.name}"] = spare_rate(found)
        findings[f"excess.{arm.name}.{PRIMARY_VERDICT}"] = found.excess[PRIMARY_VERDICT]
    return findings
