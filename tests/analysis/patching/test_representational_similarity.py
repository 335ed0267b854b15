"""Are circuits that compute alike told from those that do not, whoever writes and in whatever direction?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import READERS, SIZES, wired

from analysis.patching import representational_similarity
from analysis.patching.representational_similarity import (
    RoleDissimilarities,
    circuit_similarities,
    circuit_similarity,
    cue_combinations,
    dissimilarities,
    judged_similarity,
    similarity_interval,
    with_cues,
)
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.tables import tables
from curricula.world.world import World


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
        jax.jit(lambda pairs: dissimilarities(organism, world, SIZES, pairs, only(component)))(pairs), float
    )


def test_what_a_counter_writes_is_as_dissimilar_as_the_counts(world):
    """The wired readers write the number of cues that mean alone: distances are differences of counts, in one
    unit."""
    rows = cue_combinations(world)
    counts = (rows < world.cue_kinds // 2).sum(1)
    first, second = np.triu_indices(len(rows), 1)
    expected = np.abs(counts[first] - counts[second]).astype(float)
    distances = measured(wired(world, 1), world, READERS[0])
    for scene in distances:
        unit = scene[0][expected == 1].mean()
        assert unit > 0
        np.testing.assert_allclose(scene[0], expected * unit, atol=1e-3 * unit)
    assert not distances[:, 1].any(), "no component of the second layer is in the circuit"


def test_with_cues_changes_the_cues_and_nothing_else(world):
    """A scene with its cues written once more is itself."""
    pairs = pairs_of(world)
    for tokens, decision in zip(pairs.first, pairs.decision, strict=True):
        cues = np.asarray(tokens)[decision - world.cues : decision] - world.vocabulary.first_cue
        assert (cues >= 0).all()
        np.testing.assert_array_equal(with_cues(tokens, decision, jnp.asarray(cues), world), tokens)
        changed = with_cues(tokens, decision, jnp.asarray((cues + 1) % world.cue_kinds), world)
        positions = np.flatnonzero(np.asarray(changed != tokens))
        assert positions.tolist() == list(range(int(decision) - world.cues, int(decision)))


def test_readers_that_write_elsewhere_are_similar_and_one_that_reads_less_is_not(world):
    """The two readers of a wired organism write the same count in other directions. One that reads the last
    cue alone computes something else."""
    organism, layer = wired(world, 1), np.array([0])
    first, second = (measured(organism, world, reader) for reader in READERS)
    assert circuit_similarity(first, second, layer) == pytest.approx(1, abs=1e-4)
    rows = cue_combinations(world)
    last = (rows[:, -1] < world.cue_kinds // 2).astype(float)
    a, b = np.triu_indices(len(rows), 1)
    last_alone = np.tile(np.abs(last[a] - last[b]), (len(first), 1, 1))
    similarity = circuit_similarity(first[:, :1], last_alone, layer)
    assert similarity is not None
    assert similarity < 0.8


def test_combinations_are_of_training_and_of_either_meaning_to_either_role():
    small, large = World(), World(cues=4, cue_kinds=6)
    table = tables(small)
    assert sorted(map(tuple, cue_combinations(small))) == sorted(
        map(tuple, np.concatenate([table.alone, table.watched]))
    )
    table, chosen = tables(large), {tuple(row) for row in cue_combinations(large)}
    assert len(chosen) == representational_similarity.COMBINATIONS
    assert len(chosen & set(map(tuple, table.alone))) == len(chosen & set(map(tuple, table.watched))) == 32
    other_rule = replace(large, self_rule="any")
    chosen = {tuple(row) for row in cue_combinations(other_rule)}
    for role in ("character", "self"):
        table = tables(other_rule, role)
        for rows in (table.alone, table.watched):
            assert len(chosen & set(map(tuple, rows))) >= representational_similarity.COMBINATIONS // 4, role


def layouts(count_first: bool) -> np.ndarray:
    """What two layers write over four combinations of two cues, in eight noisy scenes [scene layer
    comparison]: the count and then the judgement, or twice the judgement."""
    counts = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]).sum(1).astype(float)
    judgement = (counts == 2).astype(float)
    first, second = np.triu_indices(4, 1)
    distances = lambda numbers: np.abs(numbers[first] - numbers[second])  # noqa: E731
    layers = np.stack([distances(counts if count_first else judgement), distances(judgement)])
    return layers + np.random.default_rng(int(count_first)).normal(0, 0.02, (8, *layers.shape))


def both_roles(
    self_counts: list[bool], characters_count: list[bool], work=((0.5, 0.4), (0.5, 0.4))
) -> tuple[RoleDissimilarities, RoleDissimilarities]:
    """Circuits of self and of characters, a member each, that count first or do not; with what each layer
    does."""
    of_self, characters = (
        RoleDissimilarities(
            np.stack([layouts(count_first) for count_first in counts]),
            np.broadcast_to(np.array(shares), (len(counts), 2)),
            [True] * len(counts),
        )
        for counts, shares in zip((self_counts, characters_count), work, strict=True)
    )
    return of_self, characters


def test_two_ways_to_the_same_answer_are_told_apart():
    """Both act alike; one counts first. The layer in which they differ decides, beside other members and
    beside the circuits themselves in other scenes."""
    same, different = circuit_similarities(*both_roles([True, False], [True, True]), seed=3)
    assert same.says == "alike"
    assert same.low > 0.95
    assert different.says == "another"
    assert different.value == min(different.layers)
    assert different.layers[1] > 0.95
    assert different.low <= different.value <= different.high < 0.8
    assert same.with_other_members > 0.95
    assert different.with_other_members < 0.8
    assert min(same.with_itself, different.with_itself) > 0.95


def test_a_layer_in_which_only_one_role_works_is_not_compared():
    roles = both_roles([False], [True], ((0.0, 0.9), (0.5, 0.4)))
    (second_layer,) = circuit_similarities(*roles, seed=3)
    assert second_layer.layers[0] is None
    assert second_layer.says == "alike"
    (none,) = circuit_similarities(*both_roles([False], [True], ((0.9, 0.0), (0.0, 0.9))), seed=3)
    assert (none.value, none.low, none.says) == (None, None, "undecided")


def test_there_is_no_similarity_without_circuits():
    of_self, characters = both_roles([True, True], [True, True])
    only_first = characters._replace(has_circuit=[True, False])
    only_second = of_self._replace(has_circuit=[False, True])
    assert circuit_similarities(only_second, only_first, seed=3) == [None, None]
    similarity = circuit_similarities(of_self, only_first, seed=3)[0]
    assert similarity.with_other_members is None, "a member without a circuit is none to compare with"


def test_what_writes_the_same_whatever_the_cues_is_similar_to_nothing():
    of_self, characters = both_roles([True], [True])
    constant = of_self._replace(dissimilarities=np.zeros_like(of_self.dissimilarities))
    assert circuit_similarities(constant, characters, seed=3)[0].value == 0


@pytest.mark.parametrize(
    ("low", "high", "with_itself", "word"),
    [
        (0.85, 0.99, 0.99, "alike"),
        (0.5, 0.75, 0.99, "another"),
        (0.7, 0.9, 0.99, "undecided"),
        (0.5, 0.75, 0.7, "undecided"),
        (0.85, 0.99, None, "undecided"),
        (None, None, None, "undecided"),
    ],
)
def test_the_interval_decides_and_noise_does_not(low, high, with_itself, word):
    assert judged_similarity(low, high, with_itself) == word


@pytest.mark.slow
def test_noise_in_either_role_is_not_taken_for_another_mechanism():
    """The same layout, seen through noise in one role's scenes: an interval holds its value, and where noise
    drowns the layout nothing is decided."""
    rng = np.random.default_rng(0)
    of_self, characters = both_roles([True] * 12, [True] * 12)
    for size, words in ((0.3, {"alike"}), (1.0, {"alike", "undecided"}), (4.0, {"undecided"})):
        noise = rng.normal(0, size, of_self.dissimilarities.shape)
        noisy = of_self._replace(dissimilarities=of_self.dissimilarities + noise)
        for roles in ((noisy, characters), (characters, noisy)):
            similarities = circuit_similarities(*roles, seed=3)
            assert {similarity.says for similarity in similarities} <= words
            assert all(similarity.low <= similarity.value <= similarity.high for similarity in similarities)


def test_an_interval_holds_its_value_though_draws_add_noise():
    """Many comparisons, in noisy scenes: drawn scenes are noisier than all of them together, so that draws by
    themselves lie below the value."""
    rng = np.random.default_rng(1)
    layout = rng.uniform(0, 2, 300)
    first, second = (layout + rng.normal(0, 1.5, (16, 1, 300)) for _ in range(2))
    layer = np.array([0])
    low, high = similarity_interval(first, second, layer, seed=2)
    assert low < circuit_similarity(first, second, layer) < high < 1
