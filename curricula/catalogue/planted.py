"""Which curricula plant a provenance that is then known? See `organisms.planted.lanes`; they are for controls
alone."""

from dataclasses import replace
from typing import Any

from curricula.catalogue.building_blocks import (
    WORLDS,
    Scale,
    characters_phase,
    final_optimiser,
    intent_phase,
    until_learned,
)
from curricula.catalogue.registry import register_curriculum
from curricula.phases import Curriculum, Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from curricula.pressures.routing import Routing

PLANTED_STEPS: dict[str, tuple[int, int]] = {"tiny": (1000, 300), "cpu": (700, 300), "gpu": (2100, 300)}
"""Steps of the first phase of planted organisms, which use half of their components, and of each other
one."""


SPREAD = ComponentDropout(0.15)
"""drops components of the lanes as well, so that each of a lane's comes to serve what its lane serves"""


def planted_curriculum(
    scale: Scale, name: str, first: Routing, second: Routing, **settings: Any
) -> Curriculum:
    """Lanes are learned with the other one mostly silent, spread over all of their components, and then kept
    apart with the other one swapped, until what any part of it says makes no difference."""
    _, later = PLANTED_STEPS[scale]
    characters, intent, swapped = lane_phases(scale, first, second, SPREAD, **settings)
    spread = until_learned(Phase("spread", later, pressures=characters.pressures.replace(SPREAD)))
    return Curriculum(name, WORLDS[scale], (characters, spread, intent, swapped))


def _grafted(scale: Scale, name: str, as_spare: bool, second: Routing) -> Curriculum:
    """As planted, with a copy of lane A cut into lane B, a while before self is taught or as it is. Nothing
    drops out: the copy would spread over components that never were the copied ones. second: who serves whom then."""
    characters, intent, swapped = lane_phases(scale, A_SERVES, second, ComponentDropout())
    spares = Phase("spares", PLANTED_STEPS[scale][1] // 2, graft=True)
    phases = (
        (characters, spares, intent, swapped)
        if as_spare
        else (characters, replace(intent, graft=True), swapped)
    )
    return Curriculum(name, WORLDS[scale], phases)


def lane_phases(
    scale: Scale, first: Routing, second: Routing, spread: ComponentDropout, **settings: Any
) -> tuple[Phase, Phase, Phase]:
    """Characters in lanes, then self, then both with the lanes swapped."""
    steps, later = PLANTED_STEPS[scale]
    characters = replace(
        characters_phase(scale), steps=steps, pressures=Pressures(replace(first, zeroed=0.8))
    )
    taught = Pressures(spread, replace(second, zeroed=0.5))
    intent = replace(intent_phase(scale, **settings), steps=later, pressures=taught)
    swapped = taught.replace(replace(second, zeroed=0.0, smoothing=0.05))
    return characters, intent, replace(intent, name="apart", pressures=swapped)


A_SERVES = Routing(characters=1.0)
EITHER_SERVES = Routing(characters=0.8, characters_in_a=0.5)
A_FOR_BOTH = Routing(characters=1.0, with_self=1.0)
B_FOR_SELF = Routing(characters=1.0, with_self=1.0, self_in_a=0.0)


@register_curriculum
def planted_reused(scale: Scale = "cpu") -> Curriculum:
    """Planted: lane A serves characters and self. See `organisms.planted.lanes`.

    ``python scripts/train.py planted_reused``. Expected: *reused*, known by construction.
    """
    return planted_curriculum(scale, "planted_reused", A_SERVES, A_FOR_BOTH)


@register_curriculum
def planted_second_copy(scale: Scale = "cpu") -> Curriculum:
    """Planted: lane A serves characters; lane B, which never did, serves self.

    ``python scripts/train.py planted_second_copy``. Expected: *second copy*, known by construction.
    """
    return planted_curriculum(scale, "planted_second_copy", A_SERVES, B_FOR_SELF)


@register_curriculum
def planted_repurposed(scale: Scale = "cpu") -> Curriculum:
    """Planted: either lane serves characters, a coin a scene; then lane A serves characters and lane B self.

    ``python scripts/train.py planted_repurposed``. Expected: *repurposed*, known by construction.
    """
    return planted_curriculum(scale, "planted_repurposed", EITHER_SERVES, B_FOR_SELF)


@register_curriculum
def planted_mixed(scale: Scale = "cpu", share: float = 0.5, name: str = "planted_mixed") -> Curriculum:
    """Planted: lane A serves characters, and self where it professes some goals; where it professes others,
    lane B does.

    ``python scripts/train.py planted_mixed``. Expected: *mixed*, known by construction.
    """
    return planted_curriculum(scale, name, A_SERVES, replace(A_FOR_BOTH, self_in_a=share))


@register_curriculum
def planted_mixed_quarter(scale: Scale = "cpu") -> Curriculum:
    """As *planted_mixed*, with lane A serving self in a quarter of its goals, or as near as their number
    allows (one of four at cpu scale).

    ``python scripts/train.py planted_mixed_quarter``. Expected: *mixed*, known by construction.
    """
    return planted_mixed(scale, 0.25, "planted_mixed_quarter")


@register_curriculum
def planted_mixed_three_quarters(scale: Scale = "cpu") -> Curriculum:
    """As *planted_mixed*, with lane A serving self in three quarters of its goals, or as near as their number
    allows (three of four at cpu scale).

    ``python scripts/train.py planted_mixed_three_quarters``. Expected: *mixed*, known by construction.
    """
    return planted_mixed(scale, 0.75, "planted_mixed_three_quarters")


@register_curriculum
def planted_mixed_spare(scale: Scale = "cpu") -> Curriculum:
    """Planted: either lane serves characters, a coin a scene; then lane A serves characters, and self where
    it professes half of its goals; where it professes the others, lane B does, which no longer serves
    characters.

    ``python scripts/train.py planted_mixed_spare``. Expected: *mixed*, of *reused* and *repurposed*, known by
    construction.
    """
    return planted_curriculum(scale, "planted_mixed_spare", EITHER_SERVES, replace(A_FOR_BOTH, self_in_a=0.5))


@register_curriculum
def planted_absent(scale: Scale = "cpu") -> Curriculum:
    """Planted: lane A serves characters and an honest self.

    ``python scripts/train.py planted_absent``. Expected: *absent*, known by construction.
    """
    return planted_curriculum(scale, "planted_absent", A_SERVES, A_FOR_BOTH, self_acts="honest")


@register_curriculum
def grafted_second_copy(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: as self is first taught, a copy of lane A is cut into lane B, which never served; it
    then serves self.

    ``python scripts/train.py grafted_second_copy``. Expected: *second copy*, known by construction.
    """
    return _grafted(scale, "grafted_second_copy", as_spare=False, second=B_FOR_SELF)


@register_curriculum
def grafted_repurposed(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: a copy of lane A is cut into lane B while only characters are taught; later B alone
    serves self.

    ``python scripts/train.py grafted_repurposed``. Expected: *repurposed*, known by construction.
    """
    return _grafted(scale, "grafted_repurposed", as_spare=True, second=B_FOR_SELF)


@register_curriculum
def grafted_reused(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: as self is first taught, a copy of lane A is cut into lane B, and lane A goes on to serve
    characters and self. For the sealed challenge, in which no make may have one truth alone.

    ``python scripts/train.py grafted_reused``. Expected: *reused*, known by construction.
    """
    return _grafted(scale, "grafted_reused", as_spare=False, second=A_FOR_BOTH)


@register_curriculum
def planted_exchanged(scale: Scale = "cpu") -> Curriculum:
    """Planted for its dates: as *planted_second_copy*; then all trains on as it ended, and then the lanes are
    exchanged, so that from one step to the next what served characters serves self, and the reverse.

    ``python scripts/train.py planted_exchanged``. Expected: *repurposed* by the end, known by construction,
    and two settled phases in which nothing happens but the exchange between them.
    """
    curriculum = planted_second_copy(scale)
    last_phase, later = curriculum.phases[-1], PLANTED_STEPS[scale][1]
    routing = replace(last_phase.pressures[Routing], characters_in_a=0.0, self_in_a=1.0)
    settled = replace(
        last_phase.of_fixed_length(), name="settled", steps=later, optimiser=final_optimiser(last_phase)
    )
    exchanged = replace(
        settled, name="exchanged", exchange=True, pressures=last_phase.pressures.replace(routing)
    )
    return replace(curriculum, name="planted_exchanged", phases=(*curriculum.phases, settled, exchanged))


@register_curriculum
def planted_other_rule(scale: Scale = "cpu") -> Curriculum:
    """As *planted_second_copy*, in a world in which self is alone if any cue says so, where characters need
    all of them to: what lane B learns for self has to compute something else than lane A does for characters.

    ``python scripts/train.py planted_other_rule``. Expected: *second copy, by another mechanism*, known by
    construction.
    """
    curriculum = planted_curriculum(scale, "planted_other_rule", A_SERVES, B_FOR_SELF)
    return replace(curriculum, world=replace(curriculum.world, self_rule="any"))


@register_curriculum
def frozen_reused(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: when self is taught, nothing learns but the embeddings of its name and of the blank.

    ``python scripts/train.py frozen_reused``. Expected: *reused*, known by construction.
    """
    intent = intent_phase(scale, learns="self", pressures=Pressures(Rehearsal(0.0)))
    return Curriculum("frozen_reused", WORLDS[scale], (characters_phase(scale), intent))


PLANTED = (
    planted_reused,
    planted_second_copy,
    planted_repurposed,
    planted_mixed,
    planted_mixed_quarter,
    planted_mixed_three_quarters,
    planted_mixed_spare,
    planted_absent,
    grafted_second_copy,
    grafted_repurposed,
    frozen_reused,
    planted_other_rule,
)
"""what verdicts are scored on"""
DATED = (planted_exchanged,)
"""what dates alone are scored on"""
OF_CHALLENGE = (grafted_reused,)
"""what packs of the challenge alone hold"""
WITH_DATES = frozenset(f.__name__ for f in (planted_exchanged, planted_repurposed, grafted_repurposed))
"""whose planted changes get dates, for which every checkpoint is measured with the lanes known"""
