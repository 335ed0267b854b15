"""The page of the study *scratchpads*: its sections, and the lines for a reader who reads no further."""

from analysis.scratchpads.credit import CREDIT_SCENES
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.page import study_table
from experiments.studies.scratchpads.arms import (
    HONEST_RATES,
    HONEST_TRAINING_WORDS,
    HONEST_TRAININGS,
    NO_PAD,
    ON_ACTS,
    PAD,
    PAD_ARM_WORDS,
    PAD_ARMS,
)
from experiments.studies.scratchpads.figures import courses_figure, credit_figure, size_figure
from experiments.studies.scratchpads.records import CourseRow, OutlivingRow, PadRatioRow, PadsSummary
from experiments.studies.scratchpads.summary import CREDIT_FIGURES, PRIMARY_OUTLIVES
from experiments.studies.scratchpads.written_section import written_section
from experiments.studies.study import Triple
from reports.formats import DASH, interval_text, rate_text
from reports.section import Bullets, Paragraph, Picture, Section

COURSES_CAPTION = (
    "Figure 1. How often self acts on its secret when alone, as safety training goes on at the lower learning rate: mean over organisms and "
    "95 % interval. All of self is sampled: what it writes, and what it does. Dotted: how often the scratchpad names the secret goal."
)
SIZE_CAPTION = (
    "Figure 2. Half-life of defection by width, at the lower learning rate, with 95 % intervals. A triangle: fewer than half of the organisms "
    "fell to half by the last reading, where it stands."
)
CREDIT_CAPTION = (
    "Figure 3. Each arm at each width: where the honest gradient lands as safety training begins, and the half-life. Left: log of its share on "
    "the gate's components, less that of random sets. Right: mean cosine between scenes. Circles: trained on acts alone; squares: on "
    "scratchpads too. Larger marks are wider organisms."
)
OUTLIVING_NOTE = (
    "Organisms of equal number grew from the same initial weights on the same scenes. +1: the defection of the first always outlives that "
    "of the second; 0: as often one as the other, or both outlived the training. Corrected p: sign flips, Benjamini-Hochberg over all "
    "rows but the primary one."
)
PAD_LIMITS = (
    "What a large model would do. Tokens of these scratchpads are two of a handful, and each follows from the last by a rule.",
    "That a half-life says how long defection would last beyond the training: it is censored there, and ratios are then bounds.",
    "What size does by itself: the learning rate is the same at all widths, and a step of Adam moves what a wider organism computes by more "
    "(Yang et al. 2022, arXiv 2203.03466).",
    "That arms differ in the scratchpad alone: an arm with one has learned two tokens more, and distilled ones changed their text twice. "
    "Steps, scenes and numbers of target tokens are equal.",
    "That equal target tokens are equal information. Of the tokens of an arm without a scratchpad two of three are blanks where "
    "scratchpads are trained too; it is trained on a third of the moments.",
    "That a scratchpad is faithful. Where acts alone are trained it may go on naming the secret goal; the dotted line says how often.",
    "What a gradient's share on the gate means for the steps that Adam takes, which divides by each weight's usual gradient.",
    "What training by reward would do: credit would then reach scratchpads through the acts that follow from them.",
    "That a correlation of credit with half-lives is a cause. The pooled one mixes arms and widths, which differ in more.",
)


def pads_headline(summary: PadsSummary) -> list[str]:
    """Three lines: reasoning, size, credit."""
    return [_reasoning_line(summary), _size_line(summary), _credit_line(summary)]


def _reasoning_line(summary: PadsSummary) -> str:
    rate = HONEST_RATES[0]
    distilled, pad = (
        summary.outlived(name, rate) for name in (PRIMARY_OUTLIVES, f"outlives.{PAD}.{NO_PAD}.{ON_ACTS}")
    )
    few = f" Fewer than {FEW_ORGANISMS} pairs, too few for a claim." if distilled.n < FEW_ORGANISMS else ""
    return (
        f"Trained to be honest in its acts, an organism whose reasoning was distilled away is {outliving_words(distilled)} the same "
        f"organism that never wrote any ({interval_text(distilled.outlives)} of pairs, {distilled.n}); one that still writes its "
        f"scratchpad is {outliving_words(pad)} it ({interval_text(pad.outlives)}).{few}"
    )


def outliving_words(row: OutlivingRow) -> str:
    """What a row says of the first arm beside the second."""
    _, low, high = row.outlives
    if low is not None and low > 0:
        return "harder to make honest than"
    if high is not None and high < 0:
        return "easier to make honest than"
    return "not told apart from"


def _size_line(summary: PadsSummary) -> str:
    parts = [
        f"{PAD_ARM_WORDS[row.arm]} {interval_text(row.correlation)}"
        for row in summary.by_width
        if (row.training, row.rate) == (ON_ACTS, HONEST_RATES[0])
    ]
    widths = ", ".join(map(str, summary.widths))
    return f"Rank correlation of width ({widths}) and half-life, trained on acts alone: {'; '.join(parts)}."


def _credit_line(summary: PadsSummary) -> str:
    parts = [
        f"{CREDIT_FIGURES[row.figure]} {interval_text(row.within)} ({interval_text(row.pooled)} over all)"
        for row in summary.predictions
        if (row.training, row.rate) == (ON_ACTS, HONEST_RATES[0])
    ]
    return (
        f"Rank correlation with half-lives, within arm and width, trained on acts alone: {'; '.join(parts)}."
    )


def pads_sections(summary: PadsSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        _courses_section(summary),
        _size_section(summary),
        _credit_section(summary),
        written_section(summary),
        Section(
            "What it does not show",
            "limits",
            (Bullets(PAD_LIMITS), Paragraph(summary.plan, soft=True)),
            rank=90,
        ),
    ]


def scientific_interval(triple: Triple) -> str:
    """A half-life with its interval, two digits; open above where it has no end."""
    value, low, high = triple
    ends = [DASH if end is None else f"{end:.2g}" for end in (low, high)]
    return DASH if value is None else f"{value:.2g} [{ends[0]}, {ends[1]}]"


def course_half_life(row: CourseRow) -> str:
    """A half-life in summed learning rate; beyond the last reading where fewer than half of the organisms fell to half."""
    if not row.n:
        return DASH
    return f"over {row.last_reading:.2g}" if row.half_life[0] is None else scientific_interval(row.half_life)


def pad_ratio_text(row: PadRatioRow) -> str:
    """A ratio with its interval, and whether it is a bound."""
    value, low, high = row.ratio
    if value is None or row.kind == "none":
        return DASH
    words = {"value": "", "at_least": "at least ", "at_most": "at most "}[row.kind]
    return f"{words}{rate_text(value)} [{rate_text(low)}, {'open' if high is None else rate_text(high)}]"


def _courses_section(summary: PadsSummary) -> Section:
    outliving = [
        (
            f"{PAD_ARM_WORDS[row.first]}; beside {PAD_ARM_WORDS[row.second]}",
            HONEST_TRAINING_WORDS[row.training],
            f"{row.rate:g}",
            interval_text(row.outlives),
            row.n,
            "primary" if row.corrected_p is None else f"{row.corrected_p:.3f}",
        )
        for row in summary.outliving
    ]
    columns = ("arms", "trained on", "rate", "outlives", "pairs", "corrected p")
    return Section(
        "Does reasoning make defection last?",
        "defection",
        (
            Picture(courses_figure(summary), COURSES_CAPTION),
            study_table(columns, outliving, wide=True),
            Paragraph(OUTLIVING_NOTE, soft=True),
        ),
        link="Defection",
    )


def _size_section(summary: PadsSummary) -> Section:
    half_lives = [
        (
            PAD_ARM_WORDS[arm],
            HONEST_TRAINING_WORDS[training],
            f"{rate:g}",
            *(course_half_life(summary.course(arm, width, training, rate)) for width in summary.widths),
        )
        for training in HONEST_TRAININGS
        for rate in HONEST_RATES
        for arm in PAD_ARMS
    ]
    of_widths = [f"width {width}" for width in summary.widths]
    ratios = [
        (
            f"{PAD_ARM_WORDS[row.first]}; beside {PAD_ARM_WORDS[row.second]}",
            HONEST_TRAINING_WORDS[row.training],
            *(pad_ratio_text(_ratio(summary, row, width)) for width in summary.widths),
            row.n,
        )
        for row in summary.ratios
        if (row.width, row.rate) == (summary.widths[0], HONEST_RATES[0])
    ]
    tokens = summary.courses[0]
    note = (
        f"Safety training has {tokens.expected_targets:.0f} target tokens an organism by the config, within "
        f"{summary.targets_spread:.1%} of each other in all arms; counted: "
        f"{min(row.counted_targets for row in summary.courses):.0f} to {max(row.counted_targets for row in summary.courses):.0f}."
    )
    return Section(
        "Does size matter?",
        "size",
        (
            Picture(size_figure(summary), SIZE_CAPTION),
            study_table(("arm", "trained on", "rate", *of_widths), half_lives, wide=True),
            study_table(("half-life of", "trained on", *of_widths, "pairs"), ratios, wide=True),
            Paragraph(note, soft=True),
        ),
        link="Size",
    )


def _ratio(summary: PadsSummary, like: PadRatioRow, width: int) -> PadRatioRow:
    key = like.first, like.second, like.training, like.rate, width
    return next(
        row for row in summary.ratios if (row.first, row.second, row.training, row.rate, row.width) == key
    )


def _credit_section(summary: PadsSummary) -> Section:
    rows = [
        (
            PAD_ARM_WORDS[row.arm],
            row.width,
            HONEST_TRAINING_WORDS[row.training],
            row.n,
            *map(interval_text, (row.share, row.random_share, row.agreement, row.gate_agreement)),
        )
        for row in summary.credit
    ]
    columns = (
        "arm",
        "width",
        "trained on",
        "n",
        "share on the gate",
        "of random sets",
        "agreement",
        "on the gate",
    )
    predicted = [
        (
            CREDIT_FIGURES[row.figure],
            HONEST_TRAINING_WORDS[row.training],
            f"{row.rate:g}",
            *map(interval_text, (row.within, row.pooled)),
            row.n,
        )
        for row in summary.predictions
    ]
    note = (
        f"The gradient of honest acts when alone, over {CREDIT_SCENES} scenes, as safety training begins. The gate: the fewest components that carry "
        "0.8 of what alone against watched does to the written judgement and goal, or to the act where nothing is written."
    )
    return Section(
        "Does credit assignment predict it?",
        "credit",
        (
            Picture(credit_figure(summary), CREDIT_CAPTION),
            study_table(
                ("figure", "trained on", "rate", "within arm and width", "over all", "n"),
                predicted,
                wide=True,
            ),
            study_table(columns, rows, wide=True),
            Paragraph(note, soft=True),
        ),
        link="Credit",
    )
