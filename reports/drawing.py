"""Drawing primitives: what makes a figure one of this project's, and how does it become text that a page can
hold?

A drawing depends on what is drawn alone: the same findings give the same bytes. Text is drawn as outlines, so
that it looks the same where no font is installed, and is never read as mathematics, so that a "$" in a name
is a "$". What a style does *not* show: whether a difference is large; for that every axis keeps its whole
range.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import quoteattr

import matplotlib
import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.provenance.verdict import CELLS

WIDTH = 10.6
"""inches: the width of a page's text at 1280 pixels"""
# Okabe & Ito 2008, distinguishable with every common kind of colour blindness.
BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW)
MARKERS = "osD^vP"
GREY, INK = "#8a8f98", "#222831"
CELL_COLOURS = MappingProxyType(dict(zip(CELLS, (BLUE, ORANGE, GREEN, PURPLE), strict=True)))
"""of each provenance cell"""
EFFECT_COLOURS = "RdBu_r"
"""matplotlib's colour map for effects, which are positive or negative"""
STYLE = MappingProxyType(
    {
        "svg.hashsalt": "exapt",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.frameon": False,
        "legend.fontsize": 8,
    }
)
SPREAD = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""offsets that separate dots of equal value, in the order of members: counted, not random"""


@contextmanager
def style() -> Iterator[None]:
    """Draw within it: the style holds inside and leaves nothing behind."""
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    settings.pop("backend")  # looking it up would choose one for the whole process
    # A name may hold letters that the font lacks: they are then drawn as boxes, which is no reason to fail.
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def svg(figure: Figure, title: str) -> Markup:
    """The figure as an SVG element for a page, with ids that no figure of another title has."""
    FigureCanvasSVG(figure)
    buffer = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", facecolor="white", metadata=metadata)
    # Matplotlib writes each text once more as a comment: names of runs have no business there.
    text = re.sub(r"<!--.*?-->\s*", "", buffer.getvalue(), flags=re.DOTALL)
    text = text[text.index("<svg") :]
    prefix = re.sub(r"\W+", "-", title.lower(), flags=re.ASCII).strip("-") + "-"
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{prefix}", text)
    return Markup(text.replace("<svg ", f'<svg role="img" aria-label={quoteattr(title)} ', 1))


def not_measured(axes: Axes, why: str = "") -> None:
    """Write into an empty panel that nothing was measured, and why."""
    text = "not measured" + (f":\n{why}" if why else "")
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def array(values: Any) -> Float[np.ndarray, "..."]:
    """Nested lists as an array, with NaN for None."""
    return np.asarray(values, dtype=float)


def offsets(count: int, width: float) -> Float[np.ndarray, " member"]:
    """Distances from their line at which the dots of `count` organisms are drawn, at most `width`."""
    return width * np.resize(SPREAD, count)


def mean_over_members(values: Float[np.ndarray, "member column"]) -> Float[np.ndarray, " column"]:
    """The mean over members; NaN where no member has a number."""
    finite = np.isfinite(values)
    return np.where(finite, values, 0).sum(0) / np.where(finite.any(0), finite.sum(0), np.nan)


def shorten(text: str, length: int = 44) -> str:
    """The text, cut where it would run out of its panel."""
    return text if len(text) <= length else text[: length - 1] + "…"
