"""Circuits in the report: are a few components enough for an effect, and is that more than chance?

Faithfulness curves of the best-ranked components against random circuits, a table of sizes and areas, and the
same numbers as rows of circuits.parquet. What it does *not* show: that a circuit is the only one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings import RunFindings
from analysis.patching.circuits import FAITHFUL
from analysis.patching.results import CircuitsResult, RoleCircuits
from analysis.statistics import mean_interval, numbers
from reports.drawing import BLUE, GREY, ORANGE, WIDTH, mean_over_members, not_measured, style, svg
from reports.formats import DASH
from reports.section import Block, Heading, PageTable, Paragraph, Picture, Section, TableCell, one_group
from reports.sections.runs import interval_cell, runs_with
from reports.tables import Row

COLUMNS = ("circuit", "found", "size in each organism", "CMD", "CMD of random circuits", "completeness")
CAPTION = (
    "Share of the effect that is left when everything but the best-ranked components is ablated, against "
    "random circuits of the same size, layers and kinds. Grey, dotted: organisms in which no circuit was "
    "found: the variable moves the act by too little, or effects do not replicate on other pairs. The band "
    "shows rankings with components exchanged within layers and kinds; where effects are spread thin it "
    "lies close to the circuit."
)
NOTE = (
    "Size: components needed for a faithfulness of 0.9 (of {components} in all). CMD: area between the "
    "curve and 1, lower is better. Completeness: share of the effect that goes when the circuit alone is "
    "ablated. Means over the organisms in which the circuit was found [95 % interval]."
)
METHOD = Markup(
    "<strong>Circuit</strong>: the best-ranked components up to a faithfulness of 0.9 on other pairs than "
    "ranked them; CMD after Mueller et al. 2025, arXiv 2504.13151. The null: random circuits of the same "
    "size and layers."
)
NOT_SHOWN = ("A circuit that suffices need not be the only one, and one that was not found may exist.",)


def circuits_section(findings: Sequence[RunFindings]) -> Section | None:
    """Curves and a table of every run."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, CircuitsResult):
        rows = [_table_row(circuits, run.members) for circuits in run[CircuitsResult].circuits]
        table = PageTable(COLUMNS, one_group(*rows))
        blocks += [Heading(label), Picture(faithfulness_curves(run), CAPTION), table]
    components = len(findings[0].run.components) if findings else 0
    blocks.append(Paragraph(NOTE.format(components=components), soft=True))
    title = "Are a few components enough, and is that more than chance?"
    return Section(title, "circuits", tuple(blocks), NOT_SHOWN, METHOD, link="Circuits", rank=22)


def _table_row(circuits: RoleCircuits, members: Sequence[int]) -> tuple[TableCell, ...]:
    """Means over the organisms that have the circuit; of random ones, over each organism's mean.

    Elsewhere the effect is near zero, and shares of it may be anything: nothing is averaged there.
    """
    with_circuit = [member for member in members if circuits.found[member]]
    sizes = [circuits.size[member] for member in members]
    return (
        TableCell(_plural(circuits.name)),
        TableCell(f"{len(with_circuit)} of {len(members)}"),
        TableCell(", ".join(DASH if size is None else str(size) for size in sizes)),
        interval_cell(mean_interval(circuits.cmd[member] for member in with_circuit)),
        interval_cell(mean_interval(mean_interval(circuits.null_cmd[member])[0] for member in with_circuit)),
        interval_cell(mean_interval(circuits.completeness[member] for member in with_circuit)),
    )


def _plural(name: str) -> str:
    return name.replace("character", "characters")


def faithfulness_curves(findings: RunFindings) -> Markup:
    """Faithfulness by number of components of each circuit, against random ones of the same size and
    layers."""
    circuits = findings[CircuitsResult].circuits
    with style():
        figure = Figure(figsize=(WIDTH, 2.7), layout="constrained")
        panels = figure.subplots(1, max(3, len(circuits)), sharey=True, squeeze=False)[0]
        for axes in panels[len(circuits) :]:
            axes.set_visible(False)
        legend: dict[str, Any] = {}  # what is drawn in several panels is explained once
        for axes, circuit in zip(panels, circuits, strict=False):
            _draw_faithfulness(axes, circuit, findings.members)
            handles, texts = axes.get_legend_handles_labels()
            legend |= dict(zip(texts, handles, strict=True))
        panels[0].set_ylabel("faithfulness")
        if legend:
            figure.legend(list(legend.values()), list(legend), loc="outside lower center", ncols=3)
        return svg(figure, f"Faithfulness in {findings.run.run}")


def _draw_faithfulness(axes: Axes, circuits: RoleCircuits, members: Sequence[int]) -> None:
    """One panel: a thin line an organism, their mean, and the range of random circuits."""
    sizes = circuits.sizes
    curves = circuits.faithfulness[list(members)]
    has_circuit = np.asarray([circuits.found[member] for member in members], bool)
    null = circuits.null[list(members)][has_circuit].reshape(
        -1, len(sizes)
    )  # [member with a circuit x random, size]
    axes.set_title(f"{_plural(circuits.name)} (found in {has_circuit.sum()} of {len(members)})")
    axes.axhline(FAITHFUL, color=ORANGE, lw=1, ls="--", label=f"threshold {FAITHFUL}")
    if np.isfinite(null).any():
        low, high = (_column_quantile(null, quantile) for quantile in (0.05, 0.95))
        axes.fill_between(sizes, low, high, color=GREY, alpha=0.3, lw=0, label="random circuits, 5 to 95 %")
    axes.plot(sizes, curves[~has_circuit].T, color=GREY, lw=0.6, ls=":")
    axes.plot(sizes, curves[has_circuit].T, color=BLUE, lw=0.6, alpha=0.6)
    if has_circuit.any():
        mean = mean_over_members(curves[has_circuit])
        axes.plot(sizes, mean, color=BLUE, lw=2, label="circuit (mean; thin: each organism)")
    elif not np.isfinite(curves).any():
        not_measured(axes)
    axes.set(xlim=(0, max(sizes)), ylim=(-0.15, 1.15), xlabel="components that are not ablated")


def _column_quantile(
    values: Float[np.ndarray, "row column"], quantile: float
) -> Float[np.ndarray, " column"]:
    """A quantile of each column's finite values; NaN where there are none."""
    columns = [numbers(column) for column in values.T]
    return np.asarray([np.quantile(column, quantile) if column else np.nan for column in columns])


def circuits_rows(findings: RunFindings) -> Iterator[Row]:
    """Size, areas and curves of every circuit, with the range of random ones."""
    for circuits in findings[CircuitsResult].circuits:
        for member in findings.members:
            yield from _rows_of_member(findings, circuits, member)


def _rows_of_member(findings: RunFindings, circuits: RoleCircuits, member: int) -> Iterator[Row]:
    size = circuits.size[member]
    row = Row(
        member,
        "size",
        size,
        phase=circuits.checkpoint,
        step=findings.run.step_of(circuits.checkpoint),
        role=circuits.role,
        variable="watched",
        n=size,
    )
    yield row
    yield replace(row, metric="cmd", value=circuits.cmd[member])
    yield replace(row, metric="completeness", value=circuits.completeness[member])
    yield replace(row, metric="found", value=float(circuits.found[member]))
    yield _range_row(replace(row, metric="random_cmd", n=None), circuits.null_cmd[member])
    for index, components in enumerate(circuits.sizes.tolist()):
        faithfulness = circuits.faithfulness[member, index]
        yield replace(row, metric="faithfulness", value=faithfulness, n=components)
        random = replace(row, metric="random_faithfulness", n=components)
        yield _range_row(random, circuits.null[member, :, index])


def _range_row(row: Row, values: Float[np.ndarray, " random"]) -> Row:
    """Mean, least and greatest of random circuits."""
    finite = numbers(values)
    if not finite:
        return replace(row, value=None)
    return replace(row, value=float(np.mean(finite)), low=min(finite), high=max(finite))
