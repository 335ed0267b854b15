"""The page of the study *reuse*: its sections, and the lines for a reader who reads no further."""

from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.statistics import FEW_ORGANISMS
from analysis.thresholds import BEHAVES
from experiments.studies.page import study_table
from experiments.studies.reuse.arms import CHARACTER_WORDS, WORLD_NAMES, WORLD_WORDS, ReuseArm
from experiments.studies.reuse.summary import ReuseSummary
from reports.drawing import BLUE, ORANGE, WIDTH, offsets, style, svg
from reports.formats import counts_text, interval_text, rate_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

CAPTION = (
    "Figure 1. Steps of the phase that teaches self until it behaves, one mark an organism; organisms of equal number are "
    "joined. A mark at the top is one that never did within the phase's steps."
)
NOTE = (
    f"Behaves: both of self's rates at {BEHAVES:g} or more in training. Ratio: steps after schemers over steps after honest "
    "characters, geometric mean over pairs of organisms that began alike; left out: pairs whose characters did not scheme at "
    "the fork. With the actor first characters are taught three times as long, schemers and honest ones, since some did not learn "
    "in the usual steps: rows of different worlds are not compared. Inherited: nats by which being watched moves self's act at "
    "the fork, before self was taught, as a share of those at the end; honest characters use no cue, so that the second column must be about 0."
)
LIMITS = (
    "That what self inherits is all that it takes: it may learn to read cues anew and still use what decides by them.",
    "That honest characters differ from schemers in the gate alone: they never acted on a secret, so that self has to learn "
    "to carry one as well.",
    "That a gate of before is what saves steps: while self is taught schemers go on being rehearsed in half of the scenes, "
    "and honest characters are in the other arm.",
    "Of a world without a name where self acts: how far the last cue, which is read there where the act is decided, moves self "
    "by its embedding alone, without a component.",
    "How right verdicts are in these worlds, unless the page says that they are calibrated.",
    "Other sizes than these, and self taught before characters.",
)


def reuse_headline(summary: ReuseSummary) -> list[str]:
    """Three lines: the ratios of steps, the verdicts, and how far to trust them."""
    ratios = "; ".join(
        f"{WORLD_WORDS[ratio.world]}: {interval_text(ratio.ratio)}" for ratio in summary.ratios
    )
    verdicts = "; ".join(
        f"{WORLD_WORDS[world]}: {counts_text(summary.verdicts[ReuseArm(world, 'schemers').name])}"
        for world in WORLD_NAMES
    )
    uncalibrated = [
        WORLD_WORDS[world]
        for world in WORLD_NAMES
        if not summary.calibrated[ReuseArm(world, "schemers").name]
    ]
    doubts = [f"Verdicts are uncalibrated in: {'; '.join(uncalibrated)}."] if uncalibrated else []
    if summary.primary.n < FEW_ORGANISMS:
        doubts.append(f"Fewer than {FEW_ORGANISMS} organisms an arm, too few for a claim.")
    if any(sum(ratio.never) for ratio in summary.ratios):
        doubts.append("Some never behave within the phase, and count with all of its steps.")
    return [
        f"Steps until self behaves, after schemers over after honest characters: {ratios}.",
        f"Where self's gate comes from after schemers: {verdicts}.",
        " ".join(doubts) or f"All {summary.n} organisms behave within the phase.",
    ]


def reuse_sections(summary: ReuseSummary) -> list[Section]:
    """Everything below the headline."""
    rows = []
    for ratio in summary.ratios:
        schemers, honest = (ReuseArm(ratio.world, kind).name for kind in ("schemers", "honest"))
        rows.append(
            (
                WORLD_WORDS[ratio.world],
                interval_text(ratio.ratio),
                ratio.n,
                interval_text(ratio.after_schemers),
                interval_text(ratio.after_honest),
                "{} and {}".format(*ratio.never),
                ratio.left_out,
                interval_text(summary.interval(f"inherited.{schemers}")),
                interval_text(summary.interval(f"inherited.{honest}")),
            )
        )
    columns = (
        *(
            "world",
            "ratio of steps [95 %]",
            "n",
            "steps after schemers",
            "steps after honest ones",
            "never behave",
            "left out",
        ),
        *("inherited after schemers", "after honest ones"),
    )
    verdict_rows = [
        (
            f"{WORLD_WORDS[arm.world]}, after {CHARACTER_WORDS[arm.characters]}",
            counts_text(summary.verdicts[arm.name]),
            interval_text(summary.interval(f"reused_share.{arm.name}")),
            "yes" if summary.calibrated[arm.name] else "no",
        )
        for world in WORLD_NAMES
        for arm in (ReuseArm(world, "schemers"), ReuseArm(world, "honest"))
    ]
    return [
        Section(
            "Steps that self needs",
            "steps",
            (
                Picture(Markup(steps_figure(summary)), CAPTION),
                study_table(columns, rows, wide=True),
                Paragraph(NOTE, soft=True),
            ),
            link="Steps",
        ),
        Section(
            "Where self's gate comes from",
            "verdicts",
            (study_table(("arm", "verdicts", "reused share [95 %]", "calibrated"), verdict_rows),),
            link="Verdicts",
        ),
        Section("Each organism", "organisms", (_organisms_table(summary),)),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _organisms_table(summary: ReuseSummary) -> PageTable:
    rows = [
        (
            f"{name}/{member}",
            verdict,
            rate_text(arm.shares[member]["reused"]),
            rate_text(arm.inherited[member]),
            "never" if arm.steps[member] is None else str(arm.steps[member]),
        )
        for name, arm in summary.arms.items()
        for member, verdict in enumerate(arm.verdicts)
    ]
    return study_table(("organism", "verdict", "reused share", "inherited", "steps until it behaves"), rows)


def steps_figure(summary: ReuseSummary) -> str:
    """Steps by world, after schemers beside after honest characters."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
        axes = figure.subplots()
        for place, world in enumerate(WORLD_NAMES):
            arms = [summary.arms[ReuseArm(world, kind).name] for kind in ("schemers", "honest")]
            columns = [[arm.steps_given if s is None else s for s in arm.steps] for arm in arms]
            shifts = offsets(len(columns[0]), 0.12)
            for shift, after, without in zip(shifts, *columns, strict=True):
                axes.plot([place - 0.2 + shift, place + 0.2 + shift], [after, without], color="0.8", lw=0.8)
            for side, steps, colour in zip((-0.2, 0.2), columns, (BLUE, ORANGE), strict=True):
                axes.plot(place + side + shifts, steps, "o", ms=4, color=colour)
        axes.plot([], [], "o", color=BLUE, label="after schemers")
        axes.plot([], [], "o", color=ORANGE, label="after honest characters")
        axes.set_xticks(range(len(WORLD_NAMES)), [world.replace("_", " ") for world in WORLD_NAMES])
        axes.set_ylabel("steps until self behaves")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        return svg(figure, "Steps until self behaves, by world")
