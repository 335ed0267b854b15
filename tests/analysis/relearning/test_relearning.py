"""Do the arms of acquisition part in what is knocked out and in nothing else, and are their steps read
rightly?"""

from dataclasses import fields, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from curricula.pressures.settings import Pressures, Redundancy, Routing
from reading import QUICK, scenes_from_uniforms

from analysis.relearning import relearning
from analysis.relearning.relearning import CHUNK, LANES, free, learn, lessons, starts, steps_to_criterion
from curricula.phases import Phase
from organisms.model.sites import components, identity
from organisms.planted.lanes import resample_ablate
from organisms.storage.run import read_run
from organisms.training.config import named_config
from organisms.training.state import init_state
from organisms.training.step import Lesson, train_chunk
from organisms.training.variation import Variation

BATCH, STEPS = 16, 4
INTENT = Phase("intent", steps=40, self_acts="scheming", pressures=Pressures(redundancy=Redundancy(0.2)))


def test_a_knocked_out_component_tells_nothing_of_its_own_scene(organism, sizes, world):
    """Whatever is added to its activation in one scene: the logits of that scene stay, to the bit, and those
    of the next scene, which takes it over, move. Where it is not knocked out, it is the other way round."""
    names, scene = components(sizes), 3
    _, scenes = scenes_from_uniforms(world, Lesson.of(INTENT, 0).mixture)
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
            resample_ablate(sizes, ablated, len(tokens), inner)
            for inner in (identity, partial(disturb, component))
        ]
        before, after = (organism(tokens, tap, jnp.asarray(world.decisions)) for tap in taps)
        return jnp.abs(after - before).max((1, 2))

    for component in range(len(names)):
        with_it, without = (
            np.asarray(moved(component, jnp.arange(len(names)) == which)) for which in (component, len(names))
        )
        assert with_it[scene] == 0, names[component]
        assert with_it[scene + 1] > 0, names[component]
        assert without[scene] > 0, names[component]
        assert without[scene + 1] == 0, names[component]


@pytest.fixture(scope="module")
def grown_twice(world, sizes):
    """A member after some steps of ordinary growth, and after as many with components knocked out, as a
    function of the mask."""
    chunk = partial(train_chunk, world=world, config=sizes, batch=BATCH, steps=STEPS)
    compiled = jax.jit(chunk, compiler_options=QUICK)
    born = init_state(jnp.int32(3), jnp.int32(1), jnp.int32(0), world, sizes)
    lesson = Lesson.of(INTENT, 1)
    return compiled(born, lesson), lambda mask: compiled(born, lesson._replace(ablated=jnp.asarray(mask)))


def test_an_arm_with_nothing_knocked_out_grows_as_the_run_does_to_the_bit(grown_twice, sizes):
    """Redundancy included; and with something knocked out it does not."""
    (ordinary, progress), grown = grown_twice
    size = len(components(sizes))
    same, also = grown(np.zeros(size, bool))
    for one, two in zip(jax.tree.leaves((ordinary, progress)), jax.tree.leaves((same, also)), strict=True):
        np.testing.assert_array_equal(one, two)
    other, _ = grown(np.arange(size) == 0)
    assert (np.asarray(other.organism.query[...]) != np.asarray(ordinary.organism.query[...])).any()


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
    found = steps_to_criterion(np.moveaxis(np.array(curves, float), 0, 1))
    np.testing.assert_array_equal(found, [2 * CHUNK, 4 * CHUNK, nan, nan, nan, nan])


def test_the_phase_learned_anew_is_the_runs_own_without_planting():
    """Characters stand beside self again: they only could not use their lane there. What drops out, drops out
    to spread lanes where there are lanes."""
    routed = replace(INTENT.pressures, routing=Routing(0.5))
    assert INTENT.pressures.redundancy.rate > 0
    assert free(INTENT) == INTENT
    without = replace(INTENT, pressures=replace(INTENT.pressures, redundancy=Redundancy()))
    assert free(replace(INTENT, pressures=routed, graft=True, learns="self")) == without
    assert replace(INTENT, pressures=routed).mixture.beside_self == 0 < INTENT.mixture.beside_self


def test_lanes_of_a_member_differ_in_what_is_knocked_out_and_in_the_order_of_the_data_alone():
    """Members differ in their settings, too, but for routing."""
    config = named_config("shared", "tiny", members=2)
    varied = (
        ("phases.1.optimiser.learning_rate", (1e-3, 2e-3)),
        (f"phases.1.pressures.routing.{fields(Routing)[0].name}", (1.0,)),
    )
    config = replace(config, vary=tuple(Variation(*of) for of in varied))
    size = len(components(config.organism))
    arms = [{"lesioned": np.eye(size, dtype=bool)[[0, 1]], "spare": np.eye(size, dtype=bool)[[2]]}] * 2
    found = lessons(config, arms)
    assert found.ablated is not None
    rows = found._replace(ablated=None, phase=0)
    for member in range(2):
        own = slice(member * len(LANES), (member + 1) * len(LANES))
        for leaf in jax.tree.leaves(rows._replace(phase=np.zeros(len(found.ablated)))):
            assert len(np.unique(leaf[own])) == 1
        np.testing.assert_array_equal(rows.schedule.learning_rate[own], varied[0][1][member])
        ablated = [np.flatnonzero(mask).tolist() for mask in found.ablated[own]]
        assert ablated == [[], [0], [1], [], [], [2], []]
        orders = dict(zip(found.phase[own].tolist(), [lane.order for lane in LANES], strict=True))
        assert orders == {1: 0, found.phase[2]: 1}
    assert not any(np.asarray(share).any() for share in found.owners[:4])
    assert found.phase[2] > 100


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


def test_every_lane_starts_at_its_members_fork(tiny_run, config):
    state = starts(tiny_run, config, None)
    fork = tiny_run.parameters(next(entry for entry in tiny_run.entries() if entry.step == 400))
    for row, member in enumerate(np.repeat([0, 1], len(LANES))):
        np.testing.assert_array_equal(state.organism.embedding[row], fork["embed.W_E"][member])
        assert (state.member[row], state.phase_step[row], state.attempt[row]) == (member, 0, 0)
    assert not any(np.asarray(leaf).any() for leaf in jax.tree.leaves(state.moments))


def test_a_naive_organism_takes_the_naive_lanes_and_no_others(tiny_run, config, monkeypatch):
    """Here the same run's own organisms stand in for naive ones, in the other order."""
    loaded = relearning.load
    turned = lambda run, *of: jax.tree.map(  # noqa: E731
        lambda leaf: leaf[:: 1 if run is tiny_run else -1], loaded(run, *of)
    )
    monkeypatch.setattr(relearning, "load", turned)
    alone = starts(tiny_run, config, None)
    beside = starts(tiny_run, config, read_run(tiny_run.folder))
    for row in range(2 * len(LANES)):
        own, other = alone.organism.embedding[row], alone.organism.embedding[-1 - row]
        expected = other if row % len(LANES) == len(LANES) - 1 else own
        np.testing.assert_array_equal(beside.organism.embedding[row], expected)


def test_a_short_budget_gives_up_all_lanes_of_a_member_at_once(tiny_run, config, monkeypatch):
    """Of a member with one lane more is left for each; what was never there costs nothing."""
    monkeypatch.setattr(relearning, "BUDGET", 4 * CHUNK)
    size = len(components(config.organism))
    running = np.zeros((2, len(LANES)), bool)
    running[0, :2] = running[1, 0] = True
    everything = [{"intact": np.ones((1, size), bool), "lesioned": np.ones((2, size), bool)}] * 2
    steps, given_up, spent = learn(
        config, starts(tiny_run, config, None), lessons(config, everything), running
    )
    assert np.isnan(steps).all()
    assert given_up.tolist() == [2 * CHUNK, 4 * CHUNK]
    assert spent.tolist() == [4 * CHUNK, 4 * CHUNK]
