"""Several studies at a glance: what did each ask, and what came out, on one page with a row a study?

A row has the question in words, the primary endpoint with its interval as a number and as a mark on a scale, how many it
is of, and what made it. What it does *not* show: anything else that a study found, and how it was measured.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from curricula.errors import UserError
from curricula.typed_json import read_needed
from experiments.results.data import DATA, KeptSummary
from experiments.studies.catalogue import LISTED_STUDIES, EndpointScale
from organisms.storage.records import read_object
from reports.forest import forest_mark, scale_limits
from reports.formats import DASH, interval_text
from reports.page import Page
from reports.section import PageTable, Paragraph, RowGroup, Section, TableCell, TableRow

COLUMNS = ("study", "question", "primary endpoint", "value [95 % interval]", "n", "seeds", "calibrated")
MOST = 1e6
"""of an endpoint that is drawn"""
NO_DIFFERENCE: Mapping[EndpointScale, float] = {"difference": 0.0, "ratio": 1.0}
"""the value of an endpoint where nothing differs"""
NOTE = (
    "The dot is the primary endpoint, as the study's code names it; the line its 95 % interval. Endpoints of different studies can "
    "not be compared. The ends of each scale "
    "are written below it: shares, differences and ratios have one scale each, and ratios are drawn by their logarithm. The "
    "dashed line stands where nothing would differ: 0 for differences, 1 for ratios; a share has none. Calibrated: whether "
    "verdicts were scored on planted organisms of this size in this world."
)
NOT_SHOWN = (
    "One number a study is not what it found: its page has the rest, and what it does not show.",
    "An interval away from no difference is no claim by itself: the page of a study says what it claims, and of how many.",
    "No test corrects for how many studies stand here.",
)


@dataclass(frozen=True)
class GlanceSummary(KeptSummary):
    """What a row needs of a study's summary."""

    study: str


@dataclass(frozen=True)
class GlanceRow:
    """A study's summary, and the file that it was read from."""

    summary: GlanceSummary
    path: Path
    calibrated: str
    """yes, no, or in how many arms"""
    report: str
    """file name of the study's page beside the summary; empty where there is none"""

    @property
    def scale(self) -> EndpointScale | None:
        """that of the primary endpoint; None for studies that are not in the catalogue"""
        listed = LISTED_STUDIES.get(self.summary.study)
        return listed.scale if listed else None

    @property
    def excludes_no_difference(self) -> bool | None:
        """whether the whole interval is; None where there is no such value, or no interval"""
        (_, low, high), scale = self.summary.primary.value, self.scale
        if scale is None or scale not in NO_DIFFERENCE or low is None or high is None:
            return None
        return not low <= NO_DIFFERENCE[scale] <= high


def glance_rows(paths: Sequence[Path]) -> list[GlanceRow]:
    """The rows of summaries, each given as a file or as the folder that holds a summary.json.

    Raises UserError where one is not a study's summary.
    """
    rows: list[GlanceRow] = []
    for given in paths:
        path = given / "summary.json" if given.is_dir() else given
        fix = "give summary.json of a study, or the folder that it is in"
        record = read_object(path, fix)
        if not {"study", "primary"} <= set(record):
            raise UserError(f"{path}: expected a study's summary, with the fields study and primary; {fix}")
        summary = read_needed(GlanceSummary, record, str(path))
        _require_interval(summary, path)
        rows.append(
            GlanceRow(summary, path, _calibrated_text(record.get("calibrated")), _report(record, path))
        )
    return rows


def _require_interval(summary: GlanceSummary, path: Path) -> None:
    """Raises UserError where the primary endpoint does not lie in its interval, or can not be drawn on its scale."""
    numbers = [number for number in summary.primary.value if number is not None]
    value, low, high = summary.primary.value
    ordered = value is None or low is None or high is None or low <= value <= high
    listed = LISTED_STUDIES.get(summary.study)
    ratio = listed is not None and listed.scale == "ratio"
    if not ordered or any(abs(number) > MOST or (ratio and number < 1 / MOST) for number in numbers):
        raise UserError(
            f"{path}: expected a primary endpoint within its interval, at most {MOST:g}"
            f"{' and above 0' if ratio else ''}, got {summary.primary.value}"
        )


def kept_summaries(folder: Path) -> list[Path]:
    """Summaries of studies among the data of a folder of documentation. Raises UserError where there are none."""
    files = sorted((folder / DATA).glob("*.json"))
    paths = [path for path in files if "primary" in read_object(path, "copy it there again")]
    if not paths:
        raise UserError(
            f"expected summaries of studies in {folder / DATA}, found none; name some on the command line"
        )
    return paths


def _calibrated_text(calibrated: Any) -> str:
    """``yes``, ``no``, ``2 of 5 arms``; a dash where the summary does not say."""
    if isinstance(calibrated, bool):
        return "yes" if calibrated else "no"
    if not isinstance(calibrated, Mapping) or not calibrated:
        return DASH
    return f"{sum(each is True for each in calibrated.values())} of {len(calibrated)} arms"


def _report(record: Mapping[str, Any], path: Path) -> str:
    """The name of the page, where it is a file beside the summary and nothing else: a summary may come from elsewhere."""
    name = record.get("report")
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        return ""
    return name if (path.parent / name).is_file() else ""


def glance_page(rows: Sequence[GlanceRow], target: Path, docs: Path) -> Page:
    """The page before it is rendered. target: the file that it will be, which links are relative to. docs: the folder of
    documentation, whose page a study has where its own is not there."""
    limits = _limits(rows)
    table_rows: list[TableRow] = []
    for row in rows:
        mark = (
            forest_mark(row.summary.primary.value, row.scale, limits[row.scale]) if row.scale else Markup("")
        )
        table_rows.append(TableRow(_cells(row, mark, target, docs), "above"))
        command = Markup("<code>{}</code>").format(row.summary.command)
        table_rows.append(TableRow((TableCell(""), TableCell(command, columns=len(COLUMNS) - 1)), "under"))
    table = PageTable(COLUMNS, (RowGroup(tuple(table_rows)),), wide=True)
    section = Section(
        "A row a study", "studies", (table, Paragraph(NOTE, soft=True)), NOT_SHOWN, link="Studies"
    )
    subtitle = f"{len(rows)} {'summary' if len(rows) == 1 else 'summaries'}."
    return Page("Studies at a glance", subtitle, _doubts(rows), [section], answer=_answer(rows))


def _limits(rows: Sequence[GlanceRow]) -> dict[EndpointScale, tuple[float, float]]:
    """The ends of each scale, on which all rows lie that are on it."""
    limits: dict[EndpointScale, tuple[float, float]] = {}
    for row in rows:
        if scale := row.scale:
            limits[scale] = scale_limits(
                scale, [row.summary.primary.value for row in rows if row.scale == scale]
            )
    return limits


def _answer(rows: Sequence[GlanceRow]) -> str:
    """Which studies' intervals hold no difference, by name; what the others say stands in their rows."""
    near = [row.summary.study for row in rows if row.excludes_no_difference is False]
    held = f"The interval holds no difference in: {', '.join(near)}. " if near else ""
    return f"{held}Each row is an answer to a question of its own; endpoints of different studies can not be compared."


def _doubts(rows: Sequence[GlanceRow]) -> list[str]:
    doubtful = [row.summary.study for row in rows if row.calibrated not in ("yes", DASH)]
    return (
        [f"Verdicts are uncalibrated, in part or all, in: {', '.join(dict.fromkeys(doubtful))}."]
        if doubtful
        else []
    )


def _cells(row: GlanceRow, mark: Markup, target: Path, docs: Path) -> tuple[TableCell, ...]:
    summary, listed = row.summary, LISTED_STUDIES.get(row.summary.study)
    value = Markup("{}{}").format(interval_text(_finite(summary.primary.value)), mark)
    return (
        TableCell(_linked_name(row, target, docs), "name"),
        TableCell(listed.question if listed else DASH),
        TableCell(listed.endpoint if listed else summary.primary.name, hint=summary.primary.name),
        TableCell(value, "number"),
        TableCell(str(summary.primary.n), "number"),
        TableCell(seeds_text(summary.seeds)),
        TableCell(row.calibrated),
    )


def _finite(triple: Sequence[float | None]) -> list[float | None]:
    return [value if value is not None and math.isfinite(value) else None for value in triple]


def _linked_name(row: GlanceRow, target: Path, docs: Path) -> Markup:
    """The study's name with a link to its page: the one beside the summary, else that of the documentation."""
    listed = LISTED_STUDIES.get(row.summary.study)
    pages = [row.path.parent / row.report] if row.report else []
    pages += [docs / listed.page] if listed else []
    page = next((page for page in pages if page.is_file()), None)
    if page is None:
        return Markup("{}").format(row.summary.study)
    address = quote(Path(os.path.relpath(page.resolve(), target.resolve().parent)).as_posix())
    return Markup('<a href="{}">{}</a>').format(address, row.summary.study)


def seeds_text(seeds: Sequence[int]) -> str:
    """All of them where they are few, else how many and between which."""
    if len(seeds) <= 3:
        return ", ".join(map(str, seeds))
    return f"{len(seeds)}: {min(seeds)} to {max(seeds)}"
