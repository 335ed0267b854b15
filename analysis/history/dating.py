"""The scorer of events: how often is a history right about lineages whose dates are known?

With `analysis.provenance.scoring` the one module of the analysis that reads what was planted. A planted
change is of a whole lane: it comes to serve a role or leaves it. Scored is each of its components in which
that took: which carries `CARRIES` or more of the role's gate where the lane serves it, and less than `GONE`
where it does not, on pairs that the history never saw, at the ends of the phases on both sides. (Within a
lane that does nothing as a whole, components may still carry a little one way and the other; and a lane may
carry some of self's gate before self is taught.) Such a change is detected where an event of that component
reports that it came to that role, or left it: anywhere from the phase that teaches it to the next change
where it is learned, within `NEAR` checkpoints where it is made by surgery.

The date of surgery is exact. That of learning is when the lane as a whole was half way, measured with the
lanes known (`organisms.planted.dates`); a component that learned earlier than its lane counts as dated
wrongly by so much. What a score does *not* show: that events of organisms that were not routed are dated as
well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from analysis.history.events import LEAVES, ComponentEvent
from analysis.statistics import Interval, mean_interval
from curricula.world.contrasts import Role
from curricula.world.world import ROLES

CARRIES = 0.075
"""share of the gate, half as much again as a component needs to serve: less may well never have served by
that measure"""
GONE = LEAVES
NEAR = 5
"""checkpoints"""
ARRIVALS = ("born", "took over", "shared", "repurposed")
"""events of a component that comes to a role"""


@dataclass(frozen=True)
class LineageHistory:
    """Events of all components of a run, told without the lanes, and what components carry at the ends of
    phases."""

    run: str
    curriculum: str
    components: tuple[str, ...]
    steps: tuple[int, ...]
    """of the checkpoints"""
    phases: tuple[str, ...]
    """phase of each checkpoint"""
    events: tuple[tuple[ComponentEvent, ...], ...]
    """of each member"""
    phase_end_steps: tuple[int, ...]
    carried: Float[np.ndarray, "phase_end member role component"]
    """shares of the gate, on other pairs than those that events are read from; NaN where a member was
    reseeded later"""

    def organism(self, member: int) -> str:
        """Name of a member among those of all runs."""
        return f"{self.run}/{member}"

    def carried_at(self, step: int, role: Role, member: int) -> Float[np.ndarray, " component"]:
        """Shares of a role's gate that components carry at the end of a phase, given by its step."""
        return self.carried[self.phase_end_steps.index(step), member, ROLES.index(role)]


@dataclass(frozen=True)
class LaneChange:
    """A planted change: a lane comes to serve a role, or leaves it."""

    lane: str
    role: Role
    comes: bool
    abrupt: bool
    """by surgery, from one step to the next; else it has to be learned"""
    start: int
    """step of the last checkpoint before the change"""
    until: int
    """step of the last checkpoint before the next change"""
    date: tuple[int, ...]
    """of each member, step of the first checkpoint at which the change was half done"""


@dataclass(frozen=True)
class PlantedHistory:
    """What was planted in the organisms of a run, and when."""

    planting_took: tuple[bool, ...]
    """of each member"""
    lane_a: tuple[frozenset[str], ...]
    """components of the first lane of each member"""
    changes: tuple[LaneChange, ...]

    def in_lane(self, member: int, lane: str, component: str) -> bool:
        """Whether a component is in a lane of a member."""
        return (component in self.lane_a[member]) == (lane == "a")


def planted_history(truth: Mapping[str, Any]) -> PlantedHistory:
    """The planted history in what `organisms.planted` wrote beside a run."""
    return PlantedHistory(
        tuple(truth["took"]),
        tuple(map(frozenset, truth["lane_a"])),
        tuple(
            LaneChange(
                **{name: change[name] for name in ("lane", "role", "comes", "abrupt", "until")},
                start=change["after"],
                date=tuple(change["date"]),
            )
            for change in truth["changes"]
        ),
    )


@dataclass(frozen=True)
class ScoredChange:
    """A planted change of one component, and the event that reports it; None where there is none."""

    curriculum: str
    organism: str
    component: str
    role: Role
    comes: bool
    abrupt: bool
    share: float
    """of the role's gate that the component carries while its lane serves it"""
    date: int
    """known step of the change"""
    event: str | None
    step: int | None
    error: int | None
    """checkpoints between the event and the date"""
    in_interval: bool | None
    """whether the date lies in the event's interval"""


def scored_changes(history: LineageHistory, planted: PlantedHistory) -> list[ScoredChange]:
    """Planted changes of components that carry enough, in the organisms in which planting took."""
    return [
        _scored(history, member, change, component, share)
        for member, took in enumerate(planted.planting_took)
        for change in (planted.changes if took else ())
        for component, share in _components_of(history, planted, member, change)
    ]


def _components_of(
    history: LineageHistory, planted: PlantedHistory, member: int, change: LaneChange
) -> Iterator[tuple[str, float]]:
    """Components in which a change of their lane took, each with what it carries while the lane serves."""
    resting, serving = (change.start, change.until) if change.comes else (change.until, change.start)
    carried = history.carried_at(serving, change.role, member)
    rest = history.carried_at(resting, change.role, member)
    for n, component in enumerate(history.components):
        # An organism that was reseeded later carries NaN, which is neither.
        if planted.in_lane(member, change.lane, component) and carried[n] >= CARRIES and rest[n] < GONE:
            yield component, float(carried[n])


def _scored(
    history: LineageHistory, member: int, change: LaneChange, component: str, share: float
) -> ScoredChange:
    date = change.date[member]
    date_index = history.steps.index(date)
    first, last = history.steps.index(change.start) + 1, history.steps.index(change.until)
    if change.abrupt:
        first, last = date_index - NEAR, date_index + NEAR
    reports = [
        event
        for event in history.events[member]
        if event.component == component
        and first <= event.checkpoint <= last
        and reports_change(event, change.role, change.comes)
    ]
    event = min(reports, key=lambda event: event.checkpoint, default=None)
    return ScoredChange(
        history.curriculum,
        history.organism(member),
        component,
        change.role,
        change.comes,
        change.abrupt,
        share,
        date,
        event.event if event else None,
        event.step if event else None,
        abs(event.checkpoint - date_index) if event else None,
        event.interval[0] <= date <= event.interval[1] if event else None,
    )


def reports_change(event: ComponentEvent, role: Role, comes: bool) -> bool:
    """Whether an event means that its component came to a role, or that it left it."""
    if comes:
        return event.role == role and event.event in ARRIVALS
    left = event.role if event.event == "lost" else event.from_role
    return left == role and event.event in ("lost", "repurposed")


@dataclass(frozen=True)
class QuietStretch:
    """A phase of one organism in which nothing happens, and the events that are dated in it all the same."""

    curriculum: str
    organism: str
    checkpoints: int
    components: int
    events: Mapping[str, int]
    """how many of each name"""
    events_per_component: float


def quiet_stretches(
    history: LineageHistory, quiet_phase: str, planting_took: Sequence[bool]
) -> list[QuietStretch]:
    """The phase of a name in each organism in which planting took."""
    inside = {n for n, phase in enumerate(history.phases) if phase == quiet_phase}
    stretches = []
    for member, events in enumerate(history.events):
        if not planting_took[member]:
            continue
        counts = Counter(event.event for event in events if event.checkpoint in inside)
        per_component = counts.total() / len(history.components)
        stretches.append(
            QuietStretch(
                history.curriculum,
                history.organism(member),
                len(inside),
                len(history.components),
                dict(counts),
                per_component,
            )
        )
    return stretches


def detected_share(changes: Iterable[ScoredChange]) -> Interval:
    """Share of planted changes that an event reports: mean over organisms of the share in each."""
    detected: dict[str, list[bool]] = {}
    for change in changes:
        detected.setdefault(change.organism, []).append(change.error is not None)
    return mean_interval(float(np.mean(of_organism)) for of_organism in detected.values())


def median_error(changes: Iterable[ScoredChange]) -> float | None:
    """Median over the changes that events report of how many checkpoints they are dated wrongly."""
    errors = [change.error for change in changes if change.error is not None]
    return float(np.median(errors)) if errors else None
