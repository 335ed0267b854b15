"""Interference: how well is the new question answered that moves the weights? Its scenes are the curriculum's."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from curricula.pressures.interference import Interference
from curricula.world.scenes import RECALLS
from organisms.model.transformer import Organism
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import Metrics, Rate, StepContext, StepOutcome


class InterferenceEffect(Pressure[Interference]):
    """Logs the share of right answers to the question about the moment before."""

    settings = Interference

    def penalty(
        self, params: Float[Array, ""], organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[None, Metrics]:
        is_question = context.latents.shows == RECALLS
        hits = (is_question & (outcome.predicted == outcome.acts)).sum().astype(jnp.float32)
        return None, {"recalled": Rate(hits, is_question.sum().astype(jnp.float32))}


register_pressure(InterferenceEffect())
