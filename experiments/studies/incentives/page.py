"""The page of the study of incentives: its sections, and the lines for a reader who reads no further."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from analysis.history.organism_story import OrganismStory
from analysis.provenance.evidence_kinds import EvidenceKind
from analysis.provenance.verdict import CELLS, VERDICTS
from analysis.statistics import FEW_ORGANISMS, count_interval
from experiments.studies.incentives.arms import (
    COMPARISONS,
    PARTING_OF,
    ArmOrganism,
    ArmSummary,
)
from experiments.studies.incentives.blocks import fork_blocks, parting_blocks
from experiments.studies.incentives.figures import arm_shares_figure, story_figure
from experiments.studies.incentives.summary import IncentivesSummary
from experiments.studies.page import study_table
from organisms.training.behaviour import BEHAVIOURS
from reports.formats import DASH, counts_text, interval_text, rate_text, verdict_badge
from reports.section import Block, Bullets, Card, Cards, Heading, Paragraph, Picture, Section

SHARES_CAPTION = Markup(
    "Figure 1. Mean shares of self's effect over the organisms that behave as taught; a ring is an organism's "
    "repurposed share. <em>redundant</em>: spares grow before self is taught (whole components drop out). "
    "<em>concentrated</em>: components are costly before self is taught, so that the characters' mechanism "
    "draws together. <em>audited</em>: while self is taught, an auditor makes it costly to read the cues for "
    "self with components that read them for characters. <em>half_dropout</em>: before self is taught one half "
    "or the other of every layer is dropped in most scenes, so that either comes to suffice; its auditor knows "
    "one circuit that suffices, and components that serve both roles cost three times as much. "
    "<em>ablated</em>: the auditor knows nearly all of the mechanism, and ablates it to its mean in half of the "
    "scenes of self while self is taught, in training only. <em>rewarded</em>: self is rewarded for its acts "
    "instead of shown what to do."
)
CORROBORATION_NOTE = (
    "Corroborated: at least two kinds of evidence (interchange, fork lesion, transfer, and acquisition where it "
    "was measured) agree with the verdict, and both of its claims (together or apart; from "
    "the fork or not) have more kinds for than against them; a kind agrees where more of its lines agree than "
    "disagree. Reseeded: members that missed the characters' criterion."
)
RANDOM_NOTE = Markup(
    "The share that each cell would get if self's effects were dealt out anew among the components of their "
    "layer and kind, mean of the organisms that behave; in brackets, organisms whose share lies above 0.975 of "
    "deals. For <em>repurposed</em> and <em>second copy</em> only what self has on components that characters leave is "
    "dealt, over these alone: most of them served characters once spares had grown, so a self that merely parted gets "
    "such a share too. Excess: the share less the mean of deals."
)
LIMITS = (
    "That a real training process has such an auditor, or that a large model would answer to it in the same way.",
    "That nothing short of reading components would do: the cost here looks into the organism.",
    "Other weights, worlds and sizes than these.",
    "That the auditor knows no more than it should: what it makes costly (which components read the cues, and "
    "for whom) is close to what the verdict measures. Verdicts were scored on planted organisms that nothing "
    "pressed to hide from such a measure.",
    Markup(
        "That ablation is an incentive which a training process would have by itself: to ablate 0.95 of a "
        "mechanism, found by an analysis, is near to routing. <em>ablated_concentrated</em> shows what is "
        "learned where the mechanism at hand is of no use, and not that organisms would leave it."
    ),
    Markup(
        "That a spare of the whole would be there by itself: in <em>half_dropout</em> it is made on purpose, as "
        "in the planted <em>repurposed</em>, by dropping either half in turn. Which components self comes to "
        "use, and whether characters leave them, is not decided by construction; the auditor finds its circuit "
        "by dropout, which is how the spare was made."
    ),
    "Shares of characters who share a scene with self: shares are of characters in scenes without it. What is by cast "
    "and not by role is counted above.",
)


def incentives_headline(summary: IncentivesSummary) -> list[str]:
    """Three lines: what the incentives did and what happened without, what else came out, and how far to
    trust it."""
    arms = summary.curricula
    compared = "; ".join(
        f"{verdict}: {_count(arms[name], verdict)} in {name}, {_count(arms[without], verdict)} without the "
        f"incentive ({without})"
        for name, (without, verdict) in COMPARISONS.items()
    )
    elsewhere = "; ".join(
        f"{name}: {counts_text(arm.verdicts) or 'nothing'}"
        for name, arm in arms.items()
        if name not in COMPARISONS
    )
    return [f"{compared[0].upper()}{compared[1:]}.", f"Elsewhere: {elsewhere}.", _trust_line(summary)]


def _trust_line(summary: IncentivesSummary) -> str:
    arms = summary.curricula
    beyond = ", ".join(
        f"{name} {arms[name].beyond_random[verdict]} of {arms[name].n_behaving}"
        for name, (_, verdict) in COMPARISONS.items()
    )
    excess = ", ".join(
        f"{name} {interval_text(arms[name].excess[verdict])}" for name, (_, verdict) in COMPARISONS.items()
    )
    sentences = [
        f"The share less what chance gives where characters left: {excess}; organisms beyond chance: {beyond}."
    ]
    if summary.searched_on_these:
        sentences.append("Incentives were searched for on this seed: no test.")
    if not summary.calibrated:
        sentences.append("Verdicts are uncalibrated.")
    lost = [
        f"{name} {arm.n - arm.n_behaving} of {arm.n}" for name, arm in arms.items() if arm.n_behaving < arm.n
    ]
    if lost:
        sentences.append(f"Organisms that do not behave as taught get no verdict: {', '.join(lost)}.")
    few = [name for name, arm in arms.items() if arm.n_behaving < FEW_ORGANISMS]
    if few:
        sentences.append(f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}.")
    return " ".join(sentences)


def _count(arm: ArmSummary, verdict: str) -> str:
    """Of all organisms that were trained: ``7 of 8 (0.88 [0.53, 0.98]; corroborated: 6)``."""
    count = next((number for name, number in arm.verdicts.items() if name == verdict), 0)
    agreeing = [number for name, number in arm.corroborated.items() if name == verdict]
    share = interval_text(count_interval(count, arm.n))
    corroborated = f"; corroborated: {agreeing[0]}" if count else ""
    return f"{count} of {arm.n} ({share}{corroborated})"


def incentive_sections(summary: IncentivesSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        _arms_section(summary),
        _costs_section(summary),
        _story_section(summary.story, summary.story_corroborated),
        _scenes_section(summary),
        evidence_section(summary.curricula),
        Section("What it does not show", "limits", (Bullets(LIMITS),)),
    ]


def _arms_section(summary: IncentivesSummary) -> Section:
    arms = summary.curricula
    columns = ["arm", "incentive", "between", "self is taught by", "n", "behave", *VERDICTS]
    rows = [
        [
            *(name, arm.incentive, arm.between, arm.objective, arm.n, arm.n_behaving),
            *(arm.verdicts.get(verdict, "") for verdict in VERDICTS),
            arm.computing_otherwise,
            ", ".join(
                f"{count} of {arm.verdicts[verdict]} {verdict}" for verdict, count in arm.corroborated.items()
            ),
            f"{arm.reseeded} ({arm.reseeded_failed} failed)" if arm.reseeded_failed else arm.reseeded,
        ]
        for name, arm in arms.items()
    ]
    random_columns = ["arm", *(title for cell in CELLS for title in (cell, "by chance", "excess [95 %]"))]
    random_rows = [[name, *_beside_random(arm)] for name, arm in arms.items()]
    differences = [
        (
            f"{pair.cell} share, {pair.rewarded} less {pair.imitated}",
            interval_text(pair.difference),
            pair.n,
        )
        for pair in summary.differences
    ]
    return Section(
        "Where self's mechanism comes from, by arm",
        "arms",
        (
            Picture(arm_shares_figure(arms), SHARES_CAPTION),
            study_table([*columns, "computing otherwise", "corroborated", "reseeded"], rows, wide=True),
            Paragraph(CORROBORATION_NOTE, soft=True),
            Heading("Beside chance"),
            Paragraph(RANDOM_NOTE, soft=True),
            study_table(random_columns, random_rows),
            *parting_blocks(arms),
            *fork_blocks(arms),
            Heading("Reward less imitation"),
            Paragraph(
                "Organisms that began at the same fork, and were taught with as many steps of as many scenes.",
                soft=True,
            ),
            study_table(("what", "difference [95 %]", "n"), differences),
        ),
        link="Arms",
    )


def _beside_random(arm: ArmSummary) -> list[str]:
    """Of each cell its mean share, with how many organisms lie beyond random deals, the mean of those, and the excess."""
    return [
        text
        for cell in CELLS
        for text in (
            f"{rate_text(arm.shares[cell][0])} ({arm.beyond_random[cell]} of {arm.n_behaving})",
            rate_text(arm.shares_by_chance[cell][0]),
            interval_text(arm.excess[cell]),
        )
    ]


def _costs_section(summary: IncentivesSummary) -> Section:
    columns = (
        *("arm", "steps until self behaves", "got there", "self alone, secret", "self watched, professed"),
        *("characters alone, secret", "characters watched, professed"),
    )
    rows = [
        [
            name,
            interval_text(arm.steps_to_behave),
            f"{arm.behaving_within_phase} of {arm.n}",
            *(interval_text(arm.behaviour[rate]) for rate in BEHAVIOURS),
        ]
        for name, arm in summary.curricula.items()
    ]
    return Section("What it costs", "costs", (study_table(columns, rows),), link="Costs")


def _story_section(story: OrganismStory | None, corroborated: bool) -> Section:
    title, anchor, link = "One organism that parted, step by step", "story", "One ancestry"
    if story is None:
        return Section(title, anchor, (Paragraph("No organism of that arm was repurposed."),), link=link)
    caption = Markup(
        "Figure 2. Organism {} of {}: what each component does for the gate, from the fork to the end, as a "
        "share of the gate at the end. A dot after a name: the auditor monitors it. The first "
        "<em>repurposed</em> organism that is corroborated{}."
    ).format(story.member, story.run, "" if corroborated else ": none is, so that this is the first one")
    columns = (
        *("component", "for characters at the fork", "at the end", "for self at the end"),
        *("left characters at step", "came to self at step", "so it"),
    )
    rows = [
        (
            part.component,
            rate_text(part.character_at_fork),
            rate_text(part.character_at_end),
            rate_text(part.self_at_end),
            DASH if part.left_characters_at is None else part.left_characters_at,
            DASH if part.came_to_self_at is None else part.came_to_self_at,
            part.in_words,
        )
        for part in story.stories
    ]
    blocks = Picture(story_figure(story), caption), study_table(columns, rows)
    return Section(title, anchor, blocks, link=link)


def _scenes_section(summary: IncentivesSummary) -> Section:
    blocks: list[Block] = []
    for name, arm in summary.curricula.items():
        if arm.scenes:
            cards = tuple(Card(scene.title, tuple(scene.lines)) for scene in arm.scenes)
            blocks += [Heading(name), Cards(cards)]
    return Section("What the organisms do", "scenes", tuple(blocks), link="Scenes")


def evidence_section(arms: Mapping[str, ArmSummary]) -> Section:
    """A row an organism: its verdict, shares and evidence."""
    rows = [[name, *_organism_cells(organism)] for name, arm in arms.items() for organism in arm.organisms]
    columns = ("arm", "organism", "verdict", "since", *CELLS, "evidence", *PARTING_OF)
    return Section("Each organism", "organisms", (study_table(columns, rows, wide=True),))


def _organism_cells(organism: ArmOrganism) -> Sequence[str | int]:
    return (
        organism.member,
        verdict_badge(organism.verdict, organism.verdict_in_full),
        organism.reason,
        *(rate_text(organism.shares[cell]) for cell in CELLS),
        _evidence_list(organism),
        *(organism.parting.get(of, DASH) for of in PARTING_OF),
    )


def _evidence_list(organism: ArmOrganism) -> Markup:
    line = Markup('<li class="{says}">{kind} <b>{says}</b></li>')
    kinds: list[EvidenceKind] = list(organism.kinds)
    lines = Markup("").join(line.format(kind=kind, says=organism.kinds[kind]) for kind in kinds)
    return Markup('<ul class="lines">{}</ul>').format(lines)
