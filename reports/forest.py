"""A mark of a forest plot: where does a value with its interval lie on its scale?

Drawn by hand as SVG in the colours of the page, by day and by night. What it does *not* show: a value beyond the ends of
its scale, which are those of all that stand on it.
"""

import math
from collections.abc import Iterable
from typing import Literal

from markupsafe import Markup

from analysis.statistics import numbers
from reports.formats import interval_text

MarkScale = Literal["share", "difference", "ratio"]
"""of values from 0 to 1; with 0 where nothing differs; with 1 where nothing differs, drawn by its logarithm"""
IntervalValue = tuple[float | None, float | None, float | None]
"""a value and the ends of its interval"""
MARK_WIDTH, HEIGHT, MARGIN = 190.0, 34.0, 14.0
"""pixels; of the margin, room for half of a number at either end"""
USUAL_ENDS: dict[MarkScale, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "difference": (-1.0, 1.0),
    "ratio": (0.125, 8.0),
}
"""ends of a scale unless something lies beyond them"""


def scale_limits(scale: MarkScale, triples: Iterable[IntervalValue]) -> tuple[float, float]:
    """The ends of a scale on which all of these lie; those of differences and ratios are alike to both sides,
    and those of ratios powers of two."""
    low, high = USUAL_ENDS[scale]
    finite = [value for triple in triples for value in numbers(triple)]
    if scale == "share":
        return min(low, *finite, low), max(high, *finite, high)
    if scale == "difference":
        end = max(high, *map(abs, finite), high)
        return -end, end
    end = max(high, *(max(value, 1 / value) for value in finite if value > 0), high)
    end = 2.0 ** math.ceil(math.log2(end))
    return 1 / end, end


def forest_mark(triple: IntervalValue, scale: MarkScale, limits: tuple[float, float]) -> Markup:
    """A dot with its interval, the ends of the scale, and a dashed line where nothing differs; nothing where no value was
    measured."""
    value, low, high = triple
    if not numbers([value]) or (scale == "ratio" and not all(end > 0 for end in numbers(triple))):
        return Markup("")
    assert value is not None

    def place(number: float) -> float:
        first, last, at = (math.log(x) for x in (*limits, number)) if scale == "ratio" else (*limits, number)
        return MARGIN + (MARK_WIDTH - 2 * MARGIN) * (at - first) / (last - first)

    parts = [_line(place(limits[0]), place(limits[1]), 12, "axis")]
    ticks = list(limits)
    if scale != "share":
        middle = 0.0 if scale == "difference" else 1.0
        ticks.append(middle)
        parts.append(Markup('<path class="none" d="M{:.1f} 3V21"/>').format(place(middle)))
    if len(numbers([low, high])) == 2 and low is not None and high is not None:
        parts.append(_line(place(low), place(high), 12, "interval"))
    parts.append(Markup('<circle cx="{:.1f}" cy="12" r="4"/>').format(place(value)))
    parts += [Markup('<text x="{:.1f}" y="32">{:.3g}</text>').format(place(tick), tick) for tick in ticks]
    label = f"{interval_text(triple)}, on a scale from {limits[0]:.3g} to {limits[1]:.3g}"
    return Markup(
        '<svg class="forest" role="img" aria-label="{}" width="{:.0f}" height="{:.0f}" viewBox="0 0 {:.0f} {:.0f}">{}</svg>'
    ).format(label, MARK_WIDTH, HEIGHT, MARK_WIDTH, HEIGHT, Markup("").join(parts))


def _line(start: float, end: float, height: int, name: str) -> Markup:
    return Markup('<path class="{}" d="M{:.1f} {}H{:.1f}"/>').format(name, start, height, end)
