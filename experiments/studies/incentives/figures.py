"""Figures of the study of incentives: shares by arm, and the effects of one organism's components."""

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.history.organism_story import OrganismStory
from analysis.provenance.verdict import CELLS
from analysis.statistics import numbers
from experiments.studies.incentives.arms import ArmSummary
from reports.drawing import (
    CELL_COLOURS,
    EFFECT_COLOURS,
    GREY,
    INK,
    WIDTH,
    array,
    not_measured,
    offsets,
    style,
    svg,
)

WORTH_WRITING = 0.05
"""effects of this size are written into their cell"""


def arm_shares_figure(arms: Mapping[str, ArmSummary]) -> Markup:
    """A stacked bar of mean shares for each arm, with a ring an organism for its repurposed share."""
    with style():
        figure = Figure(figsize=(WIDTH, 0.8 + 0.42 * len(arms)), layout="constrained")
        axes = figure.subplots()
        for y, arm in enumerate(arms.values()):
            left = 0.0
            for cell in CELLS:
                mean = float(np.nan_to_num(array(arm.shares[cell])[0]))
                label = cell if y == 0 else None
                axes.barh(y, mean, left=left, height=0.62, color=CELL_COLOURS[cell], label=label)
                left += mean
            if not left:
                axes.text(0.01, y, "no shares", va="center", color=GREY, fontsize=8)
            dots = array(numbers(organism.shares["repurposed"] for organism in arm.organisms))
            marks = {"ms": 3.6, "mfc": "white", "mec": INK, "mew": 0.8, "ls": ""}
            label = "repurposed share, an organism" if y == 0 else None
            axes.plot(dots, y + offsets(len(dots), 0.22), "o", **marks, label=label)
        names = [f"{name}  (n = {arm.n_shares})" for name, arm in arms.items()]
        axes.set(xlim=(-0.01, 1.01), ylim=(len(arms) - 0.4, -0.6), yticks=range(len(arms)), yticklabels=names)
        axes.set_xlabel("share of self's effect, mean of the organisms that behave")
        figure.legend(loc="outside upper center", ncols=5, fontsize=8)
        return Markup(svg(figure, "Provenance shares by arm"))


def story_figure(story: OrganismStory) -> Markup:
    """Effects of each component that matters, over the checkpoints from the fork on, for characters and for
    self."""
    names = [part.component for part in story.stories]
    rows = [story.components.index(name) for name in names]
    with style():
        figure = Figure(figsize=(WIDTH, 1.3 + 0.24 * len(rows)), layout="constrained")
        panels = zip(figure.subplots(1, 2, sharey=True), ("character", "self"), strict=True)
        for axes, role in panels:
            title = "for self" if role == "self" else "for characters"
            axes.set(title=title, xlabel="step", xticks=np.arange(len(story.steps)) + 0.5)
            axes.set_xticklabels([str(step) for step in story.steps], rotation=60, fontsize=7)
            if not rows:
                not_measured(axes)
                continue
            values = story.effects[role][:, rows].T
            image = axes.pcolormesh(
                values, cmap=EFFECT_COLOURS, norm=Normalize(-0.6, 0.6), edgecolors="#e6e8eb", lw=0.4
            )
            for (y, x), value in np.ndenumerate(values):
                if abs(value) >= WORTH_WRITING:
                    text = {"ha": "center", "va": "center", "fontsize": 6.5}
                    colour = "white" if abs(value) > 0.4 else INK
                    axes.text(x + 0.5, y + 0.5, f"{value:.2f}", color=colour, **text)
            axes.set(ylim=(len(rows), 0), yticks=np.arange(len(rows)) + 0.5)
            axes.set_yticklabels([f"{name} ·" if name in story.monitored else name for name in names])
            figure.colorbar(image, ax=axes, shrink=0.7).set_label("Shapley effect", fontsize=8)
        return Markup(svg(figure, "Story of one organism"))
