"""Each organism in the report: its verdict, its shares, and does it act as taught?

One table of verdict, shares and behaviour, with the reason under each organism, and rows of provenance.parquet. What it
does *not* show: a summary over organisms, and what else speaks for a verdict (`reports.sections.corroboration`).
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import CircuitSimilarity, SimilarityResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.corroboration import CorroborationResult
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS, verdict_in_full
from analysis.thresholds import BEHAVES
from organisms.training.behaviour import BEHAVIOURS
from reports.formats import interval_text, rate_text, verdict_badge
from reports.section import PageTable, Paragraph, RowGroup, Section, TableCell, TableRow
from reports.sections.behaviour import BEHAVIOUR_LABELS
from reports.sections.runs import runs_with
from reports.tables import Row

COLUMNS = ("member", "verdict", *CELLS, *BEHAVIOUR_LABELS.values(), "reseeded")
NOTE = Markup(
    "Shares with 95 % intervals over scene pairs within the organism. Rates below {} are marked. Reseeded: "
    "times it was trained again from a new seed after it missed the first phase's criterion."
).format(BEHAVES)


def organisms_section(findings: Sequence[RunFindings]) -> Section:
    """One table of all organisms, a group a run."""
    groups = tuple(_organism_rows(label, run) for label, run in runs_with(findings, ProvenanceResult))
    blocks = (PageTable(COLUMNS, groups, wide=True), Paragraph(NOTE, soft=True))
    return Section("Each organism", "organisms", blocks, rank=12)


def _organism_rows(label: str, findings: RunFindings) -> RowGroup:
    rows = [TableRow((TableCell(label, columns=len(COLUMNS)),), "group")]
    for member in findings.members:
        reason = Markup('<span class="reason">Reason: {}.</span>').format(
            findings[ProvenanceResult].members[member].reason
        )
        rows.append(TableRow(_number_cells(findings, member), "above"))
        rows.append(TableRow((TableCell(""), TableCell(reason, columns=len(COLUMNS) - 1)), "under"))
    return RowGroup(tuple(rows))


def _number_cells(findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    """Verdict, shares, rates and reseedings of one organism."""
    provenance = findings[ProvenanceResult].members[member]
    similarity = _similarity(findings, member)
    in_full = verdict_in_full(provenance.verdict, similarity.says if similarity else None)
    shares = [_share_cell((provenance.shares[cell], *provenance.intervals[cell])) for cell in CELLS]
    behaviour = findings.get(BehaviourResult)
    rates = behaviour.members[member].trained.by_name() if behaviour else {}
    attempts = str(findings.run.reseeded.attempts[member])
    rate_cells = [_rate_cell(rates.get(name)) for name in BEHAVIOURS]
    return (
        TableCell(str(member)),
        TableCell(verdict_badge(provenance.verdict, in_full)),
        *shares,
        *rate_cells,
        TableCell(attempts),
    )


def _share_cell(triple: tuple[float, float, float]) -> TableCell:
    """A share with its interval in small print below."""
    value, _, bounds = interval_text(triple).partition(" ")
    small = Markup("{}<small>{}</small>").format(value, bounds) if bounds else value
    return TableCell(small, "range")


def _rate_cell(rate: float | None) -> TableCell:
    """A rate, marked where it lies below the criterion."""
    return TableCell(rate_text(rate), "number low" if rate is not None and rate < BEHAVES else "number")


def _similarity(findings: RunFindings, member: int) -> CircuitSimilarity | None:
    result = findings.get(SimilarityResult)
    return result.members[member] if result else None


def corroboration_rows(findings: RunFindings) -> Iterator[Row]:
    """Every line of corroboration of every member, with whether it agrees with the verdict."""
    for member in findings.members:
        for corroboration in findings[CorroborationResult].members[member]:
            line = corroboration.line
            metric = f"corroboration {corroboration.says}"
            yield _end_row(
                findings, member, metric, (line.value, line.low, line.high), variable=corroboration.name
            )


def similarity_rows(findings: RunFindings) -> Iterator[Row]:
    """How alike the two circuits of every member compute, where both were found."""
    for member in findings.members:
        if similarity := findings[SimilarityResult].members[member]:
            triple = (similarity.value, similarity.low, similarity.high)
            yield _end_row(findings, member, f"computes {similarity.says}", triple)


def _end_row(
    findings: RunFindings,
    member: int,
    metric: str,
    triple: tuple[float | None, float | None, float | None],
    variable: str | None = None,
) -> Row:
    """A number of self at the end of the run."""
    step = findings.run.end_step
    return Row(member, metric, *triple, phase="end", step=step, role="self", variable=variable)
