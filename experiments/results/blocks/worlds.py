"""Blocks of docs/worlds.md: who learns in other worlds and at other sizes, and are verdicts right there?"""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.worlds.arms import ELSEWHERE, USUAL
from experiments.studies.worlds.page import CONTROL_COLUMNS, control_rows, went_on_text, world_words
from experiments.studies.worlds.summary import STEPS_RATIO, UNSEEN, ControlsRow, WorldRow
from reports.formats import interval_text

WORLD_COLUMNS = (
    *("world and sizes", "as taught", "attempts given up", "members that went on, by phase"),
    "steps of an organism",
)


@dataclass(frozen=True)
class KeptWorlds(KeptSummary):
    """What the page needs of the study's summary."""

    worlds: Mapping[str, WorldRow]
    controls: Mapping[str, ControlsRow]

    @property
    def unseen(self) -> int:
        """Organisms of worlds that were not looked at before."""
        return sum(self.worlds[arm.name].n for arm in ELSEWHERE if not arm.seen)


@result_block
def worlds_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("worlds", KeptWorlds)
    scope = f"cpu scale, {summary.worlds[USUAL.name].n} organisms a world"
    return source_sentence(summary, scope, "worlds")


@result_block
def worlds_answer(data: ResultsData) -> str:
    """The primary endpoint, the same of unseen worlds, and what steps cost."""
    summary = data.read("worlds", KeptWorlds)
    return (
        f"In the five other worlds {interval_text(summary.primary.value)} of {summary.primary.n} organisms are as taught; in the "
        f"three that were not seen before, {summary.figure(UNSEEN)} of {summary.unseen}. Steps in the usual world, over those of "
        f"organisms that began alike in phases of fixed length: {summary.figure(STEPS_RATIO)}, "
        f"n {summary.worlds[USUAL.name].n}."
    )


@result_block
def worlds_learned(data: ResultsData) -> str:
    """A row a world: who learned, and in how many steps."""
    summary = data.read("worlds", KeptWorlds)
    rows = [
        (
            world_words(label),
            f"{round((row.as_taught[0] or 0) * row.n)} of {row.n}",
            row.reseeded_attempts,
            went_on_text(row),
            interval_text(row.steps),
        )
        for label, row in summary.worlds.items()
    ]
    return markdown_table(WORLD_COLUMNS, rows)


@result_block
def worlds_controls(data: ResultsData) -> str:
    """Planted organisms of two worlds, and their verdicts."""
    return markdown_table(CONTROL_COLUMNS, control_rows(data.read("worlds", KeptWorlds).controls))
