"""Provenance in the report: where did self's mechanism come from, by curriculum?

A figure and a table of shares and verdicts by curriculum, and rows of provenance.parquet. What it does *not*
show: whether two circuits compute the same thing, which the section on each organism tests in part.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings import RunFindings
from analysis.provenance.comparison import (
    CurriculumSummary,
    by_settings,
    compare_curricula,
    measured_shares,
)
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS, VERDICTS
from analysis.thresholds import BEHAVES
from reports.drawing import CELL_COLOURS, INK, WIDTH, not_measured, offsets, shorten, style, svg
from reports.formats import counts_text
from reports.section import PageTable, Paragraph, Picture, Section, TableCell, one_group
from reports.sections.runs import interval_cell
from reports.tables import Row

CELL_MEANINGS = {
    "reused": "served characters before, and still does",
    "repurposed": "served characters before, no longer does",
    "migrated": "served nobody before, now serves both",
    "second copy": "served nobody before, serves self alone",
}
INTRODUCTION = (
    "The effect of being watched on what an organism does itself is divided over components, and each "
    "component is sorted by whether it served characters in stories at the fork (before self was taught "
    "anything) and at the end."
)
CAPTION = (
    "Figure 1. Of self's mechanism, the share in each cell. Bars: mean over the organisms that show the "
    "behaviour; black: 95 % interval; dots: organisms."
)
NOTE = Markup(
    "{} Mean share [95 % interval]. <em>Absent</em>: the behaviour does not reach {}; such organisms count "
    "in n and have no shares."
).format(
    Markup("; ").join(Markup("<strong>{}</strong>: {}").format(*meaning) for meaning in CELL_MEANINGS.items())
    + ".",
    BEHAVES,
)
METHOD = Markup(
    "<strong>Provenance</strong>: each component's effect for self at the end, divided by how far it "
    "belonged to the characters' circuit at the fork and belongs to it at the end."
)
NOT_SHOWN = (
    "Overlap is not identity: different circuits can compute the same thing, and one component can serve "
    "two roles by different directions. The corroborating lines test this in part, as does whether both "
    "compute alike, which compares what is written where an act is decided and not how it came there.",
    Markup(
        "Self's secret is in its weights and not in the text, so no pair of texts differs in it: the "
        "provenance of the <em>gate</em> (watched or alone) is measured, that of the secret's content is "
        "not."
    ),
)


def verdicts_section(findings: Sequence[RunFindings]) -> Section | None:
    """Shares and verdicts of all runs, those whose members differ in settings taken apart."""
    summaries = compare_curricula(findings).curricula
    columns = ("curriculum", "n", "verdicts", *CELLS, "n of shares", "reseeded")
    rows = [_table_row(label, summary) for label, summary in summaries.items()]
    blocks = (
        Paragraph(INTRODUCTION),
        Picture(verdict_shares(findings), CAPTION),
        PageTable(columns, one_group(*rows), wide=True),
        Paragraph(NOTE, soft=True),
    )
    title = "Provenance by curriculum"
    return Section(title, "verdicts", blocks, NOT_SHOWN, METHOD, link="Verdicts", rank=10)


def count_verdicts(summary: CurriculumSummary) -> str:
    """``3 reused, 1 mixed``, in the order of `VERDICTS`."""
    return counts_text({name: summary.verdicts[name] for name in VERDICTS if name in summary.verdicts})


def _table_row(label: str, summary: CurriculumSummary) -> tuple[TableCell, ...]:
    otherwise = summary.computing_otherwise
    verdicts = count_verdicts(summary) + (f" ({otherwise} computing otherwise)" if otherwise else "")
    return (
        TableCell(label, "name"),
        TableCell(str(summary.n)),
        TableCell(verdicts),
        *(interval_cell(summary.shares[cell]) for cell in CELLS),
        TableCell(str(summary.n_shares)),
        TableCell(str(summary.reseeded)),
    )


def verdict_shares(findings: Sequence[RunFindings]) -> Markup:
    """Of self's mechanism, the share in each provenance cell: a panel a curriculum."""
    parts = by_settings(findings)
    summaries = compare_curricula(findings).curricula
    columns = max(1, min(3, len(parts)))
    rows = max(1, -(-len(parts) // columns))
    with style():
        figure = Figure(figsize=(WIDTH, 0.5 + 1.75 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for axes in grid.flat[len(parts) :]:
            axes.set_visible(False)
        for axes, (label, summary), part in zip(grid.flat, summaries.items(), parts, strict=False):
            _draw_shares(axes, label, summary, part)
        figure.supxlabel("share of self's effect (mean, 95 % interval, a dot an organism)", fontsize=8.5)
        return svg(figure, "Provenance shares by curriculum")


def _draw_shares(axes: Axes, label: str, summary: CurriculumSummary, part: RunFindings) -> None:
    """One panel: a bar, an interval and dots a cell."""
    title = f"{shorten(label, 36)}  (n = {summary.n}, {summary.n_shares} with shares)"
    axes.set_title("\n".join([title, *textwrap.wrap(count_verdicts(summary), 46)]), fontsize=8.5)
    for y, cell in enumerate(CELLS):
        mean, low, high = np.asarray(summary.shares[cell], float)
        axes.barh(y, np.nan_to_num(mean), height=0.66, color=CELL_COLOURS[cell], alpha=0.35)
        axes.plot([low, high], [y, y], color=INK, lw=1.6, solid_capstyle="butt", zorder=3)
        values = [shares[cell] for shares in measured_shares(part)]
        dots = {"ms": 3.8, "mfc": CELL_COLOURS[cell], "mec": "white", "mew": 0.5}
        axes.plot(values, y + offsets(len(values), 0.2), "o", zorder=4, **dots)
    if not summary.n_shares:
        not_measured(axes, "no organism that behaves as\ntaught has shares")
    axes.set(xlim=(-0.03, 1.03), ylim=(3.6, -0.6), yticks=range(len(CELLS)), yticklabels=CELLS)
    axes.xaxis.set_tick_params(labelbottom=True)


def provenance_rows(findings: RunFindings) -> Iterator[Row]:
    """The verdict and the four shares of every member."""
    for member in findings.members:
        provenance = findings[ProvenanceResult].members[member]
        row = Row(member, "verdict", 1.0, phase="end", step=findings.run.end_step, role="self")
        yield replace(row, variable=provenance.verdict)
        for cell in CELLS:
            low, high = provenance.intervals[cell]
            share = replace(row, metric="share", variable=cell)
            yield replace(share, value=provenance.shares[cell], low=low, high=high)
