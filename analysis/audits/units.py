"""Audit units: which parts of an organism may an audit draw, and at which grain?

Five grains. A *component* is a head or a block of neurons; a *neuron* a single one. A *value path* is one dimension of a
head's output, with all that the head moves along it. An *edge* is what one component writes, as another one, or the
unembedding, reads it. A *subspace* is a few random directions of the residual stream after a layer. Components, value
paths and edges are enumerated; neurons and subspaces are drawn with a seed where there are more than an audit takes.

The same settings give the same units of every organism of a size, so that a unit of an organism has its like in a twin.
What a grain does *not* show: how much of the organism a unit is. One component is hundreds of neurons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from organisms.model.config import OrganismConfig
from organisms.model.sites import components

Grain = Literal["component", "neuron", "value path", "edge", "subspace"]
GRAINS: tuple[Grain, ...] = get_args(Grain)


@dataclass(frozen=True)
class UnitSettings:
    """How many units an audit draws from, and of which size."""

    seed: int = 0
    """of the neurons and directions that are drawn"""
    neurons: int = 600
    """of all layers, at most"""
    subspaces: int = 40
    """after each layer"""
    rank: int = 4
    """directions of a subspace"""


class RangeUnits(NamedTuple):
    """Units that are stretches of a layer's outputs: each head's dimensions in their order, then the neurons."""

    layer: Int[np.ndarray, " unit"]
    first: Int[np.ndarray, " unit"]
    end: Int[np.ndarray, " unit"]
    """number after the last"""


class EdgeUnits(NamedTuple):
    """Units that are what a component writes, as one that follows it reads it."""

    source: Int[np.ndarray, " unit"]
    target: Int[np.ndarray, " unit"]
    """number of the component that reads; that of all components: the unembedding"""


class SubspaceUnits(NamedTuple):
    """Units that are directions of the residual stream."""

    layer: Int[np.ndarray, " unit"]
    """layers before it: from 1 to all"""
    basis: Float[np.ndarray, "unit model rank"]
    """orthonormal directions"""


@dataclass(frozen=True)
class AuditUnits:
    """All units of an organism, in the order ranges (components, neurons, value paths), edges, subspaces."""

    config: OrganismConfig
    ranges: RangeUnits
    edges: EdgeUnits
    subspaces: SubspaceUnits
    names: tuple[str, ...]
    grains: tuple[Grain, ...]
    """of each unit"""

    def __len__(self) -> int:
        return len(self.names)

    def of_grain(self, grain: Grain) -> Bool[np.ndarray, " unit"]:
        """Which units are of a grain."""
        return np.array([unit_grain == grain for unit_grain in self.grains], bool)

    def has_place(self) -> Bool[np.ndarray, " unit"]:
        """Which units lie in components: all but the subspaces."""
        return ~self.of_grain("subspace")

    def inside(self, mask: Bool[np.ndarray, " component"]) -> Bool[np.ndarray, " unit"]:
        """Which units lie in some components: an edge where both of its ends do, or it leads from one of them to the
        unembedding; a subspace never."""
        by_layer = mask.reshape(self.config.layers, -1)
        owners = owner_of_output(self.config)
        of_ranges = by_layer[self.ranges.layer, owners[self.ranges.first]]
        reading = np.append(mask, True)
        of_edges = mask[self.edges.source] & reading[self.edges.target]
        return np.concatenate([of_ranges, of_edges, np.zeros(len(self.subspaces.layer), bool)])


def owner_of_output(config: OrganismConfig) -> Int[np.ndarray, " output"]:
    """Which component of its layer each of a layer's outputs belongs to."""
    of_heads = np.repeat(np.arange(config.heads), config.head_width)
    of_blocks = np.repeat(np.arange(config.neuron_blocks), config.neurons // config.neuron_blocks)
    return np.concatenate([of_heads, config.heads + of_blocks])


def audit_units(config: OrganismConfig, settings: UnitSettings | None = None) -> AuditUnits:
    """The units of an organism of some sizes."""
    settings = settings or UnitSettings()
    rng = np.random.default_rng(settings.seed)
    named = components(config)
    per_layer, width = config.heads + config.neuron_blocks, config.heads * config.head_width
    owners = owner_of_output(config)
    ends = np.searchsorted(owners, np.arange(per_layer), side="right")
    starts = np.searchsorted(owners, np.arange(per_layer), side="left")
    layers = np.arange(config.layers)
    every_neuron = config.layers * config.neurons
    drawn = np.sort(rng.choice(every_neuron, min(settings.neurons, every_neuron), replace=False))
    neuron_layer, neuron = np.divmod(drawn, config.neurons)
    value_layer, value = np.repeat(layers, width), np.tile(np.arange(width), config.layers)
    ranges = RangeUnits(
        np.concatenate([np.repeat(layers, per_layer), neuron_layer, value_layer]),
        np.concatenate([np.tile(starts, config.layers), width + neuron, value]),
        np.concatenate([np.tile(ends, config.layers), width + neuron + 1, value + 1]),
    )
    edges, subspaces = _edges(config), _subspaces(config, settings, rng)
    readers = [*named, "out"]
    by_grain: dict[Grain, list[str]] = {
        "component": named,
        "neuron": [f"L{layer}N{index}" for layer, index in zip(neuron_layer, neuron, strict=True)],
        "value path": [
            f"L{layer}H{index // config.head_width}V{index % config.head_width}"
            for layer, index in zip(value_layer, value, strict=True)
        ],
        "edge": [f"{named[s]}>{readers[t]}" for s, t in zip(edges.source, edges.target, strict=True)],
        "subspace": _subspace_names(subspaces.layer),
    }
    grains: tuple[Grain, ...] = tuple(grain for grain, names in by_grain.items() for _ in names)
    every_name = tuple(name for names in by_grain.values() for name in names)
    return AuditUnits(config, ranges, edges, subspaces, every_name, grains)


def _edges(config: OrganismConfig) -> EdgeUnits:
    """Every pair of a component and one that can read what it writes: of a later layer, or blocks of its own layer
    where it is a head; and the unembedding."""
    per_layer = config.heads + config.neuron_blocks
    count = config.layers * per_layer
    layer, slot = np.divmod(np.arange(count), per_layer)
    is_head = slot < config.heads
    later = layer[:, None] < layer
    within = (layer[:, None] == layer) & is_head[:, None] & ~is_head
    to_components = np.argwhere(later | within)
    to_unembedding = np.stack([np.arange(count), np.full(count, count)], axis=1)
    both = np.concatenate([to_components, to_unembedding])
    return EdgeUnits(both[:, 0], both[:, 1])


def _subspaces(config: OrganismConfig, settings: UnitSettings, rng: np.random.Generator) -> SubspaceUnits:
    """Random orthonormal directions after every layer."""
    layer = np.repeat(np.arange(1, config.layers + 1), settings.subspaces)
    rank = min(settings.rank, config.width)
    drawn = rng.normal(size=(len(layer), config.width, rank))
    basis = np.linalg.qr(drawn)[0] if len(layer) else drawn
    return SubspaceUnits(layer, basis.astype(np.float32))


def _subspace_names(layers: Sequence[int] | Int[np.ndarray, " unit"]) -> list[str]:
    counts: dict[int, int] = {}
    names: list[str] = []
    for layer in map(int, layers):
        names.append(f"R{layer}S{counts.get(layer, 0)}")
        counts[layer] = counts.get(layer, 0) + 1
    return names
