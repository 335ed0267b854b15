"""Activation patching: what does an organism answer when some of its components see another scene?

Patching swaps a component's output for the one that it has in the other scene of a minimal pair (resample
ablation: Chan et al. 2022, causal scrubbing). The readout is the logit difference between the two answers at
the measured decision, in nats. It shows what a component's output does in these scenes. A backup component,
which would take over if another were ablated, shows nothing until that other one is patched as well.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.world.contrasts import Pair
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site, identity
from organisms.model.transformer import Organism, Past

Recording = dict[Site, Array]
"""activations by site"""
TOKENS_AT_ONCE = {"cpu": 1200, "other": 2**18}
"""number of tokens of patched runs that go through one matrix product, about. On a CPU more no longer fit its
caches (measured); elsewhere this bounds memory, at a gigabyte or so for the widest activation at gpu scale
(not measured)"""
_Inputs = TypeVar("_Inputs")
_Outputs = TypeVar("_Outputs")


def recorder(recording: Recording, tap: Tap = identity) -> Tap:
    """A tap that keeps every activation under its site, after another tap has changed it."""

    def keep(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        recording[site] = tap(site, activation)
        return recording[site]

    return keep


def record(
    organism: Organism, tokens: Int[Array, " position"]
) -> tuple[Float[Array, "position vocabulary"], Recording]:
    """Logits of a scene and every activation on the way."""
    recording: Recording = {}
    return organism(tokens, recorder(recording)), recording


def written(
    organism: Organism, config: OrganismConfig, recording: Recording, decision: Int[Array, ""]
) -> Float[Array, "layer component model"]:
    """What each component writes to the residual stream at the decision, in the order of
    `organisms.model.sites.components`. recording: of a run whose last layer is computed at the decision
    alone."""
    writes = []
    for layer in range(config.layers):
        position = 0 if layer == config.layers - 1 else decision
        head_values = recording[Site(layer, "head")][:, position]
        heads = jnp.einsum("hw,hwm->hm", head_values, organism.output[layer])
        neurons = recording[Site(layer, "neuron")][position].reshape(config.neuron_blocks, -1)
        out = organism.out_of_neurons[layer].reshape(config.neuron_blocks, -1, config.width)
        writes.append(jnp.concatenate([heads, jnp.einsum("bn,bnm->bm", neurons, out)]))
    return jnp.stack(writes)


def patching_tap(config: OrganismConfig, donor: Recording, mask: Bool[Array, " component"]) -> Tap:
    """A tap that takes the output of the masked components from a recording; in the order of
    `organisms.model.sites.components`."""
    by_layer = mask.reshape(config.layers, config.heads + config.neuron_blocks)

    def swap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        chosen = broadcast_to_site(config, by_layer, site)
        return activation if chosen is None else jnp.where(chosen, donor[site], activation)

    return swap


def logit_difference(logits: Float[Array, "decision vocabulary"], pair: Pair) -> Float[Array, ""]:
    """Logit of the second answer less that of the first, in nats. logits: at the measured decision alone."""
    return logits[0, pair.second_answer] - logits[0, pair.first_answer]


class Runs(NamedTuple):
    """Unpatched runs of the two scenes of a pair, or of one of them, as patched runs need them."""

    entering: Float[Array, "*side position model"]
    """residual stream before the first layer"""
    outputs: Recording
    """of every component, [*side, ...]"""
    difference: Float[Array, "*side"]
    """logit difference, in nats"""
    decision: Int[Array, " decision"]
    """position of the measured decision, counted from the first of ``entering``; of both scenes"""
    past: Past | None
    """what the tokens before these left; of both scenes"""

    def side(self, index: Int[Array, ""] | int) -> "Runs":
        """The run of the first scene (0) or of the second (1)."""
        entering, outputs, difference = jax.tree.map(lambda leaf: leaf[index], self[:3])
        return Runs(entering, outputs, difference, self.decision, self.past)


def run_sides(organism: Organism, config: OrganismConfig, pair: Pair, window: int | None = None) -> Runs:
    """Runs both scenes of a pair. window: number of tokens up to the decision outside of which the two scenes
    are the same (see `curricula.world.contrasts.window`). No patch changes anything before them, so only
    these tokens are kept, after what the tokens before them left.
    """
    recording: Recording = {}
    logits = organism(jnp.stack([pair.first, pair.second]), recorder(recording), pair.decision[None])
    difference = jax.vmap(logit_difference, (0, None))(logits, pair)
    outputs = {site: values for site, values in recording.items() if site.name in ("head", "neuron")}
    entering = recording[Site(0, "residual")]
    if window is None:
        return Runs(entering, outputs, difference, pair.decision[None], None)
    start, last = pair.decision - window + 1, config.layers - 1
    cut = lambda values: jax.lax.dynamic_slice_in_dim(values, start, window, -2)  # noqa: E731
    past_keys, past_values = (
        jnp.stack([recording[Site(n, name)][0] for n in range(config.layers)]) for name in ("key", "value")
    )
    outputs = {site: values if site.layer == last else cut(values) for site, values in outputs.items()}
    past = Past(past_keys, past_values, start)
    return Runs(cut(entering), outputs, difference, jnp.array([window - 1]), past)


def patched_differences(
    organism: Organism,
    config: OrganismConfig,
    pair: Pair,
    recipient: Runs,
    donor: Recording,
    masks: Bool[Array, "set component"],
) -> Float[Array, " set"]:
    """Logit difference of one scene under each set of patched components. recipient: the scene's own run.
    donor: the outputs that patches take."""

    def patched(
        mask: Bool[Array, " component"], residual: Float[Array, "position model"]
    ) -> Float[Array, ""]:
        tap = patching_tap(config, donor, mask)
        logits = organism.from_layer(1, residual, tap, recipient.decision, recipient.past)
        return logit_difference(logits, pair)

    return jax.vmap(patched)(masks, after_first_layer(organism, config, recipient, donor, masks))


def after_first_layer(
    organism: Organism,
    config: OrganismConfig,
    recipient: Runs,
    donor: Recording,
    masks: Bool[Array, "set component"],
) -> Float[Array, "set position model"]:
    """Residual stream that the first layer leaves under each set of patched components; see
    `patched_differences`.

    Nothing is patched before the first layer's heads, so their outputs are those of the recording. Its neurons
    depend on which heads are patched alone: where there are fewer sets of heads than of components, they are
    computed once for each set of heads.
    """
    head_masks, block_masks = masks[:, : config.heads], masks[:, config.heads :][:, : config.neuron_blocks]
    row = jnp.arange(len(masks))
    if config.heads < len(masks).bit_length():
        numbers, digits = np.arange(2**config.heads), np.arange(config.heads)
        row = head_masks @ 2**digits
        head_masks = jnp.asarray(numbers[:, None] >> digits & 1, bool)
    head, neuron = Site(0, "head"), Site(0, "neuron")
    heads = jnp.where(head_masks[..., None, None], donor[head], recipient.outputs[head])
    entering = recipient.entering if config.layers > 1 else recipient.entering[recipient.decision]
    residual = entering + organism.write_heads(0, heads)
    out = organism.out_of_neurons[0].reshape(config.neuron_blocks, -1, config.width)

    def block_writes(
        neurons: Float[Array, "*set position neuron"],
    ) -> Float[Array, "*set block position model"]:
        by_block = neurons.reshape(*neurons.shape[:-1], *out.shape[:2])
        return jnp.einsum("...pbn,bnm->...bpm", by_block, out)

    computed = block_writes(organism.neurons(0, organism.normalised(residual)))[row]
    writes = jnp.where(block_masks[..., None, None], block_writes(donor[neuron]), computed)
    return residual[row] + writes.sum(1) + organism.mlp_bias[0]


def effects_of_sets(
    organism: Organism,
    config: OrganismConfig,
    pairs: Pair,
    masks: Bool[Array, "pair way set component"],
    noising: Bool[Array, "pair way"],
    window: int | None = None,
) -> tuple[Float[Array, "pair way set"], Float[Array, " pair"]]:
    """How far each set moves the logit difference towards the other scene, in nats, and how far patching
    everything does.

    noising: False runs the first scene with patches from the second (denoising); True runs the second with
    patches from the first. window: see `run_sides`. In either direction nothing gives exactly 0 and everything
    gives the total, but for rounding. The effect of a set over several pairs is the ratio of the two sums.
    """

    def effect(inputs: tuple[Pair, Array, Array]) -> tuple[Array, Array]:
        pair, sets_of_ways, ways = inputs
        sides = run_sides(organism, config, pair, window)

        def one_way(inputs: tuple[Array, Array]) -> Array:
            sets, back = inputs
            recipient, donor = sides.side(jnp.where(back, 1, 0)), sides.side(jnp.where(back, 0, 1))
            # Nothing goes through the same products as every other set, so that patching it gives exactly 0.
            nothing_first = jnp.concatenate([jnp.zeros_like(sets[:1]), sets])
            differences = patched_differences(organism, config, pair, recipient, donor.outputs, nothing_first)
            moved = differences[1:] - differences[0]
            return jnp.where(back, -moved, moved)

        total = sides.difference[1] - sides.difference[0]
        return jax.lax.map(one_way, (sets_of_ways, ways)), total

    tokens = (masks.shape[2] + 1) * (window or pairs.first.shape[1])
    return over_pairs(effect, (pairs, masks, noising), tokens)


def over_pairs(function: Callable[[_Inputs], _Outputs], inputs: _Inputs, tokens: int) -> _Outputs:
    """Maps a function of one pair over the leading axis of inputs, as many pairs at once as the device takes
    well, and as divide their number: what is left over would be compiled once more. tokens: number of tokens
    in a pair's patched runs."""
    tokens_at_once = TOKENS_AT_ONCE["cpu" if jax.default_backend() == "cpu" else "other"]
    amount, suitable = len(jax.tree.leaves(inputs)[0]), max(1, round(tokens_at_once / tokens))
    pairs_at_once = max(n for n in range(1, min(amount, suitable) + 1) if amount % n == 0)
    return jax.lax.map(function, inputs, batch_size=pairs_at_once)
