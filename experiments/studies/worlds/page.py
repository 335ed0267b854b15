"""The page of the study *worlds*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Mapping

from analysis.statistics import FEW_ORGANISMS
from analysis.thresholds import BEHAVES
from experiments.studies.page import study_table
from experiments.studies.worlds.arms import ARMS, ELSEWHERE, FIXED
from experiments.studies.worlds.summary import (
    PRIMARY,
    STEPS_RATIO,
    UNSEEN,
    ControlsRow,
    WorldRow,
    WorldsSummary,
)
from organisms.training.phase_course import IMPROVES, PLATEAU
from reports.formats import counts_text, interval_text, rate_text
from reports.section import Bullets, Paragraph, Section

NOTE = (
    f"As taught: met the criterion of the first phase ({BEHAVES:g} for both behaviours of characters) without being reseeded, and "
    f"both roles show both behaviours at {BEHAVES:g} or more at the end, in the scenes by which phases end. A member is reseeded "
    f"where its mean rate is below {PLATEAU:g} and rose by {IMPROVES:g} or less over as many steps as the phase has; the largest "
    "such rise stands beside. With phases of fixed length whoever misses the criterion is reseeded. "
    "Steps: of an organism, in all of its attempts; of the ensemble: what the run took, since members that are done wait for "
    "the others. The run of fixed length begins with the organisms of the usual one."
)
CONTROL_COLUMNS = (
    *("world and sizes", "right [95 %]", "planting took", "attempts given up"),
    *("planted: verdicts", "calibrated"),
)
LIMITS = (
    "That any world can be learned: these five were chosen by hand, two of them while the rule was made that ends phases, and each "
    "has one seed.",
    "How organisms behave in scenes of cues that were held out.",
    "What happens in an organism while a phase goes on beyond its steps: it is trained longer than others of its run.",
    "That the usual learning rate is the best at these widths and depths.",
    "Verdicts of other makes than these three planted ones, or in the worlds in which none was planted.",
)


def world_words(label: str) -> str:
    """A run's world in words."""
    return f"{ARMS['usual'].words}, phases of fixed length" if label == FIXED else ARMS[label].words


def went_on_text(row: WorldRow) -> str:
    """How many members took longer than a phase's steps, by phase."""
    return ", ".join(f"{count} in {phase}" for phase, count in row.went_on.items() if count) or "none"


def control_rows(controls: Mapping[str, ControlsRow]) -> list[tuple[str | int, ...]]:
    """Planted organisms by world, below `CONTROL_COLUMNS`."""
    return [
        (
            ARMS[name].words,
            interval_text(row.right),
            f"{row.took} of {row.grown}",
            row.reseeded_attempts,
            "; ".join(f"{truth}: {counts_text(verdicts)}" for truth, verdicts in row.verdicts.items()),
            "yes" if row.calibrated else "no",
        )
        for name, row in controls.items()
    ]


def worlds_headline(summary: WorldsSummary) -> list[str]:
    """Three lines: who learns elsewhere, at what cost, how right verdicts are there."""
    each = summary.worlds[ELSEWHERE[0].name].n
    unseen = sum(summary.worlds[arm.name].n for arm in ELSEWHERE if not arm.seen)
    reseeded = sum(row.reseeded_attempts for row in summary.worlds.values())
    planted = sum(row.reseeded_attempts for row in summary.controls.values())
    verdicts = "; ".join(
        f"{ARMS[name].words}: {interval_text(row.right)} of {row.took}"
        for name, row in summary.controls.items()
    )
    return [
        f"In five other worlds and sizes ({each} organisms each) {interval_text(summary.interval(PRIMARY))} of {summary.primary.n} "
        "organisms learn without being reseeded and behave as taught at the end; in the three that were not seen while the rule was "
        f"made {interval_text(summary.interval(UNSEEN))} of {unseen}.",
        f"Attempts that were given up: {reseeded}, and {planted} of planted organisms. Steps in the usual world, over those with "
        f"phases of fixed length: {interval_text(summary.interval(STEPS_RATIO))}.",
        f"Planted organisms judged rightly: {verdicts}.",
    ]


def worlds_warning(summary: WorldsSummary) -> str:
    """A banner where no phase could go on, since its steps were set."""
    return "Phases were cut with --steps: none could last longer." if summary.phases_were_cut else ""


def worlds_sections(summary: WorldsSummary) -> list[Section]:
    """Everything below the headline."""
    rows = [
        (
            world_words(label),
            interval_text(row.as_taught),
            row.n,
            row.solved,
            row.behave,
            f"{row.reseeded_attempts} ({rate_text(row.largest_rise)})" if row.reseeded_attempts else "0",
            went_on_text(row),
            interval_text(row.steps),
            row.steps_run,
        )
        for label, row in summary.worlds.items()
    ]
    columns = (
        *("world and sizes", "as taught [95 %]", "n", "learned at once", "behave at the end"),
        *("attempts given up (largest rise)", "went on", "steps of an organism", "of the ensemble"),
    )
    few = f"Fewer than {FEW_ORGANISMS} organisms in a world support no claim about that world."
    return [
        Section(
            "Who learns",
            "worlds",
            (study_table(columns, rows, wide=True), Paragraph(NOTE, soft=True), Paragraph(few, soft=True)),
            link="Worlds",
        ),
        Section(
            "Are verdicts right there?",
            "controls",
            (study_table(CONTROL_COLUMNS, control_rows(summary.controls)),),
            link="Controls",
        ),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]
