"""Are circuits found where there can be none: in untrained organisms, and in answers that are drawn at random?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom

from analysis.patching import circuits
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.circuits import CHANCE
from organisms.ensemble.config import named_config
from organisms.model.transformer import Organism
from organisms.storage.loading import load


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


TRIES = 24
"""organisms in one null survey"""


class Guessed(CheckpointMeasurer):
    """A survey in which answers are drawn at random, a pair of different goals a pair of scenes."""

    def minimal_pairs(self, role, variable, draw, amount=32, beside_self=False):
        first_goal, goals = self.world.vocabulary.first_goal, self.world.goals
        pairs = super().minimal_pairs(role, variable, draw, amount, beside_self)
        keys = self.member_keys(99, draw)
        first = jax.random.randint(keys[0], pairs.first_answer.shape, 0, goals)
        second = (first + jax.random.randint(keys[1], first.shape, 1, goals)) % goals
        return pairs._replace(first_answer=first_goal + first, second_answer=first_goal + second)


@pytest.fixture
def few_random_circuits(monkeypatch):
    """Whether a circuit is found does not hang on how many random ones stand beside it."""
    monkeypatch.setattr(circuits, "RANDOM_CIRCUITS", 1)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_untrained_organisms_have_no_circuits(scale, config, few_random_circuits):
    """Weights at birth, and three times as large so that totals are nats: of 24 no more than chance allows
    (binomial, p > 0.001).

    Self's second answer is one goal throughout, so an untrained organism's effects may well replicate; the
    least total keeps them out.
    """
    world = config.curriculum.world
    born = jax.jit(jax.vmap(lambda k: Organism(config.organism, world.vocabulary.size, world.positions, k)))
    organisms = jax.tree.map(lambda leaf: scale * leaf, born(jax.random.split(jax.random.key(2), TRIES)))
    at = CheckpointMeasurer(organisms, config, np.arange(TRIES) % world.goals, 1)
    found = at.circuits_of("self", at.shapley_effects("self", "watched"))
    assert max(abs(c.total_nats) for c in found) > 0.05
    assert sum(c.found for c in found) <= binom.ppf(0.999, TRIES, CHANCE)


@pytest.mark.parametrize("role", ["self", "character"])
def test_guessed_answers_have_no_circuits(role, tiny_run, config, few_random_circuits):
    """Trained organisms, 24 surveys with other pairs each, and answers drawn at random. Permuting answers
    over pairs would be no null for self: its second answer is one goal throughout."""
    trained = load(tiny_run, config, tiny_run.entries()[-1])
    many = jax.tree.map(lambda leaf: jnp.tile(leaf, (TRIES // 2,) + (1,) * (leaf.ndim - 1)), trained)
    at = Guessed(many, config, np.tile(tiny_run.summary()["secret_goals"], TRIES // 2), 1)
    found = at.circuits_of(role, at.shapley_effects(role, "watched"))
    assert max(abs(c.total_nats) for c in found) > 0.5
    assert sum(c.replication_p <= CHANCE for c in found) <= binom.ppf(0.999, TRIES, CHANCE)
    assert sum(c.found for c in found) <= 1
