"""Blocks that pages of arms share: by role or by cast, and what was there at the fork."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from experiments.studies.incentives.arms import PARTING_OF, ArmSummary
from experiments.studies.incentives.summary import spare_rate
from experiments.studies.page import study_table
from reports.formats import DASH, interval_text
from reports.section import Block, Heading, Paragraph

PARTING_NOTE = (
    "Of the organisms whose self and characters differ in scenes without self (a cosine below 0.5), how many part by who is "
    "in the cast: characters who act beside self are surely more than half of the way to self's components. Effects: what "
    "carries the gate to the act. Reading: what responds to the cues, which is what the auditor prices, in scenes without self "
    "alone. Cues come before the actor, so that what reads them beside self can not know who will act."
)
FORK_NOTE = Markup(
    "A spare: self parted with more than half of its effect, and a fifth of the characters' gate or more stands without what it "
    "took, and without what they keep, and not without both (silence, at the fork); of all that were grown [95 %]. "
    "Kept: the outputs that self's components had at the fork, where characters act, do more than "
    "half of what their own do in the final organism; of those told either way."
)


def parting_blocks(arms: Mapping[str, ArmSummary]) -> Sequence[Block]:
    """How many organisms part by who is in the cast, arm by arm."""
    rows: list[list[str]] = []
    for name, arm in arms.items():
        counts: list[str] = []
        for of in PARTING_OF:
            words = [organism.parting[of] for organism in arm.organisms if of in organism.parting]
            counts.append(f"{words.count('by cast')} of {len(words)}" if words else DASH)
        rows.append([name, *counts])
    return (
        Heading("By role or by cast"),
        Paragraph(PARTING_NOTE, soft=True),
        study_table(("arm", "effects by cast", "reading by cast"), rows),
    )


def fork_blocks(arms: Mapping[str, ArmSummary]) -> Sequence[Block]:
    """How many organisms took a spare, and how many kept what stood in what they took, arm by arm."""
    rows: list[list[str]] = []
    for name, arm in arms.items():
        spares = sum(organism.took_spare() for organism in arm.organisms)
        told = [o.kept for o in arm.organisms if o.behaves and o.kept in ("kept", "rewritten")]
        rows.append(
            [
                name,
                f"{spares} of {arm.n}",
                interval_text(spare_rate(arm)),
                f"{told.count('kept')} of {len(told)}" if told else DASH,
            ]
        )
    return (
        Heading("What was there at the fork"),
        Paragraph(FORK_NOTE, soft=True),
        study_table(("arm", "took a spare", "rate [95 %]", "kept"), rows),
    )
