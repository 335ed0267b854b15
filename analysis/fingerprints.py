"""What is a component like, apart from how much it matters? Where it looks from the decision, and what moves what it writes.

A *fingerprint* is a row of figures: the attention that a head pays, from the token at which the act is decided, to the moment's cues, the actor's
profession and its secret; and, for either role and every variable, how far what the component writes there changes between the two scenes of a minimal
pair, as a share of what it writes. Blocks of neurons have no attention: theirs is 0 throughout.

Two components of one fingerprint look at the same things and answer to the same changes. They need not write the same, nor be used for the same.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from analysis.interventions import over_pairs, recorder
from analysis.measuring import Survey
from curricula.contrasts import Pair, Role, Variable, measurable
from curricula.world import World
from organisms.config import OrganismConfig
from organisms.model import Organism
from organisms.sites import Site

SCENES = 16
"""minimal pairs for each role and variable"""
PLACES = ("cues", "profession", "secret")
ASKED: tuple[tuple[Role, Variable], ...] = (
    ("character", "watched"),
    ("character", "professed"),
    ("character", "secret"),
    ("character", "role"),
    ("self", "watched"),
    ("self", "professed"),
)
"""whose act, and what differs; *role* is of characters alone, since its pairs hold both"""
FIGURES = (
    *(f"attention of {role} to {place}" for role in ("character", "self") for place in PLACES),
    *(f"response of {role} to {variable}" for role, variable in ASKED),
)


class Drawn(NamedTuple):
    """The scenes that fingerprints are taken in: pairs [member, pair, ...] of one role and variable after the other."""

    pairs: Pair
    asked: tuple[int, ...]
    """which of `ASKED` can be varied in this world"""


def drawn(asked: Survey) -> Drawn:
    """Scenes for the members of a survey."""
    which = tuple(n for n, (role, variable) in enumerate(ASKED) if measurable(asked.world, role, variable))
    parts = [asked.pairs(*ASKED[n], 80, SCENES) for n in which]
    return Drawn(jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=1), *parts), which)


def looks(
    organism: Organism, world: World, config: OrganismConfig, pairs: Pair
) -> tuple[Float[Array, "pair component 3"], Float[Array, "pair component"], Float[Array, "pair component"]]:
    """Of each pair: attention to `PLACES`, mean of its two scenes; squared norm of what a component writes at the decision, mean of the two; squared norm of the
    difference between the two."""

    def one(pair: Pair) -> tuple[Array, Array, Array]:
        recording: dict[Site, Array] = {}
        both = jnp.stack([pair.first, pair.second])
        organism(both, recorder(recording), pair.decision[None])
        seen, written = [], []
        for layer in range(config.layers):
            at = 0 if layer == config.layers - 1 else pair.decision
            pattern = recording[Site(layer, "pattern")][:, :, at]  # [side head source]
            there = jax.vmap(lambda tokens: _places(world, tokens, pair.decision))(both)  # [side place source]
            seen.append(jnp.einsum("ahs,aks->hk", pattern, there) / 2)
            seen.append(jnp.zeros((config.neuron_blocks, len(PLACES))))
            head = recording[Site(layer, "head")][:, :, at]  # [side head width]
            written.append(jnp.einsum("ahw,hwm->ahm", head, organism.output[layer]))
            neuron = recording[Site(layer, "neuron")][:, at].reshape(2, config.neuron_blocks, -1)
            out = organism.out_of_neurons[layer].reshape(config.neuron_blocks, -1, config.width)
            written.append(jnp.einsum("abn,bnm->abm", neuron, out))
        wrote = jnp.concatenate(written, axis=1)  # [side component model]
        return jnp.concatenate(seen), (wrote**2).sum(-1).mean(0), ((wrote[1] - wrote[0]) ** 2).sum(-1)

    return over_pairs(one, pairs, 2 * pairs.first.shape[1])


def _places(world: World, tokens: Array, decision: Array) -> Array:
    """Which tokens of a scene are the moment's cues, the actor's profession and its secret [place, position]."""
    position = jnp.arange(world.positions)
    entries = 1 + 3 * jnp.arange(world.characters)
    own = entries[jnp.argmax(tokens[entries] == tokens[decision])]
    cues = (position < decision) & (position >= decision - world.cues)
    return jnp.stack([cues, position == own + 1, position == own + 2]).astype(jnp.float32)


def fingerprint(
    seen: tuple[Any, Any, Any], of: Drawn, config: OrganismConfig
) -> Float[np.ndarray, "organism component figure"]:
    """The figures of each organism, from what `looks` gave for all of them. A response is 0 where a component writes nothing, and where a world does not let the
    variable differ."""
    attention, size, moved = (np.asarray(part, np.float64) for part in seen)
    organisms, count = attention.shape[0], attention.shape[2]
    found = np.zeros((organisms, count, len(FIGURES)))
    slices = {n: slice(place * SCENES, (place + 1) * SCENES) for place, n in enumerate(of.asked)}
    for role, first in (("character", 0), ("self", len(PLACES))):
        if ASKED.index((role, "watched")) not in slices:
            continue
        own = slices[ASKED.index((role, "watched"))]  # pyright: ignore[reportArgumentType]
        found[..., first : first + len(PLACES)] = attention[:, own].mean(1)
    for n, part in slices.items():
        whole, change = size[:, part].mean(1), moved[:, part].mean(1)
        found[..., 2 * len(PLACES) + n] = np.sqrt(np.divide(change, whole, out=np.zeros_like(change), where=whole > 0))
    return found
