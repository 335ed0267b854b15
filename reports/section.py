"""A section of a page: what may stand in it, and in which order does a reader meet it?

A section is a title and a sequence of blocks: paragraphs, pictures, tables, cards. One template renders them
all, so a new measurement or study needs no template. Text is escaped unless it is `Markup`: text of a run or
a config stays `str`, and a sentence with emphasis puts such text in by `Markup(..).format(..)`, which escapes
it. What a section does *not* show stands at its end, under `not_shown`.

    Section("Curiosity", "curiosity", (Paragraph("How often a component changes sides."), Picture(svg(figure,
    "Curiosity"))))
"""

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

Text = str | Markup
"""what a page shows: a `str` is escaped, a `Markup` goes in as it is"""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph. soft: in the lighter colour of notes."""

    kind: ClassVar[str] = "paragraph"
    text: Text
    soft: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading inside of a section, as of one run."""

    kind: ClassVar[str] = "heading"
    text: Text
    anchor: str | None = None


@dataclass(frozen=True)
class Picture:
    """A figure with its caption. svg: as `reports.drawing.svg` returns it; a plain `str` is escaped and not
    drawn."""

    kind: ClassVar[str] = "picture"
    svg: Text
    caption: Text = ""


@dataclass(frozen=True)
class TableCell:
    """One cell. style: its class in the style sheet (``name``, ``number``, ``range``, ``low``, ``mark``); columns: how
    many it spans; hint: what a pointer that rests on it reads, which must stand elsewhere on the page as well."""

    text: Text
    style: str = ""
    columns: int = 1
    hint: str = ""


@dataclass(frozen=True)
class TableRow:
    """One row of a table. style: its class in the style sheet (``group``, ``above``, ``under``)."""

    cells: tuple[TableCell, ...]
    style: str = ""


@dataclass(frozen=True)
class RowGroup:
    """Rows that belong together, as those of one run; a line divides them from the next."""

    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class PageTable:
    """A table. wide: as wide as the page; style: its class in the style sheet (``grid``). Without groups of rows it is
    not shown."""

    kind: ClassVar[str] = "table"
    columns: tuple[Text, ...]
    groups: tuple[RowGroup, ...]
    caption: Text = ""
    wide: bool = False
    style: str = ""


@dataclass(frozen=True)
class Bullets:
    """An unnumbered list."""

    kind: ClassVar[str] = "bullets"
    items: tuple[Text, ...]


@dataclass(frozen=True)
class Card:
    """A few lines under a title, as a scene in English."""

    title: Text
    lines: tuple[Text, ...]


@dataclass(frozen=True)
class Cards:
    """Cards side by side."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Preformatted:
    """Text whose spaces and line ends count, as a configuration."""

    kind: ClassVar[str] = "preformatted"
    text: str


@dataclass(frozen=True)
class Folded:
    """Blocks that a reader unfolds."""

    kind: ClassVar[str] = "folded"
    summary: Text
    blocks: tuple["Block", ...]


Block = Paragraph | Heading | Picture | PageTable | Bullets | Cards | Preformatted | Folded


@dataclass(frozen=True)
class Section:
    """What one measurement, or one part of a study, adds to a page."""

    title: Text
    anchor: str
    """id in the page, of letters, digits and hyphens; no two sections of a page share one"""
    blocks: tuple[Block, ...]
    not_shown: tuple[Text, ...] = ()
    """sentences: which conclusions the section does not support"""
    method: Text = ""
    """one sentence on how it was measured, for the page's list of methods"""
    link: str = ""
    """words of the link at the top of the page; the title where empty"""
    rank: int = 50
    """sections stand in the order of their ranks; of equal ranks the first registered comes first"""


def one_group(*rows: tuple[TableCell, ...]) -> tuple[RowGroup, ...]:
    """All rows of a table that is not divided; none where there are no rows."""
    return (RowGroup(tuple(TableRow(cells) for cells in rows)),) if rows else ()
