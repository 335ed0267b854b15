"""The page of the tour: what is in examples/tour.py, and what does each of its cells print and draw?

``python docs/tour_page.py``, or ``make tour-page``, runs the tour and writes docs/tour.md and the pictures in docs/tour/. A
test holds the page to the script.
"""

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SCRIPT, PAGE = ROOT / "examples/tour.py", ROOT / "docs/tour.md"
PICTURE = re.compile(r"^\[picture (\w+)\] (.*)$", re.M)
"""what the tour prints of a picture: its name, and what is in it"""


class Cell(NamedTuple):
    """One cell of a script in the percent format."""

    markdown: bool
    text: str


def cells(script: str) -> Iterator[Cell]:
    """The cells of a script; what stands before the first is for jupytext."""
    _, *parts = re.split(r"^# %%", script, flags=re.M)
    for part in parts:
        head, _, body = part.partition("\n")
        if head.strip() == "[markdown]":
            yield Cell(True, re.sub(r"^# ?", "", body.strip(), flags=re.M))
        else:
            yield Cell(False, body.strip())


def page(script: str, printed_by: Callable[[str], str]) -> str:
    """The script as a page. printed_by: what a cell of code prints, which stands below it."""
    blocks: list[str] = []
    for cell in cells(script):
        if cell.markdown:
            blocks.append(cell.text)
            continue
        printed = printed_by(cell.text)
        blocks.append(f"```python\n{cell.text}\n```")
        if text := PICTURE.sub("", printed).strip():
            blocks.append(f"```text\n{text}\n```")
        blocks += [f"![{about}](tour/{name}.svg)" for name, about in PICTURE.findall(printed)]
    return "\n\n".join(blocks) + "\n"


def without_output(text: str) -> str:
    """A page without what its cells printed and drew."""
    return re.sub(r"^(```text\n.*?\n```|!\[.*?\]\(.*?\))\n\n?", "", text, flags=re.M | re.S)


def runner() -> Callable[[str], str]:
    """Runs one cell after another, in one namespace."""
    namespace: dict[str, object] = {"__name__": "__main__"}

    def printed_by(code: str) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(code, str(SCRIPT), "exec"), namespace)
        return output.getvalue()

    return printed_by


def main() -> None:
    """Writes the page."""
    os.environ.setdefault("TOUR_PICTURES", str(ROOT / "docs/tour"))
    PAGE.write_text(page(SCRIPT.read_text(), runner()))


if __name__ == "__main__":
    main()
