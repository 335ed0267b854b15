"""Which curricula have names? Each is a function of a scale; its docstring gives the command and what to expect."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from curricula.catalogue.building_blocks import Scale
from curricula.errors import UserError, nearest_name, registered_twice
from curricula.phases import Curriculum

CurriculumFunction = Callable[[Scale], Curriculum]
F = TypeVar("F", bound=Callable[..., Curriculum])

CURRICULA: dict[str, Callable[..., Curriculum]] = {}
FORKS: set[str] = set()
"""names of curricula that begin with the organisms of another run"""
OLD_NAMES = {
    "lean": "concentrated",
    "audited_lean": "audited_concentrated",
    "audited_lean_rewarded": "audited_concentrated_rewarded",
    "clamped_lean": "ablated_concentrated",
    "doubled": "half_dropout",
    "audited_doubled": "audited_half_dropout",
    "audited_doubled_rewarded": "audited_half_dropout_rewarded",
    "disused": "self_never_alone",
    "deserted": "characters_absent",
    "fading": "weight_decay_only",
}
"""names that curricula had before, and those that they have"""


def register_curriculum(function: F) -> F:
    """Registers a curriculum under its function's name: a decorator. Raises UserError where the name is taken."""
    previous = CURRICULA.get(function.__name__)
    if previous is not None and previous.__module__ != function.__module__:
        what = f"curriculum {function.__name__!r}"
        raise registered_twice(what, previous.__module__, function.__module__)
    CURRICULA[function.__name__] = function
    return function


def register_fork_curriculum(function: F) -> F:
    """Registers a curriculum that begins with the organisms of another run, as `register_curriculum`."""
    FORKS.add(function.__name__)
    return register_curriculum(function)


def curricula_by_purpose() -> dict[str, list[str]]:
    """Names of all curricula, by the first sentence of the module that registers them: what those are for."""
    groups: dict[str, list[str]] = {}
    for name, function in CURRICULA.items():
        groups.setdefault(_first_sentence(sys.modules[function.__module__].__doc__), []).append(name)
    return groups


def _first_sentence(text: str | None) -> str:
    """The first sentence of a docstring; *others* where there is none."""
    words = re.sub(r"\s+", " ", text or "").strip()
    return re.split(r"(?<=[.?!])\s", words)[0] or "others"


def curriculum(name: str, scale: Scale, steps: int | None = None) -> Curriculum:
    """The named curriculum. Raises UserError on an unknown name. steps: of every phase, in place of the curriculum's
    own; no phase is then prolonged."""
    if name in OLD_NAMES and name not in CURRICULA:
        raise UserError(f"curriculum {name!r} is now called {OLD_NAMES[name]!r}; give that name")
    if name not in CURRICULA:
        expected = ", ".join(CURRICULA) + nearest_name(name, CURRICULA)
        raise UserError(f"unknown curriculum {name!r}: expected one of {expected}")
    named = CURRICULA[name](scale)
    if steps is not None:
        cut = [replace(phase.of_fixed_length(), steps=steps) for phase in named.phases]
        cut[:1] = [replace(phase, criterion=named.phases[0].criterion) for phase in cut[:1]]
        named = replace(named, phases=tuple(cut))
    return named
