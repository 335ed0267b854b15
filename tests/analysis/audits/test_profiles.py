"""Do profiles hold the effects of the right scenes, in organisms whose gate is wired by hand?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import SIZES, measurer_of, wired

from analysis.audits.attribution import agreements, attributed_effects, screen_agreement
from analysis.audits.gatedness import carried
from analysis.audits.profiles import (
    ALONE,
    CONTEXTS,
    RESAMPLED,
    SILENT,
    WATCHED,
    alike_cells,
    response_profiles,
    usable_pairs,
)
from analysis.audits.units import UnitSettings
from organisms.model.sites import components

pytestmark = pytest.mark.slow
SETTINGS, PAIRS = UnitSettings(seed=2, neurons=6, subspaces=2, rank=2), 4


@pytest.fixture(scope="module")
def measurer(world):
    """Characters respond to the first head; self of the first organism to it too, of the second to the other head."""
    organisms = jax.tree.map(lambda *leaves: jnp.stack(leaves), wired(world, 0), wired(world, 1))
    at = measurer_of(world, organisms)
    draw, goal = at.minimal_pairs, world.vocabulary.first_goal

    def with_wired_answers(role, variable, number, amount, beside_self):
        pairs = draw(role, variable, number, amount, beside_self)
        first = goal + (0 if role == "character" else 2)
        answers = (jnp.full_like(pairs.first_answer, first + n) for n in range(2))
        return pairs._replace(first_answer=next(answers), second_answer=next(answers))

    at.minimal_pairs = with_wired_answers
    return at


@pytest.fixture(scope="module")
def profiles(measurer):
    return response_profiles(measurer, SETTINGS, PAIRS)


def test_what_the_gate_responds_to_carries_all_of_it_and_nothing_else_any(profiles):
    names = np.array(profiles.units.names)
    places = profiles.units.has_place()
    for member, self_reader in enumerate(("L0H0", "L0H1")):
        for context, reader in (("self", self_reader), ("character", "L0H0"), ("beside self", "L0H0")):
            gate = profiles.gate_nats(context)[member]
            nats = carried(profiles, context)[member].mean(0)
            inside = np.isin(names, [reader, f"{reader}V0", f"{reader}>out"])
            assert gate > 0.1
            assert np.allclose(nats[inside], gate, rtol=1e-2)
            assert np.abs(nats[~inside & places]).max() < 0.01 * gate


def test_a_silent_reader_leaves_each_scene_what_nothing_answers(profiles):
    """Silent, the difference is that of a head that writes nothing: 0 in either scene."""
    context, unit = CONTEXTS.index("character"), profiles.units.names.index("L0H0")
    effect = profiles.effect_nats[:, context, :, SILENT, :, unit]
    assert np.allclose(effect + profiles.difference_nats[:, context], 0.0, atol=0.02)
    assert np.abs(effect).max() > 0.1


def test_cells_are_those_that_they_name(profiles):
    cells = profiles.cells()
    profile = profiles.profile()
    assert len(cells) == len(set(cells)) == 12
    assert not any(cell.context.startswith("idle") for cell in cells)
    for number, cell in enumerate(cells):
        place = CONTEXTS.index(cell.context)
        expected = profiles.effect_nats[:, place, :, cell.intervention, cell.side].mean(1)
        assert np.array_equal(profile[..., number], expected)
        side = profiles.sides_of(cell.context, cell.intervention)[cell.side]
        assert np.array_equal(side.mean(1), expected)


def test_cells_in_which_both_behave_alike_need_no_scene_in_which_self_is_alone(profiles):
    of_self = [cell for cell in alike_cells(profiles) if cell.context == "self"]
    assert [(cell.side, cell.intervention) for cell in of_self] == [(WATCHED, SILENT)]
    assert len(alike_cells(profiles)) == 9


def test_pairs_that_are_answered_as_they_call_for_are_usable(profiles):
    place = CONTEXTS.index("character")
    both = profiles.difference_nats[:, place]
    expected = (both[..., ALONE] > 0) & (both[..., WATCHED] < 0)
    assert np.array_equal(usable_pairs(profiles, "character"), expected)


def test_attribution_agrees_with_patches_where_all_is_linear(measurer, profiles):
    """Between the wired readers and the answers there is nothing but a norm that does not change."""
    estimated = attributed_effects(measurer, "self", SETTINGS, PAIRS)
    exact = profiles.sides_of("self", RESAMPLED).mean(2)[..., : estimated.shape[-1]]
    assert np.allclose(np.swapaxes(estimated, 0, 1), exact, atol=0.02 * np.abs(exact).max())
    for agreement in agreements(profiles, estimated, "self", profiles.units.of_grain("component")):
        assert agreement.recall == 1.0
    assert estimated.shape == (2, 2, len(components(SIZES)) + 6 + 32)


def test_a_screen_passes_on_the_strongest_whatever_their_sign():
    exact = np.array([0.0, -5.0, 1.0, 2.0, 0.1, 0.2, 0.3, 0.4, 0.5, 4.0])
    assert screen_agreement(-exact, exact, 0.2) == (pytest.approx(1.0), 1.0)
    reverse = 5.0 - np.abs(exact)
    assert screen_agreement(reverse, exact, 0.2).recall == 0.0
