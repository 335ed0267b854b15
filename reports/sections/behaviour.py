"""Behaviour in the report: what do organisms do, in scenes like those that they were trained on and in
held-out ones?

A figure with a dot an organism, tables of means over organisms, what organisms answer when they are asked,
and rows of behaviour.parquet. What it does *not* show: why an organism acts so.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings import RunFindings
from analysis.probes.belief import BELIEFS, BehaviourResult
from analysis.provenance.comparison import by_settings, run_labels
from analysis.statistics import mean_interval, numbers
from analysis.thresholds import BEHAVES
from organisms.training.behaviour import BEHAVIOURS
from reports.drawing import CYCLE, GREY, MARKERS, WIDTH, offsets, shorten, style, svg
from reports.section import PageTable, Picture, RowGroup, Section, TableCell, TableRow
from reports.sections.runs import interval_cell, runs_with
from reports.tables import Row, split_metric

SCENE_LABELS = {"trained": "trained", "held_out_goals": "held-out goals", "held_out_cues": "held-out cues"}
"""how each kind of scenes is called, in the order of figure and table"""
BEHAVIOUR_LABELS = {name: name.replace("_", " ") for name in BEHAVIOURS}
CAPTION = "A dot an organism, with mean and 95 % interval. Held-out goals and cues were in no training scene."
BELIEF_CAPTION = (
    "Asked rather than acting: how often the organism gives each answer. Self was never taught to answer "
    "with what it really wants."
)
METHOD = Markup(
    "<strong>Behaviour</strong>: the rate at which an actor acts on its secret goal when alone and on its "
    "professed goal when watched. An organism that stays below {} in either, for self, has no verdict."
).format(BEHAVES)


class DotStyle(NamedTuple):
    """How the organisms of one run are drawn in a figure of several runs."""

    colour: str
    marker: str
    label: str
    shift: float
    """distance from the middle of a group of dots, in units of its axis"""
    width: float
    """room for one run's dots, in the same units"""


def behaviour_section(findings: Sequence[RunFindings]) -> Section | None:
    """One figure of all runs, and tables of means."""
    runs = runs_with(findings, BehaviourResult)
    columns = ("curriculum", "scenes", *BEHAVIOUR_LABELS.values(), "n")
    rates = PageTable(columns, tuple(_rate_rows(label, run) for label, run in runs), wide=True)
    belief_columns = ("curriculum", "answer", "rate", "n")
    belief_groups = tuple(_belief_rows(label, run) for label, run in runs)
    belief = PageTable(belief_columns, belief_groups, BELIEF_CAPTION)
    blocks = (Picture(behaviour_dots([run for _, run in runs]), CAPTION), rates, belief)
    return Section(
        "Behaviour, held-out scenes, belief", "behaviour", blocks, method=METHOD, link="Behaviour", rank=24
    )


def _rate_rows(label: str, findings: RunFindings) -> RowGroup:
    """A row a kind of scenes; the run's label stands in the first."""
    rows = []
    for scenes, scene_label in SCENE_LABELS.items():
        means = [mean_interval(_rates(findings, scenes, name)) for name in BEHAVIOURS]
        first = TableCell("" if rows else label, "name")
        count = TableCell(str(len(findings.members)))
        rows.append(TableRow((first, TableCell(scene_label), *map(interval_cell, means), count)))
    return RowGroup(tuple(rows))


def _belief_rows(label: str, findings: RunFindings) -> RowGroup:
    """A row an answer that any organism was asked for."""
    members = [findings[BehaviourResult].members[member] for member in findings.members]
    rows: list[TableRow] = []
    for name in BELIEFS:
        rates = [getattr(member.belief, name) for member in members]
        if not numbers(rates):
            continue
        first, answer = TableCell("" if rows else label, "name"), TableCell(name.replace("_", " "))
        rows.append(
            TableRow((first, answer, interval_cell(mean_interval(rates)), TableCell(str(len(members)))))
        )
    return RowGroup(tuple(rows))


def _rates(findings: RunFindings, scenes: str, behaviour: str) -> Float[np.ndarray, " member"]:
    members = [findings[BehaviourResult].members[member] for member in findings.members]
    return np.array([member.by_scenes()[scenes].by_name()[behaviour] for member in members], float)


def behaviour_dots(findings: Sequence[RunFindings]) -> Markup:
    """The four behaviours by kind of scenes: a dot an organism. Organisms of different settings are drawn as
    different runs."""
    parts = by_settings(findings)
    width = 0.8 / max(len(parts), 1)
    styles = [
        DotStyle(
            CYCLE[index % len(CYCLE)],
            MARKERS[index % len(MARKERS)],
            shorten(label),
            -0.4 + width * (index + 0.5),
            width,
        )
        for index, label in enumerate(run_labels(parts))
    ]
    with style():
        figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
        panels = figure.subplots(1, len(BEHAVIOURS), sharey=True)
        for axes, behaviour in zip(panels, BEHAVIOURS, strict=True):
            _draw_behaviour(axes, parts, styles, behaviour)
        panels[0].set_ylabel("rate")
        if parts:
            handles, texts = panels[0].get_legend_handles_labels()
            figure.legend(handles, texts, loc="outside lower center", ncols=min(4, len(parts)))
        return svg(figure, "Behaviour and generalisation")


def _draw_behaviour(
    axes: Axes, findings: Sequence[RunFindings], styles: Sequence[DotStyle], behaviour: str
) -> None:
    """One panel: a group of dots a kind of scenes."""
    axes.set_title(BEHAVIOUR_LABELS[behaviour])
    axes.axhline(BEHAVES, color=GREY, lw=0.7, ls="--")
    for group, scenes in enumerate(SCENE_LABELS):
        measured = False
        for run, dot_style in zip(findings, styles, strict=True):
            values = _rates(run, scenes, behaviour)
            if np.isfinite(values).any():
                measured = True
                _draw_dots(axes, values, group, dot_style)
        if not measured:
            axes.text(group, 0.5, "not measured", rotation=90, ha="center", va="center", color=GREY)
    ticks = [label.replace(" ", "\n") for label in SCENE_LABELS.values()]
    axes.set(xlim=(-0.5, 2.5), ylim=(-0.05, 1.05), xticks=range(3), xticklabels=ticks)


def _draw_dots(axes: Axes, values: Float[np.ndarray, " member"], group: int, dot_style: DotStyle) -> None:
    """Dots of one run with their mean and its interval. Only the first group has a label, for the legend."""
    centre, colour, half = group + dot_style.shift, dot_style.colour, 0.4 * dot_style.width
    label = None if group else dot_style.label
    dots = {"ms": 3.6, "mfc": colour, "mec": "white", "mew": 0.4, "label": label}
    axes.plot(centre + offsets(len(values), 0.2 * dot_style.width), values, dot_style.marker, ls="", **dots)
    mean, low, high = mean_interval(values)
    axes.plot([centre - half, centre + half], [mean, mean], color=colour, lw=1.4)
    axes.plot([centre, centre], [low, high], color=colour, lw=1.2, alpha=0.6)


def behaviour_rows(findings: RunFindings) -> Iterator[Row]:
    """Every rate of every member, with the kind of scenes, or *belief*, as its variable."""
    for member in findings.members:
        behaviour = findings[BehaviourResult].members[member]
        groups = {scenes: rates.by_name() for scenes, rates in behaviour.by_scenes().items()}
        for variable, rates in (groups | {"belief": behaviour.belief.by_name()}).items():
            for name, value in rates.items():
                role, metric = split_metric(name)
                yield Row(
                    member,
                    metric,
                    value,
                    phase="end",
                    step=findings.run.end_step,
                    role=role,
                    variable=variable,
                )
