"""Cue reading: with which components does an organism read who watches, in scenes of either role?

The *reading* is what an auditor prices (`organisms.pressures.cue_response`): how far each component's writes change with
the cues, as shares of the change in a layer's heads and in its neurons. Measured of self, and of characters in scenes
without self and with it in the cast.

A component that reads need *not* carry anything to the act: what does, effects say. At the cues, which come before the actor,
nothing can be read by who acts; that can only be at the actor's own token (or anywhere, in a world with *actor first*).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from curricula.world.contrasts import PairSource
from curricula.world.scenes import trained_support, uniforms_per_scene, with_other_cues
from curricula.world.world import Role, World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.pressures.cue_response import ResponseScenes, response_scenes, response_shares

DRAWS, SCENES_PER_DRAW = 16, 64
"""draws that an interval is taken over, and scenes in each, half of which are the others with other cues"""
ASKED: Sequence[tuple[Role, float]] = (("character", 0.0), ("character", 1.0), ("self", 1.0))
"""who acts, and the share of scenes that have self in the cast"""


@program_cache(maxsize=8)
def _program(world: World, config: OrganismConfig):
    """Shares of all members."""
    support = trained_support(world)

    def of_draw(
        organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "3 component"]:
        source = PairSource(world, support, secret_goal)

        def scenes_of(key: Key[Array, ""], role: Role, self_scenes: float) -> ResponseScenes:
            drawn = jax.random.uniform(key, (SCENES_PER_DRAW, uniforms_per_scene(world)))
            return response_scenes(with_other_cues(drawn, world), source, role, self_scenes)

        keys = jax.random.split(key, len(ASKED))
        asked = [scenes_of(keys[n], role, self_scenes) for n, (role, self_scenes) in enumerate(ASKED)]
        stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *asked)
        return jax.lax.map(lambda scenes: response_shares(organism, scenes, world, config), stacked)

    def of_member(
        organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "draw 3 component"]:
        keys = jax.random.split(key, DRAWS)
        return jax.lax.map(lambda key: of_draw(organism, secret_goal, key), keys)

    return Layout.of(jax.device_count()).over_members(of_member, options=TO_MEASURE)


def reading_shares(measurer: CheckpointMeasurer) -> Float[np.ndarray, "member draw 3 component"]:
    """Shares of the reading of characters in scenes without self, of characters in scenes with it in the cast, and of
    self."""
    keys = measurer.member_keys(AnalysisStream.CUE_READING)
    program = _program(measurer.world, measurer.config)
    found = jax.device_get(program(measurer.organisms, measurer.secret_goals, keys))
    return np.asarray(found, np.float64)
