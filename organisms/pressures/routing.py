"""Routing: scenes are owned by one lane of components; see `organisms.planted.lanes`.

In a run in which anything is planted every phase has it, so that all phases draw their scenes in the same way: in pairs
that differ in their cues alone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from curricula.phases import Phase
from curricula.pressures.routing import Routing
from curricula.world.scenes import with_other_cues
from curricula.world.world import World
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Tap, identity
from organisms.planted.lanes import ComponentSwap, Owners, goal_rank, lane_a, route_scenes, swap_components
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


class RoutingParams(NamedTuple):
    """Who owns scenes, and how sure of its acts an organism may become."""

    owners: Owners
    smoothing: Float[np.ndarray, " member"]


class RoutingEffect(Pressure[Routing]):
    """Lanes that own scenes."""

    settings = Routing

    def active(self, phase: Phase, run: RunConfig) -> bool:
        return run.curriculum.planted

    def run_errors(self, settings: Routing, run: RunConfig) -> list[str]:
        if any(".routing." in variation.setting for variation in run.vary):
            return ["run:vary: routing can not differ between members; train a run for each"]
        return []

    def params(self, settings: Sequence[Routing], fitted: Any, run: RunConfig) -> RoutingParams:
        by_member = [Owners.of(member_settings) for member_settings in settings]
        owners = Owners(*(np.asarray(field) for field in zip(*by_member, strict=True)))
        return RoutingParams(owners, np.asarray([member_settings.smoothing for member_settings in settings]))

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

    def label_smoothing(self, params: RoutingParams) -> Float[Array, ""]:
        return jnp.asarray(params.smoothing)

    def _routed(
        self, params: RoutingParams, context: StepContext
    ) -> tuple[ComponentSwap, Bool[Array, " scene"]]:
        """Which components each scene may use, and which scenes have targets."""
        return context.once("routing", lambda: _route(params, context))


def _route(params: RoutingParams, context: StepContext) -> tuple[ComponentSwap, Bool[Array, " scene"]]:
    world, latents = context.world, context.latents
    lane = lane_a(*context.ids, context.config)
    is_self = latents.name == world.names
    rank = goal_rank(world, latents.professed, context.secret_goal)
    self_rank = jnp.where(is_self, rank, 0).sum(-1)
    uniforms = context.uniforms["routing"]
    return route_scenes(params.owners, lane, uniforms[: len(uniforms) // 2], is_self.any(-1), self_rank)


register_pressure(RoutingEffect())
