"""Which few components are enough for an organism to tell watched from alone while all others are silent?

Components are silenced one after the other, each time the one without which being watched moves the act
furthest, as long as both scenes of a minimal pair are still answered rightly often enough (in the manner of
ACDC, which prunes edges: Conmy et al. 2023, arXiv 2304.14997). What is left is one circuit that suffices.
Where there are two of them it is one, and the other its backup. (Patched from the other scene, in place of
silent, a backup would say the opposite, and could not be spared.) A greedy search finds a small circuit, not
the smallest.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import over_pairs
from curricula.world.contrasts import Pair
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, broadcast_to_site
from organisms.model.transformer import Organism
from organisms.training.devices import Layout

PAIRS = 64


class Carried(NamedTuple):
    """What being watched does to the act while sets of components are silent, pair by pair."""

    nats: Float[np.ndarray | Array, "*member pair set"]
    """change of the logit difference between the answers"""
    right: Bool[np.ndarray | Array, "*member pair set"]
    """are both scenes answered rightly, of the two answers?"""


def carried(
    organism: Organism, config: OrganismConfig, pair: Pair, silent: Bool[Array, "set component"]
) -> Carried:
    """The fields of a `Carried` for one pair."""

    def one(mask: Bool[Array, " component"]) -> tuple[Float[Array, ""], Bool[Array, ""]]:
        kept = (~mask).reshape(config.layers, -1).astype(jnp.float32)

        def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
            scale = broadcast_to_site(config, kept, site)
            return activation if scale is None else activation * scale

        logits = jnp.stack([organism(tokens, tap)[pair.decision] for tokens in (pair.first, pair.second)])
        leans = logits[:, pair.second_answer] - logits[:, pair.first_answer]
        return leans[1] - leans[0], (leans[0] < 0) & (leans[1] > 0)

    return Carried(*jax.vmap(one)(silent))


@lru_cache(maxsize=8)
def _program(config: OrganismConfig):
    def rows(organism: Organism, pairs: Pair, silent: Array) -> Carried:
        tokens = 2 * silent.shape[1] * pairs.first.shape[-1]
        return over_pairs(lambda inputs: carried(organism, config, *inputs), (pairs, silent), tokens)

    return Layout.of(jax.device_count()).over_rows(rows)


def sufficient(
    survey: CheckpointMeasurer, reach: Float[np.ndarray, " member"]
) -> Bool[np.ndarray, "member component"]:
    """The components of each member that are left, while the share of pairs answered rightly is at least
    ``reach``; none where it is not to begin with."""
    pairs, program = (
        survey.minimal_pairs("character", "watched", PairDraw.PRUNING, PAIRS),
        _program(survey.config),
    )

    def measure(silent: Bool[np.ndarray, "member set component"]) -> Carried:
        rows = np.broadcast_to(silent[:, None], (len(silent), PAIRS, *silent.shape[1:]))
        return jax.device_get(program(survey.organisms, pairs, rows))

    return pruned(measure, np.ones((survey.members, survey.component_count), bool), reach)


def pruned(
    measure, left: Bool[np.ndarray, "member component"], reach: Float[np.ndarray, " member"]
) -> np.ndarray:
    """What is left [member, component] of what was there. measure: a `Carried` [member, pair, set] of sets of
    silent components [member, set, component]."""
    enough = measure(~left[:, None]).right.mean(1)[:, 0] >= reach
    left, each = left & enough[:, None], np.eye(left.shape[1], dtype=bool)
    for _ in range(left.shape[1]):
        found = measure(~left[:, None] | each)
        moves = np.where(left & (found.right.mean(1) >= reach[:, None]), found.nats.mean(1), -np.inf)
        which = moves.argmax(1)
        spared = np.isfinite(moves.max(1))
        if not spared.any():
            break
        left[spared, which[spared]] = False
    return left
