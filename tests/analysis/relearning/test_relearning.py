"""The arms of acquisition differ in what is ablated and in nothing else, and their steps are read off rightly."""

from dataclasses import fields, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import QUICK, TRAINED_QUICKLY, scenes_from_uniforms

from analysis.relearning import relearning
from analysis.relearning.finetune import CHUNK, fresh_state
from analysis.relearning.relearning import (
    LANES,
    lane_params,
    lane_rows,
    learn_intent,
    steps_to_criterion,
    without_planting,
)
from curricula.phases import Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.registry import Pressures
from curricula.pressures.resample_ablation import ResampleAblation
from curricula.pressures.routing import Routing
from organisms.ensemble.config import named_config
from organisms.ensemble.state import init_state
from organisms.ensemble.variation import Variation
from organisms.model.sites import components, compose, identity
from organisms.pressures.resample_ablation import resample_ablate
from organisms.storage.run import read_run
from organisms.training.step import ChunkSetup, imitation_params, train_chunk

BATCH, STEPS = 16, 4
INTENT = Phase("intent", steps=40, self_acts="scheming", pressures=Pressures(ComponentDropout(0.2)))


def test_an_ablated_component_carries_nothing_of_its_scene(organism, sizes, world):
    """Whatever is added to its activation in one scene: the logits of that scene stay, to the bit, and those
    of the next scene, which takes it over, move. Where it is not ablated, it is the other way round."""
    names, scene = components(sizes), 3
    _, scenes = scenes_from_uniforms(world, INTENT.mixture)
    tokens = jnp.asarray(scenes.tokens[:8])
    by_layer = sizes.heads + sizes.neuron_blocks

    def disturb(component, site, activation):
        part = component % by_layer
        blocks = jnp.arange(sizes.neurons) // (sizes.neurons // sizes.neuron_blocks)
        if site.name == "head":
            chosen = (jnp.arange(sizes.heads) == part)[:, None, None]
        elif site.name == "neuron":
            chosen = blocks == part - sizes.heads
        else:
            return activation
        return activation.at[scene].add(jnp.where(chosen & (site.layer == component // by_layer), 3.0, 0.0))

    @partial(jax.jit, compiler_options=QUICK)
    def moved(component, ablated):
        taps = [
            compose([disturbance, resample_ablate(sizes, ablated, len(tokens))])
            for disturbance in (identity, partial(disturb, component))
        ]
        plain, disturbed = (organism(tokens, tap, jnp.asarray(world.decisions)) for tap in taps)
        return jnp.abs(disturbed - plain).max((1, 2))

    for component in range(len(names)):
        with_it, without = (
            np.asarray(moved(component, jnp.arange(len(names)) == ablated))
            for ablated in (component, len(names))
        )
        assert with_it[scene] == 0, names[component]
        assert with_it[scene + 1] > 0, names[component]
        assert without[scene] > 0, names[component]
        assert without[scene + 1] == 0, names[component]


@pytest.fixture(scope="module")
def trained_twice(world, sizes):
    """A member after some steps of ordinary training, and after as many with components ablated, as a
    function of the mask."""
    chunk = partial(train_chunk, setup=ChunkSetup(world, sizes, BATCH, STEPS))
    compiled = jax.jit(chunk, compiler_options=TRAINED_QUICKLY)
    start = init_state(jnp.int32(3), jnp.int32(1), jnp.int32(0), world, sizes)
    config = replace(named_config("shared", "tiny", members=2), organism=sizes)
    params = jax.tree.map(lambda leaf: leaf[0], imitation_params([INTENT], [1], config))

    def train_ablated(mask):
        pressures = params.pressures | {ResampleAblation.name: jnp.asarray(mask)}
        return compiled(start, params._replace(pressures=pressures))

    return compiled(start, params), train_ablated


@pytest.mark.slow
def test_an_arm_with_nothing_ablated_trains_as_the_run_does_to_the_bit(trained_twice, sizes):
    """Component dropout included; and with something ablated it does not."""
    (ordinary, progress), train_ablated = trained_twice
    size = len(components(sizes))
    same, same_progress = train_ablated(np.zeros(size, bool))
    for plain, ablated in zip(
        jax.tree.leaves((ordinary, progress)), jax.tree.leaves((same, same_progress)), strict=True
    ):
        np.testing.assert_array_equal(plain, ablated)
    lesioned, _ = train_ablated(np.arange(size) == 0)
    assert (np.asarray(lesioned.organism.query[...]) != np.asarray(ordinary.organism.query[...])).any()


def test_steps_are_read_off_the_first_two_chunks_that_reach_the_criterion_together():
    """Rows: at once; at the third reading; one rate alone; a lucky chunk; never; nothing drawn."""
    nan = float("nan")
    curves = [
        [(1, 1), (1, 1), (1, 1), (1, 1)],
        [(0, 1), (0.5, 1), (0.9, 1), (0.95, 0.9)],
        [(1, 0), (1, 0.2), (1, 0.5), (1, 0.8)],
        [(0.2, 0.2), (1, 1), (0.2, 0.2), (0.7, 1)],
        [(0, 0), (0, 0), (0, 0), (0, 0)],
        [(nan, 1), (nan, 1), (nan, 1), (1, 1)],
    ]
    steps = steps_to_criterion(np.moveaxis(np.array(curves, float), 0, 1))
    np.testing.assert_array_equal(steps, [2 * CHUNK, 4 * CHUNK, nan, nan, nan, nan])


def test_the_phase_learned_anew_is_the_runs_own_without_planting():
    """Characters stand beside self again: they only could not use their lane there. What drops out, drops out
    to spread lanes where there are lanes."""
    routed = INTENT.pressures.replace(Routing(0.5))
    assert INTENT.pressures[ComponentDropout].rate > 0
    assert without_planting(INTENT) == INTENT
    without = replace(INTENT, pressures=INTENT.pressures.replace(ComponentDropout()))
    assert without_planting(replace(INTENT, pressures=routed, graft=True, learns="self")) == without
    assert replace(INTENT, pressures=routed).mixture.beside_self == 0 < INTENT.mixture.beside_self


def test_lanes_of_a_member_differ_in_what_is_ablated_and_in_the_order_of_the_data_alone():
    """Members differ in their settings, too, but for routing."""
    config = named_config("shared", "tiny", members=2)
    varied = (
        ("phases.1.optimiser.learning_rate", (1e-3, 2e-3)),
        (f"phases.1.pressures.routing.{fields(Routing)[0].name}", (1.0,)),
    )
    config = replace(config, vary=tuple(Variation(*setting) for setting in varied))
    size = len(components(config.organism))
    arms = [{"lesioned": np.eye(size, dtype=bool)[[0, 1]], "spare": np.eye(size, dtype=bool)[[2]]}] * 2
    params = lane_params(config, arms)
    masks = params.pressures[ResampleAblation.name]
    assert set(params.pressures) <= {ResampleAblation.name, ComponentDropout.name}
    plain = params._replace(pressures={}, phase=np.zeros(len(masks)))
    for member in range(2):
        lanes = slice(member * len(LANES), (member + 1) * len(LANES))
        for leaf in jax.tree.leaves(plain):
            assert len(np.unique(leaf[lanes])) == 1
        np.testing.assert_array_equal(plain.schedule.learning_rate[lanes], varied[0][1][member])
        ablated = [np.flatnonzero(mask).tolist() for mask in masks[lanes]]
        assert ablated == [[], [0], [1], [], [], [2], []]
        orders = dict(zip(params.phase[lanes].tolist(), [lane.order for lane in LANES], strict=True))
        assert orders == {1: 0, params.phase[2]: 1}
    assert params.phase[2] > 100


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


def test_every_lane_starts_at_its_members_fork(tiny_run, config):
    state = fresh_state(lane_rows(tiny_run, config, None))
    fork = tiny_run.parameters(next(entry for entry in tiny_run.entries() if entry.step == 400))
    for row, member in enumerate(np.repeat([0, 1], len(LANES))):
        np.testing.assert_array_equal(state.organism.embedding[row], fork["embed.W_E"][member])
        assert (state.member[row], state.phase_step[row], state.attempt[row]) == (member, 0, 0)
    assert not any(np.asarray(leaf).any() for leaf in jax.tree.leaves(state.moments))


def test_a_naive_organism_takes_the_naive_lanes_and_no_others(tiny_run, config, monkeypatch):
    """Here the same run's organisms stand in for naive ones, in the other order."""
    loaded = relearning.load
    turned = lambda run, *arguments: jax.tree.map(  # noqa: E731
        lambda leaf: leaf[:: 1 if run is tiny_run else -1], loaded(run, *arguments)
    )
    monkeypatch.setattr(relearning, "load", turned)
    alone = lane_rows(tiny_run, config, None)
    beside = lane_rows(tiny_run, config, read_run(tiny_run.folder))
    for row in range(2 * len(LANES)):
        fork, naive = alone.organisms.embedding[row], alone.organisms.embedding[-1 - row]
        expected = naive if row % len(LANES) == len(LANES) - 1 else fork
        np.testing.assert_array_equal(beside.organisms.embedding[row], expected)


def test_a_short_budget_gives_up_all_lanes_of_a_member_at_once(tiny_run, config, monkeypatch):
    """Of a member with one lane more is left for each; what was never there costs nothing."""
    monkeypatch.setattr(relearning, "BUDGET", 4 * CHUNK)
    size = len(components(config.organism))
    running = np.zeros((2, len(LANES)), bool)
    running[0, :2] = running[1, 0] = True
    everything = [{"intact": np.ones((1, size), bool), "lesioned": np.ones((2, size), bool)}] * 2
    rows, params = lane_rows(tiny_run, config, None), lane_params(config, everything)
    lanes = learn_intent(config, rows, params, running)
    assert np.isnan(lanes.steps).all()
    assert lanes.given_up.tolist() == [2 * CHUNK, 4 * CHUNK]
    assert lanes.spent.tolist() == [4 * CHUNK, 4 * CHUNK]
