"""History of components in the report: what became of each, and when?

A timeline of every organism with its dated events, and rows of ancestry.parquet. What it does *not* show: why
a component came to serve a role or left it, and what it computes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.history.component_history import HistoryResult, MemberHistory
from analysis.history.events import COMES, LEAVES, ComponentEvent, events_in_words
from reports.section import (
    Block,
    Folded,
    Heading,
    PageTable,
    Paragraph,
    Picture,
    Section,
    TableCell,
    one_group,
)
from reports.sections.runs import runs_with
from reports.tables import Row
from reports.timeline import draw_timeline

COLUMNS = ("step", "between", "component", "event", "serves", "served before", "took over from")
INTRODUCTION = Markup(
    "Each component's effect for characters and for self at every checkpoint, measured by exact patches "
    "throughout. A component <em>serves</em> a role while it carries {} or more of what being watched does "
    "there, until it carries less than {}. <em>Born</em>: comes to serve a role and never served any. "
    "<em>Took over</em>: comes to serve a role as another component with similar effects leaves it. "
    "<em>Shared</em>: comes to serve a second role beside the first. <em>Repurposed</em>: left one role and "
    "serves the other. <em>Lost</em>: left a role, for none. Dates are those of the first checkpoint at "
    "which a change was half done."
).format(COMES, LEAVES)
CAPTION = (
    "Organism {member}: {events}. A row a component, a column a checkpoint; fuller colour: more of the "
    "gate, up to a quarter. Signs: events, blue for characters and orange for self; lines: their intervals."
)
NOT_SHOWN = (
    Markup(
        "An event means that a component came to carry part of a role's gate, or ceased to; not why, and "
        "not what it computes. How often dates are right is scored by <code>scripts/study.py "
        "ancestry</code> on lineages whose dates are known."
    ),
)


def history_section(findings: Sequence[RunFindings]) -> Section | None:
    """A timeline and a table of events of every organism; nothing where it was not measured."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, HistoryResult):
        history = run[HistoryResult]
        blocks.append(Heading(label))
        for member in run.members:
            events = history.members[member].events
            caption = CAPTION.format(member=member, events=events_in_words(event.event for event in events))
            blocks.append(Picture(draw_timeline(run.run, history, member), caption))
            if events:
                table = PageTable(COLUMNS, one_group(*map(_table_row, events)))
                blocks.append(Folded(f"{len(events)} dated events", (table,)))
    if not blocks:
        return None
    return Section(
        "What became of the components",
        "ancestry",
        (Paragraph(INTRODUCTION), *blocks),
        NOT_SHOWN,
        link="Ancestry",
        rank=20,
    )


def _table_row(event: ComponentEvent) -> tuple[TableCell, ...]:
    return (
        TableCell(str(event.step), "number"),
        TableCell("{} and {}".format(*event.interval), "number"),
        TableCell(event.component, "name"),
        TableCell(event.event),
        TableCell(event.role),
        TableCell(event.from_role or ""),
        TableCell(event.predecessor or ""),
    )


def history_rows(findings: RunFindings) -> Iterator[Row]:
    """Effects of every component with their intervals, gates, and events with their dates."""
    history = findings[HistoryResult]
    for member in findings.members:
        organism = history.members[member]
        yield from _effect_rows(findings, history, organism, member)
        for event in organism.events:
            yield Row(
                member,
                event.event,
                event.step,
                *event.interval,
                step=event.step,
                role=event.role,
                variable=event.predecessor,
                component=event.component,
            )


def _effect_rows(
    findings: RunFindings, history: HistoryResult, organism: MemberHistory, member: int
) -> Iterator[Row]:
    for role in organism.roles:
        for checkpoint, (step, phase) in enumerate(zip(history.steps, history.phases, strict=True)):
            nats = role.gate_nats[checkpoint]
            gate = Row(member, "gate nats", nats, phase=phase, step=step, role=role.role, variable="watched")
            yield gate
            values, errors = role.effects[checkpoint], 1.96 * role.errors[checkpoint]
            effects = zip(findings.run.components, values, errors, strict=True)
            for component, value, error in effects:
                effect = replace(gate, metric="shapley", component=component, value=value)
                yield replace(effect, low=value - error, high=value + error)
