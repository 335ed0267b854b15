"""Headline of a report: what came out, in one sentence, and in three?

The answer alone; then the behaviour, the provenance of its mechanism, and how far to trust the two. What it does *not* show:
anything that is not in the sections below it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from analysis.findings import RunFindings
from analysis.provenance.comparison import CurriculumSummary, compare_curricula
from analysis.provenance.corroboration import CorroborationResult
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS, VERDICTS
from analysis.statistics import FEW_ORGANISMS, count_interval, numbers
from analysis.thresholds import BEHAVES, MIXED_WIDTH
from reports.formats import interval_text

Summaries = Mapping[str, CurriculumSummary]


def answer_sentence(findings: Sequence[RunFindings]) -> str:
    """Where self's mechanism came from, by verdict, for a reader who reads one sentence."""
    summaries = compare_curricula(findings).curricula
    parts = {label: _whole_counts(summary) for label, summary in summaries.items()}
    if len(parts) == 1:
        answer = f"Self's mechanism: {next(iter(parts.values()))}."
    else:
        by_curriculum = "; ".join(f"{label}: {text}" for label, text in parts.items())
        answer = f"Self's mechanism, by curriculum: {by_curriculum}."
    calibrated = all(run.run.calibrated for run in findings)
    return answer if calibrated else f"{answer} Verdicts are uncalibrated."


def _whole_counts(summary: CurriculumSummary) -> str:
    """``5 of 5 reused``, or ``of 5, 4 reused, 1 absent``."""
    counts = [f"{summary.verdicts[name]} {name}" for name in VERDICTS if name in summary.verdicts]
    if len(counts) == 1:
        return counts[0].replace(" ", f" of {summary.n} ", 1)
    return f"of {summary.n}, {', '.join(counts)}"


def headline(findings: Sequence[RunFindings]) -> list[str]:
    """Three sentences for a reader who reads no further."""
    summaries = compare_curricula(findings).curricula
    return [_behaviour_line(summaries), _provenance_line(summaries), _trust_line(findings, summaries)]


def _behaviour_line(summaries: Summaries) -> str:
    schemers = {label: summary.n - summary.verdicts.get("absent", 0) for label, summary in summaries.items()}
    counts: list[str] = []
    for label, summary in summaries.items():
        _, low, high = count_interval(schemers[label], summary.n)
        share = f" ({100 * low:.0f} to {100 * high:.0f} %)" if summary.n else ""
        counts.append(f"{label} {schemers[label]} of {summary.n}{share}")
    organisms = sum(summary.n for summary in summaries.values())
    return (
        f"{sum(schemers.values())} of {organisms} organisms came to act on their secret goal when alone and "
        f"on the goal they profess when watched, each at a rate of {BEHAVES} or more: {', '.join(counts)}."
    )


def _provenance_line(summaries: Summaries) -> str:
    parts = [f"{label}: {text}" for label, summary in summaries.items() if (text := _verdicts_text(summary))]
    if not parts:
        return "No organism shows the behaviour: self has no mechanism whose provenance could be measured."
    return f"Where the mechanisms of these came from, by verdict: {'; '.join(parts)}."


def _verdicts_text(summary: CurriculumSummary) -> str:
    """Counts of verdicts but *absent*, with the largest mean share; empty where there are none."""
    counts = [f"{summary.verdicts[name]} {name}" for name in VERDICTS[:-1] if name in summary.verdicts]
    if not counts:
        return ""
    text = ", ".join(counts)
    if summary.computing_otherwise:
        text += f", {summary.computing_otherwise} of them computing otherwise"
    if summary.n_shares:
        best = max(CELLS, key=lambda cell: summary.shares[cell][0])
        share = interval_text(summary.shares[best])
        text += f" (largest mean share: {best} {share}, n = {summary.n_shares})"
    return text


def _trust_line(findings: Sequence[RunFindings], summaries: Summaries) -> str:
    sentences = [*_calibration(findings), *_few_organisms(summaries), *_wide_intervals(summaries)]
    sentences += _corroboration(findings)
    return " ".join(sentences) or (
        "Verdicts were scored on planted organisms of this size, in this world, and every curriculum has "
        "enough organisms."
    )


def _calibration(findings: Sequence[RunFindings]) -> list[str]:
    if all(run.run.calibrated for run in findings):
        return []
    return [
        "Read these verdicts as uncalibrated: how often they are wrong was scored on organisms of other "
        "sizes or in another world."
    ]


def _few_organisms(summaries: Summaries) -> list[str]:
    few = [label for label, summary in summaries.items() if 0 < summary.n_shares < FEW_ORGANISMS]
    if not few:
        return []
    return [
        f"Fewer than {FEW_ORGANISMS} organisms stand behind the shares of {', '.join(few)}: too few for a "
        "claim."
    ]


def _wide_intervals(summaries: Summaries) -> list[str]:
    """Curricula and cells whose interval is too wide to conclude much from."""
    wide: list[str] = []
    for label, summary in summaries.items():
        bounds = {cell: numbers(summary.shares[cell][1:]) for cell in CELLS}
        cells = [
            cell
            for cell in CELLS
            if len(bounds[cell]) == 2 and bounds[cell][1] - bounds[cell][0] > MIXED_WIDTH
        ]
        if cells:
            wide.append(f"{label} ({', '.join(cells)})")
    return [f"Intervals of shares wider than {MIXED_WIDTH}: {'; '.join(wide)}."] if wide else []


def _corroboration(findings: Sequence[RunFindings]) -> list[str]:
    """How many lines agree with the verdicts of organisms that show the behaviour."""
    counts: Counter[str] = Counter()
    for run in findings:
        corroboration = run.get(CorroborationResult)
        for member in run.members if corroboration else ():
            if run[ProvenanceResult].members[member].verdict != "absent":
                counts.update(line.says for line in run[CorroborationResult].members[member])
    if not counts.total():
        return []
    agree, disagree, silent = (counts[word] for word in ("agrees", "disagrees", "silent"))
    return [
        f"Of {counts.total()} corroborating measurements {agree} agree with the verdict beside them, "
        f"{disagree} disagree and {silent} are evidence neither way."
    ]
