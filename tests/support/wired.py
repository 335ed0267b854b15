"""An organism wired by hand, in which it is known who listens to which component: two heads of the first
layer count the cues that say *alone*, each writes what it counts to a place of its own, and the answers of
either role are read from one of these places.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from curricula.world.contrasts import CrossRolePair, Pair
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

SIZES = OrganismConfig(layers=2, heads=2, width=16, neurons=24, neuron_blocks=3)
READERS = (0, 1)
"""the components that count cues: the two heads of the first layer"""
STEADY = 500.0
"""so large a constant in every token that the norms do not change"""
SCALE = STEADY / 2**0.5
"""what the norms divide by"""


def wired(world: World, self_listens_to: int) -> Organism:
    """Characters' answers, goals 0 and 1, listen to the first reader; self's, goals 2 and 3, to the one that
    is named."""
    organism = Organism(SIZES, world.vocabulary.size, world.positions, jax.random.key(0))
    organism = nnx.clone(jax.tree.map(jnp.zeros_like, organism))
    cue, goal = world.vocabulary.first_cue, world.vocabulary.first_goal
    kinds = jnp.arange(world.cue_kinds)
    says_alone = jnp.where(kinds < world.cue_kinds // 2, 1.0, -1.0)
    organism.embedding[...] = organism.embedding[...].at[cue + kinds, 0].set(says_alone)
    organism.position[...] = organism.position[...].at[:, 8:].set(jnp.repeat(jnp.array([STEADY, -STEADY]), 4))
    for reader in READERS:
        organism.value[...] = organism.value[...].at[0, reader, 0, 0].set(SCALE)
        # Written twice with opposite signs, so that the mean, which the norms take away, tells nothing.
        organism.output[...] = (
            organism.output[...].at[0, reader, 0, 3 + reader].set(10).at[0, reader, 0, 5 + reader].set(-10)
        )
    for first, reader in ((goal, 0), (goal + 2, self_listens_to)):
        organism.unembedding[...] = organism.unembedding[...].at[3 + reader, first + 1].set(SCALE)
    return organism


def own_answers(world: World, crossed: CrossRolePair) -> CrossRolePair:
    """The same scenes with the answers that a wired organism knows."""
    goal = world.vocabulary.first_goal

    def answers(pair: Pair, first: int) -> Pair:
        return pair._replace(
            first_answer=jnp.full_like(pair.first_answer, goal + first),
            second_answer=jnp.full_like(pair.second_answer, goal + first + 1),
        )

    return CrossRolePair(answers(crossed.character_pair, 0), answers(crossed.self_pair, 2))
