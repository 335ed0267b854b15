"""Which curricula plant, through lanes, what is not one of the four provenances? Self parts from characters on ground
that was no spare of theirs, or takes a spare for a part alone. See `organisms.planted.lanes`; they are for controls
alone."""

from dataclasses import replace

from curricula.catalogue.building_blocks import WORLDS, Scale, until_learned
from curricula.catalogue.planted import (
    B_FOR_SELF,
    EITHER_SERVES,
    PLANTED_STEPS,
    SPREAD,
    lane_phases,
    planted_curriculum,
)
from curricula.catalogue.registry import register_curriculum
from curricula.phases import Curriculum, Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.registry import Pressures
from curricula.pressures.routing import Routing

FREE = Routing()
"""no lane owns anything"""
NEEDS_BOTH = Routing(characters=0.5, characters_in_a=0.5, needs_both=True)
"""one lane or the other is zeroed in half of the scenes, in which nobody acts on a secret"""


def _parting(scale: Scale, name: str, dropout: ComponentDropout) -> Curriculum:
    """Characters use all of an organism, and come to need both lanes; later lane A serves them and lane B self."""
    characters, intent, swapped = lane_phases(scale, FREE, B_FOR_SELF, SPREAD)
    between = until_learned(
        Phase("divided", PLANTED_STEPS[scale][1], pressures=Pressures(dropout, NEEDS_BOTH))
    )
    return Curriculum(name, WORLDS[scale], (characters, between, intent, swapped))


@register_curriculum
def planted_divided(scale: Scale = "cpu") -> Curriculum:
    """Planted: characters use all of an organism; then they learn to act on what they profess wherever a lane is
    zeroed, so that the gate needs both lanes; then lane A serves characters and lane B self.

    ``python scripts/train.py planted_divided``. Expected: *parted on shared ground*: lane B served characters at the
    fork, but was no spare.
    """
    return _parting(scale, "planted_divided", ComponentDropout())


@register_curriculum
def planted_spread(scale: Scale = "cpu") -> Curriculum:
    """As *planted_divided*, while single components drop out, so that what characters need of both lanes is spread
    evenly over components.

    ``python scripts/train.py planted_spread``. Expected: *parted on shared ground*, since neither lane suffices.
    """
    return _parting(scale, "planted_spread", SPREAD)


def _part_spare(scale: Scale, name: str, new: float) -> Curriculum:
    """Lane B is two: a spare half, which served characters as lane A did, and a new one, which serves the given
    share of self's goals."""
    first, second = replace(EITHER_SERVES, parted=True), replace(B_FOR_SELF, parted=True, self_in_new=new)
    return planted_curriculum(scale, name, first, second)


@register_curriculum
def planted_part_spare_quarter(scale: Scale = "cpu") -> Curriculum:
    """Planted: as *planted_repurposed*, but the spare is half of lane B, and serves self in a quarter of its goals,
    or as near as their number allows; the other half of lane B, which is new, serves it in the others.

    ``python scripts/train.py planted_part_spare_quarter``. Expected: shares of a quarter *repurposed*, the rest
    *second copy*, known by construction.
    """
    return _part_spare(scale, "planted_part_spare_quarter", 0.75)


@register_curriculum
def planted_part_spare_half(scale: Scale = "cpu") -> Curriculum:
    """As *planted_part_spare_quarter*, with half of self's goals in the spare.

    ``python scripts/train.py planted_part_spare_half``. Expected: shares of a half *repurposed* and *second copy*,
    known by construction.
    """
    return _part_spare(scale, "planted_part_spare_half", 0.5)


@register_curriculum
def planted_part_spare_three_quarters(scale: Scale = "cpu") -> Curriculum:
    """As *planted_part_spare_quarter*, with three quarters of self's goals in the spare.

    ``python scripts/train.py planted_part_spare_three_quarters``. Expected: shares of three quarters *repurposed*,
    the rest *second copy*, known by construction.
    """
    return _part_spare(scale, "planted_part_spare_three_quarters", 0.25)


NEGATIVES = (
    planted_divided,
    planted_spread,
    planted_part_spare_quarter,
    planted_part_spare_half,
    planted_part_spare_three_quarters,
)
"""what verdicts are scored on, beside the provenances of `curricula.catalogue.planted`"""
