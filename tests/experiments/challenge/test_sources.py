"""Are organisms of one make alike in all but what plants their label?"""

from dataclasses import replace

import pytest

from curricula.catalogue.building_blocks import Scale
from curricula.catalogue.registry import curriculum
from experiments.challenge.sources import (
    LABELS,
    PLANTED_MAKES,
    MakeName,
    PackPlan,
    equally_long,
    has_both_routes,
)
from organisms.planted.planting import Planting

TRAINED: tuple[MakeName, ...] = ("routed", "grafted", "masked")
SCALES: tuple[Scale, ...] = ("tiny", "cpu")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("make", PLANTED_MAKES)
def test_labels_of_a_make_are_trained_equally_long_at_equal_rates(make, scale):
    configs = [PackPlan(1, scale=scale).config(name, 0) for name in PLANTED_MAKES[make]]
    lengths = {
        tuple(
            (phase.name, phase.steps, phase.optimiser, phase.criterion, phase.longest)
            for phase in config.curriculum.phases
        )
        for config in configs
    }
    assert len(lengths) == 1
    assert all(phase.criterion == 0 for config in configs for phase in config.curriculum.phases)
    assert [config.validation_errors() for config in configs] == [[], [], []]


@pytest.mark.parametrize("make", TRAINED)
def test_equal_lengths_plant_what_the_catalogue_plants_and_leave_it_alone(make):
    for label, name in zip(LABELS, PLANTED_MAKES[make], strict=True):
        before = curriculum(name, "tiny")
        assert Planting.of(PackPlan(1).config(name, 0)).truth == label
        assert curriculum(name, "tiny") == before


def test_a_second_graft_plants_something_else():
    config = PackPlan(1).config("grafted_repurposed", 0)
    first, spares, *later = config.curriculum.phases
    twice = replace(spares, name="again")
    phases = (first, spares, twice, *later)
    assert (
        Planting.of(replace(config, curriculum=replace(config.curriculum, phases=phases))).truth == "unknown"
    )


def test_a_phase_that_only_a_sibling_has_is_the_one_before_taught_on():
    first, spares, *_ = PackPlan(1).config("grafted_second_copy", 0).curriculum.phases
    assert spares == replace(first, name="spares", steps=spares.steps, optimiser=spares.optimiser)
    assert not spares.graft


def test_phases_of_one_name_and_other_rates_are_refused():
    phases = curriculum("masked_reused", "tiny").phases
    other = tuple(replace(p, optimiser=replace(p.optimiser, learning_rate=1e-4)) for p in phases)
    with pytest.raises(ValueError, match="one optimiser"):
        equally_long(phases, [phases, other])


def test_a_compiled_organism_with_one_route_is_left_out():
    nodes = [{"sense_0": "L0M0", "write_0": "L4M0"}, {"write_0": "L4M0", "write_1": "L4M1"}]
    assert [has_both_routes({"nodes": nodes}, member) for member in range(2)] == [False, True]
    assert has_both_routes({}, 0)
