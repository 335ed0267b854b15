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


def patch(config: OrganismConfig, donor: Recording, mask: Bool[Array, " component"]) -> Tap:
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


class Ends(NamedTuple):
    """Logit differences of the unpatched scenes of a pair, in nats."""

    first: Float[Array, "*pair"]
    second: Float[Array, "*pair"]

    @property
    def total(self) -> Float[Array, "*pair"]:
        """What patching everything does: the denominator of every effect."""
        return self.second - self.first


class Sides(NamedTuple):
    """The two scenes of a pair as patched runs need them."""

    tokens: Int[Array, "side position"]
    outputs: Recording
    """of every component, [side, ...]"""
    decision: Int[Array, " decision"]
    """position of the measured decision, counted from the first of ``tokens``"""
    past: Past | None


def run_sides(organism: Organism, config: OrganismConfig, pair: Pair, window: int | None = None) -> Sides:
    """Runs both scenes of a pair. window: number of tokens up to the decision outside of which the two scenes
    are the same (see `curricula.world.contrasts.window`). No patch changes anything before them, so only
    these tokens are kept, after what the tokens before them left.
    """
    both = jnp.stack([pair.first, pair.second])
    recording: Recording = {}
    organism(both, recorder(recording), pair.decision[None])
    outputs = {site: values for site, values in recording.items() if site.name in ("head", "neuron")}
    if window is None:
        return Sides(both, outputs, pair.decision[None], None)
    start, last = pair.decision - window + 1, config.layers - 1
    cut = lambda values, axis: jax.lax.dynamic_slice_in_dim(values, start, window, axis)  # noqa: E731
    past_keys, past_values = (
        jnp.stack([recording[Site(n, name)][0] for n in range(config.layers)]) for name in ("key", "value")
    )
    outputs = {site: values if site.layer == last else cut(values, -2) for site, values in outputs.items()}
    return Sides(cut(both, 1), outputs, jnp.array([window - 1]), Past(past_keys, past_values, start))


def patched_differences(
    organism: Organism,
    config: OrganismConfig,
    pair: Pair,
    masks: Bool[Array, "set component"],
    noising: Bool[Array, " set"],
    window: int | None = None,
) -> tuple[Float[Array, " set"], Ends]:
    """Logit difference of one pair under each set of patched components, and of its two unpatched scenes.

    noising: False runs the first scene with patches from the second (denoising); True runs the second with
    patches from the first. window: see `run_sides`.
    """
    sides = run_sides(organism, config, pair, window)

    def patched(mask: Bool[Array, " component"], back: Bool[Array, ""]) -> Float[Array, ""]:
        donor = {site: jnp.where(back, values[0], values[1]) for site, values in sides.outputs.items()}
        tokens = jnp.where(back, sides.tokens[1], sides.tokens[0])
        logits = organism(tokens, patch(config, donor, mask), sides.decision, sides.past)
        return logit_difference(logits, pair)

    # The unpatched scenes go through the same product as the patched ones, so that patching nothing gives exactly 0.
    none = jnp.zeros((2, masks.shape[1]), bool)
    differences = jax.vmap(patched)(
        jnp.concatenate([none, masks]), jnp.concatenate([jnp.array([False, True]), noising])
    )
    return differences[2:], Ends(differences[0], differences[1])


def effects_of_sets(
    organism: Organism,
    config: OrganismConfig,
    pairs: Pair,
    masks: Bool[Array, "pair set component"],
    noising: Bool[Array, "pair set"],
    window: int | None = None,
) -> tuple[Float[Array, "pair set"], Float[Array, " pair"]]:
    """How far each set moves the logit difference towards the other scene, in nats, and how far patching
    everything does.

    In either direction nothing gives exactly 0 and everything gives the total. The effect of a set over
    several pairs is the ratio of the two sums. window: see `run_sides`.
    """

    def effect(inputs: tuple[Pair, Array, Array]) -> tuple[Array, Array]:
        pair, sets, back = inputs
        differences, ends = patched_differences(organism, config, pair, sets, back, window)
        return jnp.where(back, ends.second - differences, differences - ends.first), ends.total

    return over_pairs(effect, (pairs, masks, noising), masks.shape[1] * (window or pairs.first.shape[1]))


def over_pairs(function: Callable[[_Inputs], _Outputs], inputs: _Inputs, tokens: int) -> _Outputs:
    """Maps a function of one pair over the leading axis of inputs, as many pairs at once as the device takes
    well. tokens: number of tokens in a pair's patched runs."""
    tokens_at_once = TOKENS_AT_ONCE["cpu" if jax.default_backend() == "cpu" else "other"]
    pairs_at_once = max(1, round(tokens_at_once / tokens))
    return jax.lax.map(function, inputs, batch_size=min(pairs_at_once, len(jax.tree.leaves(inputs)[0])))
