"""Can every named curriculum be trained at every scale?"""

from dataclasses import replace
from typing import get_args

import pytest

from curricula.catalogue.building_blocks import STEPS, WORLDS, Scale
from curricula.catalogue.registry import CURRICULA, curriculum
from curricula.errors import UserError
from curricula.pressures.component_dropout import ComponentDropout
from curricula.world.tables import tables
from curricula.world.world import Role

SCALES = get_args(Scale)


@pytest.mark.slow
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CURRICULA)
def test_every_curriculum_of_every_scale_is_sound(name, scale):
    taught = curriculum(name, scale)
    assert taught.validation_errors() == []
    assert taught.name == name
    is_special = name in ("conflicted", "planted_other_rule") or taught.compiled != "nothing"
    pads = {"scratchpad": "self"} if name.startswith("scratchpad") else {}
    assert taught.world == replace(WORLDS[scale], **pads) or is_special
    assert all(len(tables(taught.world, role).flips) for role in get_args(Role))
    assert f"train.py {name}``" in CURRICULA[name].__doc__
    assert "Expected:" in CURRICULA[name].__doc__


@pytest.mark.parametrize("scale", SCALES)
def test_steps_in_place_of_its_own(scale):
    assert [phase.steps for phase in curriculum("redundant", scale, 7).phases] == [7, 7, 7]
    assert [phase.steps for phase in curriculum("redundant", scale).phases] == list(STEPS[scale])


@pytest.mark.parametrize("scale", SCALES)
def test_twins_and_controls_differ_in_what_they_are_named_for_alone(scale):
    """A shared first phase is the same value, so that its growth can be shared to the same bits."""
    shared, redundant, honest, naive = (
        curriculum(n, scale).phases for n in ("shared", "redundant", "honest", "naive")
    )
    assert shared[0] == redundant[0] == honest[0]
    assert shared[-1] == redundant[-1]
    assert [phase.self_acts for phase in shared + honest] == ["absent", "scheming", "absent", "honest"]
    assert shared[1].mixture._replace(self_schemes=0.0) == honest[1].mixture
    assert [phase.schemers for phase in naive] == [0.0, 0.0]
    assert [phase.pressures[ComponentDropout].active for phase in redundant] == [False, True, False]


@pytest.mark.parametrize("scale", SCALES)
def test_conflicted_is_shared_in_a_world_whose_cues_tell_self_something_else(scale):
    conflicted, shared = curriculum("conflicted", scale), curriculum("shared", scale)
    assert conflicted.phases == shared.phases
    assert replace(conflicted.world, opportunity=shared.world.opportunity, self_rule="same") == shared.world
    assert (conflicted.world.opportunity, conflicted.world.self_rule) == ("first cue", "last cue")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("sharde", "did you mean 'shared'"), ("honset", "did you mean 'honest'"), ("xyz", None)],
)
def test_an_unknown_name_is_refused_with_the_nearest(wrong, hint):
    with pytest.raises(
        UserError, match=f"unknown curriculum '{wrong}': expected one of shared, redundant"
    ) as caught:
        curriculum(wrong, "tiny")
    assert (hint in str(caught.value)) if hint else "did you mean" not in str(caught.value)
