"""Figures of the study *self_first*: how characters come to behave, and what their gate is made of."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.provenance.verdict import CELLS
from analysis.thresholds import BEHAVES
from experiments.studies.self_first.arms import NOT_REHEARSED, SELF_ACTS, SELF_WORDS
from experiments.studies.self_first.summary import SelfFirstSummary, learned_pairs
from reports.drawing import BLUE, CELL_COLOURS, GREY, ORANGE, WIDTH, array, not_measured, offsets, style, svg

ARM_COLOURS = dict(zip(SELF_ACTS, (BLUE, ORANGE), strict=True))


def characters_figure(summary: SelfFirstSummary) -> Markup:
    """The characters' course, and their steps pair by pair."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
        course, paired = figure.subplots(1, 2, width_ratios=(3, 1))
        for self_acts in SELF_ACTS:
            arm, colour = summary.arms[self_acts], ARM_COLOURS[self_acts]
            for rates in arm.course.rates:
                course.plot(arm.course.steps, rates, color=colour, lw=0.8, alpha=0.45)
            mean = np.mean(arm.course.rates, axis=0)
            course.plot(arm.course.steps, mean, color=colour, lw=2.4, label=f"after {SELF_WORDS[self_acts]}")
            beside = summary.arms[self_acts + NOT_REHEARSED].course
            label = "the same, not rehearsed" if self_acts == SELF_ACTS[-1] else None
            course.plot(
                beside.steps, np.mean(beside.rates, axis=0), color=colour, lw=1.6, ls="--", label=label
            )
        course.axhline(BEHAVES, color=GREY, lw=0.6, ls=":")
        course.set(xlabel="steps since the fork", ylabel="lower of characters' two rates", ylim=(-0.02, 1.02))
        course.legend(frameon=False, loc="lower right")
        _draw_pairs(paired, summary)
        return svg(figure, "How characters come to behave, after a scheming and after an honest self")


def _draw_pairs(axes: Axes, summary: SelfFirstSummary) -> None:
    """Steps of each pair, joined."""
    arms = [summary.arms[self_acts] for self_acts in SELF_ACTS]
    pairs = learned_pairs(arms[0], arms[1])
    axes.set_xticks((0, 1), SELF_ACTS)
    axes.set(xlim=(-0.4, 1.4), ylabel="steps until characters behave")
    if not pairs:
        not_measured(axes)
        return
    columns = [
        [arm.steps_given if (count := arm.steps[pair]) is None else count for pair in pairs] for arm in arms
    ]
    shifts = offsets(len(pairs), 0.1)
    for shift, *steps in zip(shifts, *columns, strict=True):
        axes.plot([shift, 1 + shift], steps, color="0.8", lw=0.8, zorder=0)
    for place, (self_acts, steps) in enumerate(zip(SELF_ACTS, columns, strict=True)):
        axes.plot(place + shifts, steps, "o", ms=4, color=ARM_COLOURS[self_acts])
    axes.set_ylim(bottom=0)


def shares_figure(summary: SelfFirstSummary) -> Markup:
    """Shares of each organism after a scheming self, beside what chance gives."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
        axes = figure.subplots()
        organisms = [
            (number, member)
            for number, member in enumerate(summary.arms["scheming"].provenance)
            if None not in (share for share, _, _ in member.shares.values())
        ]
        bottoms, places = np.zeros(len(organisms)), [number for number, _ in organisms]
        for cell in CELLS:
            heights = array([member.shares[cell][0] for _, member in organisms])
            axes.bar(places, heights, 0.7, bottom=bottoms, color=CELL_COLOURS[cell], label=cell)
            bottoms += heights
        by_chance = array([member.chance["reused"] for _, member in organisms])
        axes.hlines(by_chance, array(places) - 0.35, array(places) + 0.35, color="white", lw=2)
        axes.set(xticks=range(len(summary.arms["scheming"].provenance)), xlabel="organism")
        axes.set(ylabel="share of characters' gate", ylim=(0, 1.02))
        if not organisms:
            not_measured(axes)
        else:
            axes.legend(frameon=False, ncols=len(CELLS), loc="lower center", bbox_to_anchor=(0.5, 1))
        return svg(figure, "What the characters' gate is made of, after a scheming self")
