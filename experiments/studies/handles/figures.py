"""Figures of the study *handles*: what does each handle do on self, by what is known of the organism?"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.handles.makers import HANDLE_MAKERS, HandleMaker
from analysis.handles.telling import HOLDS
from experiments.studies.handles.shown import OrganismHandles
from experiments.studies.handles.summary import HandlesSummary
from reports.drawing import BLUE, GREEN, GREY, ORANGE, WIDTH, array, not_measured, offsets, style, svg

MAKER_COLOURS: dict[HandleMaker, str] = {"fork": BLUE, "end": ORANGE, "self": GREEN}
MAKER_LABELS: dict[HandleMaker, str] = {
    "fork": "made from characters at the fork",
    "end": "made from characters at the end",
    "self": "made from self",
}
SPACING = 0.24
"""between the columns of a group"""
LOWEST, HIGHEST = -0.3, 1.3
"""what is drawn; values beyond are drawn at the edge"""
Values = Callable[[OrganismHandles], Sequence[float | None]]


class HandlePanel(NamedTuple):
    """What one panel shows of each organism, by maker."""

    title: str
    values: Values
    by_chance: Values


PANELS: Sequence[HandlePanel] = (
    HandlePanel(
        "location: share of self's gate that is taken",
        lambda organism: organism.location,
        lambda organism: organism.location_by_chance,
    ),
    HandlePanel(
        "probe: area under the curve on self, alone against watched",
        lambda organism: organism.auroc,
        lambda organism: organism.auroc_by_chance,
    ),
    HandlePanel(
        "direction: share of self's gate that is moved",
        lambda organism: organism.direction,
        lambda organism: organism.direction_by_chance,
    ),
)


def handles_figure(summary: HandlesSummary) -> Markup:
    """A panel a kind of handle: a dot an organism, a bar the mean, three columns a group."""
    with style():
        figure = Figure(figsize=(WIDTH, 7.2), layout="constrained")
        panels = figure.subplots(len(PANELS), 1, sharex=True)
        for axes, panel in zip(np.atleast_1d(panels), PANELS, strict=True):
            draw_groups(axes, summary.organisms, panel)
            axes.set_title(panel.title)
        handles = [
            panels[0].plot([], [], "o", color=MAKER_COLOURS[maker], label=MAKER_LABELS[maker])[0]
            for maker in HANDLE_MAKERS
        ]
        handles += panels[0].plot([], [], "x", color=GREY, label="by chance")
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
        return svg(figure, "What each handle does on self, by provenance")


def draw_groups(axes: Axes, organisms: Sequence[OrganismHandles], panel: HandlePanel) -> None:
    """The columns of every group, side by side."""
    names = list(dict.fromkeys((organism.source, organism.provenance) for organism in organisms))
    axes.axhline(HOLDS, color=GREY, lw=0.7, ls=":")
    axes.set(ylim=(LOWEST - 0.05, HIGHEST + 0.05), xlim=(-0.6, max(len(names), 1) - 0.4))
    if not names:
        not_measured(axes)
        return
    for place, (source, provenance) in enumerate(names):
        group = [o for o in organisms if (o.source, o.provenance) == (source, provenance)]
        for column, maker in enumerate(HANDLE_MAKERS):
            present, chance = (
                array([values(organism)[column] for organism in group])
                for values in (panel.values, panel.by_chance)
            )
            present, chance = present[np.isfinite(present)], chance[np.isfinite(chance)]
            middle = place + SPACING * (column - 1)
            if not len(present):
                continue
            drawn = np.clip(present, LOWEST, HIGHEST)
            axes.plot(
                middle + offsets(len(drawn), SPACING / 3),
                drawn,
                "o",
                ms=3,
                color=MAKER_COLOURS[maker],
                alpha=0.6,
            )
            mean = np.clip(present.mean(), LOWEST, HIGHEST)
            axes.plot(
                [middle - SPACING / 2.4, middle + SPACING / 2.4],
                [mean] * 2,
                color=MAKER_COLOURS[maker],
                lw=2.6,
            )
            if len(chance):
                axes.plot(middle, np.clip(chance.mean(), LOWEST, HIGHEST), "x", ms=6, mew=1.6, color=GREY)
    labels = [f"{source}\n{provenance.replace('_', ' ')}" for source, provenance in names]
    axes.set_xticks(range(len(names)), labels)
