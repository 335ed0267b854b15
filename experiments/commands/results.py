"""Write the figures of docs/*.md anew from the studies' summaries: python scripts/results.py"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from curricula.errors import SystemFailure, UserError
from experiments.command_line.flags import CommonFlags
from experiments.command_line.parsing import parse


@dataclass(frozen=True, kw_only=True)
class Results(CommonFlags):
    """Makes the blocks of results in the pages of the documentation of the summaries in results/data beside them.
    Whatever stands outside of the blocks is left as it is. With --glance, writes one page of all studies in place of
    that; with --main-job, keeps the main job and draws README's picture first."""

    summaries: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """for --glance: summaries of studies, or folders that hold one; by default those in results/data"""
    glance: Path | None = None
    """write this HTML page, with a row a study: its question, its primary endpoint and what made it"""
    main_job: Path | None = None
    """keep the main job, which scripts/compare.py wrote into this folder, as results/data/main_job.json, and draw
    effects.png of it before the blocks are made"""
    check: bool = False
    """write nothing; name the blocks that say something else than the data, and exit 1 where there are some"""
    out: Path = Path("docs")
    """folder of the pages; their data are in results/data below it"""


def results_command(words: Sequence[str]) -> Path:
    """Writes the pages of the folder that the words name, or checks them, and returns that folder; or writes the page of
    all studies and returns its path."""
    flags = parse(Results, __doc__ or "", words)
    if flags.glance:
        return _write_glance(flags, flags.glance)
    if flags.summaries:
        raise UserError(f"{flags.summaries[0]}: summaries are for --glance FILE; give that as well")
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.progress import say_on_error_stream
    from experiments.results.pages import filled_pages, write_pages

    if flags.main_job:
        _keep_main_job(flags, flags.main_job)
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


def _keep_main_job(flags: Results, source: Path) -> None:
    """Writes the data and the picture of the main job."""
    if flags.check:
        raise UserError("--check writes nothing, and --main-job keeps a job; give one of them")
    from experiments.main_job import keep_main_job

    for path in keep_main_job(source, flags.out):
        flags.report(f"{path}: written")


def _write_glance(flags: Results, target: Path) -> Path:
    """Writes the page of all studies and returns its path."""
    if flags.check:
        raise UserError("--check writes nothing, and --glance writes a page; give one of them")
    if flags.main_job:
        raise UserError("--glance writes one page and nothing else; leave out --main-job")
    if target.is_dir():
        raise UserError(f"--glance: expected the name of an HTML file, got the folder {target}")
    from experiments.results.glance import glance_page, glance_rows, kept_summaries
    from reports.page import write_page

    rows = glance_rows(flags.summaries or kept_summaries(flags.out))
    return write_page(glance_page(rows, target, flags.out), target)
