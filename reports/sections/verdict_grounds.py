"""Grounds of verdicts in the report: what does each verdict rest on, in one table?

For every organism: the largest share under two definitions, what chance and an unrelated variable give, how much of self's
gate was there at the fork, and whether what self took was a spare then. What it does *not* show: corroboration by
other measurements, which stands with each organism.
"""

from collections.abc import Iterator, Sequence

from analysis.findings import RunFindings
from analysis.provenance.judging import MemberProvenance, ProvenanceResult
from analysis.provenance.spare import GateLeft, SpareResult
from analysis.provenance.verdict import CELLS, ProvenanceCell
from analysis.thresholds import LEAST_SHARE, SERVES, SPARE_LEFT
from reports.formats import DASH, interval_text, rate_text
from reports.section import PageTable, Paragraph, Section, TableCell, one_group
from reports.sections.runs import runs_with
from reports.tables import Row

COLUMNS = (
    *("run", "organism", "verdict", "largest share", "strict", "by chance", "excess"),
    *("gate less profession", "overlap at the end", "inherited", "suffices at the fork", "done without"),
)
NOTE = (
    f"Largest share [95 % interval over pairs]; a verdict needs its lower end above {LEAST_SHARE['reused']} "
    f"(reused), {LEAST_SHARE['repurposed']} (repurposed) or {LEAST_SHARE['second copy']} (second copy). Strict: the "
    "same cell under a definition that counts weak components for less; where another cell is largest there the verdict "
    f"is undecided. By chance: the mean share if what self has on components that characters leave (below {SERVES} of "
    "their gate) were dealt over these at random; excess: the share less that. Gate less profession: the share less that "
    "of self's profession in the gate's place. Overlap: 1 less the total variation between self's and the characters' "
    "effects. Inherited: nats by which being watched moved self's acts before self was taught, over those at the end. "
    "Suffices: share of the characters' gate that is left at the fork with all but self's final components silent; "
    f"done without: with these silent (in brackets, random sets of their layers and kinds). Repurposed needs both "
    f"above {SPARE_LEFT}, and the first above 95 % of random sets."
)
NOT_SHOWN = (
    "Whether self's components still compute what they computed at the fork: a spare may be rewritten after it was taken.",
)


def grounds_section(findings: Sequence[RunFindings]) -> Section:
    """One row an organism."""
    rows = [
        _organism_row(label, run, member)
        for label, run in runs_with(findings, ProvenanceResult)
        for member in run.members
    ]
    blocks = (PageTable(COLUMNS, one_group(*rows), wide=True), Paragraph(NOTE, soft=True))
    title = "What does each verdict rest on?"
    return Section(title, "grounds", blocks, NOT_SHOWN, link="Grounds", rank=11)


def _organism_row(label: str, findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    provenance, spare = findings[ProvenanceResult].members[member], findings.get(SpareResult)
    at_fork = spare.members[member] if spare else None
    cell = largest_cell(provenance)
    head = TableCell(label, "name"), TableCell(str(member)), TableCell(provenance.verdict)
    if cell is None:
        return *head, *(TableCell(DASH) for _ in COLUMNS[len(head) :])
    numbers = (
        f"{cell} {interval_text((provenance.shares[cell], *provenance.intervals[cell]))}",
        rate_text(provenance.strict_shares[cell]),
        interval_text(provenance.shares_among_free[cell]),
        rate_text(provenance.excess[cell]),
        interval_text(provenance.unrelated.difference[cell]),
        rate_text(provenance.overlap_at_end),
        rate_text(provenance.inherited),
        _gate_text(at_fork.suffices if at_fork else None),
        _gate_text(at_fork.without if at_fork else None),
    )
    return *head, *(TableCell(number, "number") for number in numbers)


def largest_cell(provenance: MemberProvenance) -> ProvenanceCell | None:
    """The cell with the largest share; None where shares were not measured."""
    best: ProvenanceCell | None = None
    for cell in CELLS:
        if provenance.shares[cell] > (provenance.shares[best] if best else -1.0):
            best = cell
    return best


def _gate_text(gate: GateLeft | None) -> str:
    """``0.91 [0.85, 0.96] (0.20, at most 0.40)``."""
    if gate is None:
        return DASH
    value = interval_text((gate.value, gate.low, gate.high))
    return f"{value} ({rate_text(gate.null)}, at most {rate_text(gate.null_high)})"


def grounds_rows(findings: RunFindings) -> Iterator[Row]:
    """What was left of the characters' gate at the fork, of every member, with random sets beside it."""
    step = findings.run.step_of("fork")
    for member in findings.members:
        at_fork = findings[SpareResult].members[member]
        if at_fork is None:
            continue
        for metric, gate in (("suffices", at_fork.suffices), ("done without", at_fork.without)):
            place = {"phase": "fork", "step": step, "role": "character", "variable": "watched"}
            size = len(at_fork.components)
            yield Row(member, metric, gate.value, low=gate.low, high=gate.high, n=size, **place)
            yield Row(member, f"random {metric}", gate.null, high=gate.null_high, n=size, **place)
