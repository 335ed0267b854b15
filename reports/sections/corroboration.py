"""Corroboration in the report: which lines of evidence agree with each verdict, and which disagree?

A grid of organisms by lines, with a sign and a colour a cell, and all numbers with their nulls in a table that a reader
unfolds. What it does *not* show: whether a verdict is right; all lines rest on the same organism.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import CircuitSimilarity, SimilarityResult
from analysis.provenance.corroboration import Corroboration, CorroborationResult
from analysis.provenance.judging import ProvenanceResult
from reports.formats import DASH, interval_text, rate_text, verdict_badge
from reports.section import Block, Folded, PageTable, Paragraph, RowGroup, Section, TableCell, TableRow
from reports.sections.runs import runs_with

SIGNS = {"agrees": "✓", "disagrees": "✗", "silent": "·"}
"""of what a line says of a verdict, for eyes that do not tell the colours apart"""
NUMBER_COLUMNS = ("member", "verdict", "line", "says", "value", "null", "null, at most", "in its role", "bar")
SIMILARITY_COLUMNS = ("member", "says", "value", "by layer", "with others' characters", "with itself")
LEGEND = Markup(
    'Each cell is one measurement against its own null: <span class="key agrees">✓ agrees</span> with the verdict of the '
    'row, <span class="key disagrees">✗ disagrees</span>, which is evidence against it, or is '
    '<span class="key silent">· silent</span>, evidence neither way. A dash: not measured. Numbers stand in the hint of '
    "a cell and in the table below. <em>Circuits compute</em>: whether the two circuits compute alike, which "
    "neither supports nor contradicts a verdict."
)
MEANINGS = Markup(
    "<em>Cosine</em>: of the two roles' component effects at the end. <em>Cross lesion</em>: what self loses when the "
    "characters' components are ablated (and the reverse). <em>Fork lesion</em>: what it loses when the core that the "
    "characters had at the fork is ablated. <em>Interchange</em>: how far self follows what a character's components carry of "
    "being watched (and the reverse); <em>direction</em>: the same through one direction of the residual stream, beside an "
    "untrained organism's. <em>Transfer</em>: how far self follows the characters' components as they were at the fork, in "
    "its own scenes and <em>from characters</em>' scenes. <em>Weight change</em>: how far the weights of what self has for "
    "itself moved. <em>Circuits compute</em>: representational similarity of what the two circuits write over the same cues, "
    "in the layer in which it is least."
)
NOT_SHOWN = (
    "Agreement does not make a verdict right: all lines rest on the same organism, and all but weight change on patching.",
)
Runs = Sequence[tuple[str, RunFindings]]


def corroboration_section(findings: Sequence[RunFindings]) -> Section | None:
    """The grid, and below it every number; nothing where no run has corroboration."""
    runs = [
        (label, run)
        for label, run in runs_with(findings, CorroborationResult)
        if run.get(ProvenanceResult) is not None
    ]
    if not runs:
        return None
    blocks: list[Block] = [Paragraph(_count_text(runs)), _grid(runs), Paragraph(LEGEND, soft=True)]
    blocks += [Paragraph(MEANINGS, soft=True), Folded("All numbers, each with its null", _numbers(runs))]
    title = "Does other evidence agree with each verdict?"
    return Section(title, "corroboration", tuple(blocks), NOT_SHOWN, link="Corroboration", rank=11)


def _line_names(runs: Runs) -> list[str]:
    """Every line of any run, in the order of measurement."""
    lines = (line for _, run in runs for member in run[CorroborationResult].members for line in member)
    return list(dict.fromkeys(line.name for line in lines))


def _in_words(name: str) -> str:
    return name.replace("_", " ")


def _count_text(runs: Runs) -> str:
    """How many lines of organisms that act as taught agree, and which disagree."""
    lines = [
        line
        for _, run in runs
        for provenance, member in zip(
            run[ProvenanceResult].members, run[CorroborationResult].members, strict=True
        )
        if provenance.verdict != "absent"
        for line in member
    ]
    counts = Counter(line.says for line in lines)
    against = Counter(line.name for line in lines if line.says == "disagrees")
    named = ", ".join(f"{_in_words(name)} {count}" for name, count in against.most_common())
    return (
        f"Of {len(lines)} measurements in organisms that act as taught {counts['agrees']} agree, {counts['disagrees']} disagree"
        f"{f' ({named})' if named else ''} and {counts['silent']} are silent."
    )


def _grid(runs: Runs) -> PageTable:
    """A row an organism, a column a line."""
    names = _line_names(runs)
    with_similarity = any(run.get(SimilarityResult) is not None for _, run in runs)
    columns = (
        "member",
        "verdict",
        *map(_in_words, names),
        *(["circuits compute"] if with_similarity else []),
    )
    groups: list[RowGroup] = []
    for label, run in runs:
        rows = [TableRow((TableCell(label, columns=len(columns)),), "group")]
        for member in run.members:
            cells = [_line_cell(run[CorroborationResult].find(member, name)) for name in names]
            cells += [_similarity_cell(_similarity(run, member))] if with_similarity else []
            rows.append(TableRow((*_head(run, member), *cells)))
        groups.append(RowGroup(tuple(rows)))
    return PageTable(columns, tuple(groups), style="grid")


def _head(run: RunFindings, member: int) -> tuple[TableCell, ...]:
    return TableCell(str(member)), TableCell(verdict_badge(run[ProvenanceResult].members[member].verdict))


def _line_cell(corroboration: Corroboration | None) -> TableCell:
    """A sign in its colour; the word is in it for those who hear the page, and the number in its hint."""
    if corroboration is None:
        return TableCell(DASH, "mark", hint="not measured")
    line = corroboration.line
    nulls = ", ".join(
        f"{name} {rate_text(value)}"
        for name, value in (
            ("null", line.null),
            ("at most", line.null_high),
            ("within its own role", line.within),
            ("bar", line.bar),
        )
        if value is not None
    )
    value = interval_text((line.value, line.low, line.high))
    hint = f"{_in_words(corroboration.name)} {value}{f' ({nulls})' if nulls else ''}: {corroboration.says}"
    sign = Markup('<span aria-hidden="true">{}</span><span class="unseen">{}</span>')
    return TableCell(
        sign.format(SIGNS[corroboration.says], corroboration.says), f"mark {corroboration.says}", hint=hint
    )


def _similarity_cell(similarity: CircuitSimilarity | None) -> TableCell:
    if similarity is None:
        return TableCell(DASH, hint="not measured")
    value = interval_text([similarity.value, similarity.low, similarity.high])
    return TableCell(similarity.says, hint=f"representational similarity {value}")


def _similarity(run: RunFindings, member: int) -> CircuitSimilarity | None:
    result = run.get(SimilarityResult)
    return result.members[member] if result else None


def _numbers(runs: Runs) -> tuple[Block, ...]:
    """One row a line of an organism; then how alike circuits compute, with what bounds it."""
    lines = tuple(_group(label, NUMBER_COLUMNS, _number_rows(run)) for label, run in runs)
    similarities = tuple(
        _group(label, SIMILARITY_COLUMNS, _similarity_rows(run))
        for label, run in runs
        if run.get(SimilarityResult) is not None
    )
    alike = "How alike self's circuit and the characters' compute: correlation of what they write over the same cues"
    return PageTable(NUMBER_COLUMNS, lines), PageTable(SIMILARITY_COLUMNS, similarities, caption=alike)


def _group(label: str, columns: Sequence[str], rows: Iterator[tuple[TableCell, ...]]) -> RowGroup:
    head = TableRow((TableCell(label, columns=len(columns)),), "group")
    return RowGroup((head, *map(TableRow, rows)))


def _number_rows(run: RunFindings) -> Iterator[tuple[TableCell, ...]]:
    for member in run.members:
        for corroboration in run[CorroborationResult].members[member]:
            line = corroboration.line
            says = Markup('<span class="key {}">{} {}</span>').format(
                corroboration.says, SIGNS[corroboration.says], corroboration.says
            )
            value = interval_text((line.value, line.low, line.high))
            nulls = map(rate_text, (line.null, line.null_high, line.within, line.bar))
            numbers = (TableCell(text, "number") for text in (value, *nulls))
            yield *_head(run, member), TableCell(_in_words(corroboration.name)), TableCell(says), *numbers


def _similarity_rows(run: RunFindings) -> Iterator[tuple[TableCell, ...]]:
    for member in run.members:
        if similarity := _similarity(run, member):
            texts = (
                interval_text([similarity.value, similarity.low, similarity.high]),
                ", ".join(map(rate_text, similarity.layers)),
                rate_text(similarity.with_other_members),
                f"{rate_text(similarity.with_itself)} or more",
            )
            numbers = (TableCell(text, "number") for text in texts)
            yield TableCell(str(member)), TableCell(similarity.says), *numbers
