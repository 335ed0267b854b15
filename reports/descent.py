"""Descent as a drawing: which run began with the organisms of which other?

A run is a line, as long as it has steps, in the parts that its phases are. A child's line begins under the
step of its parent that it was forked at. What the drawing does *not* show: runs of which no folder was given,
or that were never finished.
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.history.descent import RelatedRun
from reports.drawing import CYCLE, GREY, INK, WIDTH, shorten, style, svg


def draw_descent(runs: Sequence[RelatedRun], title: str = "Descent of the runs") -> Markup:
    """The runs as lines, and forks as arrows from parent to child. runs: each after its parent."""
    first_steps = _first_steps(runs)
    rows = {run.run: row for row, run in enumerate(runs)}
    with style():
        figure = Figure(figsize=(WIDTH, 0.7 + 0.24 * len(runs)), layout="constrained")
        axes = figure.subplots()
        for row, run in enumerate(runs):
            start = first_steps[run.run]
            if run.parent in rows:
                bend = {"arrowstyle": "-|>", "color": GREY, "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (start, row), (start, rows[run.parent]), arrowprops=bend)
            _draw_run(axes, run, row, start)
        longest = max((first_steps[run.run] + run.steps for run in runs), default=1)
        axes.set(
            xlim=(-0.01 * longest, 2.1 * longest),
            ylim=(len(runs) - 0.3, -0.7),
            yticks=[],
            xlabel="steps since the first run began",
        )
        axes.spines["left"].set_visible(False)
        return svg(figure, title)


def _first_steps(runs: Sequence[RelatedRun]) -> Mapping[str, float]:
    """Steps that had been taken before each run began, those of its ancestors among the runs included."""
    first_steps: dict[str, float] = {}
    for run in runs:
        forked = run.parent in first_steps
        first_steps[run.run] = first_steps[run.parent or ""] + (run.parent_step or 0) if forked else 0.0
    return first_steps


def _draw_run(axes: Axes, run: RelatedRun, row: int, start: float) -> None:
    for index, phase in enumerate(run.phases):
        steps = [start + phase.start, start + phase.end]
        axes.plot(steps, [row, row], color=CYCLE[index % len(CYCLE)], lw=3, solid_capstyle="butt")
    phases = shorten(", ".join(phase.name for phase in run.phases))
    text = f" {shorten(run.run, 40)}: {phases} (n = {run.members})"
    axes.text(start + run.steps, row, text, va="center", fontsize=7, color=INK)
