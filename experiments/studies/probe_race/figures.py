"""Figures of the study *probe_race*: the race, the weights, and the variances."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.probe_race.arms import RACE_ARMS, main_cell
from experiments.studies.probe_race.summary import ProbeRaceSummary, RaceCell
from reports.drawing import BLUE, GREY, ORANGE, WIDTH, array, not_measured, style, svg

CHANCE = 0.5
PLACE_COLOURS = {"reward": BLUE, "loss": ORANGE}


def colour_of(cell: RaceCell) -> str:
    """Blue where the score is in the reward, orange where it is in the loss, grey where it costs nothing."""
    return PLACE_COLOURS.get(cell.arm.split("_")[0], GREY)


def draw_race(axes: Axes, cell: RaceCell) -> None:
    """Misbehaviour against the stale probe's area under the curve, with an arrow from each checkpoint to the next; dotted, the
    same with the fresh probe."""
    misbehaviour, colour = array(cell.misbehaviour), colour_of(cell)
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.axvline(CHANCE, color=GREY, lw=0.6, ls=":")
    stale, fresh = array(cell.stale_auroc), array(cell.fresh_self_auroc)
    if not np.isfinite(stale).any():
        not_measured(axes)
        return
    axes.plot(fresh, misbehaviour, color=GREY, lw=0.9, ls=":", marker="o", ms=3, mfc="white")
    for n in range(len(stale) - 1):
        axes.annotate(
            "",
            (stale[n + 1], misbehaviour[n + 1]),
            (stale[n], misbehaviour[n]),
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.8, "shrinkA": 0, "shrinkB": 0},
        )
    axes.plot(stale[:1], misbehaviour[:1], "o", color=colour, ms=7, mec="white")


def race_figure(summary: ProbeRaceSummary) -> Markup:
    """One panel an arm at the usual weight."""
    shown_cells = [cell for cell in summary.cells if cell.cell in {main_cell(arm) for arm in RACE_ARMS}]
    shown_cells = [cell for cell in shown_cells if not cell.graded]
    columns = 4
    rows = -(-len(shown_cells) // columns)
    with style():
        figure = Figure(figsize=(WIDTH, 2.5 * rows), layout="constrained")
        panels = np.atleast_2d(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
        for axes in panels.ravel()[len(shown_cells) :]:
            axes.set_axis_off()
        for axes, cell in zip(panels.ravel(), shown_cells, strict=False):
            draw_race(axes, cell)
            axes.set_title(cell.arm.replace("_", " "))
        for row in panels:
            row[0].set_ylabel("misbehaviour")
        for axes in panels[-1]:
            axes.set_xlabel("AUROC on forced acts")
        return Markup(svg(figure, "The race"))


def weights_figure(summary: ProbeRaceSummary) -> Markup:
    """Misbehaviour and both probes at the end, over the weight of the score."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, place in zip(panels, PLACE_COLOURS, strict=True):
            cells = [cell for cell in summary.cells if cell.arm == place]
            weights = [cell.weight for cell in cells]
            colour = PLACE_COLOURS[place]
            _line(axes, weights, [cell.misbehaviour for cell in cells], (colour, "-", "misbehaviour"))
            _line(axes, weights, [cell.stale_auroc for cell in cells], (colour, "--", "stale AUROC"))
            _line(axes, weights, [cell.fresh_self_auroc for cell in cells], (GREY, ":", "fresh AUROC"))
            axes.set(ylim=(-0.04, 1.04), xscale="log", xlabel="weight of the score", title=f"in the {place}")
            axes.set_xticks(weights, [f"{weight:g}" for weight in weights])
            axes.minorticks_off()
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return Markup(svg(figure, "Weights"))


def _line(
    axes: Axes,
    weights: Sequence[float],
    courses: Sequence[Sequence[float | None]],
    look: tuple[str, str, str],
) -> None:
    colour, dashes, label = look
    ends = array([course[-1] for course in courses])
    axes.plot(weights, ends, color=colour, ls=dashes, lw=2, marker="o", ms=4, label=label)


def variance_figure(summary: ProbeRaceSummary) -> Markup:
    """Log ratio of rates against log ratio of variances: a dot an organism and probe."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, place in zip(panels, PLACE_COLOURS, strict=True):
            usual = {main_cell(arm) for arm in RACE_ARMS if arm.name == place}
            cells = [
                cell
                for cell in summary.cells
                if cell.arm.split("_")[0] == place and (cell.graded or cell.cell in usual)
            ]
            pairs = np.asarray([(array(cell.log_variances), array(cell.log_ratios)) for cell in cells])
            axes.axhline(0, color=GREY, lw=0.6, ls=":")
            axes.set(title=f"in the {place}", xlabel="log (variance by act / rest), at the start")
            if len(pairs) and np.isfinite(pairs).all(1).any():
                axes.plot(
                    *pairs.transpose(1, 0, 2).reshape(2, -1), "o", color=PLACE_COLOURS[place], alpha=0.6
                )
            else:
                not_measured(axes)
        panels[0].set_ylabel("log (misbehaviour lost / AUROC lost)")
        return Markup(svg(figure, "Variances"))
