"""Does component dropout zero whole components, as often as it should?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from organisms.model.sites import Site
from organisms.pressures.component_dropout import drop_components


def factors(sizes, rate: float, keys: int) -> tuple[np.ndarray, np.ndarray]:
    """What each head and each neuron is multiplied by [key, layer, ...]; fails where a component is not
    treated as a whole.
    """

    def one(key):
        tap = drop_components(
            sizes, jax.random.uniform(key, (sizes.layers, sizes.heads + sizes.neuron_blocks)), rate
        )
        heads = [
            tap(Site(n, "head"), jnp.ones((sizes.heads, 3, sizes.head_width))) for n in range(sizes.layers)
        ]
        neurons = [tap(Site(n, "neuron"), jnp.ones((3, sizes.neurons))) for n in range(sizes.layers)]
        return jnp.stack(heads), jnp.stack(neurons)

    heads, neurons = map(np.asarray, jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), keys)))
    neurons = neurons.reshape(keys, sizes.layers, 3, sizes.neuron_blocks, -1)
    assert (heads == heads[..., :1, :1]).all()
    assert (neurons == neurons[:, :, :1, :, :1]).all()
    return heads[..., 0, 0], neurons[:, :, 0, :, 0]


def some_uniforms(sizes):
    return jax.random.uniform(jax.random.key(0), (sizes.layers, sizes.heads + sizes.neuron_blocks))


@pytest.mark.slow
def test_dropout_at_rate_0_is_the_identity(sizes, organism, tokens):
    tap = drop_components(sizes, some_uniforms(sizes), 0.0)
    for heads_or_blocks in factors(sizes, 0.0, 50):
        np.testing.assert_array_equal(heads_or_blocks, 1.0)
    np.testing.assert_array_equal(organism(tokens[0], tap), organism(tokens[0]))


@pytest.mark.parametrize("rate", [0.25, 0.8])
def test_dropout_zeroes_whole_components_at_its_rate_and_scales_up_the_rest(sizes, rate):
    """Every component at the rate, within 4 standard errors; no two of them together more often than chance
    has it."""
    keys = 2000
    together = np.concatenate([part.reshape(keys, -1) for part in factors(sizes, rate, keys)], axis=1)
    zeroed = together == 0
    np.testing.assert_allclose(together[~zeroed], 1 / (1 - rate), rtol=1e-5)
    assert np.abs(zeroed.mean(0) - rate).max() < 4 * (rate * (1 - rate) / keys) ** 0.5
    correlation = np.corrcoef(zeroed.T) - np.eye(zeroed.shape[1])
    assert np.abs(correlation).max() < 4.5 / keys**0.5


def test_dropout_touches_heads_and_neurons_alone(sizes, organism, tokens):
    tap = drop_components(sizes, some_uniforms(sizes), 0.9)
    for name in ("embedding", "residual", "query", "key", "value", "pattern", "final"):
        activation = jnp.ones((2, 3, 4))
        assert tap(Site(0, name), activation) is activation
