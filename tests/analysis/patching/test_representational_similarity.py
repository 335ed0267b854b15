"""Is what computes alike told from what does not, whoever writes it and in whatever direction?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import READERS, SIZES, wired

from analysis.patching import representational_similarity
from analysis.patching.representational_similarity import (
    Side,
    combinations,
    geometry,
    interval,
    least,
    likenesses,
    says,
    with_cues,
)
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.world import World, tables


def pairs_of(world, amount=3):
    draw = jax.jit(
        lambda key: sample_pairs(
            key, PairSource(world, trained_support(world), jnp.int32(1)), "self", "watched", amount
        )
    )
    return draw(jax.random.key(5))


def only(component):
    return jnp.broadcast_to(
        jnp.arange(SIZES.layers * (SIZES.heads + SIZES.neuron_blocks)) == component, (3, 10)
    )


def measured(organism, world, component):
    pairs = pairs_of(world)
    return np.asarray(
        jax.jit(lambda pairs: geometry(organism, world, SIZES, pairs, only(component)))(pairs), float
    )


def test_what_a_counter_writes_lies_as_far_apart_as_the_counts(world):
    """The wired readers write the number of cues that say alone: distances are differences of counts, in one
    unit."""
    rows = combinations(world)
    counts = (rows < world.cue_kinds // 2).sum(1)
    one, other = np.triu_indices(len(rows), 1)
    expected = np.abs(counts[one] - counts[other]).astype(float)
    found = measured(wired(world, 1), world, READERS[0])
    for scene in found:
        unit = scene[0][expected == 1].mean()
        assert unit > 0
        np.testing.assert_allclose(scene[0], expected * unit, atol=1e-3 * unit)
    assert not found[:, 1].any(), "no component of the second layer was asked for"


def test_other_cues_stand_where_the_cues_were_and_nothing_else_changes(world):
    """A scene given its own cues again is itself."""
    pairs = pairs_of(world)
    for tokens, decision in zip(pairs.first, pairs.decision, strict=True):
        own = np.asarray(tokens)[decision - world.cues : decision] - world.vocabulary.first_cue
        assert (own >= 0).all()
        np.testing.assert_array_equal(with_cues(tokens, decision, jnp.asarray(own), world), tokens)
        changed = np.asarray(
            with_cues(tokens, decision, jnp.asarray((own + 1) % world.cue_kinds), world) != tokens
        )
        assert np.flatnonzero(changed).tolist() == list(range(int(decision) - world.cues, int(decision)))


def test_components_that_write_elsewhere_compute_alike_and_one_that_reads_less_does_not(world):
    """The two readers of a wired organism write the same count in other directions. One that hears the last
    cue alone computes something else."""
    organism = wired(world, 1)
    first, second = (measured(organism, world, reader) for reader in READERS)
    assert least(first, second, np.array([0])) == pytest.approx(1, abs=1e-4)
    rows = combinations(world)
    last = (rows[:, -1] < world.cue_kinds // 2).astype(float)
    one, other = np.triu_indices(len(rows), 1)
    deaf = np.tile(np.abs(last[one] - last[other]), (len(first), 1, 1))
    assert least(first[:, :1], deaf, np.array([0])) < 0.8


def test_combinations_are_of_training_and_of_either_meaning_to_either_role():
    small, large = World(), World(cues=4, cue_kinds=6)
    table = tables(small)
    assert sorted(map(tuple, combinations(small))) == sorted(
        map(tuple, np.concatenate([table.alone, table.watched]))
    )
    table, found = tables(large), {tuple(row) for row in combinations(large)}
    assert len(found) == representational_similarity.COMBINATIONS
    assert len(found & set(map(tuple, table.alone))) == len(found & set(map(tuple, table.watched))) == 32
    other = replace(large, self_rule="any")
    found = {tuple(row) for row in combinations(other)}
    for role in ("character", "self"):
        table = tables(other, role)
        for rows in (table.alone, table.watched):
            assert len(found & set(map(tuple, rows))) >= representational_similarity.COMBINATIONS // 4, role


def layouts(count_first: bool) -> np.ndarray:
    """What two layers write over four combinations of two cues, in eight noisy scenes [scene layer
    comparison]: the count and then the judgement, or twice the judgement."""
    values = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]).sum(1).astype(float)
    judged = (values == 2).astype(float)
    one, other = np.triu_indices(4, 1)
    far = lambda written: np.abs(written[one] - written[other])  # noqa: E731
    layers = np.stack([far(values if count_first else judged), far(judged)])
    return layers + np.random.default_rng(int(count_first)).normal(0, 0.02, (8, *layers.shape))


def sides(own: list[bool], theirs: list[bool], work=((0.5, 0.4), (0.5, 0.4))) -> tuple[Side, Side]:
    mine, others = (np.stack([layouts(one) for one in of]) for of in (own, theirs))
    each = [np.broadcast_to(np.array(of), (len(own), 2)) for of in work]
    return Side(mine, each[0], [True] * len(own)), Side(others, each[1], [True] * len(own))


def test_two_ways_to_the_same_answer_are_told_apart():
    """Both act alike; one counts first. Told by the layer in which they differ, beside strangers and beside
    themselves."""
    same, other = likenesses(*sides([True, False], [True, True]), seed=3)
    assert same["says"] == "alike"
    assert same["low"] > 0.95
    assert other["says"] == "another"
    assert other["value"] == min(other["layers"])
    assert other["layers"][1] > 0.95
    assert other["low"] <= other["value"] <= other["high"] < 0.8
    assert same["strangers"] > 0.95
    assert other["strangers"] < 0.8
    assert min(same["again"], other["again"]) > 0.95


def test_a_layer_in_which_only_one_works_is_not_compared():
    apart = likenesses(*sides([False], [True], ((0.0, 0.9), (0.5, 0.4))), seed=3)[0]
    assert apart["layers"][0] is None
    assert apart["says"] == "alike"
    nowhere = likenesses(*sides([False], [True], ((0.9, 0.0), (0.0, 0.9))), seed=3)[0]
    assert (nowhere["value"], nowhere["low"], nowhere["says"]) == (None, None, "undecided")


def test_nothing_is_said_without_circuits():
    own, theirs = sides([True, True], [True, True])
    found = likenesses(own._replace(found=[False, True]), theirs._replace(found=[True, False]), seed=3)
    assert found == [None, None]
    only_one = likenesses(own, theirs._replace(found=[True, False]), seed=3)
    assert only_one[0]["strangers"] is None, "who has no circuit is no stranger to compare with"


def test_what_writes_the_same_whatever_the_cues_is_like_nothing():
    own, theirs = sides([True], [True])
    still = own._replace(geometry=np.zeros_like(own.geometry))
    assert likenesses(still, theirs, seed=3)[0]["value"] == 0


@pytest.mark.parametrize(
    ("low", "high", "again", "word"),
    [
        (0.85, 0.99, 0.99, "alike"),
        (0.5, 0.75, 0.99, "another"),
        (0.7, 0.9, 0.99, "undecided"),
        (0.5, 0.75, 0.7, "undecided"),
        (0.85, 0.99, None, "undecided"),
        (None, None, None, "undecided"),
    ],
)
def test_the_interval_decides_and_noise_does_not(low, high, again, word):
    assert says(low, high, again) == word


def test_noise_in_either_role_is_not_taken_for_another_mechanism():
    """The same layout, seen through noise in self's scenes: an interval holds its value, and where noise
    drowns the layout nothing is said."""
    rng = np.random.default_rng(0)
    own, theirs = sides([True] * 12, [True] * 12)
    for size, words in ((0.3, {"alike"}), (1.0, {"alike", "undecided"}), (4.0, {"undecided"})):
        noisy = own._replace(geometry=own.geometry + rng.normal(0, size, own.geometry.shape))
        for pair in ((noisy, theirs), (theirs, noisy)):
            found = likenesses(*pair, seed=3)
            assert {one["says"] for one in found} <= words
            assert all(one["low"] <= one["value"] <= one["high"] for one in found)


def test_an_interval_holds_its_value_though_draws_add_noise():
    """Many comparisons, in noisy scenes: drawn scenes are noisier than all of them together, so that draws by
    themselves lie below the value."""
    rng = np.random.default_rng(1)
    layout = rng.uniform(0, 2, 300)
    first, second = (layout + rng.normal(0, 1.5, (16, 1, 300)) for _ in range(2))
    only = np.array([0])
    low, high = interval(first, second, only, seed=2)
    assert low < least(first, second, only) < high < 1
