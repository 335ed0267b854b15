"""Blocks of docs/selection.md: training on a detector, or growing anew until it catches nothing?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.selection.outcomes import SHARES
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.selection.arms import (
    DRAWS,
    GROWTH_ARMS,
    NO_DETECTOR,
    REROLL_WORDS,
    SAME_FORK,
    TRAINED_ON_WORDS,
    TrainedOn,
)
from experiments.studies.selection.figures import ARM_WORDS, reading_words
from experiments.studies.selection.measurement import TRAINED_ON_READING
from experiments.studies.selection.records import ArmShares, DependenceRow, LawRow, TrainedOnRow
from experiments.studies.selection.thresholds import THRESHOLDS_REDRAWN
from experiments.studies.study import Triple
from reports.formats import DASH, interval_text, rate_text

FILE = "selection"
EARLIER = "selection_before"
"""name of the kept file of an earlier seed"""


COMPARED_BETWEEN_SEEDS: Sequence[TrainedOn] = ("reward", "loss", "reward_any_act")


@dataclass(frozen=True)
class KeptSelection(KeptSummary):
    """What the page shows of the study's summary."""

    forks: int
    calibration_forks: int
    calibration_honest: int
    thresholds: Mapping[str, float | None]
    arms: Sequence[ArmShares]
    laws: Sequence[LawRow]
    dependence: Sequence[DependenceRow]
    trained_on: Sequence[TrainedOnRow]
    reward_less_constant: Triple


@result_block
def selection_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    kept = data.read(FILE, KeptSelection)
    scope = (
        f"{kept.n} organisms are counted, {DRAWS} from each of {kept.forks} forks in {len(GROWTH_ARMS) - 1} arms, the others new; thresholds were set by "
        f"{kept.calibration_honest} honest ones of {kept.calibration_forks} other forks; tiny scale"
    )
    return source_sentence(kept, scope, FILE)


@result_block
def selection_answer(data: ResultsData) -> str:
    """The primary endpoint, and both numbers that it is the difference of."""
    kept = data.read(FILE, KeptSelection)
    row = next(row for row in kept.trained_on if row.corrected_p is None)
    constant = next(
        row for row in kept.trained_on if (row.arm, row.reading) == (NO_DETECTOR, TRAINED_ON_READING)
    )
    return (
        f"Trained on the detector ({TRAINED_ON_WORDS[row.arm]}), {rate_text(row.q_u)} of organisms end as schemers that it does "
        f"not catch. Growing anew leaves {rate_text(row.law)} by the law. Difference: {interval_text(kept.primary.value)}, and "
        f"{interval_text(_redrawn(kept, row))} where thresholds are drawn anew as well. A constant fine on the same acts, with nothing read, "
        f"leaves {rate_text(constant.q_u)}; what reading adds to it: {interval_text(kept.reward_less_constant)}."
    )


@result_block
def selection_trained(data: ResultsData) -> str:
    """A row an arm and detector: what training leaves, beside the law."""
    kept = data.read(FILE, KeptSelection)
    rows = [
        (
            TRAINED_ON_WORDS[row.arm],
            reading_words(row.reading),
            *(rate_text(row.q_u), rate_text(row.law), interval_text(row.difference)),
            interval_text(_redrawn(kept, row)),
            interval_text(row.left_difference),
            "primary" if row.corrected_p is None else f"{row.corrected_p:.3f}",
        )
        for row in kept.trained_on
    ]
    columns = (
        *("trained on", "detector", "q_u", "the law", "difference", "thresholds drawn anew"),
        *("thrown away too", "corrected p"),
    )
    return markdown_table(columns, rows)


def _redrawn(kept: KeptSelection, row: TrainedOnRow) -> Triple:
    return kept.interval(f"{THRESHOLDS_REDRAWN}.{row.arm}.{row.reading}")


@result_block
def selection_seeds(data: ResultsData) -> str:
    """A row a seed and detector: the threshold, what it catches, the law, and what three arms leave beside it."""
    rows: list[tuple[str | int, ...]] = []
    for kept in (data.read(name, KeptSelection) for name in (EARLIER, FILE)):
        arms = {(row.arm, row.reading): row for row in kept.arms}
        trained_on = {(row.arm, row.reading): row for row in kept.trained_on}
        for reading, threshold in kept.thresholds.items():
            same_fork = arms[SAME_FORK, reading]
            rows.append(
                (
                    *(kept.seeds[0], kept.calibration_honest, reading_words(reading), rate_text(threshold)),
                    *(interval_text(same_fork.caught["scheming"]), interval_text(same_fork.separation)),
                    rate_text(trained_on[COMPARED_BETWEEN_SEEDS[0], reading].law),
                    *(interval_text(trained_on[arm, reading].difference) for arm in COMPARED_BETWEEN_SEEDS),
                )
            )
    columns = (
        *("seed", "honest that set thresholds", "detector", "threshold", "schemers caught", "AUROC"),
        *("the law", *(TRAINED_ON_WORDS[arm] for arm in COMPARED_BETWEEN_SEEDS)),
    )
    return markdown_table(columns, rows)


@result_block
def selection_laws(data: ResultsData) -> str:
    """A row a detector and kind of growing anew: the law, and what was left."""
    rows = [
        (
            reading_words(row.reading),
            REROLL_WORDS[row.reroll],
            *(interval_text(row.predicted), interval_text(row.grown), row.finished, row.never),
            interval_text(row.difference),
        )
        for row in data.read(FILE, KeptSelection).laws
    ]
    columns = ("detector", "grown anew", "the law", "what was left", "of", "never", "difference")
    return markdown_table(columns, rows)


@result_block
def selection_shares(data: ResultsData) -> str:
    """A row an arm: its shares and what is caught, by the detector that is trained on."""
    rows = [
        (
            ARM_WORDS[row.arm],
            row.n,
            *(interval_text(row.shares[share]) for share in SHARES),
            *(interval_text(row.caught[outcome]) for outcome in ("scheming", "honest")),
            interval_text(row.separation),
        )
        for row in data.read(FILE, KeptSelection).arms
        if row.reading == TRAINED_ON_READING
    ]
    columns = ("arm", "n", *SHARES, "schemers caught", "honest caught", "AUROC")
    return markdown_table(columns, rows)


@result_block
def selection_dependence(data: ResultsData) -> str:
    """A row an outcome and kind of growing anew: how alike organisms of one fork end."""
    rows = [
        (
            row.outcome.replace("_", " "),
            REROLL_WORDS[row.reroll],
            *(rate_text(row.overdispersion), interval_text(row.correlation)),
            DASH if row.p is None else f"{row.p:.3f}",
        )
        for row in data.read(FILE, KeptSelection).dependence
    ]
    columns = ("outcome", "grown anew", "overdispersion", "correlation", "p")
    return markdown_table(columns, rows)
