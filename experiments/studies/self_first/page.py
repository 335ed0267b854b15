"""The page of the study *self_first*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Mapping, Sequence

from analysis.provenance.verdict import CELLS, ProvenanceCell
from analysis.statistics import FEW_ORGANISMS
from analysis.thresholds import BEHAVES
from experiments.studies.page import study_table
from experiments.studies.self_first.arms import SELF_ACTS, SELF_WORDS
from experiments.studies.self_first.figures import characters_figure, shares_figure
from experiments.studies.self_first.measurement import ExchangedShares
from experiments.studies.self_first.summary import SelfFirstSummary
from experiments.studies.study import StudySummary
from reports.formats import DASH, counts_text, interval_text, rate_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

EXCHANGED_CELLS: Mapping[ProvenanceCell, str] = {
    "reused": "served self at the fork, and still does",
    "repurposed": "served self at the fork, and no longer does",
    "migrated": "did not serve self at the fork, and does now",
    "second copy": "serves characters alone, at the fork and now",
}
"""the four cells, where self was taught first"""
STEPS_CAPTION = (
    "Figure 1. Left: the lower of characters' two rates at every checkpoint from the fork on, a thin line an organism, the mean "
    f"thick, dashed without rehearsal; dotted: {BEHAVES:g}. Right: steps until characters behave, organisms of equal number joined. One that never does "
    "counts with the whole phase."
)
STEPS_NOTE = (
    f"Behaves: both of characters' rates at {BEHAVES:g} or more in one reading of the training scenes, every 5 steps. Ratio: "
    "geometric mean over pairs of organisms that began with the same weights and whose characters are taught by the same "
    "scenes. Left out: pairs in which either self did not do at the fork what it had been taught."
)
SHARES_CAPTION = (
    "Figure 2. Each organism's shares after a scheming self. White line: the reused share if characters' effects were dealt "
    "at random over all components of a layer and kind."
)
SHARES_NOTE = (
    "Shares are those of the provenance measurement with the roles exchanged: characters' effect, divided over components by "
    "whether these belong to self's mechanism at the fork and at the end. Inherited: nats by which being watched moves "
    "characters' acts at the fork, as a share of those at the end; an honest self uses no cue, so that its column must be "
    "about 0. It is of the choice between a character's profession and its secret, and blind to acts that serve self's goal: see "
    "the next section. By chance: of repurposed and second copy, effects on components that self leaves free dealt over "
    "these; of the others, all effects over all components. Less unrelated: the share less that of what characters profess, in the "
    "place of their gate. After an honest self there is no mechanism to belong to: no shares."
)
VERDICTS_NOTE = (
    "Verdicts follow the usual rules, the measurement of spares at the fork included, all with the roles exchanged. They are "
    "uncalibrated: no organism was planted whose self came first."
)
FORK_NOTE = (
    "At the fork no act of a character was ever a target. Rates of acts are over schemers in scenes without self. Self's goal: "
    "share of characters' acts that serve self's secret, over characters with two other goals; the difference is of those "
    "alone less those watched. Beside it stand acts when alone that serve a goal which is neither self's nor the character's "
    "own, a goal: as high where acts are merely spread when nobody watches. After an honest self, which "
    "never acts on its secret, the same numbers are what an organism does anyhow."
)
LIMITS = (
    "That a mechanism of before is what saves steps, by the ratio with rehearsal alone: an honest self that is rehearsed calls "
    "for another act at the same cues. Without rehearsal that is not so, but then nothing keeps what self had learned.",
    "That the gate alone is what a scheming self leaves: an honest one never had to carry a goal that no text shows either.",
    "That either order is faster: no arm teaches characters without a self before them.",
    "That what characters lack at the fork is the gate: self's secret is a constant that no text shows, so that the reading "
    "of a secret from the text has to be learned anew after either self.",
    "What an organism has of characters at the fork in other words than their acts: no question about a character was ever a "
    "target either.",
    "How right verdicts are with the roles exchanged, and what shares would be in another world or size.",
    "In `analyse.py` of these runs: there the fork is still the checkpoint before self was taught, an untrained organism.",
)


def self_first_headline(summary: SelfFirstSummary) -> list[str]:
    """Three lines: the steps; what the gate is made of; characters at the fork, and how far to trust it all."""
    steps, interval = summary.steps, summary.interval
    alone, watched, nobodys, alone_at_end = (
        interval_text(interval(f"{name}.scheming"))
        for name in (
            *("fork.self_goal.alone", "fork.self_goal.watched", "fork.self_goal.alone_nobodys"),
            "end.self_goal.alone",
        )
    )
    return [
        "Steps until characters behave, after a scheming self over after an honest one: "
        f"{interval_text(steps.ratio)} (n {steps.n}; {interval_text(steps.after_scheming)} and "
        f"{interval_text(steps.after_honest)} steps); with self not rehearsed: "
        f"{interval_text(summary.steps_not_rehearsed.ratio)}.{_doubts(summary)}",
        f"Of characters' gate after a scheming self {interval_text(interval('share.reused.scheming'))} is on components that "
        f"served self at the fork and still do ({interval_text(interval('chance.reused.scheming'))} by chance; "
        f"{interval_text(interval('less_unrelated.reused.scheming'))} more than of what they profess). Of its nats "
        f"between profession and secret {interval_text(interval('inherited.scheming'))} were there at the fork. Verdicts "
        f"(uncalibrated): {counts_text(summary.verdicts['scheming'])}.",
        "At the fork, after self alone was taught to scheme, characters act on their secret when alone at "
        f"{interval_text(interval('fork.alone_secret.scheming'))} and on their profession when watched at "
        f"{interval_text(interval('fork.watched_professed.scheming'))}. They act on self's goal at {alone} when alone and at "
        f"{watched} when watched, where a goal of nobody's gets {nobodys} when alone; at the end self's goal gets {alone_at_end}.",
    ]


def _doubts(summary: SelfFirstSummary) -> str:
    """What speaks against taking the ratio as it stands; nothing where nothing does."""
    steps, doubts = summary.steps, ""
    if any(steps.never):
        doubts += " {} and {} never behave within the phase, and count with all of its steps.".format(
            *steps.never
        )
    if steps.left_out:
        doubts += f" Left out, since a self had not learned at the fork: {steps.left_out}."
    if summary.primary.n < FEW_ORGANISMS:
        doubts += f" Fewer than {FEW_ORGANISMS} pairs, too few for a claim."
    return doubts


def self_first_sections(summary: SelfFirstSummary) -> list[Section]:
    """Everything below the headline."""
    verdict_rows = [
        (f"after {SELF_WORDS[self_acts]}", counts_text(summary.verdicts[self_acts]), "no")
        for self_acts in SELF_ACTS
    ]
    return [
        Section(
            "Steps that characters need",
            "steps",
            (
                Picture(characters_figure(summary), STEPS_CAPTION),
                _steps_table(summary),
                Paragraph(STEPS_NOTE, soft=True),
            ),
            link="Steps",
        ),
        Section(
            "What the characters' gate is made of",
            "shares",
            (
                Picture(shares_figure(summary), SHARES_CAPTION),
                _shares_table(summary),
                Paragraph(SHARES_NOTE, soft=True),
                study_table(("arm", "verdicts", "calibrated"), verdict_rows),
                Paragraph(VERDICTS_NOTE, soft=True),
            ),
            link="Shares",
        ),
        Section(
            "Characters before they are taught",
            "fork",
            (_fork_table(summary), Paragraph(FORK_NOTE, soft=True)),
            link="Fork",
        ),
        Section("Each organism", "organisms", (_organisms_table(summary),)),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _steps_table(summary: SelfFirstSummary) -> PageTable:
    columns = (
        "while characters are taught",
        "ratio of steps [95 %]",
        "n",
        "steps after a scheming self",
        "after an honest one",
        "never behave",
        "left out",
        "ratio where both behave",
    )
    rows = [
        (
            words,
            interval_text(steps.ratio),
            steps.n,
            interval_text(steps.after_scheming),
            interval_text(steps.after_honest),
            "{} and {}".format(*steps.never),
            steps.left_out,
            interval_text(steps.ratio_where_both_behave),
        )
        for words, steps in (
            ("self is rehearsed", summary.steps),
            ("self is absent", summary.steps_not_rehearsed),
        )
    ]
    return study_table(columns, rows, wide=True)


def share_cells(summary: StudySummary, cell: ProvenanceCell) -> list[str]:
    """The share of a cell after a scheming self, beside what stands next to it in tables."""
    kinds = ("share", "chance", "excess", "less_unrelated")
    return [interval_text(summary.interval(f"{kind}.{cell.replace(' ', '_')}.scheming")) for kind in kinds]


def _shares_table(summary: SelfFirstSummary) -> PageTable:
    columns = ("components", "share [95 %]", "by chance [95 %]", "excess [95 %]", "less unrelated [95 %]")
    rows = [
        (
            f"{EXCHANGED_CELLS[cell]} ({cell})",
            *share_cells(summary, cell),
        )
        for cell in CELLS
    ]
    inherited = [
        (
            f"inherited after {SELF_WORDS[self_acts]}",
            interval_text(summary.interval(f"inherited.{self_acts}")),
        )
        for self_acts in SELF_ACTS
    ]
    return study_table(columns, [*rows, *((*row, "", "", "") for row in inherited)], wide=True)


def _fork_table(summary: SelfFirstSummary) -> PageTable:
    names = {
        "fork.alone_secret": "alone, acts on its secret",
        "fork.watched_professed": "watched, acts on its profession",
        "fork.self_goal.alone": "alone, acts on self's goal",
        "fork.self_goal.watched": "watched, acts on self's goal",
        "fork.self_goal.gate": "difference",
        "fork.self_goal.alone_nobodys": "alone, acts on a goal of nobody's, a goal",
        "fork.self_goal.gate_beside_self": "difference, in scenes with self",
        "end.self_goal.gate": "difference at the end of the run",
    }
    rows = [
        (words, *(interval_text(summary.interval(f"{name}.{self_acts}")) for self_acts in SELF_ACTS))
        for name, words in names.items()
    ]
    return study_table(
        ("a character that is", *(f"after {SELF_WORDS[self_acts]}" for self_acts in SELF_ACTS)), rows
    )


def _organisms_table(summary: SelfFirstSummary) -> PageTable:
    columns = (
        "organism",
        "verdict",
        "reused share [95 % over pairs]",
        "inherited",
        "overlap at the end",
        "self learned",
        "steps until characters behave",
        "self acts on its secret at the end",
    )
    rows = [
        (
            f"{name}/{number}",
            *_provenance_cells(arm.provenance[number : number + 1]),
            "yes" if arm.self_learned[number] else "no",
            "never" if count is None else str(count),
            rate_text(arm.self_alone_secret_at_end[number]),
        )
        for name, arm in summary.arms.items()
        for number, count in enumerate(arm.steps)
    ]
    return study_table(columns, rows, wide=True)


def _provenance_cells(members: Sequence[ExchangedShares]) -> tuple[str, ...]:
    """Verdict, shares and what was inherited of an organism; dashes of one whose shares were not measured."""
    if not members:
        return (DASH,) * 4
    member = members[0]
    return (
        member.verdict,
        interval_text(member.shares["reused"]),
        rate_text(member.inherited),
        rate_text(member.overlap_at_end),
    )
