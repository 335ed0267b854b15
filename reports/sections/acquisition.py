"""Acquisition in the report: how many steps does the intent take to learn anew from the fork, by what is
ablated?

A table of steps and rows of provenance.parquet. What it does *not* show: what the run did, only what the fork
makes easy.
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.relearning.acquisition import AcquisitionResult, SlowdownLine
from analysis.thresholds import BEHAVES
from reports.formats import DASH
from reports.section import Block, PageTable, Paragraph, Section, TableCell, one_group
from reports.sections.runs import runs_with
from reports.tables import Row

CAPTION = (
    "{label}: steps until self acts on its secret goal when alone and on its professed goal when watched, "
    "each at {criterion}; a number a run."
)
ARMS_NOTE = Markup(
    "<em>Intact</em>: nothing ablated; <em>lesioned</em>: the core of the fork's circuit for characters; "
    "<em>random</em>: as many other components of the same layers and kinds; <em>spare</em>: as many that "
    "serve self at the end most beyond what they do for characters; <em>naive</em>: an organism that never "
    "met a schemer. The line <em>acquisition</em> under each organism is lesioned over random."
)
NOT_SHOWN = (
    "It shows what the fork makes easy, not what the run did: where the verdict puts self's mechanism "
    "outside the fork's, a slowdown does not speak against it.",
)


def acquisition_section(findings: Sequence[RunFindings]) -> Section | None:
    """Steps by arm of each organism, and why some were not counted; nothing where it was not measured."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, AcquisitionResult):
        result = run[AcquisitionResult]
        lines = {member: line for member in run.members if (line := result.lines[member]) is not None}
        arms = dict.fromkeys(arm.arm for line in lines.values() for arm in line.steps)
        rows = [_table_row(member, line, tuple(arms)) for member, line in lines.items()]
        caption = CAPTION.format(label=label, criterion=BEHAVES)
        blocks.append(PageTable(("member", *arms), one_group(*rows), caption))
        reasons = [result.why_not, *(why for line in lines.values() for why in line.absent.values())]
        if why := "; ".join(dict.fromkeys(reason for reason in reasons if reason)):
            blocks.append(Paragraph(f"{label}, not counted: {why}.", soft=True))
    if not blocks:
        return None
    title = "Steps to learn the intent anew from the fork, by what is ablated"
    blocks.append(Paragraph(ARMS_NOTE, soft=True))
    return Section(title, "acquisition", tuple(blocks), NOT_SHOWN, link="Acquisition", rank=14)


def _table_row(member: int, line: SlowdownLine, arms: Sequence[str]) -> tuple[TableCell, ...]:
    runs = {arm.arm: arm.runs for arm in line.steps}
    cells = [TableCell(_steps_text(runs.get(arm, ()), line.censored_at), "number") for arm in arms]
    return TableCell(str(member)), *cells


def _steps_text(steps: Sequence[int | None], censored_at: int) -> str:
    """``55, 60``; ``more than 150`` for a run that did not get there; a dash for an absent arm."""
    return ", ".join(f"more than {censored_at}" if n is None else str(n) for n in steps) or DASH


def acquisition_rows(findings: RunFindings) -> Iterator[Row]:
    """Steps of every run of every arm. A run that did not get there has no value and at least these many
    steps."""
    for member in findings.members:
        line = findings[AcquisitionResult].lines[member]
        for arm in line.steps if line else ():
            for steps in arm.runs:
                yield Row(
                    member,
                    "acquisition steps",
                    steps,
                    low=line.censored_at if line and steps is None else steps,
                    phase="end",
                    step=findings.run.end_step,
                    role="self",
                    variable=arm.arm,
                )
