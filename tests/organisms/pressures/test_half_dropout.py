"""Does half-dropout zero one half or the other of every layer, as often as it should?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import MIXED, scenes_from_uniforms

from curricula.world.scenes import Scene
from organisms.model.sites import Site
from organisms.objectives.imitation import imitate
from organisms.pressures.half_dropout import drop_halves

BATCH = 4


@pytest.fixture(scope="module")
def scenes(world) -> Scene:
    """A few scenes of self."""
    whole = scenes_from_uniforms(world, MIXED._replace(beside_self=0.0, self_scenes=1.0))[1]
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[:BATCH]), whole)


@pytest.mark.slow
def test_halves_are_zeroed_as_often_as_set_and_learn_nothing_meanwhile(sizes, organism, scenes, world):
    """Of 100 coins 40 take the first half of every layer, 40 the second; what is left passes unchanged, and
    no gradient reaches what is zeroed."""
    coins = (jnp.arange(100) + 0.5) / 100
    tap = drop_halves(sizes, coins, 0.8)
    heads_kept, neurons = (
        np.asarray(jax.jit(partial(tap, Site(0, name)))(np.ones(shape, np.float32)))
        for name, shape in (
            ("head", (100, sizes.heads, 3, sizes.head_width)),
            ("neuron", (100, 3, sizes.neurons)),
        )
    )
    heads_kept, neurons = heads_kept[:, :, 0, 0], neurons[:, 0]
    first = {
        "heads": sizes.heads // 2,
        "neurons": sizes.neuron_blocks // 2 * sizes.neurons // sizes.neuron_blocks,
    }
    for part, half in zip((heads_kept, neurons), first.values(), strict=True):
        assert (part[:, :half] == np.repeat([0.0, 1.0, 1.0], [40, 40, 20])[:, None]).all()
        assert (part[:, half:] == np.repeat([1.0, 0.0, 1.0], [40, 40, 20])[:, None]).all()
    residual = jnp.asarray(np.ones((2, 3, 4)))
    assert tap(Site(0, "residual"), residual) is residual

    def loss(organism):
        tap = drop_halves(sizes, jnp.full(BATCH, 0.1), 0.8)
        return imitate(organism, scenes, jnp.asarray(world.decisions), jnp.float32(1.0), tap)[0]

    slope = jax.jit(jax.grad(loss))(organism)
    heads = np.abs(np.asarray(slope.value[...])).sum((0, *range(2, slope.value[...].ndim)))
    neurons = np.abs(np.asarray(slope.out_of_neurons[...])).sum((0, 2))
    for part, half in zip((heads, neurons), first.values(), strict=True):
        assert (part[:half] == 0).all()
        assert (part[half:] > 0).all()
