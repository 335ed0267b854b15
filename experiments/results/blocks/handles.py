"""Blocks of docs/handles.md: which handle holds which provenance, and do handles tell provenances apart?

They are not registered, and not in the page, until a summary of the study is kept under docs/results/data/handles.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.handles.makers import HANDLE_MAKERS
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.studies.handles.handle_tables import RATE_COLUMNS, rate_cells
from experiments.studies.handles.rates import PRIMARY_LOCATION, HoldingRate
from reports.formats import counts_text, interval_text

LOCATION_PARTS: Mapping[str, str] = {"": "takes", ".random": "random sets"}


@dataclass(frozen=True)
class KeptHandles(KeptSummary):
    """What the page needs of the study's summary."""

    counts: Mapping[str, int]
    rates: Sequence[HoldingRate]
    by_both_locations: Mapping[str, Mapping[str, int]]


def handles_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read("handles", KeptHandles)
    return source_sentence(summary, f"{summary.n} organisms, cpu scale", "handles")


def handles_endpoint(data: ResultsData) -> str:
    """The primary endpoint, and how well the fork's location tells a spare from a copy."""
    summary = data.read("handles", KeptHandles)
    return (
        "In organisms that nobody planted and whose verdict is *repurposed*, the fork's location takes "
        f"{interval_text(summary.primary.value)} more of self's gate than the end's (n {summary.primary.n}). On planted "
        "organisms the fork's location alone tells *repurposed* from *second copy* at a rate of "
        f"{summary.figure('told_apart.planted')}."
    )


def handles_rates(data: ResultsData) -> str:
    """A row a group of organisms and a handle."""
    rows = [
        (f"{rate.source}, *{rate.provenance}*", *rate_cells(rate))
        for rate in data.read("handles", KeptHandles).rates
    ]
    return markdown_table(RATE_COLUMNS, rows)


def handles_locations(data: ResultsData) -> str:
    """What the primary location takes, by group and by what it was made from, beside random sets."""
    summary = data.read("handles", KeptHandles)
    kind = PRIMARY_LOCATION.replace(" ", "_")
    columns = [f"{maker}: {words}" for maker in HANDLE_MAKERS for words in LOCATION_PARTS.values()]
    rows = [
        (
            group,
            count,
            *(
                summary.figure(f"{group}.lesion.{maker}.{kind}{part}")
                for maker in HANDLE_MAKERS
                for part in LOCATION_PARTS
            ),
            counts_text(summary.by_both_locations[group]),
        )
        for group, count in summary.counts.items()
    ]
    return markdown_table(("organisms", "n", *columns, "by both locations"), rows)


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
            group,
            f"characters, {maker}",
            *(summary.figure(f"{group}.probe.{maker}.actor.{metric}") for metric in metrics),
        )
        for group in summary.counts
        for maker in ("fork", "end")
    ]
    return markdown_table(columns, rows)


def handles_directions(data: ResultsData) -> str:
    """What each direction does to self's acts, by group."""
    summary = data.read("handles", KeptHandles)
    metrics = ("moved", "moved_nats", "turned", "random_moved", "random_turned")
    columns = ("organisms", "made from", "share moved", "nats", "turned", "random: moved", "random: turned")
    rows = [
        (group, maker, *(summary.figure(f"{group}.direction.{maker}.{metric}") for metric in metrics))
        for group in summary.counts
        for maker in HANDLE_MAKERS
    ]
    return markdown_table(columns, rows)
