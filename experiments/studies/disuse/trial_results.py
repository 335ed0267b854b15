"""Results of the trials of one mechanism, and the rules that they are measured by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.forgetting.circuit_intact import ClassifiedByGate, IntactnessRules, TransferSummary
from analysis.forgetting.restoration import LEAST_LOST, RESTORATION_PAIRS, Restoration
from analysis.forgetting.retention import RetentionCell
from analysis.forgetting.weight_decay_baseline import DecayPrediction
from analysis.forgetting.weight_noise import NoiseRules, Recoveries
from analysis.relearning.savings import ClassifiedBySaving, Saving, SavingsRules
from analysis.statistics import Interval
from experiments.studies.disuse.plan import STRONGEST, drive_of

SEED = 1
"""of what trials draw: pairs of scenes, noise"""
REINITIALISED_SEED = 2
"""of the pairs of scenes on which the gates are located that are reinitialised"""


@dataclass(frozen=True)
class TrialRules:
    """The settings behind every trial; cached trials count only under the same ones."""

    savings: SavingsRules
    noise: NoiseRules
    intactness: IntactnessRules
    restoration_pairs: int = RESTORATION_PAIRS
    least_lost: float = LEAST_LOST
    seeds: tuple[int, int] = (SEED, REINITIALISED_SEED)


RULES = TrialRules(SavingsRules(), NoiseRules(), IntactnessRules())


@dataclass(frozen=True)
class TrialCase:
    """The runs of one mechanism, and which of their organisms count."""

    parent: Path
    disused: Path
    """under every drive"""
    never_taught: Path | None
    """the same disuse, of organisms that were never taught the mode; None where relearning is not measured"""
    decayed: Path | None
    """decay without gradients; None where another mechanism of the same organisms has it"""
    drives: Sequence[RetentionCell]
    """of the run of disuse"""
    decay: RetentionCell | None
    """of the run of decay without gradients: with decay"""
    planted: bool
    """whether weight noise, planted cases and the decay baseline are measured, which need no run of disuse"""

    @property
    def strongest(self) -> RetentionCell:
        """The cell of the run of disuse under the strongest drive."""
        return next(cell for cell in self.drives if drive_of(cell) == STRONGEST)

    @property
    def further_runs(self) -> list[Path]:
        """Folders of all runs besides the run of disuse."""
        return [folder for folder in (self.parent, self.never_taught, self.decayed) if folder]


@dataclass(frozen=True)
class RestorationMeans:
    """Means over the organisms of one cell; shares are of the lost rate."""

    gate: Interval
    content: Interval
    readout: Interval
    leaves_profession: Interval
    names_secret: Interval
    current: Interval
    with_both: Interval


@dataclass(frozen=True)
class DriveTrial:
    """What was lost under one drive."""

    drive: str
    settings: dict[str, float]
    n_lost: int
    """organisms that lost `LEAST_LOST` of their rate or more"""
    mean: RestorationMeans
    organisms: list[Restoration]
    gates: TransferSummary
    """of the organisms that lost as much"""


@dataclass(frozen=True)
class DecayBaseline:
    """What weight decay alone should leave of the mode, and does."""

    prediction: DecayPrediction
    furthest_from_seen: float
    """largest difference of any organism's rate, at any reading, from its prediction"""


@dataclass(frozen=True)
class PlantedCases:
    """Organisms whose mode is suppressed or gone by construction, and others beside them.

    Kinds: *suppressed*, *gone*, *trained_honest*, and *never* (never taught the mode).
    """

    savings: dict[str, Saving]
    """by kind but *never*"""
    gates: dict[str, TransferSummary]
    """by kind but *never*"""
    rate_when_hidden: dict[str, list[float]]
    """rate of the mode of each organism once it was to be hidden, by kind"""
    not_hidden: int
    """suppressed and gone cases that still showed the mode, and are not scored"""
    by_saving: ClassifiedBySaving
    by_gate: ClassifiedByGate


@dataclass(frozen=True)
class Trials:
    """Everything that was measured of one mechanism by trials; None where it was not measured."""

    drives: list[DriveTrial]
    relearning: Saving | None
    """of the organisms that lost their mode under the strongest drive; None also where none did"""
    decay: DecayBaseline | None
    planted: PlantedCases | None
    noise: Recoveries | None
