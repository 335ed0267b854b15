"""Figures of the study *swap*: each fork watched here and there, who moves when, and what a sham watch
does."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from curricula.world.contrasts import Role
from experiments.studies.swap.arms import COSTS, Cost, Watch, WatchArm
from experiments.studies.swap.paired import SHOWN_ROLES
from experiments.studies.swap.summary import ForkShares, SwapSummary
from reports.drawing import BLUE, GREY, ORANGE, WIDTH, array, mean_over_members, not_measured, style, svg

ROLE_COLOURS: dict[Role, str] = {"self": BLUE, "character": ORANGE}
ROLE_WORDS: dict[Role, str] = {"self": "self", "character": "characters"}
COST_TITLES: dict[Cost, str] = {
    "overlap": "monitor and overlap cost",
    "self_side": "characters' side of it stopped",
    "none": "monitor alone",
}
MARGIN = 0.25
"""from either end of a line to the edge of its panel, as a share of the line's width"""


def paired_lines(
    axes: Axes, left: Float[np.ndarray, " member"], right: Float[np.ndarray, " member"], colour: str
) -> None:
    """A line a fork from its share in one arm to that in another, and a thick one between the means over the
    forks that have both."""
    both = np.isfinite(left) & np.isfinite(right)
    axes.set(xlim=(-MARGIN, 1 + MARGIN), ylim=(-0.04, 1.04), xticks=(0, 1), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.axhline(0.5, color=GREY, lw=0.6, ls=":")
    if not both.any():
        not_measured(axes)
        return
    pairs = np.stack([left[both], right[both]])
    axes.plot([0, 1], pairs, color=colour, lw=1, alpha=0.55)
    axes.plot(
        [0, 1], pairs.mean(1), color=colour, lw=3.2, marker="o", ms=7, mec="white", solid_capstyle="round"
    )


def swap_figure(summary: SwapSummary) -> Markup:
    """Share of either role's effect in the first half of every layer: a line a fork, from where the first
    half is watched to where the second is."""
    with style():
        figure = Figure(figsize=(WIDTH, 5.0), layout="constrained")
        panels = np.atleast_2d(figure.subplots(len(SHOWN_ROLES), len(COSTS), sharex=True, sharey=True))
        for row, role in zip(panels, SHOWN_ROLES, strict=True):
            for axes, cost in zip(row, COSTS, strict=True):
                left, right = (_in_first(summary, watch, cost, role) for watch in ("first", "second"))
                paired_lines(axes, left, right, ROLE_COLOURS[role])
                axes.set_xticklabels(["first half\nwatched", "second half\nwatched"])
                if role == SHOWN_ROLES[0]:
                    axes.set_title(COST_TITLES[cost])
            row[0].set_ylabel(f"{ROLE_WORDS[role]}: share in the first half")
        return Markup(svg(figure, "Forks watched here and there"))


def _in_first(summary: SwapSummary, watch: Watch, cost: Cost, role: Role) -> Float[np.ndarray, " member"]:
    return _column(
        summary.arms[WatchArm(watch, cost).name].organisms,
        lambda organism: organism.self_in_first if role == "self" else organism.character_in_first,
    )


def _column(
    organisms: Sequence[ForkShares], share: Callable[[ForkShares], float | None]
) -> Float[np.ndarray, " member"]:
    return array([share(organism) for organism in organisms])


def course_figure(summary: SwapSummary) -> Markup:
    """Share of either role's effect in the first half, over the steps from the fork: thin lines are
    organisms, thick ones means."""
    watches: dict[Watch, str] = {"first": "-", "second": "--"}
    with style():
        figure = Figure(figsize=(WIDTH, 5.0), layout="constrained")
        panels = np.atleast_2d(figure.subplots(len(SHOWN_ROLES), len(COSTS), sharex=True, sharey=True))
        for row, role in zip(panels, SHOWN_ROLES, strict=True):
            for axes, cost in zip(row, COSTS, strict=True):
                axes.set(ylim=(-0.04, 1.04), yticks=(0, 0.25, 0.5, 0.75, 1))
                axes.axhline(0.5, color=GREY, lw=0.6, ls=":")
                for course in summary.courses:
                    if (course.cost, course.role) != (cost, role):
                        continue
                    shares, line = array(course.shares), watches[course.watch]
                    axes.plot(course.steps, shares.T, color=ROLE_COLOURS[role], lw=0.8, alpha=0.45, ls=line)
                    mean = mean_over_members(shares)
                    label = f"{course.watch} half watched"
                    axes.plot(
                        course.steps,
                        mean,
                        color=ROLE_COLOURS[role],
                        lw=2.4,
                        ls=line,
                        marker="o",
                        ms=4,
                        label=label,
                    )
                if role == SHOWN_ROLES[0]:
                    axes.set_title(COST_TITLES[cost])
                else:
                    axes.set_xlabel("steps since the fork")
            row[0].set_ylabel(f"{ROLE_WORDS[role]}: share in the first half")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2)
        return Markup(svg(figure, "Who moves when"))


def sham_figure(summary: SwapSummary) -> Markup:
    """Share of self's effect in the first half where nobody watches and under a sham watch."""
    costs: tuple[Cost, ...] = ("overlap", "none")
    with style():
        figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
        panels = np.atleast_1d(figure.subplots(1, 2 * len(costs), sharey=True))
        places: list[tuple[Cost, Role]] = [(cost, role) for cost in costs for role in SHOWN_ROLES]
        for axes, (cost, role) in zip(panels, places, strict=True):
            left, right = (_in_first(summary, watch, cost, role) for watch in ("nobody", "sham"))
            paired_lines(axes, left, right, ROLE_COLOURS[role])
            axes.set_xticklabels(["nobody", "sham"])
            axes.set_title(
                f"{ROLE_WORDS[role]}, {'overlap cost' if cost == 'overlap' else 'no overlap cost'}"
            )
        panels[0].set_ylabel("share in the first half")
        return Markup(svg(figure, "A sham watch"))
