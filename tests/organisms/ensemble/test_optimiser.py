"""Is a step AdamW's step, at the rate that the schedule names?"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from curricula.phases import OptimiserConfig
from organisms.ensemble.optimiser import Schedule, adamw_step, initial_moments, learning_rate

STEPS = 30
CONFIGS = {
    "default": OptimiserConfig(warmup=5),
    "strong": OptimiserConfig(
        learning_rate=0.02, warmup=8, final_fraction=0.0, weight_decay=0.3, second_moment=0.9, clip=0.2
    ),
    "no warm-up": OptimiserConfig(warmup=0, final_fraction=1.0, clip=1e6),
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


our_step, our_rate, at_start = map(jax.jit, (adamw_step, learning_rate, initial_moments))


def independent_schedule(config: OptimiserConfig) -> optax.Schedule:
    peak, warmup = config.learning_rate, config.warmup
    fall = optax.cosine_decay_schedule(peak, STEPS - warmup, config.final_fraction)
    if not warmup:
        return fall
    return optax.join_schedules([optax.linear_schedule(peak / warmup, peak, warmup - 1), fall], [warmup])


@every_config
def test_the_rate_is_that_of_optax_at_every_step(config):
    schedule, expected = Schedule.of(config, STEPS), jax.jit(independent_schedule(config))
    for step in range(STEPS):
        np.testing.assert_allclose(our_rate(schedule, jnp.int32(step)), expected(step), rtol=1e-5, atol=1e-9)


def test_the_rate_rises_to_its_peak_when_warm_and_falls_to_the_final_fraction():
    schedule = Schedule.of(OptimiserConfig(learning_rate=0.1, warmup=10, final_fraction=0.2), 110)
    at = lambda step: float(our_rate(schedule, jnp.int32(step)))  # noqa: E731
    np.testing.assert_allclose([at(0), at(4), at(9), at(10)], [0.01, 0.05, 0.1, 0.1], rtol=1e-5)
    np.testing.assert_allclose([at(60), at(110), at(500)], [0.06, 0.02, 0.02], rtol=1e-5)


@every_config
def test_steps_are_those_of_optax_adamw_on_clipped_gradients(config, organism):
    """Over several steps, with gradients on both sides of the clip, from the same start: parameters, and the
    norm before clipping.
    """
    decay = optax.adamw(
        independent_schedule(config), b2=config.second_moment, weight_decay=config.weight_decay
    )
    chain = optax.chain(optax.clip_by_global_norm(config.clip), decay)
    leaves, shape = jax.tree.flatten(organism)
    ours, moments, theirs, state = organism, at_start(organism), leaves, jax.jit(chain.init)(leaves)
    schedule = Schedule.of(config, STEPS)
    numbers = np.random.default_rng(0)

    @jax.jit
    def their_step(gradient, state, theirs):
        changes, state = chain.update(gradient, state, theirs)
        return optax.apply_updates(theirs, changes), state

    for step in range(5):
        size = 10.0 ** (step % 3 - 3)
        gradient = [jnp.asarray(size * numbers.normal(size=leaf.shape), jnp.float32) for leaf in leaves]
        ours, moments, norm = our_step(
            jax.tree.unflatten(shape, gradient), moments, ours, schedule, jnp.int32(step)
        )
        theirs, state = their_step(gradient, state, theirs)
        np.testing.assert_allclose(
            norm, np.sqrt(sum(np.square(np.asarray(g, np.float64)).sum() for g in gradient)), rtol=1e-5
        )
        for one, two, was in zip(jax.tree.leaves(ours), theirs, leaves, strict=True):
            np.testing.assert_allclose(one, two, atol=config.learning_rate * 1e-3)
            assert np.abs(np.asarray(one) - np.asarray(was)).max() > config.learning_rate * 0.05


def test_without_a_gradient_weights_decay_by_rate_times_decay(organism):
    config = OptimiserConfig(warmup=1, weight_decay=0.5, learning_rate=0.1)
    zero = jax.tree.map(lambda leaf: np.zeros(leaf.shape, np.float32), organism)
    after, _, norm = our_step(zero, at_start(organism), organism, Schedule.of(config, STEPS), jnp.int32(0))
    assert norm == 0.0
    for was, now in zip(jax.tree.leaves(organism), jax.tree.leaves(after), strict=True):
        np.testing.assert_allclose(now, np.float32(0.95) * np.asarray(was), rtol=1e-5)
