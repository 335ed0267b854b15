"""Effects in the report: which components carry the difference that a variable makes?

Heat maps of Shapley effects, layers by components, for either role at the fork and at the end, and the same
numbers as rows of effects.parquet. What a map of means does *not* show: single organisms, so there is a map
of each as well.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.findings import RunFindings, RunInfo
from analysis.patching.results import CheckpointName, EffectsResult
from curricula.world.contrasts import VARIABLES, Role, Variable
from reports.drawing import (
    EFFECT_COLOURS,
    GREY,
    INK,
    ORANGE,
    WIDTH,
    mean_over_members,
    not_measured,
    style,
    svg,
)
from reports.section import Block, Heading, Paragraph, Picture, Section
from reports.sections.runs import runs_with
from reports.tables import Row

MemberEffects = Float[np.ndarray, "member component"] | None
"""effects of every component in some organisms; None where they were measured in none"""

PANELS: tuple[tuple[CheckpointName, Role], ...] = (
    ("fork", "character"),
    ("fork", "self"),
    ("end", "character"),
    ("end", "self"),
)
"""checkpoint and role of each column of a map"""
LEAST_PRINTED = 0.05
"""effects smaller than this are drawn without their number"""
INTRODUCTION = (
    "Shapley value of each component, head (H) or block of neurons (M), on the logit difference between the "
    "two acts, when its output is replaced by that of a scene that differs in one variable only (resample "
    "ablation). All components together give 1."
)
MEAN_CAPTION = (
    "Mean over {members} organisms, or over those that a panel names. Characters and self, at the fork and "
    "at the end; one row a variable. Values of 0.05 or more are printed. Head 1 of one organism is not head "
    "1 of another: read layers and kinds here, and heads below."
)
MEMBER_CAPTION = Markup(
    "The variable <em>{}</em> in each organism. The other variables are in the table effects.parquet."
)
METHOD = Markup(
    "<strong>Effect</strong>: resample ablation from minimal pairs, on the logit difference of the two "
    "acts, as Shapley values over components (Ghorbani &amp; Zou 2020, arXiv 2002.09815)."
)
NOT_SHOWN = (
    "All effects are resample ablations on these minimal pairs, of one difference of logits: other scenes, "
    "other ablations and other outputs were not tried.",
    "Shapley values depend on what counts as a component. Heads and blocks of neurons are coarse: two "
    "mechanisms inside one block look like one, and finer parts could divide the effect otherwise.",
)


class ComponentGrid(NamedTuple):
    """How components lie in a heat map: layers down; in each, heads and then blocks of neurons."""

    layers: int
    heads: int
    neuron_blocks: int


class EffectRow(NamedTuple):
    """One row of a grid of heat maps."""

    label: str
    effects: Sequence[MemberEffects]
    """a panel each, in the order of `PANELS`"""


def effects_section(findings: Sequence[RunFindings]) -> Section | None:
    """Two figures of every run."""
    blocks: list[Block] = [Paragraph(INTRODUCTION)]
    for label, run in runs_with(findings, EffectsResult):
        blocks.append(Heading(label))
        variables = measured_variables(run)
        if not variables:
            blocks.append(Paragraph("Not measured.", soft=True))
            continue
        blocks += [
            Picture(mean_effect_maps(run), MEAN_CAPTION.format(members=len(run.members))),
            Picture(member_effect_maps(run, variables[0]), MEMBER_CAPTION.format(variables[0])),
        ]
    return Section(
        "Which components carry the effect",
        "effects",
        tuple(blocks),
        NOT_SHOWN,
        METHOD,
        link="Effects",
        rank=18,
    )


def effects_rows(findings: RunFindings) -> Iterator[Row]:
    """Every effect with its interval, member by member."""
    run = findings.run
    for effects in findings[EffectsResult].measured:
        for member in findings.members:
            sides = zip(effects.value[member], effects.low[member], effects.high[member], strict=True)
            for component, (value, low, high) in zip(run.components, sides, strict=True):
                yield Row(
                    member,
                    "shapley",
                    value,
                    low,
                    high,
                    phase=effects.checkpoint,
                    step=run.step_of(effects.checkpoint),
                    role=effects.role,
                    variable=effects.variable,
                    component=component,
                )


def measured_variables(findings: RunFindings) -> list[Variable]:
    """Variables that were measured for either role at either checkpoint, *watched* first."""
    measured = {effects.variable for effects in findings[EffectsResult].measured}
    return [name for name in VARIABLES if name in measured]


def mean_effect_maps(findings: RunFindings) -> Markup:
    """Mean effects over organisms: a row a variable, a panel a checkpoint and role."""
    rows = [
        EffectRow(variable, _effects(findings, variable, findings.members))
        for variable in measured_variables(findings)
    ]
    title = f"Effects in {findings.run.run}, mean over organisms"
    return _effect_grid(findings.run, rows, title, print_values=True)


def member_effect_maps(findings: RunFindings, variable: Variable = "watched") -> Markup:
    """Effects of one variable, with a row a member."""
    rows = [
        EffectRow(f"member {member}", _effects(findings, variable, [member])) for member in findings.members
    ]
    title = f"Effects on {variable} in {findings.run.run} by organism"
    return _effect_grid(findings.run, rows, title, print_values=False)


def _effects(findings: RunFindings, variable: Variable, members: Sequence[int]) -> list[MemberEffects]:
    """Effects of one variable in some members, a panel each."""
    panels: list[MemberEffects] = []
    for checkpoint, role in PANELS:
        effects = findings[EffectsResult].find(checkpoint, role, variable)
        values = None if effects is None else effects.value[list(members)]
        panels.append(values if values is not None and np.isfinite(values).any() else None)
    return panels


def _effect_grid(run: RunInfo, rows: Sequence[EffectRow], title: str, print_values: bool) -> Markup:
    """A heat map for every row and panel, as a picture for a page."""
    grid = ComponentGrid(run.layers, run.heads, run.neuron_blocks)
    with style():
        return svg(effects_figure(grid, rows, print_values), title)


def effects_figure(grid: ComponentGrid, rows: Sequence[EffectRow], print_values: bool) -> Figure:
    """A heat map for every row and panel, all on one colour scale that is symmetric about 0. To be called, and drawn,
    within `reports.drawing.style`.

    Each panel is a mean over its organisms; where only some of them have numbers its title gives their count.
    """
    limit = _colour_limit(rows)
    row_height = (0.34 if print_values else 0.24) * grid.layers + 0.3
    figure = Figure(figsize=(WIDTH, 0.75 + row_height * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), len(PANELS), squeeze=False)
    for axes, (checkpoint, role) in zip(panels[0], PANELS, strict=True):
        axes.set_title(f"{'characters' if role == 'character' else role}, {checkpoint}")
    for row, row_axes in zip(rows, panels, strict=True):
        for axes, effects in zip(row_axes, row.effects, strict=True):
            axes.set(xlim=(0, grid.heads + grid.neuron_blocks), ylim=(grid.layers, 0), xticks=[], yticks=[])
            axes.tick_params(length=0)
            _draw_effects(axes, grid, effects, limit, print_values)
        row_axes[0].set_ylabel(row.label, fontsize=9)
        layers = [f"layer {layer}" for layer in range(grid.layers)]
        row_axes[0].set_yticks(np.arange(grid.layers) + 0.5, layers)
    for axes in panels[-1]:
        names = [f"H{head}" for head in range(grid.heads)] + [f"M{n}" for n in range(grid.neuron_blocks)]
        axes.set_xticks(np.arange(len(names)) + 0.5, names, fontsize=7)
    scale = ScalarMappable(Normalize(-limit, limit), EFFECT_COLOURS)
    ticks = [-limit, 0, limit]
    bar = figure.colorbar(scale, ax=panels, location="bottom", shrink=0.4, aspect=40, ticks=ticks, pad=0.02)
    bar.set_label("Shapley effect (1 = the whole difference)", fontsize=8)
    return figure


def _colour_limit(rows: Sequence[EffectRow]) -> float:
    """The greatest mean effect, rounded up to a tenth."""
    panels = [effects for row in rows for effects in row.effects if effects is not None]
    greatest = [float(np.nanmax(np.abs(mean_over_members(effects)))) for effects in panels]
    return float(np.ceil(max([0.1, *greatest]) * 10) / 10)


def _draw_effects(
    axes: Axes, grid: ComponentGrid, effects: MemberEffects, limit: float, print_values: bool
) -> None:
    """One panel: layers down, heads and then blocks of neurons across."""
    if effects is None:
        not_measured(axes)
        return
    measured = int(np.isfinite(effects).any(1).sum())
    if measured < len(effects):
        axes.set_title(f"{measured} of {len(effects)} organisms", loc="right", fontsize=7, color=ORANGE)
    image = mean_over_members(effects).reshape(grid.layers, grid.heads + grid.neuron_blocks)
    axes.pcolormesh(image, cmap=EFFECT_COLOURS, vmin=-limit, vmax=limit, edgecolors="#e6e8eb", lw=0.4)
    axes.axvline(grid.heads, color=GREY, lw=1)
    if not print_values:
        return
    for (layer, column), value in np.ndenumerate(image):
        if np.isfinite(value) and abs(value) >= LEAST_PRINTED:
            colour = "white" if abs(value) > 0.7 * limit else INK
            text = {"ha": "center", "va": "center", "fontsize": 6.5, "color": colour}
            axes.text(column + 0.5, layer + 0.5, f"{value:.2f}", **text)
