"""Each organism in the report: what speaks for its verdict, and what against it?

One table of verdict, shares and behaviour, with all lines of corroboration and their nulls under each
organism, and rows of provenance.parquet. What it does *not* show: a summary over organisms.
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import CircuitSimilarity, SimilarityResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.corroboration import Corroboration, CorroborationResult
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS, verdict_in_full
from analysis.thresholds import BEHAVES
from organisms.training.behaviour import BEHAVIOURS
from reports.formats import interval_text, rate_text
from reports.section import PageTable, Paragraph, RowGroup, Section, TableCell, TableRow, Text
from reports.sections.behaviour import BEHAVIOUR_LABELS
from reports.sections.runs import runs_with
from reports.tables import Row

COLUMNS = ("member", "verdict", *CELLS, *BEHAVIOUR_LABELS.values(), "reseeded")
NOTE = Markup(
    "Shares with 95 % intervals over scene pairs within the organism. Rates below {} are marked. Reseeded: "
    "times it was trained again from a new seed after it missed the first phase's criterion. Under each "
    "organism the corroboration, each measurement against its own null: <em>disagrees</em> is evidence "
    "against the verdict above it, <em>silent</em> is evidence neither way. <em>Cross lesion</em>: what "
    "self loses when the characters' components are ablated (and the reverse). <em>Fork lesion</em>: what "
    "it loses when the core that the characters had at the fork is ablated. <em>Interchange</em>: how far "
    "self follows what a character's components carry of being watched (and the reverse); "
    "<em>direction</em>: the same through one direction of the residual stream, beside an untrained "
    "organism's. <em>How alike they compute</em>: representational similarity of what the two circuits "
    "write over the same cues, in the layer in which it is least. <em>Transfer</em>: how far self follows "
    "the characters' components as they were at the fork, in its own scenes and <em>from characters</em>' "
    "scenes."
).format(BEHAVES)


def organisms_section(findings: Sequence[RunFindings]) -> Section:
    """One table of all organisms, a group a run."""
    groups = tuple(_organism_rows(label, run) for label, run in runs_with(findings, ProvenanceResult))
    blocks = (PageTable(COLUMNS, groups, wide=True), Paragraph(NOTE, soft=True))
    return Section("Each organism", "organisms", blocks, rank=12)


def _organism_rows(label: str, findings: RunFindings) -> RowGroup:
    rows = [TableRow((TableCell(label, columns=len(COLUMNS)),), "group")]
    for member in findings.members:
        evidence = _evidence_cell(findings, member)
        rows.append(TableRow(_number_cells(findings, member), "above"))
        rows.append(TableRow((TableCell(""), TableCell(evidence, columns=len(COLUMNS) - 1)), "under"))
    return RowGroup(tuple(rows))


def _number_cells(findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    """Verdict, shares, rates and reseedings of one organism."""
    provenance = findings[ProvenanceResult].members[member]
    similarity = _similarity(findings, member)
    in_full = verdict_in_full(provenance.verdict, similarity.says if similarity else None)
    badge = Markup('<span class="verdict {}">{}</span>').format(provenance.verdict.replace(" ", "-"), in_full)
    shares = [_share_cell((provenance.shares[cell], *provenance.intervals[cell])) for cell in CELLS]
    behaviour = findings.get(BehaviourResult)
    rates = behaviour.members[member].trained.by_name() if behaviour else {}
    attempts = str(findings.run.reseeded.attempts[member])
    rate_cells = [_rate_cell(rates.get(name)) for name in BEHAVIOURS]
    return TableCell(str(member)), TableCell(badge), *shares, *rate_cells, TableCell(attempts)


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


def _evidence_cell(findings: RunFindings, member: int) -> Markup:
    """Reason of the verdict, lines of corroboration, and whether both circuits compute alike."""
    reason = findings[ProvenanceResult].members[member].reason
    corroboration = findings.get(CorroborationResult)
    lines = [_evidence_item(line) for line in corroboration.members[member]] if corroboration else []
    items = lines or [Markup('<li class="silent">no corroboration measured</li>')]
    similarity = _similarity(findings, member)
    return Markup('<span class="reason">Reason: {}.</span><ul class="lines">{}</ul>{}').format(
        reason, Markup("").join(items), _similarity_text(similarity) if similarity else ""
    )


def _evidence_item(corroboration: Corroboration) -> Markup:
    """One line of corroboration with its null."""
    line = corroboration.line
    null: Text = ""
    if line.null is not None:
        parts = [f"null {rate_text(line.null)}"]
        parts += [f", at most {rate_text(line.null_high)}"] if line.null_high is not None else []
        parts += [f"; within its own role {rate_text(line.within)}"] if line.within is not None else []
        parts += [f"; bar {rate_text(line.bar)}"] if line.bar is not None else []
        null = Markup('<span class="soft">({})</span> ').format("".join(parts))
    name, value = corroboration.name.replace("_", " "), interval_text((line.value, line.low, line.high))
    item = Markup('<li class="{}">{} {} {}<b>{}</b></li>')
    return item.format(corroboration.says, name, value, null, corroboration.says)


def _similarity_text(similarity: CircuitSimilarity) -> Markup:
    """Whether self's circuit and the characters' compute alike, with the comparisons that bound it."""
    value = interval_text([similarity.value, similarity.low, similarity.high])
    layers = ", ".join(map(rate_text, similarity.layers))
    bounds = (
        f"(by layer {layers}; with other organisms' characters {rate_text(similarity.with_other_members)}; "
        f"with itself in other scenes {rate_text(similarity.with_itself)} or more)"
    )
    return Markup(
        "<span class=\"reason\">How alike self's circuit and the characters' compute: {} "
        '<span class="soft">{}</span> <b>{}</b></span>'
    ).format(value, bounds, similarity.says)


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
