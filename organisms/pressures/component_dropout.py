"""Component dropout: whole heads and blocks of neurons are zeroed, a draw a scene."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from curricula.phases import Phase
from curricula.pressures.component_dropout import ComponentDropout
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


def drop_components(
    config: OrganismConfig,
    uniforms: Float[Array, "*batch layer component"],
    rate: Float[Array, ""] | float,
) -> Tap:
    """A tap that zeroes each head and each block of neurons with chance ``rate`` for a whole scene and scales up the
    others.

    uniforms: from 0 to 1, one for each component of a layer, heads first. At rate 0 activations pass unchanged.
    """
    scale_by_component = (uniforms >= rate) / (1.0 - rate)

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        scale = broadcast_to_site(config, scale_by_component, site)
        return activation if scale is None else activation * scale

    return tap


class ComponentDropoutEffect(Pressure[ComponentDropout]):
    """Dropout of whole components, at any rate."""

    settings = ComponentDropout

    def active(self, phase: Phase, run: RunConfig) -> bool:
        """Always: at rate 0 it costs next to nothing, and phases with and without it share one compiled program."""
        return True

    def params(self, settings: Sequence[ComponentDropout], fitted: Any, run: RunConfig) -> Any:
        return np.asarray([member_settings.rate for member_settings in settings], np.float32)

    def uniforms_per_scene(self, config: OrganismConfig) -> int:
        return config.layers * (config.heads + config.neuron_blocks)

    def intervene(self, params: Any, context: StepContext) -> Tap:
        uniforms = context.uniforms[self.name]
        return drop_components(
            context.config, uniforms.reshape(len(uniforms), context.config.layers, -1), params
        )


register_pressure(ComponentDropoutEffect())
