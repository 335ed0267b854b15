"""How does an organism take a step? AdamW whose settings are traced numbers, so that one program serves every
phase and a sweep."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from curricula.phases import OptimiserConfig
from organisms.model.transformer import Organism


class Schedule(NamedTuple):
    """A phase's optimiser settings as traced numbers; see `OptimiserConfig` for units."""

    learning_rate: Float[Array, ""] | float
    warmup: Float[Array, ""] | float
    final_fraction: Float[Array, ""] | float
    weight_decay: Float[Array, ""] | float
    second_moment: Float[Array, ""] | float
    clip: Float[Array, ""] | float
    steps: Int[Array, ""] | int
    gradients: Float[Array, ""] | float = 1.0
    start: Int[Array, ""] | int = 0
    """step of the phase at which the rate last began to rise"""
    hold: Int[Array, ""] | int = 0
    """steps from there for which it stays up at least"""

    @classmethod
    def of(cls, config: OptimiserConfig, steps: int) -> "Schedule":
        return cls(
            config.learning_rate,
            float(config.warmup),
            config.final_fraction,
            config.weight_decay,
            config.second_moment,
            config.clip,
            steps,
            config.gradients,
        )


class AdamMoments(NamedTuple):
    """Adam's running means of the gradient and of its square: two organisms' worth of numbers."""

    first: Organism
    second: Organism


def initial_moments(organism: Organism) -> AdamMoments:
    """Zeros, for a phase's first step."""
    return AdamMoments(jax.tree.map(jnp.zeros_like, organism), jax.tree.map(jnp.zeros_like, organism))


def learning_rate(schedule: Schedule, step: Int[Array, ""]) -> Float[Array, ""]:
    """The rate at a step of the phase, counted from 0: linear warm-up, then half a cosine down to the final
    fraction. Where a phase is prolonged, the rate rises again from ``start``, and stays up for ``hold`` steps.

    optax's schedules take lengths that are known when a program is traced. These are traced numbers, so that one
    program serves every phase, and members whose schedules differ.
    """
    taken = step - schedule.start
    rise = jnp.minimum(1.0, (taken + 1) / jnp.maximum(schedule.warmup, 1.0))
    falls_from = jnp.maximum(schedule.warmup, schedule.hold)
    length = jnp.maximum(schedule.steps - schedule.start - falls_from, 1.0)
    progress = jnp.clip((taken - falls_from) / length, 0.0, 1.0)
    fall = schedule.final_fraction + (1 - schedule.final_fraction) * 0.5 * (1 + jnp.cos(jnp.pi * progress))
    return schedule.learning_rate * rise * fall


def learning_rates(config: OptimiserConfig, steps: int) -> Float[np.ndarray, " step"]:
    """The rate at every step of a phase."""
    schedule = Schedule.of(config, steps)
    return np.asarray(jax.vmap(lambda step: learning_rate(schedule, step))(jnp.arange(steps)), float)


def adamw_step(
    gradient: Organism, moments: AdamMoments, organism: Organism, schedule: Schedule, step: Int[Array, ""]
) -> tuple[Organism, AdamMoments, Float[Array, ""]]:
    """One step of AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) after clipping the gradient's norm.

    step: of the phase, from 0. Returns the new organism, the new moments, and the norm before clipping.
    """
    norm = optax.tree.norm(gradient)
    scale = jnp.minimum(1.0, schedule.clip / jnp.maximum(norm, 1e-12)) * schedule.gradients
    rate = learning_rate(schedule, step)
    adam = optax.scale_by_adam(b1=0.9, b2=schedule.second_moment)  # pyright: ignore[reportArgumentType]
    state = optax.ScaleByAdamState(step, moments.first, moments.second)  # pyright: ignore[reportArgumentType]
    direction, state = adam.update(jax.tree.map(lambda leaf: leaf * scale, gradient), state)
    decay = optax.add_decayed_weights(schedule.weight_decay)  # pyright: ignore[reportArgumentType]
    rest = optax.chain(decay, optax.scale_by_learning_rate(rate))
    weights: Any = organism  # optax takes any tree of arrays, and says so of fewer
    updates, _ = rest.update(direction, rest.init(weights), weights)
    organism = optax.apply_updates(weights, updates)  # pyright: ignore[reportAssignmentType]
    return organism, AdamMoments(state.mu, state.nu), norm  # pyright: ignore[reportAttributeAccessIssue]
