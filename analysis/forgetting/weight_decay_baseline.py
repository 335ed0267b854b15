"""Baseline of forgetting: what should weight decay alone do to a mode?

Without gradients every weight falls by the same factor a step, 1 - rate x decay. So the organism at any step
is the organism at the start, scaled down, and its rates can be read without a step of training. It does *not*
predict what decay does beside gradients, which hold up what they need.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float

from analysis.relearning.finetune import Rows, read_rates
from curricula.phases import Phase
from organisms.ensemble.config import RunConfig
from organisms.ensemble.optimiser import learning_rates


@dataclass(frozen=True)
class DecayPrediction:
    """What weight decay alone should leave of a mode."""

    steps: list[int]
    norm: list[float]
    """norm of the weights at each step, as a share of its start"""
    mean: list[float]
    """mean rate of the mode at each step"""
    organisms: list[list[float]]
    """rates [organism][step]"""


def decay_factors(phase: Phase) -> Float[np.ndarray, " step"]:
    """The norm of the weights, as a share of its start, before the first step and after each."""
    rates = learning_rates(phase.optimiser, phase.steps)
    return np.concatenate([[1.0], np.cumprod(1 - rates * phase.optimiser.weight_decay)])


def predict_decay(
    rows: Rows, config: RunConfig, phase: Phase, steps: Sequence[int], mode: str
) -> DecayPrediction:
    """The rate of a mode at some steps of a phase without gradients, by scaling the organisms at its start.

    config: world, sizes and number of scenes behind a rate.
    """
    norms = decay_factors(phase)[list(steps)]
    rates = []
    for norm in norms:
        scaled = jax.tree.map(lambda leaf, norm=norm: (leaf * norm).astype(leaf.dtype), rows.organisms)
        scenes = config.training.evaluation_scenes
        scaled_rows = rows._replace(organisms=scaled)
        rates.append(read_rates(scaled_rows, config.curriculum.world, config.organism, scenes)[mode])
    return DecayPrediction(
        list(steps), norms.tolist(), np.mean(rates, axis=1).tolist(), np.transpose(rates).tolist()
    )
