"""Material of a comparison: what do both sides work on? The same initial parameters and the same scenes, as
files; and how large a checkpoint is."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from curricula.catalogue.building_blocks import Scale
from curricula.world.scenes import Scene, sample_scene, trained_support
from organisms.ensemble.config import RunConfig, named_config
from organisms.ensemble.optimiser import Schedule, learning_rate
from organisms.model.parameter_names import to_arrays
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

BATCHES = 16
"""batches that PyTorch finds ready in memory and takes in turn"""
RATES = 4096
"""steps whose learning rates are worked out beforehand; taken in turn like the batches"""


def init_organisms(config: RunConfig) -> Organism:
    """The ensemble [member, ...] before its first step: not the weights that the run would draw, but of the
    same distribution."""
    world = config.curriculum.world
    keys = jax.random.split(jax.random.key(config.seed), config.members)
    return jax.jit(
        jax.vmap(lambda key: Organism(config.organism, world.vocabulary.size, world.positions, key))
    )(keys)


def batches(config: RunConfig, count: int = BATCHES) -> Scene:
    """Scenes [batch, scene, ...] of the first phase."""
    world, mixture = config.curriculum.world, config.curriculum.phases[0].mixture
    keys = jax.random.split(jax.random.key(config.seed), (count, config.training.batch))
    support = trained_support(world)
    return jax.jit(jax.vmap(jax.vmap(lambda key: sample_scene(key, world, support, mixture, jnp.int32(0)))))(
        keys
    )


def scene_loss(organism: Organism, scenes: Scene, decisions: Int[Array, " moment"]) -> Float[Array, ""]:
    """Mean cross-entropy in nats over the targets of a batch, written out: what both sides minimise."""
    logits = organism(scenes.tokens)[:, decisions]
    nats = -jnp.take_along_axis(jax.nn.log_softmax(logits), scenes.targets[..., None], axis=-1)[..., 0]
    return (nats * scenes.weights).sum() / jnp.maximum(scenes.weights.sum(), 1.0)


def material(config: RunConfig) -> dict[str, Any]:
    """Everything that PyTorch needs to train the first organism of a run: parameters, scenes, settings, and
    the loss of the first batch."""
    organism = init_organisms(config)
    scenes, decisions = batches(config), jnp.asarray(config.curriculum.world.decisions)
    phase = config.curriculum.phases[0]
    schedule = Schedule.of(phase.optimiser, phase.steps)
    arrays: dict[str, Any] = {f"parameter {name}": array[0] for name, array in to_arrays(organism).items()}
    arrays |= {name: np.asarray(value) for name, value in scenes._asdict().items()}
    return arrays | {
        "decisions": np.asarray(decisions),
        "heads": config.organism.heads,
        "layers": config.organism.layers,
        "learning_rates": np.asarray(jax.vmap(lambda step: learning_rate(schedule, step))(jnp.arange(RATES))),
        "second_moment": phase.optimiser.second_moment,
        "weight_decay": phase.optimiser.weight_decay,
        "clip": phase.optimiser.clip,
        "first_loss_nats": np.asarray(
            scene_loss(pick(organism, 0), Scene(*[leaf[0] for leaf in scenes]), decisions)
        ),
    }


def write_material(path: Path, scale: Scale, seed: int) -> None:
    """Puts the material of a scale into a file."""
    np.savez(path, **material(named_config("shared", scale, 1, seed)))


def checkpoint_bytes(member: Mapping[str, np.ndarray], members: int) -> int:
    """Bytes of the file that `organisms.storage.checkpoints.write_checkpoint` would make of so many members.
    member: the arrays of one, [1, ...].

    A safetensors file is eight bytes, a header in JSON filled up to a multiple of eight, and the arrays.
    """
    header, offset = {}, 0
    for name in sorted(member):
        shape = [members, *member[name].shape[1:]]
        size = prod(shape) * member[name].itemsize
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    length = len(json.dumps(header, separators=(",", ":")))
    return 8 + -(-length // 8) * 8 + offset
