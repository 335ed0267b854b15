"""Where do the nodes of a compiled gate lie, and what are its shares?"""

from dataclasses import replace

import numpy as np
import pytest

from curricula.catalogue.compiled import COMPILED, COMPILED_WORLD
from curricula.errors import UserError
from organisms.ensemble.config import named_config, read_config
from organisms.model.config import COMPILED as SIZES
from organisms.model.config import OrganismConfig
from organisms.planted.compiled_gate import LENGTHS, CompiledGate, draw_gate
from organisms.training.validation import check_config

TRUTHS = [make().compiled for make in COMPILED]


def gates(truth: str, count: int = 60) -> list[CompiledGate]:
    return [draw_gate(truth, SIZES, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("truth", TRUTHS)
def test_no_two_nodes_share_a_component_and_each_follows_what_it_reads(truth):
    for gate in gates(truth):
        places = [tuple(place) for place in gate.places.values()]
        assert len(set(places)) == len(places)
        for route in range(gate.routes):
            # A layer's heads come before its blocks.
            order = [
                2 * gate.places[name].layer + (not gate.places[name].is_head) for name in gate.route(route)
            ]
            assert order == sorted(order)
            assert len(set(order)) == len(order)
            assert gate.places["profession"].layer <= gate.places[gate.route(route)[-1]].layer


def test_private_nodes_after_two_shared_ones_have_k_of_k_plus_2():
    for nodes in LENGTHS:
        private = nodes - 2
        shares = CompiledGate("second copy", nodes, 2, 1.0, {}).shares()
        assert shares["second copy"] == pytest.approx(private / (private + 2))
        assert shares["reused"] == pytest.approx(2 / (private + 2))


@pytest.mark.parametrize("truth", TRUTHS)
def test_shares_are_those_of_the_truth(truth):
    for gate in gates(truth):
        shares = gate.shares()
        if truth == "absent":
            assert shares is None
        elif truth == "mixed":
            assert sum(shares.values()) == pytest.approx(1)
            assert 0.25 < max(shares.values()) < 0.75
        else:
            assert shares[truth] == 1


def test_gates_differ_from_seed_to_seed():
    drawn = gates("mixed")
    assert len({(gate.cell, gate.nodes, gate.shared) for gate in drawn}) > 5
    assert len({tuple(gate.places.items()) for gate in drawn}) == len(drawn)
    assert {gate.routes for gate in gates("reused")} == {1, 2}


def test_an_organism_without_room_gets_one_line():
    with pytest.raises(UserError, match="at least 4 layers, 4 heads and 3 neuron_blocks"):
        draw_gate("reused", OrganismConfig(layers=3), np.random.default_rng(0))


@pytest.mark.parametrize("make", COMPILED)
def test_every_compiled_curriculum_is_sound_and_reads_back(make):
    config = named_config(make.__name__, "tiny")
    check_config(config)
    assert read_config(config.plain()) == config
    assert (config.curriculum.world, config.organism) == (COMPILED_WORLD, SIZES)
    assert f"train.py {make.__name__}``" in make.__doc__


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"opportunity": "majority"}, "world.opportunity: expected 'all agree'"),
        ({"situations": 3}, "world.situations: expected 0"),
        ({"self_secret": "rule"}, "world.self_secret: expected 'constant'"),
    ],
)
def test_a_world_that_can_not_be_compiled_gets_a_line(changes, words):
    curriculum = COMPILED[0]()
    changed = replace(curriculum, world=replace(curriculum.world, **changes))
    assert any(words in line for line in changed.validation_errors())
