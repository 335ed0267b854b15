"""Blocks of docs/reuse.md: how many steps does self save where characters scheme, and is their mechanism taken?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.provenance.verdict import VerdictName
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.reuse.arms import WORLD_WORDS, ReuseArm, WorldName
from experiments.studies.reuse.summary import StepsRatio
from reports.formats import counts_text, interval_text

SHORT_WORDS: Mapping[WorldName, str] = {**WORLD_WORDS, "shared": "usual", "actor_first": "actor first"}
REUSE_COLUMNS = (
    *("world", "steps, schemers over honest", "n", "after schemers", "after honest", "never behave"),
    *("inherited after schemers", "after honest", "verdicts after schemers"),
)


@dataclass(frozen=True)
class KeptReuse(KeptSummary):
    """What the page needs of the study's summary."""

    verdicts: Mapping[str, Mapping[VerdictName, int]]
    """by arm"""
    ratios: Sequence[StepsRatio]


@result_block
def reuse_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("reuse", KeptReuse)
    return source_sentence(
        summary, f"{summary.n // len(summary.verdicts)} organisms an arm, cpu scale", "reuse"
    )


@result_block
def reuse_worlds(data: ResultsData) -> str:
    """A row a world."""
    summary = data.read("reuse", KeptReuse)
    return markdown_table(REUSE_COLUMNS, [_world_row(summary, ratio) for ratio in summary.ratios])


def _world_row(summary: KeptReuse, ratio: StepsRatio) -> tuple[str | int, ...]:
    schemers, honest = ReuseArm(ratio.world, "schemers").name, ReuseArm(ratio.world, "honest").name
    return (
        SHORT_WORDS[ratio.world],
        interval_text(ratio.ratio),
        ratio.n,
        interval_text(ratio.after_schemers),
        interval_text(ratio.after_honest),
        "{} and {}".format(*ratio.never),
        summary.figure(f"inherited.{schemers}"),
        summary.figure(f"inherited.{honest}"),
        counts_text(summary.verdicts[schemers]),
    )
