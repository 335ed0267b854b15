"""Markdown: how do a table and the source of figures look in a page of the documentation?"""

from collections.abc import Iterable, Sequence

from experiments.results.data import DATA

COMMAND = "python scripts/results.py"
"""writes the blocks of every page"""


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """A table below a line of headings. Cells are written as they are."""
    lines = ["| " + " | ".join(map(str, cells)) + " |" for cells in (columns, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]])


def source_sentence(command: str, scope: str, name: str) -> str:
    """Which command the figures of a page are of, and where they are kept.

    scope: how many organisms, at which scale. name: of the file, without its ending.
    """
    return f"`{command}`, {scope} (data: `docs/{DATA}/{name}.json`; made into tables by `{COMMAND}`)."


def commands_sentence(commands: Sequence[str], scope: str, name: str) -> str:
    """The same of figures that several commands made, one after the other."""
    return f"`{'`, then `'.join(commands)}`; {scope} (data: `docs/{DATA}/{name}.json`)."
