"""Blocks of docs/ancestry.md: how many planted role changes do dated events report, and how far off are their dates?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.history.dating import ScoredChange
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.ancestry.summary import DetectionGroup, TrainedLineages
from experiments.studies.study import Triple
from reports.formats import DASH, counts_text, interval_text

DATA = "ancestry"
"""name of the kept summary"""
LINEAGE_WORDS: Mapping[str, str] = {
    "planted_exchanged": "a second copy learned, settled, then lanes exchanged",
    "planted_repurposed": "a spare, taught another role",
    "grafted_repurposed": "a lane grafted, its copy then taught another role",
    "settled": "trained on as they ended",
}
GROUP_WORDS: Mapping[str, str] = {
    **{"all": "all changes", "surgery": "by surgery, from one step to the next", "learned": "learned"},
    **{"came": "a component came to a role", "left": "a component left a role"},
    **LINEAGE_WORDS,
}


@dataclass(frozen=True)
class KeptAncestry(KeptSummary):
    """What the page needs of the study's summary."""

    chosen_on_these: Sequence[int]
    checkpoint_every: int
    carries: float
    lineages: Mapping[str, TrainedLineages]
    groups: Mapping[str, DetectionGroup]
    in_interval: Triple
    reported_as: Mapping[str, Mapping[str, int]]
    false_events: Triple
    changes: Sequence[ScoredChange]

    def learned_error(self, share: float) -> float | None:
        """Checkpoints that a share of the dates of what is learned are at most off by; None where none was found."""
        errors = [change.error for change in self.changes if not change.abrupt and change.error is not None]
        return float(np.quantile(errors, share, method="higher")) if errors else None


def kept_ancestry(data: ResultsData) -> KeptAncestry:
    """The study's summary."""
    return data.read(DATA, KeptAncestry)


def checkpoints_text(checkpoints: float | int | None) -> str:
    """``1`` or ``2.5``; a dash where none was measured."""
    return DASH if checkpoints is None else f"{checkpoints:.3g}"


@result_block
def ancestry_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = kept_ancestry(data)
    scope = f"cpu scale, {summary.n} organisms in which planting took, checkpoints every {summary.checkpoint_every} steps"
    return source_sentence(summary, scope, DATA)


@result_block
def ancestry_answer(data: ResultsData) -> str:
    """How many changes are found, how far off dates are, and what is reported where nothing happens."""
    summary = kept_ancestry(data)
    every, surgery, learned = (summary.groups[name] for name in ("all", "surgery", "learned"))
    lines = [
        f"- **Found.** Of the planted changes of components {interval_text(every.detected)} are reported, mean over "
        f"{summary.primary.n} organisms.",
        "- **Dates**, in checkpoints. Those of surgery are off by a median of "
        f"{checkpoints_text(surgery.median_error)}, those of what is learned by {checkpoints_text(learned.median_error)}. "
        f"Nine in ten of the latter are off by at most {checkpoints_text(summary.learned_error(0.9))}.",
        f"- **Intervals.** The known date lies in the event's in {interval_text(summary.in_interval)} of the changes found.",
        f"- **False events.** Where nothing happens {interval_text(summary.false_events)} events a component are reported.",
        f"- **What is scored.** A component that carries {summary.carries:g} of a gate or more where its lane serves, "
        "and next to nothing where it does not.",
    ]
    if summary.chosen_on_these:
        seeds = ", ".join(map(str, summary.chosen_on_these))
        lines.append(
            f"- **No test.** Thresholds were chosen on runs of seeds {seeds}, which are among these."
        )
    return "\n".join(lines)


@result_block
def ancestry_found(data: ResultsData) -> str:
    """A row a kind of change: how many components, how many are found, and how far off dates are."""
    rows = [
        (
            GROUP_WORDS.get(name, f"`{name}`"),
            group.components,
            interval_text(group.detected),
            checkpoints_text(group.median_error),
        )
        for name, group in kept_ancestry(data).groups.items()
    ]
    return markdown_table(("planted", "changes of components", "found", "median error, checkpoints"), rows)


@result_block
def ancestry_events(data: ResultsData) -> str:
    """A row a kind of change: which events report it."""
    rows = [
        (planted.replace(".", ": ", 1).replace(".", " in the role "), counts_text(events))
        for planted, events in kept_ancestry(data).reported_as.items()
        if events
    ]
    return markdown_table(("planted", "reported as"), rows)


@result_block
def ancestry_lineages(data: ResultsData) -> str:
    """A row a kind of lineage: in how many organisms planting took."""
    rows = [
        (
            LINEAGE_WORDS.get(name, f"`{name}`"),
            f"{lineages.planting_took} of {lineages.trained}",
            lineages.checkpoints,
        )
        for name, lineages in kept_ancestry(data).lineages.items()
    ]
    return markdown_table(("lineage", "planting took", "checkpoints"), rows)
