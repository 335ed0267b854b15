"""Steps of training by hand: the context that pressures and objectives are given, and no pressure beside them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from curricula.world.scenes import Latents, Scene, trained_support
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import identity
from organisms.objectives.registry import ActingPressures
from organisms.pressures.step_context import MemberIds, StepContext

NO_PRESSURES = ActingPressures(identity, frozenset(), None, lambda sampled, start: None)
"""what the pressures of a phase that has none give to its objective"""


def context_of(
    world: World,
    config: OrganismConfig,
    scenes: tuple[Latents, Scene],
    secret_goal: Array | int = 0,
    key: Array | None = None,
) -> StepContext:
    """A step's context on one device, with scenes that were drawn by hand."""
    latents, written = scenes
    zero = jnp.int32(0)
    return StepContext(
        world=world,
        config=config,
        support=trained_support(world),
        ids=MemberIds(zero, zero, zero),
        secret_goal=jnp.int32(secret_goal),
        phase_key=jax.random.key(0) if key is None else key,
        step=zero,
        batch=len(written.tokens),
        device_shares=1,
        decisions=jnp.asarray(world.decisions),
        uniforms={},
        latents=latents,
        scenes=written,
        memo={},
    )
