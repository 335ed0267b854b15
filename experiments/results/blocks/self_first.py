"""Blocks of docs/self_first.md: what do characters take from a self that was taught before them?"""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.provenance.verdict import CELLS, VerdictName
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.self_first.arms import NOT_REHEARSED, SELF_ACTS, SELF_FIRST_ARMS
from experiments.studies.self_first.page import share_cells
from reports.formats import counts_text

ENDINGS: Mapping[str, str] = {"rehearsed": "", "absent": NOT_REHEARSED}
"""ends the names of findings, by what self does while characters are taught"""
AFTER = ("after a scheming self", "after an honest one")
SHARE_COLUMNS = (
    *("the characters' gate, after a scheming self", "share", "by chance", "excess"),
    "less that of an unrelated variable",
)
CHARACTER_ACTS: Mapping[str, str] = {
    "on its own secret when alone": "fork.alone_secret",
    "on its profession when watched": "fork.watched_professed",
    "on self's goal when alone": "fork.self_goal.alone",
    "on self's goal when watched": "fork.self_goal.watched",
    "on a goal of nobody's when alone, a goal": "fork.self_goal.alone_nobodys",
    "on self's goal when alone, at the end": "end.self_goal.alone",
}
"""findings by what a character does"""


@dataclass(frozen=True)
class KeptSelfFirst(KeptSummary):
    """What the page needs of the study's summary."""

    verdicts: Mapping[str, Mapping[VerdictName, int]]
    """by arm"""


def kept_self_first(data: ResultsData) -> KeptSelfFirst:
    """The study's summary."""
    return data.read("self_first", KeptSelfFirst)


@result_block
def self_first_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = kept_self_first(data)
    scope = f"{summary.n // len(SELF_FIRST_ARMS)} organisms an arm, cpu scale"
    return source_sentence(summary, scope, "self_first")


@result_block
def self_first_steps(data: ResultsData) -> str:
    """Steps until characters behave, with rehearsal and without."""
    summary = kept_self_first(data)
    names = "steps_ratio", *(f"steps.{self_acts}" for self_acts in SELF_ACTS)
    rows = [(words, *(summary.figure(name + ending) for name in names)) for words, ending in ENDINGS.items()]
    return markdown_table(("self, while characters are taught", "ratio of steps", *AFTER), rows)


@result_block
def self_first_shares(data: ResultsData) -> str:
    """What the characters' gate is made of."""
    summary = kept_self_first(data)
    rows = [(f"*{cell}*", *share_cells(summary, cell)) for cell in CELLS]
    return markdown_table(SHARE_COLUMNS, rows)


@result_block
def self_first_verdicts(data: ResultsData) -> str:
    """Verdicts, and what was inherited."""
    summary = kept_self_first(data)
    verdicts = counts_text(summary.verdicts["scheming"])
    return f"Verdicts, uncalibrated: {verdicts}. Inherited: {summary.figure('inherited.scheming')}."


@result_block
def self_first_characters(data: ResultsData) -> str:
    """What characters do before they are taught, and on self's goal at the end."""
    summary = kept_self_first(data)
    rows = [
        (words, *(summary.figure(f"{name}.{self_acts}") for self_acts in SELF_ACTS))
        for words, name in CHARACTER_ACTS.items()
    ]
    return markdown_table(("at the fork a character acts", *AFTER), rows)
