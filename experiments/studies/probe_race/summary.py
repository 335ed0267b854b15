"""What the study *probe_race* answers: what each arm lost, where it ended, and whether variances say so beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from analysis.race.rates import RaceLosses, race_losses
from analysis.race.variance import log_variance_ratio, slope_interval
from analysis.statistics import mean_interval
from curricula.errors import UserError
from experiments.studies.probe_race.arms import ARM_OF, NO_COST, RACE_ARMS, RaceArm, main_cell
from experiments.studies.probe_race.measurement import RaceCourse
from experiments.studies.study import Number, StudySummary, Triple, triple

PRIMARY = "selection.reward_less_loss"
"""named before any run at cpu scale"""
END_METRICS = (
    "misbehaviour",
    "stale_auroc",
    "stale_accuracy",
    "fresh_self_auroc",
    "fresh_character_auroc",
    "original_auroc",
    "random_auroc",
    "cosine",
    "policy_score",
    "activation_score",
    "reward",
    "shortfall",
)
VARIANCE_PLACES = ("reward", "loss")


@dataclass(frozen=True)
class RaceCell:
    """One setting of one arm: means over organisms at every checkpoint, and what each organism lost."""

    cell: str
    arm: str
    n: int
    weight: float
    graded: bool
    steps: Sequence[int]
    misbehaviour: Sequence[float | None]
    stale_auroc: Sequence[float | None]
    fresh_self_auroc: Sequence[float | None]
    log_ratios: Sequence[float | None]
    """of the rates, by organism"""
    log_variances: Sequence[float | None]
    """of what the act explains of the score as the race began over the rest, by organism"""


@dataclass(frozen=True)
class ProbeRaceSummary(StudySummary):
    """The answer of the study *probe_race*."""

    cells: Sequence[RaceCell]
    plan: str


@dataclass(frozen=True)
class MeasuredCell:
    """One setting of one arm, with the numbers of every organism."""

    name: str
    arm: RaceArm
    course: RaceCourse
    copy: int
    """which of the copies of each organism has this setting"""

    def metric(self, name: str) -> Float[np.ndarray, "checkpoint organism"]:
        """A number of every organism at every checkpoint."""
        return self.course.metric(name)[:, self.copy :: len(self.arm.cells)]

    def losses(self, without: "MeasuredCell", reading: str = "stale_auroc") -> RaceLosses:
        """What its organisms lost against those without a cost. reading: which number says how well the probe tells acts."""
        names = ("misbehaviour", reading)
        return race_losses(*(self.metric(name) for name in names), *(without.metric(name) for name in names))

    def log_variances(self) -> Float[np.ndarray, " organism"]:
        """Of what the act explains of the score as the race began, over the rest."""
        return log_variance_ratio(self.metric("between")[0], self.metric("rest")[0])


def measured_cells(courses: Mapping[str, RaceCourse]) -> dict[str, MeasuredCell]:
    """Every setting of every arm, by name. Raises UserError where arms did not begin with the same organisms."""
    copies = {label: len(ARM_OF[label].cells) for label in courses}
    starts = {label: course.metric("misbehaviour")[0, :: copies[label]] for label, course in courses.items()}
    if len({start.tobytes() for start in starts.values()}) > 1:
        raise UserError("probe-race: expected all arms to begin with the same organisms; train them anew")
    return {
        cell: MeasuredCell(cell, ARM_OF[label], course, copy)
        for label, course in courses.items()
        for copy, cell in enumerate(ARM_OF[label].cells)
    }


def cell_summary(cell: MeasuredCell, without: MeasuredCell) -> RaceCell:
    """What the page shows of a setting."""

    def means(name: str) -> list[float | None]:
        return [mean_interval(values)[0] for values in cell.metric(name)]

    return RaceCell(
        cell.name,
        cell.arm.name,
        cell.metric("misbehaviour").shape[1],
        cell.arm.weight_of(cell.name),
        cell.arm.graded,
        list(cell.course.steps),
        means("misbehaviour"),
        means("stale_auroc"),
        means("fresh_self_auroc"),
        cell.losses(without).log_ratio.tolist(),
        cell.log_variances().tolist(),
    )


def race_findings(cells: Mapping[str, MeasuredCell]) -> dict[str, Number | Triple]:
    """The study's results by name."""
    without = cells[NO_COST]
    findings: dict[str, Number | Triple] = {}
    selections = {name: cell.losses(without).selection for name, cell in cells.items()}
    first, second = (selections[main_cell(ARM_OF[name])] for name in ("reward", "loss"))
    findings[PRIMARY] = triple(mean_interval(first - second))
    for name in (
        "misbehaviour",
        "stale_auroc",
        "stale_accuracy",
        "fresh_self_auroc",
        "fresh_character_auroc",
        "random_auroc",
    ):
        findings[f"start.{name}"] = triple(mean_interval(without.metric(name)[0]))
    for name, cell in cells.items():
        losses = cell.losses(without)
        for metric in END_METRICS:
            findings[f"{name}.end.{metric}"] = triple(mean_interval(cell.metric(metric)[-1]))
        if name != NO_COST:
            findings[f"{name}.misbehaviour_lost"] = triple(mean_interval(losses.misbehaviour))
            findings[f"{name}.auroc_lost"] = triple(mean_interval(losses.reading))
            findings[f"{name}.selection"] = triple(mean_interval(losses.selection))
            findings[f"{name}.log_ratio"] = triple(mean_interval(losses.log_ratio))
            by_accuracy = cell.losses(without, "stale_accuracy")
            findings[f"{name}.accuracy_lost"] = triple(mean_interval(by_accuracy.reading))
            findings[f"{name}.selection_by_accuracy"] = triple(mean_interval(by_accuracy.selection))
            findings[f"{name}.gave_way"] = int(np.isfinite(losses.selection).sum())
    for place in VARIANCE_PLACES:
        findings[f"variance_slope.{place}"] = variance_slope(cells, place)
    return findings


def slope_cells(cells: Mapping[str, MeasuredCell], place: str) -> list[MeasuredCell]:
    """The settings whose probes differ in how good they are, at one weight, and the usual one."""
    usual = main_cell(ARM_OF[place])
    return [
        cell for name, cell in cells.items() if cell.arm.place == place and (cell.arm.graded or name == usual)
    ]


def variance_slope(cells: Mapping[str, MeasuredCell], place: str) -> Triple:
    """The slope of the log ratio of rates on the log ratio of variances, over graded probes."""
    graded = slope_cells(cells, place)
    variances = np.stack([cell.log_variances() for cell in graded], 1)  # [organism, probe]
    ratios = np.stack([cell.losses(cells[NO_COST]).log_ratio for cell in graded], 1)
    return triple(slope_interval(variances, ratios))


def all_cells(cells: Mapping[str, MeasuredCell]) -> list[RaceCell]:
    """Every setting, in the order of the arms."""
    order = [cell for arm in RACE_ARMS for cell in arm.cells]
    return [cell_summary(cells[name], cells[NO_COST]) for name in order if name in cells]
