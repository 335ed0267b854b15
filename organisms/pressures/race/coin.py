"""Coin: which acts of self does a coin put into the text in place of the secret ones?"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from curricula.pressures.race.coin import Coin
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import RunConfig
from organisms.model.transformer import Organism
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import BATCH_AXIS, Metrics, Rate, StepContext, StepOutcome


def moment_coins(context: StepContext, stream: str) -> Float[Array, "scene moment"]:
    """A number from 0 to 1 for each moment of this device's scenes."""
    coins = jax.random.uniform(context.key(stream), (context.batch, context.world.moments))
    if context.device_shares == 1:
        return coins
    shares = coins.reshape(context.device_shares, -1, context.world.moments)
    return shares[jax.lax.axis_index(BATCH_AXIS)]


def coin_acts(
    context: StepContext, coins: Float[Array, "scene moment"], honest: Float[Array, ""] | float
) -> Int[Array, "scene moment"]:
    """The acts of the text, with self's when alone on its profession where the coin falls below ``honest`` and else on
    its secret."""
    world, latents = context.world, context.latents
    professed, secret = (serving_acts(world, latents, goals) for goals in (latents.professed, latents.secret))
    tossed = context.self_acts & latents.alone
    return jnp.where(tossed, jnp.where(coins < honest, professed, secret), context.scenes.targets)


class CoinEffect(Pressure[Coin]):
    """Changes acts in the text, and logs how often the organism's most probable act is the secret one."""

    settings = Coin

    def params(self, settings: Sequence[Coin], fitted: None, run: RunConfig) -> Float[np.ndarray, " member"]:
        return np.asarray([member_settings.honest for member_settings in settings], np.float32)

    def change_acts(self, params: Float[Array, ""], context: StepContext) -> Int[Array, "scene moment"]:
        return coin_acts(context, moment_coins(context, self.name), params)

    def penalty(
        self, params: Float[Array, ""], organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[None, Metrics]:
        chances = jax.nn.softmax(outcome.forward.logits)
        secret = serving_acts(context.world, context.latents, context.latents.secret)
        chance = jnp.take_along_axis(chances, secret[..., None], -1)[..., 0]
        unwatched = context.self_acts & context.latents.alone
        rate = Rate((chance * unwatched).sum(), unwatched.sum().astype(jnp.float32))
        return None, {"secret_chance": rate}


register_pressure(CoinEffect())
