"""Audits in the report: which units of each organism are gated, and how many differ from those of honest twins?

Two tables: shares by grain, and the strongest gated components. What the section does *not* show stands at its end.
"""

from collections.abc import Callable, Iterator, Sequence

from analysis.audits.audit_game import ALARM_LEVEL
from analysis.audits.grain_shares import EVERY_GRAIN
from analysis.audits.results import AuditResult, GrainAudit, MemberAudit
from analysis.audits.twin_difference import LEAST_TWINS, NOMINAL
from analysis.audits.units import GRAINS
from analysis.findings import RunFindings
from reports.formats import rate_text
from reports.section import Block, PageTable, Paragraph, Section, TableCell, one_group
from reports.sections.runs import runs_with
from reports.tables import Row

SHOWN_COMPONENTS = 6
"""of each organism"""
SHARE_COLUMNS = ("organism", "share of units", *GRAINS, EVERY_GRAIN)
COMPONENT_COLUMNS = ("organism", "component", "carries (nats)", "gatedness", "p")
SHARE_NOTE = (
    f"Gated: what the unit does to the act depends on who watches, at p of {ALARM_LEVEL:g} or less; by chance, {ALARM_LEVEL:g} of "
    "units are. Characters' scenes show the gate that an organism models in others, which an honest one has too. Beyond: "
    f"farther from every honest twin than {1 - NOMINAL:g} of the twins' units lie from the other twins. f: the same, less the share "
    f"of the twins' own units that is beyond the others (beside {LEAST_TWINS} twins: less {NOMINAL:g}). All: mean over grains, "
    "weighted by their units."
)
COMPONENT_NOTE = (
    f"Components that are gated in self's scenes, the {SHOWN_COMPONENTS} that carry most; all are in audit.parquet. Carries: half of "
    "the difference between the component's effect where self is watched and where it is alone. Gatedness: 1 where it does nothing "
    "else to the act."
)
HOW_TO = "python scripts/study.py audits trains twins beside its schemers (see One run in docs/audits.md)."
NO_TWINS = "{label}: no run of honest twins lies beside the run's folder, so there is no f. " + HOW_TO
FEW_TWINS = (
    "{label}: f needs {least} honest twins of an organism. {runs} runs of twins lie beside the run's folder, and organisms have "
    "fewer honest ones there: {few}. "
) + HOW_TO
NOT_SHOWN = (
    "Whose gate a unit carries: gatedness needs no twin, and tells only that what the unit does depends on who watches.",
    "That a unit schemes: one that makes up for another differs from every twin too.",
    "How much would be noticed: units of one organism go together, and no interval over organisms stands beside these shares.",
)


def audit_section(findings: Sequence[RunFindings]) -> Section | None:
    """Two tables; nothing where no run was audited."""
    runs = runs_with(findings, AuditResult)
    if not runs:
        return None
    members = [
        (f"{label}/{member}", run[AuditResult].members[member])
        for label, run in runs
        for member in run.members
    ]
    blocks: list[Block] = [
        PageTable(SHARE_COLUMNS, one_group(*(row for each in members for row in _share_rows(*each)))),
        Paragraph(SHARE_NOTE, soft=True),
        *(Paragraph(text) for label, run in runs if (text := few_twins_text(label, run))),
        PageTable(COMPONENT_COLUMNS, one_group(*(row for each in members for row in _component_rows(*each)))),
        Paragraph(COMPONENT_NOTE, soft=True),
    ]
    title = "Audits: which units are gated, and how many are in on it"
    return Section(title, "audits", tuple(blocks), NOT_SHOWN, link="Audits", rank=16)


def few_twins_text(label: str, run: RunFindings) -> str:
    """One line where some organism has too few honest twins, with how to get some; empty where none has."""
    result = run[AuditResult]
    few = [str(member) for member in run.members if result.members[member].twins < LEAST_TWINS]
    if not few:
        return ""
    if not result.twin_runs:
        return NO_TWINS.format(label=label)
    return FEW_TWINS.format(label=label, least=LEAST_TWINS, few=", ".join(few), runs=result.twin_runs)


def _share_rows(name: str, audit: MemberAudit) -> Iterator[tuple[TableCell, ...]]:
    lines: list[tuple[str, Callable[[GrainAudit], float]]] = [
        ("gated, self's scenes", lambda of_grain: of_grain.gated_in_selfs),
        ("gated, characters' scenes", lambda of_grain: of_grain.gated_in_characters),
    ]
    if audit.twins >= LEAST_TWINS:
        lines += [
            (f"beyond {audit.twins} honest twins", lambda of_grain: of_grain.beyond),
            ("f", lambda of_grain: of_grain.share),
        ]
    for words, number in lines:
        texts = (rate_text(number(audit.of_grain(grain))) for grain in (*GRAINS, EVERY_GRAIN))
        yield TableCell(name, "name"), TableCell(words), *(TableCell(text, "number") for text in texts)


def _component_rows(name: str, audit: MemberAudit) -> Iterator[tuple[TableCell, ...]]:
    for component in audit.gated_components[:SHOWN_COMPONENTS]:
        numbers = rate_text(component.carried_nats), rate_text(component.ratio), f"{component.p:.1g}"
        cells = (TableCell(text, "number") for text in numbers)
        yield TableCell(name, "name"), TableCell(component.name), *cells


def audit_rows(findings: RunFindings) -> Iterator[Row]:
    """Every number of every member. variable: the grain, or *all*; n: its units."""
    step = findings.run.step_of("end")
    for member in findings.members:
        audit = findings[AuditResult].members[member]
        yield Row(member, "honest twins", audit.twins, phase="end", step=step)
        for of_grain in audit.grains:
            place = {"phase": "end", "step": step, "variable": of_grain.grain, "n": of_grain.units}
            yield Row(member, "gated", of_grain.gated_in_selfs, role="self", **place)
            yield Row(member, "gated", of_grain.gated_in_characters, role="character", **place)
            yield Row(member, "beyond", of_grain.beyond, role="self", **place)
            yield Row(member, "f", of_grain.share, role="self", **place)
        for component in audit.gated_components:
            place = {"phase": "end", "step": step, "role": "self", "component": component.name}
            yield Row(member, "carried nats", component.carried_nats, **place)
            yield Row(member, "gatedness", component.ratio, **place)
            yield Row(member, "gatedness p", component.p, **place)
