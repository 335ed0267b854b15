"""Does an auditor read what components say, role by role, and does what it costs push only where it
should?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from curricula.pressures.settings import Clamp, Exclusive, Monitor, Pressures, Rehearsal, Routing
from organisms.pressures.auditing import Audit, audit, changes, hold, shares, with_other_cues_in_turn
from reading import MIXED, scenes_from_uniforms
from reference import forward, member_arrays
from wired import READERS, SIZES, wired

from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import curriculum
from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.world.scenes import trained_support, uniforms_per_scene
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import Site, components, identity
from organisms.model.surgery import pick
from organisms.objectives.imitation import imitate
from organisms.training.config import RunConfig, TrainingConfig
from organisms.training.devices import fetch
from organisms.training.programs import Programs
from organisms.training.step import Lesson, Watched

TRAIT = jnp.int32(0)


@pytest.fixture(scope="module")
def numbers(world):
    return jax.random.uniform(jax.random.key(3), (32, uniforms_per_scene(world)))


def read(organism, numbers, world, sizes, watched, monitor=1.0, exclusive=1.0, thrift=0.0):
    by = Audit(monitor, exclusive, thrift, jnp.asarray(watched), jnp.zeros(len(watched), bool))
    return audit(organism, numbers, world, sizes, trained_support(world), TRAIT, by)


def test_readers_hold_all_of_the_reading_and_serve_both_roles():
    """In the wired organism two heads of the first layer count cues and nothing else moves: they read alike,
    whoever acts."""
    world = WORLDS["tiny"]
    halves = jnp.split(
        with_other_cues_in_turn(
            jax.random.uniform(jax.random.key(0), (64, uniforms_per_scene(world))), world
        ),
        2,
    )
    for part, of_self in zip(halves, (0.0, 1.0), strict=True):
        found = np.asarray(
            shares(wired(world, 1), part, world, SIZES, trained_support(world), TRAIT, of_self)
        )
        np.testing.assert_allclose(found[list(READERS)], 0.5, atol=1e-3)
        np.testing.assert_allclose(found.sum(), 1.0, atol=1e-3)


def test_where_self_takes_the_cues_otherwise_each_role_reads_its_own_evidence(monkeypatch, organism):
    """Two heads, one of which tells what the first cue says and the other the last: characters' reading is
    all in the one, self's in the other, though both cues of a scene may have changed.
    """
    world, sizes = curriculum("conflicted", "tiny").world, OrganismConfig(1, 2, 8, 8, 2)

    def told(organism, tokens, decisions, cues, config):
        says_alone = (
            tokens[:, decisions[:, None] + jnp.array([-cues, -1])]
            < world.vocabulary.first_cue + world.cue_kinds // 2
        )
        one, two = jnp.split(says_alone, 2)
        return jnp.pad((one != two).astype(jnp.float32), ((0, 0), (0, 0), (0, 2)))

    monkeypatch.setattr("organisms.pressures.auditing.changes", told)
    halves = jnp.split(
        with_other_cues_in_turn(
            jax.random.uniform(jax.random.key(0), (256, uniforms_per_scene(world))), world
        ),
        2,
    )
    for part, of_self, reader in zip(halves, (0.0, 1.0), (0, 1), strict=True):
        found = shares(organism, part, world, sizes, trained_support(world), TRAIT, of_self)
        np.testing.assert_array_equal(found, np.arange(4) == reader)


def test_shares_of_a_group_sum_to_one_and_overlap_is_at_most_one(organism, numbers, world, sizes):
    everything = np.ones(len(components(sizes)), bool)
    cost, reading = read(organism, numbers, world, sizes, everything)
    np.testing.assert_allclose(reading.monitored, 1.0, atol=1e-4)
    assert 0.0 < float(reading.overlap) < 1.01
    np.testing.assert_allclose(cost, reading.monitored + reading.overlap, rtol=1e-5)
    assert float(read(organism, numbers, world, sizes, ~everything)[1].monitored) == 0.0


def test_changes_are_those_of_what_is_written_worked_out_by_hand(ensemble, world, sizes):
    """Two scenes and the same with other cues: squared length of what each component's write changes at cues
    and actor, from outputs that jax has no part in."""
    tokens = np.asarray(jax.random.randint(jax.random.key(5), (4, world.positions), 0, world.vocabulary.size))
    found = np.asarray(
        changes(pick(ensemble, 0), jnp.asarray(tokens), jnp.asarray(world.decisions), world.cues, sizes)
    )
    arrays = member_arrays(to_arrays(ensemble))
    outputs = [forward(arrays, scene, blocks=sizes.neuron_blocks)[1] for scene in tokens]
    wide = sizes.neurons // sizes.neuron_blocks
    for layer in range(sizes.layers):
        for index in range(sizes.heads + sizes.neuron_blocks):
            block = index - sizes.heads
            if block < 0:
                key, into = (layer, "head", index), arrays[f"blocks.{layer}.attn.W_O"][index]
            else:
                span = (block * wide, (block + 1) * wide)
                key, into = (layer, "neurons", span), arrays[f"blocks.{layer}.mlp.W_out"][slice(*span)]
            for pair in (0, 1):
                moved = (((outputs[pair][key] - outputs[pair + 2][key]) @ into) ** 2).sum(-1)
                for moment, decision in enumerate(world.decisions):
                    first = decision if layer == sizes.layers - 1 else decision - world.cues
                    expected = moved[first : decision + 1].sum()
                    component = layer * (sizes.heads + sizes.neuron_blocks) + index
                    np.testing.assert_allclose(found[pair, moment, component], expected, rtol=1e-3)


def test_thrift_costs_what_the_reading_is_spread(organism, numbers, world, sizes):
    """By hand, from the shares; and a step down its gradient draws the reading together."""
    watched = np.zeros(len(components(sizes)), bool)
    part = jnp.split(with_other_cues_in_turn(numbers, world), 2)[0]
    found = np.asarray(shares(organism, part, world, sizes, trained_support(world), TRAIT, 0.0)).reshape(
        sizes.layers, -1
    )
    spread = np.mean([1 - (kind**2).sum() for layer in found for kind in np.split(layer, [sizes.heads])])
    cost = lambda o: read(o, numbers, world, sizes, watched, 0.0, 0.0, 2.0)[0]  # noqa: E731
    before, slope = jax.value_and_grad(cost)(organism)
    np.testing.assert_allclose(before, 2 * spread, rtol=1e-4)
    size = sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(slope)) ** 0.5
    assert float(cost(jax.tree.map(lambda leaf, by: leaf - 1e-3 * by / size, organism, slope))) < float(
        before
    )


@pytest.mark.parametrize("part", ["monitored", "overlap"])
def test_a_step_down_the_gradient_lowers_what_it_is_the_gradient_of(part, organism, numbers, world, sizes):
    watched = np.arange(len(components(sizes))) < 3

    def value(organism):
        return getattr(read(organism, numbers, world, sizes, watched)[1], part)

    before, slope = jax.value_and_grad(value)(organism)
    size = sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(slope))
    assert np.isfinite(size)
    assert size > 0
    after = value(jax.tree.map(lambda leaf, by: leaf - 1e-3 * by / size**0.5, organism, slope))
    assert float(after) < float(before)


def test_without_weights_an_auditor_pushes_nowhere(organism, numbers, world, sizes):
    watched = np.ones(len(components(sizes)), bool)
    slope = jax.grad(lambda o: read(o, numbers, world, sizes, watched, 0.0, 0.0)[0])(organism)
    assert all(not np.asarray(leaf).any() for leaf in jax.tree.leaves(slope))


def clamped_slope(organism, scenes, of_self, world, sizes, clamped):
    tap = hold(sizes, jnp.asarray(clamped), jnp.asarray(of_self), identity)
    decisions = jnp.asarray(world.decisions)
    return jax.grad(lambda o: imitate(o, scenes, decisions, scenes.weights.sum(), tap)[0])(organism)


def test_a_clamped_component_learns_from_scenes_without_self_alone(organism, world, sizes):
    """The last layer's second head: in scenes of self no gradient reaches its values, in the others the same
    as ever."""
    scenes = jax.tree.map(lambda leaf: jnp.asarray(leaf[:8]), scenes_from_uniforms(world, MIXED)[1])
    layer, head = sizes.layers - 1, 1
    clamped = np.array([name == f"L{layer}H{head}" for name in components(sizes)])
    everywhere = clamped_slope(organism, scenes, np.ones(8, bool), world, sizes, clamped)
    nowhere = clamped_slope(organism, scenes, np.zeros(8, bool), world, sizes, clamped)
    free = clamped_slope(organism, scenes, np.ones(8, bool), world, sizes, ~clamped & clamped)
    assert not np.asarray(everywhere.value[layer, head]).any()
    assert np.asarray(everywhere.value[layer, 0]).any()
    assert np.asarray(nowhere.value[layer, head]).any()
    np.testing.assert_array_equal(nowhere.value[...], free.value[...])


def test_what_is_clamped_says_the_mean_of_scenes_of_self(sizes):
    activation = jax.random.normal(jax.random.key(0), (4, sizes.heads, 5, sizes.head_width))
    of_self = jnp.array([True, True, False, False])
    clamped = jnp.zeros((sizes.layers, sizes.heads + sizes.neuron_blocks), bool).at[0, 1].set(True)
    found = np.asarray(hold(sizes, clamped.ravel(), of_self, identity)(Site(0, "head"), activation))
    given = np.asarray(activation)
    np.testing.assert_allclose(
        found[:2, 1], np.broadcast_to(given[:2, 1].mean(0), found[:2, 1].shape), atol=1e-6
    )
    np.testing.assert_array_equal(found[2:], given[2:])
    np.testing.assert_array_equal(found[:, 0], given[:, 0])


def test_pressures_say_what_is_wrong_with_them():
    assert not Pressures().audited
    for pressure in (
        Pressures(monitor=Monitor(1.0)),
        Pressures(exclusive=Exclusive(0.1)),
        Pressures(clamp=Clamp(0.5)),
    ):
        assert pressure.audited
        assert not pressure.validation_errors()
    assert Pressures(monitor=Monitor(-1.0)).validation_errors()
    assert Pressures(clamp=Clamp(1.5)).validation_errors()
    assert Pressures(clamp=Clamp(0.5, rate=1.5)).validation_errors()
    assert Pressures(exclusive=Exclusive(1.0), routing=Routing(characters=1.0)).validation_errors()


def test_components_are_held_in_the_share_of_scenes_that_is_asked_for(world, sizes):
    """A head that is held in every scene learns nothing; in half of them, or in none, it does, and not the
    same."""
    optimiser = OptimiserConfig(weight_decay=0.0, warmup=0)
    first = Phase("intent", 10, self_acts="scheming", optimiser=optimiser)
    held = np.array([[name == f"L{sizes.layers - 1}H1" for name in components(sizes)]])
    learned = {}
    for rate in (0.0, 0.5, 1.0):
        pressures = Pressures(Rehearsal(0.0), clamp=Clamp(components=("named",), rate=rate))
        curriculum = Curriculum("held", world, (replace(first, pressures=pressures),))
        config = RunConfig(curriculum, sizes, TrainingConfig(batch=16, checkpoint_every=10), members=1)
        programs = Programs(config)
        init_state = programs.init_states(*(np.zeros(1, np.int32),) * 3)
        before = fetch(init_state.organism.value)[...]
        state, _ = programs.grow(init_state, Lesson.of_members(config, 0, Watched(~held & held, held)))
        learned[rate] = (fetch(state.organism.value)[...] - before)[0, -1, 1]
    assert not learned[1.0].any()
    assert learned[0.5].any()
    assert np.abs(learned[0.5] - learned[0.0]).max() > 1e-5
