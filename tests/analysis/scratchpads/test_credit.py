"""Is credit what it is by hand, on gradients that anybody can multiply?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from analysis.scratchpads.credit import component_products, credit_figures
from analysis.scratchpads.gate import gate_set, gate_steps
from analysis.scratchpads.prediction import (
    PredictedLifetimes,
    correlation_intervals,
    pooled_correlation,
    within_correlation,
)
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

CONFIG = OrganismConfig(layers=1, heads=2, width=4, neurons=4, neuron_blocks=2)
SCENES = 3


def organism_with(arrays):
    """An organism that has these arrays for weights, each with a scene axis."""
    organism = Organism(CONFIG, 3, 2, jax.random.key(0))
    for name, array in arrays.items():
        setattr(organism, name, nnx.Param(jnp.asarray(array, jnp.float32)))
    return organism


def gradients(values):
    """Gradients of an organism of one layer in which each component has one number a scene: [scene, component]."""
    heads = {name: np.zeros((SCENES, 1, 2, 1, 1)) for name in ("query", "key", "value", "output")}
    heads["value"][:, 0, :, 0, 0] = values[:, :2]
    into, out = np.zeros((SCENES, 1, 1, 4)), np.zeros((SCENES, 1, 4, 1))
    into[:, 0, 0, 0], out[:, 0, 3, 0] = values[:, 2], values[:, 3]  # neurons 0, 1 are the first block
    arrays = heads | {"into_neurons": into, "out_of_neurons": out}
    return organism_with(arrays)


def test_products_are_those_of_each_components_weights_alone():
    values = np.array([[1.0, 2, 3, 4], [2, 0, -1, 1], [0, 1, 1, -2]])
    products = np.asarray(component_products(gradients(values), CONFIG))
    for component in range(4):
        np.testing.assert_allclose(products[component], np.outer(values[:, component], values[:, component]))


def test_products_over_all_components_are_those_of_the_whole_gradient():
    random = np.random.default_rng(0)
    shapes = {"query": (2, 4, 2), "key": (2, 4, 2), "value": (2, 4, 2), "output": (2, 2, 4)}
    arrays = {name: random.normal(size=(SCENES, 1, *shape)) for name, shape in shapes.items()}
    arrays |= {
        "into_neurons": random.normal(size=(SCENES, 1, 4, 4)),
        "out_of_neurons": random.normal(size=(SCENES, 1, 4, 4)),
    }
    flat = np.concatenate([array.reshape(SCENES, -1) for array in arrays.values()], 1)
    of_components = component_products(organism_with(arrays), CONFIG)
    np.testing.assert_allclose(np.asarray(of_components).sum(0), flat @ flat.T, rtol=1e-4)


def test_the_share_is_of_the_mean_gradient_and_random_sets_have_as_many_heads_and_blocks():
    """The mean gradient is (2, 1, 1, 0): the gate, head 0 and block 0, has 5 of 6. One head of two has 5/12 in the mean, and
    one block of two 1/12."""
    values = np.array([[3.0, 1, 1, 5], [2, 1, 1, -5], [1, 1, 1, 0]])
    products = np.asarray(component_products(gradients(values), CONFIG), float)
    gate = np.array([True, False, True, False])
    figures = credit_figures(products, gate, CONFIG, seed=0)
    assert figures.share == pytest.approx(5 / 6)
    assert figures.random_share == pytest.approx(0.5, abs=0.04)
    assert figures.excess == pytest.approx(np.log(figures.share / figures.random_share))
    cosines = [
        (a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
        for a, b in ((values[0], values[1]), (values[0], values[2]), (values[1], values[2]))
    ]
    assert figures.agreement == pytest.approx(np.mean(cosines))
    on_gate = values[:, gate]
    cosines = [
        (a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
        for a, b in ((on_gate[0], on_gate[1]), (on_gate[0], on_gate[2]), (on_gate[1], on_gate[2]))
    ]
    assert figures.gate_agreement == pytest.approx(np.mean(cosines))


def test_scenes_agree_by_1_where_they_are_alike_and_less_where_one_is_turned():
    same = np.tile([[1.0, 2, 0, 1]], (SCENES, 1))
    turned = same * np.array([[1.0], [1], [-1]])
    agreements = [
        credit_figures(
            np.asarray(component_products(gradients(values), CONFIG), float), np.arange(4) < 2, CONFIG, 0
        ).agreement
        for values in (same, turned)
    ]
    assert agreements == pytest.approx([1, -1 / 3])


def test_a_gate_is_the_fewest_components_that_carry_four_fifths():
    assert gate_set(np.array([0.1, 0.5, 0.4, -0.2])).tolist() == [False, True, True, False]
    assert gate_set(np.array([0.0, 0.9, 0.1])).tolist() == [False, True, False]


def test_steps_of_the_gate_lead_to_what_is_written_or_else_to_the_act():
    assert [gate_steps(written) for written in (2, 1, 0)] == [(-2, -1), (-1,), (0,)]


def test_a_correlation_within_cells_is_not_made_by_cells_that_differ():
    """Two cells, in each of which a higher figure goes with a shorter life, while the cell of higher figures lives longer."""
    within = np.arange(8.0)
    predicted = PredictedLifetimes(
        np.concatenate([within, within + 20]),
        np.concatenate([-within, 20 - within]),
        np.repeat([0, 1], 8),
        np.arange(16) % 8,
    )
    assert pooled_correlation(predicted) > 0.4
    assert within_correlation(predicted) == pytest.approx(-1)
    pooled, inside = correlation_intervals(predicted)
    assert inside == pytest.approx((-1, -1, -1))
    assert pooled[1] <= pooled[0] <= pooled[2]


def test_a_figure_that_says_nothing_has_an_interval_around_0_and_equal_lives_have_no_correlation():
    random = np.random.default_rng(1)
    cell, origin = np.repeat(np.arange(4), 16), np.arange(64) % 16
    nothing = PredictedLifetimes(random.normal(size=64), random.normal(size=64), cell, origin)
    for value, low, high in correlation_intervals(nothing):
        assert low < 0 < high
        assert abs(value) < 0.4
    equal = nothing._replace(lifetime=np.ones(64))
    assert all(np.isnan(interval[0]) for interval in correlation_intervals(equal))
