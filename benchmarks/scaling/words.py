"""Words of a page: how is a number, an interval or a table written?"""

from collections.abc import Callable, Sequence

PREFIXES = (
    (1e24, "Y"),
    (1e21, "Z"),
    (1e18, "E"),
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
)


def number(value: float | int) -> str:
    """Three digits, without an exponent."""
    if value and abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def exponent(value: float | int) -> str:
    """An exponent, as -0.03 or 1.98; never -0.00."""
    return f"{value + 0.0 if abs(value) >= 0.005 else 0.0:.2f}"


def interval(
    value: float, low: float | None, high: float | None, write: Callable[[float], str] = exponent
) -> str:
    """A number, with the ends of its interval where it has one."""
    ends = "" if low is None or high is None else f" [{write(low)}, {write(high)}]"
    return write(value) + ends


def share(value: float | int) -> str:
    """A share, as 10 %."""
    return f"{100 * value:g} %"


def duration(hours: float) -> str:
    """A time in the unit that fits it, as 3.2 min."""
    units = ((24.0, "days"), (1.0, "h"), (1 / 60, "min"), (0.0, "s"))
    size, unit = next((size, unit) for size, unit in units if hours >= 2 * size)
    return f"{number(hours / (size or 1 / 3600))} {unit}"


def scaled(value: float | int, unit: str) -> str:
    """A number with a prefix of its unit, as 12.3 TFLOP."""
    size, prefix = next(((size, prefix) for size, prefix in PREFIXES if abs(value) >= size), (1.0, ""))
    return f"{number(value / size)} {prefix}{unit}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> list[str]:
    """A table of Markdown. words: columns that hold words, the first ones; the others are aligned as numbers."""
    rule = ["---" if column < words else "---:" for column in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
