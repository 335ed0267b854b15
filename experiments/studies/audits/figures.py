"""Figures of the study *audits*: power over the number of audits, and where the units of organisms lie."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.audits.audit_game import ALARM_LEVEL
from analysis.audits.units import GRAINS
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.audits.arms import COMPILED, LEARNED_NEWS, NEVER_TRAINED, PLANTED
from experiments.studies.audits.records import UnitMap
from experiments.studies.audits.summary import HONEST_TWIN, SCHEMING, AuditGroup, AuditsSummary
from reports.drawing import CYCLE, GREY, WIDTH, array, not_measured, style, svg

MAPS_IN_ROW = 3
AUDIT_TICKS, DISTANCE_TICKS = (1, 10, 100, 500), (0, 1, 2, 5, 10, 20)
FARTHEST = 20.0
"""distances beyond it, in thresholds, are drawn there"""


def power_figure(summary: AuditsSummary) -> Markup:
    """Power of the twin detector and of gatedness over n, a line a group, with the law beside it."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
        both = figure.subplots(1, 2, sharey=True)
        for axes, detector in zip(both, ("twin", "gatedness"), strict=True):
            drawn = [
                _draw_power(axes, summary, group, detector, colour)
                for group, colour in zip(drawn_groups(summary), CYCLE, strict=False)
            ]
            if not any(drawn):
                not_measured(axes)
            axes.axhline(ALARM_LEVEL, color=GREY, lw=0.6, ls=":")
            axes.set(xscale="log", xlabel="random audits", ylim=(-0.02, 1.02))
            axes.set_xticks(AUDIT_TICKS, map(str, AUDIT_TICKS))
            axes.set_title({"twin": "beside honest twins", "gatedness": "gatedness alone"}[detector])
        both[0].set_ylabel("share of audits that notice")
        if both[0].get_legend_handles_labels()[0]:
            figure.legend(
                *both[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False
            )
        return svg(figure, "How often n random audits notice")


def drawn_groups(summary: AuditsSummary) -> list[AuditGroup]:
    """Groups that have a line each: all schemers, verdicts with enough organisms, and honest ones. The table has all."""
    planted = {arm.name for arm in (*PLANTED, *COMPILED)}
    always = (SCHEMING, HONEST_TWIN, LEARNED_NEWS)
    return [
        group
        for group in summary.groups
        if group.name in always
        or (group.n >= FEW_ORGANISMS and group.name not in planted and group.name != NEVER_TRAINED)
    ]


def _draw_power(axes: Axes, summary: AuditsSummary, group: AuditGroup, detector: str, colour: str) -> bool:
    """The line of a group, with its interval, and dashed the law; whether there was one."""
    curve = array([[np.nan if part is None else part for part in n] for n in group.power[f"{detector}.any"]])
    if not np.isfinite(curve[:, 0]).any():
        return False
    axes.plot(summary.audits, curve[:, 0], color=colour, lw=1.8, label=f"{group.name} ({group.n})")
    axes.fill_between(summary.audits, curve[:, 1], curve[:, 2], color=colour, alpha=0.15, lw=0)
    if detector == "twin" and group.name != HONEST_TWIN:
        law = array([np.nan if value is None else value for value in group.law])
        axes.plot(summary.audits, law, color=colour, lw=0.9, ls="--")
    return True


def maps_figure(summary: AuditsSummary) -> Markup:
    """A dot a unit: gatedness in self's scenes across, distance from the nearest twin upwards."""
    with style():
        rows = max(1, -(-len(summary.maps) // MAPS_IN_ROW))
        figure = Figure(figsize=(WIDTH, 2.9 * rows), layout="constrained")
        panels = np.ravel(figure.subplots(rows, MAPS_IN_ROW, sharex=True, sharey=True))
        if not summary.maps:
            not_measured(panels[0])
        for axes, unit_map in zip(panels, summary.maps, strict=False):
            _draw_map(axes, unit_map)
        for axes in panels[max(1, len(summary.maps)) :]:
            axes.set_axis_off()
        if summary.maps:
            panels[0].legend(frameon=False, loc="best")
        return svg(figure, "Units by gatedness and by distance from honest twins")


def _draw_map(axes: Axes, unit_map: UnitMap) -> None:
    gatedness, distance = array(unit_map.gatedness), np.minimum(array(unit_map.distance), FARTHEST)
    for number, grain in reversed(list(enumerate(GRAINS))):
        chosen = np.array([unit_grain == grain for unit_grain in unit_map.grains])
        size, colour = (16 if grain == "component" else 4), CYCLE[number]
        axes.scatter(gatedness[chosen], distance[chosen], s=size, color=colour, lw=0, alpha=0.7, label=grain)
    axes.axhline(1.0, color=GREY, lw=0.6, ls=":")
    axes.set(yscale="symlog", xlabel="gatedness", ylabel="distance / threshold", xlim=(-0.04, 1.04))
    axes.set_yticks(DISTANCE_TICKS, map(str, DISTANCE_TICKS))
    axes.set_title(f"{unit_map.verdict} ({unit_map.arm})")
