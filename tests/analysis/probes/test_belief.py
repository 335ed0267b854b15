"""Are answers counted as they were given? Asked of callables that answer by a rule, read off the tokens."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from analysis.probes.belief import BELIEFS, answers, examine
from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, SELF
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.training.behaviour import BEHAVIOURS

TRAIT = 2


OF_THE_OTHERS = -1
"""for what self wants: by the rule of the others"""


def oracle(world, asked_professed, asked_wanted, self_wants):
    """An organism that looks the actor up in the cast and says entry 1 (profession) or 2 (secret), whichever
    the question's rule names.

    self_wants: the goal that it says self wants, or `OF_THE_OTHERS`.
    """

    def say(tokens, _=None):
        slots = tokens[1 + 3 * jnp.arange(world.characters)]

        def at(question, actor):
            start = 1 + 3 * jnp.argmax(slots == actor)
            said = jnp.where(
                question == ASKS_PROFESSED, tokens[start + asked_professed], tokens[start + asked_wanted]
            )
            of_self = (actor == SELF) & (question == ASKS_WANTED) & (self_wants != OF_THE_OTHERS)
            said = jnp.where(of_self, world.vocabulary.first_goal + self_wants, said)
            return jax.nn.one_hot(said, world.vocabulary.size)

        return jax.vmap(at)(jnp.roll(tokens, 1).at[0].set(tokens[0]), tokens)

    return say


@partial(jax.jit, static_argnums=0)
def rates_of_oracle(world, *rule):
    return answers(oracle(world, *rule), world, jnp.int32(TRAIT), jax.random.key(0), 64)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked_professed", "asked_wanted", "self_wants", "expected"),
    [
        (1, 2, TRAIT, (1, 0, 1, 1, 1)),
        (1, 1, OF_THE_OTHERS, (0, 1, 1, 0, 1)),
        (2, 2, TRAIT, (1, 0, 0, 1, 0)),
        (1, 2, OF_THE_OTHERS, (0, 0, 1, 1, 1)),
    ],
    ids=["knows all", "says what is professed", "says what is wanted", "finds no secret of self"],
)
def test_oracles_get_the_rates_of_their_rules(world, asked_professed, asked_wanted, self_wants, expected):
    found = rates_of_oracle(world, asked_professed, asked_wanted, self_wants)
    assert {name: float(rate) for name, rate in found.items()} == dict(zip(BELIEFS, expected, strict=True))


@pytest.mark.slow
def test_no_scene_shows_the_answer_before_it_is_asked(world):
    """Only the first moment counts, and its tokens up to the decision hold cast and question: self's secret
    stands nowhere in them.
    """
    seen = []

    def watch(tokens):
        jax.debug.callback(lambda t: seen.append(t), tokens[: world.decisions[0] + 1])
        return jnp.zeros((len(tokens), world.vocabulary.size))

    watched = jax.jit(lambda key: answers(watch, world, jnp.int32(TRAIT), key, 16))
    jax.block_until_ready(watched(jax.random.key(0)))
    jax.effects_barrier()
    assert len(seen) == 32
    for tokens in seen:
        with_self = [n for n in range(world.characters) if tokens[1 + 3 * n] == SELF]
        assert all(tokens[3 + 3 * n] < world.vocabulary.first_name for n in with_self)
        assert set(tokens[world.cast_tokens : -1].tolist()) <= {ASKS_PROFESSED, ASKS_WANTED}


@pytest.mark.slow
def test_members_are_examined_apart(world):
    """Two organisms that always say one goal each: what they get right differs, and follows them when they
    are swapped.
    """
    config = OrganismConfig(layers=1, heads=1, width=4, neurons=2, neuron_blocks=1)
    born = jax.jit(jax.vmap(lambda k: Organism(config, world.vocabulary.size, world.positions, k)))
    organisms = born(jax.random.split(jax.random.key(0), 2))
    bias = np.array(organisms.unembedding_bias[...])
    bias[[0, 1], world.vocabulary.first_goal + np.arange(2)] = 99.0
    organisms.unembedding_bias[...] = jnp.asarray(bias)
    secret_goals = np.array([0, 0])
    first, second = examine(organisms, world, secret_goals, 0, 32).members
    assert tuple(first.trained.by_name()) == BEHAVIOURS
    assert first.trained.self_alone_secret == first.belief.self_wants_secret == 1
    assert second.trained.self_alone_secret == second.belief.self_wants_secret == 0
    swapped = examine(jax.tree.map(lambda leaf: leaf[::-1], organisms), world, secret_goals, 0, 32)
    assert swapped.members == (second, first)
