"""When did a lane come to serve a role, and when did it leave one? The planted history of a lineage, with its
dates.

What changes is known by construction: it follows from who owns which scenes in each phase. When it changes is
known to the step where it is done by surgery: at the start of a phase that exchanges the lanes, or grafts one
over the other. Where it has to be learned, construction tells no more than the phase that begins to teach it;
its date is then measured with the lanes known: the first checkpoint at which what the whole lane does for the
role is half way from what it was as that phase began to what it is before the next change. That is exact
patching of two players (`organisms.planted.truth.lane_effects`), on scenes of its own, and no sum over
components. Single components of a lane may be earlier or later.

Nothing under analysis/ may import this module; the scorer reads what it writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from curricula.catalogue.planted import WITH_DATES
from curricula.phases import Phase
from curricula.pressures.routing import Routing
from curricula.world.contrasts import Role
from organisms.model.transformer import Organism
from organisms.planted.lanes import lane_a
from organisms.planted.truth import lane_effects
from organisms.storage.manifest import Entry
from organisms.training.config import RunConfig
from organisms.training.devices import Layout, fetch

ROLES: tuple[Role, ...] = ("character", "self")
LANES = ("a", "b")


class PlantedChange(NamedTuple):
    """A lane comes to serve a role, or leaves it, in a phase."""

    phase: int
    lane: str
    role: Role
    comes: bool
    abrupt: bool


def serves(phase: Phase) -> dict[Role, frozenset[str]]:
    """Which lanes a phase lets serve each role."""

    def owners(owned: float, in_a: float) -> frozenset[str]:
        both = frozenset(LANES)
        return (
            both
            if not owned
            else frozenset(lane for lane, share in zip(LANES, (in_a, 1 - in_a), strict=True) if share)
        )

    routing = phase.pressures[Routing]
    of_self = owners(routing.with_self, routing.self_in_a) if phase.self_acts == "scheming" else frozenset()
    return {"character": owners(routing.characters, routing.characters_in_a), "self": of_self}


def planted_changes(phases: Sequence[Phase]) -> list[PlantedChange]:
    """What changes from each phase to the next. A lane that is free to serve comes to serve only where it is
    made to: where it is grafted."""
    found: list[PlantedChange] = []
    now: dict[Role, frozenset[str]] = {}
    for n, phase in enumerate(phases):
        owners = serves(phase)
        for role in ROLES:
            wanted = owners[role]
            if n and role in now and not phase.pressures[Routing].active and not phase.graft:
                wanted = now[role]
            for lane in LANES:
                before, after = lane in now.get(role, ()), lane in wanted
                if n and before != after:
                    abrupt = phase.exchange or (phase.graft and after and role == "character")
                    found.append(PlantedChange(n, lane, role, after, abrupt))
            now[role] = wanted
    return found


def dated_changes(
    config: RunConfig,
    lineage: Iterable[tuple[Entry, Organism]],
    attempts: np.ndarray,
    secret_goals: np.ndarray,
) -> list[dict[str, Any]] | None:
    """The planted changes of a run with their dates, as the truth beside the run holds them. lineage: its
    checkpoints, with the organisms [member, ...].

    ``after``: the step at which the phase begins, as the last checkpoint before the change. ``date``: for
    each member the step of the first checkpoint after it (abrupt), or at which it is half done (learned),
    else None. ``until``: the last checkpoint before the next change. None, and nothing measured, for
    curricula whose dates nobody asks for (`curricula.catalogue.planted.WITH_DATES`).
    """
    if config.curriculum.name not in WITH_DATES:
        return None
    planted = planted_changes(config.curriculum.phases)
    if not planted:
        return []
    entries, nats = _nats(config, lineage, attempts, secret_goals)
    return [_dated(config, change, planted, entries, nats) for change in planted]


def _nats(
    config: RunConfig,
    lineage: Iterable[tuple[Entry, Organism]],
    attempts: np.ndarray,
    secret_goals: np.ndarray,
) -> tuple[list[Entry], dict[tuple[str, str], Float[np.ndarray, "checkpoint member"]]]:
    """What each lane does for each role at every checkpoint, in nats."""
    layout = Layout.of(config.members)
    seeds, members = np.full(config.members, config.seed, np.int32), np.arange(config.members, dtype=np.int32)
    lanes = layout.over_members(partial(lane_a, config=config.organism))(seeds, members, np.asarray(attempts))
    keys = jax.vmap(lambda member: jax.random.fold_in(jax.random.key(config.seed + 1), member))(members)

    def measure(organism: Organism, lane: Any, secret_goal: Any, key: Any) -> list[Any]:
        of = partial(lane_effects, organism, lane, secret_goal, key, config.curriculum.world, config.organism)
        return [
            (found.lane_a * found.total_nats, found.lane_b * found.total_nats) for found in map(of, ROLES)
        ]

    measured, entries, rows = layout.over_members(measure), [], []
    for entry, organisms in lineage:
        entries.append(entry)
        rows.append(fetch(measured(layout.place(fetch(organisms)), lanes, secret_goals, keys)))
    stacked = {
        (role, lane): np.stack([row[r][n] for row in rows])
        for r, role in enumerate(ROLES)
        for n, lane in enumerate(LANES)
    }
    return entries, stacked


def _dated(
    config: RunConfig,
    change: PlantedChange,
    planted: Sequence[PlantedChange],
    entries: Sequence[Entry],
    nats: Mapping[tuple[str, str], Float[np.ndarray, "checkpoint member"]],
) -> dict[str, Any]:
    names = [phase.name for phase in config.curriculum.phases]
    later = [other.phase for other in planted if other.phase > change.phase]
    within = names[change.phase : min(later, default=len(names))]
    inside = [n for n, entry in enumerate(entries) if entry.phase in within]
    first, last = inside[0], inside[-1]
    course = nats[change.role, change.lane][first - 1 : last + 1]
    half = (course[0] + course[-1]) / 2
    done = (course >= half) == (course[-1] > half)  # [checkpoint member]
    steps = np.array([entry.step for entry in entries[first - 1 : last + 1]])
    at = np.where(change.abrupt, 1, done.argmax(0))
    return {
        "lane": change.lane,
        "role": change.role,
        "comes": change.comes,
        "abrupt": change.abrupt,
        "after": entries[first - 1].step,
        "until": entries[last].step,
        "date": steps[at].tolist(),
        "nats_before": course[0].tolist(),
        "nats_after": course[-1].tolist(),
    }
