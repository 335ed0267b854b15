"""Records of the study *selection*: what is kept of shares, of the law, of dependence, and of training on the detector?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.selection.outcomes import Outcome, Share
from experiments.studies.selection.arms import Reroll, TrainedOn
from experiments.studies.study import StudySummary, Triple


@dataclass(frozen=True)
class ArmShares:
    """What becomes of an arm's counted organisms, by one reading."""

    arm: str
    reading: str
    n: int
    counts: Mapping[Share, int]
    shares: Mapping[Share, Triple]
    """of all grown, with intervals over forks"""
    caught: Mapping[Outcome, Triple]
    """share that is caught, of each kind of organism: of honest ones the false alarms"""
    separation: Triple
    """AUROC: do schemers score above honest organisms, wherever the threshold is? With an interval over forks"""
    left_schemers: Triple
    """share of schemers among those that are left, with an interval over forks: the law p_u / (1 - p_c)"""
    growths: float | None
    """organisms to be grown for one that is left, by the law"""


@dataclass(frozen=True)
class LawRow:
    """The law beside what growing anew leaves, for one kind of re-roll and one reading."""

    reroll: Reroll
    reading: str
    predicted: Triple
    """p_u / (1 - p_c); of new organisms that of the first half, since of the same ones both are one number"""
    grown: Triple
    """share of those left that scheme, in the order of seeds, with a Wilson interval over what was grown anew"""
    finished: int
    never: int
    """forks of which every organism is caught: they count in neither"""
    over_orders: float | None
    """over all orders of a fork's organisms"""
    difference: Triple
    """over all orders, less predicted; over forks"""


@dataclass(frozen=True)
class DependenceRow:
    """How alike organisms of one fork end."""

    reroll: Reroll
    outcome: str
    overdispersion: float | None
    correlation: Triple
    p: float | None


@dataclass(frozen=True)
class TrainedOnRow:
    """What training on the detector leaves, beside growing anew."""

    arm: TrainedOn
    reading: str
    q_u: float | None
    law: float | None
    difference: Triple
    """q_u less p_u / (1 - p_c), over forks"""
    left_difference: Triple
    """the same of q_u / (1 - q_c): those that are caught all the same are thrown away too"""
    p: float
    """chance, by the bootstrap, of a difference on the other side of 0, two-sided"""
    corrected_p: float | None
    """by Benjamini and Hochberg 1995, among all but the primary endpoint; None for that"""


@dataclass(frozen=True)
class SelectionSummary(StudySummary):
    """The answer of the study *selection*."""

    forks: int
    """counted ones"""
    calibration_forks: int
    thresholds: Mapping[str, float | None]
    """by reading"""
    calibration_honest: int
    """honest organisms that thresholds were set by"""
    arms: Sequence[ArmShares]
    laws: Sequence[LawRow]
    dependence: Sequence[DependenceRow]
    trained_on: Sequence[TrainedOnRow]
    reward_less_constant: Triple
    """q_u with the probe in the reward less q_u with a constant fine, by the detector that is trained on"""
    plan: str

    def trained_row(self, arm: TrainedOn, reading: str) -> TrainedOnRow:
        """What training on the detector in one way leaves, by a reading."""
        return next(row for row in self.trained_on if (row.arm, row.reading) == (arm, reading))

    def arm_shares(self, arm: str, reading: str) -> ArmShares:
        """The shares of an arm by a reading."""
        return next(row for row in self.arms if (row.arm, row.reading) == (arm, reading))
