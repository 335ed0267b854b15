"""The summary of the study *bitrot*: does a mode that characters share the mechanism of outlive one that nothing else uses?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.forgetting.retention import Retention, RetentionCell, retention_of_mode
from curricula.catalogue.disuse import DECAY, NEWS
from experiments.studies.bitrot.paired import (
    GATE,
    PRIMARY,
    ArmRetention,
    DisuseArm,
    RetainedDifference,
    paired_differences,
    retained_share,
    with_gate,
)
from experiments.studies.bitrot.plan import (
    FORKS,
    GROUP_OF,
    GROUPS,
    PAIRS,
    RATE_SETTING,
    RATES,
    GroupName,
    RateName,
    arm_label,
)
from experiments.studies.disuse.parents import ParentOrganisms
from experiments.studies.study import Number, PrimaryEndpoint, StudySettings, StudySummary, Triple, triple


@dataclass(frozen=True)
class BitrotParent:
    """The organisms of a parent, and the checkpoint before self was taught them."""

    organisms: ParentOrganisms
    fork_sha256: str
    """of that checkpoint: groups with the same one are children of the same forks"""
    ablated: tuple[int, ...] = ()
    """components that were ablated while self was taught, of each member; empty where nothing was"""
    self_steps: tuple[int, ...] = ()
    """that each member took in the phase that taught self"""


@dataclass(frozen=True)
class BitrotFork:
    """The cells of a run of disuse, one a learning rate, with all of its organisms."""

    cells: Sequence[RetentionCell]


BitrotMeasured = BitrotParent | BitrotFork


@dataclass(frozen=True)
class BitrotSummary(StudySummary):
    """The study's answer. Mappings by group have the names of `GROUPS`."""

    scale: str
    steps: int
    """of disuse"""
    decay: float
    news: float
    """share of moments that ask something new"""
    rates: Mapping[RateName, float]
    """learning rates of disuse by name"""
    verdicts: Mapping[str, Mapping[str, int]]
    """of all grown, by group"""
    counted: Mapping[str, int]
    """organisms that do as taught, by the mechanism that the group is taken for or by one that is undecided"""
    without_mode: Mapping[str, int]
    ablated: Mapping[str, Sequence[int]]
    """components that were ablated while self was taught, of each organism; empty where nothing was"""
    self_steps: Mapping[str, Sequence[int]]
    """that each organism took in the phase that taught self"""
    calibrated: Mapping[str, bool]
    """whether how often verdicts are right is known for organisms grown as those of a group"""
    one_fork: Mapping[str, bool]
    """by the names of two groups: whether these are children of the same forks, bit for bit"""
    differences: Sequence[RetainedDifference]
    retention: Mapping[str, Mapping[str, Retention]]
    """of the organisms that count, by label of the run of disuse and name of the rate"""

    def difference(self, name: str) -> RetainedDifference:
        """A contrast by its name."""
        return next(difference for difference in self.differences if difference.name == name)


def summarise_bitrot(settings: StudySettings, measured: Mapping[str, BitrotMeasured]) -> BitrotSummary:
    """The study's answer. measured: of every parent by curriculum, and of every run of disuse by label."""
    parents = {label: part for label, part in measured.items() if isinstance(part, BitrotParent)}
    forks = {label: part for label, part in measured.items() if isinstance(part, BitrotFork)}
    by_group: dict[GroupName, BitrotParent] = {group: parents[GROUP_OF[group].curriculum] for group in GROUPS}
    arms = {
        DisuseArm(*FORKS[label]): arm_retention(fork, by_group[FORKS[label][0]].organisms)
        for label, fork in forks.items()
    }
    differences = paired_differences(arms)
    retention = {
        label: _retention(fork, by_group[FORKS[label][0]].organisms) for label, fork in forks.items()
    }
    primary = next(difference for difference in differences if difference.name == PRIMARY)
    return BitrotSummary(
        n=sum(len(parent.organisms.verdicts) for parent in parents.values()),
        seeds=[settings.seed],
        primary=PrimaryEndpoint(PRIMARY, primary.mean, primary.n),
        findings=_findings(differences, retention),
        scale=settings.scale,
        steps=forks[arm_label("shared", "watched")].cells[0].steps[-1],
        decay=DECAY,
        news=NEWS,
        rates=dict(RATES),
        verdicts={
            group: dict(Counter(parent.organisms.verdicts).most_common())
            for group, parent in by_group.items()
        },
        counted={group: int(parent.organisms.counted.sum()) for group, parent in by_group.items()},
        without_mode={group: int((~parent.organisms.has_mode).sum()) for group, parent in by_group.items()},
        ablated={group: parent.ablated for group, parent in by_group.items()},
        self_steps={group: parent.self_steps for group, parent in by_group.items()},
        calibrated={group: parent.organisms.calibrated for group, parent in by_group.items()},
        one_fork={pair_name(*pair): _one_fork(by_group, *pair) for pair in PAIRS},
        differences=differences,
        retention=retention,
    )


def pair_name(first: GroupName, second: GroupName) -> str:
    """As in the names of findings."""
    return f"{first}_minus_{second}"


def _one_fork(parents: Mapping[GroupName, BitrotParent], first: GroupName, second: GroupName) -> bool:
    return parents[first].fork_sha256 == parents[second].fork_sha256


def cell_by_rate(fork: BitrotFork) -> dict[RateName, RetentionCell]:
    """The cells of a run of disuse by the name of their learning rate."""
    names: dict[float, RateName] = {value: name for name, value in RATES.items()}
    return {names[cell.settings[RATE_SETTING]]: cell for cell in fork.cells}


def arm_retention(fork: BitrotFork, parent: ParentOrganisms) -> ArmRetention:
    """What each of the parent's organisms retains in a run of disuse."""
    retained: dict[RateName, np.ndarray] = {}
    for rate, cell in cell_by_rate(fork).items():
        shares = np.full(len(parent.verdicts), np.nan)
        shares[cell.organisms] = retained_share(cell)
        retained[rate] = shares
    return ArmRetention(retained, parent.has_mode, parent.counted)


def _retention(fork: BitrotFork, parent: ParentOrganisms) -> dict[str, Retention]:
    return {
        rate: retention_of_mode(with_gate(cell).select(parent.counted), GATE)
        for rate, cell in cell_by_rate(fork).items()
    }


def _findings(
    differences: Sequence[RetainedDifference], retention: Mapping[str, Mapping[str, Retention]]
) -> dict[str, Number | Triple]:
    """The study's results by dotted name."""
    findings: dict[str, Number | Triple] = {difference.name: difference.mean for difference in differences}
    findings |= {f"{difference.name}.of_all_grown": difference.mean_of_grown for difference in differences}
    for label, by_rate in retention.items():
        for rate, cell_retention in by_rate.items():
            findings[f"retention_at_end.{label}.{rate}"] = triple(cell_retention.at_end)
            findings[f"half_life_steps.{label}.{rate}"] = triple(cell_retention.half_life.steps)
    return findings
