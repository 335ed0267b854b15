"""Events of components: when did a component come to serve a role, when did it leave one, and what is that
called?

A component *serves* a role while it carries `COMES` or more of that role's gate, and goes on until it
carries less than `LEAVES`; either has to hold at `LASTING` checkpoints in a row. Where the gate is too small
to act by, no component serves. A component that merely drifts across a threshold has no event: its shares in
the stretches on both sides have to differ by `LEAST`. A change is dated to the checkpoint at which the
component is half way from the one to the other. Its interval runs from the last checkpoint at which it was
surely on the old side to the first at which it is surely on the new one (two standard errors over pairs), so
that it always spans the two checkpoints between which the change is seen. A checkpoint shows what had
happened by then: nothing is dated within a gap between two of them.

| event | a component .. |
|---|---|
| *born* | comes to serve a role and never served any |
| *took over* | the same, where one of its layer and kind left that role at that time and what is like that one before is this one after |
| *shared* | comes to serve a second role beside the first |
| *repurposed* | served one role first and now serves another alone |
| *lost* | leaves a role and serves no other that it came to later |

What an event does *not* show: why. Components that never carry `COMES` have no history here, however sudden
a change of theirs may be. Thresholds are in one table with what they were chosen on; `scripts/study.py
ancestry` scores them on lineages whose dates are known.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float

from analysis.history.matching import predecessor
from analysis.history.trajectories import WORKING_NATS, RoleChange, Trajectories
from curricula.world.contrasts import Role
from curricula.world.world import ROLES

COMES = 0.05
"""share of a role's gate from which on a component comes to serve it. Membership asks for less
(`analysis.thresholds.SERVES`): a change has to stand out of drift, a member has not"""
LEAVES = 0.025
LEAST = COMES - LEAVES
"""smallest difference between the medians of the stretches on both sides of an event"""
LASTING = 2
"""checkpoints for which a component has to serve, or to have left"""
TOGETHER = 3
"""checkpoints: changes of one component that are no further apart are one event, and so are the leaving of
one component and the taking over of another"""
SURE = 1.96
"""standard errors"""
EVENT_THRESHOLDS = MappingProxyType(
    {
        "serves.share_of_gate": COMES,
        "leaves.share_of_gate": LEAVES,
        "lasting.checkpoints": LASTING,
        "least_difference.share_of_gate": LEAST,
        "one_event.checkpoints": TOGETHER,
        "chosen_on": "planted_repurposed of run seed 7020 and shared of 12, by looking; cpu scale, 2026-11-21",
        "least_difference.chosen_on": "settled of run seed 12 and planted_exchanged of 3010, where drift made "
        "0.06 and 0.02 events a component",
    }
)
EventName = Literal["born", "took over", "shared", "repurposed", "lost"]
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)


@dataclass(frozen=True)
class ComponentEvent:
    """One dated event of a component."""

    event: EventName
    component: str
    role: Role
    """served since, or left where *lost*"""
    from_role: Role | None
    """served before, where *shared* or *repurposed*"""
    predecessor: str | None
    """component whose part it took over"""
    step: int
    interval: tuple[int, int]
    """steps between which it happened"""
    checkpoint: int
    """index of the checkpoint at `step`"""


def serving(
    share: Float[np.ndarray, " checkpoint"], working: Bool[np.ndarray, " checkpoint"]
) -> Bool[np.ndarray, " checkpoint"]:
    """Whether a component serves a role, checkpoint by checkpoint; see the top of this file.

    share: what it carries of the role's gate. working: whether that gate is large enough to act by.
    """
    carried = np.where(working, share, 0.0)
    serves, serves_at = False, np.zeros(len(share), bool)
    for n in range(len(share)):
        ahead = carried[n : n + LASTING]
        changes = (ahead < LEAVES).all() if serves else (ahead >= COMES).all()
        serves = serves != bool(changes and len(ahead) == LASTING)
        serves_at[n] = serves
    return serves_at


def serving_components(
    history: Trajectories, member: int
) -> tuple[int, Bool[np.ndarray, "checkpoint role component"]]:
    """The first checkpoint of an organism whose attempt was kept, and from there on which components serve
    which role."""
    present = np.isfinite(history.nats[:, member, 0])
    start = int(np.argmax(present)) if present.any() else len(present)
    working = history.nats[start:, member] >= WORKING_NATS
    share = history.share[start:, member]
    serves = np.zeros(share.shape, bool)
    for role, component in np.ndindex(*share.shape[1:]):
        serves[:, role, component] = serving(share[:, role, component], working[:, role])
    return start, serves


def role_changes(history: Trajectories, member: int) -> list[RoleChange]:
    """Every coming and leaving of any component of an organism, by date."""
    start, serves = serving_components(history, member)
    changes = []
    for role, component in np.ndindex(*serves.shape[1:]):
        serves_role = serves[:, role, component]
        share, error = (part[start:, member, role, component] for part in (history.share, history.error))
        turns = [n for n in range(1, len(serves_role)) if serves_role[n] != serves_role[n - 1]]
        borders = [0, *turns, len(serves_role)]
        for turn, first, end in zip(turns, borders, borders[2:], strict=False):
            date, last_old, first_new = _dated(share, error, (first, turn, end))
            changes.append(
                RoleChange(
                    start + date,
                    start + last_old,
                    start + first_new,
                    component,
                    role,
                    comes=bool(serves_role[turn]),
                    is_event=bool(abs(np.median(share[first:turn]) - np.median(share[turn:end])) >= LEAST),
                )
            )
    return sorted(changes)


def _dated(
    share: Float[np.ndarray, " checkpoint"],
    error: Float[np.ndarray, " checkpoint"],
    borders: tuple[int, int, int],
) -> tuple[int, int, int]:
    """When a change was half done; the last checkpoint that is surely older, and the first that is surely
    newer.

    borders: where the stretch of old shares begins, where the change is seen, and where the new ones end.
    """
    first, turn, end = borders
    old, new = np.median(share[first:turn]), np.median(share[turn:end])
    half, sign = (old + new) / 2, 1.0 if new > old else -1.0
    is_past = sign * (share - half) >= 0
    crossings = [n for n in range(first + 1, end) if is_past[n] and not is_past[n - 1]] or [turn]
    date = min(crossings, key=lambda n: (abs(n - turn), n))
    sure = sign * (share - half) / np.maximum(error, 1e-12)
    last_old = next((n for n in range(date - 1, first - 1, -1) if sure[n] < -SURE), first)
    first_new = next((n for n in range(date, end) if sure[n] > SURE), end - 1)
    return date, min(last_old, date - 1), max(first_new, date)


def component_events(history: Trajectories, names: Sequence[str], member: int) -> list[ComponentEvent]:
    """The history of an organism's components as dated events, by date. names: of the components."""
    changes, (_, serves) = role_changes(history, member), serving_components(history, member)
    lineage = _Lineage(history, names, member, changes)
    events = []
    for component in range(len(names)):
        roles_at_first = [role for role in range(len(ROLES)) if len(serves) and serves[0, role, component]]
        events += _events_of(lineage, component, roles_at_first)
    return sorted(events, key=lambda event: (event.checkpoint, event.component))


class _Lineage(NamedTuple):
    """One organism's history, with all its changes."""

    history: Trajectories
    names: Sequence[str]
    member: int
    changes: Sequence[RoleChange]

    def event(
        self, name: EventName, change: RoleChange, from_role: int | None = None, to_role: int | None = None
    ) -> ComponentEvent:
        """A change as an event. to_role: by default the one that changed."""
        steps = self.history.steps
        heir_of = (
            predecessor(self.history, self.names, self.member, change, self.changes, TOGETHER)
            if change.comes
            else None
        )
        return ComponentEvent(
            name,
            self.names[change.component],
            ROLES[change.role if to_role is None else to_role],
            None if from_role is None else ROLES[from_role],
            None if heir_of is None else self.names[heir_of],
            steps[change.checkpoint],
            (steps[change.last_old], steps[change.first_new]),
            change.checkpoint,
        )


def _events_of(lineage: _Lineage, component: int, roles_at_first: Sequence[int]) -> list[ComponentEvent]:
    """The events of one component, from its changes. roles_at_first: those that it serves as the history
    begins."""
    events: list[ComponentEvent] = []
    serves = list(roles_at_first)  # roles, in the order in which it came to them
    ever_served = set(roles_at_first)
    for change in lineage.changes:
        if change.component != component:
            continue
        role, other_role = change.role, 1 - change.role
        if not change.is_event:
            serves = [*serves, role] if change.comes else [served for served in serves if served != role]
            ever_served.add(role)
            continue
        if change.comes:
            if serves:
                event = lineage.event("shared", change, from_role=serves[0])
            elif other_role in ever_served:
                event = lineage.event("repurposed", change, from_role=other_role)
                events, event = _merged(events, "lost", ROLES[other_role], event)
            else:
                event = lineage.event("born", change)
                event = event if event.predecessor is None else replace(event, event="took over")
            serves.append(role)
            ever_served.add(role)
        elif other_role in serves and serves.index(other_role) > serves.index(role):
            serves.remove(role)
            event = lineage.event("repurposed", change, from_role=role, to_role=other_role)
            events, event = _merged(events, "shared", ROLES[other_role], event)
        else:
            serves.remove(role)
            event = lineage.event("lost", change)
        events.append(event)
    return events


def _merged(
    events: list[ComponentEvent], first: EventName, role: Role, event: ComponentEvent
) -> tuple[list[ComponentEvent], ComponentEvent]:
    """The events without the last one, where that is what a repurposing begins with: a loss, or a short while
    of serving both roles. The repurposing's interval then begins with that of the event left out, and it took
    over what that one took over.

    first: name of the event that may be left out; role: of that event.
    """
    if not events or (events[-1].event, events[-1].role) != (first, role):
        return events, event
    last = events[-1]
    if event.checkpoint - last.checkpoint > TOGETHER:
        return events, event
    interval = min(event.interval[0], last.interval[0]), event.interval[1]
    taken_from = last.predecessor if first == "shared" else event.predecessor
    return events[:-1], replace(event, interval=interval, predecessor=taken_from)


def events_in_words(names: Iterable[str]) -> str:
    """Events in one line, counted by name: ``12 born, 3 shared``. names: one for each event."""
    counts = Counter(names)
    return ", ".join(f"{counts[name]} {name}" for name in EVENT_NAMES if counts[name]) or "nothing happened"
