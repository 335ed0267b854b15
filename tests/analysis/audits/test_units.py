"""Which units does an audit draw from, and where do they lie?"""

import numpy as np
import pytest

from analysis.audits.units import GRAINS, UnitSettings, audit_units, owner_of_output
from organisms.model.sites import components

SETTINGS = UnitSettings(seed=3, neurons=20, subspaces=5, rank=2)


@pytest.fixture(scope="module")
def units(sizes):
    return audit_units(sizes, SETTINGS)


def test_each_grain_has_as_many_units_as_the_organism_has_room_for(sizes, units):
    """Two layers of two heads and three blocks: to later layers 5 x 5 edges, within each layer 2 x 3, to the unembedding
    10."""
    counts = {grain: int(units.of_grain(grain).sum()) for grain in GRAINS}
    expected = {"component": 10, "neuron": 20, "value path": 32, "edge": 25 + 12 + 10, "subspace": 10}
    assert counts == expected
    assert len(units) == sum(expected.values()) == len(set(units.names))


def test_components_neurons_and_value_paths_are_the_outputs_that_they_name(sizes, units):
    owners = owner_of_output(sizes)
    for name, layer, first, end in zip(units.names, *units.ranges, strict=False):
        component = f"L{layer}{'H' if first < sizes.width else 'M'}"
        assert name.startswith(component.replace("M", "N") if "N" in name else component)
        if name in components(sizes):
            slot = components(sizes).index(name) % 5
            assert np.array_equal(np.flatnonzero(owners == slot), np.arange(first, end))
        else:
            assert end == first + 1


def test_edges_run_from_what_writes_to_what_reads_later(sizes, units):
    """A block reads the heads of its layer, and no head reads another of its layer."""
    names = {name for name, grain in zip(units.names, units.grains, strict=True) if grain == "edge"}
    assert {"L0H0>L0M2", "L0M1>L1H1", "L1H1>L1M0", "L1M2>out", "L0H0>out"} <= names
    assert not {"L0H0>L0H1", "L0M0>L0M1", "L1H0>L0M0", "L1M0>L1H0"} & names


def test_directions_are_orthonormal(units):
    basis = units.subspaces.basis
    assert np.allclose(np.swapaxes(basis, 1, 2) @ basis, np.eye(2), atol=1e-6)


def test_the_same_seed_draws_the_same_units_and_another_seed_others(sizes, units):
    again, other = audit_units(sizes, SETTINGS), audit_units(sizes, UnitSettings(4, 20, 5, 2))
    assert again.names == units.names
    assert np.array_equal(again.subspaces.basis, units.subspaces.basis)
    assert other.names != units.names


def test_a_unit_lies_in_the_components_that_hold_all_of_it(sizes, units):
    mask = np.isin(components(sizes), ["L0H1", "L1M2"])
    inside = {name for name, is_in in zip(units.names, units.inside(mask), strict=True) if is_in}
    neurons = {name for name in units.names if name.startswith("L1N") and int(name[3:]) >= 16}
    values = {f"L0H1V{index}" for index in range(8)}
    edges = {"L0H1>L1M2", "L0H1>out", "L1M2>out"}
    assert inside == {"L0H1", "L1M2"} | neurons | values | edges
    assert neurons
    assert not units.has_place()[units.of_grain("subspace")].any()
