"""Confidence penalty: what does it cost an organism to be sure of its acts and answers?

python scripts/train.py shared --plugin examples/plugins/confidence_penalty.py \
    --phases.1.pressures.confidence_penalty.weight 0.1
Source: Pereyra et al. 2017, arXiv 1701.06548.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import numpy as np

from curricula.pressures.registry import PressureSettings, nats_errors, register_pressure_settings
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import register_pressure


@register_pressure_settings
@dataclass(frozen=True)
class ConfidencePenalty(PressureSettings):
    """A reward for the entropy of what the organism predicts at each act and answer."""

    name: ClassVar[str] = "confidence_penalty"

    weight: float = 0.0
    """nats of loss for each nat of entropy that is missing; 0: none"""

    def validation_errors(self):
        return nats_errors("confidence_penalty.weight", self.weight)


class ConfidencePenaltyEffect(Pressure[ConfidencePenalty]):
    """Adds the negative entropy to the loss, and logs the entropy as confidence_penalty.entropy_nats."""

    settings = ConfidencePenalty

    def params(self, settings, fitted, run):
        return np.asarray([member_settings.weight for member_settings in settings], np.float32)

    def penalty(self, params, organism, context, outcome):
        log_probabilities = jax.nn.log_softmax(outcome.forward.logits)  # [scene, moment, vocabulary]
        entropies = -(jax.numpy.exp(log_probabilities) * log_probabilities).sum(-1)
        entropy = entropies.mean() / context.device_shares  # this device's part of the mean over the batch
        return -params * entropy, {"entropy_nats": entropy}


register_pressure(ConfidencePenaltyEffect())
