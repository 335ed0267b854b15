"""The page of a study: its headline, its sections, and the command that makes it again."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from experiments.studies.study import Number, Study, StudySummary
from reports.page import Page, render_page
from reports.section import PageTable, Paragraph, Section, TableCell, Text, one_group

NUMBER = re.compile(r"[-–\d](?:[^a-z]|of)*", re.IGNORECASE)
"""a number, an interval, a count of a whole, or the dash of what was not measured"""
COUNTS = re.compile(r"\d+ [^,]+, ")
"""several counts by name, as of verdicts"""


def study_page(study: Study[Any, Any], summary: StudySummary, command: str) -> str:
    """The page as HTML."""
    made_by = Paragraph(Markup("Made by <code>{}</code>.").format(command), soft=True)
    seeds = ", ".join(map(str, summary.seeds))
    subtitle = f"{summary.n} organisms; run seeds {seeds}. {study.intervals}"
    sections = [
        *study.sections(summary),
        Section("The command", "command", (made_by,), link="Command", rank=99),
    ]
    page = Page(
        study.title or study.name, subtitle, study.headline(summary), sections, study.warning(summary)
    )
    return render_page(page)


def study_table(
    columns: Sequence[Text], rows: Sequence[Sequence[Text | int]], wide: bool = False
) -> PageTable:
    """A table whose first column names its rows. Cells that begin with a digit and hold no words are set as numbers, which a
    narrow window does not break; several counts by name get some width."""
    cells = [tuple(_cell(n, content) for n, content in enumerate(row)) for row in rows]
    return PageTable(tuple(columns), one_group(*cells), wide=wide)


def _cell(column: int, content: Text | int) -> TableCell:
    text = content if isinstance(content, Markup) else str(content)
    if column == 0:
        return TableCell(text, "name")
    if isinstance(text, Markup):
        return TableCell(text)
    return TableCell(text, "number" if NUMBER.fullmatch(text) else "counts" if COUNTS.match(text) else "")


def thresholds_section(thresholds: Mapping[str, Number | str]) -> Section:
    """The thresholds that a study's numbers rest on."""
    rows = [(name.replace("_", " ").replace(".", ": "), str(value)) for name, value in thresholds.items()]
    return Section("Thresholds", "thresholds", (study_table(("threshold", "value"), rows),), rank=80)
