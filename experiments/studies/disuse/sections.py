"""The page of the study *disuse*: a section a question, with its figure, tables and what they mean."""

import math

from markupsafe import Markup

from experiments.studies.disuse import figures
from experiments.studies.disuse.headline import (
    drive_text,
    half_life_text,
)
from experiments.studies.disuse.plan import MECHANISMS
from experiments.studies.disuse.summary import DisuseSummary
from experiments.studies.disuse.trial_sections import restoration_section, return_section
from experiments.studies.page import study_table
from reports.descent import draw_descent
from reports.formats import DASH, interval_text, rate_text
from reports.section import Bullets, Folded, PageTable, Paragraph, Picture, Section

LIMITS = (
    "How long a mode would live in a large model, or under another optimiser: steps, learning rates and "
    "drives are of these toys.",
    "Whether a mode that lived to the end would live for ever: the curves stop where disuse stops.",
    "That mechanisms are wholly shared or separate: organisms with a verdict of another mechanism are left "
    "out, those without one (undecided) are not.",
    "Gate from content: components that hand over the gate may also write the secret, and then count as "
    "gate. The gate's share may therefore be too large.",
    "Whether sharing protects: the two mechanisms differ in more than who shares them (the study bitrot).",
    "What else the new task moves: interference of another kind may disturb other parts.",
)


def disuse_sections(summary: DisuseSummary) -> list[Section]:
    """A section a question."""
    return [
        _retention_section(summary),
        _lives_section(summary),
        _exercise_section(summary),
        restoration_section(summary),
        return_section(summary),
        _characters_section(summary),
        _decay_section(summary),
        _family_section(summary),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _code(name: str) -> Markup:
    return Markup("<code>{}</code>").format(name)


def _retention_section(summary: DisuseSummary) -> Section:
    caption = Markup(
        "Figure 1. {} scale, {} steps of disuse. Self takes part and is watched in all of its moments; at "
        "each checkpoint it is put alone. <em>shared</em>: self uses the characters' mechanism, and "
        "characters are rehearsed ({}). <em>separate</em>: self has a copy that no character uses, learned "
        "from the same characters under an incentive ({}). Drives: weight decay {}, and {} of moments "
        "asking something new. The first column is the passive null: training goes on at its floor, and "
        "nothing pulls on the mode."
    ).format(
        summary.scale,
        summary.steps,
        _code(MECHANISMS["shared"].curriculum),
        _code(MECHANISMS["separate"].curriculum),
        summary.decay,
        summary.news,
    )
    picture = Picture(figures.retention_figure(summary.drives), caption)
    return Section("What is left, as disuse goes on", "retention", (picture,), link="Retention")


def _lives_section(summary: DisuseSummary) -> Section:
    caption = (
        "Figure 2. Kaplan-Meier: the share of organisms whose rate has not yet fallen to half of its start. "
        "Organisms that keep it to the end are censored there. Curves are set apart a little where they "
        "would lie on one another."
    )
    blocks = (
        Picture(figures.survival_figure(summary.drives), caption),
        _lives_table(summary),
    )
    return Section("How long the mode lives", "lives", blocks, link="Half-lives")


def _lives_table(summary: DisuseSummary) -> PageTable:
    columns = (
        "mechanism",
        "drive",
        "n",
        "ever at half",
        "at half at the end",
        "half-life, steps",
        "by learning rate summed",
        "by learning rate x decay summed",
        "rate at the end",
    )
    rows = []
    for name, by_drive in summary.drives.items():
        for drive, retention in by_drive.items():
            lived, observed, n = retention.half_life, retention.observed, retention.n
            decays = not math.isnan(observed.learning_rate_x_decay)
            rows.append(
                (
                    MECHANISMS[name].label,
                    drive_text(drive),
                    n,
                    retention.dead,
                    retention.gone_at_end,
                    half_life_text(lived.steps, observed.steps, n),
                    half_life_text(lived.learning_rate, observed.learning_rate, n),
                    half_life_text(lived.learning_rate_x_decay, observed.learning_rate_x_decay, n)
                    if decays
                    else DASH,
                    interval_text(retention.at_end),
                )
            )
    return study_table(columns, rows, wide=True)


def _exercise_section(summary: DisuseSummary) -> Section:
    caption = (
        "Figure 3. Under both drives: the rate at the end of disuse, against how often self is alone in it."
    )
    columns = (
        "mechanism",
        "exercise rate",
        "n",
        "ever at half",
        "share that has it at the end",
        "half-life, steps",
        "rate at the end",
    )
    rows = [
        (
            MECHANISMS[name].label,
            rate,
            retention.n,
            retention.dead,
            interval_text(retention.kept_share),
            half_life_text(retention.half_life.steps, retention.observed.steps, retention.n),
            interval_text(retention.at_end),
        )
        for name, exercise in summary.exercise.items()
        for rate, retention in exercise.rates.items()
    ]
    explanation = (
        "A mode is kept that is above half of its start at the last reading, even if it dipped before. The "
        "smallest rate that keeps it is the smallest from which on most organisms kept it. The bracket has "
        "below it the largest rate at which most lost it by Wilson's interval, and above it the smallest "
        "from which on most kept it by that interval."
    )
    blocks = (
        Picture(figures.exercise_figure(summary.exercise), caption),
        study_table(columns, rows, wide=True),
        Paragraph(explanation, soft=True),
    )
    return Section("How much use keeps it?", "exercise", blocks, link="Exercise")


def _characters_section(summary: DisuseSummary) -> Section:
    caption = (
        "Figure 4. Self goes on as it was taught, no character acts, both drives: the rate at which "
        "schemers, put alone, act on their secret."
    )
    blocks = (Picture(figures.characters_absent_figure(summary.characters_absent), caption),)
    title = "The opposite half: characters that are no longer shown"
    return Section(title, "opposite", blocks, link="Characters")


def _decay_section(summary: DisuseSummary) -> Section:
    caption = (
        "Figure 5. No gradients. Without decay nothing changes (the null of the measurement). With decay "
        f"{summary.decay} every weight falls by the same factor a step: crosses are the rates of organisms "
        "that were scaled down by the predicted norm, and never trained."
    )
    columns = (
        "mechanism",
        "norm at the end, predicted",
        "rate at the end, predicted",
        "seen",
        "furthest of any organism and reading",
    )
    rows = [
        (
            MECHANISMS[name].label,
            rate_text(trials.decay.prediction.norm[-1]),
            rate_text(trials.decay.prediction.mean[-1]),
            rate_text(list(summary.decay_only[name].values())[-1].at_end[0]),
            rate_text(trials.decay.furthest_from_seen),
        )
        for name, trials in summary.trials.items()
        if trials.decay
    ]
    blocks = (
        Picture(figures.decay_figure(summary.decay_only, summary.trials), caption),
        study_table(columns, rows),
    )
    return Section("Decay alone, and nothing at all", "decay", blocks, link="Decay alone")


def _family_section(summary: DisuseSummary) -> Section:
    caption = (
        "Figure 6. Every run of the study. An arrow is a fork; colours are phases. Runs whose members differ "
        "in a setting have as many organisms for each of its values as their parent has."
    )
    rows = [
        (
            run.run,
            run.parent or "none",
            DASH if run.parent_step is None else run.parent_step,
            (run.parent_sha256 or DASH)[:12],
        )
        for run in summary.family
    ]
    table = study_table(("run", "parent", "at step", "sha256"), rows, wide=True)
    blocks = (
        Picture(draw_descent(summary.family), caption),
        Folded("Parents, steps and checkpoints", (table,)),
    )
    return Section("Which run came from which", "family", blocks, link="Lineage")
