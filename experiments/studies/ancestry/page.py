"""The page of the study of dated lineages: its sections, and the lines for a reader who reads no further."""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.statistics import FEW_ORGANISMS
from experiments.studies.ancestry.summary import AncestrySummary, DetectionGroup
from experiments.studies.page import study_table, thresholds_section
from reports.drawing import BLUE, ORANGE, WIDTH, not_measured, style, svg
from reports.formats import counts_text, interval_text, rate_text
from reports.section import Bullets, Paragraph, Picture, Section

LIMITS = (
    "That events of organisms that were not routed are dated as well: there changes are slower, and smaller.",
    "Dates between two checkpoints: nothing is known of what happened within a gap.",
    "What became of components that carry little: they have no history here.",
    "Where nothing was taught or withdrawn components may still trade work, slowly; all events there count as "
    "false.",
)


def ancestry_headline(summary: AncestrySummary) -> list[str]:
    """Three lines: how many changes are detected and how well they are dated, what is dated where nothing
    happens, and what to be wary of."""
    every, surgery, learned = (summary.groups[name] for name in ("all", "surgery", "learned"))
    few = [name for name, lineages in summary.lineages.items() if lineages.planting_took < FEW_ORGANISMS]
    doubts = [f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}."] if few else []
    if summary.chosen_on_these:
        doubts.append("Thresholds were chosen on some of these runs: no test.")
    doubts.append(
        f"Components that carry less than {summary.carries} of a gate are not scored, and checkpoints are "
        f"{summary.checkpoint_every} steps apart."
    )
    return [
        f"Of the role changes that were planted {interval_text(every.detected)} were found "
        f"({every.components} of components; by surgery {interval_text(surgery.detected)}, learned "
        f"{interval_text(learned.detected)}), dated wrongly by a median of {rate_text(every.median_error)} "
        f"checkpoints (by surgery {rate_text(surgery.median_error)}, learned "
        f"{rate_text(learned.median_error)}).",
        f"Where nothing happens {interval_text(summary.false_events)} events a component were dated.",
        " ".join(doubts),
    ]


def ancestry_warning(chosen_on_these: Sequence[int]) -> str:
    """A banner where thresholds were chosen on the very runs; else nothing."""
    if not chosen_on_these:
        return ""
    seeds = ", ".join(map(str, chosen_on_these))
    return f"Not a test: thresholds were chosen on runs of seeds {seeds}, which are among these."


def ancestry_sections(summary: AncestrySummary) -> list[Section]:
    """Everything below the headline."""
    return [
        _detected_section(summary),
        Section(
            "What changes are reported as",
            "events",
            (
                study_table(
                    ("planted", "events"),
                    [
                        (planted.replace(".", ": ", 1).replace(".", " "), counts_text(counts))
                        for planted, counts in summary.reported_as.items()
                        if counts
                    ],
                ),
            ),
            link="Reported as",
        ),
        _quiet_section(summary),
        thresholds_section(summary.thresholds),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _detected_section(summary: AncestrySummary) -> Section:
    caption = (
        "Figure 1. How far events are from the known dates. The date of surgery is exact; that of what is "
        "learned is when its lane as a whole was half way, measured with the lanes known."
    )
    note = (
        "A planted change is a lane that comes to serve a role or leaves it; counted is each of its components "
        f"that carries {summary.carries} or more of that role's gate where the lane serves it, and next to "
        "nothing where it does not, on pairs that the history never saw. Found: an event of that component "
        "reports it, within the stretch in which the change is taught, or within five checkpoints of surgery. "
        "Shares are means over organisms. The date lies inside the event's interval in "
        f"{interval_text(summary.in_interval)} of those found."
    )
    return Section(
        "Planted changes against events",
        "detected",
        (
            study_table(
                ("changes", "components", "found", "median error, checkpoints"),
                [
                    (
                        name,
                        group.components,
                        interval_text(group.detected),
                        rate_text(group.median_error),
                    )
                    for name, group in summary.groups.items()
                ],
            ),
            Picture(Markup(date_errors_figure(summary.groups)), caption),
            Paragraph(note, soft=True),
            study_table(
                ("curriculum", "trained", "planting took", "checkpoints"),
                [
                    (name, lineages.trained, lineages.planting_took, lineages.checkpoints)
                    for name, lineages in summary.lineages.items()
                ],
            ),
        ),
        link="Found",
    )


def _quiet_section(summary: AncestrySummary) -> Section:
    rows = [
        (
            stretch.organism,
            stretch.checkpoints,
            stretch.components,
            counts_text(stretch.events),
            rate_text(stretch.events_per_component),
        )
        for stretch in summary.quiet
    ]
    columns = ("organism", "checkpoints", "components", "events", "events a component")
    return Section("Where nothing happens", "quiet", (study_table(columns, rows),))


def date_errors_figure(groups: Mapping[str, DetectionGroup]) -> str:
    """How many detected changes are dated wrongly by how many checkpoints, where the date is that of surgery
    and where it is learned."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
        kinds = {"surgery": BLUE, "learned": ORANGE}
        for axes, (kind, colour) in zip(figure.subplots(1, 2), kinds.items(), strict=True):
            axes.set(title=kind, xlabel="checkpoints between the event and the known date", ylabel="changes")
            errors = groups[kind].errors
            if not errors:
                not_measured(axes, "none was found")
                continue
            axes.bar(np.arange(len(errors)), errors, color=colour, width=0.8)
        return svg(figure, "Errors of dates")
