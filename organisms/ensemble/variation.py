"""What may differ between the members of one ensemble? Any number of a phase that its compiled program takes
as an input.

So a sweep over learning rates, weight decays, pressures or exercise rates is one run: members take the
combinations of the values in turn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from itertools import product
from typing import Any

from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.pressures.registry import PRESSURES, Pressures

FIXED = ("steps", "criterion", "longest", "together")
"""numbers of a phase that are the same for all members"""


@dataclass(frozen=True)
class Variation:
    """One setting and the values that members have for it."""

    setting: str
    """phases.INDEX.FIELD, as on the command line"""
    values: tuple[float, ...]


def read_variation(text: str, phases: Sequence[Phase]) -> Variation:
    """The variation that ``phases.1.optimiser.learning_rate=0.001,0.002`` stands for. Raises UserError where it
    stands for none."""
    setting, _, listed = text.partition("=")
    setting = setting.strip().replace("-", "_")
    try:
        values = tuple(float(value) for value in listed.split(","))
    except ValueError:
        raise UserError(
            f"--vary {text}: expected SETTING=NUMBER,NUMBER,.., got {listed!r} for the numbers"
        ) from None
    paths = [f"phases.{n}.{path}" for n, phase in enumerate(phases) for path in _number_paths(phase)]
    if setting not in paths:
        near = get_close_matches(setting, paths, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; one is {paths[0]}" if paths else ""
        raise UserError(f"--vary {setting}: expected a number of a phase that members can differ in{hint}")
    return Variation(setting, values)


def setting_combinations(variations: Sequence[Variation]) -> int:
    """How many different members there can be."""
    return math.prod(len(variation.values) for variation in variations)


def settings_of(member: int, variations: Sequence[Variation]) -> dict[str, float]:
    """The values that a member has: of all combinations, the last setting changing fastest, the one whose
    turn it is."""
    all_of_them = list(product(*(variation.values for variation in variations)))
    names = [variation.setting for variation in variations]
    return dict(zip(names, all_of_them[member % len(all_of_them)], strict=True))


def phase_of(member: int, index: int, phase: Phase, variations: Sequence[Variation]) -> Phase:
    """A phase as a member is taught it."""
    for setting, value in settings_of(member, variations).items():
        _, phase_index, path = setting.split(".", 2)
        if int(phase_index) == index:
            phase = _with_value(phase, path.split("."), value)
    return phase


def validation_errors(
    variations: Sequence[Variation], curriculum: Curriculum, members: int, earlier_phases: int = 0
) -> list[str]:
    """Everything that is wrong with the settings that members differ in, a line each. earlier_phases: as in
    `curricula.phases.Curriculum.validation_errors`."""
    names = [variation.setting for variation in variations]
    errors = [f"vary: {name} is named twice" for name in sorted({n for n in names if names.count(n) > 1})]
    amount = setting_combinations(variations)
    if amount > members:
        errors.append(
            f"members: expected at least one for each of {amount} combinations of settings, got {members}"
        )
    for member in range(min(amount, members) if variations else 0):
        for index, phase in enumerate(curriculum.phases):
            taught, number = phase_of(member, index, phase, variations), earlier_phases + index
            lines = taught.validation_errors(curriculum.world, number)
            errors += [f"vary: phases.{index}.{line}" for line in lines]
    return list(dict.fromkeys(errors))


def _number_paths(part: Any, path: str = "") -> list[str]:
    """Paths of the numbers that members may differ in."""
    if isinstance(part, Pressures):
        by_name = {name: part.by_name(name) for name in PRESSURES}
        return [
            line for name, settings in by_name.items() for line in _number_paths(settings, f"{path}{name}.")
        ]
    paths: list[str] = []
    for field in fields(part):
        value = getattr(part, field.name)
        if is_dataclass(value) or isinstance(value, Pressures):
            paths += _number_paths(value, f"{path}{field.name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and field.name not in FIXED:
            paths.append(path + field.name)
    return paths


def _with_value(part: Any, path: list[str], value: float) -> Any:
    name, *rest = path
    if isinstance(part, Pressures):
        return part.replace(_with_value(part.by_name(name), rest, value))
    return replace(part, **{name: _with_value(getattr(part, name), rest, value) if rest else value})
