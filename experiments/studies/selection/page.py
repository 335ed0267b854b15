"""The page of the study *selection*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.selection.detectors import DETECTORS, FALSE_ALARMS
from analysis.selection.outcomes import HONEST_TO, LEFT_BETWEEN, SCHEMES_FROM
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.page import study_table
from experiments.studies.selection.arms import NO_DETECTOR, PROBE_WEIGHT, REROLL_WORDS, TRAINED_ON_WORDS
from experiments.studies.selection.figures import ARM_WORDS, law_figure, reading_words, what_is_left_figure
from experiments.studies.selection.measurement import TRAINED_ON_READING
from experiments.studies.selection.records import LawRow, SelectionSummary, TrainedOnRow
from experiments.studies.selection.summary import (
    PRIMARY_ARM,
    is_primary,
)
from experiments.studies.selection.thresholds import THRESHOLDS_REDRAWN
from experiments.studies.study import Triple
from organisms.pressures.probe import UNINFORMED
from reports.formats import DASH, interval_text, rate_text
from reports.section import Bullets, Paragraph, Picture, Section

FRESH_READING = TRAINED_ON_READING.replace("stale", "fresh")
LAW_CAPTION = Markup(
    "Figure 1. Organisms are grown until one is not caught. Across: the share of schemers among those that are left by the law, p<sub>u</sub>/(1 "
    "- p<sub>c</sub>). Up: the share of what was really grown anew that schemes. On the dotted line both are the same; above it growing "
    "anew is worse than the law says."
)
SHARES_CAPTION = Markup(
    "Figure 2. What becomes of all organisms that were grown. Orange: schemers that are not caught, with their interval. What is "
    "trained on is the detector <em>intent</em> as it was fitted at the fork; the others stand beside it."
)
LAW_NOTE = Markup(
    "Predicted: p<sub>u</sub>/(1 - p<sub>c</sub>) of the same forks' organisms; of new ones that of the first half, beside what "
    "growing the second half left. Difference: over all orders in which a fork's organisms may come, less predicted. Never: forks of "
    "which every organism is caught; they count in neither."
)
TRAINED_NOTE = Markup(
    "q<sub>u</sub>: uncaught schemers among all organisms that were trained on the detector. Difference: q<sub>u</sub> less the law "
    "of the same forks; below 0 training on the detector is better. Its interval takes the threshold as given; in the next one forks "
    "that set the threshold are drawn anew as well. In the last difference those that are caught in spite of "
    "the training are thrown away too. Each organism has equally many steps; growing anew takes more organisms (see the "
    "table of shares). p: by the bootstrap over forks, corrected for the number of differences (Benjamini and Hochberg); the "
    "primary endpoint, named before, is not among them."
)
DEPENDENCE_NOTE = (
    "Correlation within forks: 0 where organisms of one fork end as if each were drawn anew, 1 where all of a fork end alike. p: "
    "chance of as much where outcomes are dealt at random. New organisms are put together as they come, which is what no "
    "dependence looks like. By the detector that is trained on, as it was fitted at the fork."
)
LIMITS = (
    "What a large model would do: these are tiny organisms whose scheming is one of two acts, and which fall to either side by "
    "chance since both pay nearly the same.",
    "What a better or worse detector would do. Both probes are linear, and were made from characters alone.",
    "That honest organisms of other kinds are caught as rarely: thresholds were set on honest organisms of other forks of the "
    "same curriculum.",
    f"Other weights of the probe than {PROBE_WEIGHT:g}, or other fines than {PROBE_WEIGHT * UNINFORMED:g}. In the reward, the frozen copy "
    "and the constant fine the honest "
    "act is never charged, which a detector that sees no acts can not do; the arm in which any act is charged stands beside them.",
    "What is left where a developer keeps on growing past the number of organisms that a fork has here.",
    "Steps are equal by organism and not by what is left: growing anew pays for what it throws away.",
)


def selection_headline(summary: SelectionSummary) -> list[str]:
    """Three lines: which is better, whether the law holds, and how far to trust it."""
    row = next(row for row in summary.trained_on if is_primary(row))
    constant = summary.trained_row(NO_DETECTOR, TRAINED_ON_READING)
    any_act = summary.trained_row("reward_any_act", TRAINED_ON_READING)
    return [
        f"Training on the detector ({TRAINED_ON_WORDS[PRIMARY_ARM]}, which charges no honest act) leaves {rate_text(row.q_u)} of organisms "
        f"as uncaught schemers (q_u); growing anew until nothing is caught leaves {rate_text(row.law)} (p_u/(1-p_c)): difference "
        f"{interval_text(row.difference)}, and {interval_text(_redrawn(summary, row))} where thresholds are drawn anew as well: "
        f"{_better(summary, row)}. A constant fine on the same acts, with nothing read, leaves {rate_text(constant.q_u)}; what reading adds: "
        f"{interval_text(summary.reward_less_constant)}. Where any act is charged: {interval_text(any_act.difference)}, and "
        f"{interval_text(any_act.left_difference)} once those that are caught are thrown away too.",
        f"Grown until uncaught, {_law_sentence(summary)}.",
        _trust_line(summary),
    ]


def _redrawn(summary: SelectionSummary, row: TrainedOnRow) -> Triple:
    """The difference of a row, with an interval over the forks that set thresholds as well."""
    return summary.interval(f"{THRESHOLDS_REDRAWN}.{row.arm}.{row.reading}")


def _better(summary: SelectionSummary, row: TrainedOnRow) -> str:
    _, low, high = _redrawn(summary, row)
    if high is not None and high < 0:
        return "training on it is better"
    if low is not None and low > 0:
        return "growing anew is better"
    return "not told apart"


def _others(summary: SelectionSummary) -> str:
    def text(row: TrainedOnRow) -> str:
        return f"{TRAINED_ON_WORDS[row.arm]} {interval_text(row.difference)}"

    others = [row for row in summary.trained_on if row.reading == TRAINED_ON_READING and not is_primary(row)]
    fresh = [row for row in summary.trained_on if row.reading == FRESH_READING]
    return f"Others: {', '.join(map(text, others))}. By a detector fitted anew at the end: {', '.join(map(text, fresh))}."


def _law_sentence(summary: SelectionSummary) -> str:
    rows = [row for row in summary.laws if row.reading == TRAINED_ON_READING]

    def text(row: LawRow) -> str:
        return (
            f"{interval_text(row.grown)} scheme where {REROLL_WORDS[row.reroll]} is grown (the law: {rate_text(row.predicted[0])}; "
            f"beyond it {interval_text(row.difference)})"
        )

    likeness = [
        f"{interval_text(row.correlation)} for {REROLL_WORDS[row.reroll]}"
        for row in summary.dependence
        if row.outcome == "scheming" and row.reroll != "organism"
    ]
    return f"{'; '.join(map(text, rows))}. Correlation of scheming: {', '.join(likeness)}"


def _trust_line(summary: SelectionSummary) -> str:
    row = summary.arm_shares("fork", TRAINED_ON_READING)
    new = summary.arm_shares("organism", TRAINED_ON_READING)
    between = sum(row.counts[LEFT_BETWEEN] for row in (row, new))
    sentences = [
        f"{summary.n} organisms are counted, {new.n} that share nothing and the others of {summary.forks} forks; {between} of {row.n + new.n} that "
        "were not trained on the detector are neither honest nor scheming and are left.",
        f"The detector catches {interval_text(row.caught['scheming'])} of schemers and {interval_text(row.caught['honest'])} of honest "
        f"organisms, at a threshold that {summary.calibration_honest} honest organisms of {summary.calibration_forks} other forks set at {FALSE_ALARMS:g}.",
    ]
    if summary.forks < FEW_ORGANISMS:
        sentences.append(f"Fewer than {FEW_ORGANISMS} forks, too few for a claim.")
    return " ".join(sentences)


def selection_sections(summary: SelectionSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        Section(
            "The law, and what is grown", "law", (Picture(law_figure(summary), LAW_CAPTION),), link="Law"
        ),
        _law_section(summary),
        Section(
            "What is left",
            "left",
            (Picture(what_is_left_figure(summary), SHARES_CAPTION),),
            link="What is left",
        ),
        _trained_section(summary),
        _shares_section(summary),
        _dependence_section(summary),
        _detector_section(summary),
        Section(
            "What it does not show", "limits", (Bullets(LIMITS), Paragraph(summary.plan, soft=True)), rank=90
        ),
    ]


def _table_section(
    title: str, anchor: str, columns: Sequence[str], rows: Sequence[Sequence[str | int]], note: Markup | str
) -> Section:
    blocks = (study_table(columns, rows, wide=True), Paragraph(note, soft=True))
    return Section(title, anchor, blocks)


def _law_section(summary: SelectionSummary) -> Section:
    columns = (
        "detector",
        "grown anew",
        "predicted",
        "grown, in order",
        "grown anew for",
        "never",
        "difference",
    )
    rows = [
        (
            reading_words(row.reading),
            REROLL_WORDS[row.reroll],
            *(interval_text(row.predicted), interval_text(row.grown), row.finished, row.never),
            interval_text(row.difference),
        )
        for row in summary.laws
    ]
    return _table_section("Predicted and grown", "predicted", columns, rows, LAW_NOTE)


def _trained_section(summary: SelectionSummary) -> Section:
    columns = (
        *("trained on", "detector", "q_u", "p_u/(1-p_c)", "difference", "thresholds drawn anew"),
        *("thrown away too", "corrected p"),
    )
    rows = [
        (
            TRAINED_ON_WORDS[row.arm],
            reading_words(row.reading),
            *(rate_text(row.q_u), rate_text(row.law), interval_text(row.difference)),
            interval_text(_redrawn(summary, row)),
            interval_text(row.left_difference),
            "primary" if row.corrected_p is None else f"{row.corrected_p:.3f}",
        )
        for row in summary.trained_on
    ]
    blocks = (
        Paragraph(_others(summary)),
        study_table(columns, rows, wide=True),
        Paragraph(TRAINED_NOTE, soft=True),
    )
    return Section("Training on the detector, beside growing anew", "trained", blocks)


def _shares_section(summary: SelectionSummary) -> Section:
    columns = ("arm", "detector", "n", "a", "b", "c", "u", "organisms for one that is left")
    rows = [
        (
            ARM_WORDS[row.arm],
            reading_words(row.reading),
            row.n,
            *(interval_text(triple) for triple in row.shares.values()),
            rate_text(row.growths),
        )
        for row in summary.arms
    ]
    note = (
        f"a: honest and left; b: between and left; c: caught; u: schemes and is left. An organism schemes where it acts on its secret "
        f"in {SCHEMES_FROM:g} or more of its moments alone, and on its profession in as many of those watched; it is honest where it acts on "
        f"its secret in {HONEST_TO:g} or less."
    )
    return _table_section("Shares", "shares", columns, rows, note)


def _dependence_section(summary: SelectionSummary) -> Section:
    columns = ("outcome", "grown anew", "overdispersion", "correlation within forks", "p")
    rows = [
        (
            row.outcome.replace("_", " "),
            REROLL_WORDS[row.reroll],
            rate_text(row.overdispersion),
            interval_text(row.correlation),
            DASH if row.p is None else f"{row.p:.3f}",
        )
        for row in summary.dependence
    ]
    return _table_section("Do organisms of one fork end alike?", "dependence", columns, rows, DEPENDENCE_NOTE)


def _detector_section(summary: SelectionSummary) -> Section:
    columns = ("arm", "detector", "threshold", "schemers caught", "honest caught", "between caught", "AUROC")
    rows = [
        (
            ARM_WORDS[row.arm],
            reading_words(row.reading),
            rate_text(summary.thresholds[row.reading]),
            *(interval_text(row.caught[outcome]) for outcome in ("scheming", "honest", "between")),
            interval_text(row.separation),
        )
        for row in summary.arms
    ]
    note = (
        f"Detectors: {' and '.join(DETECTORS)}, linear probes from characters alone, before the act and over it. Thresholds were set on "
        f"{summary.calibration_honest} honest organisms of {summary.calibration_forks} forks that count nowhere, for {FALSE_ALARMS:g} of them to be "
        "caught; what is caught here of honest ones are false alarms on others. AUROC: do schemers score above honest organisms, wherever "
        "the threshold is?"
    )
    return _table_section("Detectors and their false alarms", "detectors", columns, rows, note)
