"""Training state: what has to be remembered between two steps? Everything that a run needs to go on to the same bits."""

from enum import IntEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from curricula.world.rules import draw_secret_goal
from curricula.world.world import World
from organisms.ensemble.optimiser import AdamMoments, initial_moments
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism


class State(NamedTuple):
    """One member in training; an ensemble's state has a leading member axis on every leaf."""

    organism: Organism
    moments: AdamMoments
    seed: Int[Array, ""]
    """seed of the run"""
    member: Int[Array, ""]
    attempt: Int[Array, ""]
    """how many times this member was reseeded"""
    phase_step: Int[Array, ""]
    """steps that this attempt has taken in the present phase"""


class MemberStream(IntEnum):
    """Number that is folded into a member's `root_key`: what is drawn for one thing changes nothing of another. A part
    of what a run is."""

    INITIAL_WEIGHTS = 0
    SECRET_GOAL = 1
    SCENES = 2
    """with the number of the phase and of the step folded in"""
    LANES = 3
    NEW_HALF = 4
    """half of a lane"""


def root_key(seed: Int[Array, ""] | int, member: Int[Array, ""], attempt: Int[Array, ""]) -> Key[Array, ""]:
    """The key that a member's whole training follows from."""
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), member), attempt)


def secret_goal_of(
    seed: Int[Array, ""] | int, member: Int[Array, ""], attempt: Int[Array, ""], world: World
) -> Int[Array, ""]:
    """A member's secret goal; see `curricula.world.rules.self_secret_goal`."""
    return draw_secret_goal(
        jax.random.fold_in(root_key(seed, member, attempt), MemberStream.SECRET_GOAL), world
    )


def init_state(
    seed: Int[Array, ""],
    member: Int[Array, ""],
    attempt: Int[Array, ""],
    world: World,
    config: OrganismConfig,
) -> State:
    """A member before its first step."""
    key = jax.random.fold_in(root_key(seed, member, attempt), MemberStream.INITIAL_WEIGHTS)
    organism = Organism(config, world.vocabulary.size, world.positions, key)
    return State(organism, initial_moments(organism), seed, member, attempt, jnp.int32(0))


def at_phase_start(state: State) -> State:
    """The same member with a fresh optimiser, at step 0 of its next phase."""
    return state._replace(
        moments=initial_moments(state.organism), phase_step=jnp.zeros_like(state.phase_step)
    )
