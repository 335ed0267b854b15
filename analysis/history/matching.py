"""Which component is it? Components of two checkpoints, matched by what they do and not by where they stand.

What a component is, for this, is its fingerprint and its effects for both roles. Heads are compared with
heads of their layer, blocks of neurons with blocks of theirs. Each figure counts in units of its spread over
the components of that layer and kind. A match is the nearest there is: it says that nothing else there is
more alike, and its distance says how alike.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from analysis.history.events import RoleChange
    from analysis.history.trajectories import Trajectories

SETTLED = 2
"""checkpoints on either side of a change that what a component was like is a mean of"""
LEAST_SPREAD = 0.05
"""figures that differ by less between components tell none from another"""


def group_of(names: Sequence[str], component: int) -> list[int]:
    """The components of its layer and kind: ``L1H0`` to ``L1H3``."""
    kind = names[component].rstrip("0123456789")
    return [n for n, name in enumerate(names) if name.rstrip("0123456789") == kind]


def like(found: "Trajectories", member: int, checkpoints: slice) -> Float[np.ndarray, "component figure"]:
    """What each component of an organism is like, as a mean over checkpoints."""
    effects = np.moveaxis(found.share[checkpoints, member].mean(0), 0, -1)
    return np.concatenate([found.prints[checkpoints, member].mean(0), effects], axis=1)


def distances(
    before: Float[np.ndarray, "component figure"],
    after: Float[np.ndarray, "component figure"],
    group: Sequence[int],
) -> Float[np.ndarray, "before after"]:
    """How far the components of a group are from one another across two checkpoints: root mean square over
    figures, in units of their spread."""
    one, other = before[list(group)], after[list(group)]
    spread = np.concatenate([one, other]).std(0).clip(LEAST_SPREAD)
    return np.sqrt((((one[:, None] - other[None]) / spread) ** 2).mean(-1))


def predecessor(
    found: "Trajectories",
    names: Sequence[str],
    member: int,
    change: "RoleChange",
    of_all: Sequence["RoleChange"],
    together: int,
) -> int | None:
    """Whose part in a role a component took over: one of its layer and kind which left that role at that
    time, and to which, as it was before, nothing there is more alike afterwards than this one. None where
    there is no such component."""
    group = group_of(names, change.component)
    left = [
        other
        for other in of_all
        if other.is_event
        and not other.comes
        and other.role == change.role
        and other.component in group
        and other.component != change.component
        and abs(other.checkpoint - change.checkpoint) <= together
    ]
    if not left:
        return None
    first = min([change.last_old, *(other.last_old for other in left)])
    last = max([change.first_new, *(other.first_new for other in left)])
    before = like(found, member, slice(max(0, first + 1 - SETTLED), first + 1))
    apart = distances(before, like(found, member, slice(last, last + SETTLED)), group)
    here = group.index(change.component)
    fits = [other.component for other in left if apart[group.index(other.component)].argmin() == here]
    return min(fits, key=lambda component: apart[group.index(component), here], default=None)


def successors(
    found: "Trajectories", names: Sequence[str], member: int, before: int, after: int
) -> list[dict[str, Any]]:
    """Which component of one checkpoint each of another is, one to one within layers and kinds, with
    distances: to its match and to itself."""
    one, other = (like(found, member, slice(at, at + 1)) for at in (before, after))
    told, groups = [], {tuple(group_of(names, n)) for n in range(len(names))}
    for group in sorted(groups):
        apart = distances(one, other, group)
        for row, column in zip(*linear_sum_assignment(apart), strict=True):
            told.append(
                {
                    "component": names[group[row]],
                    "becomes": names[group[column]],
                    "distance": float(apart[row, column]),
                    "distance_to_itself": float(apart[row, row]),
                }
            )
    return told
