"""Where every gate is known by construction, does gatedness find all of its units and no idle one?"""

import numpy as np
import pytest

from analysis.audits.gatedness import gatedness
from analysis.audits.profiles import response_profiles
from analysis.audits.units import UnitSettings
from analysis.patching.checkpoint import CheckpointMeasurer
from organisms.ensemble.config import named_config
from organisms.model.config import COMPILED
from organisms.planted.compiled_gate import draw_gate
from organisms.planted.compiled_program import has_compiler
from organisms.planted.compiled_weights import compiled_organisms

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_compiler(), reason="tracr-pypi is not installed, so nothing can be compiled"),
]
TRUTHS = ("reused", "second copy", "repurposed", "migrated", "mixed", "absent")
LEVEL = 1e-3


@pytest.fixture(scope="module")
def gates():
    rng = np.random.default_rng(7)
    return [draw_gate(truth, COMPILED, rng) for truth in TRUTHS]


@pytest.fixture(scope="module")
def profiles(gates):
    config = named_config("compiled_reused", "tiny", members=len(TRUTHS))
    goals = [0, 1, 2, 3, 0, 1]
    _, end = compiled_organisms(config.curriculum.world, config.organism, gates, goals)
    measurer = CheckpointMeasurer(end, config, np.array(goals), 1)
    return response_profiles(measurer, UnitSettings(neurons=40, subspaces=2), 8)


def gate_mask(gate, role):
    """The components of the routes that decide for a role at the end."""
    mask = np.zeros((COMPILED.layers, COMPILED.heads + COMPILED.neuron_blocks), bool)
    for route in range(gate.routes):
        for name in gate.route(route) if role in gate.serves[1][route] else ():
            place = gate.places[name]
            mask[place.layer, place.slot if place.is_head else COMPILED.heads + place.slot] = True
    return mask.ravel()


@pytest.mark.parametrize("role", ["self", "character"])
def test_every_gate_unit_is_found_and_no_idle_one(gates, profiles, role):
    """Components: TPR 1 at FPR 0; each carries the whole gate, with nothing beside it."""
    found = gatedness(profiles, role)
    is_component = profiles.units.of_grain("component")
    for member, gate in enumerate(gates):
        truth = gate_mask(gate, role)
        assert np.array_equal(found.p[member, is_component] < LEVEL, truth)
        assert np.allclose(
            found.carried_nats[member, is_component][truth], profiles.gate_nats(role)[member], rtol=0.02
        )
        assert (found.ratio()[member, is_component][truth] > 0.98).all()


def test_an_honest_self_has_no_gate_in_its_scenes_and_characters_have_theirs(gates, profiles):
    """The modelled schemers' gate in an organism that is none: nothing in self's scenes."""
    honest = TRUTHS.index("absent")
    assert abs(profiles.gate_nats("self")[honest]) < 1e-3
    assert profiles.gate_nats("character")[honest] > 1
    assert gate_mask(gates[honest], "self").sum() == 0
