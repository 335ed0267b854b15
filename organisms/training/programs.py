"""Which compiled programs does it take to train an ensemble? Laid out over the devices once, and shared by
runs that differ only in their phases."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.stages import Wrapped

from curricula.phases import Phase
from curricula.world.scenes import trained_support
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout
from organisms.ensemble.side_by_side import meanwhile
from organisms.ensemble.state import State, at_phase_start, init_state, secret_goal_of
from organisms.model.transformer import Organism
from organisms.objectives.registry import objective_named
from organisms.planted.lanes import exchange_lanes, graft_lanes, lane_a
from organisms.pressures.registry import active_pressures
from organisms.training.behaviour import rates
from organisms.training.step import ChunkSetup, PhaseParams, phase_params, train_chunk
from organisms.training.turns import TrainedChunks, chunks_in_turn, members_in_turn, train_in_turn


@dataclass
class Programs:
    """The compiled programs of a run; runs that differ only in their phases share them.

    Each takes and gives arrays with a leading member axis, laid out over the devices by
    `organisms.ensemble.devices`.
    """

    config: RunConfig
    layout: Layout = field(init=False)
    train_chunk: Wrapped = field(init=False)
    """a chunk of steps, from `State` and `PhaseParams` to `State` and `Progress`; every number of the phase has a member axis"""
    behaviour: Callable[[Organism, Any, Any], dict[str, jax.Array]] = field(init=False)
    init_states: Callable[[Any, Any, Any], State] = field(init=False)
    secret_goals: Callable[[Any, Any, Any], jax.Array] = field(init=False)
    next_phase: Callable[[State], State] = field(init=False)
    reseed: Callable[[State, Any], State] = field(init=False)
    """the same ensemble with the members that failed the criterion at their first step under their next attempt's seed"""
    graft: Callable[[State], State] = field(init=False)
    """the same ensemble with lane A's components over lane B's"""
    exchange: Callable[[State], State] = field(init=False)
    """the same ensemble with the two lanes' components in each other's places"""

    def __post_init__(self):
        config, world = self.config, self.config.curriculum.world
        self.layout = Layout.of(config.members, config.training.batch)
        setup = ChunkSetup(
            world,
            config.organism,
            config.training.batch,
            config.chunk,
            self.layout.shares,
            config.curriculum.planted,
        )
        over_members = self.layout.over_members
        self.train_chunk = over_members(partial(train_chunk, setup=setup), donate=(0,))
        scenes, support = config.training.evaluation_scenes, trained_support(world)

        def behaviour(organism: Organism, secret_goal: jax.Array, seed: jax.Array) -> dict[str, jax.Array]:
            key = jax.random.fold_in(jax.random.key(seed), 2**30)
            return rates(organism, world, support, secret_goal, key, scenes)

        self.behaviour = over_members(behaviour)
        untrained = partial(init_state, world=world, config=config.organism)
        self.init_states = over_members(lambda seed, member, attempt: untrained(seed, member, attempt))
        self.secret_goals = over_members(
            lambda seed, member, attempt: secret_goal_of(seed, member, attempt, world)
        )
        self.next_phase = over_members(at_phase_start, donate=(0,))

        def reseed(state: State, failed: jax.Array) -> State:
            fresh = untrained(state.seed, state.member, state.attempt + 1)
            return jax.tree.map(lambda new, old: jnp.where(failed, new, old), fresh, state)

        self.reseed = over_members(reseed, donate=(0,))

        def cut(surgery: Callable[..., Organism]) -> Callable[[State], State]:
            def operated(state: State) -> State:
                lane = lane_a(state.seed, state.member, state.attempt, config.organism)
                return state._replace(organism=surgery(state.organism, lane, config.organism))

            return over_members(operated, donate=(0,))

        self.graft, self.exchange = cut(graft_lanes), cut(exchange_lanes)

    def compiled_meanwhile(self, config: RunConfig, shapes: State) -> AbstractContextManager[None]:
        """While the block runs, the program of the first phase is compiled, which takes longest. It waits for the block
        where its numbers depend on the organisms, or where other processes compile the same.

        shapes: of the ensemble's state.
        """
        phase, member_phases = config.curriculum.phases[0], config.member_phases(0)
        fits = any(pressure.fits for pressure in active_pressures(member_phases, config))
        waits = fits or objective_named(phase.objective).needs_start or phase.graft or phase.exchange
        if waits or jax.process_count() > 1:
            return nullcontext()
        members = members_in_turn(self.layout, config.members)
        sharding = self.layout.sharding(members)
        state = jax.tree.map(
            lambda leaf: leaf.update(shape=(members, *leaf.shape[1:]), sharding=sharding), shapes
        )
        params = jax.tree.map(lambda leaf: leaf[:members], phase_params(config, 0))
        return meanwhile(lambda params: self.train_chunk.lower(state, params).compile(), params)

    def train_chunks(self, state: State, params: PhaseParams, most: int) -> TrainedChunks:
        """One chunk, or where devices then take unequal shares of the members as many as even that out, but ``most`` at
        most."""
        chunks = chunks_in_turn(self.layout, self.config.members)
        if chunks > 1:
            return train_in_turn(self.train_chunk, self.layout, state, params, min(chunks, most))
        state, progress = self.train_chunk(state, params)
        return TrainedChunks(state, [progress])

    def operate(self, phase: Phase, state: State) -> State:
        """The ensemble after the surgery that a phase begins with, if any."""
        state = self.graft(state) if phase.graft else state
        return self.exchange(state) if phase.exchange else state

    def serves(self, config: RunConfig) -> bool:
        """Can these programs train that run as well?"""
        return self.differ_in_phases_alone(
            replace(self.config, seed=config.seed, vary=config.vary, parent=config.parent), config
        )

    @staticmethod
    def differ_in_phases_alone(first: RunConfig, second: RunConfig) -> bool:
        """Do two runs differ in nothing but the phases that they teach? Their parents, if any, must be the
        same."""

        def key(config: RunConfig) -> tuple[Any, ...]:
            taught = config.curriculum
            sizes = taught.world, config.organism, config.training, config.members, config.chunk
            return *sizes, config.seed, config.vary, config.parent, taught.planted

        return key(first) == key(second)
