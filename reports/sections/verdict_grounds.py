"""Grounds of verdicts in the report: what does each verdict rest on, in one table?

For every organism: the largest share under two definitions, what chance and an unrelated variable give, how much of self's
gate was there at the fork, and whether what self took was a spare then. What it does *not* show: corroboration by
other measurements, which stands with each organism.
"""

from collections.abc import Iterator, Sequence

from analysis.findings import RunFindings
from analysis.history.set_course import SetCourseResult
from analysis.provenance.cast_gating import CastGating, CastGatingResult
from analysis.provenance.judging import MemberProvenance, ProvenanceResult
from analysis.provenance.spare import SpareResult
from analysis.provenance.verdict import CELLS, ProvenanceCell
from analysis.thresholds import LEAST_SHARE, SERVES, SPARE_LEFT, SPARE_NEEDED
from reports.formats import DASH, interval_text, rate_text
from reports.section import PageTable, Paragraph, Section, TableCell, one_group
from reports.sections.runs import runs_with
from reports.sections.set_course import course_text
from reports.tables import Row

HEAD = ("run", "organism", "verdict")
SHARE_COLUMNS = (
    *HEAD,
    *("largest share", "strict", "by chance", "excess", "less profession", "overlap"),
)
BESIDE_COLUMNS = (*HEAD, "moved beside self", "reading moved", "inherited")
FORK_COLUMNS = (*HEAD, "took silent", "kept silent", "both silent", "alone", "since the fork")
SHARES_NOTE = (
    f"Largest share [95 % interval over pairs]; a verdict needs its lower end above {LEAST_SHARE['reused']} "
    f"(reused), {LEAST_SHARE['repurposed']} (repurposed) or {LEAST_SHARE['second copy']} (second copy). Strict: the "
    "same cell under a definition that counts weak components for less; where another cell is largest there the verdict "
    f"is undecided. By chance: the mean share if what self has on components that characters leave (below {SERVES} of "
    "their gate) were dealt over these at random; excess: the share less that. Gate less profession: the share less that "
    "of self's profession in the gate's place. Overlap: 1 less the total variation between self's and the characters' "
    "effects at the end, where characters act in scenes without self."
)
BESIDE_NOTE = (
    "Moved beside self: how far characters who act with self "
    "in the cast are on the way from their own components to self's; above 0.5 the two part by cast and not by role. Reading moved: "
    "the same of the components whose writes change with the cues, which is what auditors price. Inherited: nats by which being "
    "watched moved self's acts before self was taught, over those at the end."
)
FORK_NOTE = (
    "At the fork, share of the characters' gate that is left with components silent: what self took (what serves it at the "
    f"end and characters no longer), what characters keep, both (in brackets, random sets of the same layers and kinds in "
    f"the place of what self took), and all but what self took. Repurposed needs more than {SPARE_LEFT} left in the first "
    f"two, and in the third less than {SPARE_NEEDED} of either: a spare can be done without, and stands in. Since the fork: what "
    "self's set, with the outputs that it had then, does in the final organism, over what its own do. No verdict asks for it."
)
NOT_SHOWN = (
    "A spare may be rewritten after it was taken: see the last column, and the characters' set beside it in the section on courses.",
)


def grounds_section(findings: Sequence[RunFindings]) -> Section:
    """One row an organism."""
    runs = runs_with(findings, ProvenanceResult)
    members = [(label, run, member) for label, run in runs for member in run.members]
    shares = [(*_head(*each), *_share_cells(each[1], each[2])) for each in members]
    beside = [(*_head(*each), *_beside_cells(each[1], each[2])) for each in members]
    at_fork = [(*_head(*each), *_fork_cells(each[1], each[2])) for each in members]
    blocks = (
        PageTable(SHARE_COLUMNS, one_group(*shares)),
        Paragraph(SHARES_NOTE, soft=True),
        PageTable(BESIDE_COLUMNS, one_group(*beside)),
        Paragraph(BESIDE_NOTE, soft=True),
        PageTable(FORK_COLUMNS, one_group(*at_fork)),
        Paragraph(FORK_NOTE, soft=True),
    )
    title = "What does each verdict rest on?"
    return Section(title, "grounds", blocks, NOT_SHOWN, link="Grounds", rank=11)


def _head(label: str, findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    provenance = findings[ProvenanceResult].members[member]
    return TableCell(label, "name"), TableCell(str(member)), TableCell(provenance.verdict)


def _share_cells(findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    """The largest share and what stands beside it."""
    provenance = findings[ProvenanceResult].members[member]
    cell = largest_cell(provenance)
    if cell is None:
        return tuple(TableCell(DASH) for _ in SHARE_COLUMNS[len(HEAD) :])
    texts = (
        f"{cell} {interval_text((provenance.shares[cell], *provenance.intervals[cell]))}",
        rate_text(provenance.strict_shares[cell]),
        rate_text(provenance.shares_among_free[cell][0]),
        rate_text(provenance.excess[cell]),
        interval_text(provenance.unrelated.difference[cell]),
        rate_text(provenance.overlap_at_end),
    )
    return tuple(TableCell(text, "number") for text in texts)


def _beside_cells(findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    """Where characters are beside self, and what self had at the fork."""
    inherited = findings[ProvenanceResult].members[member].inherited
    return tuple(
        TableCell(text, "number") for text in (*_moved_texts(findings, member), rate_text(inherited))
    )


def _moved_texts(findings: RunFindings, member: int) -> tuple[str, str]:
    """Of effects and of reading, ``0.72 [0.61, 0.80], by cast``; a dash where there is nothing to move."""
    result = findings.get(CastGatingResult)
    gating = result.members[member] if result else CastGating(None, None)
    effects, reading = (
        f"{interval_text((found.moved.value, found.moved.low, found.moved.high))}, {found.parting}"
        if found
        else DASH
        for found in (gating.effects, gating.reading)
    )
    return effects, reading


def largest_cell(provenance: MemberProvenance) -> ProvenanceCell | None:
    """The cell with the largest share; None where shares were not measured."""
    best: ProvenanceCell | None = None
    for cell in CELLS:
        if provenance.shares[cell] > (provenance.shares[best] if best else -1.0):
            best = cell
    return best


def _fork_cells(findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    """What is left of the characters' gate at the fork: ``0.91 [0.85, 0.96]``, beside random sets where there are such."""
    result = findings.get(SpareResult)
    spare = result.members[member] if result else None
    courses = findings.get(SetCourseResult)
    since_fork = TableCell(course_text(courses.members[member].of_self if courses else None), "number")
    if spare is None:
        return *(TableCell(DASH) for _ in FORK_COLUMNS[len(HEAD) + 1 :]), since_fork
    gates = (
        (spare.took_silent, None),
        (spare.kept_silent, None),
        (spare.both_silent, spare.random_and_kept_silent),
        (spare.alone, spare.random_alone),
    )
    cells: list[TableCell] = []
    for gate, random in gates:
        text = interval_text((gate.value, gate.low, gate.high))
        cells.append(TableCell(f"{text} ({rate_text(random.mean)})" if random else text, "number"))
    return *cells, since_fork


def grounds_rows(findings: RunFindings) -> Iterator[Row]:
    """What was left of the characters' gate at the fork, of every member, with random sets beside it."""
    step = findings.run.step_of("fork")
    for member in findings.members:
        at_fork = findings[SpareResult].members[member]
        if at_fork is None:
            continue
        place = {"phase": "fork", "step": step, "role": "character", "variable": "watched"}
        for metric, gate in (
            ("took silent", at_fork.took_silent),
            ("kept silent", at_fork.kept_silent),
            ("both silent", at_fork.both_silent),
            ("alone", at_fork.alone),
        ):
            yield Row(member, metric, gate.value, low=gate.low, high=gate.high, **place)
        for metric, random in (
            ("random and kept silent", at_fork.random_and_kept_silent),
            ("random alone", at_fork.random_alone),
        ):
            yield Row(member, metric, random.mean, low=random.low, high=random.high, **place)
