"""Blocks of docs/speed.md: how many steps a second does training take, beside PyTorch's and the machine's limit?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.results.data import DATA, KeptRecord, ResultsData, read_needed
from experiments.results.markdown import COMMAND, markdown_table
from experiments.results.registry import result_block
from reports.formats import DASH, rate_text

NAME = "speed"
"""name of the kept file: what `scripts/bench.py` writes"""
PACKAGES = ("jax", "torch")
"""whose versions the page names"""


@dataclass(frozen=True)
class KeptCell:
    """What the page needs of one scale with one number of members. Rates are medians; None: not measured."""

    scale: str
    members: int
    organism_steps_per_second: float | None
    ratio_to_pytorch: float | None
    """to the fastest PyTorch"""
    fraction_of_peak: float | None
    """of the best large matrix product"""
    fraction_of_own_products: float | None


@dataclass(frozen=True)
class KeptInterventions:
    """What the page needs of how fast the analysis is."""

    members: int
    interventions_per_second: float | None
    ratio: float | None
    """to the faster of two ways that make them one at a time"""
    largest_difference_nats: float


@dataclass(frozen=True)
class KeptSpeed(KeptRecord):
    """What the page needs of a bench. Single numbers are of the reference: cpu scale with eight members."""

    command: str
    device: str
    versions: Mapping[str, str | None]
    cores_busy_with_others: float | None
    ratio_to_pytorch: float | None
    smallest_ratio: float | None
    fraction_of_peak: float | None
    fraction_of_own_products: float | None
    analysis: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]

    def cells(self) -> list[KeptCell]:
        """Every scale with every number of members."""
        return [read_needed(KeptCell, row, f"rows.{index}") for index, row in enumerate(self.rows)]


def three_digits(number: float | None) -> str:
    """Three digits at least, without an exponent; a dash for what was not measured."""
    if number is None:
        return DASH
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def kept_speed(data: ResultsData) -> KeptSpeed:
    """What the bench wrote."""
    return data.read(NAME, KeptSpeed)


@result_block
def speed_source(data: ResultsData) -> str:
    """Which command the figures are of, on which machine, and when."""
    record = kept_speed(data)
    packages = [f"{name} {version}" for name in PACKAGES if (version := record.versions.get(name))]
    when = ", ".join(filter(None, (record.origin, *packages)))
    return (
        f"`{record.command}` on {record.device}; {when} (data: `docs/{DATA}/{NAME}.json`; made "
        f"into tables by `{COMMAND}`). Other processes kept {rate_text(record.cores_busy_with_others)} cores busy meanwhile."
    )


@result_block
def speed_answer(data: ResultsData) -> str:
    """The reference, and the lowest ratio to PyTorch."""
    record = kept_speed(data)
    fractions = (
        f"At cpu scale with eight members training runs at {rate_text(record.fraction_of_peak)} of the rate of a large matrix "
        f"product, and at {rate_text(record.fraction_of_own_products)} of that of the model's own products."
    )
    if record.ratio_to_pytorch is None:
        return f"{fractions} PyTorch was not measured."
    return (
        f"{fractions} It takes {three_digits(record.ratio_to_pytorch)} times as many steps a second as the fastest PyTorch. The "
        f"lowest of these ratios in any row is {three_digits(record.smallest_ratio)}."
    )


@result_block
def speed_rows(data: ResultsData) -> str:
    """A row a scale and number of members: steps a second, and what they are of each limit."""
    columns = (
        *("scale, members", "organism-steps a second", "over the fastest PyTorch", "of a large product"),
        "of the model's own products",
    )
    rows = [
        (
            f"{cell.scale}, {cell.members}",
            *map(three_digits, (cell.organism_steps_per_second, cell.ratio_to_pytorch)),
            *map(rate_text, (cell.fraction_of_peak, cell.fraction_of_own_products)),
        )
        for cell in kept_speed(data).cells()
    ]
    return markdown_table(columns, rows)


@result_block
def speed_analysis(data: ResultsData) -> str:
    """Interventions a second, beside one at a time."""
    analysis = read_needed(KeptInterventions, kept_speed(data).analysis, "analysis")
    return (
        f"The analysis makes {three_digits(analysis.interventions_per_second)} interventions a second on {analysis.members} "
        f"members. That is {three_digits(analysis.ratio)} times as many as one at a time, to the same results "
        f"({analysis.largest_difference_nats:.1e} nats apart at most)."
    )
