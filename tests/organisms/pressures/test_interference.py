"""Is what is recalled counted over the moments that ask it?"""

import jax.numpy as jnp
import numpy as np
from contexts import context_of
from reading import MIXED, scenes_from_uniforms

from curricula.world.scenes import RECALLS
from organisms.pressures.interference import InterferenceEffect
from organisms.pressures.step_context import StepOutcome


def test_recalled_answers_are_counted_over_the_moments_that_ask(organism, world, sizes):
    latents, scenes = scenes_from_uniforms(world, MIXED._replace(recalls=0.3))
    asks = latents.shows == RECALLS
    wrong = np.where(np.arange(world.moments) == 0, scenes.targets + 1, scenes.targets)
    context = context_of(world, sizes, (latents, scenes))
    for predicted, hits in ((scenes.targets, asks.sum()), (wrong, asks[:, 1:].sum())):
        acts = (jnp.asarray(predicted), jnp.asarray(scenes.targets))
        outcome = StepOutcome(None, None, None, *acts)  # pyright: ignore[reportArgumentType]
        nats, metrics = InterferenceEffect().penalty(jnp.float32(0.0), organism, context, outcome)
        assert nats is None
        assert (metrics["recalled"].hits, metrics["recalled"].cases) == (hits, asks.sum())
