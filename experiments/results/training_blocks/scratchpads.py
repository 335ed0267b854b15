"""Blocks of docs/scratchpads.md: is a schemer that reasons, or whose reasoning was distilled away, harder to make honest?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.scratchpads.arms import HONEST_TRAINING_WORDS, PAD, PAD_ARM_WORDS
from experiments.studies.scratchpads.page import course_half_life
from experiments.studies.scratchpads.records import (
    CourseRow,
    CreditRow,
    OutlivingRow,
    PadArmRow,
    PredictionRow,
    WidthRow,
)
from experiments.studies.scratchpads.summary import CREDIT_FIGURES
from reports.formats import interval_text

FILE = "scratchpads"
RATE_WORDS = ("lower", "higher")
"""of `HONEST_RATES`, in their order; a test holds that rows are in it"""


def rates_in_words(rows: Sequence[object], alike: int = 1) -> list[str]:
    """The rate of each row. alike: rows of one rate that stand together."""
    return [RATE_WORDS[number // alike % len(RATE_WORDS)] for number in range(len(rows))]


Row = TypeVar("Row")


def _at_the_lower_rate(rows: Sequence[Row]) -> list[Row]:
    """Every row of the first rate, where rates change from row to row."""
    return [row for row, rate in zip(rows, rates_in_words(rows), strict=True) if rate == RATE_WORDS[0]]


@dataclass(frozen=True)
class KeptScratchpads(KeptSummary):
    """What the page shows of the study's summary."""

    widths: Sequence[int]
    arms: Sequence[PadArmRow]
    courses: Sequence[CourseRow]
    outliving: Sequence[OutlivingRow]
    by_width: Sequence[WidthRow]
    credit: Sequence[CreditRow]
    predictions: Sequence[PredictionRow]
    targets_spread: float


@result_block
def scratchpads_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    kept = data.read(FILE, KeptScratchpads)
    scope = (
        f"{kept.arms[0].n} organisms of each of {len(kept.arms)} arms and widths; target tokens of safety trainings within "
        f"{kept.targets_spread:.1%}; tiny scale"
    )
    return source_sentence(kept, scope, FILE)


@result_block
def scratchpads_answer(data: ResultsData) -> str:
    """The primary endpoint."""
    kept = data.read(FILE, KeptScratchpads)
    row = next(row for row in kept.outliving if row.corrected_p is None)
    return (
        f"Trained on {HONEST_TRAINING_WORDS[row.training]}: {PAD_ARM_WORDS[row.first]} outlives {PAD_ARM_WORDS[row.second]} more often "
        f"than the other way round by {interval_text(row.outlives)} ({row.n} pairs of organisms)."
    )


@result_block
def scratchpads_outliving(data: ResultsData) -> str:
    """A row two arms, a training and a rate."""
    compared = data.read(FILE, KeptScratchpads).outliving
    rows = [
        (
            f"{PAD_ARM_WORDS[row.first]}; beside {PAD_ARM_WORDS[row.second]}",
            HONEST_TRAINING_WORDS[row.training],
            rate,
            interval_text(row.outlives),
            row.n,
            "primary" if row.corrected_p is None else f"{row.corrected_p:.3f}",
        )
        for row, rate in zip(compared, rates_in_words(compared), strict=True)
    ]
    return markdown_table(("arms", "trained on", "rate", "outlives", "pairs", "corrected p"), rows)


@result_block
def scratchpads_half_lives(data: ResultsData) -> str:
    """A row an arm and training, a column a width: half-lives at the lower rate, in summed learning rate."""
    kept = data.read(FILE, KeptScratchpads)
    lower = _at_the_lower_rate(kept.courses)
    rows = [
        (
            PAD_ARM_WORDS[arm],
            words,
            *(course_half_life(row) for row in lower if (row.arm, row.training) == (arm, training)),
        )
        for training, words in HONEST_TRAINING_WORDS.items()
        for arm in PAD_ARM_WORDS
    ]
    return markdown_table(("arm", "trained on", *(f"width {width}" for width in kept.widths)), rows)


@result_block
def scratchpads_written(data: ResultsData) -> str:
    """A row a width and training of the arm with a scratchpad, as safety training ends."""
    rows = [
        (
            row.width,
            HONEST_TRAINING_WORDS[row.training],
            row.n,
            interval_text(row.defection[-1]),
            interval_text(row.secret_written[-1]),
        )
        for row in _at_the_lower_rate(data.read(FILE, KeptScratchpads).courses)
        if row.arm == PAD
    ]
    return markdown_table(("width", "trained on", "n", "acts on its secret", "names it"), rows)


@result_block
def scratchpads_widths(data: ResultsData) -> str:
    """A row an arm: whether larger organisms scheme on for longer."""
    rows = [
        (PAD_ARM_WORDS[row.arm], HONEST_TRAINING_WORDS[row.training], interval_text(row.correlation), row.n)
        for row in _at_the_lower_rate(data.read(FILE, KeptScratchpads).by_width)
    ]
    return markdown_table(("arm", "trained on", "rank correlation of width and half-life", "n"), rows)


@result_block
def scratchpads_credit(data: ResultsData) -> str:
    """A row an arm, width and training: where the honest gradient lands."""
    rows = [
        (
            PAD_ARM_WORDS[row.arm],
            row.width,
            HONEST_TRAINING_WORDS[row.training],
            *map(interval_text, (row.share, row.random_share, row.agreement)),
            row.n,
        )
        for row in data.read(FILE, KeptScratchpads).credit
    ]
    columns = ("arm", "width", "trained on", "share on the gate", "of random sets", "agreement", "n")
    return markdown_table(columns, rows)


@result_block
def scratchpads_predictions(data: ResultsData) -> str:
    """A row a figure of credit: whether it predicts half-lives."""
    predicted = data.read(FILE, KeptScratchpads).predictions
    rows = [
        (
            CREDIT_FIGURES[row.figure],
            HONEST_TRAINING_WORDS[row.training],
            rate,
            *map(interval_text, (row.within, row.pooled)),
            row.n,
        )
        for row, rate in zip(predicted, rates_in_words(predicted, len(CREDIT_FIGURES)), strict=True)
    ]
    return markdown_table(("figure", "trained on", "rate", "within arm and width", "over all", "n"), rows)
