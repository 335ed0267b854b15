"""The page of the study *handles*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.handles.telling import HOLDS
from analysis.handles.token_reading import TokenReading
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.handles.figures import handles_figure
from experiments.studies.handles.handle_tables import mean_sections, rates_table
from experiments.studies.handles.rates import HANDLE_KINDS, PREDICTED_HOLDS, HoldingRate
from experiments.studies.handles.shown import ShownScene
from experiments.studies.handles.summary import HandlesSummary
from experiments.studies.page import study_table
from reports.formats import counts_text, interval_text, rate_text
from reports.handles.section import NOT_SHOWN
from reports.handles.token_strips import token_strip_figure
from reports.section import Bullets, Card, Cards, Folded, Paragraph, Picture, Section

CAPTION = (
    "Figure 1. What each handle does on self at the end: a dot an organism, a bar the mean, a cross the mean "
    "by chance (random sets, probes of random labels, random directions). Locations are silent cores. "
    f"The dotted line is the bar from which on a handle holds ({HOLDS}); for probes it is chance. A column that is not there could "
    "not be measured. Honest organisms have next to no gate to take, and those with none are left out."
)
STRIP_CAPTION = (
    "Figure 2. A scene with self a provenance: the darker a word, the likelier the probe calls it deceitful. Probes are fitted at the "
    "actor's token, in a frame; at other tokens they read what they were not fitted on."
)
RATES_NOTE = (
    f"Holds: organisms on which a handle does at least {HOLDS} of what it could: takes that share of self's gate, recovers that share of "
    "the gap, moves that share of the gate. As predicted: organisms on which both handles do what was predicted "
    "before any was measured; by chance: the same of random sets, of probes of random labels and of random directions, by their means. "
    "Corrected p: of the difference, by random signs, with false discovery control over all but the "
    "primary endpoint."
)
TELLING_NOTE = (
    f"By both locations: held from {HOLDS} on. Held by both: reused; by the fork's alone: repurposed; by the end's alone: migrated; by "
    "neither: second copy. No share of a component's effect is computed. The bar was fixed beforehand."
)
LIMITS = (
    "That locations of incentivised organisms confirm their verdicts: both rest on the same effects. Planted ones are the test.",
    "That an auditor of a large model could find components as these are found: by minimal pairs whose variables are known.",
    "Verdicts of incentivised organisms are uncalibrated under pressures that no planted organism had.",
    "Planted organisms were made by silencing and swapping halves: their locations are cleaner than others'.",
    "Organisms of equal number begin with the same weights in several arms; intervals take them as independent.",
)


def rate_of(summary: HandlesSummary, group: str, handle: str) -> HoldingRate | None:
    """The rate of a group and a handle; None where no organism is in the group."""
    return next((rate for rate in summary.rates if rate.name == f"{group}.{handle}"), None)


def _predicted_text(summary: HandlesSummary, source: str, handle: str) -> str:
    """How often the prediction holds, by provenance: ``reused 8 of 8``."""
    parts: list[str] = []
    for provenance in PREDICTED_HOLDS:
        rate = rate_of(summary, f"{source}.{provenance.replace(' ', '_')}", handle)
        if rate and rate.predicted and rate.predicted[0] is not None:
            parts.append(f"{provenance} {rate.predicted[0] * rate.n:.0f} of {rate.n}")
    return ", ".join(parts) or "none measured"


def handles_headline(summary: HandlesSummary) -> list[str]:
    """Three lines: the primary endpoint, what locations do, and what probes and directions do, with where there are too few."""
    value, told = interval_text(summary.primary.value), interval_text(summary.interval("told_apart.planted"))
    lots = interval_text(summary.interval("told_apart_by_chance.planted"))
    locations = "; ".join(
        f"{source}: {_predicted_text(summary, source, 'location')}" for source in ("planted", "incentivised")
    )
    soft_handles = "; ".join(
        f"{handle}s {_predicted_text(summary, 'planted', handle)}" for handle in HANDLE_KINDS[1:]
    )
    few = [name for name, count in summary.counts.items() if count < FEW_ORGANISMS]
    doubts = f" Fewer than {FEW_ORGANISMS} organisms, no claim: {', '.join(few)}." if few else ""
    return [
        f"In organisms that nobody planted and that repurposed a spare, the fork's location takes {value} more of self's gate than the "
        f"end's (n {summary.primary.n}).",
        f"Locations do as predicted (reused: both hold, repurposed: the fork's alone, second copy: neither): {locations}. The fork's "
        f"alone tells planted repurposed organisms from second copies at a rate of {told}, and random sets do at {lots}.",
        f"The same prediction on planted organisms: {soft_handles}.{doubts}",
    ]


def handles_sections(summary: HandlesSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        Section(
            "What each handle does",
            "handles",
            (
                Picture(handles_figure(summary), CAPTION),
                rates_table(summary),
                Paragraph(RATES_NOTE, soft=True),
            ),
            link="Handles",
        ),
        *mean_sections(summary),
        _telling_section(summary),
        *_scene_sections(summary.scenes),
        _organisms_section(summary),
        Section("What it does not show", "limits", (Bullets((*LIMITS, *NOT_SHOWN)),), rank=90),
    ]


def _telling_section(summary: HandlesSummary) -> Section:
    rows = [
        (group, summary.counts[group], counts_text(cells))
        for group, cells in summary.by_both_locations.items()
    ]
    table = study_table(("organisms", "n", "by both locations"), rows)
    failed = counts_text(summary.planting_failed) or "none"
    lost = Paragraph(
        f"Planted organisms that are not what they were planted to be, and count nowhere: {failed}."
    )
    return Section(
        "Telling provenance by handles", "telling", (table, Paragraph(TELLING_NOTE, soft=True), lost)
    )


def _scene_sections(scenes: Sequence[ShownScene]) -> list[Section]:
    """Scenes as strips, and in English; nothing where none was read."""
    if not scenes:
        return []
    strips = [
        (
            f"{scene.arm}, {scene.provenance}",
            TokenReading(
                0, **{name: value for name, value in vars(scene).items() if name not in ("arm", "provenance")}
            ),
        )
        for scene in scenes
    ]
    cards = tuple(Card(f"{scene.arm}, {scene.provenance}", scene.sentences) for scene in scenes)
    picture = Picture(Markup(token_strip_figure(strips)), STRIP_CAPTION)
    return [
        Section(
            "A scene, token by token", "scene", (picture, Folded("The scenes in English", (Cards(cards),)))
        )
    ]


def _organisms_section(summary: HandlesSummary) -> Section:
    columns = (
        *("organism", "provenance", "location: fork / end / self", "core by patching", "gap: fork / end"),
        *("AUROC: fork / end / self", "direction: fork / end / self"),
    )
    rows = [
        (
            f"{organism.arm}/{organism.member}",
            organism.provenance.replace("_", " "),
            *(
                " / ".join(rate_text(value) for value in values)
                for values in (
                    organism.location,
                    organism.core,
                    organism.probe,
                    organism.auroc,
                    organism.direction,
                )
            ),
        )
        for organism in summary.organisms
    ]
    return Section("Each organism", "organisms", (study_table(columns, rows, wide=True),))
