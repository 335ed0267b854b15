"""What the study of incentives says: which verdicts each arm gave, and what reward changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.history.organism_story import OrganismStory
from analysis.provenance.verdict import CELLS, SHARED_GROUND, ProvenanceCell
from analysis.statistics import count_interval, mean_interval
from experiments.studies.incentives.arms import ArmOrganism, ArmSummary
from experiments.studies.study import Number, StudySummary, Triple, triple

PRIMARY_ARM, PRIMARY_VERDICT = "audited_half_dropout", "repurposed"
PRIMARY = f"excess.{PRIMARY_ARM}.{PRIMARY_VERDICT}"
"""mean over the arm's organisms that behave of the repurposed share less its mean where what self has on components that
characters leave is dealt over these at random; named before a fresh seed is looked at"""


@dataclass(frozen=True)
class ArmMeasurement:
    """What came of one run."""

    arm: ArmSummary
    story: OrganismStory | None
    """of the first repurposed organism of the primary arm"""
    story_corroborated: bool = False


@dataclass(frozen=True)
class RewardDifference:
    """Reward less imitation: mean difference of a share between organisms that began at the same fork."""

    imitated: str
    rewarded: str
    cell: ProvenanceCell
    difference: Triple
    n: int

    @property
    def name(self) -> str:
        """As a finding."""
        return f"share_difference.{self.rewarded}_less_{self.imitated}.{dotted(self.cell)}"


@dataclass(frozen=True)
class IncentivesSummary(StudySummary):
    """The answer of the study *incentives*."""

    searched_on_these: Sequence[int]
    """seeds on which incentives were searched for"""
    calibrated: bool
    thresholds: Mapping[str, Number | str]
    curricula: Mapping[str, ArmSummary]
    story: OrganismStory | None
    story_corroborated: bool
    differences: Sequence[RewardDifference]


def dotted(cell: str) -> str:
    """A verdict as a part of a finding's name."""
    return cell.replace(" ", "_")


def incentive_findings(
    arms: Mapping[str, ArmSummary], differences: Sequence[RewardDifference]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {}
    for name, arm in arms.items():
        for verdict in (*CELLS, SHARED_GROUND):
            findings[f"rate.{name}.{dotted(verdict)}"] = arm.rates[verdict]
            findings[f"rate_of_all.{name}.{dotted(verdict)}"] = arm.rates_of_all[verdict]
        findings[f"took_spare.{name}"] = spare_rate(arm)
        for cell in CELLS:
            findings[f"excess.{name}.{dotted(cell)}"] = arm.excess[cell]
    return findings | {pair.name: pair.difference for pair in differences}


def spare_rate(arm: ArmSummary) -> Triple:
    """Share of all grown organisms that act as taught and took a spare, with its Wilson interval."""
    return triple(count_interval(sum(organism.took_spare() for organism in arm.organisms), arm.n))


def reward_differences(arms: Mapping[str, ArmSummary]) -> list[RewardDifference]:
    """Of each arm that is taught both ways from the same fork, what reward changes in each share."""
    differences = []
    for name, arm in arms.items():
        rewarded_name = "rewarded" if name == "shared" else f"{name}_rewarded"
        rewarded = arms.get(rewarded_name)
        if rewarded is None or arm.fork_sha256 != rewarded.fork_sha256:
            continue
        for cell in CELLS:
            values = _share_differences(arm.organisms, rewarded.organisms, cell)
            interval = triple(mean_interval(values))
            differences.append(RewardDifference(name, rewarded_name, cell, interval, len(values)))
    return differences


def _share_differences(
    imitated: Sequence[ArmOrganism], rewarded: Sequence[ArmOrganism], cell: ProvenanceCell
) -> list[float]:
    """Of each organism that has the share in both, the second less the first."""
    pairs = [(a.shares[cell], b.shares[cell]) for a, b in zip(imitated, rewarded, strict=True)]
    return [b - a for a, b in pairs if a is not None and b is not None]
