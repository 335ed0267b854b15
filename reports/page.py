"""One page: how do sections become a file that a person can read and send on?

The page is one HTML file with one script, which sorts its tables; nothing is loaded from elsewhere. The template escapes
every text that is not marked as written by this project, and the page forbids a browser to run any other script.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from organisms.storage import records
from reports.glossary import TermLinks
from reports.section import Section, Text

LONG_NAME = 16
"""letters from which on a name may be broken between its words"""
LONG_LABEL = 30
"""letters from which on the name of a row takes some width, so that it does not become a column of single words"""


@dataclass(frozen=True)
class Page:
    """What a page shows, from top to bottom."""

    title: str
    subtitle: Text
    headline: Sequence[Text]
    """the result in a few sentences, for a reader who reads no further"""
    sections: Sequence[Section]
    banner: Text = ""
    """a warning that stands above the sections"""
    answer: Text = ""
    """the result in one sentence, first of all; by default the first line of the headline"""

    @property
    def lead(self) -> Text:
        """what is read first"""
        return self.answer or next(iter(self.headline), "")

    @property
    def more_lines(self) -> Sequence[Text]:
        """what is read after that"""
        return self.headline if self.answer else self.headline[1:]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.globals["LONG_LABEL"] = LONG_LABEL
    return environment


@cache
def page_script() -> Markup:
    """The one script that a page has, without its tags."""
    return Markup(_environment().get_template("script.jinja").render())


@cache
def script_hash() -> str:
    """The script's hash, by which the page tells a browser to run this script and no other."""
    return base64.b64encode(hashlib.sha256(page_script().encode()).digest()).decode()


def breakable(text: Text) -> Markup:
    """The text, escaped, with places at which a long name may go on in the next line: between its words, never inside
    of one; and none between a number and its %. What is `Markup` already stays as it is."""
    if isinstance(text, Markup):
        return text

    def with_breaks(match: re.Match[str]) -> str:
        return re.sub(r"([_/.-]+)(?=\w)", r"\1<wbr>", match[0])

    whole = re.sub(r"(?<=\d) %", "\u00a0%", str(escape(text)))
    return Markup(re.sub(rf"[\w/.-]{{{LONG_NAME},}}", with_breaks, whole))


def render_page(page: Page) -> str:
    """The page as HTML, its sections in the order of their ranks."""
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            page=page,
            sections=sorted(page.sections, key=lambda section: section.rank),
            terms=TermLinks(),
            script=page_script(),
            script_hash=script_hash(),
        )
    )


def write_page(page: Page, path: Path) -> Path:
    """Write the page to `path`, wholly or not at all, and return the path.

    Raises SystemFailure where the disk refuses; what was at `path` before is then still there.
    """
    records.make_folder(path.parent)
    records.write_whole(path, render_page(page).encode(), path.parent / ".partial")
    return path
