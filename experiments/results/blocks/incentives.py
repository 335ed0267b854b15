"""Blocks of docs/incentives.md: under which incentive does self leave the characters' mechanism, and for which?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.history.organism_story import ComponentStory
from analysis.provenance.verdict import ProvenanceCell, VerdictName
from curricula.typed_json import read_needed
from experiments.results.blocks.leaving import KeptArm
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.incentives.arms import COMPARISONS, PartingOf
from experiments.studies.incentives.summary import PRIMARY_ARM, PRIMARY_VERDICT, RewardDifference
from experiments.studies.study import Triple
from reports.formats import DASH, counts_text, interval_text, rate_text

DATA = "incentives"
"""name of the kept summary"""
BETWEEN_WORDS = {"spares": "component dropout", "half dropout": "half-dropout", "nothing": ""}
"""phases before self is taught whose names on the page are other ones"""
SHOWN_CELLS: Sequence[ProvenanceCell] = ("reused", "repurposed", "second copy")
"""cells whose shares the page shows; hardly any organism has another"""
PARTING_WORDS: Mapping[PartingOf, str] = {
    "reading": "by what reads the cues",
    "effects": "by what carries the gate to the act",
}


@dataclass(frozen=True)
class KeptIncentiveArm(KeptArm):
    """What the page needs of an arm."""

    incentive: str
    objective: str
    calibrated: bool
    n_shares: int
    rates_of_all: Mapping[VerdictName, Triple]
    shares: Mapping[ProvenanceCell, Triple]
    excess: Mapping[ProvenanceCell, Triple]
    beyond_random: Mapping[ProvenanceCell, int]
    corroborated: Mapping[VerdictName, int]

    @property
    def has_incentive(self) -> bool:
        """Whether anything makes self leave."""
        return self.incentive != "none"

    def count(self, verdict: VerdictName) -> int:
        """Organisms with a verdict, of all that were grown."""
        return count_of(self.rates_of_all[verdict], self.n)

    def corroborated_text(self, verdict: VerdictName) -> str:
        """How many organisms of a verdict are corroborated; a dash where none got it."""
        return str(self.corroborated[verdict]) if verdict in self.corroborated else DASH


@dataclass(frozen=True)
class KeptStory:
    """What the page needs of one organism's story."""

    member: int
    monitored: Sequence[str]
    """components that the auditor watches"""
    stories: Sequence[ComponentStory]


@dataclass(frozen=True)
class KeptIncentives(KeptSummary):
    """What the page needs of the study's summary."""

    curricula: Mapping[str, Mapping[str, Any]]
    story: Mapping[str, Any] | None
    story_corroborated: bool
    differences: Sequence[RewardDifference]

    def arms(self) -> dict[str, KeptIncentiveArm]:
        """The arms by their curricula."""
        return {
            name: read_needed(KeptIncentiveArm, arm, f"curricula.{name}")
            for name, arm in self.curricula.items()
        }


def kept_incentives(data: ResultsData) -> KeptIncentives:
    """The study's summary."""
    return data.read(DATA, KeptIncentives)


def count_of(rate: Triple, n: int) -> int:
    """The count that a rate is of."""
    return round((rate[0] or 0.0) * n)


def asked_verdict(name: str, arm: KeptIncentiveArm) -> ProvenanceCell:
    """The verdict that an arm's incentive is for; *reused* where there is none."""
    if not arm.has_incentive:
        return "reused"
    return COMPARISONS[name].verdict if name in COMPARISONS else "repurposed"


@result_block
def incentives_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = kept_incentives(data)
    scope = f"cpu scale, {summary.n // len(summary.curricula)} organisms an arm"
    return source_sentence(summary, scope, DATA)


@result_block
def incentives_answer(data: ResultsData) -> str:
    """What organisms do without an incentive and with each, and the primary endpoint."""
    summary = kept_incentives(data)
    arms = summary.arms()
    free = [arm for arm in arms.values() if not arm.has_incentive]
    lines = [
        f"- Without an incentive {sum(arm.count('reused') for arm in free)} of {sum(arm.n for arm in free)} organisms are "
        "*reused*."
    ]
    for name, (without, verdict) in COMPARISONS.items():
        arm, free_arm = arms[name], arms[without]
        if arm.objective == "reward":
            continue
        agreeing = f" ({arm.corroborated[verdict]} corroborated)" if verdict in arm.corroborated else ""
        lines.append(
            f"- `{name}`: {arm.count(verdict)} of {arm.n} *{verdict}*{agreeing}; without its incentive (`{without}`) "
            f"{free_arm.count(verdict)} of {free_arm.n}."
        )
    lines.append(
        f"- Primary endpoint: the repurposed share of `{PRIMARY_ARM}`, less chance, is "
        f"{interval_text(summary.primary.value)}, n {summary.primary.n}."
    )
    uncalibrated = [f"`{name}`" for name, arm in arms.items() if not arm.calibrated]
    lines.append(f"- Verdicts are uncalibrated in: {', '.join(uncalibrated) or 'none'}.")
    return "\n".join(lines)


@result_block
def incentives_arms(data: ResultsData) -> str:
    """A row an arm: what it is, and its verdicts."""
    columns = (
        *("arm", "before self is taught", "incentive", "verdicts", "verdict asked about, of all [95 %]"),
        "corroborated",
    )
    rows = []
    for name, arm in kept_incentives(data).arms().items():
        verdict = asked_verdict(name, arm)
        rows.append(
            (
                f"`{name}`",
                BETWEEN_WORDS.get(arm.between, arm.between),
                arm.incentive,
                counts_text(arm.verdicts),
                f"*{verdict}* {interval_text(arm.rates_of_all[verdict])}",
                arm.corroborated_text(verdict),
            )
        )
    return markdown_table(columns, rows)


@result_block
def incentives_shares(data: ResultsData) -> str:
    """A row an arm with an incentive: mean shares of self's effect, what they are above chance, and who took a spare."""
    summary = kept_incentives(data)
    rows = []
    for name, arm in _with_incentive(summary).items():
        finding = f"took_spare.{name}"
        rows.append(
            (
                f"`{name}`",
                arm.n_shares,
                *(interval_text(arm.shares[cell]) for cell in SHOWN_CELLS),
                interval_text(arm.excess[PRIMARY_VERDICT]),
                f"{arm.beyond_random[PRIMARY_VERDICT]} of {arm.n_shares}",
                f"{count_of(summary.interval(finding), arm.n)} of {arm.n}",
            )
        )
    columns = "arm", "n", *SHOWN_CELLS, "repurposed, less chance", "beyond chance", "took a spare, of all"
    return markdown_table(columns, rows)


@result_block
def incentives_parting(data: ResultsData) -> str:
    """In how many organisms of the arms with an incentive the roles part by who is in the cast, and not by who acts."""
    organisms = [
        organism
        for arm in _with_incentive(kept_incentives(data)).values()
        for organism in arm.read_organisms()
    ]
    counts: list[str] = []
    for of, words in PARTING_WORDS.items():
        parting = [organism.parting[of] for organism in organisms if of in organism.parting]
        counts.append(f"{parting.count('by cast')} of {len(parting)} {words}")
    return (
        "Of organisms whose roles part, these part by who is in the cast, and not by who acts: "
        f"{'; '.join(counts)}."
    )


def _with_incentive(summary: KeptIncentives) -> dict[str, KeptIncentiveArm]:
    return {name: arm for name, arm in summary.arms().items() if arm.has_incentive}


@result_block
def incentives_reward(data: ResultsData) -> str:
    """A row a pair of arms with an incentive, from the same fork: what reward changes in each share."""
    summary = kept_incentives(data)
    arms, by_pair = _with_incentive(summary), {}
    for difference in summary.differences:
        if difference.rewarded in arms:
            by_pair.setdefault((difference.rewarded, difference.imitated), {})[difference.cell] = difference
    rows = [
        (
            f"`{rewarded}` less `{imitated}`",
            min(difference.n for difference in by_cell.values()),
            *(interval_text(by_cell[cell].difference) for cell in SHOWN_CELLS),
        )
        for (rewarded, imitated), by_cell in by_pair.items()
    ]
    return markdown_table(("reward less imitation", "n", *SHOWN_CELLS), rows)


@result_block
def incentives_story(data: ResultsData) -> str:
    """The components of one organism that came to self after the fork."""
    summary = kept_incentives(data)
    if summary.story is None:
        return f"No organism of `{PRIMARY_ARM}` was repurposed."
    story = read_needed(KeptStory, summary.story, "story")
    chosen = "one that is corroborated" if summary.story_corroborated else "one; none is corroborated"
    rows = [
        (
            part.component,
            *map(rate_text, (part.character_at_fork, part.character_at_end, part.self_at_end)),
            *(DASH if step is None else step for step in (part.came_to_self_at, part.left_characters_at)),
        )
        for part in story.stories
        if part.came_to_self_at is not None
    ]
    columns = (
        *("came to self", "for characters, at the fork", "at the end", "for self, at the end"),
        *("came to self at step", "left characters at step"),
    )
    watched = ", ".join(story.monitored) or "nothing"
    return (
        f"Organism {story.member} of `{PRIMARY_ARM}`: the first *repurposed* {chosen}. The auditor watches {watched}. Effects are "
        f"shares of a role's gate at the end.\n\n{markdown_table(columns, rows)}"
    )
