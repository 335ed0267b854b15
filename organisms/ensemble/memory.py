"""Memory: does an ensemble fit into what this machine has, before anything is compiled?

The estimate is a lower one: parameters, their gradients and moments, and what a backward pass keeps. It does *not* show
that a run will fit.
"""

import os
from pathlib import Path

import jax
import numpy as np

from curricula.world.world import World
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import TOGETHER, Layout
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

NUMBER = 4
"""bytes"""


def parameter_count(organism: OrganismConfig, world: World) -> int:
    """Parameters of one organism."""
    key = jax.ShapeDtypeStruct((), jax.random.key(0).dtype)
    shapes = jax.eval_shape(lambda k: Organism(organism, world.vocabulary.size, world.positions, k), key)
    return sum(int(np.prod(leaf.shape, dtype=object)) for leaf in jax.tree.leaves(shapes))


def bytes_needed(config: RunConfig, layout: Layout) -> int:
    """At least so many bytes are in use while an ensemble is trained, over all devices of this process: on a CPU its
    members lie in memory and one a device is under way; elsewhere as many as are taken together."""
    world, sizes = config.curriculum.world, config.organism
    parameters = parameter_count(sizes, world)
    devices = min(config.members, layout.mesh.size)
    under_way = devices if layout.one_by_one else min(config.members, TOGETHER * devices)
    kept = sizes.layers * (6 * sizes.width + 2 * sizes.neurons + 2 * sizes.heads * world.positions)
    scene = world.positions * (kept + 2 * world.vocabulary.size)
    held = config.members * parameters * 3  # with two moments each
    return NUMBER * (held + under_way * (2 * parameters + config.training.batch // layout.shares * scene))


def bytes_there() -> int:
    """Memory of this process's devices: what the card says, or else what this machine, or its container, has."""
    stats = [device.memory_stats() or {} for device in jax.local_devices()]
    if all("bytes_limit" in each for each in stats):
        return sum(each["bytes_limit"] for each in stats)
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    try:
        return min(total, int(limit.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return total


def memory_errors(config: RunConfig) -> list[str]:
    """What stands against training a run in the memory that there is; a line, or nothing."""
    needed, there = bytes_needed(config, Layout.of(config.members, config.training.batch)), bytes_there()
    if needed <= there:
        return []
    sizes = config.organism
    return [
        f"memory: expected at most {there / 1e9:.1f} GB, which is what is there; {config.members} members of "
        f"{parameter_count(sizes, config.curriculum.world):,} parameters in batches of {config.training.batch} need "
        f"{needed / 1e9:,.1f} GB or more; make members, organism.width, organism.layers, organism.neurons or "
        "training.batch smaller"
    ]
