"""The page of the study *handles*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.handles.locations import LOCATION_KINDS
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS
from analysis.handles.telling import HOLDS
from analysis.handles.token_reading import TokenReading
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.handles.figures import handles_figure
from experiments.studies.handles.summary import (
    HANDLE_KINDS,
    PREDICTED_HOLDS,
    HandlesSummary,
    HoldingRate,
    ShownScene,
)
from experiments.studies.page import study_table
from reports.formats import DASH, counts_text, interval_text, rate_text
from reports.section import Bullets, Card, Cards, Folded, Paragraph, Picture, Section
from reports.sections.handles import LESION_NOTE, MAKER_WORDS, NOT_SHOWN, PROBE_NOTE, STEERING_NOTE
from reports.token_strips import token_strip_figure

CAPTION = (
    "Figure 1. What each handle does on self at the end: a dot an organism, a bar the mean. Locations are silent cores. "
    f"The dotted line is the bar from which on a handle holds ({HOLDS}); for probes it is chance. A column that is not there could "
    "not be measured: honest and untrained organisms have no gate to take."
)
STRIP_CAPTION = (
    "Figure 2. A scene with self a provenance: the darker a word, the likelier the probe calls it deceitful. Probes are fitted at the "
    "token of the actor, which is the last but one of a moment; at other tokens they read what they were not fitted on."
)
RATES_NOTE = (
    f"Holds: organisms on which a handle does at least {HOLDS} of what it could: takes that share of self's gate, recovers that share of "
    "the gap, moves that share of the gate. As predicted: organisms on which both handles do what was predicted "
    "before any was measured. Corrected p: of the difference, by random signs, with false discovery control over all but the "
    "primary endpoint."
)
TELLING_NOTE = (
    f"By both locations: held from {HOLDS} on. Held by both: reused; by the fork's alone: repurposed; by the end's alone: migrated; by "
    "neither: second copy. No share of a component's effect is computed. The bar was fixed beforehand."
)
LIMITS = (
    "That an auditor of a large model could find components as these are found: by minimal pairs whose variables are known.",
    "Verdicts of incentivised organisms are uncalibrated under pressures that no planted organism had.",
    "Planted organisms were made by silencing and swapping halves: their locations are cleaner than others'.",
    "Organisms of equal number begin with the same weights in several arms; intervals take them as independent.",
)


def rate_of(summary: HandlesSummary, group: str, handle: str) -> HoldingRate | None:
    """The rate of a group and a handle; None where no organism is in the group."""
    return next((rate for rate in summary.rates if rate.name == f"{group}.{handle}"), None)


def _predicted_text(summary: HandlesSummary, source: str, handle: str) -> str:
    """How often the prediction holds, by provenance: ``reused 1.00 [0.68, 1.00] of 8``."""
    parts: list[str] = []
    for provenance in PREDICTED_HOLDS:
        rate = rate_of(summary, f"{source}.{provenance.replace(' ', '_')}", handle)
        if rate and rate.predicted and rate.n:
            parts.append(f"{provenance} {interval_text(rate.predicted)} of {rate.n}")
    return ", ".join(parts) or "none measured"


def handles_headline(summary: HandlesSummary) -> list[str]:
    """Three lines: locations, probes and directions, and how far to trust it."""
    value = interval_text(summary.primary.value)
    locations = "; ".join(
        f"{source}: {_predicted_text(summary, source, 'location')}" for source in ("planted", "incentivised")
    )
    others = "; ".join(
        f"{handle}s, {_predicted_text(summary, 'planted', handle)}" for handle in HANDLE_KINDS[1:]
    )
    few = [name for name, count in summary.counts.items() if count < FEW_ORGANISMS]
    doubts = [f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}."] if few else []
    return [
        f"In organisms that nobody planted and that repurposed a spare, the fork's location takes {value} more of self's gate than the "
        f"end's (n {summary.primary.n}). Locations do as predicted (reused: both hold, second copy: neither, repurposed: the fork's "
        f"alone): {locations}.",
        f"The fork's location alone tells planted repurposed organisms from second copies at a rate of "
        f"{interval_text(summary.interval('told_apart.planted'))}. The same prediction for planted organisms, of {others}.",
        " ".join(doubts) or f"All groups have {FEW_ORGANISMS} organisms or more.",
    ]


def handles_sections(summary: HandlesSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        Section(
            "What each handle does",
            "handles",
            (
                Picture(handles_figure(summary), CAPTION),
                _rates_table(summary),
                Paragraph(RATES_NOTE, soft=True),
            ),
            link="Handles",
        ),
        _lesions_section(summary),
        _probes_section(summary),
        _directions_section(summary),
        _telling_section(summary),
        *_scene_sections(summary.scenes),
        _organisms_section(summary),
        Section("What it does not show", "limits", (Bullets((*LIMITS, *NOT_SHOWN)),), rank=90),
    ]


def _rates_table(summary: HandlesSummary):
    columns = (
        "organisms",
        "handle",
        "n",
        "fork's holds",
        "end's holds",
        "as predicted",
        "fork's less end's",
        "corrected p",
    )
    rows = [
        (
            f"{rate.source}, {rate.provenance}",
            rate.handle,
            rate.n,
            interval_text(rate.fork),
            interval_text(rate.end),
            interval_text(rate.predicted) if rate.predicted else DASH,
            interval_text(rate.difference),
            DASH if rate.corrected_p is None else f"{rate.corrected_p:.3f}",
        )
        for rate in summary.rates
    ]
    return study_table(columns, rows, wide=True)


def _lesions_section(summary: HandlesSummary) -> Section:
    columns = (
        "organisms",
        "location",
        "made from",
        "takes [95 %]",
        "random sets",
        "nats",
        "self's effect on it",
    )
    rows = [
        (
            group,
            kind,
            MAKER_WORDS[maker],
            *(
                interval_text(summary.interval(f"{group}.lesion.{maker}.{kind.replace(' ', '_')}{part}"))
                for part in ("", ".random", ".nats", ".covers")
            ),
        )
        for group in summary.counts
        for kind in LOCATION_KINDS
        for maker in HANDLE_MAKERS
    ]
    note = Paragraph(LESION_NOTE, soft=True)
    return Section("Locations", "locations", (study_table(columns, rows, wide=True), note))


def _probes_section(summary: HandlesSummary) -> Section:
    columns = (
        *(
            "organisms",
            "made from",
            "token",
            "unseen characters",
            "self",
            "TPR at 1 % FPR",
            "alarms alone",
            "alarms watched",
        ),
        *("probe from self", "gap recovered", "random labels"),
    )
    metrics = (
        "character_auroc",
        "auroc",
        "tpr",
        "alarms_alone",
        "alarms_watched",
        "self_auroc",
        "gap",
        "random_auroc",
    )
    rows = [
        (
            group,
            MAKER_WORDS[maker],
            token,
            *(
                interval_text(summary.interval(f"{group}.probe.{maker}.{token}.{metric}"))
                for metric in metrics
            ),
        )
        for group in summary.counts
        for maker in CHARACTER_MAKERS
        for token in ("actor", "act")
    ]
    note = Paragraph(PROBE_NOTE, soft=True)
    return Section("Probes", "probes", (study_table(columns, rows, wide=True), note))


def _directions_section(summary: HandlesSummary) -> Section:
    metrics = ("within", "moved", "moved_nats", "turned", "random_moved", "random_turned")
    columns = (
        "organisms",
        "made from",
        "within",
        "share moved",
        "nats",
        "turned",
        "random: moved",
        "random: turned",
    )
    rows = [
        (
            group,
            MAKER_WORDS[maker],
            *(interval_text(summary.interval(f"{group}.direction.{maker}.{metric}")) for metric in metrics),
        )
        for group in summary.counts
        for maker in HANDLE_MAKERS
    ]
    note = Paragraph(STEERING_NOTE, soft=True)
    return Section("Directions", "directions", (study_table(columns, rows, wide=True), note))


def _telling_section(summary: HandlesSummary) -> Section:
    rows = [(group, summary.counts[group], counts_text(cells)) for group, cells in summary.told.items()]
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
