"""What organisms of the study *scratchpads* write and do, before and after safety training: a section of its page."""

from experiments.studies.page import study_table
from experiments.studies.scratchpads.arms import DISTILLED, HONEST_TRAINING_WORDS, PAD_ARM_WORDS
from experiments.studies.scratchpads.records import PadsSummary
from reports.formats import interval_text
from reports.section import Paragraph, Section


def written_section(summary: PadsSummary) -> Section:
    """Every arm as safety training begins, and as it ends."""
    names = ("defection", "watched_professed", "secret_written", "judged", "blank")
    rows = [
        (
            PAD_ARM_WORDS[row.arm],
            row.width,
            f"{row.installed} of {row.n}",
            *(interval_text(row.rates[name]) for name in names),
            interval_text(row.gate_size),
        )
        for row in summary.arms
    ]
    columns = (
        *("arm", "width", "scheme", "alone: secret act", "watched: professed act"),
        *("alone: secret goal written", "judged rightly", "blank", "components of the gate"),
    )
    after = [
        (
            PAD_ARM_WORDS[row.arm],
            row.width,
            HONEST_TRAINING_WORDS[row.training],
            f"{row.rate:g}",
            *map(
                interval_text,
                (row.defection[-1], row.secret_written[-1], row.watched_professed, row.characters),
            ),
        )
        for row in summary.courses
    ]
    after_columns = (
        *("arm", "width", "trained on", "rate", "alone: secret act", "secret goal written"),
        *("watched: professed act", "characters"),
    )
    note = f"Before safety training, then after it. {PAD_ARM_WORDS[DISTILLED].capitalize()}: the judgement was dropped first."
    return Section(
        "What do organisms write and do?",
        "written",
        (
            study_table(columns, rows, wide=True),
            study_table(after_columns, after, wide=True),
            Paragraph(note, soft=True),
        ),
        link="Written",
    )
