"""Figures of the study *disuse*: what does disuse look like? Retention, survival, exercise and decay alone.

In every panel of retention a thin line is an organism and a thick one their mean; the scale is the whole one.
Where nothing was lost, lines lie on one another at the top.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.forgetting.retention import Retention
from experiments.studies.disuse.headline import drive_text
from experiments.studies.disuse.plan import MECHANISMS, PASSIVE
from experiments.studies.disuse.summary import Exercise
from experiments.studies.disuse.trial_results import Trials
from reports.drawing import BLUE, CYCLE, GREY, INK, ORANGE, WIDTH, array, not_measured, style, svg


def _colour(mechanism: str) -> str:
    return BLUE if mechanism.startswith("shared") else ORANGE


def _means(retention: Retention) -> np.ndarray:
    return array([mean for mean, _, _ in retention.mean])


def _draw_lines(axes: Axes, retention: Retention, colour: str, label: str | None = None) -> None:
    if not retention.n:
        not_measured(axes, "no organism had the mode")
        return
    for organism in retention.organisms:
        axes.plot(retention.steps, organism, color=colour, lw=0.5, alpha=0.45)
    axes.plot(retention.steps, _means(retention), color=colour, lw=1.9, label=label)


def _panels(amount: int, height: float) -> tuple[Figure, Sequence[Axes]]:
    """A figure of panels side by side, with one scale."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, amount, sharey=True, squeeze=False)[0].tolist()


def _set_frame(axes: Axes, last: float) -> None:
    axes.axhline(0.5, color=GREY, lw=0.6, ls="--")
    axes.set(xlim=(0, last), ylim=(-0.03, 1.05))


def retention_figure(drives: Mapping[str, Mapping[str, Retention]]) -> Markup:
    """A panel for each mechanism and drive; in grey under each, the passive null of the same mechanism."""
    columns = list(next(iter(drives.values())))
    with style():
        figure = Figure(figsize=(WIDTH, 0.6 + 1.45 * len(drives)), layout="constrained")
        grid = figure.subplots(len(drives), len(columns), squeeze=False, sharex=True, sharey=True)
        for row, (name, by_drive) in zip(grid, drives.items(), strict=True):
            for axes, drive in zip(row, columns, strict=True):
                _draw_retention(axes, by_drive, drive, _colour(name))
                if axes in grid[0]:
                    null = " (passive null)" if drive == PASSIVE else ""
                    axes.set_title(f"drive: {drive_text(drive)}{null}")
            row[0].set_ylabel(MECHANISMS[name].label.replace(" (", "\n("), fontsize=8)
        figure.supxlabel("steps of disuse (dotted: the passive null of the same mechanism)", fontsize=8.5)
        figure.supylabel("rate of Y when self is put alone", fontsize=8.5)
        return svg(figure, "Retention in disuse")


def _draw_retention(axes: Axes, by_drive: Mapping[str, Retention], drive: str, colour: str) -> None:
    retention, passive = by_drive[drive], by_drive[PASSIVE]
    if drive != PASSIVE and passive.n:
        axes.plot(passive.steps, _means(passive), color=GREY, lw=1.2, ls=":")
    _draw_lines(axes, retention, colour)
    _set_frame(axes, float(retention.steps[-1]))
    count = f"{retention.dead} of {retention.n} fell to half"
    axes.text(0.98, 0.06, count, transform=axes.transAxes, ha="right", fontsize=7)


def survival_figure(drives: Mapping[str, Mapping[str, Retention]]) -> Markup:
    """Kaplan-Meier curves: a panel a drive, a curve a mechanism, with their 95 % intervals."""
    columns = list(next(iter(drives.values())))
    with style():
        figure, panels = _panels(len(columns), 2.8)
        for axes, drive in zip(panels, columns, strict=True):
            for n, name in enumerate(drives):
                _draw_survival(axes, drives[name][drive], MECHANISMS[name].label, n)
            axes.axhline(0.5, color=GREY, lw=0.6, ls="--")
            axes.set(title=f"drive: {drive_text(drive)}", ylim=(-0.06, 1.05), xlabel="steps of disuse")
        figure.axes[0].set_ylabel("organisms that have the mode")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return svg(figure, "Survival of the unused mode")


def _draw_survival(axes: Axes, retention: Retention, label: str, n: int) -> None:
    """One curve, drawn to the last reading, a little below those before it."""
    if not retention.n:
        return
    curve, last = retention.survival, retention.steps[-1]
    time = [*curve.time, last]
    alive, low, high = (array([*shares, shares[-1]]) for shares in (curve.alive, curve.low, curve.high))
    axes.step(
        time,
        alive - 0.012 * n,
        where="post",
        color=CYCLE[n],
        lw=1.7,
        label=f"{label} (n = {retention.n})",
    )
    axes.fill_between(time, low, high, step="post", color=CYCLE[n], alpha=0.09, lw=0)
    axes.set(xlim=(0, last))


def exercise_figure(exercise: Mapping[str, Exercise]) -> Markup:
    """Retention at the end against the exercise rate, under the strongest drive: a dot an organism, a line
    their mean."""
    with style():
        figure, panels = _panels(len(exercise), 2.5)
        for axes, (name, part) in zip(panels, exercise.items(), strict=True):
            place = np.arange(len(part.rates))
            for x, retention in zip(place, part.rates.values(), strict=True):
                ends = [organism[-1] for organism in retention.organisms]
                offsets = 0.12 * np.linspace(-1, 1, max(len(ends), 1))[: len(ends)]
                axes.plot(x + offsets, ends, "o", ms=3, color=BLUE, alpha=0.5)
            means = array([retention.at_end[0] for retention in part.rates.values()])
            axes.plot(place, means, color=INK, lw=1.4)
            _set_frame(axes, 1.0)
            axes.set(
                title=MECHANISMS[name].label,
                xlim=(-0.4, len(place) - 0.6),
                xticks=place,
                xticklabels=list(part.rates),
            )
        panels[0].set_ylabel("rate of Y at the end of disuse")
        figure.supxlabel("exercise rate: share of self's moments in which it is alone", fontsize=8.5)
        return svg(figure, "Retention against exercise")


def characters_absent_figure(absent: Mapping[str, Retention]) -> Markup:
    """Retention of the characters' mode while no character acts and self goes on."""
    with style():
        figure, panels = _panels(len(absent), 2.3)
        for axes, (name, retention) in zip(panels, absent.items(), strict=True):
            _draw_lines(axes, retention, _colour(name))
            _set_frame(axes, float(retention.steps[-1]))
            axes.set_title(f"{MECHANISMS[name].label}: {retention.dead} of {retention.n} fell to half")
        panels[0].set_ylabel("characters alone: secret")
        figure.supxlabel("steps without characters", fontsize=8.5)
        return svg(figure, "Retention of the characters' mode")


def decay_figure(decay_only: Mapping[str, Mapping[str, Retention]], trials: Mapping[str, Trials]) -> Markup:
    """Weight decay alone: retention seen, and the rates of organisms scaled down by the predicted norm."""
    with style():
        figure, panels = _panels(len(decay_only), 2.3)
        for axes, (name, by_decay) in zip(panels, decay_only.items(), strict=True):
            for colour, (decay, retention) in zip((GREY, BLUE), by_decay.items(), strict=False):
                _draw_lines(axes, retention, colour, f"decay {decay}")
            _draw_prediction(axes, trials[name])
            _set_frame(axes, float(next(iter(by_decay.values())).steps[-1]))
            axes.set_title(MECHANISMS[name].label)
        panels[0].set_ylabel("rate of Y when alone")
        if panels[0].get_legend_handles_labels()[0]:
            panels[0].legend(loc="lower left", fontsize=7)
        figure.supxlabel("steps without gradients", fontsize=8.5)
        return svg(figure, "Weight decay alone")


def _draw_prediction(axes: Axes, trials: Trials) -> None:
    if trials.decay is None or not trials.decay.prediction.steps:
        return
    predicted = trials.decay.prediction
    axes.plot(
        predicted.steps, array(predicted.mean), "x", ms=5, color=ORANGE, label="predicted from the norm"
    )
    axes.plot(
        predicted.steps,
        array(predicted.norm),
        color=INK,
        lw=1,
        ls=":",
        label="norm, as a share of its start",
    )
