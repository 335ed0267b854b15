"""Does a circuit of another checkpoint drive where it should, and is it that checkpoint's?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import SIZES, measurer_of, wired, with_wired_answers

from analysis.patching import cross_checkpoint as module
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import CrossRoleScenes, cross_role_pairs, exchanges
from analysis.patching.shapley import Contributions
from organisms.model.sites import components
from organisms.model.surgery import zero_ablate_head

pytestmark = pytest.mark.slow

SIZE = len(components(SIZES))


@pytest.fixture(autouse=True)
def wired_answers(world, monkeypatch):
    def drawn(*arguments):
        return CrossRoleScenes(*(with_wired_answers(world, pairs) for pairs in cross_role_pairs(*arguments)))

    monkeypatch.setattr(module, "cross_role_pairs", drawn)


@pytest.fixture(scope="module")
def end(world):
    """Two organisms [member, ...]: in the first self responds to the characters' reader, in the second to the
    other one."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1))


def effects_of(end, fork, world):
    """With the first reader ranked alone and the second as the whole circuit."""
    ranked = [Contributions(np.eye(SIZE)[[0]], np.ones(1))] * 2
    at_end, at_fork = measurer_of(world, end), measurer_of(world, fork, seed=2)
    return module.cross_checkpoint_effects(at_end, at_fork, ranked, [np.array([1])] * 2)


def test_an_organism_patched_into_itself_is_patched_within(end, world):
    effects = effects_of(end, end, world)
    assert effects.transfer.gate_set[:, 0].all()
    assert effects.transfer.gate_set.sum() == 2
    keys = jax.vmap(jax.random.split)(measurer_of(world, end).member_keys(AnalysisStream.CROSS_CHECKPOINT))
    scenes = module.cross_role_pairs(world, keys[:, 1], jnp.array([1, 1]), module.PAIRS)
    sets = np.zeros((2, 21, SIZE), bool)
    sets[:, 0, 0] = sets[:, 1, 1] = True
    same_scene = module.ScenePairs(scenes.recipients.self_pair, scenes.recipients.self_pair)
    within = exchanges(end, end, world, SIZES, same_scene, sets)
    for effect in effects:
        np.testing.assert_allclose(effect.effect.share()[:, [0, -1]], within.share()[:, :2], atol=1e-3)
        np.testing.assert_allclose(effect.effect.share()[:, [0, -1]], [[1, 0], [0, 1]], atol=0.01)


def test_what_is_patched_is_what_the_fork_wrote(end, world):
    """A fork whose first reader counts half as much moves half of what the end's would: donors are of the
    fork, recipients of the end."""
    fork = jax.tree.map(lambda leaf: leaf, end)
    fork.value[...] = fork.value[...].at[:, 0, 0].multiply(0.5)
    transfer = effects_of(end, fork, world).transfer
    np.testing.assert_allclose(transfer.effect.share()[:, 0], [0.5, 0], atol=0.01)
    np.testing.assert_allclose(transfer.effect_within.share()[:, 0], 1, atol=0.01)


def test_a_fork_without_the_reader_moves_nothing(end, world):
    """A head that writes nothing there still has its output: the end's output weights carry it on."""
    no_output = jax.vmap(lambda organism: zero_ablate_head(organism, 0, 0))(end)
    transfer = effects_of(end, no_output, world).transfer
    assert transfer.effect.share()[0, -1] == pytest.approx(0, abs=0.01)
    no_values = jax.tree.map(lambda leaf: leaf, end)
    no_values.value[...] = no_values.value[...].at[:, 0, 0].set(0)
    transfer = effects_of(end, no_values, world).transfer
    np.testing.assert_allclose(transfer.effect.share()[:, 0], 0, atol=0.01)
