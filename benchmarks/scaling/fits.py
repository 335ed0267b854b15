"""Power laws: by which exponent does a cost grow, how sure is that, and does it fit at all?

Two exponents stand side by side. The global one is the least-squares slope of log cost over log value; its interval is
Student's t on the residuals of the points, since the departure that matters is that of whole cells from a line (bends,
caches), which turns of the same cells share and a bootstrap over turns would leave out. The local one is the slope
between the last two values, where overhead weighs least; its interval is Student's t over turns, in which both cells
stood beside one another. Neither shows what a size beyond the last one costs: a bend there is seen by nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
BAD_FIT = 1.25
"""a point that is off the fitted line by this ratio is called a bad fit"""


@dataclass(frozen=True)
class PowerLaw:
    """cost = factor * value ** exponent, as fitted."""

    exponent: float
    low: float
    high: float
    """ends of the 95 % interval of the exponent"""
    local: float
    """exponent between the last two values"""
    local_low: float | None
    local_high: float | None
    """ends of its 95 % interval over turns; None for what is counted and so exact"""
    r_squared: float | None
    """share of the variance of log cost that the line explains; None where the cost does not vary"""
    worst_ratio: float
    """by how much the point furthest off the line is off, as a ratio of at least 1"""

    @property
    def bends(self) -> bool:
        """Is some point so far off the line that the global exponent is no description?"""
        return self.worst_ratio > BAD_FIT


def power_law(values: Sequence[int], rounds: Sequence[Sequence[float]]) -> PowerLaw:
    """The fit of a cost [value][round], all positive, over rising values.

    Raises ValueError with fewer than three values: two always lie on a line.
    """
    if len(values) < 3:
        raise ValueError(f"expected three values or more, got {len(values)}")
    x, clocked = np.log(np.asarray(values, float)), np.log(np.asarray(rounds, float))
    y = np.median(clocked, axis=1)
    local, half_local = local_exponent(x, clocked)
    if np.ptp(y) < 1e-12:
        return PowerLaw(0.0, 0.0, 0.0, 0.0, None, None, None, 1.0)
    line: Any = stats.linregress(x, y)
    half = float(line.stderr) * float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 2))
    residuals = y - (line.intercept + line.slope * x)
    return PowerLaw(
        float(line.slope),
        float(line.slope) - half,
        float(line.slope) + half,
        local,
        None if half_local is None else local - half_local,
        None if half_local is None else local + half_local,
        float(line.rvalue) ** 2,
        float(np.exp(np.abs(residuals).max())),
    )


def local_exponent(x: np.ndarray, y: np.ndarray) -> tuple[float, float | None]:
    """Slope between the last two of the logs x [value] and y [value round], and half the width of its interval."""
    slopes = (y[-1] - y[-2]) / (x[-1] - x[-2])
    return float(slopes.mean()), half_width(slopes)


def half_width(turns: np.ndarray) -> float | None:
    """Half the width of the 95 % interval of the mean over turns, by Student's t; None for a single one."""
    count = len(turns)
    if count < 2:
        return None
    return float(stats.sem(turns) * stats.t.ppf((1 + CONFIDENCE) / 2, count - 1))
