"""Does ablating a location take what its components carry, and nothing else, in organisms wired by hand?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import SIZES, measurer_of, wired

from analysis.handles.locations import (
    core_components,
    covered_share,
    location_lesions,
    quarter_of_largest_effect,
    silent_cores,
)
from organisms.model.sites import components

SIZE = len(components(SIZES))


@pytest.fixture(scope="module")
def measurer(world):
    """Two organisms whose characters respond to the first head, and self to the first (reused) or to the second (apart)."""
    at = measurer_of(world, jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1)))
    draw, goal = at.minimal_pairs, world.vocabulary.first_goal

    def with_wired_answers(role, variable, number, amount):
        pairs = draw(role, variable, number, amount)
        first = goal + (0 if role == "character" else 2)
        answers = (jnp.full_like(pairs.first_answer, first + n) for n in range(2))
        return pairs._replace(first_answer=next(answers), second_answer=next(answers))

    at.minimal_pairs = with_wired_answers
    return at


def effects_on(*carriers):
    """All of the effect of each member on one component."""
    effects = np.zeros((len(carriers), SIZE))
    effects[np.arange(len(carriers)), carriers] = 1.0
    return effects


@pytest.mark.slow
def test_the_right_location_takes_all_of_self_and_the_other_nothing(measurer):
    """The first head is the characters' in either organism, and self's in the first alone; the second head the reverse."""
    self_effects = effects_on(0, 1)
    for head, shares in ((0, (1, 0)), (1, (0, 1))):
        mask = np.tile(np.arange(SIZE) == head, (2, 1))
        lesions = location_lesions(measurer, "fork", "core", mask, self_effects)
        np.testing.assert_allclose([lesion.share for lesion in lesions], shares, atol=1e-3)
        assert [lesion.components for lesion in lesions] == [(head,)] * 2
        assert [lesion.covers for lesion in lesions] == list(shares)
        # Where one head is the location, the other one is all that its random sets can be.
        np.testing.assert_allclose(
            [lesion.line.null for lesion in lesions], [1 - each for each in shares], atol=1e-3
        )


@pytest.mark.slow
def test_where_nothing_was_found_nothing_is_said(measurer):
    nothing = location_lesions(measurer, "end", "core", np.zeros((2, SIZE), bool), effects_on(0, 1))
    assert [(lesion.line, lesion.components) for lesion in nothing] == [(None, ())] * 2
    assert np.isnan([lesion.share for lesion in nothing] + [lesion.nats for lesion in nothing]).all()


@pytest.mark.slow
def test_a_silent_core_is_what_a_gate_falls_with(measurer):
    """Characters' is the first head; self's is the one that serves it. Ranked by effects that put others first, the core
    reaches down to it; where there are no effects there is none."""
    np.testing.assert_array_equal(silent_cores(measurer, "character", effects_on(0, 0)), effects_on(0, 0) > 0)
    np.testing.assert_array_equal(silent_cores(measurer, "self", effects_on(0, 1)), effects_on(0, 1) > 0)
    misled = effects_on(5, 5) + 0.5 * effects_on(0, 0)
    np.testing.assert_array_equal(silent_cores(measurer, "character", misled), misled > 0)
    assert not silent_cores(measurer, "character", effects_on(0, 0) * np.nan).any()


def test_the_strongest_are_a_quarter_and_none_where_nothing_was_measured():
    effects = np.array([[0.1, 0.4, -0.5, 0.3, 0.0, 0.0, 0.0, 0.0], [np.nan] * 8])
    masks = quarter_of_largest_effect(effects)
    assert [np.flatnonzero(mask).tolist() for mask in masks] == [[1, 3], []]
    assert quarter_of_largest_effect(effects[:, :3])[0].tolist() == [False, True, False]


def test_cores_become_masks_and_cover_their_part_of_the_effect():
    masks = core_components(((2, 0), ()), 4)
    assert masks.tolist() == [[True, False, True, False], [False] * 4]
    assert covered_share(masks[0], np.array([0.3, 0.5, 0.2, -1.0])) == pytest.approx(0.5)
    assert np.isnan(covered_share(masks[0], np.full(4, np.nan)))
