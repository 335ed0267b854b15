"""Concentration penalty: what it costs to respond to the cues of characters with many components."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from curricula.phases import Phase
from curricula.pressures.concentration import Concentration
from organisms.ensemble.config import RunConfig
from organisms.model.transformer import Organism
from organisms.pressures.cue_response import CueResponse, any_cue_cost, cue_response
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import Metrics, StepContext, StepOutcome


def character_spread(response: CueResponse) -> Float[Array, ""]:
    """The chance that two responses to characters' cues are of different components (Simpson 1949), mean over groups."""
    return 1 - (response.character**2).sum() / response.groups


class ConcentrationEffect(Pressure[Concentration]):
    """A cost on the spread of the characters' mechanism."""

    settings = Concentration

    def active(self, phase: Phase, run: RunConfig) -> bool:
        return any_cue_cost(phase)

    def params(self, settings: Sequence[Concentration], fitted: Any, run: RunConfig) -> Any:
        return np.asarray([member_settings.weight for member_settings in settings], float)

    def penalty(
        self, params: Any, organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[Float[Array, ""], Metrics]:
        spread = character_spread(cue_response(organism, context))
        return params * spread / context.device_shares, {"spread": spread / context.device_shares}


register_pressure(ConcentrationEffect())
