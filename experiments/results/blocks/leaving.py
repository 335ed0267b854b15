"""Blocks of docs/leaving.md: what makes self leave the characters' mechanism, and where does it go?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from analysis.provenance.verdict import VerdictName
from analysis.relearning.reinitialisation import MemberReinitialised
from curricula.typed_json import read_needed
from experiments.results.blocks.controls import BEFORE, NEWEST
from experiments.results.data import KeptRecord, KeptSummary, ResultsData
from experiments.results.markdown import commands_sentence, markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.ablations.arms import ABLATION_ARMS, PART_WORDS, AblationArm
from experiments.studies.ablations.summary import PartDifference
from experiments.studies.study import Triple
from experiments.studies.swap.arms import COST_WORDS, WATCH_WORDS
from experiments.studies.swap.paired import PairedChange
from experiments.studies.swap.summary import WatchArmSummary
from reports.formats import counts_text, interval_text
from reports.sections.reinitialisation import lanes_of, place_and_slowdown

CHANGE_WORDS = {
    "self_in_watched_half.overlap": "self's share in a half, watched less not; with the overlap cost",
    "self_in_watched_half.none": "the same without it",
    "character_in_watched_half.overlap": "characters' share, with the overlap cost",
    "character_in_watched_half.self_side": "characters' share, where the cost does not push them",
    "character_in_watched_half.none": "characters' share, without the cost",
    "self_in_sham.overlap": "self's share in a random half: with it watched, less with nobody watching; with the cost",
    "self_in_first_half_by_sham.overlap": "self's share in the first half: with a random half watched, less with nobody watching",
}
LANE_WORDS = {
    "own": "self's components",
    "others": "as many others, of the same layers and kinds",
    "intact": "nothing",
}


@dataclass(frozen=True)
class KeptOrganism:
    """What the page needs of an organism of an arm."""

    moved: Mapping[str, Triple]
    """how far characters are on the way to self's components, by what was measured"""
    parting: Mapping[str, str]
    """*by role* or *by cast*, by what was measured"""
    kept: str | None
    """whether what stood in self's components at the fork was kept; None where that was not followed"""


@dataclass(frozen=True)
class KeptArm:
    """What the page needs of an arm."""

    n: int
    between: str
    verdicts: Mapping[VerdictName, int]
    organisms: Sequence[Mapping[str, Any]]

    def verdict_count(self, verdict: VerdictName) -> str:
        """How many organisms got a verdict, of all."""
        return f"{self.verdicts.get(verdict, 0)} of {self.n}"

    def read_organisms(self) -> list[KeptOrganism]:
        """Its organisms."""
        return [read_needed(KeptOrganism, organism, "organisms") for organism in self.organisms]

    def moved(self, kind: str) -> list[float]:
        """How far characters of each organism moved, of those in which it was measured."""
        means = [organism.moved[kind][0] for organism in self.read_organisms() if kind in organism.moved]
        return [value for value in means if value is not None]


@dataclass(frozen=True)
class KeptAblations(KeptSummary):
    """What the page needs of the study's summary."""

    arms: Mapping[str, Mapping[str, Any]]
    differences: Sequence[PartDifference]

    def arm(self, name: str) -> KeptArm:
        """One of the arms."""
        return read_needed(KeptArm, self.arms[name], f"arms.{name}")


@dataclass(frozen=True)
class KeptSwap(KeptSummary):
    """What the page needs of the study's summary."""

    arms: Mapping[str, WatchArmSummary]
    changes: Sequence[PairedChange]


@result_block
def ablations_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("ablations", KeptAblations)
    scope = f"cpu scale, {summary.primary.n} organisms an arm"
    return source_sentence(summary, scope, "ablations")


@result_block
def ablations_arms(data: ResultsData) -> str:
    """A row an arm: verdicts, the repurposed share, its excess, and how many took a spare."""
    summary = data.read("ablations", KeptAblations)
    columns = ("parts", "verdicts", "repurposed share", "excess over chance", "took a spare, of all")
    rows = [
        (
            _parts_text(arm),
            counts_text(summary.arm(arm.name).verdicts),
            *(
                summary.figure(name)
                for name in (
                    f"share.{arm.name}.repurposed",
                    f"excess.{arm.name}.repurposed",
                    f"took_spare.{arm.name}",
                )
            ),
        )
        for arm in ABLATION_ARMS
    ]
    return markdown_table(columns, rows)


@result_block
def ablations_parts(data: ResultsData) -> str:
    """A row a part: what goes with it."""
    summary = data.read("ablations", KeptAblations)
    rows = [(PART_WORDS[row.part], interval_text(row.difference)) for row in summary.differences]
    return markdown_table(("left out", "repurposed share falls by"), rows)


@result_block
def swap_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("swap", KeptSwap)
    return source_sentence(summary, f"cpu scale, {summary.primary.n} forks, each in every arm", "swap")


@result_block
def swap_changes(data: ResultsData) -> str:
    """A row a difference between watching and not, paired by fork."""
    summary = data.read("swap", KeptSwap)
    means = {change.name: change.mean for change in summary.changes}
    rows = [(words, interval_text(means[name])) for name, words in CHANGE_WORDS.items()]
    return markdown_table(("difference, paired by fork", "mean over all forks"), rows)


@result_block
def swap_verdicts(data: ResultsData) -> str:
    """A row an arm: what is watched, whether the cost is on, and the verdicts."""
    rows = [
        (WATCH_WORDS[arm.watch], COST_WORDS[arm.cost], counts_text(arm.verdicts))
        for arm in data.read("swap", KeptSwap).arms.values()
    ]
    return markdown_table(("watched", "overlap cost", "verdicts"), rows)


@dataclass(frozen=True)
class KeptReinitialisation(KeptRecord):
    """What the page needs of organisms whose phase of self was run anew."""

    command: Sequence[str]
    """commands that made it, one after the other"""
    limit: int
    """steps of the phase"""
    members: Sequence[MemberReinitialised | None]


@result_block
def ablations_kept(data: ResultsData) -> str:
    """Whether what stood in self's components was kept or rewritten, in the arms with the overlap cost."""
    return markdown_table(
        ("parts", "what stood in self's components"),
        [
            (
                _parts_text(arm),
                counts_text(
                    Counter(organism.kept or "not followed" for organism in results.read_organisms())
                ),
            )
            for arm, results in _overlap_arms(data)
        ],
    )


@result_block
def ablations_kept_known(data: ResultsData) -> str:
    """How often the same is told rightly where a spare was planted, and so kept."""
    known = " and ".join(
        f"{summary.figure('kept.repurposed')} (`{summary.command}`)"
        for summary in (data.read(name, KeptSummary) for name in (NEWEST, BEFORE))
    )
    return (
        "Planted spares are kept by construction. Of those told either way the measurement calls kept "
        f"{known}. So *rewritten* is weak evidence."
    )


@result_block
def ablations_parting(data: ResultsData) -> str:
    """Whether the two part by role or by cast, in the arms with the overlap cost."""
    rows = [
        (_parts_text(arm), *(_parting_text(results, kind) for kind in ("reading", "effects")))
        for arm, results in _overlap_arms(data)
    ]
    return markdown_table(("parts", "by what reads the cues", "by what carries the gate to the act"), rows)


def _overlap_arms(data: ResultsData) -> list[tuple[AblationArm, KeptArm]]:
    summary = data.read("ablations", KeptAblations)
    return [(arm, summary.arm(arm.name)) for arm in ABLATION_ARMS if "overlap" in arm.parts]


def _parts_text(arm: AblationArm) -> str:
    return ", ".join(PART_WORDS[part] for part in arm.parts) or "none"


def _parting_text(arm: KeptArm, kind: str) -> str:
    return counts_text(
        Counter(organism.parting.get(kind, "not measured") for organism in arm.read_organisms())
    )


@result_block
def ablations_beside_self(data: ResultsData) -> str:
    """How far characters are on the way to self's components once self is in the cast, in the arms with the overlap cost."""
    arms = [results for _, results in _overlap_arms(data)]
    kinds = {"reading": "what reads the cues", "effects": "what carries the gate to the act"}
    rows = [
        (words, *(_moved_text(arms, kind, between) for between in (False, True)))
        for kind, words in kinds.items()
    ]
    return markdown_table(("moved beside self, mean (largest)", "without half-dropout", "with it"), rows)


def _moved_text(arms: Sequence[KeptArm], kind: str, with_dropout: bool) -> str:
    moved = [
        value for arm in arms if (arm.between == "half dropout") == with_dropout for value in arm.moved(kind)
    ]
    return f"{mean(moved):.2f} ({max(moved):.2f})"


@result_block
def reinitialisation_source(data: ResultsData) -> str:
    """Which commands the figures are of."""
    record = data.read("reinitialisation", KeptReinitialisation)
    members = sum(member is not None for member in record.members)
    return commands_sentence(
        record.command, record, f"{members} organisms with all three parts", "reinitialisation"
    )


@result_block
def reinitialisation_lanes(data: ResultsData) -> str:
    """What is drawn anew, and the share of self's effect that ends in its own components."""
    members = [member for member in data.read("reinitialisation", KeptReinitialisation).members if member]
    rows = [
        (words, f"{mean(lane.self_in_own for member in members for lane in lanes_of(member, arm)):.2f}")
        for arm, words in LANE_WORDS.items()
    ]
    return markdown_table(
        ("weights drawn anew at the fork", "self's effect that ends in its components"), rows
    )


@result_block
def reinitialisation_answer(data: ResultsData) -> str:
    """Is self elsewhere, and is it slower?"""
    record = data.read("reinitialisation", KeptReinitialisation)
    place, slower = place_and_slowdown([member for member in record.members if member], record.limit)
    return (
        f"The difference of the first two rows is {interval_text(place)}. Self took {interval_text(slower)} times the steps "
        "with its own components drawn anew, over those with others."
    )
