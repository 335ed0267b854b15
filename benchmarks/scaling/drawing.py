"""Drawing of scaling: does cost follow a line on logarithmic axes, and where does it leave it? A panel a factor."""

from collections.abc import Sequence
from itertools import chain
from statistics import median

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, NullLocator

from benchmarks.scaling.data import Quantity, ScalingData, Series, Work
from reports.drawing import CYCLE, GREY, MARKERS, style, svg

PANELS_A_ROW, PANEL_INCHES = 4, 2.5
DRAWN: tuple[tuple[Work, Quantity, str], ...] = (
    ("training", "seconds", "training, seconds a step"),
    ("training", "flops", "training, FLOP a step"),
    ("training", "program_bytes", "training, bytes of the program"),
    ("effects", "seconds", "effects, seconds a call"),
    ("history", "seconds", "history, seconds"),
    ("history", "lineage_bytes", "lineage, bytes"),
)


def draw_scaling(data: ScalingData) -> str:
    """Cost as a multiple of that at the first value, against the factor. Dots: medians over turns; dashed: the fits."""
    factors = list(dict.fromkeys(series.name.factor for series in data.series))
    with style():
        rows = -(-len(factors) // PANELS_A_ROW)
        figure = Figure(
            figsize=(PANEL_INCHES * min(PANELS_A_ROW, len(factors)) + 0.6, PANEL_INCHES * rows + 0.8),
            layout="constrained",
        )
        panels = figure.subplots(rows, min(PANELS_A_ROW, len(factors)), squeeze=False)
        for axes, factor in zip(chain(*panels), factors, strict=False):
            _draw_factor(axes, factor, data)
        for axes in list(chain(*panels))[len(factors) :]:
            axes.set_axis_off()
        lines = {
            line.get_label(): line
            for axes in chain(*panels)
            for line in axes.lines
            if line.get_marker() != "None"
        }
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=3)
        return svg(figure, "Cost against each factor")


def _draw_factor(axes: Axes, factor: str, data: ScalingData) -> None:
    ticks: Sequence[int] = ()
    for index, (work, quantity, label) in enumerate(DRAWN):
        if series := data.find(work, factor, quantity):
            _draw_series(axes, index, series, label)
            ticks = series.values if len(series.values) > len(ticks) else ticks
    axes.set(title=factor, xscale="log", yscale="log", xlabel=factor, ylabel="times that of the first")
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(LogFormatter())  # plain text: the style draws no mathematics
    axes.grid(axis="y", color=GREY, alpha=0.25, lw=0.6)


def _draw_series(axes: Axes, index: int, series: Series, label: str) -> None:
    cost = np.array([median(turns) for turns in series.rounds])
    x = np.asarray(series.values, float)
    axes.plot(x, cost / cost[0], color=CYCLE[index], marker=MARKERS[index], ms=3.5, lw=0, label=label)
    centred = np.log(x) - np.log(x).mean()
    fitted = np.exp(np.log(cost).mean() + series.law.exponent * centred)
    axes.plot(x, fitted / cost[0], color=CYCLE[index], lw=0.8, ls="--", marker="None")
