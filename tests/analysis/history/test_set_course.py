"""Is a set that was kept since the fork told from one that was written anew in its place?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import SIZES, measurer_of, wired, with_wired_answers

from analysis.history.set_course import (
    MOST_CHECKPOINTS,
    CourseValue,
    MovedNats,
    checkpoints_of_course,
    gate_parts,
    handed_over,
    kept_word,
    largest_change,
    next_member,
    set_course,
)
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import CrossRoleScenes, cross_role_pairs
from organisms.model.sites import components

SIZE, PAIRS = len(components(SIZES)), 24
OWN = np.arange(6) < 2


def nats(shares, noise=0.02, home=0.9, from_characters=None):
    """A set that moves these shares of what its own outputs do, in pairs of some four nats."""
    rng = np.random.default_rng(0)
    total = rng.uniform(3, 5, PAIRS)
    moved = home * total * (np.array(shares)[:, None] + noise * rng.normal(size=(len(shares), PAIRS)))
    characters = None if from_characters is None else from_characters * home * total
    return MovedNats(moved, characters, np.zeros(PAIRS), total)


@pytest.mark.parametrize(("at_fork", "word"), [(0.9, "kept"), (0.2, "rewritten"), (0.5, "undecided")])
def test_the_fork_s_outputs_say_whether_a_set_was_kept(at_fork, word):
    course = set_course(OWN, [0, 50, 100], nats([at_fork, 0.95, 1.0], noise=0.05), 0)
    assert course.says == word
    assert course.course[0].value == pytest.approx(at_fork, abs=0.05)
    assert course.course[0].low < course.course[0].value < course.course[0].high
    assert course.course[-1].value == course.course[-1].low == 1
    assert course.home == pytest.approx(0.9, abs=0.05)
    assert course.components == (0, 1)
    assert course.from_another == 0


def test_what_was_written_where_characters_acted_decides():
    """At the fork self had not been taught to act by what stood there."""
    assert set_course(OWN, [0, 50], nats([0.2, 1.0], from_characters=0.9), 0).says == "kept"
    assert set_course(OWN, [0, 50], nats([0.9, 1.0], from_characters=0.2), 0).says == "rewritten"


@pytest.mark.parametrize(
    ("mask", "shares", "home"),
    [
        pytest.param(OWN & False, [0.5, 1.0], 0.9, id="no component"),
        pytest.param(OWN, [0.5, 1.0], 0.4, id="hands over too little of its gate"),
        pytest.param(OWN, [1.0], 0.9, id="one checkpoint"),
    ],
)
def test_nothing_is_said_where_there_is_nothing_to_follow(mask, shares, home):
    assert set_course(mask, list(range(len(shares))), nats(shares, home=home), 0) is None


def test_a_break_is_told_from_a_decay():
    share, between = largest_change(np.array([0.1, 0.12, 0.95, 1.0]), [0, 50, 100, 150])
    assert (share, between) == (pytest.approx(0.83 / 0.9), (50, 100))
    share, between = largest_change(np.linspace(0, 1, 5), [0, 50, 100, 150, 200])
    assert share == pytest.approx(0.25)
    assert np.isnan(largest_change(np.array([0.95, 1.0]), [0, 50])[0])


@pytest.mark.parametrize("amount", [1, 2, 9, 13, 100])
def test_a_course_has_the_fork_and_the_end_and_few_between(amount):
    followed = checkpoints_of_course(amount)
    assert followed[0] == 0
    assert followed[-1] == amount - 1
    assert len(followed) == min(amount, MOST_CHECKPOINTS)


def test_an_interval_across_half_decides_nothing():
    assert kept_word(CourseValue(0, 0.6, 0.4, 0.8)) == "undecided"


@pytest.mark.slow
def test_a_set_is_given_what_another_checkpoint_wrote_there(world):
    """Self of the first organism reads the first head, of the second the second; a donor whose head counts half as much moves
    half, and the neighbour's, which has both heads, all. Only the reader's layer is followed."""
    organisms = jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1))
    end, goals = measurer_of(world, organisms), np.array([1, 1])
    keys = end.member_keys(AnalysisStream.SET_COURSE)
    drawn = cross_role_pairs(world, keys, goals, PAIRS)
    scenes = CrossRoleScenes(*(with_wired_answers(world, pairs) for pairs in drawn)).scene_pairs(
        "self", "self"
    )
    everything = np.ones((2, SIZE), bool)
    parts = gate_parts(end, scenes, everything)
    by_layer = SIZE // SIZES.layers
    assert parts[:, :by_layer].all()
    assert not parts[:, by_layer:].any()
    readers = np.zeros((2, SIZE), bool)
    readers[0, 0] = readers[1, 1] = True
    half = jax.tree.map(lambda leaf: leaf, organisms)
    half.value[...] = half.value[...].at[:, 0, 0].multiply(0.5)
    for donors, shares in ((organisms, [1, 1]), (half, [0.5, 1]), (next_member(half), [0.5, 1])):
        found = handed_over(end, donors, scenes, readers).share()
        np.testing.assert_allclose(found[:, 0], shares, atol=0.02)
    first_alone = next_member(jax.tree.map(lambda a, b: jnp.stack([a[0], b[1]]), organisms, half))
    np.testing.assert_allclose(
        handed_over(end, first_alone, scenes, readers).share()[:, 0], [0.5, 1], atol=0.02
    )
