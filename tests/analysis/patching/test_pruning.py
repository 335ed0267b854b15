"""Is what pruning leaves one circuit that suffices, and not its backup as well?"""

import jax
import jax.numpy as jnp
import numpy as np

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.pruning import PAIRS, Carried, carried, pruned, sufficient
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support
from organisms.storage.loading import load
from organisms.training.config import read_config


def of_two(silent: np.ndarray) -> Carried:
    """Two organisms of five components: in the first 0 with 2 suffice, and 1 with 3; in the second each of
    the first four is worth a quarter."""
    left = ~silent
    either = left[0][:, [0, 2]].all(1) | left[0][:, [1, 3]].all(1)
    carries = np.stack([either * 1.0, left[1][:, :4].mean(1)])
    nats = np.repeat(carries[:, None], 20, axis=1) + left[:, None, :, 1] * 0.01
    return Carried(nats, (np.arange(20) + 0.5)[:, None] / 20 < carries[:, None])


def test_one_of_two_circuits_that_suffice_is_left_and_not_its_backup():
    everything = np.ones((2, 5), bool)
    found = pruned(of_two, everything, np.array([0.9, 0.9]))
    assert np.flatnonzero(found[0]).tolist() == [1, 3]
    assert np.flatnonzero(found[1]).tolist() == [0, 1, 2, 3]
    assert pruned(of_two, everything, np.array([0.9, 0.7]))[1].sum() == 3
    assert everything.all()
    assert not pruned(of_two, everything & [[True], [False]], np.array([0.9, 0.9]))[1].any()


def test_what_is_left_of_an_organism_suffices_and_nothing_of_it_can_be_spared(tiny_run):
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    survey = CheckpointMeasurer(organisms, config, np.asarray(tiny_run.summary()["secret_goals"]), 0)
    left = sufficient(survey, np.full(survey.members, 0.9))
    assert (left.sum(1) > 0).all()
    assert (left.sum(1) < survey.component_count).all()
    pairs = survey.minimal_pairs("character", "watched", PairDraw.PRUNING, PAIRS)
    for member in range(survey.members):
        one = jax.tree.map(lambda leaf, member=member: leaf[member], (organisms, pairs))
        fewer = [
            left[member] & (np.arange(survey.component_count) != gone)
            for gone in np.flatnonzero(left[member])
        ]
        silent = jnp.asarray(~np.stack([left[member], *fewer]))
        found = jax.vmap(lambda pair, one=one, silent=silent: carried(one[0], config.organism, pair, silent))(
            one[1]
        )
        right = np.asarray(found.right).mean(0)
        assert right[0] >= 0.9
        assert (right[1:] < 0.9).all()


def test_silence_of_nothing_is_the_organism_and_of_everything_moves_nothing(organism, world, sizes):
    pairs = sample_pairs(
        jax.random.key(0), PairSource(world, trained_support(world), jnp.int32(0)), "character", "watched", 4
    )
    size = sizes.layers * (sizes.heads + sizes.neuron_blocks)
    silent = jnp.stack([jnp.zeros(size, bool), jnp.ones(size, bool)])
    found = jax.vmap(lambda pair: carried(organism, sizes, pair, silent))(pairs)
    logits = [
        jax.vmap(organism)(tokens)[jnp.arange(4), pairs.decision] for tokens in (pairs.first, pairs.second)
    ]
    leans = [of[jnp.arange(4), pairs.second_answer] - of[jnp.arange(4), pairs.first_answer] for of in logits]
    np.testing.assert_allclose(found.nats[:, 0], leans[1] - leans[0], atol=1e-4)
    np.testing.assert_allclose(found.nats[:, 1], 0, atol=1e-5)
