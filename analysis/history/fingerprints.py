"""Fingerprints: what is a component like, apart from how much it matters? Where it attends from the decision,
and what changes its write there.

A *fingerprint* is a row of figures: the attention that a head pays, from the token at which the act is
decided, to the moment's cues, the actor's profession and its secret; and, for either role and every variable,
how far what the component writes there changes between the two scenes of a minimal pair, as a share of what
it writes. Blocks of neurons have no attention: theirs is 0 throughout.

Two components of one fingerprint attend to the same tokens and respond to the same changes. They need not
write the same, nor be used for the same.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, over_pairs, recorder, written
from curricula.world.contrasts import Pair, Role, Variable, measurable
from curricula.world.vocabulary import SELF
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site
from organisms.model.transformer import Organism

SCENES = 16
"""minimal pairs for each role and variable"""
PLACES = ("cues", "profession", "secret")
CONTRASTS: tuple[tuple[Role, Variable], ...] = (
    ("character", "watched"),
    ("character", "professed"),
    ("character", "secret"),
    ("character", "role"),
    ("self", "watched"),
    ("self", "professed"),
)
"""whose act, and what differs; *role* is for characters alone, since its pairs hold both roles"""
FIGURES = (
    *(f"attention of {role} to {place}" for role in ("character", "self") for place in PLACES),
    *(f"response of {role} to {variable}" for role, variable in CONTRASTS),
)
"""names of the figures"""


class FingerprintScenes(NamedTuple):
    """The scenes that fingerprints are taken in: pairs [member, pair, ...] of one contrast after the
    other."""

    pairs: Pair
    contrasts: tuple[int, ...]
    """those of `CONTRASTS` that can be varied in this world"""


class Responses(NamedTuple):
    """What components do at the decision, pair by pair."""

    attention: Float[Array | np.ndarray, "*organism pair component place"]
    """attention to `PLACES`, mean of the two scenes"""
    size: Float[Array | np.ndarray, "*organism pair component"]
    """squared norm of what a component writes, mean of the two scenes"""
    change: Float[Array | np.ndarray, "*organism pair component"]
    """squared norm of the difference between the two scenes"""


def fingerprint_scenes(measurer: CheckpointMeasurer) -> FingerprintScenes:
    """Scenes for the members of an ensemble."""
    contrasts = tuple(n for n, contrast in enumerate(CONTRASTS) if measurable(measurer.world, *contrast))
    parts = [measurer.minimal_pairs(*CONTRASTS[n], PairDraw.FINGERPRINTS, SCENES) for n in contrasts]
    pairs = jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=1), *parts)
    return FingerprintScenes(pairs, contrasts)


def record_responses(organism: Organism, world: World, config: OrganismConfig, pairs: Pair) -> Responses:
    """The `Responses` [pair, component] of one organism."""

    def of_pair(pair: Pair) -> Responses:
        side = lambda tokens: _side(organism, world, config, tokens, pair.decision)  # noqa: E731
        attention, writes = jax.vmap(side)(jnp.stack([pair.first, pair.second]))  # [side component ..]
        change = ((writes[1] - writes[0]) ** 2).sum(-1)
        return Responses(attention.mean(0), (writes**2).sum(-1).mean(0), change)

    return over_pairs(of_pair, pairs, 2 * pairs.first.shape[1])


def _side(
    organism: Organism, world: World, config: OrganismConfig, tokens: Array, decision: Array
) -> tuple[Float[Array, "component place"], Float[Array, "component model"]]:
    """Attention of each component to `PLACES`, and what it writes, at the decision of one scene."""
    recording: Recording = {}
    organism(tokens, recorder(recording), decision[None])
    places, attention = token_places(world, tokens, decision), []
    for layer in range(config.layers):
        query = 0 if layer == config.layers - 1 else decision
        pattern = recording[Site(layer, "pattern")][:, query]  # [head source]
        attention += [
            jnp.einsum("hs,ks->hk", pattern, places),
            jnp.zeros((config.neuron_blocks, len(PLACES))),
        ]
    writes = written(organism, config, recording, decision)
    return jnp.concatenate(attention), writes.reshape(-1, config.width)


def token_places(
    world: World, tokens: Int[Array, " position"], decision: Int[Array, ""]
) -> Float[Array, "place position"]:
    """Which tokens of a scene are the moment's cues, the actor's profession and its secret; 0 or 1."""
    position = jnp.arange(world.positions)
    entries = 1 + 3 * jnp.arange(world.characters)
    who_acts = tokens[decision - world.actor_before_decision]
    if not world.self_acts_named:  # a cue stands where self acts
        who_acts = jnp.where(who_acts >= world.vocabulary.first_goal, SELF, who_acts)
    actor, first_cue = entries[jnp.argmax(tokens[entries] == who_acts)], decision - world.cues_before_decision
    cues = (position >= first_cue) & (position < first_cue + world.cues)
    return jnp.stack([cues, position == actor + 1, position == actor + 2]).astype(jnp.float32)


def fingerprints_from(
    responses: Responses, scenes: FingerprintScenes
) -> Float[np.ndarray, "organism component figure"]:
    """The figures of each organism. A response is 0 where a component writes nothing, and where a world does
    not let the variable differ."""
    attention, size, change = (np.asarray(part, np.float64) for part in responses)
    figures = np.zeros((attention.shape[0], attention.shape[2], len(FIGURES)))
    slices = {n: slice(place * SCENES, (place + 1) * SCENES) for place, n in enumerate(scenes.contrasts)}
    for role, first in (("character", 0), ("self", len(PLACES))):
        contrast = CONTRASTS.index((role, "watched"))  # pyright: ignore[reportArgumentType]
        if contrast in slices:
            figures[..., first : first + len(PLACES)] = attention[:, slices[contrast]].mean(1)
    for n, part in slices.items():
        mean_size, mean_change = size[:, part].mean(1), change[:, part].mean(1)
        figures[..., 2 * len(PLACES) + n] = np.sqrt(
            np.divide(mean_change, mean_size, out=np.zeros_like(mean_change), where=mean_size > 0)
        )
    return figures
