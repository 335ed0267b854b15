"""Runs of a report: which of them hold a result, under which names, and what do their tables share?"""

from collections.abc import Sequence

from analysis.findings import RunFindings
from analysis.provenance.comparison import run_labels
from reports.formats import interval_text
from reports.section import TableCell


def runs_with(findings: Sequence[RunFindings], result: type) -> list[tuple[str, RunFindings]]:
    """Label and findings of each run that holds a result of this type."""
    pairs = zip(run_labels(findings), findings, strict=True)
    return [(label, run) for label, run in pairs if run.get(result) is not None]


def interval_cell(triple: Sequence[float | None]) -> TableCell:
    """A cell with value and interval. triple: value, low, high."""
    return TableCell(interval_text(triple), "number")
