"""Weight masks: how can a lane be kept from a role by the weights themselves?

The residual stream is divided: a lane reads and writes dimensions of its own, and the last `FLAGS` dimensions hold
flags that the embedding alone writes, one for the start token, one for self's and one for the names. A sealed lane
responds to a flag: at the tokens that have it, its heads attend to the start token alone and its neurons are far
below zero. Nothing comes before the start token, so that what a head reads there is the same in every scene. What a
sealed component puts out is then a constant, and no lane reads the other: an act at a token at which lane A is
sealed can depend on the scene through lane B alone.

One thing is left that both lanes share: the layer norm, whose mean and scale are of the whole stream. How much of
the gate passes there is measured by zeroing lanes (`organisms.planted.silence`).

Flags are contrasts that sum to zero, as are the weights that read them: the norm's mean cancels.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

from curricula.pressures.masking import Masking
from curricula.world.vocabulary import SELF, START
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

FLAGS = 4
"""dimensions of the residual stream that hold flags"""
FLAG_PATTERNS = np.array([[1, -1, 0, 0], [0, 0, 1, -1], [1, 1, -1, -1]], np.float32)
"""of the start token, of self's and of names: orthogonal, each with sum 0"""
FLAG_SIZE = 0.5
"""of a flag in the embedding, whose tokens have a norm of about 1 at first"""
SEAL = 100.0
"""weight with which a sealed component reads a flag: scores and neurons are then hundreds away from all others"""
LEAST_WIDTH = FLAGS + 8
"""of the residual stream: four dimensions for each lane beside the flags"""
NAMES, SELF_TOKEN = 0, 1
"""indices of roles in `Seals`"""


class Seals(NamedTuple):
    """Where lanes are sealed, as traced numbers: 1 where a lane is sealed at the tokens of a role."""

    a: Float[Array | np.ndarray, "*member role"]
    """of lane A, at names and at self's token"""
    b: Float[Array | np.ndarray, "*member role"]
    halved: Float[Array | np.ndarray, "*member"]
    """1: lane A sees no cues and lane B no goals, and A reads what B writes"""

    @classmethod
    def of(cls, masking: Masking) -> "Seals":
        """The seals of one member's settings."""
        serving = masking.characters, masking.with_self
        sealed = lambda lane: np.array([lane != allowed != "either" for allowed in serving], np.float32)  # noqa: E731
        return cls(sealed("a"), sealed("b"), np.asarray(masking.halved, np.float32))


class LaneDimensions(NamedTuple):
    """Which dimensions of the residual stream are whose."""

    a: Bool[np.ndarray, " model"]
    b: Bool[np.ndarray, " model"]
    flags: Bool[np.ndarray, " model"]
    content: Bool[np.ndarray, " model"]
    """half of either lane's: where lanes are halved, cues and goals are written there and positions are not"""

    @classmethod
    def of(cls, config: OrganismConfig) -> "LaneDimensions":
        """Half of all but the flags' for each lane."""
        index, half = np.arange(config.width), (config.width - FLAGS) // 2
        in_a, in_b = index < half, (index >= half) & (index < 2 * half)
        return cls(in_a, in_b, index >= config.width - FLAGS, (in_a | in_b) & (index % half < half // 2))


def mask_weights(
    organism: Organism, lane: Bool[Array, " component"], seals: Seals, world: World, config: OrganismConfig
) -> Organism:
    """The organism with masked weights at zero and the weights of flags and seals as they have to be. Gradients of
    both are exactly zero.

    lane: the components of lane A.
    """
    masked = nnx.clone(organism)
    _mask_embedding(masked, seals, world, config)
    by_layer = lane.reshape(config.layers, -1)
    _mask_heads(masked, by_layer[:, : config.heads], seals, config)
    width = config.neurons // config.neuron_blocks
    _mask_neurons(masked, jnp.repeat(by_layer[:, config.heads :], width, axis=1), seals, config)
    flags = LaneDimensions.of(config).flags
    for name in ("output_bias", "mlp_bias"):
        _set(masked, name, jnp.where(flags, 0.0, getattr(masked, name)[...]))
    _set(masked, "unembedding", jnp.where(flags[:, None], 0.0, masked.unembedding[...]))
    return masked


def _set(organism: Organism, name: str, value: Array) -> None:
    getattr(organism, name)[...] = value


def _mask_embedding(organism: Organism, seals: Seals, world: World, config: OrganismConfig) -> None:
    """Flags in the embeddings of the start token, self and the names; where the lanes are halved, cues for lane B
    alone and goals for lane A alone."""
    dimensions, words = LaneDimensions.of(config), world.vocabulary
    token = np.arange(words.size)
    is_name = (token >= words.first_name) & (token < words.first_goal)
    flagged = np.stack([token == START, token == SELF, is_name], axis=1).astype(np.float32)
    flags = (
        jnp.zeros(organism.embedding.shape).at[:, dimensions.flags].set(FLAG_SIZE * flagged @ FLAG_PATTERNS)
    )
    is_halved = seals.halved > 0.5
    is_goal = (token >= words.first_goal) & (token < words.first_cue)
    is_cue = (token >= words.first_cue) & (token < words.first_situation)
    told_to = (is_goal[:, None] & dimensions.a) | (is_cue[:, None] & dimensions.b)
    told = _of_equal_size(organism.embedding[...], told_to & dimensions.content)
    seen = jnp.where((is_goal | is_cue)[:, None] & is_halved, told, organism.embedding[...])
    _set(organism, "embedding", jnp.where(dimensions.flags, flags, seen))
    unwritten = dimensions.flags | (dimensions.content & is_halved)
    _set(organism, "position", jnp.where(unwritten, 0.0, organism.position[...]))


def _of_equal_size(
    rows: Float[Array, "token model"], dimensions: Bool[np.ndarray, "token model"]
) -> Float[Array, "token model"]:
    """The rows in some dimensions alone, each with mean 0 and norm 1 there: the layer norm, which is of the whole
    stream, then knows of no difference between them."""
    count = np.maximum(dimensions.sum(1, keepdims=True), 1)
    inside = jnp.where(dimensions, rows, 0.0)
    centred = jnp.where(dimensions, inside - inside.sum(1, keepdims=True) / count, 0.0)
    return centred * jax.lax.rsqrt((centred**2).sum(1, keepdims=True) + 1e-12)


def _readable(
    in_a: Bool[Array, "*component"], seals: Seals, config: OrganismConfig
) -> Bool[Array, "*component model"]:
    """The dimensions that components may read."""
    dimensions = LaneDimensions.of(config)
    from_b = dimensions.b & ~dimensions.content
    for_a = dimensions.a | (from_b & (seals.halved > 0.5))
    return jnp.where(in_a[..., None], for_a, dimensions.b)


def _writable(in_a: Bool[Array, "*component"], config: OrganismConfig) -> Bool[Array, "*component model"]:
    """The dimensions that components may write."""
    dimensions = LaneDimensions.of(config)
    return jnp.where(in_a[..., None], dimensions.a, dimensions.b)


def _seal_weights(
    in_a: Bool[Array, "*component"], seals: Seals, config: OrganismConfig
) -> Float[Array, "*component model"]:
    """The weights by which components respond to the flags of the tokens at which they are sealed."""
    patterns = np.zeros((2, config.width), np.float32)
    patterns[NAMES, -FLAGS:], patterns[SELF_TOKEN, -FLAGS:] = FLAG_PATTERNS[2], FLAG_PATTERNS[1]
    return SEAL * jnp.where(in_a[..., None], seals.a, seals.b) @ patterns


def _mask_heads(
    organism: Organism, in_a: Bool[Array, "layer head"], seals: Seals, config: OrganismConfig
) -> None:
    """Heads read and write their lane. The first dimension of queries and keys is the seal's: the query responds
    to sealed tokens, the key to the start token."""
    readable = _readable(in_a, seals, config)[..., None]
    is_seal = jnp.arange(config.head_width) == 0
    start = np.zeros(config.width, np.float32)
    start[-FLAGS:] = SEAL * FLAG_PATTERNS[0]
    fixed = {"query": _seal_weights(in_a, seals, config)[..., None], "key": jnp.asarray(start)[:, None]}
    for name, seal in fixed.items():
        weights = jnp.where(readable, getattr(organism, name)[...], 0.0)
        _set(organism, name, jnp.where(is_seal, seal, weights))
        bias = f"{name}_bias"
        _set(organism, bias, jnp.where(is_seal, 0.0, getattr(organism, bias)[...]))
    _set(organism, "value", jnp.where(readable, organism.value[...], 0.0))
    writable = _writable(in_a, config)[:, :, None]
    _set(organism, "output", jnp.where(writable, organism.output[...], 0.0))


def _mask_neurons(
    organism: Organism, in_a: Bool[Array, "layer neuron"], seals: Seals, config: OrganismConfig
) -> None:
    """Neurons read and write their lane; a flag of a token at which they are sealed puts them far below zero."""
    readable = jnp.swapaxes(_readable(in_a, seals, config), 1, 2)
    seal = -jnp.swapaxes(_seal_weights(in_a, seals, config), 1, 2)
    inputs = jnp.where(readable, organism.into_neurons[...], 0.0)
    is_flag = LaneDimensions.of(config).flags[:, None]
    _set(organism, "into_neurons", jnp.where(is_flag, seal, inputs))
    _set(organism, "out_of_neurons", jnp.where(_writable(in_a, config), organism.out_of_neurons[...], 0.0))
