"""Overlap penalty: what it costs to respond to the cues in both roles with the same components."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from curricula.phases import Phase
from curricula.pressures.overlap import Overlap
from organisms.ensemble.config import RunConfig
from organisms.model.transformer import Organism
from organisms.pressures.cue_response import (
    SMALL,
    CueResponse,
    any_cue_cost,
    cue_response,
    response_in_all_scenes,
)
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import Metrics, StepContext, StepOutcome


def role_overlap(response: CueResponse) -> Float[Array, ""]:
    """Bhattacharyya coefficient (1943) of the two roles' shares, mean over groups of components: 0 where no component
    responds in both roles, 1 where all respond alike in both."""
    return jnp.sqrt(response.character * response.self_acting + SMALL).sum() / response.groups


class SelfSideWeight(NamedTuple):
    """The weight of a cost that is differentiated through self's response alone. A type of its own, since a program is
    compiled for either."""

    weight: Float[np.ndarray, " member"]
    """nats"""


class AllScenes(NamedTuple):
    """A cost that prices the characters' response in scenes half of which have self in the cast. A type of its own, as
    above."""

    cost: Float[np.ndarray, " member"] | SelfSideWeight


class OverlapEffect(Pressure[Overlap]):
    """A cost on components that respond to the cues in both roles."""

    settings = Overlap

    def active(self, phase: Phase, run: RunConfig) -> bool:
        return any_cue_cost(phase)

    def params(self, settings: Sequence[Overlap], fitted: Any, run: RunConfig) -> Any:
        weight = np.asarray([member_settings.weight for member_settings in settings], float)
        cost = SelfSideWeight(weight) if settings[0].through == "self" else weight
        return AllScenes(cost) if settings[0].character_scenes == "all" else cost

    def penalty(
        self, params: Any, organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[Float[Array, ""], Metrics]:
        response, cost = cue_response(organism, context), params
        if isinstance(cost, AllScenes):
            cost = cost.cost
            response = response._replace(character=response_in_all_scenes(organism, context))
        if isinstance(cost, SelfSideWeight):
            cost = cost.weight
            response = response._replace(character=jax.lax.stop_gradient(response.character))
        overlap = role_overlap(response)
        nats = jnp.asarray(cost) * overlap
        return nats / context.device_shares, {"share": overlap / context.device_shares}


register_pressure(OverlapEffect())
