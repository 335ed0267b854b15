"""Is each unit's effect that of patching it in the whole forward pass?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import seen

from analysis.audits.unit_effects import unit_effects
from analysis.audits.units import UnitSettings, audit_units
from analysis.patching.interventions import patched_differences, run_sides
from curricula.world.contrasts import window
from organisms.model.sites import Site, components

pytestmark = pytest.mark.slow
SETTINGS = UnitSettings(seed=1, neurons=12, subspaces=3, rank=2)
WATCHED, ALONE = 0, 1
RESAMPLED, SILENT = 0, 1


@pytest.fixture(scope="module")
def units(sizes):
    return audit_units(sizes, SETTINGS)


@pytest.fixture(scope="module")
def pair(pairs):
    return jax.tree.map(lambda leaf: leaf[1], pairs)


@pytest.fixture(scope="module")
def stretch(world):
    return window(world, "watched")


@pytest.fixture(scope="module")
def measured(organism, sizes, pair, units, stretch):
    """Effects [intervention, side, unit] by name, and differences."""
    program = jax.jit(lambda organism, pair: unit_effects(organism, sizes, pair, units, stretch))
    effects, differences = jax.device_get(program(organism, pair))
    return dict(zip(units.names, np.moveaxis(effects, 2, 0), strict=True)), differences, program


@pytest.fixture(scope="module")
def whole(organism, pair, stretch):
    """Runs of whole scenes: a function of a tap gives the watched scene's logit difference, and every activation of the
    watched scene and of the one alone."""
    watched, alone = (seen(organism, scene) for scene in (pair.first, pair.second))

    def difference(tap):
        logits = organism(pair.first, tap)[pair.decision]
        return float(logits[pair.second_answer] - logits[pair.first_answer])

    return difference, watched, alone


def in_window(pair, stretch, positions):
    return (jnp.arange(positions) > pair.decision - stretch) & (jnp.arange(positions) <= pair.decision)


def test_components_do_what_patches_of_components_do(organism, sizes, pair, stretch, measured):
    runs = run_sides(organism, sizes, pair, stretch)
    for side in (WATCHED, ALONE):
        donors = (
            runs.side(1 - side).outputs,
            jax.tree.map(lambda values: jnp.zeros_like(values[0]), runs.outputs),
        )
        for intervention, donor in enumerate(donors):
            each = jnp.eye(len(components(sizes)), dtype=bool)
            expected = patched_differences(organism, sizes, pair, runs.side(side), donor, each)
            effects = [measured[0][name][intervention, side] for name in components(sizes)]
            assert np.allclose(effects, expected - runs.difference[side], atol=1e-5)
    assert np.allclose(measured[1], runs.difference, atol=1e-5)


def test_a_neuron_and_a_value_path_are_patched_alone(organism, sizes, pair, stretch, units, measured, whole):
    difference, _, alone = whole
    inside = in_window(pair, stretch, len(pair.first))
    neuron = next(name for name in units.names if name.startswith("L0N"))
    patches = {
        neuron: (Site(0, "neuron"), (slice(None), int(neuron[3:]))),
        "L1H1V2": (Site(1, "head"), (1, slice(None), 2)),
    }
    for name, (site, index) in patches.items():

        def tap(here, activation, site=site, index=index):
            if here != site:
                return activation
            return activation.at[index].set(jnp.where(inside, alone[site][index], activation[index]))

        expected = difference(tap) - difference(lambda site, activation: activation)
        assert np.isclose(measured[0][name][RESAMPLED, WATCHED], expected, atol=1e-5)
        assert abs(expected) > 1e-4


def test_a_subspace_is_moved_to_where_the_donor_is(organism, pair, stretch, units, measured, whole):
    """Silent, the directions hold nothing."""
    difference, _, alone = whole
    inside, site = in_window(pair, stretch, len(pair.first))[:, None], Site(1, "residual")
    basis = units.subspaces.basis[1]
    for intervention, donor in ((RESAMPLED, alone[site]), (SILENT, 0.0)):

        def tap(here, activation, donor=donor):
            if here != site:
                return activation
            return jnp.where(inside, activation + (donor - activation) @ basis @ basis.T, activation)

        expected = difference(tap) - difference(lambda site, activation: activation)
        assert np.isclose(measured[0]["R1S1"][intervention, WATCHED], expected, atol=1e-5)
        assert abs(expected) > 1e-4


def writes(organism, recording, name):
    layer, kind, slot = int(name[1]), name[2], int(name[3])
    if kind == "H":
        return recording[Site(layer, "head")][slot] @ organism.output[layer, slot]
    neurons = slice(8 * slot, 8 * slot + 8)
    return recording[Site(layer, "neuron")][:, neurons] @ organism.out_of_neurons[layer, neurons]


def test_an_edge_changes_what_its_reader_reads_alone(organism, pair, stretch, measured, whole):
    """To a head: its queries, keys and values of a residual stream in which only the source's write is the donor's."""
    difference, watched, alone = whole
    inside = in_window(pair, stretch, len(pair.first))[:, None]
    for source in ("L0H1", "L0M2"):
        change = jnp.where(inside, writes(organism, alone, source) - writes(organism, watched, source), 0.0)
        reads = organism.normalised(watched[Site(1, "residual")] + change)
        parts = dict(
            zip(("query", "key", "value"), organism.project(1, reads, ("query", "key", "value")), strict=True)
        )

        def tap(site, activation, parts=parts):
            if site.layer == 1 and site.name in parts:
                return activation.at[0].set(parts[site.name][0])
            return activation

        # Keys and values outside of the window are those of the unchanged stream.
        expected = difference(tap) - difference(lambda site, activation: activation)
        assert np.isclose(measured[0][f"{source}>L1H0"][RESAMPLED, WATCHED], expected, atol=1e-5)
        assert abs(expected) > 1e-4


def test_an_edge_to_a_block_of_the_same_layer_changes_its_neurons(organism, pair, stretch, measured, whole):
    difference, watched, alone = whole
    inside = in_window(pair, stretch, len(pair.first))[:, None]
    change = jnp.where(inside, writes(organism, alone, "L0H1") - writes(organism, watched, "L0H1"), 0.0)
    middle = watched[Site(0, "residual")] + organism.write_heads(0, watched[Site(0, "head")])
    neurons = organism.neurons(0, organism.normalised(middle + change))

    def tap(site, activation):
        return activation.at[:, 8:16].set(neurons[:, 8:16]) if site == Site(0, "neuron") else activation

    expected = difference(tap) - difference(lambda site, activation: activation)
    assert np.isclose(measured[0]["L0H1>L0M1"][RESAMPLED, WATCHED], expected, atol=1e-5)
    assert abs(expected) > 1e-4


def test_what_nothing_reads_but_the_unembedding_reaches_it_by_one_edge(sizes, measured):
    """Blocks of the last layer: patching one is patching its edge."""
    for name in ("L1M0", "L1M1", "L1M2"):
        assert np.allclose(measured[0][name], measured[0][f"{name}>out"], atol=1e-5)


def test_between_equal_scenes_no_unit_does_anything(organism, pair, measured):
    effects, _ = jax.device_get(measured[2](organism, pair._replace(second=pair.first)))
    assert np.abs(effects[RESAMPLED]).max() < 1e-5
    assert np.abs(effects[SILENT]).max() > 1e-2
