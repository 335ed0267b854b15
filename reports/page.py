"""One page: how do sections become a file that a person can read and send on?

The page is one HTML file: no script, nothing loaded from elsewhere. The template escapes every text that is
not marked as written by this project.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from organisms.storage import records
from reports.section import Section, Text


@dataclass(frozen=True)
class Page:
    """What a page shows, from top to bottom."""

    title: str
    subtitle: Text
    headline: Sequence[Text]
    """the result in a few sentences, for a reader who reads no further"""
    sections: Sequence[Section]
    banner: Text = ""
    """a warning that stands above everything"""


@cache
def _page_template() -> Template:
    return Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html.jinja")


def render_page(page: Page) -> str:
    """The page as HTML, its sections in the order of their ranks."""
    return _page_template().render(
        page=page, sections=sorted(page.sections, key=lambda section: section.rank)
    )


def write_page(page: Page, path: Path) -> Path:
    """Write the page to `path`, wholly or not at all, and return the path.

    Raises SystemFailure where the disk refuses; what was at `path` before is then still there.
    """
    records.make_folder(path.parent)
    records.write_whole(path, render_page(page).encode(), path.parent / ".partial")
    return path
