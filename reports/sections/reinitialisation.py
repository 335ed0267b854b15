"""Re-initialisation in the report: steps to learn the intent, and where self's effect ends, by what was drawn anew.

A table of lanes with the mean differences over organisms, and rows of reinitialisation.parquet. What it does *not* show:
which part of a set was missed.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.relearning.reinitialisation import (
    MemberReinitialised,
    ReinitialisationResult,
    ReinitialisedLane,
)
from analysis.statistics import Interval, mean_interval
from analysis.thresholds import BEHAVES
from reports.formats import DASH, interval_text, rate_text
from reports.section import Block, PageTable, Paragraph, Section, TableCell, one_group
from reports.sections.runs import runs_with
from reports.tables import Row

ARMS = ("intact", "own", "others")
COLUMNS = (
    *("run", "organism"),
    *(f"steps, {arm}" for arm in ARMS),
    *(f"self in its set, {arm}" for arm in ARMS),
)
NOTE = Markup(
    "The phase that teaches self, run anew from the fork with its pressures. <em>Own</em>: the weights of what self took "
    "(where that does most, else of all that serves it) drawn anew first; <em>others</em>: those of as many other components of "
    "the same layers and kinds, two draws, among which may be what characters keep. Steps until self acts on its "
    "secret goal when alone and on its professed goal when "
    "watched, each at {}; then the share of self's effect that is in its own set at the end of the phase."
).format(BEHAVES)
MEANS = (
    "{label}, n = {n}: with its own set drawn anew self's share there is {place} higher than with others drawn anew, and self "
    "takes {slower} times as many steps [95 % intervals over organisms, paired]; lanes that never got there count with the phase's "
    "steps: {missed}."
)
NOT_SHOWN = ("Which part of a set was missed: what reads, what judges or what writes.",)


def reinitialisation_section(findings: Sequence[RunFindings]) -> Section | None:
    """Lanes of each organism, and the means; nothing where it was not measured."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, ReinitialisationResult):
        result = run[ReinitialisationResult]
        members = [(number, member) for number, member in enumerate(result.members) if member is not None]
        if members:
            place, slower = place_and_slowdown([member for _, member in members], result.limit)
            means = MEANS.format(
                label=label,
                n=len(members),
                place=interval_text(place),
                slower=interval_text(slower),
                missed=_missed(result),
            )
            rows = [_table_row(label, number, member) for number, member in members]
            blocks += [Paragraph(means), PageTable(COLUMNS, one_group(*rows))]
        else:
            why = result.why_not or "no organism has a set of its own beside which there are as many others"
            blocks.append(Paragraph(f"{label}, not measured: {why}.", soft=True))
    if not blocks:
        return None
    title = "Is what stood in self's components at the fork missed?"
    blocks.append(Paragraph(NOTE, soft=True))
    return Section(title, "reinitialisation", tuple(blocks), NOT_SHOWN, link="Re-initialised", rank=15)


def place_and_slowdown(members: Sequence[MemberReinitialised], limit: int) -> tuple[Interval, Interval]:
    """Own less others: mean difference of self's share in its own set; and mean ratio of steps (geometric). Organisms are
    drawn again. limit: steps that a lane counts with that did not get there."""
    places, logs = [], []
    for member in members:
        (redrawn,), random = lanes_of(member, "own"), lanes_of(member, "others")
        places.append(redrawn.self_in_own - float(np.mean([lane.self_in_own for lane in random])))
        logs.append(
            math.log(redrawn.steps or limit)
            - float(np.mean([math.log(lane.steps or limit) for lane in random]))
        )
    value, low, high = mean_interval(logs)
    return mean_interval(places), (math.exp(value), math.exp(low), math.exp(high))


def _missed(result: ReinitialisationResult) -> str:
    """How many lanes never got there, by arm: ``1 intact, 0 own, 2 others``."""
    lanes = [lane for member in result.members if member for lane in member.lanes]
    return ", ".join(f"{sum(lane.steps is None for lane in lanes if lane.arm == arm)} {arm}" for arm in ARMS)


def lanes_of(member: MemberReinitialised, arm: str) -> list[ReinitialisedLane]:
    """The lanes of one arm."""
    return [lane for lane in member.lanes if lane.arm == arm]


def _table_row(label: str, number: int, member: MemberReinitialised) -> tuple[TableCell, ...]:
    steps = [
        ", ".join(DASH if lane.steps is None else str(lane.steps) for lane in lanes_of(member, arm))
        for arm in ARMS
    ]
    places = [", ".join(rate_text(lane.self_in_own) for lane in lanes_of(member, arm)) for arm in ARMS]
    cells = (TableCell(text, "number") for text in (*steps, *places))
    return TableCell(label, "name"), TableCell(str(number)), *cells


def reinitialisation_rows(findings: RunFindings) -> Iterator[Row]:
    """Steps and places of every lane. A lane that did not get there has no value of steps."""
    for number in findings.members:
        member = findings[ReinitialisationResult].members[number]
        for lane in member.lanes if member else ():
            place = {"phase": "end", "step": findings.run.end_step, "role": "self", "variable": lane.arm}
            yield Row(number, "reinitialised steps", lane.steps, **place)
            yield Row(number, "self in own set", lane.self_in_own, **place)
