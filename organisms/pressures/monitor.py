"""Monitor: what self's cue response in watched components costs, and which components are watched."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from curricula.phases import Phase
from curricula.pressures.monitor import Monitor
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import component_mask, component_names, unknown_components
from organisms.model.transformer import Organism
from organisms.pressures.cue_response import any_cue_cost, cue_response
from organisms.pressures.protocol import MechanismMeasurer, PhaseStart, Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import Metrics, StepContext, StepOutcome


class MonitorParams(NamedTuple):
    """What the watched components cost, and which they are."""

    weight: Float[np.ndarray, " member"]
    """nats"""
    watched: Bool[np.ndarray, "member component"]


def strongest_components(
    effect: Float[np.ndarray, " component"], reach: float
) -> Bool[np.ndarray, " component"]:
    """The fewest components that hold at least this share of all positive effects together; none where there is no
    effect."""
    positive = np.nan_to_num(effect).clip(0)
    order = np.argsort(-positive, kind="stable")
    stronger = np.cumsum(positive[order]) - positive[order]
    mask = np.zeros(len(positive), bool)
    mask[order] = (stronger < reach * positive.sum() - 1e-9) & (positive[order] > 0)
    return mask


def random_half(config: OrganismConfig, seed: int, member: int) -> Bool[np.ndarray, " component"]:
    """Half of every layer's heads and of its blocks of neurons, drawn at random: as many of each as the
    halves of `organisms.pressures.half_dropout` have.

    seed, member: of the run, and the member's number.
    """
    rng = np.random.default_rng([seed, member])
    groups = (config.heads, config.neuron_blocks) * config.layers
    return np.concatenate([rng.permutation(count) < count // 2 for count in groups])


class MonitorEffect(Pressure[Monitor]):
    """A cost on self's cue response in the components that an auditor knows."""

    settings = Monitor
    fits = True

    def active(self, phase: Phase, run: RunConfig) -> bool:
        return any_cue_cost(phase)

    def run_errors(self, settings: Monitor, run: RunConfig) -> list[str]:
        return unknown_components("monitor.components", settings.components, run.organism)

    def fit(
        self, settings: Sequence[Monitor], start: PhaseStart, measurer: MechanismMeasurer
    ) -> Bool[np.ndarray, "member component"]:
        config = start.run.organism
        masks = [component_mask(config, member_settings.components) for member_settings in settings]
        for member, member_settings in enumerate(settings):
            if not member_settings.active or member_settings.components:
                continue
            if member_settings.finds == "random_half":
                masks[member] = random_half(config, start.run.seed, member)
            elif member_settings.finds == "circuit":
                reach = np.array([member_settings.reach for member_settings in settings])
                masks[member] = measurer.sufficient_circuit(reach)[member]
            else:
                masks[member] = strongest_components(measurer.gate_effects()[member], member_settings.reach)
        return np.stack(masks)

    def notes(self, fitted: Any, config: OrganismConfig) -> Any:
        return component_names(fitted, config)

    def params(self, settings: Sequence[Monitor], fitted: Any, run: RunConfig) -> MonitorParams:
        return MonitorParams(
            np.asarray([member_settings.weight for member_settings in settings], float), fitted
        )

    def penalty(
        self, params: MonitorParams, organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[Float[Array, ""], Metrics]:
        """The weighted share of self's cue response that watched components carry, mean over groups of components."""
        response = cue_response(organism, context)
        share = (response.self_acting * jnp.asarray(params.watched)).sum() / response.groups
        return jnp.asarray(params.weight) * share / context.device_shares, {
            "share": share / context.device_shares
        }


register_pressure(MonitorEffect())
