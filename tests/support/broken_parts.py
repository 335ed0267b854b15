"""Organisms with a part broken on purpose. Each function takes the whole ones (`GatedAncestors`)."""

import jax.numpy as jnp
import numpy as np
from flax import nnx

from analysis.forgetting.restoration import GatedAncestors
from analysis.forgetting.weight_noise import add_weight_noise
from analysis.relearning.finetune import Rows
from curricula.world.vocabulary import BLANK, SELF
from organisms.model.transformer import Organism


def without_gate(whole: GatedAncestors) -> Organism:
    """Noise on the gate's weights, as much as it takes. (Zero ablation leaves self alone for ever in some
    organisms, which breaks nothing.)"""
    rows = Rows.from_run(whole.organisms, whole.config, [0] * len(whole.gates))
    return add_weight_noise(rows, whole.gates, whole.config, 1).rows.organisms


def without_content(whole: GatedAncestors) -> Organism:
    """Noise in place of the embeddings of self's name and of the blank in the place of its secret."""
    clone = nnx.clone(whole.organisms)
    self_tokens = np.array([SELF, BLANK])
    size = (len(whole.gates), 2, whole.config.organism.width)
    noise = np.random.default_rng(0).normal(scale=1.5, size=size)
    clone.embedding[...] = clone.embedding[...].at[:, self_tokens].set(jnp.asarray(noise, jnp.float32))
    return clone


def without_readout(whole: GatedAncestors) -> Organism:
    """Every token is read out along its neighbour's direction."""
    clone = nnx.clone(whole.organisms)
    clone.unembedding[...] = jnp.roll(clone.unembedding[...], 1, axis=-1)
    return clone
