"""The page of the study *ablations*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.statistics import FEW_ORGANISMS, count_interval
from analysis.thresholds import BEHAVES
from experiments.studies.ablations.arms import ABLATION_ARMS, PART_WORDS, WHOLE, Part
from experiments.studies.ablations.summary import PRIMARY, AblationsSummary
from experiments.studies.incentives.blocks import fork_blocks, parting_blocks
from experiments.studies.incentives.figures import arm_shares_figure
from experiments.studies.incentives.page import evidence_section
from experiments.studies.incentives.summary import PRIMARY_VERDICT
from experiments.studies.page import study_table
from reports.formats import counts_text, interval_text, rate_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

SHARES_CAPTION = Markup(
    "Figure 1. Mean shares of self's effect, over the organisms that act as taught, with the parts of the incentive that "
    "an arm has; a ring is an organism's repurposed share."
)
DIFFERENCES_NOTE = (
    "Repurposed share with all three parts less that without one of them, paired by organism, mean over all grown "
    "organisms; one that does not act as taught counts with a share of 0. The first line was named as the answer before "
    "any run. The other two are not corrected for their number."
)
CHANCE_NOTE = (
    "By chance: the repurposed share if what self has on components that characters leave were dealt over these "
    "components anew. Excess: the share less that. A self that merely parted gets a share too, and no "
    "excess; where all that characters leave is a spare there is little to exceed, so that a spare is measured at the fork."
)
LIMITS = (
    "That other weights of the costs give the same: each part is present as in audited_half_dropout, or absent.",
    "What a part does beside the others: without half-dropout no spare of the whole was made, and what the other two "
    "parts do then is another question than with it.",
    "That an arm with a lower share would not come to it with more steps: all arms have equally many.",
    "Other worlds and sizes than these.",
)


def ablations_headline(summary: AblationsSummary) -> list[str]:
    """Three lines: what goes with each part, which verdicts are left, and how far to trust it."""
    lost: dict[Part, str] = {each.part: interval_text(each.difference) for each in summary.differences}
    primary: Part = "overlap"
    others = ", ".join(f"{text} without {PART_WORDS[part]}" for part, text in lost.items() if part != primary)
    counts = "; ".join(
        f"{_name_in_words(arm.parts)}: {_repurposed(summary, arm.name)}"
        for arm in (WHOLE, *(WHOLE.without(each.part) for each in summary.differences))
    )
    return [
        f"The repurposed share falls by {lost[primary]} without {PART_WORDS[primary]}; by {others} (mean over "
        f"{summary.primary.n} organisms of each arm, paired).",
        f"Repurposed: {counts}. Excess over chance with all three: "
        f"{interval_text(summary.arms[WHOLE.name].excess[PRIMARY_VERDICT])}.",
        _trust_line(summary),
    ]


def _name_in_words(parts: Sequence[Part]) -> str:
    return " + ".join(PART_WORDS[part].removeprefix("the ") for part in parts) or "none"


def _repurposed(summary: AblationsSummary, name: str) -> str:
    arm = summary.arms[name]
    count = arm.verdicts.get(PRIMARY_VERDICT, 0)
    return f"{count} of {arm.n} ({interval_text(count_interval(count, arm.n))})"


def _trust_line(summary: AblationsSummary) -> str:
    behaving, n = sum(arm.n_behaving for arm in summary.arms.values()), summary.n
    sentences = [f"{behaving} of {n} organisms act as taught ({BEHAVES:g} or more); others get no verdict."]
    if summary.primary.n < FEW_ORGANISMS:
        sentences.append(f"Fewer than {FEW_ORGANISMS} organisms an arm, too few for a claim.")
    if not summary.calibrated:
        sentences.append("Verdicts are uncalibrated.")
    return " ".join(sentences)


def ablation_sections(summary: AblationsSummary) -> list[Section]:
    """Everything below the headline."""
    named = {_name_in_words(arm.parts): summary.arms[arm.name] for arm in ABLATION_ARMS}
    return [
        Section(
            "The incentive with parts left out",
            "arms",
            (
                Picture(arm_shares_figure(named), SHARES_CAPTION),
                _arms_table(summary),
                Paragraph(CHANCE_NOTE, soft=True),
                *parting_blocks(named),
                *fork_blocks(named),
            ),
            link="Arms",
        ),
        _differences_section(summary),
        evidence_section(named),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _arms_table(summary: AblationsSummary) -> PageTable:
    columns = (
        *("half-dropout", "monitor", "overlap cost", "n", "act as taught", "verdicts"),
        *("repurposed share", "by chance", "excess [95 %]", "steps until self behaves"),
    )
    rows: list[Sequence[str | int]] = []
    for arm in ABLATION_ARMS:
        found = summary.arms[arm.name]
        present = ("yes" if has else "no" for has in (arm.half_dropout, arm.monitor, arm.overlap))
        rows.append(
            (
                *present,
                found.n,
                found.n_behaving,
                counts_text(found.verdicts),
                interval_text(found.shares[PRIMARY_VERDICT]),
                rate_text(found.shares_by_chance[PRIMARY_VERDICT][0]),
                interval_text(found.excess[PRIMARY_VERDICT]),
                interval_text(found.steps_to_behave),
            )
        )
    return study_table(columns, rows, wide=True)


def _differences_section(summary: AblationsSummary) -> Section:
    ordered = sorted(summary.differences, key=lambda each: each.name != PRIMARY)
    rows = [
        (
            f"without {PART_WORDS[each.part]}",
            interval_text(each.difference),
            len(each.differences),
            interval_text(each.among_behaving),
            each.n_behaving,
        )
        for each in ordered
    ]
    columns = (
        "part left out",
        "fall [95 %]",
        "n",
        "among those that act as taught in both [95 %]",
        "of them",
    )
    return Section(
        "What goes with each part",
        "differences",
        (study_table(columns, rows), Paragraph(DIFFERENCES_NOTE, soft=True)),
        link="Differences",
    )
