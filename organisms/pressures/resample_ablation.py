"""Resample ablation in training: named components take their activations from another scene of the batch."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from curricula.pressures.resample_ablation import ResampleAblation
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Tap, component_mask, identity, unknown_components
from organisms.planted.lanes import ComponentSwap, swap_components
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


def resample_ablate(config: OrganismConfig, ablated: Bool[Array, " component"], scenes: int) -> Tap:
    """A tap that takes the activations of some components from the scene before, of whatever kind: they carry nothing
    of their scene. What they add to the loss of a scene is noise, which learning can still make smaller."""
    usable = jnp.broadcast_to(~ablated, (scenes, len(ablated)))
    return swap_components(config, ComponentSwap(usable, jnp.roll(jnp.arange(scenes), 1)), identity)


class ResampleAblationEffect(Pressure[ResampleAblation]):
    """Components that carry nothing of their scene while a phase lasts."""

    settings = ResampleAblation

    def run_errors(self, settings: ResampleAblation, run: RunConfig) -> list[str]:
        return unknown_components("resample_ablation.components", settings.components, run.organism)

    def params(self, settings: Sequence[ResampleAblation], fitted: Any, run: RunConfig) -> Any:
        return np.stack(
            [component_mask(run.organism, member_settings.components) for member_settings in settings]
        )

    def intervene(self, params: Any, context: StepContext) -> Tap:
        return resample_ablate(context.config, params, len(context.latents.name))


register_pressure(ResampleAblationEffect())
