"""Pages of the documentation: which blocks of them are made of data, and do they say what the data say?

A block stands between two lines, ``<!-- results: NAME -->`` and ``<!-- /results -->``. Whatever is between them is
written by the function of that name; nothing else of a page is touched.
"""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curricula.errors import UserError
from experiments.results.data import ResultsData
from experiments.results.registry import block_text
from organisms.storage import records

OPENS = re.compile(r"<!-- results: (\w+) -->")
CLOSES = "<!-- /results -->"
LIKE_A_MARKER = re.compile(r"<!--\s*/?\s*results\b")
"""what a line has in it that is a marker, or was meant to be one"""


@dataclass(frozen=True)
class PageBlock:
    """A block as it stands in a page."""

    name: str
    line: int
    """number of the line that opens it, from 1"""
    text: str

    @property
    def lines(self) -> int:
        """lines between its markers"""
        return self.text.count("\n") + 1 if self.text else 0


@dataclass(frozen=True)
class FilledPage:
    """A page of the documentation, and what its blocks say by the data."""

    path: Path
    text: str
    """as it stands"""
    filled: str
    """with every block made of the data"""
    stale: tuple[PageBlock, ...]
    """blocks that say something else than the data"""


def page_blocks(text: str, path: Path) -> list[PageBlock]:
    """The blocks of a page in their order. Raises UserError, naming the line, where markers do not pair."""
    blocks: list[PageBlock] = []
    opened: tuple[str, int] | None = None
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not LIKE_A_MARKER.search(line):
            continue
        opens, place = OPENS.fullmatch(line), f"{path}:{number}"
        if line == CLOSES and opened:
            name, first = opened
            blocks.append(PageBlock(name, first, "\n".join(lines[first : number - 1])))
            opened = None
        elif line == CLOSES:
            raise UserError(f"{place}: a block of results ends here, but none began; remove the line")
        elif opens and opened:
            raise _unclosed(path, *opened)
        elif opens:
            opened = opens[1], number
        else:
            raise UserError(
                f"{place}: expected <!-- results: NAME --> or {CLOSES} alone on a line, got {line!r}"
            )
    if opened:
        raise _unclosed(path, *opened)
    return blocks


def _unclosed(path: Path, name: str, line: int) -> UserError:
    return UserError(f"{path}:{line}: the block {name!r} is not closed; end it with a line {CLOSES}")


def filled_page(path: Path, data: ResultsData) -> FilledPage:
    """A page with its blocks made of the data; nothing is written.

    Raises UserError where its markers do not pair, a block is unknown or its data are missing.
    """
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"could not read {path} as text ({error}); make it readable") from error
    lines, stale = text.split("\n"), []
    for block in reversed(page_blocks(text, path)):
        try:
            content = block_text(block.name, data)
        except UserError as error:
            raise UserError(f"{path}:{block.line}: {error}") from error
        lines[block.line : block.line + block.lines] = content.split("\n")
        if content != block.text:
            stale.append(block)
    return FilledPage(path, text, "\n".join(lines), tuple(reversed(stale)))


def page_paths(folder: Path) -> list[Path]:
    """The pages of a folder of documentation; and README.md beside the folder, where there is one."""
    readme = folder.parent / "README.md"
    return [*sorted(folder.glob("*.md")), *([readme] if readme.exists() else [])]


def filled_pages(folder: Path) -> list[FilledPage]:
    """Every page of a folder of documentation, with its blocks made of the data in that folder."""
    data, paths = ResultsData(folder), page_paths(folder)
    if not any(path.parent == folder for path in paths):
        raise UserError(f"expected pages of documentation (*.md) in {folder}, found none; give --out FOLDER")
    return [filled_page(path, data) for path in paths]


def write_pages(pages: Sequence[FilledPage]) -> list[Path]:
    """Writes the pages that say something else than their data, each wholly or not at all, and returns their paths.

    Raises SystemFailure where the disk refuses.
    """
    stale = [page for page in pages if page.filled != page.text]
    for page in stale:
        aside = page.path.parent / ".partial"
        records.write_whole(page.path, page.filled.encode(), aside)
        with contextlib.suppress(OSError):
            aside.rmdir()
    return [page.path for page in stale]
