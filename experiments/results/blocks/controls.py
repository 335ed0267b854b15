"""Blocks of docs/controls.md: how often are verdicts right about organisms whose provenance was planted?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.provenance.planted_truth import TruthName, right_verdict
from analysis.provenance.scored_lines import WordCounts
from analysis.provenance.scoring import IN_ONE_CELL
from analysis.provenance.verdict import VerdictName
from analysis.statistics import count_interval
from curricula.typed_json import read_json
from experiments.results.data import DATA, KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, scope_text
from experiments.results.registry import result_block
from experiments.studies.controls.labels import FINDING_LABELS
from experiments.studies.controls.summary import COMPILED_MAKE, PlantingCount
from reports.formats import counts_text, interval_text

NEWEST, BEFORE = "controls", "controls_seed_47"
"""names of the kept summaries"""
MAKES: Mapping[str, Sequence[str]] = {
    "routed": ("routing",),
    "grafted, frozen": ("surgery", "freezing"),
    "masked": ("masking",),
    "compiled": (COMPILED_MAKE,),
}
"""columns of the table of verdicts"""


@dataclass(frozen=True)
class KeptControls(KeptSummary):
    """What the page needs of the study's summary."""

    confusion: Mapping[str, Mapping[TruthName, Mapping[VerdictName, int]]]
    """how often each truth got each verdict, by make"""
    corroboration: Mapping[str, Mapping[str, Any]]
    """scores of a line by its name"""
    nulls: Mapping[str, Mapping[VerdictName, int]]
    planting: Mapping[str, PlantingCount]

    def right_text(self, truth: TruthName, makes: Iterable[str]) -> str:
        """How many organisms of a truth got the verdict that is right, of some makes; empty where there is none."""
        right, organisms = self._right_count(truth, makes)
        return f"{right} of {organisms}" if organisms else ""

    def right_of_all(self) -> str:
        """How many organisms of all truths and makes got the verdict that is right, and their share with its interval."""
        truths: set[TruthName] = {truth for by_truth in self.confusion.values() for truth in by_truth}
        counts = [self._right_count(truth, self.confusion) for truth in truths]
        right, organisms = (sum(count) for count in zip(*counts, strict=True))
        return f"{right} of {organisms} ({interval_text(count_interval(right, organisms))})"

    def wrongly_repurposed(self) -> str:
        """How many organisms that are not repurposed were called so, of all truths and makes."""
        others = [
            counts
            for by_truth in self.confusion.values()
            for truth, counts in by_truth.items()
            if right_verdict(truth) != "repurposed"
        ]
        called, organisms = (
            sum(each)
            for each in zip(*((c.get("repurposed", 0), sum(c.values())) for c in others), strict=True)
        )
        return f"{called} of {organisms}"

    def _right_count(self, truth: TruthName, makes: Iterable[str]) -> tuple[int, int]:
        """Organisms of a truth, of some makes, that got the verdict that is right; and all of them."""
        verdicts = [self.confusion.get(make, {}).get(truth, {}) for make in makes]
        right = sum(
            count for counts in verdicts for name, count in counts.items() if name == right_verdict(truth)
        )
        return right, sum(sum(counts.values()) for counts in verdicts)


def kept_controls(data: ResultsData, name: str = NEWEST) -> KeptControls:
    """One of the kept summaries."""
    return data.read(name, KeptControls)


@result_block
def controls_sources(data: ResultsData) -> str:
    """Which commands the figures are of."""
    lines = [
        f"- `{summary.command}`, {scope_text(f'cpu scale, {summary.n} organisms that are scored', summary)} (data: `docs/{DATA}/{name}.json`)"
        for name, summary in ((name, kept_controls(data, name)) for name in (NEWEST, BEFORE))
    ]
    return "\n".join(lines)


@result_block
def controls_verdicts(data: ResultsData) -> str:
    """By what was planted and how, the organisms that were told what they are."""
    return _verdicts_table(kept_controls(data))


@result_block
def controls_verdicts_before(data: ResultsData) -> str:
    """The same of the seed before."""
    return _verdicts_table(kept_controls(data, BEFORE))


def _verdicts_table(summary: KeptControls) -> str:
    truths: dict[TruthName, None] = dict.fromkeys(
        truth for make in summary.confusion.values() for truth in make
    )
    rows = [
        (f"*{truth}*", *(summary.right_text(truth, makes) for makes in MAKES.values())) for truth in truths
    ]
    return markdown_table(("planted", *MAKES), rows)


@result_block
def controls_findings(data: ResultsData) -> str:
    """Every finding, a column a seed."""
    summaries = [kept_controls(data, name) for name in (NEWEST, BEFORE)]
    rows = [
        ("verdicts that are right, of all truths and makes", *(each.right_of_all() for each in summaries)),
        ("wrongly called repurposed, of all others", *(each.wrongly_repurposed() for each in summaries)),
        *(
            (label, *(summary.figure(name) for summary in summaries))
            for name, label in FINDING_LABELS.items()
        ),
    ]
    return markdown_table(("what", *(f"`{summary.command}`" for summary in summaries)), rows)


@result_block
def controls_corroboration(data: ResultsData) -> str:
    """By line and by what was planted, in how many organisms it is right, wrong and silent."""
    summary = kept_controls(data)
    rows = [
        (name.replace("_", " "), *_line_cells(line, name)) for name, line in summary.corroboration.items()
    ]
    return markdown_table(("line", "right where it speaks", *(f"*{truth}*" for truth in IN_ONE_CELL)), rows)


def _line_cells(line: Mapping[str, Any], name: str) -> list[str]:
    by_truth = read_json(Mapping[TruthName, WordCounts], line["by_truth"], f"corroboration.{name}.by_truth")
    counts = [by_truth[truth] for truth in IN_ONE_CELL]
    right, wrong = sum(words.right for words in counts), sum(words.wrong for words in counts)
    return [
        f"{right} of {right + wrong}",
        *(f"{words.right}, {words.wrong}, {words.silent}" for words in counts),
    ]


@result_block
def controls_nulls(data: ResultsData) -> str:
    """Verdicts where there is nothing to find, and where planting took."""
    summary = kept_controls(data)
    nulls = "; ".join(f"{name}: {counts_text(verdicts)}" for name, verdicts in summary.nulls.items())
    grown = sum(count.trained for count in summary.planting.values())
    took = sum(count.planting_took for count in summary.planting.values())
    failed = {
        name: count.trained - count.planting_took
        for name, count in summary.planting.items()
        if count.trained > count.planting_took
    }
    return (
        f"Where there is nothing to find, {nulls}. Planting took in {took} of {grown} organisms that were grown; it did not in "
        f"{counts_text({f'`{name}`': count for name, count in failed.items()}) or 'none'}."
    )
