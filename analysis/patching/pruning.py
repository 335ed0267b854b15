"""A circuit that suffices: which few components are enough for the gate ("is anybody watching?") while all
others are ablated?

Components are zero-ablated one after the other, each time the one without which being watched moves the act
furthest, as long as both scenes of a minimal pair are still answered rightly often enough (in the manner of
ACDC, which prunes edges: Conmy et al. 2023, arXiv 2304.14997). The components that are left are one circuit
that suffices. Where there are two of them, the other is its backup. (Resample ablation would make the backup
write the opposite answer, so that it could not be left out.)

A greedy search finds a small circuit, not the smallest. It does not show that no other circuit suffices.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import over_pairs
from curricula.world.contrasts import Pair
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, broadcast_to_site
from organisms.model.transformer import Organism

PAIRS = 64
"""minimal pairs behind every step of the search"""


class ZeroAblation(NamedTuple):
    """What being watched does to the act while sets of components are ablated, pair by pair."""

    nats: Float[np.ndarray | Array, "*member pair set"]
    """change of the logit difference between the answers"""
    right: Bool[np.ndarray | Array, "*member pair set"]
    """whether both scenes are answered rightly, of the two answers"""


def zero_ablated(
    organism: Organism, config: OrganismConfig, pair: Pair, masks: Bool[Array, "set component"]
) -> ZeroAblation:
    """The fields of a `ZeroAblation` [set] for one pair. masks: the components to ablate."""

    def ablated(mask: Bool[Array, " component"]) -> tuple[Float[Array, ""], Bool[Array, ""]]:
        scale_by_layer = (~mask).reshape(config.layers, -1).astype(jnp.float32)

        def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
            scale = broadcast_to_site(config, scale_by_layer, site)
            return activation if scale is None else activation * scale

        logits = jnp.stack([organism(tokens, tap)[pair.decision] for tokens in (pair.first, pair.second)])
        differences = logits[:, pair.second_answer] - logits[:, pair.first_answer]
        return differences[1] - differences[0], (differences[0] < 0) & (differences[1] > 0)

    return ZeroAblation(*jax.vmap(ablated)(masks))


@program_cache(maxsize=8)
def _program(config: OrganismConfig):
    def rows(organism: Organism, pairs: Pair, masks: Array) -> ZeroAblation:
        tokens = 2 * masks.shape[1] * pairs.first.shape[-1]
        return over_pairs(lambda inputs: zero_ablated(organism, config, *inputs), (pairs, masks), tokens)

    return Layout.of(jax.device_count()).over_rows(rows)


def sufficient_circuit(
    measurer: CheckpointMeasurer, reach: Float[np.ndarray, " member"]
) -> Bool[np.ndarray, "member component"]:
    """The components of each member that are left while the share of pairs answered rightly is at least
    ``reach``; none where it is less with all components."""
    pairs = measurer.minimal_pairs("character", "watched", PairDraw.PRUNING, PAIRS)
    program = _program(measurer.config)

    def measure(masks: Bool[np.ndarray, "member set component"]) -> ZeroAblation:
        rows = np.broadcast_to(masks[:, None], (len(masks), PAIRS, *masks.shape[1:]))
        return jax.device_get(program(measurer.organisms, pairs, rows))

    return pruned(measure, np.ones((measurer.members, measurer.component_count), bool), reach)


def pruned(
    measure: Callable[[Bool[np.ndarray, "member set component"]], ZeroAblation],
    start: Bool[np.ndarray, "member component"],
    reach: Float[np.ndarray, " member"],
) -> Bool[np.ndarray, "member component"]:
    """The components of each member that are left of those at the start. measure: a `ZeroAblation`
    [member, pair, set] for masks of the components to ablate."""
    works = measure(~start[:, None]).right.mean(1)[:, 0] >= reach
    left, single = start & works[:, None], np.eye(start.shape[1], dtype=bool)
    for _ in range(start.shape[1]):
        without = measure(~left[:, None] | single)
        can_go = left & (without.right.mean(1) >= reach[:, None])
        nats = np.where(can_go, without.nats.mean(1), -np.inf)
        removable = np.isfinite(nats.max(1))
        if not removable.any():
            break
        left[removable, nats.argmax(1)[removable]] = False
    return left
