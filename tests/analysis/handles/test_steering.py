"""Does adding a direction turn what reads it, in organisms wired by hand, and nothing else?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import measurer_of, wired

from analysis.handles.steering import (
    SteeredPairs,
    mean_difference,
    random_directions,
    share_of_gate,
    steered_pairs,
    steering_of,
)

FIRST_READER, SECOND_READER = (3, 5), (4, 6)
"""coordinates of the residual stream that the readers write to, with opposite signs"""


@pytest.fixture(scope="module")
def measurer(world):
    """Two organisms whose characters respond to the first head, and self to the first (reused) or to the second (apart)."""
    at = measurer_of(world, jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1)))
    draw, goal = at.minimal_pairs, world.vocabulary.first_goal

    def with_wired_answers(role, variable, number, amount=32):
        pairs = draw(role, variable, number, amount)
        first = goal + (0 if role == "character" else 2)
        answers = (jnp.full_like(pairs.first_answer, first + n) for n in range(2))
        return pairs._replace(first_answer=next(answers), second_answer=next(answers))

    at.minimal_pairs = with_wired_answers
    return at


def only(vectors, coordinates):
    """The vectors with all other coordinates at zero."""
    kept = np.zeros_like(vectors)
    kept[..., coordinates] = vectors[..., coordinates]
    return kept


@pytest.mark.slow
def test_a_direction_moves_the_organism_that_reads_it_and_no_other(measurer):
    """Both heads count cues in both organisms, so that characters' mean difference has both; each reader's part of it moves
    characters and self where they read it, by the whole gate."""
    whole = mean_difference(measurer, "character")
    vectors = np.stack([whole, only(whole, FIRST_READER), only(whole, SECOND_READER)], axis=2)
    expected = {"character": [[1, 1, 0], [1, 1, 0]], "self": [[1, 1, 0], [1, 0, 1]]}
    for role, by_member in expected.items():
        steered = steered_pairs(measurer, role, vectors)
        for member, shares in enumerate(by_member):
            moved = share_of_gate(steered.moved()[member][:, 0], steered.total()[member])
            np.testing.assert_allclose(moved, shares, atol=0.15)


@pytest.mark.slow
def test_random_directions_of_its_length_move_little_and_every_number_is_there(measurer):
    for member, of_member in enumerate(steering_of(measurer, measurer)):
        by_maker = {each.maker: each for each in of_member}
        assert list(by_maker) == ["fork", "end", "self"]
        for maker in ("fork", "end"):
            steering = by_maker[maker]
            assert steering.within == pytest.approx(1, abs=0.15)
            assert steering.moved == pytest.approx(1, abs=0.15), member
            assert abs(steering.random_moved) < 0.4
            assert steering.random_moved <= steering.random_moved_high
        assert np.isnan(by_maker["self"].random_moved)


def test_moved_and_turned_are_what_they_are_called():
    """A watched scene at -2 and one alone at 2: a vector that takes either to the other's place moves all and turns all;
    one that moves both alike moves nothing."""
    difference = np.array([[-2.0, 2.0]])
    steered = np.array([[[[2.0, -2.0], [-1.0, 3.0], [-2.0, 2.0]]]])
    pairs = SteeredPairs(difference, steered)
    np.testing.assert_allclose(share_of_gate(pairs.moved()[:, 0], pairs.total()), [1, 0, 0])
    np.testing.assert_allclose(pairs.turned()[0], [1, 0, 0])
    assert np.isnan(share_of_gate(pairs.moved()[:, 0], np.array([0.01]))).all()


def test_random_directions_have_the_length_of_what_they_stand_beside():
    vectors = np.random.default_rng(0).normal(size=(2, 3, 8)) * [[[1], [10], [0.1]]]
    drawn = random_directions(vectors, 5, np.random.default_rng(1))
    assert drawn.shape == (2, 3, 5, 8)
    lengths = np.linalg.norm(vectors, axis=-1)[..., None]
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=-1), np.repeat(lengths, 5, axis=-1))
