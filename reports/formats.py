"""Numbers as text: how does a page write what was measured, and what was not?"""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from analysis.statistics import numbers

DASH = "–"
"""stands for what was not measured"""


def rate_text(value: float | int | None) -> str:
    """Two decimals; a dash for None and NaN."""
    return DASH if value is None or not numbers([value]) else f"{round(value, 2) + 0.0:.2f}"


def interval_text(triple: Sequence[float | int | None]) -> str:
    """Value and interval, as ``0.95 [0.91, 0.98]``.

    triple: value, low, high. A value that was not measured is a dash, as is the interval that one organism
    cannot have.
    """
    value, low, high = triple
    if not numbers([value]):
        return DASH
    bounds = f"{rate_text(low)}, {rate_text(high)}" if len(numbers([low, high])) == 2 else DASH
    return f"{rate_text(value)} [{bounds}]"


def counts_text(counts: Mapping[Any, int]) -> str:
    """Counts by name in one line: ``3 reused, 1 mixed``."""
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def verdict_badge(verdict: str, text: str = "") -> Markup:
    """A verdict in its colour. text: the verdict in full, where that says more."""
    return Markup('<span class="verdict {}">{}</span>').format(verdict.replace(" ", "-"), text or verdict)
