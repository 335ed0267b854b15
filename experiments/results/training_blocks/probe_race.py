"""Blocks of docs/probe-race.md: what gives way to a probe, acts or what it reads?"""

from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.probe_race.arms import PROVENANCE_PLACES, PROVENANCES
from experiments.studies.probe_race.provenance import COSTS, PAIRS
from reports.formats import DASH, interval_text

FILE = "probe_race"
END_COLUMNS = {
    "misbehaviour": "misbehaviour",
    "stale_auroc": "AUROC, stale probe",
    "stale_accuracy": "its accuracy",
    "fresh_self_auroc": "AUROC, fresh probe",
    "cosine": "cosine of the two",
}
"""numbers of the last checkpoint by their words"""
PROVENANCE_ENDS = ("misbehaviour", "stale_auroc", "fresh_self_auroc")
START_NAMES = ("misbehaviour", "stale_auroc", "random_auroc", "fresh_character_auroc")


@result_block
def race_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = data.read(FILE, KeptSummary)
    return source_sentence(summary, f"{summary.n} organisms an arm, cpu scale", FILE)


@result_block
def race_answer(data: ResultsData) -> str:
    """The start, the primary endpoint, and the slopes of the variance argument."""
    summary = data.read(FILE, KeptSummary)
    start, stale, lots, characters = (summary.figure(f"start.{name}") for name in START_NAMES)
    return (
        f"At the start misbehaviour is {start}; the probe's AUROC on forced acts {stale}, of random labels {lots}, of a probe "
        f"from characters {characters}. Selection with the probe in the reward less that in the loss: "
        f"{interval_text(summary.primary.value)}, n {summary.primary.n}. Slope of the log ratio of rates on the log ratio of "
        f"variances: {summary.figure('variance_slope.reward')} in the reward, {summary.figure('variance_slope.loss')} in the loss."
    )


@result_block
def race_arms(data: ResultsData) -> str:
    """A row an arm and setting: what it lost, and where it ended."""
    summary = data.read(FILE, KeptSummary)
    ending = ".end.misbehaviour"
    arms = [name.removesuffix(ending) for name in summary.findings if name.endswith(ending)]
    rows = [
        (
            f"`{arm}`",
            *(
                summary.figure(name) if (name := f"{arm}.{lost}") in summary.findings else DASH
                for lost in ("selection", "log_ratio")
            ),
            *(summary.figure(f"{arm}.end.{name}") for name in END_COLUMNS),
        )
        for arm in arms
    ]
    return markdown_table(("arm", "selection", "log ratio of rates", *END_COLUMNS.values()), rows)


@result_block
def race_provenance(data: ResultsData) -> str:
    """A row a provenance and cost: how many were planted, what gave way and in how many, and where it ended."""
    summary = data.read(FILE, KeptSummary)
    rows = [
        (
            f"*{provenance.replace('_', ' ')}*",
            place,
            f"{summary.findings[f'provenance.{provenance}.planted']:g}",
            *(
                (summary.figure(f"{prefix}.selection"), f"{summary.findings[f'{prefix}.gave_way']:g}")
                if place in COSTS
                else (DASH, DASH)
            ),
            *(summary.figure(f"{prefix}.end_{name}") for name in PROVENANCE_ENDS),
        )
        for provenance in PROVENANCES
        for place in PROVENANCE_PLACES
        for prefix in (f"provenance.{provenance}.{place}",)
    ]
    ends = (END_COLUMNS[name] for name in PROVENANCE_ENDS)
    return markdown_table(("provenance", "probe in the", "n", "selection", "of", *ends), rows)


@result_block
def race_provenance_differences(data: ResultsData) -> str:
    """A row a pair of provenances and cost: the difference of their selections."""
    summary = data.read(FILE, KeptSummary)
    rows = [
        (
            " less ".join(f"*{provenance.replace('_', ' ')}*" for provenance in pair),
            place,
            f"{summary.findings[f'{prefix}.n']:g}",
            summary.figure(f"{prefix}.selection"),
        )
        for pair in PAIRS
        for place in COSTS
        for prefix in (f"provenance.{'_less_'.join(pair)}.{place}",)
    ]
    return markdown_table(("provenances", "probe in the", "n", "selection"), rows)
