"""Masking: weights of lanes are held at zero, and lanes sealed at the tokens of a role; see
`organisms.planted.masks`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from curricula.phases import Phase
from curricula.pressures.masking import Masking
from organisms.ensemble.config import RunConfig
from organisms.model.sites import Site, Tap, broadcast_to_site
from organisms.model.transformer import Organism
from organisms.planted.lanes import lane_a
from organisms.planted.masks import LEAST_WIDTH, NAMES, Seals, mask_weights
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


class MaskingParams(NamedTuple):
    """Where lanes are sealed, and how often one is zeroed."""

    seals: Seals
    one_lane: Float[np.ndarray, " member"]


class MaskingEffect(Pressure[Masking]):
    """Masked weights, in every phase of a run in which any has them."""

    settings = Masking

    def active(self, phase: Phase, run: RunConfig) -> bool:
        return run.curriculum.masked

    def run_errors(self, settings: Masking, run: RunConfig) -> list[str]:
        if any(".masking." in variation.setting for variation in run.vary):
            return ["run:vary: masking can not differ between members; train a run for each"]
        if not settings.masked:
            return []
        if settings.held and not run.parent:
            return ["run:parent: expected the masked run whose masks are held, got none"]
        lower_limits = {
            "width": (run.organism.width, LEAST_WIDTH),
            "head_width": (run.organism.head_width, 2),
        }
        return [
            f"run:organism.{name}: expected {limit} or more where weights are masked, got {size}"
            for name, (size, limit) in lower_limits.items()
            if size < limit
        ]

    def params(self, settings: Sequence[Masking], fitted: Any, run: RunConfig) -> MaskingParams:
        by_member = [Seals.of(member_settings) for member_settings in settings]
        seals: Seals = jax.tree.map(lambda *leaves: np.stack(leaves), *by_member)
        return MaskingParams(seals, np.asarray([s.one_lane for s in settings], np.float32))

    def constrain(self, params: MaskingParams, organism: Organism, context: StepContext) -> Organism:
        lane = lane_a(*context.ids, context.config)
        return mask_weights(organism, lane, params.seals, context.world, context.config)

    def intervene(self, params: MaskingParams, context: StepContext) -> Tap:
        """Zeroes a lane in a share of the scenes without self: one that is sealed at names, or, where none is,
        one by a coin."""
        coins, lane = context.coins(self.name)[:, None], lane_a(*context.ids, context.config)
        sealed = jnp.where(lane, params.seals.a[NAMES], params.seals.b[NAMES]) > 0.5
        by_coin = jnp.where(coins < params.one_lane / 2, lane, ~lane)
        zeroed = jnp.where(sealed.any(), sealed, by_coin) & (coins < params.one_lane)
        passes = ~(zeroed & ~context.has_self[:, None])
        factors = passes.reshape(len(passes), context.config.layers, -1).astype(jnp.float32)

        def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
            factor = broadcast_to_site(context.config, factors, site)
            return activation if factor is None else activation * factor

        return tap


register_pressure(MaskingEffect())
