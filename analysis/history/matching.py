"""Matching of components: which component of one checkpoint is which of another, by what they do and not by
where they stand?

A component is described by its fingerprint and its effects for both roles. Heads are compared with heads of
their layer, blocks of neurons with blocks of theirs. Each figure counts in units of its spread over the
components of that layer and kind.

A match is the nearest component: it shows that no other of its kind is nearer, and its distance shows how
near. It does not show that the two compute the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from analysis.history.trajectories import RoleChange, Trajectories

SETTLED = 2
"""number of checkpoints averaged on each side of a change"""
LEAST_SPREAD = 0.05
"""least unit of a figure: differences below it between components do not count"""


@dataclass(frozen=True)
class Successor:
    """The component at a later checkpoint that a component is most like."""

    component: str
    becomes: str
    distance: float
    """between the two, in units of the figures' spread"""
    distance_to_itself: float
    """between the component and the one in its place at the later checkpoint"""


def same_kind(names: Sequence[str], component: int) -> list[int]:
    """The components of its layer and kind: ``L1H0`` to ``L1H3``."""
    kind = names[component].rstrip("0123456789")
    return [n for n, name in enumerate(names) if name.rstrip("0123456789") == kind]


def descriptions(
    history: Trajectories, member: int, checkpoints: slice
) -> Float[np.ndarray, "component figure"]:
    """Fingerprint and effects of each component of an organism, as a mean over checkpoints."""
    effects = np.moveaxis(history.share[checkpoints, member].mean(0), 0, -1)
    return np.concatenate([history.fingerprints[checkpoints, member].mean(0), effects], axis=1)


def distances(
    earlier: Float[np.ndarray, "component figure"],
    later: Float[np.ndarray, "component figure"],
    group: Sequence[int],
) -> Float[np.ndarray, "earlier later"]:
    """Distance of each component of a group at one checkpoint from each at another: root mean square over
    figures, in units of their spread."""
    rows, columns = earlier[list(group)], later[list(group)]
    spread = np.concatenate([rows, columns]).std(0).clip(LEAST_SPREAD)
    return np.sqrt((((rows[:, None] - columns[None]) / spread) ** 2).mean(-1))


def predecessor(
    history: Trajectories,
    names: Sequence[str],
    member: int,
    change: RoleChange,
    changes: Sequence[RoleChange],
    together: int,
) -> int | None:
    """The component whose part in a role another took over; None where there is none.

    It is of the same layer and kind and left that role at that time, at most ``together`` checkpoints away.
    Of all its kind afterwards, the component that took over is most like it.
    """
    group = same_kind(names, change.component)
    departures = [
        departure
        for departure in changes
        if departure.is_event
        and not departure.comes
        and departure.role == change.role
        and departure.component in group
        and departure.component != change.component
        and abs(departure.checkpoint - change.checkpoint) <= together
    ]
    if not departures:
        return None
    first = min([change.last_old, *(departure.last_old for departure in departures)])
    last = max([change.first_new, *(departure.first_new for departure in departures)])
    earlier = descriptions(history, member, slice(max(0, first + 1 - SETTLED), first + 1))
    distance = distances(earlier, descriptions(history, member, slice(last, last + SETTLED)), group)
    column = group.index(change.component)
    fitting = [
        departure.component
        for departure in departures
        if distance[group.index(departure.component)].argmin() == column
    ]
    return min(fitting, key=lambda component: distance[group.index(component), column], default=None)


def successors(
    history: Trajectories, names: Sequence[str], member: int, start: int, end: int
) -> list[Successor]:
    """The component of checkpoint ``end`` that each of checkpoint ``start`` is, one to one within layers and
    kinds."""
    earlier, later = (descriptions(history, member, slice(n, n + 1)) for n in (start, end))
    matches: list[Successor] = []
    groups = {tuple(same_kind(names, n)) for n in range(len(names))}
    for group in sorted(groups):
        distance = distances(earlier, later, group)
        for row, column in zip(*linear_sum_assignment(distance), strict=True):
            matches.append(
                Successor(
                    component=str(names[group[row]]),
                    becomes=str(names[group[column]]),
                    distance=float(distance[row, column]),
                    distance_to_itself=float(distance[row, row]),
                )
            )
    return matches
