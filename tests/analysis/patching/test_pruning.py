"""Is what pruning leaves one circuit that suffices, and not its backup as well?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from emitters import as_commands_do

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.pruning import PAIRS, ZeroAblation, pruned, sufficient_circuit, zero_ablated
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support
from organisms.ensemble.config import read_config
from organisms.storage.loading import load


@partial(jax.jit, static_argnums=1)
def ablations(organism, sizes, pairs, masks) -> ZeroAblation:
    """What each mask leaves, in every pair."""
    return jax.vmap(lambda pair: zero_ablated(organism, sizes, pair, masks))(pairs)


def two_circuits(masks: np.ndarray) -> ZeroAblation:
    """Two organisms of five components: in the first 0 with 2 suffice, and 1 with 3; in the second each of
    the first four is worth a quarter."""
    left = ~masks
    either = left[0][:, [0, 2]].all(1) | left[0][:, [1, 3]].all(1)
    worth = np.stack([either * 1.0, left[1][:, :4].mean(1)])
    nats = np.repeat(worth[:, None], 20, axis=1) + left[:, None, :, 1] * 0.01
    return ZeroAblation(nats, (np.arange(20) + 0.5)[:, None] / 20 < worth[:, None])


def test_one_of_two_sufficient_circuits_is_left():
    """Its backup is pruned; a lower share of right answers prunes more."""
    everything = np.ones((2, 5), bool)
    left = pruned(two_circuits, everything, np.array([0.9, 0.9]))
    assert np.flatnonzero(left[0]).tolist() == [1, 3]
    assert np.flatnonzero(left[1]).tolist() == [0, 1, 2, 3]
    assert pruned(two_circuits, everything, np.array([0.9, 0.7]))[1].sum() == 3
    assert everything.all()
    assert not pruned(two_circuits, everything & [[True], [False]], np.array([0.9, 0.9]))[1].any()


def test_the_circuit_suffices_and_no_component_of_it_can_be_ablated(tiny_run):
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    measurer = CheckpointMeasurer(organisms, config, np.asarray(tiny_run.summary()["secret_goals"]), 0)
    with as_commands_do(), jax.default_matmul_precision("highest"):  # the program of a phase's start
        left = sufficient_circuit(measurer, np.full(measurer.members, 0.9))
    assert (left.sum(1) > 0).all()
    assert (left.sum(1) < measurer.component_count).all()
    pairs = measurer.minimal_pairs("character", "watched", PairDraw.PRUNING, PAIRS)
    organisms, pairs = jax.device_get((organisms, pairs))
    for member in range(measurer.members):
        organism, drawn = jax.tree.map(lambda leaf, member=member: leaf[member], (organisms, pairs))
        fewer = left[member] & ~np.eye(measurer.component_count, dtype=bool)  # [component taken, component]
        masks = ~np.concatenate([left[member][None], fewer])
        right = np.asarray(ablations(organism, config.organism, drawn, masks).right).mean(0)
        assert right[0] >= 0.9
        assert (right[1:][left[member]] < 0.9).all()


@pytest.mark.slow
def test_ablating_nothing_is_the_organism_and_ablating_everything_moves_nothing(organism, world, sizes):

    @jax.jit
    def drawn(key):
        source = PairSource(world, trained_support(world), jnp.int32(0))
        return sample_pairs(key, source, "character", "watched", 4)

    pairs = jax.device_get(drawn(jax.random.key(0)))
    size = sizes.layers * (sizes.heads + sizes.neuron_blocks)
    masks = np.stack([np.zeros(size, bool), np.ones(size, bool)])
    ablation = ablations(organism, sizes, pairs, masks)
    rows, of_all = np.arange(4), jax.jit(lambda organism, tokens: jax.vmap(organism)(tokens))
    logits = [
        np.asarray(of_all(organism, tokens))[rows, pairs.decision] for tokens in (pairs.first, pairs.second)
    ]
    first, second = (side[rows, pairs.second_answer] - side[rows, pairs.first_answer] for side in logits)
    np.testing.assert_allclose(ablation.nats[:, 0], second - first, atol=1e-4)
    np.testing.assert_allclose(ablation.nats[:, 1], 0, atol=1e-5)
