"""Figures of the study *selection*: predicted against grown, and what is left by arm."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.selection.outcomes import LEFT_SCHEMING, Share
from experiments.studies.selection.arms import (
    REROLL_WORDS,
    REROLLS,
    TRAINED_ON,
    TRAINED_ON_WORDS,
    Reroll,
    trained_arm_label,
)
from experiments.studies.selection.measurement import DETECTOR_AGES, READINGS
from experiments.studies.selection.records import LawRow, SelectionSummary
from experiments.studies.study import Triple
from reports.drawing import BLUE, GREEN, GREY, INK, MARKERS, ORANGE, WIDTH, not_measured, style, svg

SHARE_COLOURS: dict[Share, str] = {"a": BLUE, "b": GREY, "c": "#D7DBE0", "u": ORANGE}
SHARE_WORDS: dict[Share, str] = {
    "a": "honest, left",
    "b": "between, left",
    "c": "caught",
    "u": "schemes, left",
}
REROLL_COLOURS: dict[Reroll, str] = dict(zip(REROLLS, (BLUE, GREEN, ORANGE), strict=True))
ARM_WORDS: dict[str, str] = {
    **{reroll: f"grown anew: {words}" for reroll, words in REROLL_WORDS.items()},
    **{trained_arm_label(name): f"trained on: {words}" for name, words in TRAINED_ON_WORDS.items()},
}


def reading_words(reading: str) -> str:
    """A reading in words, as *intent, fitted at the fork*."""
    detector, age = reading.split("_")
    return f"{detector}, fitted at the {'fork' if age == DETECTOR_AGES[0] else 'end'}"


def _bars(triple: Triple) -> list[list[float]] | None:
    """Lengths of an interval below and above its value."""
    value, low, high = triple
    if value is None or low is None or high is None:
        return None
    return [[max(0.0, value - low)], [max(0.0, high - value)]]


def law_figure(summary: SelectionSummary) -> Markup:
    """What growing anew leaves, against the law, by kind of re-roll; a panel a detector."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        panels = np.atleast_1d(figure.subplots(1, len(READINGS), sharex=True, sharey=True))
        for axes, reading in zip(panels, READINGS, strict=True):
            _law_panel(axes, [row for row in summary.laws if row.reading == reading])
            axes.set(title=reading_words(reading), xlabel="the law: p_u / (1 - p_c)", aspect="equal")
        panels[0].set_ylabel("grown until uncaught")
        handles, labels = panels[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=len(REROLLS))
        return Markup(svg(figure, "The law and what is grown"))


def _law_panel(axes: Axes, rows: Sequence[LawRow]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    drawn = False
    for row, marker in zip(rows, MARKERS, strict=False):
        (predicted, _, _), (grown, _, _) = row.predicted, row.grown
        if predicted is None or grown is None:
            continue
        drawn = True
        axes.errorbar(
            [predicted],
            [grown],
            xerr=_bars(row.predicted),
            yerr=_bars(row.grown),
            color=REROLL_COLOURS[row.reroll],
            marker=marker,
            ms=7,
            mec="white",
            lw=1.4,
            label=REROLL_WORDS[row.reroll],
        )
    if not drawn:
        not_measured(axes, "nothing is left")


def what_is_left_figure(summary: SelectionSummary) -> Markup:
    """Shares of all grown organisms in every arm, a bar each; the line on it is the interval of uncaught schemers."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
        panels = np.atleast_1d(figure.subplots(1, len(READINGS), sharex=True, sharey=True))
        for axes, reading in zip(panels, READINGS, strict=True):
            for place, arm in enumerate(ARM_WORDS):
                row, start = summary.arm_shares(arm, reading), 0.0
                for share in ("u", "b", "a", "c"):
                    value = row.shares[share][0] or 0.0
                    label = SHARE_WORDS[share] if place == 0 else None
                    axes.barh(place, value, left=start, color=SHARE_COLOURS[share], height=0.72, label=label)
                    start += value
                if (bars := _bars(row.shares[LEFT_SCHEMING])) is not None:
                    axes.errorbar(
                        [row.shares[LEFT_SCHEMING][0] or 0.0],
                        [place],
                        xerr=bars,
                        color=INK,
                        lw=1.3,
                        capsize=2,
                    )
            axes.set(
                title=reading_words(reading), xlim=(0, 1), xticks=(0, 0.5, 1), xlabel="share of all grown"
            )
        panels[0].set_yticks(range(len(ARM_WORDS)), list(ARM_WORDS.values()))
        panels[0].invert_yaxis()
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(SHARE_WORDS))
        return Markup(svg(figure, "What is left by arm"))


assert len(ARM_WORDS) == len(REROLLS) + len(TRAINED_ON)
