"""Tables of the study *handles*: rates of holding, and every mean with what stands beside it by chance."""

from typing import get_args

from analysis.handles.locations import LOCATION_KINDS
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS
from analysis.handles.transfer_probe import ReadToken
from experiments.studies.handles.rates import HoldingRate
from experiments.studies.handles.summary import PROBE_METRICS, STEERING_METRICS, HandlesSummary
from experiments.studies.page import study_table
from reports.formats import DASH, interval_text, rate_text
from reports.handles.section import LESION_NOTE, PROBE_NOTE, STEERING_NOTE
from reports.section import PageTable, Paragraph, Section

RATE_COLUMNS = (
    *("organisms", "handle", "n", "fork's holds", "end's holds", "as predicted", "by chance"),
    "fork's less end's",
    "corrected p",
)
LESION_COLUMNS_OF_GROUPS = (
    *("organisms", "location", "from", "takes [95 %]", "random sets", "beyond random", "nats"),
    "self's effect on it",
)
LESION_PARTS = ("", ".random", ".beyond_random", ".nats", ".covers")
PROBE_COLUMNS_OF_GROUPS = (
    *("organisms", "from", "token", "unseen characters", "self", "TPR at 1 % FPR", "alarms watched"),
    *("probe from self", "gap recovered", "random labels"),
)
PLAIN_METRICS = ("character_auroc", "alarms_watched", "random_auroc")
"""shown without their intervals, which the summary has"""
SHOWN_METRICS = tuple(metric for metric in PROBE_METRICS if metric != "alarms_alone")
STEERING_COLUMNS_OF_GROUPS = (
    *("organisms", "from", "within", "share moved", "nats", "turned", "random: moved", "random: turned"),
)


def rate_cells(rate: HoldingRate) -> tuple[str | int, ...]:
    """How often a handle holds in a group, behind the group's name."""
    return (
        rate.handle,
        rate.n,
        interval_text(rate.fork),
        interval_text(rate.end),
        interval_text(rate.predicted) if rate.predicted else DASH,
        interval_text(rate.by_chance) if rate.by_chance else DASH,
        interval_text(rate.difference),
        DASH if rate.corrected_p is None else f"{rate.corrected_p:.3f}",
    )


def rates_table(summary: HandlesSummary) -> PageTable:
    """A row a group and handle."""
    rows = [(f"{rate.source}, {rate.provenance}", *rate_cells(rate)) for rate in summary.rates]
    return study_table(RATE_COLUMNS, rows, wide=True)


def mean_sections(summary: HandlesSummary) -> list[Section]:
    """Locations, probes and directions, a row a group and a maker: characters at the fork, at the end, or self."""

    def texts(prefix: str, parts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(interval_text(summary.interval(f"{prefix}{part}")) for part in parts)

    metrics = (*SHOWN_METRICS, "random_auroc")
    lesions = [
        (
            group,
            kind,
            maker,
            *texts(f"{group}.lesion.{maker}.{kind.replace(' ', '_')}", LESION_PARTS),
        )
        for group in summary.counts
        for kind in LOCATION_KINDS
        for maker in HANDLE_MAKERS
    ]
    probes = [
        (
            group,
            maker,
            token,
            *(probe_text(summary, f"{group}.probe.{maker}.{token}", metric) for metric in metrics),
        )
        for group in summary.counts
        for maker in CHARACTER_MAKERS
        for token in get_args(ReadToken)
    ]
    directions = [
        (group, maker, *texts(f"{group}.direction.{maker}.", STEERING_METRICS))
        for group in summary.counts
        for maker in HANDLE_MAKERS
    ]
    tables = (
        ("Locations", LESION_COLUMNS_OF_GROUPS, lesions, LESION_NOTE),
        ("Probes", PROBE_COLUMNS_OF_GROUPS, probes, PROBE_NOTE),
        ("Directions", STEERING_COLUMNS_OF_GROUPS, directions, STEERING_NOTE),
    )
    return [
        Section(title, title.lower(), (study_table(columns, rows, wide=True), Paragraph(note, soft=True)))
        for title, columns, rows, note in tables
    ]


def probe_text(summary: HandlesSummary, prefix: str, metric: str) -> str:
    """A mean, with its interval where the table has room for it."""
    interval = summary.interval(f"{prefix}.{metric}")
    return rate_text(interval[0]) if metric in PLAIN_METRICS else interval_text(interval)
