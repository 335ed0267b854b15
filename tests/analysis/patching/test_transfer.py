"""Does a circuit of another checkpoint drive where it should, and is it that checkpoint's?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import SIZES, own_answers, wired

from analysis.patching import cross_checkpoint as module
from analysis.patching.interchange import cross_role_pairs, exchanges
from analysis.patching.interventions import count
from analysis.patching.shapley import Contributions
from organisms.model.surgery import zero_ablate_head

KEYS = jax.random.split(jax.random.key(1), 2)


@pytest.fixture(autouse=True)
def answers_by_hand(world, monkeypatch):
    def drawn(*arguments):
        return tuple(jax.vmap(lambda c: own_answers(world, c))(of) for of in cross_role_pairs(*arguments))

    monkeypatch.setattr(module, "cross_role_pairs", drawn)


@pytest.fixture(scope="module")
def end(world):
    """Two organisms [member, ...]: in the first self listens to the characters' reader, in the second to the
    other one."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1))


def transferred(end, fork, world):
    """With the first reader ranked alone and the second as the whole circuit."""
    effects = [Contributions(np.eye(count(SIZES))[[0]], np.ones(1))] * 2
    return module.transfer(end, fork, world, SIZES, KEYS, jnp.array([1, 1]), effects, [np.array([1])] * 2, 0)


def test_an_organism_transferred_onto_itself_is_patched_within(end, world):
    found = transferred(end, end, world)
    assert found["transfer"].members[:, 0].all()
    assert found["transfer"].members.sum() == 2
    into, _ = module.cross_role_pairs(
        world, jax.vmap(jax.random.split)(KEYS)[:, 1], jnp.array([1, 1]), module.PAIRS
    )
    sets = np.zeros((2, 21, count(SIZES)), bool)
    sets[:, 0, 0] = sets[:, 1, 1] = True
    within = exchanges(end, end, world, SIZES, into.self_pair, into.self_pair, sets)
    for line in ("transfer", "transfer_from_characters"):
        np.testing.assert_allclose(found[line].over.share()[:, [0, -1]], within.share()[:, :2], atol=1e-3)
        np.testing.assert_allclose(found[line].over.share()[:, [0, -1]], [[1, 0], [0, 1]], atol=0.01)


def test_what_is_handed_over_is_what_the_fork_wrote(end, world):
    """A fork whose first reader counts half as much hands over half of what the end's own would: donors are
    of the fork, recipients of the end."""
    fork = jax.tree.map(lambda leaf: leaf, end)
    fork.value[...] = fork.value[...].at[:, 0, 0].multiply(0.5)
    found = transferred(end, fork, world)["transfer"]
    np.testing.assert_allclose(found.over.share()[:, 0], [0.5, 0], atol=0.01)
    np.testing.assert_allclose(found.within.share()[:, 0], 1, atol=0.01)


def test_a_fork_without_the_reader_hands_over_nothing(end, world):
    """A head that writes nothing there still has its output: it is the end's output weights that carry it
    on."""
    mute = jax.vmap(lambda organism: zero_ablate_head(organism, 0, 0))(end)
    assert transferred(end, mute, world)["transfer"].over.share()[0, -1] == pytest.approx(0, abs=0.01)
    deaf = jax.tree.map(lambda leaf: leaf, end)
    deaf.value[...] = deaf.value[...].at[:, 0, 0].set(0)
    found = transferred(end, deaf, world)["transfer"]
    np.testing.assert_allclose(found.over.share()[:, 0], 0, atol=0.01)
