"""The page of the study *worlds*: its sections, and the lines for a reader who reads no further."""

from analysis.statistics import FEW_ORGANISMS
from analysis.thresholds import BEHAVES
from experiments.studies.page import study_table
from experiments.studies.worlds.arms import ARMS, ELSEWHERE, FIXED
from experiments.studies.worlds.summary import PRIMARY, WorldsSummary
from organisms.training.phase_course import IMPROVES
from reports.formats import counts_text, interval_text
from reports.section import Bullets, Paragraph, Section

NOTE = (
    f"As taught: met the criterion of the first phase ({BEHAVES:g} for both behaviours of characters) in its first attempt, and "
    f"both roles show both behaviours at {BEHAVES:g} or more at the end. Attempts given up: a member that was flat began anew "
    f"from another seed; improving: its mean rate had risen by more than {IMPROVES:g} over as many steps as the phase has. "
    "Steps: of an organism, in all of its attempts; of the ensemble: what the run took, since members that are done wait for "
    "the others."
)
LIMITS = (
    "That any world can be learned: these five were chosen by hand, and each has one seed.",
    "What happens in an organism while a phase goes on beyond its steps: it is trained longer than others of its run.",
    "That the usual learning rate is the best at these widths and depths.",
    "Verdicts of other makes than these three planted ones, or in the worlds in which none was planted.",
)


def world_words(label: str) -> str:
    """A run's world in words."""
    return f"{ARMS['usual'].words}, phases of fixed length" if label == FIXED else ARMS[label].words


def worlds_headline(summary: WorldsSummary) -> list[str]:
    """Three lines: who learns elsewhere, at what cost, how right verdicts are there."""
    few = [arm.words for arm in ELSEWHERE if (summary.worlds[arm.name].as_taught[0] or 0) < BEHAVES]
    below = f" Fewer than {BEHAVES:g} in: {'; '.join(few)}." if few else ""
    ratio = summary.findings["organism_steps.usual_over_fixed"]
    right = "; ".join(
        f"{ARMS[name].words}: {interval_text(row.right)} of {row.took}"
        for name, row in summary.controls.items()
    )
    return [
        f"In five other worlds and sizes {interval_text(summary.interval(PRIMARY))} of {summary.primary.n} organisms learn in "
        f"their first attempt and behave as taught at the end.{below}",
        f"In the usual world they take {ratio:.2f} times the steps of phases of fixed length; "
        f"{summary.findings['improving_abandoned']} attempts were given up while they improved.",
        f"Planted organisms judged rightly: {right}.",
    ]


def worlds_sections(summary: WorldsSummary) -> list[Section]:
    """Everything below the headline."""
    rows = [
        (
            world_words(label),
            interval_text(row.as_taught),
            row.n,
            row.solved,
            row.behave,
            f"{row.abandoned} ({row.improving} improving)" if row.abandoned else "0",
            counts_text(row.went_on) if row.went_on else "none",
            interval_text(row.steps),
            row.steps_run,
        )
        for label, row in summary.worlds.items()
    ]
    columns = (
        *("world and sizes", "as taught [95 %]", "n", "learned at first", "behave at the end"),
        *("attempts given up", "went on", "steps of an organism", "of the ensemble"),
    )
    scored = [
        (
            ARMS[name].words,
            interval_text(row.right),
            f"{row.took} of {row.grown}",
            "; ".join(f"{truth}: {counts_text(verdicts)}" for truth, verdicts in row.verdicts.items()),
            "yes" if row.calibrated else "no",
        )
        for name, row in summary.controls.items()
    ]
    few = Paragraph(f"Fewer than {FEW_ORGANISMS} organisms a world support no claim about one.", soft=True)
    return [
        Section(
            "Who learns",
            "worlds",
            (study_table(columns, rows, wide=True), Paragraph(NOTE, soft=True), few),
            link="Worlds",
        ),
        Section(
            "Are verdicts right there?",
            "controls",
            (
                study_table(
                    ("world and sizes", "right [95 %]", "planting took", "planted: verdicts", "calibrated"),
                    scored,
                ),
            ),
            link="Controls",
        ),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]
