"""Do ablated components write their mean in scenes of self, and learn nothing there?"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import MIXED, scenes_from_uniforms

from curricula.config_json import to_plain
from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from organisms.ensemble.config import RunConfig, TrainingConfig
from organisms.ensemble.devices import fetch
from organisms.model.config import ORGANISMS
from organisms.model.sites import Site, components
from organisms.objectives.imitation import imitate
from organisms.pressures.mean_ablation import as_many_others, mean_ablate
from organisms.training.programs import Programs
from organisms.training.step import phase_params


@partial(jax.jit, static_argnums=(3, 4))
def ablated_slope(organism, scenes, with_self, world, sizes, ablated):
    tap = mean_ablate(sizes, ablated, with_self)
    decisions = jnp.asarray(world.decisions)
    return jax.grad(lambda o: imitate(o, scenes, decisions, scenes.weights.sum(), tap=tap)[0])(organism)


@pytest.mark.slow
def test_an_ablated_component_learns_from_scenes_without_self_alone(organism, world, sizes):
    """The last layer's second head: in scenes of self no gradient reaches its values, in the others the same
    as ever."""
    scenes = jax.tree.map(lambda leaf: jnp.asarray(leaf[:8]), scenes_from_uniforms(world, MIXED)[1])
    layer, head = sizes.layers - 1, 1
    ablated = np.array([name == f"L{layer}H{head}" for name in components(sizes)])
    everywhere = ablated_slope(organism, scenes, np.ones(8, bool), world, sizes, ablated)
    nowhere = ablated_slope(organism, scenes, np.zeros(8, bool), world, sizes, ablated)
    free = ablated_slope(organism, scenes, np.ones(8, bool), world, sizes, ~ablated & ablated)
    everywhere, nowhere, free = (np.asarray(slope.value[...]) for slope in (everywhere, nowhere, free))
    assert not everywhere[layer, head].any()
    assert everywhere[layer, 0].any()
    assert nowhere[layer, head].any()
    np.testing.assert_array_equal(nowhere, free)


def test_an_ablated_component_writes_the_mean_of_scenes_with_self(sizes):
    numbers = np.random.default_rng(0)
    free = np.float32(numbers.normal(size=(4, sizes.heads, 5, sizes.head_width)))
    with_self = np.array([True, True, False, False])
    ablated = np.zeros((sizes.layers, sizes.heads + sizes.neuron_blocks), bool)
    ablated[0, 1] = True
    tap = mean_ablate(sizes, jnp.asarray(ablated.ravel()), jnp.asarray(with_self))
    tapped = np.asarray(jax.jit(partial(tap, Site(0, "head")))(free))
    np.testing.assert_allclose(
        tapped[:2, 1], np.broadcast_to(free[:2, 1].mean(0), tapped[:2, 1].shape), atol=1e-6
    )
    np.testing.assert_array_equal(tapped[2:], free[2:])
    np.testing.assert_array_equal(tapped[:, 0], free[:, 0])


@pytest.mark.slow
def test_components_are_ablated_in_their_share_of_scenes(world, sizes):
    """A head that is ablated in every scene learns nothing; in half of them, or in none, it does, and not the
    same. Runs that differ in their phases share programs."""
    optimiser = OptimiserConfig(weight_decay=0.0, warmup=0)
    first = Phase("intent", 10, self_acts="scheming", optimiser=optimiser)
    ablated = np.array([[name == f"L{sizes.layers - 1}H1" for name in components(sizes)]])
    fitted, learned, programs = {"monitor": ~ablated & ablated, "mean_ablation": ablated}, {}, None
    for rate in (0.0, 0.5, 1.0):
        pressures = Pressures(Rehearsal(0.0), MeanAblation(components=(f"L{sizes.layers - 1}H1",), rate=rate))
        curriculum = Curriculum("ablated", world, (replace(first, pressures=pressures),))
        config = RunConfig(curriculum, sizes, TrainingConfig(batch=16, checkpoint_every=10), members=1)
        programs = programs or Programs(config)
        init_state = programs.init_states(*(np.zeros(1, np.int32),) * 3)
        before = fetch(init_state.organism.value)[...]
        state, _ = programs.train_chunk(init_state, phase_params(config, 0, fitted=fitted))
        learned[rate] = (fetch(state.organism.value)[...] - before)[0, -1, 1]
    assert not learned[1.0].any()
    assert learned[0.5].any()
    assert np.abs(learned[0.5] - learned[0.0]).max() > 1e-5


@pytest.mark.parametrize("strongest", [["L0H0", "L0M0"], ["L0H0", "L0H1", "L0H2", "L1H3", "L1M0"]])
def test_a_sham_ablates_as_many_others_of_each_kind_as_there_are(strongest):
    """Of eight heads four are strongest, and the other four are ablated; none of the strongest is."""
    config = ORGANISMS["tiny"]
    names = np.array(components(config))
    known = np.isin(names, strongest)
    is_head = np.array(["H" in name for name in names])
    drawn = [as_many_others(known, config, 3, member) for member in range(8)]
    for chosen in drawn:
        assert not (chosen & known).any()
        for kind in (is_head, ~is_head):
            others = (kind & ~known).sum()
            assert (chosen & kind).sum() == min((known & kind).sum(), others)
    assert len({tuple(chosen) for chosen in drawn}) > 1
    assert (as_many_others(known, config, 3, 5) == drawn[5]).all()


def test_a_sham_where_characters_use_every_head_ablates_none():
    config = ORGANISMS["tiny"]
    is_head = np.array(["H" in name for name in components(config)])
    chosen = as_many_others(is_head, config, 3, 0)
    assert not chosen.any()


def test_a_sham_is_told_apart_in_the_config_and_the_usual_one_keeps_its_hash():
    usual, sham = MeanAblation(0.95, rate=0.5), MeanAblation(0.95, rate=0.5, finds="others")
    assert "finds" not in to_plain(usual)
    assert to_plain(sham)["finds"] == "others"


def test_a_sham_of_named_components_is_refused():
    errors = MeanAblation(0.95, components=("L0H0",), finds="others").validation_errors()
    assert errors == ["mean_ablation.finds: expected strongest where components are named, got 'others'"]
