"""Write the figures of docs/*.md anew from the studies' summaries: python scripts/results.py"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curricula.errors import SystemFailure
from experiments.command_line.flags import CommonFlags
from experiments.command_line.parsing import parse


@dataclass(frozen=True, kw_only=True)
class Results(CommonFlags):
    """Makes the blocks of results in the pages of the documentation of the summaries in results/data beside them.
    Whatever stands outside of the blocks is left as it is."""

    check: bool = False
    """write nothing; name the blocks that say something else than the data, and exit 1 where there are some"""
    out: Path = Path("docs")
    """folder of the pages; their data are in results/data below it"""


def results_command(words: Sequence[str]) -> Path:
    """Writes the pages of the folder that the words name, or checks them, and returns that folder."""
    flags = parse(Results, __doc__ or "", words)
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.progress import say_on_error_stream
    from experiments.results.pages import filled_pages, write_pages

    pages = filled_pages(flags.out)
    if not flags.check:
        for path in write_pages(pages):
            flags.report(f"{path}: written")
        return flags.out
    stale = [f"{page.path}:{block.line}: {block.name}" for page in pages for block in page.stale]
    for place in stale:
        say_on_error_stream(f"{place}: says something else than the data")
    if stale:
        raise SystemFailure(f"blocks of results that are stale: {len(stale)}; run python scripts/results.py")
    return flags.out
