"""What does disuse look like? Retention, survival, exercise and fading, each drawn from the study's summary.

In every panel of retention a thin line is an organism and a thick one their mean; the scale is the whole one.
Where nothing was lost, lines lie on one another at the top.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.drawing import BLUE, CYCLE, GREY, INK, ORANGE, WIDTH, array, not_measured, style, svg

PASSIVE = "none"
"""the drive under which nothing is asked of the mode and nothing pulls on it"""


def _lines(axes: Axes, cell: Mapping[str, Any], colour: str, label: str | None = None) -> None:
    if not cell["n"]:
        not_measured(axes, "no organism had the mode")
        return
    for organism in cell["organisms"]:
        axes.plot(cell["steps"], organism, color=colour, lw=0.5, alpha=0.45)
    axes.plot(cell["steps"], array([row[0] for row in cell["mean"]]), color=colour, lw=1.9, label=label)


def _panels(amount: int, height: float) -> tuple[Figure, Sequence[Axes]]:
    """A figure of panels side by side, with one scale."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, amount, sharey=True, squeeze=False)[0].tolist()


def _frame(axes: Axes, last: float) -> None:
    axes.axhline(0.5, color=GREY, lw=0.6, ls="--")
    axes.set(xlim=(0, last), ylim=(-0.03, 1.05))


def retention(drives: Mapping[str, Mapping[str, Any]]) -> str:
    """A panel for each mechanism and drive; in grey under each, the passive null of the same mechanism."""
    names = list(drives)
    columns = list(next(iter(drives.values())))
    with style():
        figure = Figure(figsize=(WIDTH, 0.6 + 1.45 * len(names)), layout="constrained")
        grid = figure.subplots(len(names), len(columns), squeeze=False, sharex=True, sharey=True)
        for row, name in zip(grid, names, strict=True):
            for axes, drive in zip(row, columns, strict=True):
                cell = drives[name][drive]
                if drive != PASSIVE and drives[name][PASSIVE]["n"]:
                    passive = drives[name][PASSIVE]
                    axes.plot(
                        passive["steps"],
                        array([mean[0] for mean in passive["mean"]]),
                        color=GREY,
                        lw=1.2,
                        ls=":",
                    )
                _lines(axes, cell, BLUE if name.startswith("shared") else ORANGE)
                _frame(axes, float(cell["steps"][-1]))
                if axes in grid[0]:
                    axes.set_title(f"drive: {drive}" + (" (passive null)" if drive == PASSIVE else ""))
                axes.text(
                    0.98,
                    0.06,
                    f"{cell['dead']} of {cell['n']} fell to half",
                    transform=axes.transAxes,
                    ha="right",
                    fontsize=7,
                )
            row[0].set_ylabel(name.replace(" (", "\n("), fontsize=8)
        figure.supxlabel("steps of disuse (dotted: the passive null of the same mechanism)", fontsize=8.5)
        figure.supylabel("rate of Y when self is put alone", fontsize=8.5)
        return svg(figure, "Retention in disuse")


def survival(drives: Mapping[str, Mapping[str, Any]]) -> str:
    """Kaplan-Meier curves: a panel a drive, a curve a mechanism, with their 95 % intervals."""
    names, columns = list(drives), list(next(iter(drives.values())))
    with style():
        figure, panels = _panels(len(columns), 2.8)
        for axes, drive in zip(panels, columns, strict=True):
            for n, name in enumerate(names):
                cell = drives[name][drive]
                if not cell["n"]:
                    continue
                curve, last = cell["survival"], cell["steps"][-1]
                time = np.append(array(curve["time"]), last)
                alive, low, high = (
                    np.append(array(curve[key]), array(curve[key])[-1]) for key in ("alive", "low", "high")
                )
                axes.step(
                    time,
                    alive - 0.012 * n,
                    where="post",
                    color=CYCLE[n],
                    lw=1.7,
                    label=f"{name} (n = {cell['n']})",
                )
                axes.fill_between(time, low, high, step="post", color=CYCLE[n], alpha=0.09, lw=0)
                axes.set(xlim=(0, last))
            axes.axhline(0.5, color=GREY, lw=0.6, ls="--")
            axes.set(title=f"drive: {drive}", ylim=(-0.06, 1.05), xlabel="steps of disuse")
        figure.axes[0].set_ylabel("organisms that have the mode")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return svg(figure, "Survival of the unused mode")


def exercise(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Retention at the end against the exercise rate, under the strongest drive: a dot an organism, a line
    their mean."""
    with style():
        figure, panels = _panels(len(found), 2.5)
        for axes, (name, of) in zip(panels, found.items(), strict=True):
            cells = list(of["rates"].values())
            place = np.arange(len(cells))
            for x, cell in zip(place, cells, strict=True):
                ends = [organism[-1] for organism in cell["organisms"]]
                axes.plot(
                    x + 0.12 * np.linspace(-1, 1, max(len(ends), 1))[: len(ends)],
                    ends,
                    "o",
                    ms=3,
                    color=BLUE,
                    alpha=0.5,
                )
            axes.plot(place, array([cell["at_end"][0] for cell in cells]), color=INK, lw=1.4)
            _frame(axes, 1.0)
            axes.set(title=name, xlim=(-0.4, len(cells) - 0.6), xticks=place, xticklabels=list(of["rates"]))
        panels[0].set_ylabel("rate of Y at the end of disuse")
        figure.supxlabel("exercise rate: share of self's moments in which it is alone", fontsize=8.5)
        return svg(figure, "Retention against exercise")


def opposite(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Retention of the characters' mode while no character acts and self goes on."""
    with style():
        figure, panels = _panels(len(found), 2.3)
        for axes, (name, cell) in zip(panels, found.items(), strict=True):
            _lines(axes, cell, BLUE if name.startswith("shared") else ORANGE)
            _frame(axes, float(cell["steps"][-1]))
            axes.set_title(f"{name}: {cell['dead']} of {cell['n']} fell to half")
        panels[0].set_ylabel("characters alone: secret")
        figure.supxlabel("steps without characters", fontsize=8.5)
        return svg(figure, "Retention of the characters' mode")


def fading(found: Mapping[str, Mapping[str, Any]], predicted: Mapping[str, Any]) -> str:
    """Weight decay alone: retention seen, and what organisms scaled down by the predicted norm do."""
    with style():
        figure, panels = _panels(len(found), 2.3)
        for axes, (name, cells) in zip(panels, found.items(), strict=True):
            for colour, (decay, cell) in zip((GREY, BLUE), cells.items(), strict=False):
                _lines(axes, cell, colour, f"decay {decay}")
            told = predicted.get(name)
            if told and told["steps"]:
                axes.plot(
                    told["steps"],
                    array(told["mean"]),
                    "x",
                    ms=5,
                    color=ORANGE,
                    label="predicted from the norm",
                )
                axes.plot(
                    told["steps"],
                    array(told["norm"]),
                    color=INK,
                    lw=1,
                    ls=":",
                    label="norm, as a share of its start",
                )
            _frame(axes, float(next(iter(cells.values()))["steps"][-1]))
            axes.set_title(name)
        panels[0].set_ylabel("rate of Y when alone")
        if panels[0].get_legend_handles_labels()[0]:
            panels[0].legend(loc="lower left", fontsize=7)
        figure.supxlabel("steps without gradients", fontsize=8.5)
        return svg(figure, "Weight decay alone")
