"""Circuits: which few components are enough, which can not be ablated, and is that more than chance?

A circuit is the smallest set of the highest-ranked components whose faithfulness reaches 0.9: everything else
is patched from the other scene (resample ablation), and the share of the logit difference that is left is
measured, on pairs that did not enter the ranking. Its core is the smallest such set that, patched alone,
removes 0.9: often far smaller, since one component that reads the cues is enough to break what many are
needed to carry out. Null: rankings whose components are swapped at random within their layer and kind. The
area between the faithfulness curve and 1 is the CMD of MIB (Mueller et al. 2025, arXiv 2504.13151).
Completeness: the share that patching the circuit alone removes.

A faithful circuit is a set that suffices in these scenes. It need not be the only one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.patching.shapley import Contributions
from organisms.model.config import OrganismConfig

FAITHFUL = 0.9
RANDOM_CIRCUITS = 19
"""rankings at random that are measured beside every circuit and every lesion"""
FLIPS, CHANCE = 499, 0.01
"""draws behind the null of `replication`; largest chance at which effects count as replicated"""
LEAST_NATS = 0.5
"""least mean effect of a variable on the logit difference for which a circuit is searched"""


class Circuit(NamedTuple):
    """A ranked circuit of one organism, for one role and variable."""

    sizes: Int[np.ndarray, " size"]
    """numbers of components at which faithfulness was measured"""
    faithfulness: Float[np.ndarray, " size"]
    """share of the difference that is left when all but the top of the ranking is patched"""
    null: Float[np.ndarray, "random size"]
    """faithfulness of random rankings"""
    removed: Float[np.ndarray, " size"]
    """share of the difference that patching the top of the ranking alone removes"""
    removed_null: Float[np.ndarray, "random size"]
    """share that patching the top of random rankings removes"""
    cmd: float
    """area between faithfulness and 1, with sizes from 0 to 1"""
    null_cmd: Float[np.ndarray, " random"]
    completeness: float
    """share of the difference that patching the circuit alone removes; NaN where there is no circuit"""
    members: Int[np.ndarray, " component"]
    """the components, best first; empty where there is no circuit"""
    core: Int[np.ndarray, " component"]
    """smallest top of the ranking that removes `FAITHFUL` when it is patched alone, best first; empty where
    there is no circuit"""
    found: bool
    """whether the variable moves the act, effects replicate above the null, and some components are not
    needed"""
    replication_p: float
    """chance of effects that replicate as well in two halves of the pairs if no component did more than
    others of its layer and kind; see `replication`"""
    total_nats: float
    """mean over pairs of what patching everything does"""


def curve_sizes(size: int) -> Int[np.ndarray, " size"]:
    """Sizes at which a curve is measured: every one up to 4, then every second, and all."""
    return np.unique(np.concatenate([np.arange(min(4, size) + 1), np.arange(4, size, 2), [size]]))


def rankings(
    config: OrganismConfig, effect: Float[np.ndarray, " component"], seed: int
) -> Int[np.ndarray, "ranking component"]:
    """Components by falling effect, then `RANDOM_CIRCUITS` copies whose members are swapped at random within
    their layer and kind."""
    rng = np.random.default_rng(seed)
    best = np.argsort(-np.nan_to_num(effect), kind="stable")
    ranked = [best]
    for _ in range(RANDOM_CIRCUITS):
        swap = np.arange(len(effect))
        for members in groups_of(config):
            swap[members] = rng.permutation(members)
        ranked.append(swap[best])
    return np.stack(ranked)


def curve_masks(ranked: Int[np.ndarray, "ranking component"]) -> Bool[np.ndarray, "set component"]:
    """Components to patch, one set a ranking and size: all but the top of each ranking, then the top of each
    ranking alone."""
    rank = np.argsort(ranked, axis=1)
    top = rank[:, None, :] < curve_sizes(ranked.shape[1])[:, None]
    return np.concatenate([~top, top]).reshape(-1, ranked.shape[1])


def replication(config: OrganismConfig, effects: Contributions, seed: int) -> float:
    """Chance that one half of the pairs predicts the other's effects this well. From 1 / (1 + FLIPS) to 1.

    Statistic: the sum over components of the product of the two halves' effects, each centred within its
    layer and kind. Null: every pair's centred effects change sign at random, as they would if no component
    did more than the others. (Swapping components instead could never detect a mechanism in one of four
    heads: one swap in four leaves it where it is.)
    """
    rng = np.random.default_rng(seed)
    centred = effects.components.copy()
    for group in groups_of(config):
        centred[:, group] -= centred[:, group].mean(1, keepdims=True)
    halves = centred[::2], centred[1::2]
    observed = float(halves[0].sum(0) @ halves[1].sum(0))
    first, second = (rng.choice([-1.0, 1.0], (FLIPS, len(half))) @ half for half in halves)
    return float((1 + ((first * second).sum(1) >= observed).sum()) / (1 + FLIPS))


def read_curves(
    config: OrganismConfig,
    effects: Contributions,
    ranked: Int[np.ndarray, "ranking component"],
    values: Float[np.ndarray, "pair set"],
    total: Float[np.ndarray, " pair"],
    seed: int,
) -> Circuit:
    """The circuit from the effects that ranked it and the noising effects of `curve_masks` on other pairs.

    values, total: nats a pair. It is found when the total's mean is above `LEAST_NATS` by three standard
    errors, effects replicate with a chance of at most `CHANCE` under the null, and fewer than all components
    are needed to remove `FAITHFUL` of it.
    """
    sizes, summed = curve_sizes(ranked.shape[1]), total.sum()
    moved = values.sum(0) / summed if summed else np.full(values.shape[1], np.nan)
    rest, removed = moved.reshape(2, len(ranked), len(sizes))
    faithfulness = 1 - rest
    cmd = np.trapezoid(np.abs(1 - faithfulness), sizes / sizes[-1], axis=1)
    strong = total.mean() - 3 * total.std(ddof=1) / np.sqrt(len(total)) > LEAST_NATS
    enough, needed = (np.flatnonzero(curve[0] >= FAITHFUL) for curve in (faithfulness, removed))
    chance = replication(config, effects, seed)
    replicates, spares_some = chance <= CHANCE, len(needed) and needed[0] < len(sizes) - 1
    is_circuit = bool(strong and replicates and len(enough) and spares_some)
    return Circuit(
        sizes,
        faithfulness[0],
        faithfulness[1:],
        removed[0],
        removed[1:],
        float(cmd[0]),
        cmd[1:],
        float(removed[0, enough[0]]) if is_circuit else float("nan"),
        ranked[0, : sizes[enough[0]]] if is_circuit else np.array([], int),
        ranked[0, : sizes[needed[0]]] if is_circuit else np.array([], int),
        is_circuit,
        chance,
        float(total.mean()),
    )


def random_sets(
    config: OrganismConfig, members: Int[np.ndarray, " chosen"], seed: int
) -> Bool[np.ndarray, "set component"]:
    """A set of components as a mask, then `RANDOM_CIRCUITS` sets of the same layers and kinds, of other
    components where there are enough."""
    rng = np.random.default_rng(seed)
    size = config.layers * (config.heads + config.neuron_blocks)
    original = np.isin(np.arange(size), members)
    masks = [original]
    for _ in range(RANDOM_CIRCUITS):
        mask = np.zeros(size, bool)
        for group in groups_of(config):
            amount, rest = original[group].sum(), group[~original[group]]
            mask[rng.choice(rest if len(rest) >= amount else group, amount, replace=False)] = True
        masks.append(mask)
    return np.stack(masks)


def groups_of(config: OrganismConfig) -> list[np.ndarray]:
    """Indices of the components of each layer and kind."""
    by_layer = np.arange(config.layers * (config.heads + config.neuron_blocks)).reshape(config.layers, -1)
    return [part for row in by_layer for part in (row[: config.heads], row[config.heads :])]
