"""The figure of the study of planted controls: shares found against shares planted."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.provenance.scoring import ScoredOrganism
from reports.drawing import CYCLE, GREY, MARKERS, WIDTH, not_measured, style, svg


def planted_shares_figure(organisms: Sequence[ScoredOrganism]) -> Markup:
    """The reused share found against the planted one, a dot an organism, a colour a truth. A line leads from
    what was dealt to what the lane carries."""
    shown_by_truth: dict[str, list[ScoredOrganism]] = {}
    for organism in organisms:
        if organism.planting_took and organism.reused_error is not None:
            shown_by_truth.setdefault(organism.truth, []).append(organism)
    with style():
        figure = Figure(figsize=(WIDTH * 0.6, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls="--")
        for index, (truth, members) in enumerate(shown_by_truth.items()):
            colour, marker = CYCLE[index % len(CYCLE)], MARKERS[index % len(MARKERS)]
            dots = {"ms": 5, "mfc": colour, "mec": "white", "mew": 0.5, "label": truth}
            carried = np.array([member.planted_shares["reused"] for member in members], float)  # pyright: ignore[reportOptionalSubscript]
            goals = np.array([member.goals_in_lane_a for member in members], float)
            planted = np.where(np.isnan(goals), carried, goals)
            measured = np.array([member.shares["reused"] for member in members], float)
            axes.hlines(measured, planted, carried, color=colour, lw=0.6, alpha=0.6)
            axes.plot(planted, measured, marker, ls="", **dots)
        if shown_by_truth:
            axes.legend(loc="upper left")
        else:
            not_measured(axes)
        labels = {"xlabel": "planted share, reused", "ylabel": "share found, reused"}
        axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), **labels)
        return Markup(svg(figure, "Shares found against shares planted"))
