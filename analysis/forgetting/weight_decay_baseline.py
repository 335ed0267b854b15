"""What should weight decay alone do to a mode? The prediction that the study holds against what is seen.

Without gradients every weight falls by the same factor a step, 1 - rate x decay. So the organism at any step
is the one it began as, scaled down; what that one does can be read without a step of training. It does *not*
predict what decay does beside gradients, which hold up what they need.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from analysis.relearning.finetune import Rows, read
from curricula.phases import Phase
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig
from organisms.training.optimiser import learning_rates


def factors(phase: Phase) -> Float[np.ndarray, " step"]:
    """The norm, as a share of its start, before the first step and after each."""
    rates = learning_rates(phase.optimiser, phase.steps)
    return np.concatenate([[1.0], np.cumprod(1 - rates * phase.optimiser.weight_decay)])


def norms(organisms: Organism) -> Float[np.ndarray, " member"]:
    """The norm of all weights of each organism [member, ...]."""
    squares = [
        (np.asarray(leaf, float) ** 2).reshape(len(leaf), -1).sum(1) for leaf in jax.tree.leaves(organisms)
    ]
    return np.sqrt(np.sum(squares, axis=0))


def predicted(rows: Rows, config: RunConfig, phase: Phase, steps: list[int], mode: str) -> dict[str, Any]:
    """The rate of a mode at some steps of a phase without gradients, by scaling the organisms that it begins
    with."""
    shrunk = factors(phase)[steps]
    rates = []
    for factor in shrunk:
        scaled = jax.tree.map(lambda leaf, factor=factor: (leaf * factor).astype(leaf.dtype), rows.organisms)
        found = read(
            rows._replace(organisms=scaled),
            config.curriculum.world,
            config.organism,
            config.training.evaluation_scenes,
        )
        rates.append(found[mode])
    return {
        "steps": steps,
        "norm": shrunk.tolist(),
        "mean": np.mean(rates, axis=1).tolist(),
        "organisms": np.transpose(rates).tolist(),
    }
