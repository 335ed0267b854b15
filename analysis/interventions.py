"""What does an organism say when some of its components see another scene?

Patching swaps a component's output for the one that it gives in the other scene of a minimal pair (resample ablation: Chan et al.
2022, causal scrubbing). The readout is the logit difference between the two answers at the measured decision, in nats. It says what
a component's output does in these scenes; a component that would take over if another fell silent shows nothing until that other one is
patched as well.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from curricula.contrasts import Pair
from organisms.config import OrganismConfig
from organisms.model import Organism
from organisms.sites import Site, Tap, components, identity

Recording = dict[Site, Array]
PAIRS_AT_ONCE = 8
"""pairs whose patched runs go through one matrix product; measured on two cores, larger gains nothing"""


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


def patch(config: OrganismConfig, donor: Recording, mask: Bool[Array, " component"]) -> Tap:
    """A tap that takes the output of the masked components from a recording; in the order of `organisms.sites.components`."""
    by_layer = mask.reshape(config.layers, config.heads + config.neuron_blocks)

    def swap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name == "head":
            chosen = by_layer[site.layer, : config.heads][:, None, None]
        elif site.name == "neuron":
            chosen = jnp.repeat(by_layer[site.layer, config.heads :], config.neurons // config.neuron_blocks)
        else:
            return activation
        return jnp.where(chosen, donor[site], activation)

    return swap


def difference(logits: Float[Array, "position vocabulary"], pair: Pair) -> Float[Array, ""]:
    """How much more the second answer is worth than the first, in nats, at the measured decision."""
    at = logits[pair.decision]
    return at[pair.second_answer] - at[pair.first_answer]


class Ends(NamedTuple):
    """Logit differences of the unpatched scenes of a pair, in nats."""

    first: Float[Array, "*any"]
    second: Float[Array, "*any"]

    @property
    def total(self) -> Float[Array, "*any"]:
        """What patching everything does: the denominator of every effect."""
        return self.second - self.first


def patched_differences(
    organism: Organism,
    config: OrganismConfig,
    pair: Pair,
    masks: Bool[Array, "set component"],
    noising: Bool[Array, ""] | bool,
) -> tuple[Float[Array, " set"], Ends]:
    """Logit difference of one pair under each set of patched components, and of its two unpatched scenes.

    noising: False runs the first scene with patches from the second; True runs the second with patches from the first.
    """
    noising = jnp.asarray(noising)
    base = jnp.where(noising, pair.second, pair.first)
    giver = jnp.where(noising, pair.first, pair.second)
    giver_logits, donor = record(organism, giver)
    of_giver = difference(giver_logits, pair)
    # The unpatched scene goes through the same product as the patched ones, so that patching nothing gives exactly 0.
    masks = jnp.concatenate([jnp.zeros_like(masks[:1]), masks])
    found = jax.vmap(lambda mask: difference(organism(base, patch(config, donor, mask)), pair))(masks)
    of_base = found[0]
    return found[1:], Ends(jnp.where(noising, of_giver, of_base), jnp.where(noising, of_base, of_giver))


def effects_of_sets(
    organism: Organism,
    config: OrganismConfig,
    pairs: Pair,
    masks: Bool[Array, "pair set component"],
    noising: Bool[Array, " pair"],
) -> tuple[Float[Array, "pair set"], Float[Array, " pair"]]:
    """How far each set moves the difference towards the other scene, in nats, and how far patching everything does.

    In either direction nothing gives exactly 0 and everything gives the total. The effect of a set over several pairs is the ratio of
    the two sums.
    """

    def one(inputs: tuple[Pair, Array, Array]) -> tuple[Array, Array]:
        pair, sets, way = inputs
        found, ends = patched_differences(organism, config, pair, sets, way)
        return jnp.where(way, ends.second - found, found - ends.first), ends.total

    return jax.lax.map(one, (pairs, masks, noising), batch_size=min(PAIRS_AT_ONCE, len(noising)))


def count(config: OrganismConfig) -> int:
    """How many components an organism has."""
    return len(components(config))
