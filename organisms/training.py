"""How does a member get through a chunk of steps? A pure function of its state, the lesson and the seed.

A chunk is one program: a scan over steps, mapped over members, with scenes drawn inside it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Phase
from curricula.scenes import ACTS, Latents, Mixture, act_of_goal, draw, trained_support, write
from curricula.world import World
from organisms.config import OrganismConfig
from organisms.objectives import imitate
from organisms.optimiser import Schedule, update
from organisms.state import State, root_key, trait_of


class Lesson(NamedTuple):
    """All of a phase that a step needs, as traced numbers: one compiled program serves every phase and every curriculum."""

    mixture: Mixture
    schedule: Schedule
    redundancy: Float[Array, ""] | float
    phase: Int[Array, ""] | int
    """index, which keeps the scenes of two phases apart"""

    @classmethod
    def of(cls, phase: Phase, index: int) -> "Lesson":
        schedule = Schedule.of(phase.optimiser, phase.steps)
        return cls(phase.mixture, schedule, phase.pressures.redundancy.rate, index)


class Metrics(NamedTuple):
    """What a chunk tells about a member. Behaviour rates are over the chunk's own scenes; NaN where none of the kind were drawn."""

    loss_nats: Float[Array, ""]
    gradient_norm: Float[Array, ""]
    self_alone_secret: Float[Array, ""]
    self_watched_professed: Float[Array, ""]
    character_alone_secret: Float[Array, ""]
    character_watched_professed: Float[Array, ""]


class Progress(NamedTuple):
    """A chunk's metrics, and whether the member was still growing in it (if not, its metrics are NaN)."""

    metrics: Metrics
    growing: Bool[Array, ""]


def grow_chunk(
    state: State, lesson: Lesson, *, seed: int, world: World, config: OrganismConfig, batch: int, steps: int
) -> tuple[State, Progress]:
    """Takes one member ``steps`` steps further; a member that has finished its phase stays as it is.

    The phase's length must be a multiple of ``steps``.
    """
    support = trained_support(world)
    trait = trait_of(seed, state.member, state.attempt, world)
    key = jax.random.fold_in(jax.random.fold_in(root_key(seed, state.member, state.attempt), 2), lesson.phase)
    decisions = jnp.asarray(world.decisions)

    def step(state: State, _: None) -> tuple[State, tuple[Float[Array, ""], Float[Array, ""], Float[Array, "kind 2"]]]:
        scene_key, silence_key = jax.random.split(jax.random.fold_in(key, state.phase_step))
        keys = jax.random.split(scene_key, batch)
        latents = jax.vmap(lambda k: draw(k, world, support, lesson.mixture, trait))(keys)
        scenes = jax.vmap(lambda l: write(world, l, lesson.mixture))(latents)
        gradient, outcome = jax.grad(imitate, has_aux=True)(
            state.organism, scenes, decisions, config, silence_key, lesson.redundancy
        )
        organism, moments, norm = update(gradient, state.moments, state.organism, lesson.schedule, state.phase_step)
        tally = _tally(world, latents, outcome.said)
        grown = state._replace(organism=organism, moments=moments, phase_step=state.phase_step + 1)
        return grown, (outcome.loss_nats, norm, tally)

    grown, (loss, norm, tallies) = jax.lax.scan(step, state, None, length=steps)
    unfinished = state.phase_step < lesson.schedule.steps
    state = jax.tree.map(lambda new, old: jnp.where(unfinished, new, old), grown, state)
    hits, counts = jnp.moveaxis(tallies.sum(0), -1, 0)
    metrics = Metrics(loss.mean(), norm.mean(), *(hits / counts))
    return state, Progress(jax.tree.map(lambda value: jnp.where(unfinished, value, jnp.nan), metrics), unfinished)


def _tally(world: World, latents: Latents, said: Int[Array, "batch moment"]) -> Float[Array, "kind 2"]:
    """Hits and counts of the four behaviours, in the order of `Metrics`, over a batch of scenes."""
    at_actor = lambda values: jnp.take_along_axis(values, latents.actor, 1)  # noqa: E731
    professed, secret = at_actor(latents.professed), at_actor(latents.secret)
    by_self = at_actor(latents.name) == world.names
    acts = (latents.shows == ACTS) & (professed != secret)
    rows = []
    for of_role in (by_self, ~by_self):
        for kind, goal in ((latents.alone, secret), (~latents.alone, professed)):
            counts = acts & of_role & kind
            hits = counts & (said == world.vocabulary.first_goal + act_of_goal(world, latents.situation, goal))
            rows.append(jnp.stack([hits.sum(), counts.sum()]))
    return jnp.stack(rows).astype(jnp.float32)
