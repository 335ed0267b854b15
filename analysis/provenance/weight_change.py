"""Weight change: were the components that self has for itself trained more than others of their kind?

A line of evidence that is no patch and runs no scene: how far the weights of each component moved from the fork to the
end, as a share of what they were. What self has for itself (what serves it at the end and characters not) stands beside
random sets of other components of the same layers and kinds.

Weights that moved do *not* show what for: a component may be trained for characters' sake, and one that is taken as it was
need not move. Others may be idle, and idle ones train less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, prod

import jax
import numpy as np
from jaxtyping import Float, Int

from analysis.patching.circuits import RANDOM_CIRCUITS
from analysis.provenance.corroboration import Claims, EvidenceLine
from analysis.provenance.spare import kept_and_taken
from analysis.provenance.verdict import APART
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

SELF_WAS_TRAINED = Claims(APART, frozenset({"reused", "migrated"}), above_refutes=False)
"""where self parted, its own components lie above others; where it did not, what little it has for itself need not"""
OF_HEAD = ("query", "key", "value", "output")
"""weights of a head, each [member, layer, head, ...]"""


@dataclass(frozen=True)
class WeightChangeResult:
    """How far weights moved from the fork to the end."""

    change: Float[np.ndarray, "member component"]
    """length of the change of a component's weights, over their length at the fork"""
    lines: tuple[EvidenceLine | None, ...]
    """mean change of what self has for itself, over that of other components of the same layers and kinds; None where self
    has nothing for itself, where there are too few others, or where weights began at 0 or never moved"""


def weight_changes(
    fork: Organism, end: Organism, config: OrganismConfig
) -> Float[np.ndarray, "member component"]:
    """Relative change of the weights of every component: of a head those that it reads and writes with, of a block of
    neurons the rows and columns of its neurons. Biases are left out. Not finite where weights began at 0."""

    def squares(organism: Organism) -> Float[np.ndarray, "member component"]:
        heads = sum(
            (np.asarray(getattr(organism, name)[...]) ** 2).sum((3, 4)) for name in OF_HEAD
        )  # [member layer head]
        into, out_of = (
            np.asarray(weights[...]) for weights in (organism.into_neurons, organism.out_of_neurons)
        )
        neurons = (into**2).sum(2) + (out_of**2).sum(3)  # [member layer neuron]
        blocks = neurons.reshape(*neurons.shape[:2], config.neuron_blocks, -1).sum(3)
        return np.concatenate([heads, blocks], axis=2).reshape(len(blocks), -1)

    moved = jax.tree.map(lambda before, after: np.asarray(after) - np.asarray(before), fork, end)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(squares(moved) / squares(fork))


def weight_line(
    change: Float[np.ndarray, " component"],
    end_character: Float[np.ndarray, " component"],
    end_self: Float[np.ndarray, " component"],
    groups: Sequence[Int[np.ndarray, " _"]],
    seed: int,
) -> EvidenceLine | None:
    """The line of one member, from effects at the end. groups: components of a layer and kind. It has no interval: weights
    are not sampled; *no* is what lies below all random sets.
    """
    _, own = kept_and_taken(end_character, end_self)
    others = [group[~own[group]] for group in groups]
    wanted = [int(own[group].sum()) for group in groups]
    sets = prod(comb(len(free), count) for free, count in zip(others, wanted, strict=True))
    if not own.any() or sets < RANDOM_CIRCUITS or not np.isfinite(change).all() or not change.any():
        return None
    rng = np.random.default_rng(seed)
    random = np.array(
        [
            np.concatenate(
                [change[rng.choice(free, count, False)] for free, count in zip(others, wanted, strict=True)]
            ).mean()
            for _ in range(RANDOM_CIRCUITS)
        ]
    )
    value, null = float(change[own].mean() / random.mean()), random / random.mean()
    return EvidenceLine(value, value, value, 1.0, float(null.max()), under=float(null.min()))
