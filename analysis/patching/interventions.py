"""What does an organism say when some of its components see another scene?

Patching swaps a component's output for the one that it gives in the other scene of a minimal pair (resample
ablation: Chan et al. 2022, causal scrubbing). The readout is the logit difference between the two answers at
the measured decision, in nats. It says what a component's output does in these scenes; a component that would
take over if another fell silent shows nothing until that other one is patched as well.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from curricula.world.contrasts import Pair
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site, components, identity
from organisms.model.transformer import Organism, Past

Recording = dict[Site, Array]
TOKENS_AT_ONCE = {"cpu": 1200, "other": 2**18}
"""tokens of patched runs that go through one matrix product, about. On a CPU more no longer fit its caches
(measured); elsewhere this bounds memory, at a gigabyte or so for the widest activation at gpu scale (not
measured)"""


def recorder(recording: Recording, tap: Tap = identity) -> Tap:
    """A tap that also keeps every activation, as it flows on, under its site."""

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
    """What each component writes at the decision, from a recording of a scene of which nothing but the
    decision was asked for. In the order of `organisms.model.sites.components`."""
    found = []
    for layer in range(config.layers):
        at = 0 if layer == config.layers - 1 else decision
        heads = jnp.einsum("hw,hwm->hm", recording[Site(layer, "head")][:, at], organism.output[layer])
        neurons = recording[Site(layer, "neuron")][at].reshape(config.neuron_blocks, -1)
        out = organism.out_of_neurons[layer].reshape(config.neuron_blocks, -1, config.width)
        found.append(jnp.concatenate([heads, jnp.einsum("bn,bnm->bm", neurons, out)]))
    return jnp.stack(found)


def patch(config: OrganismConfig, donor: Recording, mask: Bool[Array, " component"]) -> Tap:
    """A tap that takes the output of the masked components from a recording; in the order of
    `organisms.model.sites.components`."""
    by_layer = mask.reshape(config.layers, config.heads + config.neuron_blocks)

    def swap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        chosen = broadcast_to_site(config, by_layer, site)
        return activation if chosen is None else jnp.where(chosen, donor[site], activation)

    return swap


def difference(logits: Float[Array, "asked vocabulary"], pair: Pair) -> Float[Array, ""]:
    """How much more the second answer is worth than the first, in nats, where the measured decision is all
    that was asked for."""
    return logits[0, pair.second_answer] - logits[0, pair.first_answer]


class Ends(NamedTuple):
    """Logit differences of the unpatched scenes of a pair, in nats."""

    first: Float[Array, "*any"]
    second: Float[Array, "*any"]

    @property
    def total(self) -> Float[Array, "*any"]:
        """What patching everything does: the denominator of every effect."""
        return self.second - self.first


class Sides(NamedTuple):
    """The two scenes of a pair as patched runs need them."""

    tokens: Int[Array, "side position"]
    outputs: Recording
    """of every component, [side, ...]"""
    at: Int[Array, " asked"]
    """the measured decision, counted from the first of ``tokens``"""
    past: Past | None


def run_sides(organism: Organism, config: OrganismConfig, pair: Pair, window: int | None = None) -> Sides:
    """Runs both scenes of a pair. window: number of tokens up to the decision outside of which the two scenes
    are the same (see `curricula.world.contrasts.window`): no patch changes anything before them, so they
    alone are kept, over what the tokens before them left.
    """
    both = jnp.stack([pair.first, pair.second])
    recording: Recording = {}
    organism(both, recorder(recording), pair.decision[None])
    outputs = {site: kept for site, kept in recording.items() if site.name in ("head", "neuron")}
    if window is None:
        return Sides(both, outputs, pair.decision[None], None)
    start, last = pair.decision - window + 1, config.layers - 1
    cut = lambda values, axis: jax.lax.dynamic_slice_in_dim(values, start, window, axis)  # noqa: E731
    keys, values = (
        jnp.stack([recording[Site(n, name)][0] for n in range(config.layers)]) for name in ("key", "value")
    )
    outputs = {site: kept if site.layer == last else cut(kept, -2) for site, kept in outputs.items()}
    return Sides(cut(both, 1), outputs, jnp.array([window - 1]), Past(keys, values, start))


def patched_differences(
    organism: Organism,
    config: OrganismConfig,
    pair: Pair,
    masks: Bool[Array, "set component"],
    noising: Bool[Array, " set"],
    window: int | None = None,
) -> tuple[Float[Array, " set"], Ends]:
    """Logit difference of one pair under each set of patched components, and of its two unpatched scenes.

    noising: False runs the first scene with patches from the second; True runs the second with patches from
    the first. window: see `run_sides`.
    """
    sides = run_sides(organism, config, pair, window)

    def one(mask: Bool[Array, " component"], back: Bool[Array, ""]) -> Float[Array, ""]:
        donor = {site: jnp.where(back, kept[0], kept[1]) for site, kept in sides.outputs.items()}
        tokens = jnp.where(back, sides.tokens[1], sides.tokens[0])
        return difference(organism(tokens, patch(config, donor, mask), sides.at, sides.past), pair)

    # The unpatched scenes go through the same product as the patched ones, so that patching nothing gives exactly 0.
    none = jnp.zeros((2, masks.shape[1]), bool)
    found = jax.vmap(one)(
        jnp.concatenate([none, masks]), jnp.concatenate([jnp.array([False, True]), noising])
    )
    return found[2:], Ends(found[0], found[1])


def effects_of_sets(
    organism: Organism,
    config: OrganismConfig,
    pairs: Pair,
    masks: Bool[Array, "pair set component"],
    noising: Bool[Array, "pair set"],
    window: int | None = None,
) -> tuple[Float[Array, "pair set"], Float[Array, " pair"]]:
    """How far each set moves the difference towards the other scene, in nats, and how far patching everything
    does.

    In either direction nothing gives exactly 0 and everything gives the total. The effect of a set over
    several pairs is the ratio of the two sums. window: see `run_sides`.
    """

    def one(inputs: tuple[Pair, Array, Array]) -> tuple[Array, Array]:
        pair, sets, back = inputs
        found, ends = patched_differences(organism, config, pair, sets, back, window)
        return jnp.where(back, ends.second - found, found - ends.first), ends.total

    return over_pairs(one, (pairs, masks, noising), masks.shape[1] * (window or pairs.first.shape[1]))


def over_pairs(one: Callable[[Any], Any], inputs: Any, tokens: int) -> Any:
    """The function of one pair, over the leading axis of inputs, as many pairs at once as the device takes
    well. tokens: that a pair's patched runs have."""
    at_once = max(1, round(TOKENS_AT_ONCE["cpu" if jax.default_backend() == "cpu" else "other"] / tokens))
    return jax.lax.map(one, inputs, batch_size=min(at_once, len(jax.tree.leaves(inputs)[0])))


def count(config: OrganismConfig) -> int:
    """How many components an organism has."""
    return len(components(config))
