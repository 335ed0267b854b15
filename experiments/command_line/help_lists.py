"""Lists in the text of ``--help``: how do names with a sentence each become lines that a terminal shows as they are?

tyro joins lines that begin with a letter and breaks what is too long for the terminal; lines that begin with a space and
fit are left alone.
"""

import shutil
import textwrap
from collections.abc import Mapping

INDENT = "  "


def help_list(texts: Mapping[str, str]) -> str:
    """A line a name with what is said of it; where that takes more lines, these begin below it."""
    column = max(map(len, texts), default=0)
    return "\n".join(
        _wrapped(text, f"{INDENT}{name:<{column}}{INDENT}", " " * (column + 2 * len(INDENT)))
        for name, text in texts.items()
    )


def help_groups(groups: Mapping[str, list[str]]) -> str:
    """Names by what they have in common, which stands in a line above them."""
    return "\n".join(
        f"{_wrapped(title, INDENT, INDENT)}\n{_wrapped(', '.join(names), 2 * INDENT, 2 * INDENT)}"
        for title, names in groups.items()
    )


def _wrapped(text: str, first: str, further: str) -> str:
    width = shutil.get_terminal_size().columns
    lines = textwrap.wrap(
        text,
        max(width, len(further) + 20),
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
    )
    return "\n".join(lines)
