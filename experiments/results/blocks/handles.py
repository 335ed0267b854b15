"""Blocks of docs/handles.md: which handle holds which provenance, and do handles tell provenances apart?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.handles.locations import LocationKind
from analysis.handles.makers import HANDLE_MAKERS
from analysis.statistics import FEW_ORGANISMS
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.handles.handle_tables import RATE_COLUMNS, rate_cells
from experiments.studies.handles.rates import HANDLE_KINDS, PRIMARY_LOCATION, HandleKind, HoldingRate
from reports.formats import counts_text, interval_text, rate_text

NOT_MEASURED = (None, None, None)
MOST = 0.5
"""the share of organisms beyond which most are as predicted"""
LOCATION_PARTS: Mapping[str, str] = {"": "takes", ".random": "random sets"}


@dataclass(frozen=True)
class KeptHandles(KeptSummary):
    """What the page needs of the study's summary."""

    counts: Mapping[str, int]
    rates: Sequence[HoldingRate]
    by_both_locations: Mapping[str, Mapping[str, int]]


@result_block
def handles_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("handles", KeptHandles)
    return source_sentence(summary, f"{summary.n} organisms, cpu scale", "handles")


@result_block
def handles_endpoint(data: ResultsData) -> str:
    """The primary endpoint, and how well the fork's location tells a spare from a copy."""
    summary = data.read("handles", KeptHandles)
    return (
        "In organisms that nobody planted and whose verdict is *repurposed*, the fork's location takes "
        f"{interval_text(summary.primary.value)} more of self's gate than the end's (n {summary.primary.n}). On planted "
        "organisms the fork's location alone tells *repurposed* from *second copy* at a rate of "
        f"{summary.figure('told_apart.planted')}; random sets of its size do at {summary.figure('told_apart_by_chance.planted')}."
    )


@result_block
def handles_rates(data: ResultsData) -> str:
    """A row a group of organisms and a handle."""
    rows = [
        (f"{rate.source}, *{rate.provenance}*", *rate_cells(rate))
        for rate in data.read("handles", KeptHandles).rates
    ]
    return markdown_table(RATE_COLUMNS, rows)


def prediction_text(rate: HoldingRate) -> str:
    """What became of the prediction in one group: whether most of its organisms do as predicted, by the interval."""
    _, low, high = rate.predicted or NOT_MEASURED
    if rate.n < FEW_ORGANISMS or low is None or high is None:
        return "too few"
    return "as predicted in most" if low > MOST else "against it in most" if high < MOST else "open"


def prediction_cell(rate: HoldingRate) -> str:
    """The same with the share of organisms, and that of the nulls."""
    shares = interval_text(rate.predicted or NOT_MEASURED)
    return f"{prediction_text(rate)}: {shares}; by chance {rate_text((rate.by_chance or NOT_MEASURED)[0])}"


@result_block
def handles_prediction(data: ResultsData) -> str:
    """What became of the prediction, a row a group and a column a handle."""
    by_group: dict[tuple[str, str], dict[HandleKind, HoldingRate]] = {}
    for rate in data.read("handles", KeptHandles).rates:
        if rate.predicted is not None:
            by_group.setdefault((rate.source, rate.provenance), {})[rate.handle] = rate
    rows = [
        (
            f"{source}, *{provenance}* ({rates['location'].n})",
            *(prediction_cell(rates[kind]) for kind in HANDLE_KINDS),
        )
        for (source, provenance), rates in by_group.items()
    ]
    return markdown_table(("organisms", *HANDLE_KINDS), rows)


@result_block
def handles_locations(data: ResultsData) -> str:
    """What silent cores take, by group and by what they were made from, beside random sets."""
    return locations_table(data, PRIMARY_LOCATION)


@result_block
def handles_cores(data: ResultsData) -> str:
    """The same of cores by patching."""
    return locations_table(data, "core")


def locations_table(data: ResultsData, location: LocationKind) -> str:
    """What one kind of location takes, a row a group."""
    summary = data.read("handles", KeptHandles)
    kind = location.replace(" ", "_")
    columns = [f"{maker}: {words}" for maker in HANDLE_MAKERS for words in LOCATION_PARTS.values()]
    rows = [
        (
            group_text(group),
            count,
            *(
                summary.figure(f"{group}.lesion.{maker}.{kind}{part}")
                for maker in HANDLE_MAKERS
                for part in LOCATION_PARTS
            ),
        )
        for group, count in summary.counts.items()
        if not group.endswith(".untrained")
    ]
    return markdown_table(("organisms", "n", *columns), rows)


def group_text(group: str) -> str:
    """The name of a group of organisms, for people."""
    source, _, provenance = group.partition(".")
    return f"{source}, {provenance.replace('_', ' ')}"


@result_block
def handles_named(data: ResultsData) -> str:
    """What both locations point to, by group, with how much of self's act there is to take."""
    summary = data.read("handles", KeptHandles)
    kind = PRIMARY_LOCATION.replace(" ", "_")
    rows = [
        (
            group_text(group),
            counts_text(summary.by_both_locations[group]),
            summary.figure(f"{group}.lesion.self.{kind}.nats"),
        )
        for group in summary.counts
        if not group.endswith(".untrained")
    ]
    return markdown_table(
        ("organisms", "named by both locations", "what self's own location takes, nats"), rows
    )


@result_block
def handles_probes(data: ResultsData) -> str:
    """What the probe before the act reads of self, by group, at the end and with the fork's."""
    summary = data.read("handles", KeptHandles)
    metrics = ("auroc", "tpr", "alarms_watched", "gap", "random_auroc")
    columns = (
        "organisms",
        "made from",
        "AUROC on self",
        "TPR at 1 % FPR",
        "false alarms",
        "gap recovered",
        "random labels",
    )
    rows = [
        (
            group_text(group),
            f"characters, {maker}",
            *(summary.figure(f"{group}.probe.{maker}.actor.{metric}") for metric in metrics),
        )
        for group in summary.counts
        for maker in ("fork", "end")
    ]
    return markdown_table(columns, rows)


@result_block
def handles_directions(data: ResultsData) -> str:
    """What each direction does to self's acts, by group."""
    summary = data.read("handles", KeptHandles)
    metrics = ("moved", "moved_nats", "turned", "random_moved", "random_turned")
    columns = ("organisms", "made from", "share moved", "nats", "turned", "random: moved", "random: turned")
    rows = [
        (
            group_text(group),
            maker,
            *(summary.figure(f"{group}.direction.{maker}.{metric}") for metric in metrics),
        )
        for group in summary.counts
        for maker in HANDLE_MAKERS
    ]
    return markdown_table(columns, rows)
