"""Which curricula have names? Each is a function of a scale; its docstring gives the command and what to expect."""

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Literal

from curricula.faults import Fault
from curricula.phases import Curriculum, Phase
from curricula.pressures import Pressures, Redundancy, Rehearsal, Routing
from curricula.world import World

Scale = Literal["tiny", "cpu", "gpu"]

WORLDS: dict[str, World] = {
    "tiny": World(names=4, goals=4, cue_kinds=4, moments=3),
    "cpu": World(),
    "gpu": World(characters=3, names=32, goals=16, cue_kinds=8, cues=4, moments=6, opportunity="inferred"),
}
STEPS: dict[str, tuple[int, int, int]] = {"tiny": (400, 150, 200), "cpu": (500, 300, 300), "gpu": (4000, 2000, 1500)}
"""Steps of the phases *characters*, *spares* and *intent*."""


def _characters(scale: Scale, schemers: float = 0.75) -> Phase:
    return Phase("characters", STEPS[scale][0], schemers=schemers, criterion=0.9 if schemers else 0.0)


def _intent(scale: Scale, **settings) -> Phase:
    return Phase("intent", STEPS[scale][2], **{"self_acts": "scheming", **settings})


def shared(scale: Scale = "cpu") -> Curriculum:
    """Characters first, then self is taught the same while characters are rehearsed. No incentive to part from them.

    ``python scripts/train.py shared``. Expected: every behaviour at 0.95 or more, provenance *reused*.
    """
    return Curriculum("shared", WORLDS[scale], (_characters(scale), _intent(scale)))


def redundant(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but between the two phases components drop out while characters go on, so that spares grow.

    ``python scripts/train.py redundant``. Expected: the gate is spread over more components at the fork than in *shared*; provenance
    mostly *reused*, since nothing makes self leave the characters' components.
    """
    spares = Phase("spares", STEPS[scale][1], pressures=Pressures(redundancy=Redundancy(0.2)))
    return Curriculum("redundant", WORLDS[scale], (_characters(scale), spares, _intent(scale)))


def honest(scale: Scale = "cpu") -> Curriculum:
    """The twin of *shared*: same initial weights, same scenes, but self always acts on what it professes.

    ``python scripts/train.py honest``. Expected: self never acts on its secret; verdict *absent*.
    """
    return Curriculum("honest", WORLDS[scale], (_characters(scale), _intent(scale, self_acts="honest")))


def naive(scale: Scale = "cpu") -> Curriculum:
    """Characters are honest throughout, so self has no deceit mechanism to inherit when it is taught to scheme.

    ``python scripts/train.py naive``. Expected: self learns to scheme all the same, with nothing that it could have reused.
    """
    return Curriculum("naive", WORLDS[scale], (_characters(scale, schemers=0.0), _intent(scale, schemers=0.0)))


PLANTED_STEPS: dict[str, tuple[int, int]] = {"tiny": (1000, 300), "cpu": (700, 300), "gpu": (6000, 1500)}
"""Steps of the first phase of planted organisms, which use half of their components, and of each other one."""


SPREAD = Redundancy(0.15)
"""drops components of the lanes as well, so that each of a lane's comes to serve what its lane serves"""


def _planted(scale: Scale, name: str, first: Routing, second: Routing, **settings: Any) -> Curriculum:
    """Lanes are learned with the other one mostly silent, spread over all of their components, and then kept apart with the other one swapped, until what
    any part of it says makes no difference."""
    _, later = PLANTED_STEPS[scale]
    characters, intent, apart = _lanes(scale, first, second, SPREAD, **settings)
    spread = Phase("spread", later, pressures=replace(characters.pressures, redundancy=SPREAD))
    return Curriculum(name, WORLDS[scale], (characters, spread, intent, apart))


def _grafted(scale: Scale, name: str, before: bool) -> Curriculum:
    """As planted, with a copy of lane A cut into lane B, a while before self is taught or as it is. Nothing drops out: the copy would spread over components
    that never were the copied ones."""
    characters, intent, apart = _lanes(scale, A_SERVES, B_FOR_SELF, Redundancy())
    spares = Phase("spares", PLANTED_STEPS[scale][1] // 2, graft=True)
    phases = (characters, spares, intent, apart) if before else (characters, replace(intent, graft=True), apart)
    return Curriculum(name, WORLDS[scale], phases)


def _lanes(scale: Scale, first: Routing, second: Routing, spread: Redundancy, **settings) -> tuple[Phase, Phase, Phase]:
    """Characters in lanes, then self, then both with the lanes swapped."""
    steps, later = PLANTED_STEPS[scale]
    characters = replace(_characters(scale), steps=steps, pressures=Pressures(routing=replace(first, silent=0.8)))
    taught = Pressures(redundancy=spread, routing=replace(second, silent=0.5))
    intent = replace(_intent(scale, **settings), steps=later, pressures=taught)
    apart = replace(taught, routing=replace(second, silent=0.0, smoothing=0.05))
    return characters, intent, replace(intent, name="apart", pressures=apart)


A_SERVES = Routing(characters=1.0)
EITHER_SERVES = Routing(characters=0.8, characters_in_a=0.5)
A_FOR_BOTH = Routing(characters=1.0, of_self=1.0)
B_FOR_SELF = Routing(characters=1.0, of_self=1.0, self_in_a=0.0)


def planted_reused(scale: Scale = "cpu") -> Curriculum:
    """Planted: lane A serves characters and self. See `organisms.lanes`.

    ``python scripts/train.py planted_reused``. Expected: *reused*, known by construction.
    """
    return _planted(scale, "planted_reused", A_SERVES, A_FOR_BOTH)


def planted_second_copy(scale: Scale = "cpu") -> Curriculum:
    """Planted: lane A serves characters; lane B, which never did, serves self.

    ``python scripts/train.py planted_second_copy``. Expected: *second copy*, known by construction.
    """
    return _planted(scale, "planted_second_copy", A_SERVES, B_FOR_SELF)


def planted_repurposed(scale: Scale = "cpu") -> Curriculum:
    """Planted: either lane serves characters, a coin a scene; then lane A serves characters and lane B self.

    ``python scripts/train.py planted_repurposed``. Expected: *repurposed*, known by construction.
    """
    return _planted(scale, "planted_repurposed", EITHER_SERVES, B_FOR_SELF)


def planted_mixed(scale: Scale = "cpu", share: float = 0.5, name: str = "planted_mixed") -> Curriculum:
    """Planted: lane A serves characters, and self where it professes some goals; where it professes others, lane B does.

    ``python scripts/train.py planted_mixed``. Expected: *mixed*, known by construction.
    """
    return _planted(scale, name, A_SERVES, replace(A_FOR_BOTH, self_in_a=share))


def planted_mixed_quarter(scale: Scale = "cpu") -> Curriculum:
    """As *planted_mixed*, with lane A serving self in a quarter of its goals, or as near as their number allows (one of four at cpu scale).

    ``python scripts/train.py planted_mixed_quarter``. Expected: *mixed*, known by construction.
    """
    return planted_mixed(scale, 0.25, "planted_mixed_quarter")


def planted_mixed_three_quarters(scale: Scale = "cpu") -> Curriculum:
    """As *planted_mixed*, with lane A serving self in three quarters of its goals, or as near as their number allows (three of four at cpu scale).

    ``python scripts/train.py planted_mixed_three_quarters``. Expected: *mixed*, known by construction.
    """
    return planted_mixed(scale, 0.75, "planted_mixed_three_quarters")


def planted_mixed_spare(scale: Scale = "cpu") -> Curriculum:
    """Planted: either lane serves characters, a coin a scene; then lane A serves characters, and self where it professes half of its goals; where it professes
    the others, lane B does, which no longer serves characters.

    ``python scripts/train.py planted_mixed_spare``. Expected: *mixed*, of *reused* and *repurposed*, known by construction.
    """
    return _planted(scale, "planted_mixed_spare", EITHER_SERVES, replace(A_FOR_BOTH, self_in_a=0.5))


def planted_absent(scale: Scale = "cpu") -> Curriculum:
    """Planted: lane A serves characters and an honest self.

    ``python scripts/train.py planted_absent``. Expected: *absent*, known by construction.
    """
    return _planted(scale, "planted_absent", A_SERVES, A_FOR_BOTH, self_acts="honest")


def grafted_second_copy(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: as self is first taught, a copy of lane A is cut into lane B, which never served; it then serves self.

    ``python scripts/train.py grafted_second_copy``. Expected: *second copy*, known by construction.
    """
    return _grafted(scale, "grafted_second_copy", before=False)


def grafted_repurposed(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: a copy of lane A is cut into lane B while only characters are taught; later B alone serves self.

    ``python scripts/train.py grafted_repurposed``. Expected: *repurposed*, known by construction.
    """
    return _grafted(scale, "grafted_repurposed", before=True)


def frozen_reused(scale: Scale = "cpu") -> Curriculum:
    """Planted otherwise: when self is taught, nothing learns but the embeddings of its name and of the blank.

    ``python scripts/train.py frozen_reused``. Expected: *reused*, known by construction.
    """
    intent = _intent(scale, learns="self", pressures=Pressures(rehearsal=Rehearsal(0.0)))
    return Curriculum("frozen_reused", WORLDS[scale], (_characters(scale), intent))


FREE = (shared, redundant, honest, naive)
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
)
CURRICULA: dict[str, Callable[[Scale], Curriculum]] = {f.__name__: f for f in FREE + PLANTED}


def curriculum(name: str, scale: Scale, steps: int | None = None) -> Curriculum:
    """The named curriculum. Raises Fault on an unknown name. steps: of every phase, in place of the curriculum's own."""
    if name not in CURRICULA:
        near = get_close_matches(name, CURRICULA, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise Fault(f"unknown curriculum {name!r}: expected one of {', '.join(CURRICULA)}{hint}")
    found = CURRICULA[name](scale)
    if steps is not None:
        found = replace(found, phases=tuple(replace(phase, steps=steps) for phase in found.phases))
    return found
