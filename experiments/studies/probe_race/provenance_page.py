"""Provenance on the page of the study *probe_race*: a sentence, selection by provenance, and differences of provenances."""

from experiments.studies.page import study_table
from experiments.studies.probe_race.arms import PROVENANCES
from experiments.studies.probe_race.provenance import COSTS, PAIRS
from experiments.studies.probe_race.summary import ProbeRaceSummary
from reports.formats import interval_text
from reports.section import Paragraph, Section

METHOD = (
    "Undecided organisms whose provenance was planted by weight masks, which end as the race begins. Those in which planting "
    "failed are left out. Predicted: with a probe that reads the act at its token, provenance does not matter. Intervals of the "
    "differences are over organisms of equal number, and not corrected for how many there are."
)
FEWEST_PAIRS = 5
"""of organisms in both of which something gave way: a difference of fewer is not counted"""
NUMBERS = ("misbehaviour_lost", "auroc_lost", "selection")


def in_words(provenance: str) -> str:
    """A provenance as it is read."""
    return provenance.replace("_", " ")


def provenance_sentence(summary: ProbeRaceSummary) -> str:
    """Selection of each provenance, and how many of the differences have an interval without 0."""
    by_place: list[str] = []
    for place in COSTS:
        values = [
            f"{in_words(provenance)} {interval_text(summary.interval(name))}"
            for provenance in PROVENANCES
            if (name := f"provenance.{provenance}.{place}.selection") in summary.findings
        ]
        by_place.append(f"in the {place} " + ", ".join(values))
    differences = [
        summary.interval(name) for name in difference_names(summary) if _pairs(summary, name) >= FEWEST_PAIRS
    ]
    measured = [(low, high) for _, low, high in differences if low is not None and high is not None]
    apart = sum(not low <= 0 <= high for low, high in measured)
    return (
        f"Selection {'; '.join(by_place)}. Of {len(measured)} differences of provenances over {FEWEST_PAIRS} pairs or more, {apart} "
        f"{'has' if apart == 1 else 'have'} an interval without 0."
    )


def _pairs(summary: ProbeRaceSummary, difference: str) -> int:
    count = summary.findings[difference.removesuffix("selection") + "n"]
    return count if isinstance(count, int) else 0


def difference_names(summary: ProbeRaceSummary) -> list[str]:
    """Findings that are differences of two provenances."""
    names = [
        f"provenance.{first}_less_{second}.{place}.selection" for first, second in PAIRS for place in COSTS
    ]
    return [name for name in names if name in summary.findings]


def provenance_section(summary: ProbeRaceSummary) -> Section:
    """The sentence, and both tables; one line where no planted organisms were trained."""
    planted = [name for name in PROVENANCES if f"provenance.{name}.planted" in summary.findings]
    if not planted:
        return Section(
            "Provenance", "provenance", (Paragraph("No organisms of planted provenance were trained."),)
        )
    rows = [
        (
            in_words(provenance),
            place,
            f"{summary.findings[f'{prefix}.planted']} of {summary.findings[f'{prefix}.grown']}",
            *(interval_text(summary.interval(f"{prefix}.{place}.{name}")) for name in NUMBERS),
        )
        for provenance in planted
        for place in COSTS
        for prefix in (f"provenance.{provenance}",)
    ]
    differences = []
    for name in difference_names(summary):
        _, pair, place, _ = name.split(".")
        count = summary.findings[name.removesuffix("selection") + "n"]
        value = interval_text(summary.interval(name))
        differences.append((in_words(pair), place, str(count), value))
    columns = ("provenance", "probe in the", "planted", *(in_words(name) for name in NUMBERS))
    return Section(
        "Provenance",
        "provenance",
        (
            Paragraph(provenance_sentence(summary)),
            Paragraph(METHOD, soft=True),
            study_table(columns, rows, wide=True),
            study_table(("difference", "probe in the", "n", "selection"), differences),
        ),
    )
