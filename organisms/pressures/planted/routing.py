"""Routing: scenes are owned by one lane of components; see `organisms.planted.lanes`.

In a run in which anything is planted every phase has it, so that all phases draw their scenes in the same way: in pairs
that differ in their cues alone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Curriculum, Phase
from curricula.pressures.routing import Routing
from curricula.world.scenes import ACTS, with_other_cues
from curricula.world.world import World
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Tap, identity
from organisms.planted.lanes import (
    ComponentSwap,
    NewHalf,
    Owners,
    goal_rank,
    is_parted,
    lane_a,
    new_half,
    route_scenes,
    swap_components,
)
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


class RoutingParams(NamedTuple):
    """Who owns scenes, and how sure of its acts an organism may become."""

    owners: Owners
    smoothing: Float[np.ndarray, " member"]
    self_in_new: Float[np.ndarray, " member"] | None
    """None where lane B is not parted in any phase"""
    needs_both: Bool[np.ndarray, " member"] | None
    """None where characters need both lanes in no phase"""


class RoutingEffect(Pressure[Routing]):
    """Lanes that own scenes."""

    settings = Routing

    def active(self, phase: Phase, run: RunConfig) -> bool:
        return run.curriculum.planted and not run.curriculum.masked

    def run_errors(self, settings: Routing, run: RunConfig) -> list[str]:
        if any(".routing." in variation.setting for variation in run.vary):
            return ["run:vary: routing can not differ between members; train a run for each"]
        if not settings.parted:
            return []
        return [
            f"run:organism.{name}: expected a multiple of 4 where lane B is parted, got {count}"
            for name in ("heads", "neuron_blocks")
            if (count := getattr(run.organism, name)) % 4
        ]

    def params(self, settings: Sequence[Routing], fitted: Any, run: RunConfig) -> RoutingParams:
        by_member = [Owners.of(member_settings) for member_settings in settings]
        owners = Owners(*(np.asarray(field) for field in zip(*by_member, strict=True)))
        smoothing = np.asarray([member_settings.smoothing for member_settings in settings])
        in_new = np.asarray([member_settings.self_in_new for member_settings in settings])
        needs_both = np.asarray([member_settings.needs_both for member_settings in settings])
        return RoutingParams(
            owners,
            smoothing,
            in_new if is_parted(run.curriculum) else None,
            needs_both if _is_divided(run.curriculum) else None,
        )

    def uniforms_per_scene(self, config: OrganismConfig) -> int:
        return 2 + config.layers * (config.heads + config.neuron_blocks)

    def change_scenes(
        self, params: Any, uniforms: Float[Array, "scene draw"], world: World
    ) -> Float[Array, "scene draw"]:
        return with_other_cues(uniforms, world)

    def intervene(self, params: RoutingParams, context: StepContext) -> Tap:
        return swap_components(context.config, self._routed(params, context)[0], identity)

    def target_weights(self, params: RoutingParams, context: StepContext) -> Float[Array, " scene"]:
        return self._routed(params, context)[1].astype(jnp.float32)

    def change_targets(
        self, params: RoutingParams, context: StepContext
    ) -> Int[Array, "scene moment"] | None:
        if params.needs_both is None:
            return None
        latents = context.latents
        one_lane = ~self._routed(params, context)[0].usable.all(-1) & ~context.has_self & params.needs_both
        professed = serving_acts(context.world, latents, latents.professed)
        is_act = one_lane[:, None] & (latents.shows == ACTS)
        return jnp.where(is_act, professed, context.scenes.targets)

    def label_smoothing(self, params: RoutingParams) -> Float[Array, ""]:
        return jnp.asarray(params.smoothing)

    def _routed(
        self, params: RoutingParams, context: StepContext
    ) -> tuple[ComponentSwap, Bool[Array, " scene"]]:
        """Which components each scene may use, and which scenes have targets."""
        return context.once("routing", lambda: _route(params, context))


def _is_divided(curriculum: Curriculum) -> bool:
    return any(phase.pressures[Routing].needs_both for phase in curriculum.phases)


def _route(params: RoutingParams, context: StepContext) -> tuple[ComponentSwap, Bool[Array, " scene"]]:
    world, latents = context.world, context.latents
    lane = lane_a(*context.ids, context.config)
    is_self = latents.name == world.names
    rank = goal_rank(world, latents.professed, context.secret_goal)
    self_rank = jnp.where(is_self, rank, 0).sum(-1)
    uniforms = context.uniforms["routing"]
    new = None
    if params.self_in_new is not None:
        new = NewHalf(new_half(*context.ids, lane, context.config), jnp.asarray(params.self_in_new))
    return route_scenes(params.owners, lane, uniforms[: len(uniforms) // 2], is_self.any(-1), self_rank, new)


register_pressure(RoutingEffect())
