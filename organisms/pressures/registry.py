"""Which pressures act in a phase, and on what numbers?"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from curricula.errors import UserError, registered_twice
from curricula.phases import Phase
from curricula.pressures.registry import PRESSURES, PressureSettings
from curricula.world.scenes import Support, trained_support
from curricula.world.world import World
from organisms.ensemble.config import RunConfig
from organisms.pressures.protocol import MechanismMeasurer, PhaseStart, Pressure

EFFECTS: dict[str, Pressure[Any]] = {}
"""what pressures do to a step, by name"""


def register_pressure(pressure: Pressure[Any]) -> Pressure[Any]:
    """Registers what a pressure does to a step, under the name of its settings, which are registered by
    `curricula.pressures.registry.register_pressure_settings`. Raises UserError where that is missing or taken."""
    if pressure.name not in PRESSURES:
        raise UserError(
            f"pressure {pressure.name!r}: expected its settings to be registered first; decorate them"
        )
    previous = EFFECTS.get(pressure.name)
    if previous is not None and type(previous).__module__ != type(pressure).__module__:
        what = f"pressure {pressure.name!r}"
        raise registered_twice(what, type(previous).__module__, type(pressure).__module__)
    EFFECTS[pressure.name] = pressure
    return pressure


def ordered_effects() -> list[Pressure[Any]]:
    """All registered effects, in the order in which pressures act."""
    return [EFFECTS[name] for name in PRESSURES if name in EFFECTS]


def active_pressures(phases: Sequence[Phase], run: RunConfig) -> list[Pressure[Any]]:
    """Those that act in a phase of a run, for any of its members. phases: the phase as each member is taught it."""
    return [
        pressure for pressure in ordered_effects() if any(pressure.active(phase, run) for phase in phases)
    ]


def in_program(params: Mapping[str, Any]) -> list[Pressure[Any]]:
    """The pressures whose numbers a step was given, in the order in which they act."""
    return [pressure for pressure in ordered_effects() if pressure.name in params]


def support_in_step(params: Mapping[str, Any], world: World) -> Support:
    """What a step's scenes may draw, as its pressures change it in turn."""
    support = trained_support(world)
    for pressure in in_program(params):
        support = pressure.change_support(params[pressure.name], support)
    return support


def settings_by_member(pressure: Pressure[Any], phases: Sequence[Phase]) -> list[PressureSettings]:
    """A pressure's settings for each member."""
    return [phase.pressures.by_name(pressure.name) for phase in phases]


def fit_pressures(phases: Sequence[Phase], start: PhaseStart, measurer: MechanismMeasurer) -> dict[str, Any]:
    """What each active pressure fits to the organisms as a phase begins, by name."""
    return {
        pressure.name: pressure.fit(settings_by_member(pressure, phases), start, measurer)
        for pressure in active_pressures(phases, start.run)
        if pressure.fits
    }


def pressure_params(
    phases: Sequence[Phase],
    run: RunConfig,
    fitted: Mapping[str, Any],
    keep: Collection[str] | None = None,
) -> dict[str, Any]:
    """The numbers [member, ...] of each active pressure, by name. keep: names of the only ones that may act."""
    return {
        pressure.name: pressure.params(settings_by_member(pressure, phases), fitted.get(pressure.name), run)
        for pressure in active_pressures(phases, run)
        if keep is None or pressure.name in keep
    }
