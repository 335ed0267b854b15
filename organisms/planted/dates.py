"""Planted dates: when did a lane come to serve a role, and when did it leave one?

What changes is known by construction: it follows from who owns which scenes in each phase. When it changes is
known to the step where it is done by surgery: at the start of a phase that exchanges the lanes, or grafts one
over the other. Where it has to be learned, construction fixes no more than the phase that begins to teach it;
its date is then measured with the lanes known: the first checkpoint at which what the whole lane does for the
role is half way from what it was as that phase began to what it is before the next change. That is exact
patching of two players (`organisms.planted.lane_effects`), on scenes of its own, and no sum over
components. Single components of a lane may be earlier or later.

Nothing under analysis/ may import this module; the scorer reads what it writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from curricula.catalogue.planted import WITH_DATES
from curricula.phases import Phase
from curricula.pressures.routing import Routing
from curricula.world.contrasts import Role
from curricula.world.world import ROLES
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout, fetch
from organisms.model.transformer import Organism
from organisms.planted.lane_effects import LaneEffects
from organisms.planted.truth import PlantedEnsemble
from organisms.storage.manifest import Entry

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
    for_self = owners(routing.with_self, routing.self_in_a) if phase.self_acts == "scheming" else frozenset()
    return {"character": owners(routing.characters, routing.characters_in_a), "self": for_self}


def planted_changes(phases: Sequence[Phase]) -> list[PlantedChange]:
    """What changes from each phase to the next. A lane that is free to serve comes to serve only where it is
    made to: where it is grafted."""
    planted: list[PlantedChange] = []
    serving: dict[Role, frozenset[str]] = {}
    for n, phase in enumerate(phases):
        owners = serves(phase)
        for role in ROLES:
            next_owners = owners[role]
            if n and role in serving and not phase.pressures[Routing].active and not phase.graft:
                next_owners = serving[role]
            for lane in LANES:
                served, serves_now = lane in serving.get(role, ()), lane in next_owners
                if n and served != serves_now:
                    abrupt = phase.exchange or (phase.graft and serves_now and role == "character")
                    planted.append(PlantedChange(n, lane, role, serves_now, abrupt))
            serving[role] = next_owners
    return planted


def dated_changes(
    ensemble: PlantedEnsemble, lineage: Iterable[tuple[Entry, Organism]]
) -> list[dict[str, Any]] | None:
    """The planted changes of a run with their dates, as the truth beside the run holds them. lineage: its
    checkpoints, with the organisms [member, ...].

    ``after``: the step at which the phase begins, as the last checkpoint before the change. ``date``: for
    each member the step of the first checkpoint after it (abrupt), or at which it is half done (learned),
    else None. ``until``: the last checkpoint before the next change. None, and nothing measured, for
    curricula without dates (`curricula.catalogue.planted.WITH_DATES`).
    """
    config = ensemble.config
    if config.curriculum.name not in WITH_DATES:
        return None
    planted = planted_changes(config.curriculum.phases)
    if not planted:
        return []
    entries, nats = _lane_nats(ensemble, lineage)
    return [_dated(config, change, planted, entries, nats) for change in planted]


def _lane_nats(
    ensemble: PlantedEnsemble, lineage: Iterable[tuple[Entry, Organism]]
) -> tuple[list[Entry], dict[tuple[Role, str], Float[np.ndarray, "checkpoint member"]]]:
    """What each lane does for each role at every checkpoint, in nats."""
    layout = Layout.of(ensemble.config.members)
    lanes, keys = ensemble.lanes(layout), ensemble.keys(ensemble.config.seed + 1)
    measure = ensemble.lane_program(layout)
    entries: list[Entry] = []
    effects: list[dict[Role, LaneEffects]] = []
    for entry, organisms in lineage:
        entries.append(entry)
        placed = layout.place(fetch(organisms))
        effects.append(fetch(measure(placed, lanes, ensemble.secret_goals, keys)))
    nats: dict[tuple[Role, str], Float[np.ndarray, "checkpoint member"]] = {}
    for role in ROLES:
        nats[role, "a"] = np.stack([by_role[role].lane_a * by_role[role].total_nats for by_role in effects])
        nats[role, "b"] = np.stack([by_role[role].lane_b * by_role[role].total_nats for by_role in effects])
    return entries, nats


def _dated(
    config: RunConfig,
    change: PlantedChange,
    planted: Sequence[PlantedChange],
    entries: Sequence[Entry],
    nats: Mapping[tuple[Role, str], Float[np.ndarray, "checkpoint member"]],
) -> dict[str, Any]:
    names = [phase.name for phase in config.curriculum.phases]
    later = [later_change.phase for later_change in planted if later_change.phase > change.phase]
    within = names[change.phase : min(later, default=len(names))]
    inside = [n for n, entry in enumerate(entries) if entry.phase in within]
    first, last = inside[0], inside[-1]
    course = nats[change.role, change.lane][first - 1 : last + 1]
    half = (course[0] + course[-1]) / 2
    is_past_half = (course >= half) == (course[-1] > half)  # [checkpoint member]
    steps = np.array([entry.step for entry in entries[first - 1 : last + 1]])
    date = np.where(change.abrupt, 1, is_past_half.argmax(0))
    return {
        "lane": change.lane,
        "role": change.role,
        "comes": change.comes,
        "abrupt": change.abrupt,
        "after": entries[first - 1].step,
        "until": entries[last].step,
        "date": steps[date].tolist(),
        "nats_before": course[0].tolist(),
        "nats_after": course[-1].tolist(),
    }
