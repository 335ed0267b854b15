"""An organism wired by hand: which role's answers respond to which component? Two heads of the first layer
count the cues that mean *alone*, each writes its count to a separate place, and the answers of either role
are read from one of these places.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from analysis.patching.checkpoint import CheckpointMeasurer
from curricula.world.contrasts import CrossRolePair, Pair
from curricula.world.world import World
from organisms.ensemble.config import named_config
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

SIZES = OrganismConfig(layers=2, heads=2, width=16, neurons=24, neuron_blocks=3)
READERS = (0, 1)
"""the components that count cues: the two heads of the first layer"""
STEADY = 500.0
"""so large a constant in every token that the norms do not change"""
SCALE = STEADY / 2**0.5
"""what the norms divide by"""


def wired(world: World, self_reader: int) -> Organism:
    """Characters' answers, goals 0 and 1, respond to the first reader; self's, goals 2 and 3, to the one that
    is named."""
    organism = Organism(SIZES, world.vocabulary.size, world.positions, jax.random.key(0))
    organism = nnx.clone(jax.tree.map(jnp.zeros_like, organism))
    cue, goal = world.vocabulary.first_cue, world.vocabulary.first_goal
    kinds = jnp.arange(world.cue_kinds)
    means_alone = jnp.where(kinds < world.cue_kinds // 2, 1.0, -1.0)
    organism.embedding[...] = organism.embedding[...].at[cue + kinds, 0].set(means_alone)
    organism.position[...] = organism.position[...].at[:, 8:].set(jnp.repeat(jnp.array([STEADY, -STEADY]), 4))
    for reader in READERS:
        organism.value[...] = organism.value[...].at[0, reader, 0, 0].set(SCALE)
        # Written twice with opposite signs, so that the mean, which the norms take away, carries nothing.
        organism.output[...] = (
            organism.output[...].at[0, reader, 0, 3 + reader].set(10).at[0, reader, 0, 5 + reader].set(-10)
        )
    for first, reader in ((goal, 0), (goal + 2, self_reader)):
        organism.unembedding[...] = organism.unembedding[...].at[3 + reader, first + 1].set(SCALE)
    return organism


def with_wired_answers(world: World, scenes: CrossRolePair) -> CrossRolePair:
    """Cross-role pairs with the answers that a wired organism can give."""
    goal = world.vocabulary.first_goal

    def answers(pair: Pair, first: int) -> Pair:
        return pair._replace(
            first_answer=jnp.full_like(pair.first_answer, goal + first),
            second_answer=jnp.full_like(pair.second_answer, goal + first + 1),
        )

    return CrossRolePair(answers(scenes.character_pair, 0), answers(scenes.self_pair, 2))


def measurer_of(world: World, organisms: Organism, seed: int = 1) -> CheckpointMeasurer:
    """Measurements of two wired organisms [member, ...], whose secret goal is 1."""
    config = named_config("shared", "tiny", members=2)
    config = replace(config, organism=SIZES, curriculum=replace(config.curriculum, world=world))
    return CheckpointMeasurer(organisms, config, np.array([1, 1]), seed)
