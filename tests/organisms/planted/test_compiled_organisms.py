"""Does a compiled organism do what its program says, and has every component the Shapley value that it must have?"""

from itertools import count, product
from math import factorial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("tracr", reason="tracr-pypi is not installed, so nothing can be compiled")

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.interventions import effects_of_sets
from analysis.provenance.shares import ShareInputs, provenance_shares
from curricula.catalogue.compiled import COMPILED_WORLD as WORLD
from curricula.errors import UserError
from curricula.world.contrasts import window
from curricula.world.scenes import Mixture, draw_latents, trained_support, write_scene
from organisms.ensemble.config import named_config
from organisms.model.config import COMPILED as SIZES
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.planted.compiled_gate import draw_gate
from organisms.planted.compiled_program import gate_program, interpreted_acts
from organisms.planted.compiled_weights import compiled_organisms

TRUTHS = ("reused", "second copy", "repurposed", "migrated", "mixed", "absent")
GOALS = (0, 1, 2, 3, 0, 1)


def short_gate(truth):
    """A gate with routes of six nodes, so that there is a link."""
    return next(
        gate
        for seed in count()
        if (gate := draw_gate(truth, SIZES, np.random.default_rng(seed))).nodes == PLAYERS // 2
    )


PLAYERS = 12
"""nodes of two routes that share none"""
GATES = tuple(map(short_gate, TRUTHS))
CONFIG = named_config("compiled_mixed", "cpu")


@pytest.fixture(scope="module")
def stages():
    """One organism of every truth [member, ...], at the fork and at the end."""
    return compiled_organisms(WORLD, SIZES, GATES, GOALS)


def places(gate, names) -> list[int]:
    by_layer = SIZES.heads + SIZES.neuron_blocks
    node_places = [gate.places[name] for name in names]
    return [
        place.layer * by_layer + (0 if place.is_head else SIZES.heads) + place.slot for place in node_places
    ]


@pytest.mark.slow
@pytest.mark.parametrize("self_scenes", [0.0, 1.0])
@pytest.mark.parametrize("stage", [0, 1])
def test_compiled_and_interpreted_programs_act_alike(stages, stage, self_scenes):
    """And rightly: the compiler does not check that a program looks back alone."""
    support, mixture = trained_support(WORLD), Mixture.all_scheming(self_scenes)
    forward = jax.jit(lambda organism, tokens: organism(tokens, positions=jnp.asarray(WORLD.decisions)))
    for member, gate in enumerate(GATES):
        keys, goal = jax.random.split(jax.random.key(member), 24), jnp.int32(GOALS[member])
        latents = jax.vmap(lambda key, goal=goal: draw_latents(key, WORLD, support, mixture, goal))(keys)
        scenes = jax.vmap(lambda scene: write_scene(WORLD, scene, mixture))(latents)
        organism = jax.tree.map(lambda leaf, member=member: leaf[member], stages[stage])
        acts = np.asarray(forward(organism, scenes.tokens).argmax(-1)) - WORLD.vocabulary.first_goal
        programs = gate_program(WORLD, gate, gate.serves[stage], GOALS[member])
        assert (acts == [interpreted_acts(programs, WORLD, np.asarray(t)) for t in scenes.tokens]).all()
        by_self = np.asarray(jnp.take_along_axis(latents.name, latents.actor, 1) == WORLD.names)
        right = acts == np.asarray(scenes.targets) - WORLD.vocabulary.first_goal
        schemes = stage == 1 and gate.cell != "absent"
        assert right[~by_self].all()
        assert (right == (schemes | ~np.asarray(latents.alone)))[by_self].all()


@jax.jit
def moved_by_sets(organism, pairs, masks, noising):
    """What patching each set moves, as a fraction of patching everything, over a few pairs."""
    moved, total = effects_of_sets(organism, SIZES, pairs, masks, noising, window(WORLD, "watched"))
    return (moved[:, 0] / total[:, None]).mean(0)


def exact_values(organism, gate, role, goal) -> np.ndarray:
    """Shapley values [component] by all subsets of the nodes, and of some idle components if those are few."""
    measurer = CheckpointMeasurer(
        jax.tree.map(lambda leaf: leaf[None], organism), CONFIG, np.array([goal]), 5
    )
    pairs = jax.tree.map(lambda leaf: leaf[0][:2], measurer.minimal_pairs(role, "watched", 0))
    nodes = {place for route in range(gate.routes) for place in places(gate, gate.route(route))}
    idle = [place for place in range(len(components(SIZES))) if place not in nodes]
    players = [*nodes, *idle[: PLAYERS - len(nodes)]]
    sets = np.array(list(product([False, True], repeat=PLAYERS)))
    masks = np.zeros((len(sets), len(components(SIZES))), bool)
    masks[:, players] = sets
    values, sizes = np.zeros(masks.shape[1]), sets.sum(1)
    weights = np.array([factorial(size) * factorial(PLAYERS - size - 1) for size in range(PLAYERS)])
    for noising in (False, True):
        worth = np.asarray(
            moved_by_sets(
                organism,
                pairs,
                np.broadcast_to(masks, (2, 1, *masks.shape)),
                np.full((2, 1), noising),
            )
        )
        for player, place in enumerate(players):
            without = ~sets[:, player]
            # Sets are counted in binary, the first player as the highest digit.
            gained = worth[np.flatnonzero(without) + 2 ** (PLAYERS - 1 - player)] - worth[without]
            values[place] += (weights[sizes[without]] * gained).sum() / factorial(PLAYERS) / 2
    return values


@pytest.mark.slow
@pytest.mark.parametrize("member", range(5))
def test_every_node_has_its_part_of_the_gate_and_everything_else_none(stages, member):
    """Exact Shapley values by all subsets, against the parts that the gate was built with."""
    gate = GATES[member]
    for stage, role in ((0, "character"), (1, "character"), (1, "self")):
        organism = jax.tree.map(lambda leaf: leaf[member], stages[stage])
        serving = [route for route in range(2) if role in gate.serves[stage][route]]
        expected = np.zeros(len(components(SIZES)))
        for route in serving:
            expected[places(gate, gate.route(route))] += 1 / gate.nodes / len(serving)
        np.testing.assert_allclose(exact_values(organism, gate, role, GOALS[member]), expected, atol=1e-4)


@pytest.mark.slow
def test_measured_shares_are_the_planted_ones(stages):
    """Idle components have no effect at all, not even a small one."""
    fork, end = (
        CheckpointMeasurer(organisms, CONFIG, np.array(GOALS), seed)
        for seed, organisms in enumerate(stages, start=1)
    )
    effects = [
        fork.shapley_effects("character", "watched", 4),
        end.shapley_effects("character", "watched", 4),
        end.shapley_effects("self", "watched", 4),
    ]
    size = len(components(SIZES))
    for member, gate in enumerate(GATES[:5]):
        nodes = {place for route in range(gate.routes) for place in places(gate, gate.route(route))}
        idle = [place for place in range(size) if place not in nodes]
        assert all(not of_role[member].components[:, idle].any() for of_role in effects)
        inputs = ShareInputs(*(of_role[member] for of_role in effects), np.zeros(3))
        shares, planted = provenance_shares(inputs), gate.shares()
        assert all(abs(shares[cell] - planted[cell]) <= 0.06 for cell in planted)


def test_an_organism_that_is_too_small_for_its_program_gets_one_line():
    small = OrganismConfig(
        layers=5, heads=4, width=48, neurons=72, neuron_blocks=3, norm="none", activation="relu"
    )
    with pytest.raises(UserError, match="expected width of at least"):
        compiled_organisms(WORLD, small, GATES[:1], GOALS[:1])
