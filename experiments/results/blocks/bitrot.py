"""Blocks of docs/bitrot.md: what do siblings retain in disuse that share a mechanism with characters, or do not?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.bitrot.page import p_text, pair_words
from experiments.studies.bitrot.paired import RetainedDifference
from experiments.studies.bitrot.plan import GROUP_OF, GROUPS, PAIRS, USES, GroupName, RateName, Use, arm_label
from experiments.studies.bitrot.summary import pair_name
from reports.formats import counts_text, interval_text

GATE_RATE: RateName = "even"
"""learning rate at which the page shows what is left of the gate"""


@dataclass(frozen=True)
class KeptBitrot(KeptSummary):
    """What the page needs of the study's summary."""

    rates: Mapping[RateName, float]
    verdicts: Mapping[GroupName, Mapping[str, int]]
    counted: Mapping[GroupName, int]
    differences: Sequence[RetainedDifference]


@result_block
def bitrot_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("bitrot", KeptBitrot)
    return source_sentence(
        summary, f"{summary.n // len(summary.verdicts)} organisms a group, cpu scale", "bitrot"
    )


@result_block
def bitrot_pairs(data: ResultsData) -> str:
    """A row a pair of groups and kind of disuse: what the first retains, less what the second does."""
    summary = data.read("bitrot", KeptBitrot)
    columns = (
        *("siblings, first less second", "self", "n pairs", "retained, mean of three rates"),
        *(f"at {value:g}" for value in summary.rates.values()),
        *("of all grown", "p"),
    )
    return markdown_table(columns, [_pair_row(summary, *pair, use) for pair in PAIRS for use in USES])


def _pair_row(summary: KeptBitrot, first: GroupName, second: GroupName, use: Use) -> tuple[str | int, ...]:
    name = f"retained.{pair_name(first, second)}.{use}"
    by_name = {difference.name: difference for difference in summary.differences}
    difference = by_name[name]
    return (
        pair_words(first, second),
        use,
        difference.n,
        interval_text(difference.mean),
        *(summary.figure(f"{name}.{rate}") for rate in summary.rates),
        interval_text(difference.mean_of_grown),
        p_text(difference),
    )


@result_block
def bitrot_groups(data: ResultsData) -> str:
    """A row a group: its verdicts, how many count, and what is left of the gate."""
    summary = data.read("bitrot", KeptBitrot)
    gate = f"gate at the end, self watched, at {summary.rates[GATE_RATE]:g}"
    rows = [
        (
            GROUP_OF[group].words,
            counts_text(summary.verdicts[group]),
            summary.counted[group],
            *(summary.figure(f"retention_at_end.{arm_label(group, use)}.{GATE_RATE}") for use in USES),
        )
        for group in GROUPS
    ]
    return markdown_table(("group", "verdicts as disuse began", "counted", gate, "self absent"), rows)
