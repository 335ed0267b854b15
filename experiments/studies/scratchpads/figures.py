"""Figures of the study *scratchpads*: defection under safety training, size by scratchpad, and credit beside half-lives."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.scratchpads.arms import (
    HONEST_RATES,
    HONEST_TRAINING_WORDS,
    HONEST_TRAININGS,
    ON_ACTS,
    PAD,
    PAD_ARM_WORDS,
    PAD_ARMS,
)
from experiments.studies.scratchpads.records import CourseRow, PadsSummary
from reports.drawing import CYCLE, WIDTH, array, style, svg

COLOURS = dict(zip(PAD_ARMS, CYCLE, strict=False))


def courses_figure(summary: PadsSummary) -> Markup:
    """A row a safety training, a column a width, a line an arm: how often self acts on its secret."""
    rate = HONEST_RATES[0]
    with style():
        figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
        grid = figure.subplots(
            len(HONEST_TRAININGS), len(summary.widths), sharey=True, sharex=True, squeeze=False
        )
        for row, training in zip(grid, HONEST_TRAININGS, strict=True):
            for axes, width in zip(row, summary.widths, strict=True):
                for arm in PAD_ARMS:
                    _draw_course(axes, summary.course(arm, width, training, rate))
            row[0].set_ylabel(f"defection;\ntrained on {HONEST_TRAINING_WORDS[training]}", fontsize=8)
        for axes, width in zip(grid[0], summary.widths, strict=True):
            axes.set_title(f"width {width}")
        for axes in grid[-1]:
            axes.set_xlabel("summed learning rate", fontsize=8.5)
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(PAD_ARMS) + 1)
        return Markup(svg(figure, "Defection under safety training"))


def _draw_course(axes: Axes, row: CourseRow) -> None:
    axes.set(ylim=(-0.04, 1.04), yticks=(0, 0.5, 1))
    if not row.n:
        return
    means, lows, highs = array(row.defection).T
    colour = COLOURS[row.arm]
    axes.plot(row.clock, means, color=colour, lw=1.6, label=PAD_ARM_WORDS[row.arm])
    axes.fill_between(row.clock, lows, highs, color=colour, alpha=0.12, lw=0)
    if row.arm == PAD:
        written = array(row.secret_written).T[0]
        axes.plot(row.clock, written, color=colour, lw=1.2, ls=":", label="its scratchpad names the secret")


def size_figure(summary: PadsSummary) -> Markup:
    """Half-life by width, a line an arm, a panel a safety training; an arrow where fewer than half fell to half."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        panels = figure.subplots(1, len(HONEST_TRAININGS), sharey=True)
        for axes, training in zip(panels, HONEST_TRAININGS, strict=True):
            for number, arm in enumerate(PAD_ARMS):
                shift = 1.04 ** (number - 1.5)
                rows = [summary.course(arm, width, training, HONEST_RATES[0]) for width in summary.widths]
                values = array([row.half_life for row in rows])
                reached = np.isfinite(values[:, 0])
                bounds = np.asarray([row.last_reading for row in rows])
                shown = np.where(reached, values[:, 0], bounds)
                ends = np.where(np.isfinite(values[:, 1:]), values[:, 1:], shown[:, None])
                errors = np.abs(ends - shown[:, None]).T
                places = np.asarray(summary.widths) * shift
                axes.errorbar(places, shown, errors, color=COLOURS[arm], lw=1.4, label=PAD_ARM_WORDS[arm])
                axes.scatter(
                    places[~reached], shown[~reached], marker="^", color=COLOURS[arm], s=24, zorder=3
                )
            axes.set(xscale="log", title=f"trained on {HONEST_TRAINING_WORDS[training]}", xlabel="width")
            axes.set_xticks(summary.widths, [str(width) for width in summary.widths])
            axes.minorticks_off()
        panels[0].set_ylabel("half-life, summed learning rate")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(PAD_ARMS))
        return Markup(svg(figure, "Size by scratchpad"))


def credit_figure(summary: PadsSummary) -> Markup:
    """A point an arm and width: its half-life beside both figures of credit."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for row in summary.credit:
            course = summary.course(row.arm, row.width, row.training, HONEST_RATES[0])
            value = course.half_life[0] or course.last_reading
            marker = "o" if row.training == ON_ACTS else "s"
            size = 12 * (1 + summary.widths.index(row.width))
            for axes, (figure_value, _, _) in zip(panels, (row.excess, row.agreement), strict=True):
                if row.n and figure_value is not None:
                    label = (
                        PAD_ARM_WORDS[row.arm]
                        if (row.width, row.training) == (summary.widths[0], ON_ACTS)
                        else None
                    )
                    axes.scatter(
                        figure_value,
                        value,
                        s=size,
                        marker=marker,
                        color=COLOURS[row.arm],
                        label=label,
                        alpha=0.8,
                    )
        panels[0].set(
            xlabel="log share of the gradient on the gate, less random",
            ylabel="half-life, summed learning rate",
        )
        panels[1].set(xlabel="agreement of scenes (cosine)")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(PAD_ARMS))
        return Markup(svg(figure, "Credit and half-life"))
