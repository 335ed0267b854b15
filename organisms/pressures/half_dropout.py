"""Half-dropout: the first or the second half of every layer is zeroed in a share of the scenes."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from curricula.pressures.half_dropout import HalfDropout
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


def first_half_of_layer(config: OrganismConfig) -> Bool[np.ndarray, " component"]:
    """Which of a layer's heads and blocks of neurons are in its first half."""
    return np.concatenate([np.arange(count) < count // 2 for count in (config.heads, config.neuron_blocks)])


def half_masks(config: OrganismConfig) -> Bool[np.ndarray, "half component"]:
    """Which components are in the first, and which in the second half of their layer's heads or blocks."""
    first = np.tile(first_half_of_layer(config), config.layers)
    return np.stack([first, ~first])


def drop_halves(
    config: OrganismConfig, coins: Float[Array, " scene"], share: Float[Array, ""] | float
) -> Tap:
    """A tap that zeroes the first or the second half of every layer's heads and blocks of neurons in ``share`` of the
    scenes.

    coins: uniform from 0 to 1, one for each scene.
    """
    first = jnp.asarray(first_half_of_layer(config))
    zeroed = jnp.where(coins[:, None] < share / 2, first, (coins[:, None] < share) & ~first)
    factors = jnp.broadcast_to(~zeroed[:, None], (len(coins), config.layers, len(first)))
    factors = factors.astype(jnp.float32)

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        scale = broadcast_to_site(config, factors, site)
        return activation if scale is None else activation * scale

    return tap


class HalfDropoutEffect(Pressure[HalfDropout]):
    """Half of every layer, zeroed by turns."""

    settings = HalfDropout

    def run_errors(self, settings: HalfDropout, run: RunConfig) -> list[str]:
        if not settings.share:
            return []
        return [
            f"run:organism.{name}: expected 2 or more where halves of every layer are zeroed by turns, got {count}"
            for name in ("heads", "neuron_blocks")
            if (count := getattr(run.organism, name)) == 1
        ]

    def params(self, settings: Sequence[HalfDropout], fitted: Any, run: RunConfig) -> Any:
        return np.asarray([member_settings.share for member_settings in settings], float)

    def intervene(self, params: Any, context: StepContext) -> Tap:
        return drop_halves(context.config, context.coins(self.name), params)


register_pressure(HalfDropoutEffect())
