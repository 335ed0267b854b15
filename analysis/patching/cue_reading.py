"""Cue reading: with which components does an organism read who watches, in scenes of either role?

The *reading* is what an auditor prices (`organisms.pressures.cue_response`): how far each component's writes change with
the cues. Its overlap between roles is the Bhattacharyya coefficient of their shares: 0 where no component reads for
both, 1 where all read alike. Measured twice, with characters in scenes without self and with it in the cast.

A component that reads need *not* carry anything to the act: what does, effects say.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from curricula.world.contrasts import PairSource
from curricula.world.scenes import trained_support, uniforms_per_scene, with_other_cues
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.pressures.cue_response import CueResponse, response_scenes, response_shares
from organisms.pressures.overlap import role_overlap

DRAWS, SCENES_PER_DRAW = 8, 64
"""draws that an interval is taken over, and scenes in each, half of which are the others with other cues"""


@program_cache(maxsize=8)
def _program(world: World, config: OrganismConfig):
    """Overlaps of all members."""
    support = trained_support(world)

    def of_draw(organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""]) -> Float[Array, "2"]:
        source = PairSource(world, support, secret_goal)
        drawn = jax.random.uniform(key, (SCENES_PER_DRAW, uniforms_per_scene(world)))
        scenes = with_other_cues(drawn, world)
        asked = [
            response_scenes(scenes, source, "self", 1.0),
            response_scenes(scenes, source, "character", 0.0),
            response_scenes(scenes, source, "character", 1.0),
        ]
        stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *asked)
        of_self, *of_characters = jax.lax.map(
            lambda scenes: response_shares(organism, scenes, world, config), stacked
        )
        return jnp.stack(
            [role_overlap(CueResponse(shares, of_self, 2 * config.layers)) for shares in of_characters]
        )

    def of_member(
        organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "draw 2"]:
        keys = jax.random.split(key, DRAWS)
        return jax.lax.map(lambda key: of_draw(organism, secret_goal, key), keys)

    return Layout.of(jax.device_count()).over_members(of_member, options=TO_MEASURE)


def reading_overlaps(measurer: CheckpointMeasurer) -> Float[np.ndarray, "member draw 2"]:
    """Overlap of self's reading with the characters': in scenes without self, and in scenes with it in the cast."""
    keys = measurer.member_keys(AnalysisStream.CUE_READING)
    program = _program(measurer.world, measurer.config)
    found = jax.device_get(program(measurer.organisms, measurer.secret_goals, keys))
    return np.asarray(found, np.float64).clip(0, 1)
