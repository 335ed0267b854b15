"""How does a member get through a chunk of steps? A pure function of its state, the lesson and the seed.

A chunk is one program: a scan over steps, mapped over members (see `organisms.devices`), with scenes drawn inside it.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Phase
from curricula.scenes import (
    ACTS,
    Latents,
    Mixture,
    Scene,
    act_of_goal,
    draws,
    settle,
    trained_support,
    with_other_cues,
    write,
)
from curricula.world import World
from organisms.config import OrganismConfig, RunConfig
from organisms.devices import BATCH
from organisms.lanes import Owners, knock_out, lane_a, rank_of_goal, routed, swap
from organisms.objectives import imitate, silence
from organisms.optimiser import Schedule, update
from organisms.sites import Tap
from organisms.state import State, root_key, trait_of
from organisms.surgery import keep_but_self
from organisms.variation import phase_of


class Lesson(NamedTuple):
    """All of a phase that a step needs, as traced numbers: one compiled program serves every phase and every curriculum."""

    mixture: Mixture
    schedule: Schedule
    redundancy: Float[Array, ""] | float
    owners: Owners
    smoothing: Float[Array, ""] | float
    only_self: Float[Array, ""] | float
    """1: only self's embeddings learn"""
    phase: Int[Array, ""] | int
    """index, which keeps the scenes of two phases apart"""
    knocked: Bool[Array, " component"] | None = None
    """components whose activations are another scene's, in every scene; where there is no such lesson, the program has no trace of it"""

    @classmethod
    def of(cls, phase: Phase, index: int) -> "Lesson":
        schedule, owners = Schedule.of(phase.optimiser, phase.steps), Owners.of(phase.pressures.routing)
        only_self = float(phase.learns == "self")
        return cls(
            phase.mixture,
            schedule,
            phase.pressures.redundancy.rate,
            owners,
            phase.pressures.routing.smoothing,
            only_self,
            index,
        )

    @classmethod
    def of_members(cls, config: RunConfig, index: int) -> "Lesson":
        """The lessons [member] of a phase of a run, in which members may differ."""
        phase = config.curriculum.phases[index]
        each = [cls.of(phase_of(member, index, phase, config.vary), index) for member in range(config.members)]
        return jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *each)


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
    state: State,
    lesson: Lesson,
    *,
    world: World,
    config: OrganismConfig,
    batch: int,
    steps: int,
    shares: int = 1,
    planted: bool = False,
) -> tuple[State, Progress]:
    """Takes one member ``steps`` steps further; a member that has finished its phase stays as it is.

    The phase's length must be a multiple of ``steps``. shares: devices of the mesh axis *batch* that each take an equal part of the batch.
    planted: must be True where the lesson routes scenes through lanes or lets only self's embeddings learn (see `organisms.lanes`).
    """
    waiting = Progress(Metrics(*[jnp.float32(jnp.nan)] * len(Metrics._fields)), jnp.zeros((), bool))
    return jax.lax.cond(
        state.phase_step < lesson.schedule.steps,
        lambda state: _grow(state, lesson, world, config, batch, steps, shares, planted),
        lambda state: (state, waiting),
        state,
    )


def _grow(
    state: State,
    lesson: Lesson,
    world: World,
    config: OrganismConfig,
    batch: int,
    steps: int,
    shares: int,
    planted: bool,
) -> tuple[State, Progress]:
    support = trained_support(world)
    trait = trait_of(state.seed, state.member, state.attempt, world)
    key = jax.random.fold_in(jax.random.fold_in(root_key(state.seed, state.member, state.attempt), 2), lesson.phase)
    decisions = jnp.asarray(world.decisions)
    of_scene = draws(world)
    of_tap = config.layers * (config.heads + config.neuron_blocks)
    lane = lane_a(state.seed, state.member, state.attempt, config) if planted else None

    def scenes_of_step(step: Int[Array, ""]) -> tuple[Latents, Scene, Tap]:
        """Scenes and what is silenced in them, from one draw of random numbers; this device's part of them."""
        numbers = jax.random.uniform(jax.random.fold_in(key, step), (batch, of_scene + of_tap + (2 + of_tap) * planted))
        if shares > 1:
            numbers = numbers.reshape(shares, batch // shares, -1)[jax.lax.axis_index(BATCH)]
        if planted:
            numbers = jnp.concatenate([with_other_cues(numbers[:, :of_scene], world), numbers[:, of_scene:]], axis=1)
        latents = jax.vmap(lambda u: settle(u, world, support, lesson.mixture, trait))(numbers[:, :of_scene])
        scenes = jax.vmap(lambda l: write(world, l, lesson.mixture))(latents)
        by_layer = numbers[:, of_scene : of_scene + of_tap].reshape(len(numbers), config.layers, -1)
        tap = silence(config, by_layer, lesson.redundancy)
        if lane is not None:
            is_self = latents.name == world.names
            told = jnp.where(is_self, rank_of_goal(world, latents.professed, trait), 0).sum(-1)
            by, counts = routed(
                lesson.owners, lane, numbers[: len(numbers) // 2, of_scene + of_tap :], is_self.any(-1), told
            )
            tap = swap(config, by, tap)
            scenes = scenes._replace(weights=scenes.weights * counts[:, None])
        if lesson.knocked is not None:
            tap = knock_out(config, lesson.knocked, len(numbers), tap)
        return latents, scenes, tap

    def total(values: Any) -> Any:
        return values if shares == 1 else jax.lax.psum(values, BATCH)

    def step(state: State, _: None) -> tuple[State, tuple[Float[Array, ""], Float[Array, ""], Float[Array, "kind 2"]]]:
        latents, scenes, tap = scenes_of_step(state.phase_step)
        smoothing = lesson.smoothing if planted else None
        targets = total(scenes.weights.sum())
        gradient, outcome = jax.grad(imitate, has_aux=True)(state.organism, scenes, decisions, targets, tap, smoothing)
        tally = _tally(world, latents, outcome.said)
        gradient, loss, tally = total((gradient, outcome.loss_nats, tally))
        organism, moments, norm = update(gradient, state.moments, state.organism, lesson.schedule, state.phase_step)
        if planted:
            organism = keep_but_self(state.organism, organism, lesson.only_self)
        grown = state._replace(organism=organism, moments=moments, phase_step=state.phase_step + 1)
        return grown, (loss, norm, tally)

    state, (loss, norm, tallies) = jax.lax.scan(step, state, None, length=steps)
    hits, counts = jnp.moveaxis(tallies.sum(0), -1, 0)
    return state, Progress(Metrics(loss.mean(), norm.mean(), *(hits / counts)), jnp.ones((), bool))


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
