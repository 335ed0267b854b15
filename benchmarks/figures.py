"""Figures of a bench: what do cost and memory look like against the number of members? One figure each, as
SVG, a line a scale."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from reports.drawing import CYCLE, GREY, MARKERS, not_measured, style, svg

Row = Mapping[str, Any]
Points = list[tuple[int, float]]


def cost(rows: Sequence[Row]) -> str:
    """Milliseconds an organism-step against members: a line that falls shows that training together pays.
    PyTorch's fastest variant, which trains one organism at a time, is a dashed line: the median of its turns
    in that scale's rows."""
    with style():
        figure = Figure(figsize=(7.6, 4.0), layout="constrained")
        axes = figure.subplots()
        for index, (scale, points) in enumerate(_by_scale(rows, "milliseconds_an_organism_step").items()):
            _draw(axes, index, points, label=f"{scale} scale")
            baseline = pytorch_milliseconds([row for row in rows if row["scale"] == scale])
            if baseline is not None:
                axes.axhline(baseline, color=CYCLE[index], ls="--", lw=1, label=f"{scale} scale, PyTorch")
        if axes.lines:
            ticks = sorted({row["members"] for row in rows})
            axes.set(
                xscale="log", yscale="log", xlabel="members", ylabel="milliseconds an organism-step (median)"
            )
            axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
            axes.minorticks_off()
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.grid(axis="y", color=GREY, alpha=0.25, lw=0.6)
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        else:
            not_measured(axes)
        return svg(figure, "Cost of an organism-step against members")


def memory(rows: Sequence[Row]) -> str:
    """Peak memory against members while training, and (dotted) with compiling, beyond what an idle process
    holds. A panel a scale, on even axes: memory in proportion to members is a straight line."""
    with style():
        steady = {
            scale: _megabytes(points) for scale, points in _by_scale(rows, "steady_memory_bytes").items()
        }
        peaks = {scale: _megabytes(points) for scale, points in _by_scale(rows, "peak_memory_bytes").items()}
        figure = Figure(figsize=(0.6 + 3.3 * max(1, len(peaks)), 3.2), layout="constrained")
        panels = figure.subplots(1, max(1, len(peaks)), squeeze=False)[0]
        if not peaks:
            not_measured(panels[0])
        for index, (axes, (scale, points)) in enumerate(zip(panels, peaks.items(), strict=False)):
            if scale in steady:
                _draw(axes, index, steady[scale], label="training")
            _draw(axes, index, points, label="with compiling", ls=":", lw=1)
            axes.set(title=f"{scale} scale", xlabel="members", ylabel="peak beyond an idle process (MB)")
            axes.set_ylim(bottom=0)
            axes.legend()
        return svg(figure, "Peak memory against members")


def pytorch_milliseconds(rows: Sequence[Row]) -> float | None:
    """Milliseconds a step of the fastest variant, the median over rows; None where PyTorch was not
    measured."""
    rates = [[variant["organism_steps_per_second"] for variant in row["pytorch"].values()] for row in rows]
    fastest = [1e3 / max(rate) for rate in rates if rate]
    return median(fastest) if fastest else None


def _by_scale(rows: Sequence[Row], name: str) -> dict[str, Points]:
    """Members and values of each scale, by rising members, where measured."""
    points: dict[str, Points] = {}
    for row in sorted(rows, key=lambda row: row["members"]):
        if row[name] is not None:
            points.setdefault(row["scale"], []).append((row["members"], float(row[name])))
    return points


def _megabytes(points: Points) -> Points:
    return [(members, value / 1e6) for members, value in points]


def _draw(axes: Axes, index: int, points: Points, **look: Any) -> None:
    axes.plot(*zip(*points, strict=True), color=CYCLE[index], marker=MARKERS[index], ms=4, **look)
