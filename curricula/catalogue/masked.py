"""Which curricula plant a provenance by masks over weights? See `organisms.planted.masks`; they are for controls
alone. No activation is swapped in training, and the check that planting took swaps none either."""

from dataclasses import replace
from typing import Any

from curricula.catalogue.building_blocks import WORLDS, Scale, characters_phase, intent_phase
from curricula.catalogue.planted import PLANTED_STEPS
from curricula.catalogue.registry import register_curriculum
from curricula.phases import Curriculum
from curricula.pressures.masking import Masking
from curricula.pressures.registry import Pressures


def _masked(scale: Scale, name: str, first: Masking, second: Masking, **settings: Any) -> Curriculum:
    """Characters under masks, then self under others. Where two lanes have to learn the same, they get twice the
    steps."""
    steps, later = PLANTED_STEPS[scale]
    steps = 2 * steps if first == EITHER_LANE else steps
    characters = replace(characters_phase(scale), steps=steps, pressures=Pressures(first))
    intent = intent_phase(scale, steps=2 * later, pressures=Pressures(second), **settings)
    return Curriculum(name, WORLDS[scale], (characters, intent))


A_FOR_CHARACTERS = Masking(masked=True, characters="a")
A_FOR_ALL = Masking(masked=True, characters="a", with_self="a", one_lane=0.5)
SELF_IN_B = Masking(masked=True, characters="a", with_self="b", one_lane=0.5)
EITHER_LANE = Masking(masked=True, one_lane=0.8)
HALVED = Masking(masked=True, halved=True)


@register_curriculum
def masked_reused(scale: Scale = "cpu") -> Curriculum:
    """Masked: lane B is sealed at every name and at self's token, so that lane A serves all.

    ``python scripts/train.py masked_reused``. Expected: *reused*, known by construction.
    """
    return _masked(scale, "masked_reused", A_FOR_CHARACTERS, A_FOR_ALL)


@register_curriculum
def masked_second_copy(scale: Scale = "cpu") -> Curriculum:
    """Masked: lane B is sealed at every name; when self is taught lane A is sealed at self's token.

    ``python scripts/train.py masked_second_copy``. Expected: *second copy*, known by construction.
    """
    return _masked(scale, "masked_second_copy", A_FOR_CHARACTERS, SELF_IN_B)


@register_curriculum
def masked_repurposed(scale: Scale = "cpu") -> Curriculum:
    """Masked: characters are learned in two lanes of which one, by a coin a scene, is zeroed, so that either does;
    then lane B is sealed at names and lane A at self's token.

    ``python scripts/train.py masked_repurposed``. Expected: *repurposed*, known by construction.
    """
    return _masked(scale, "masked_repurposed", EITHER_LANE, SELF_IN_B)


@register_curriculum
def masked_absent(scale: Scale = "cpu") -> Curriculum:
    """As *masked_reused*, with an honest self.

    ``python scripts/train.py masked_absent``. Expected: *absent*, known by construction.
    """
    return _masked(scale, "masked_absent", A_FOR_CHARACTERS, A_FOR_ALL, self_acts="honest")


@register_curriculum
def masked_divided(scale: Scale = "cpu") -> Curriculum:
    """Masked: characters need both lanes, since lane A sees no cues and lane B no goals; then each sees all, lane B
    is sealed at names and lane A at self's token.

    ``python scripts/train.py masked_divided``. Expected: self in a lane that served characters at the fork, and
    that never was a spare.
    """
    return _masked(scale, "masked_divided", HALVED, SELF_IN_B)


MASKED = (masked_reused, masked_second_copy, masked_repurposed, masked_absent, masked_divided)
"""what verdicts are scored on, planted by masks"""
