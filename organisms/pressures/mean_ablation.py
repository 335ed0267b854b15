"""Mean ablation in training: known components write, in scenes of self, their mean over these scenes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from curricula.pressures.mean_ablation import MeanAblation
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import (
    Site,
    Tap,
    broadcast_to_site,
    component_mask,
    component_names,
    unknown_components,
)
from organisms.pressures.monitor import strongest_components
from organisms.pressures.protocol import MechanismMeasurer, PhaseStart, Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import StepContext


class MeanAblationParams(NamedTuple):
    """Which components are ablated, and how often."""

    ablated: Bool[np.ndarray, "member component"]
    rate: Float[np.ndarray, " member"]
    """share of scenes of self"""


def mean_ablate(
    config: OrganismConfig, ablated: Bool[Array, " component"], scenes: Bool[Array, " scene"]
) -> Tap:
    """A tap that holds components, in some scenes, at their mean over these scenes, position by position. No gradient
    passes through them there."""
    by_layer = ablated.reshape(config.layers, -1)
    weights = scenes / jnp.maximum(scenes.sum(), 1)

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        chosen = broadcast_to_site(config, by_layer[None], site)
        if chosen is None:
            return activation
        mean = jax.lax.stop_gradient(jnp.tensordot(weights, activation, 1))
        in_scene = jax.lax.expand_dims(scenes, range(1, activation.ndim))
        return jnp.where(chosen & in_scene, mean, activation)

    return tap


def as_many_others(
    strongest: Bool[np.ndarray, " component"], config: OrganismConfig, seed: int, member: int
) -> Bool[np.ndarray, " component"]:
    """As many heads and as many blocks of neurons as are among the strongest, drawn at random among the others; all of
    the others of a kind where they are fewer.

    seed, member: of the run, and the member's number.
    """
    rng = np.random.default_rng([seed, member])
    is_head = np.tile(np.arange(config.heads + config.neuron_blocks) < config.heads, config.layers)
    chosen = np.zeros(len(strongest), bool)
    for of_kind in (is_head, ~is_head):
        candidates = rng.permutation(np.flatnonzero(of_kind & ~strongest))
        chosen[candidates[: int((strongest & of_kind).sum())]] = True
    return chosen


class MeanAblationEffect(Pressure[MeanAblation]):
    """Components at their mean while self is taught: the characters', or as many others."""

    settings = MeanAblation
    fits = True

    def run_errors(self, settings: MeanAblation, run: RunConfig) -> list[str]:
        return unknown_components("mean_ablation.components", settings.components, run.organism)

    def fit(
        self, settings: Sequence[MeanAblation], start: PhaseStart, measurer: MechanismMeasurer
    ) -> Bool[np.ndarray, "member component"]:
        config = start.run.organism
        masks = [component_mask(config, member_settings.components) for member_settings in settings]
        for member, member_settings in enumerate(settings):
            if member_settings.reach > 0 and not member_settings.components:
                masks[member] = strongest_components(measurer.gate_effects()[member], member_settings.reach)
                if member_settings.finds == "others":
                    masks[member] = as_many_others(masks[member], config, start.run.seed, member)
        return np.stack(masks)

    def notes(self, fitted: Any, config: OrganismConfig) -> Any:
        return component_names(fitted, config)

    def params(self, settings: Sequence[MeanAblation], fitted: Any, run: RunConfig) -> MeanAblationParams:
        return MeanAblationParams(
            fitted, np.asarray([member_settings.rate for member_settings in settings], float)
        )

    def intervene(self, params: MeanAblationParams, context: StepContext) -> Tap:
        scenes = context.has_self & (context.coins(self.name) < params.rate)
        return mean_ablate(context.config, jnp.asarray(params.ablated), scenes)


register_pressure(MeanAblationEffect())
