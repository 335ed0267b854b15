"""Compiling in place of training: how do programs become a finished run?

The run has the checkpoints that a trained one would have: untrained organisms at step 0, and at the end of every
phase the compiled ones, as they are at the fork until self is taught, and after it as they are at the end.
"""

from collections.abc import Sequence
from math import nan
from typing import Any
from zlib import crc32

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from curricula.world.scenes import Mixture, sample_scene, trained_support
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import fetch
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import components
from organisms.model.transformer import Organism
from organisms.planted.compiled_gate import CompiledGate, ComponentPlace, draw_gate
from organisms.planted.compiled_program import gate_program, interpreted_acts
from organisms.planted.compiled_weights import compiled_organisms
from organisms.storage.run import Run
from organisms.training.callbacks import TrainingCallback
from organisms.training.programs import Programs
from organisms.training.run_summary import TrainingEnd, run_summary

MAKE = "compiled"
"""how the truth beside the run says that its organisms were made"""
CHECKED_SCENES = 8
"""scenes of either kind in which what a compiled organism does is compared with its interpreted program"""


def draw_gates(config: RunConfig) -> list[CompiledGate]:
    """The gate of each member: it follows from the run's seed and the member's number."""
    return [
        draw_gate(
            config.curriculum.compiled,
            config.organism,
            np.random.default_rng([config.seed, member, crc32(MAKE.encode())]),
        )
        for member in range(config.members)
    ]


def compile_ensemble(config: RunConfig, run: Run, callback: TrainingCallback) -> dict[str, Any]:
    """Compiles the organisms of a run, commits them with the truth beside them, and returns the summary.

    Raises UserError where the compiler is not installed, or the organisms have no room for their programs.
    """
    run.rewind(-1)
    members = np.arange(config.members, dtype=np.int32)
    seeds, attempts = np.full(config.members, config.seed, np.int32), np.zeros(config.members, np.int32)
    programs, gates = Programs(config), draw_gates(config)
    secret_goals = fetch(programs.secret_goals(seeds, members, attempts))
    world, phases = config.curriculum.world, config.curriculum.phases
    fork, end = compiled_organisms(world, config.organism, gates, secret_goals.tolist())

    def behaviour(organisms: Organism) -> dict[str, np.ndarray]:
        return fetch(programs.behaviour(programs.layout.place(organisms), secret_goals, seeds))

    def commit(step: int, phase: str, organisms: Organism) -> None:
        rates = behaviour(organisms)
        notes: dict[str, Any] = {
            "attempts": attempts.tolist(),
            "round": 0,
            "devices": jax.local_device_count(),
        }
        notes["retention"] = {name: rate.tolist() for name, rate in rates.items()}
        tokens = step * config.training.batch * world.positions
        run.commit(step, phase, tokens, to_arrays(organisms), **notes)
        run.log({"step": step, "phase": phase, "loss_nats": [nan] * config.members, **notes["retention"]})
        callback.retention(step, phase, rates)
        callback.checkpoint(step, phase, organisms, secret_goals)

    commit(0, phases[0].name, fetch(programs.init_states(seeds, members, attempts).organism))
    step = 0
    for index, phase in enumerate(phases):
        step += phase.steps
        commit(step, phase.name, fork if index < config.curriculum.fork else end)
    of_end = TrainingEnd(
        config,
        run,
        step,
        end,
        attempts,
        secret_goals,
        behaviour(end),
        0,
        None,
        lambda _: (end, attempts),
    )
    truth = compiled_truth(config, gates, (fork, end), secret_goals)
    run.write_truth(truth | {"config": run.hash})
    for member, why in enumerate(truth["why_not"]):
        if why:
            callback.event(step, f"planting member {member} failed: {why}")
    return run_summary(of_end)


def compiled_truth(
    config: RunConfig,
    gates: Sequence[CompiledGate],
    stages: tuple[Organism, Organism],
    secret_goals: np.ndarray,
) -> dict[str, Any]:
    """What is known of each member by construction, and whether it does what its program does."""
    faults = [
        [
            f"at the {time} it does otherwise than its program in {1 - agreement:.0%} of acts"
            for time, agreement in zip(
                ("fork", "end"), _agreement(config, gate, organisms, goal), strict=True
            )
            if agreement < 1
        ]
        for gate, goal, organisms in _by_member(gates, stages, secret_goals)
    ]
    return {
        "make": MAKE,
        "truth": config.curriculum.compiled,
        "cells": [gate.shares() for gate in gates],
        "lane_a": [
            sorted({component_of(config, gate.places[name]) for name in gate.route(0)}) for gate in gates
        ],
        "nodes": [
            {name: component_of(config, place) for name, place in gate.places.items()} for gate in gates
        ],
        "took": [not lines for lines in faults],
        "why_not": ["; ".join(lines) for lines in faults],
    }


def component_of(config: RunConfig, place: ComponentPlace) -> str:
    """The name of the component that a node lies in."""
    heads, blocks = config.organism.heads, config.organism.neuron_blocks
    within = place.slot if place.is_head else heads + place.slot
    return components(config.organism)[place.layer * (heads + blocks) + within]


def _by_member(
    gates: Sequence[CompiledGate], stages: tuple[Organism, Organism], secret_goals: np.ndarray
) -> list[tuple[CompiledGate, int, tuple[Organism, Organism]]]:
    return [
        (gate, int(secret_goals[member]), jax.tree.map(lambda leaf, member=member: leaf[member], stages))
        for member, gate in enumerate(gates)
    ]


def _agreement(
    config: RunConfig, gate: CompiledGate, stages: tuple[Organism, Organism], secret_goal: int
) -> tuple[float, float]:
    """Share of acts in which a compiled organism does what its interpreted program does, at the fork and at the
    end."""
    world, shares = config.curriculum.world, []
    tokens = np.asarray(_scenes(config, jnp.int32(secret_goal)))
    for serves, organism in zip(gate.serves, stages, strict=True):
        logits = organism(jnp.asarray(tokens), positions=jnp.asarray(world.decisions))
        acts = np.asarray(logits.argmax(-1)) - world.vocabulary.first_goal
        programs = gate_program(world, gate, serves, secret_goal)
        interpreted = np.stack([interpreted_acts(programs, world, scene) for scene in tokens])
        shares.append(float((acts == interpreted).mean()))
    return shares[0], shares[1]


def _scenes(config: RunConfig, secret_goal: Int[Array, ""]) -> Int[Array, "scene position"]:
    """Scenes of characters alone, and as many with self."""
    world, keys = config.curriculum.world, jax.random.split(jax.random.key(config.seed), 2 * CHECKED_SCENES)
    support, with_self = trained_support(world), jnp.arange(2 * CHECKED_SCENES) % 2

    def tokens(key: Key[Array, ""], self_scenes: Array) -> Array:
        return sample_scene(key, world, support, Mixture.all_scheming(self_scenes), secret_goal).tokens

    return jax.vmap(tokens)(keys, with_self.astype(float))
