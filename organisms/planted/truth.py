"""Planted truth: is a planted organism what it was planted to be? Its truth, and the check that planting took.

The check knows the lanes, which no analysis may. Routed lanes are patched whole (`organisms.planted.lane_effects`);
masked ones are zeroed (`organisms.planted.silence`), and what is planted by masks is true by what weights are zero.
An organism that fails the check is not scored. Nothing under analysis/ may import this module, and only the scorer
reads the truth that it writes; an import rule and a test hold that.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from curricula.pressures.routing import Routing
from curricula.world.contrasts import PairSource, Role
from curricula.world.scenes import trained_support
from curricula.world.world import ROLES
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout, fetch
from organisms.model.sites import component_names
from organisms.model.transformer import Organism
from organisms.planted.faults import HalvesOfLaneB, LaneMeasurements, planting_faults
from organisms.planted.lane_effects import LaneEffects, lane_effects
from organisms.planted.lanes import is_parted, lane_a, lane_a_goal_share, new_half
from organisms.planted.planting import Planting, Truth
from organisms.planted.silence import LaneSilence, lane_silence


class PlantedEnsemble(NamedTuple):
    """An ensemble in which something was planted."""

    config: RunConfig
    attempts: Int[np.ndarray, " member"]
    """how many times each member was reseeded"""
    secret_goals: Int[np.ndarray, " member"]

    def lanes(self, layout: Layout) -> Bool[Array, "member component"]:
        """The components of each member's lane A."""
        members = np.arange(self.config.members, dtype=np.int32)
        seeds = np.full(self.config.members, self.config.seed, np.int32)
        program = layout.over_members(partial(lane_a, config=self.config.organism))
        return program(seeds, members, np.asarray(self.attempts))

    def new_halves(self, layout: Layout) -> Bool[Array, "member component"] | None:
        """The components of the new half of each member's lane B, where that is parted."""
        if not is_parted(self.config.curriculum):
            return None
        ids = (
            np.full(self.config.members, self.config.seed, np.int32),
            np.arange(self.config.members, dtype=np.int32),
        )
        program = layout.over_members(partial(new_half, config=self.config.organism))
        return program(*ids, np.asarray(self.attempts), self.lanes(layout))

    def keys(self, seed: int) -> Key[Array, " member"]:
        """A key for each member's minimal pairs."""
        members = np.arange(self.config.members, dtype=np.int32)
        return jax.vmap(lambda member: jax.random.fold_in(jax.random.key(seed), member))(members)

    def lane_program(self, layout: Layout) -> Callable[..., dict[Role, LaneEffects]]:
        """The compiled lane effects of both roles [member], given organisms, lanes, secret goals and keys
        [member, ...]."""
        world, sizes = self.config.curriculum.world, self.config.organism

        def measure(
            organism: Organism, lane: Array, secret_goal: Array, key: Array
        ) -> dict[Role, LaneEffects]:
            source = PairSource(world, trained_support(world), secret_goal)
            return {role: lane_effects(organism, lane, key, source, sizes, role) for role in ROLES}

        return layout.over_members(measure)

    def silence_program(self, layout: Layout) -> Callable[..., dict[Role, LaneSilence]]:
        """The compiled measurement of both roles [member] with lanes zeroed, given what `lane_program` is given."""
        world, sizes = self.config.curriculum.world, self.config.organism

        def measure(
            organism: Organism, lane: Array, secret_goal: Array, key: Array
        ) -> dict[Role, LaneSilence]:
            source = PairSource(world, trained_support(world), secret_goal)
            return {role: lane_silence(organism, lane, key, source, sizes, role) for role in ROLES}

        return layout.over_members(measure)


def planting_record(
    ensemble: PlantedEnsemble,
    fork: Organism,
    end: Organism,
    behaviour: Mapping[str, Sequence[float]],
    fork_step: int,
) -> dict[str, Any]:
    """The ground truth of a planted run: what was planted in each organism, where, and whether it took.

    fork, end: the organisms [member, ...] before self was first taught, and at last. behaviour: the four rates
    [member] at the end. Shares of lanes are of the gate, *watched*.
    """
    config, planting = ensemble.config, Planting.of(ensemble.config)
    layout = Layout.of(config.members)
    lanes, new_halves = ensemble.lanes(layout), ensemble.new_halves(layout)
    # They lie where they were trained: a single one on devices that shared its scenes.
    at_fork, at_end = layout.place(fetch((fork, end)))
    placed: dict[str, Organism] = {"fork": at_fork, "end": at_end}
    measured = _measured(ensemble, planting, placed, layout)
    faults = [planting_faults(planting, member, measured, behaviour) for member in range(config.members)]
    new: dict[str, Any] | None = None
    if new_halves is not None:
        names = component_names(fetch(new_halves), config.organism)
        alone = {half: _plain(getattr(measured.halves, half)) for half in ("spare", "new")}
        new = {"components": names, "shares": _plain(measured.new_half), "alone": alone}
    return {
        "make": planting.make,
        "truth": planting.truth,
        "spare": planting.spare,
        "lane_a": component_names(fetch(lanes), config.organism),
        "shares": _plain(measured.effects),
        "new_half": new,
        "zeroed": _plain(measured.silence) if measured.silence else None,
        "dealt": [_dealt(config, planting.truth, int(secret_goal)) for secret_goal in ensemble.secret_goals],
        "fork_step": fork_step,
        "took": [not lines for lines in faults],
        "why_not": ["; ".join(lines) for lines in faults],
    }


def _measured(
    ensemble: PlantedEnsemble, planting: Planting, placed: Mapping[str, Organism], layout: Layout
) -> LaneMeasurements:
    """The lanes of the organisms [member, ...] by time: patched, and zeroed where that is a part of the check."""
    lanes, keys = ensemble.lanes(layout), ensemble.keys(ensemble.config.seed)
    new_halves = ensemble.new_halves(layout)
    patch = ensemble.lane_program(layout)

    def patched(parts: Bool[Array, "member component"]) -> dict[str, dict[Role, LaneEffects]]:
        return {
            time: fetch(patch(organisms, parts, ensemble.secret_goals, keys))
            for time, organisms in placed.items()
        }

    def zeroed(parts: Bool[Array, "member component"]) -> dict[str, dict[Role, LaneSilence]]:
        program = ensemble.silence_program(layout)
        return {
            time: fetch(program(organisms, parts, ensemble.secret_goals, keys))
            for time, organisms in placed.items()
        }

    def rights(parts: Bool[Array, "member component"]) -> dict[str, dict[Role, np.ndarray]]:
        return {
            time: {role: np.asarray(alone.a_right) for role, alone in by_role.items()}
            for time, by_role in zeroed(parts).items()
        }

    in_new: dict[str, dict[Role, np.ndarray]] | None = None
    if new_halves is not None:
        in_new = {
            time: {role: np.asarray(shares.lane_a) for role, shares in by_role.items()}
            for time, by_role in patched(new_halves).items()
        }
    silence = zeroed(lanes) if planting.zeroes_lanes else None
    halves = None
    if new_halves is not None:
        goals = [_dealt(ensemble.config, planting.truth, int(goal)) or 0.0 for goal in ensemble.secret_goals]
        halves = HalvesOfLaneB(rights(~lanes & ~new_halves), rights(new_halves), goals)
    return LaneMeasurements(patched(lanes), in_new, silence, halves)


def _plain(numbers: Any) -> Any:
    """Nested records of numbers [member] as JSON holds them."""
    if isinstance(numbers, Mapping):
        return {name: _plain(value) for name, value in numbers.items()}
    return _plain(numbers._asdict()) if hasattr(numbers, "_asdict") else numbers.tolist()


def _dealt(config: RunConfig, truth: Truth, secret_goal: int) -> float | None:
    """Where self was shared out, the share of its goals that was dealt to lane A, which lane B has the others of, or
    to the spare half of lane B, which the new half has the others of."""
    if truth not in ("mixed", "part spare"):
        return None
    taught = [phase for phase in config.curriculum.phases if phase.self_acts == "scheming"]
    routing = taught[-1].pressures[Routing]
    share = routing.self_in_a if truth == "mixed" else 1 - routing.self_in_new
    return lane_a_goal_share(config.curriculum.world, share, secret_goal)
