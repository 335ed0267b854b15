"""When did a component come to serve a role, when did it leave one, and what is that called?

A component *serves* a role while it carries `SERVES` or more of that role's gate, and goes on until it
carries less than `LEAVES`; it has to be so at `LASTING` checkpoints in a row. Where the gate is too small to
act by, nobody serves. Nothing is told where a component merely drifts across a threshold: what it does in the
stretches before and after has to differ by `LEAST`. A change is dated to the checkpoint at which the
component is half way from the one to the other; its interval runs from the last checkpoint at which it was
surely on the old side to the first at which it is surely on the new one (two standard errors over pairs), so
that it always spans the two checkpoints between which the change is seen. A checkpoint tells what had
happened by then: nothing is dated within a gap between two of them.

| event | a component .. |
|---|---|
| *born* | comes to serve a role and never served any |
| *took over* | the same, where one of its layer and kind left that role at that time and what is like that one before is this one after |
| *shared* | comes to serve a second role beside the first |
| *repurposed* | served one role first and now serves another alone |
| *lost* | leaves a role and serves no other that it came to later |

What an event does *not* show: why. Components that never carry `SERVES` have no history here, however sudden
a change of theirs may be. Thresholds are in one table with what they were chosen on; `scripts/study.py
ancestry` scores them on lineages whose dates are known.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from analysis.history.matching import predecessor
from analysis.history.trajectories import ROLES, WORKING_NATS, Trajectories

SERVES, LEAVES = 0.05, 0.025
LEAST = SERVES - LEAVES
"""medians of the two stretches"""
LASTING = 2
"""checkpoints"""
TOGETHER = 3
"""checkpoints: changes of one component that are no further apart are one event, and so are one's leaving and
another's taking over"""
SURE = 1.96
TABLE = MappingProxyType(
    {
        "serves a role from, share of its gate": SERVES,
        "until it carries less than": LEAVES,
        "at checkpoints in a row": LASTING,
        "an event, if the stretches before and after differ by": LEAST,
        "one event, if no more checkpoints apart than": TOGETHER,
        "chosen on": "planted_repurposed of run seed 7020 and shared of 12, by looking; cpu scale, 2026-11-21",
        "the least difference, chosen on": "settled of run seed 12 and planted_exchanged of 3010, where drift made 0.06 and 0.02 events a component",
    }
)
KINDS = ("born", "took over", "shared", "repurposed", "lost")


class Change(NamedTuple):
    """A component comes to serve a role, or leaves it. Numbers are of checkpoints."""

    at: int
    since: int
    """the last checkpoint at which it surely had not"""
    until: int
    """the first at which it surely had"""
    component: int
    role: int
    comes: bool
    plain: bool
    """is it more than a drift across a threshold?"""


def serving(
    share: Float[np.ndarray, " checkpoint"], working: Bool[np.ndarray, " checkpoint"]
) -> Bool[np.ndarray, " checkpoint"]:
    """Does a component serve a role, checkpoint by checkpoint? See the top of this file."""
    carried = np.where(working, share, 0.0)
    found, now = np.zeros(len(share), bool), False
    for n in range(len(share)):
        ahead = carried[n : n + LASTING]
        other = (ahead < LEAVES).all() if now else (ahead >= SERVES).all()
        now = now != bool(other and len(ahead) == LASTING)
        found[n] = now
    return found


def states(found: Trajectories, member: int) -> tuple[int, Bool[np.ndarray, "checkpoint role component"]]:
    """The first checkpoint of an organism that was not given up, and from there on which components serve
    which role."""
    there = np.isfinite(found.nats[:, member, 0])
    start = int(np.argmax(there)) if there.any() else len(there)
    working = found.nats[start:, member] >= WORKING_NATS
    share = found.share[start:, member]
    serve = np.zeros(share.shape, bool)
    for role, component in np.ndindex(*share.shape[1:]):
        serve[:, role, component] = serving(share[:, role, component], working[:, role])
    return start, serve


def changes(found: Trajectories, member: int) -> list[Change]:
    """Everything that any component of an organism came to serve or left, by date."""
    start, serve = states(found, member)
    seen = []
    for role, component in np.ndindex(*serve.shape[1:]):
        own = serve[:, role, component]
        share, error = (of[start:, member, role, component] for of in (found.share, found.error))
        turns = [n for n in range(1, len(own)) if own[n] != own[n - 1]]
        borders = [0, *turns, len(own)]
        for turn, first, last in zip(turns, borders, borders[2:], strict=False):
            at, since, until = _dated(share, error, turn, first, last)
            plain = abs(np.median(share[first:turn]) - np.median(share[turn:last])) >= LEAST
            what = component, role, bool(own[turn]), bool(plain)
            seen.append(Change(start + at, start + since, start + until, *what))
    return sorted(seen)


def _dated(
    share: Float[np.ndarray, " checkpoint"],
    error: Float[np.ndarray, " checkpoint"],
    turn: int,
    first: int,
    last: int,
) -> tuple[int, int, int]:
    """When a change that is seen at ``turn``, between stretches from ``first`` and to ``last``, was half
    done; the last checkpoint before it, and the first after."""
    before, after = np.median(share[first:turn]), np.median(share[turn:last])
    half, sign = (before + after) / 2, 1.0 if after > before else -1.0
    done = sign * (share - half) >= 0
    cross_role_pairs = [n for n in range(first + 1, last) if done[n] and not done[n - 1]] or [turn]
    at = min(cross_role_pairs, key=lambda n: (abs(n - turn), n))
    sure = sign * (share - half) / np.maximum(error, 1e-12)
    since = next((n for n in range(at - 1, first - 1, -1) if sure[n] < -SURE), first)
    until = next((n for n in range(at, last) if sure[n] > SURE), last - 1)
    return at, min(since, at - 1), max(until, at)


def events(found: Trajectories, names: Sequence[str], member: int) -> list[dict[str, Any]]:
    """The history of an organism's components as dated events, by date.

    Each is ``{"event", "component", "role", "from_role", "of", "step", "interval", "checkpoint"}``.
    from_role: served before, where *shared* or *repurposed*. of: the component whose part it took over, where
    there is one. interval: steps.
    """
    seen, (_, serve) = changes(found, member), states(found, member)
    told = []
    for component in range(len(names)):
        at_first = [role for role in range(len(ROLES)) if len(serve) and serve[0, role, component]]
        told += _history(
            found, names, member, [one for one in seen if one.component == component], seen, at_first
        )
    return sorted(told, key=lambda event: (event["checkpoint"], event["component"]))


def _history(
    found: Trajectories,
    names: Sequence[str],
    member: int,
    own: Sequence[Change],
    of_all: Sequence[Change],
    at_first: Sequence[int],
) -> list[dict[str, Any]]:
    """The events of one component from its changes. at_first: the roles that it serves as the history
    begins."""
    told: list[dict[str, Any]] = []
    serves = list(at_first)  # roles, in the order in which it came to them
    served = set(at_first)
    for change in own:
        role, other = change.role, 1 - change.role
        if not change.plain:
            serves = [*serves, role] if change.comes else [one for one in serves if one != role]
            served.add(role)
            continue
        event: dict[str, Any] = {
            "component": names[change.component],
            "role": ROLES[role],
            "from_role": None,
            "of": None,
            "step": found.steps[change.at],
            "interval": [found.steps[change.since], found.steps[change.until]],
            "checkpoint": change.at,
        }
        if change.comes:
            heir = predecessor(found, names, member, change, of_all, TOGETHER)
            event["of"] = None if heir is None else names[heir]
            if serves:
                event |= {"event": "shared", "from_role": ROLES[serves[0]]}
            elif other in served:
                event |= {"event": "repurposed", "from_role": ROLES[other]}
                told = _without_loss(told, ROLES[other], change.at, event)
            else:
                event["event"] = "born" if heir is None else "took over"
            serves.append(role)
            served.add(role)
        else:
            may_be_omitted = other in serves and serves.index(other) > serves.index(role)
            serves.remove(role)
            event["event"] = "lost"
            if may_be_omitted:
                event |= {"event": "repurposed", "role": ROLES[other], "from_role": ROLES[role]}
                told = _without_sharing(told, ROLES[other], change.at, event)
        told.append(event)
    return told


def _without_loss(
    told: list[dict[str, Any]], role: str, at: int, event: dict[str, Any]
) -> list[dict[str, Any]]:
    """What was told, without the loss that a repurposing begins with: the event's interval then begins with
    that one's."""
    if (
        told
        and told[-1]["event"] == "lost"
        and told[-1]["role"] == role
        and at - told[-1]["checkpoint"] <= TOGETHER
    ):
        event["interval"][0] = min(event["interval"][0], told[-1]["interval"][0])
        return told[:-1]
    return told


def _without_sharing(
    told: list[dict[str, Any]], role: str, at: int, event: dict[str, Any]
) -> list[dict[str, Any]]:
    """The same for a short while of serving both."""
    if (
        told
        and told[-1]["event"] == "shared"
        and told[-1]["role"] == role
        and at - told[-1]["checkpoint"] <= TOGETHER
    ):
        event["interval"][0] = min(event["interval"][0], told[-1]["interval"][0])
        event["of"] = told[-1]["of"]
        return told[:-1]
    return told


def happened(organism: Mapping[str, Any]) -> str:
    """The events of an organism's history in one line, kinds counted: ``12 born, 3 shared``."""
    counts = Counter(event["event"] for event in organism["events"])
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]) or "nothing happened"
