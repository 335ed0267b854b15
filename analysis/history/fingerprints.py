"""What is a component like, apart from how much it matters? Where it looks from the decision, and what moves
what it writes.

A *fingerprint* is a row of figures: the attention that a head pays, from the token at which the act is
decided, to the moment's cues, the actor's profession and its secret; and, for either role and every variable,
how far what the component writes there changes between the two scenes of a minimal pair, as a share of what
it writes. Blocks of neurons have no attention: theirs is 0 throughout.

Two components of one fingerprint look at the same things and answer to the same changes. They need not write
the same, nor be used for the same.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, over_pairs, recorder, written
from curricula.world.contrasts import Pair, Role, Variable, measurable
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site
from organisms.model.transformer import Organism

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
    """The scenes that fingerprints are taken in: pairs [member, pair, ...] of one role and variable after the
    other."""

    pairs: Pair
    asked: tuple[int, ...]
    """which of `ASKED` can be varied in this world"""


def drawn(asked: CheckpointMeasurer) -> Drawn:
    """Scenes for the members of a survey."""
    which = tuple(n for n, (role, variable) in enumerate(ASKED) if measurable(asked.world, role, variable))
    parts = [asked.minimal_pairs(*ASKED[n], PairDraw.FINGERPRINTS, SCENES) for n in which]
    return Drawn(jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=1), *parts), which)


def looks(
    organism: Organism, world: World, config: OrganismConfig, pairs: Pair
) -> tuple[Float[Array, "pair component 3"], Float[Array, "pair component"], Float[Array, "pair component"]]:
    """Of each pair: attention to `PLACES`, mean of its two scenes; squared norm of what a component writes at
    the decision, mean of the two; squared norm of the difference between the two."""

    def one(pair: Pair) -> tuple[Array, Array, Array]:
        side = lambda tokens: _side(organism, world, config, tokens, pair.decision)  # noqa: E731
        seen, wrote = jax.vmap(side)(jnp.stack([pair.first, pair.second]))  # [side component ..]
        return seen.mean(0), (wrote**2).sum(-1).mean(0), ((wrote[1] - wrote[0]) ** 2).sum(-1)

    return over_pairs(one, pairs, 2 * pairs.first.shape[1])


def _side(
    organism: Organism, world: World, config: OrganismConfig, tokens: Array, decision: Array
) -> tuple[Float[Array, "component place"], Float[Array, "component model"]]:
    """Of one scene: attention of each component to `PLACES`, and what it writes, at the decision."""
    recording: Recording = {}
    organism(tokens, recorder(recording), decision[None])
    there, seen = _places(world, tokens, decision), []
    for layer in range(config.layers):
        pattern = recording[Site(layer, "pattern")][
            :, 0 if layer == config.layers - 1 else decision
        ]  # [head source]
        seen += [jnp.einsum("hs,ks->hk", pattern, there), jnp.zeros((config.neuron_blocks, len(PLACES)))]
    wrote = written(organism, config, recording, decision)
    return jnp.concatenate(seen), wrote.reshape(-1, config.width)


def _places(world: World, tokens: Array, decision: Array) -> Array:
    """Which tokens of a scene are the moment's cues, the actor's profession and its secret [place,
    position]."""
    position = jnp.arange(world.positions)
    entries = 1 + 3 * jnp.arange(world.characters)
    own = entries[jnp.argmax(tokens[entries] == tokens[decision])]
    cues = (position < decision) & (position >= decision - world.cues)
    return jnp.stack([cues, position == own + 1, position == own + 2]).astype(jnp.float32)


def fingerprint(
    seen: tuple[Any, Any, Any], of: Drawn, config: OrganismConfig
) -> Float[np.ndarray, "organism component figure"]:
    """The figures of each organism, from what `looks` gave for all of them. A response is 0 where a component
    writes nothing, and where a world does not let the variable differ."""
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
        found[..., 2 * len(PLACES) + n] = np.sqrt(
            np.divide(change, whole, out=np.zeros_like(change), where=whole > 0)
        )
    return found
