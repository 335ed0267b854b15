"""Markdown: how do a table and the source of figures look in a page of the documentation?"""

from collections.abc import Iterable, Sequence

from experiments.results.data import DATA, KeptRecord, KeptSummary

COMMAND = "python scripts/results.py"
"""writes the blocks of every page"""


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """A table below a line of headings. Cells are written as they are."""
    lines = ["| " + " | ".join(map(str, cells)) + " |" for cells in (columns, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]])


def source_sentence(summary: KeptSummary, scope: str, name: str) -> str:
    """Which command the figures of a page are of, when they were made, and where they are kept.

    scope: how many organisms, at which scale. name: of the file, without its ending.
    """
    made = f"`{summary.command}`, {scope_text(scope, summary)}"
    return f"{made} (data: `docs/{DATA}/{name}.json`; made into tables by `{COMMAND}`)."


def commands_sentence(commands: Sequence[str], record: KeptRecord, scope: str, name: str) -> str:
    """The same of figures that several commands made, one after the other."""
    return f"`{'`, then `'.join(commands)}`; {scope_text(scope, record)} (data: `docs/{DATA}/{name}.json`)."


def scope_text(scope: str, record: KeptRecord) -> str:
    """How many organisms, at which scale, and when and by which versions they were measured where that is kept."""
    return "; ".join(filter(None, (scope, record.origin)))
