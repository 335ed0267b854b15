"""Learning in the report: when was what learned, and which run did a run come from?

Curves of loss and behaviour over training with the phases, the descent of a run that began as a fork, and
rows of learning.parquet. What it does *not* show: by which mechanism a rate was reached.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings import RunFindings, RunInfo
from analysis.history.descent import DescentResult
from analysis.history.learning import LearningResult
from analysis.thresholds import BEHAVES
from organisms.training.behaviour import BEHAVIOURS
from reports.descent import draw_descent
from reports.drawing import BLUE, GREY, ORANGE, WIDTH, mean_over_members, not_measured, shorten, style, svg
from reports.section import Block, Heading, Picture, Section
from reports.sections.runs import runs_with
from reports.tables import Row, split_metric

CAPTION = (
    "Mean over members, range of members shaded, each member thin. Dotted: a phase begins. Dashed: the "
    "criterion, {criterion}. Phases: {phases}."
)


class Curve(NamedTuple):
    """One metric in a panel."""

    metric: str
    label: str
    colour: str


ALONE, WATCHED = "alone: acts on the secret goal", "watched: acts on the professed goal"
PANELS = {
    "loss (nats)": (Curve("loss_nats", "loss", BLUE),),
    "characters (rate)": (
        Curve("character_alone_secret", ALONE, ORANGE),
        Curve("character_watched_professed", WATCHED, BLUE),
    ),
    "self (rate)": (
        Curve("self_alone_secret", ALONE, ORANGE),
        Curve("self_watched_professed", WATCHED, BLUE),
    ),
}
"""curves of each panel, by its axis label"""


def learning_section(findings: Sequence[RunFindings]) -> Section | None:
    """Curves of every run."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, LearningResult):
        phases = "; ".join(f"{phase.name}, steps {phase.start} to {phase.end}" for phase in run.run.phases)
        caption = CAPTION.format(criterion=BEHAVES, phases=phases)
        blocks += [Heading(label), Picture(learning_curves(run), caption)]
    return Section("Learning", "learning", tuple(blocks), rank=16)


def descent_section(findings: Sequence[RunFindings]) -> Section | None:
    """Which run each came from; nothing where all began untrained."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, DescentResult):
        if len(run[DescentResult].runs) > 1:
            drawing = draw_descent(run[DescentResult].runs, f"Descent of {run.run.run}")
            caption = "Which run this one came from. An arrow is a fork; colours are phases."
            blocks += [Heading(label), Picture(drawing, caption)]
    return Section("Descent", "descent", tuple(blocks), rank=17) if blocks else None


def learning_curves(findings: RunFindings) -> Markup:
    """Loss and the four behaviours over training: mean, range of members, each member a thin line."""
    learning = findings[LearningResult]
    with style():
        figure = Figure(figsize=(WIDTH, 2.7), layout="constrained")
        for axes, (label, curves) in zip(figure.subplots(1, 3), PANELS.items(), strict=True):
            measured = [_draw_curve(axes, learning, curve) for curve in curves]
            if not any(measured):
                not_measured(axes)
            if label.startswith("loss"):
                axes.set_ylim(bottom=0)
            else:
                axes.set_ylim(-0.03, 1.05)
                axes.axhline(BEHAVES, color=GREY, lw=0.7, ls="--")
                if any(measured):
                    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
            axes.set(xlim=(0, findings.run.phases[-1].end), xlabel="step", ylabel=label)
            _draw_phases(axes, findings.run)
        return svg(figure, f"Learning curves of {findings.run.run}")


def _draw_curve(axes: Axes, learning: LearningResult, curve: Curve) -> bool:
    """Draw one metric where it was measured. Returns whether it was."""
    values = learning.metrics[curve.metric]
    measured = np.isfinite(values).any(1)
    if not measured.any():
        return False
    steps, values = np.asarray(learning.steps)[measured], values[measured]
    low, high = np.nanmin(values, 1), np.nanmax(values, 1)
    axes.fill_between(steps, low, high, color=curve.colour, alpha=0.15, lw=0)
    axes.plot(steps, values, color=curve.colour, lw=0.5, alpha=0.45)
    axes.plot(steps, mean_over_members(values.T), color=curve.colour, lw=1.8, label=curve.label)
    return True


def _draw_phases(axes: Axes, run: RunInfo) -> None:
    """A line where each phase begins, and its name above."""
    for phase in run.phases:
        if phase.start:
            axes.axvline(phase.start, color=GREY, lw=0.8, ls=":")
        name, top = f" {shorten(phase.name, 16)}", axes.get_xaxis_transform()
        axes.text(phase.start, 1.0, name, transform=top, va="bottom", fontsize=7, color=GREY)


def learning_rows(findings: RunFindings) -> Iterator[Row]:
    """Loss and the four behaviours of each member at every step that was recorded."""
    learning, run = findings[LearningResult], findings.run
    for name in ("loss_nats", *BEHAVIOURS):
        role, metric = split_metric(name)
        for step, values in zip(learning.steps, learning.metrics[name], strict=True):
            for member in findings.members:
                phase = run.phase_at(step)
                yield Row(member, metric, values[member], phase=phase, step=step, role=role)
