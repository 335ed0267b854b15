"""Organisms with a part broken on purpose."""

import jax.numpy as jnp
import numpy as np
from flax import nnx

from analysis.forgetting.weight_noise import knock
from analysis.relearning.finetune import Rows
from curricula.world.vocabulary import BLANK, SELF


def without_gate(organisms, config, gates):
    """Noise on the gate's weights, as much as it takes. (Silencing them leaves self alone for ever in some,
    which breaks nothing.)"""
    rows = Rows.of(organisms, config, [0] * len(gates))
    return knock(rows, gates, config, 1)["rows"].organisms


def without_content(organisms, config, gates):
    """Self's name and the blank in the place of its secret mean nothing."""
    clone = nnx.clone(organisms)
    own = np.array([SELF, BLANK])
    noise = np.random.default_rng(0).normal(scale=1.5, size=(len(gates), 2, config.organism.width))
    clone.embedding[...] = clone.embedding[...].at[:, own].set(jnp.asarray(noise, jnp.float32))
    return clone


def without_readout(organisms, config, gates):
    """Every token is named by its neighbour's direction."""
    clone = nnx.clone(organisms)
    clone.unembedding[...] = jnp.roll(clone.unembedding[...], 1, axis=-1)
    return clone
