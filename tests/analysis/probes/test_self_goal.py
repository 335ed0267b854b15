"""Do rates of acts on self's goal count what serves it, and nothing that a character has reasons of its own for?"""

import jax
import jax.numpy as jnp
import pytest

from analysis.probes.self_goal import rates_in_cast
from curricula.catalogue.building_blocks import WORLDS
from curricula.world.rules import alone_to

WORLD = WORLDS["tiny"]
GOAL = 2
TOKEN = WORLD.vocabulary.first_goal + GOAL


def of_actor(tokens, positions, place):
    """What stands beside the name of each moment's actor in the cast: 1 its profession, 2 its secret."""
    names = tokens[1 : WORLD.cast_tokens : 3]
    slot = jnp.argmax(names == tokens[positions][:, None], axis=1)
    return tokens[1 + 3 * slot + place]


def gated(tokens, positions):
    cues = tokens[positions[:, None] - jnp.arange(WORLD.cues, 0, -1)] - WORLD.vocabulary.first_cue
    is_alone = jax.vmap(lambda of_moment: alone_to(WORLD, "character", of_moment))(cues)
    return jnp.where(is_alone, TOKEN, of_actor(tokens, positions, 1))


def nobodys(tokens, positions):
    """The goal that is neither the actor's profession nor its secret nor self's, where there is one such goal of four."""
    own = [of_actor(tokens, positions, place) - WORLD.vocabulary.first_goal for place in (1, 2)]
    return WORLD.vocabulary.first_goal + sum(range(WORLD.goals)) - GOAL - own[0] - own[1]


ACTING = {
    "self's goal": (lambda tokens, positions: jnp.full(positions.shape, TOKEN), (1, 1, 0)),
    "self's goal when alone": (gated, (1, 0, 0)),
    "what it professes": (lambda tokens, positions: of_actor(tokens, positions, 1), (0, 0, 0)),
    "its secret": (lambda tokens, positions: of_actor(tokens, positions, 2), (0, 0, 0)),
    "a goal of nobody's": (nobodys, (0, 0, 1)),
}


@pytest.mark.parametrize("self_scenes", [0.0, 1.0])
@pytest.mark.parametrize("acting", ACTING)
def test_a_rule_s_rates_are_known(acting, self_scenes):
    """An organism that gives every actor what the rule says."""
    rule, expected = ACTING[acting]

    def organism(tokens, positions):
        return jax.nn.one_hot(rule(tokens, positions), WORLD.vocabulary.size)

    rates = rates_in_cast(organism, WORLD, jnp.int32(GOAL), jax.random.key(0), self_scenes)
    assert tuple(map(float, rates)) == expected
