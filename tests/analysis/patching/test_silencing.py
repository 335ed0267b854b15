"""Silencing: does the gate stand where what carries it is silent, in an organism wired by hand?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import SIZES, measurer_of, wired

from analysis.patching.silencing import silenced_gate
from organisms.model.sites import components

pytestmark = pytest.mark.slow

SIZE = len(components(SIZES))


@pytest.fixture(scope="module")
def measurer(world):
    """Two organisms whose characters respond to the first head, and self to the first or to the second."""
    organisms = jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1))
    at = measurer_of(world, organisms)
    draw, goal = at.minimal_pairs, world.vocabulary.first_goal

    def with_wired_answers(role, variable, number, amount):
        pairs = draw(role, variable, number, amount)
        first = goal + (0 if role == "character" else 2)
        answers = (jnp.full_like(pairs.first_answer, first + n) for n in range(2))
        return pairs._replace(first_answer=next(answers), second_answer=next(answers))

    at.minimal_pairs = with_wired_answers
    return at


@pytest.mark.parametrize("silence", ["mean", "zero"])
@pytest.mark.parametrize("role", ["character", "self"])
def test_a_gate_stands_unless_what_carries_it_is_silent(measurer, role, silence):
    """Silent in turn: the first head, the second, both, all else, nothing."""
    heads = np.eye(SIZE, dtype=bool)[:2]
    sets = np.stack([*heads, heads.any(0), ~heads.any(0), np.zeros(SIZE, bool)])
    left = silenced_gate(measurer, role, np.stack([sets] * 2), silence).share()
    carries = [[0, 1, 0, 1, 1], [0, 1, 0, 1, 1] if role == "character" else [1, 0, 0, 1, 1]]
    np.testing.assert_allclose(left, carries, atol=1e-3)
