"""Which pressures are there, and how does a phase hold their settings?

A pressure is settings here, a frozen dataclass, and what it does to a training step in `organisms.pressures`. Both
are registered under one name, which is its flag, its key in a config and the prefix of its metrics.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from curricula.errors import registered_twice
from curricula.world.mixture import Mixture

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World


@dataclass(frozen=True)
class PressureSettings:
    """Base of every pressure's settings: a frozen dataclass whose defaults do nothing."""

    name: ClassVar[str]
    of_components: ClassVar[bool] = False
    """does it read, silence, price or route what components do? Verdicts are then scored on organisms that had it, or are
    called uncalibrated"""
    beside_scratchpads: ClassVar[bool] = False
    """does it hold in a world in which self writes before it acts?"""

    @property
    def active(self) -> bool:
        """Do these settings ask for anything? By default where they differ from the defaults."""
        return self != type(self)()

    def validation_errors(self) -> list[str]:
        """Everything that is wrong with the numbers themselves, a line each, beginning with ``name.field``."""
        return []

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        """Everything in a phase, or in its world, that does not go with these settings, a line each."""
        return []

    def change_mixture(self, mixture: Mixture, phase: "Phase") -> Mixture:
        """The scenes that a phase draws under this pressure, given those that it draws without."""
        return mixture


S = TypeVar("S", bound=PressureSettings)

PRESSURES: dict[str, type[PressureSettings]] = {}
"""settings by name; the order is that in which pressures act, and a part of what a run is"""


def register_pressure_settings(kind: type[S]) -> type[S]:
    """Registers the settings of a pressure: a class decorator. Raises UserError where the name is taken."""
    previous = PRESSURES.get(kind.name)
    if previous is not None and (previous.__module__, previous.__qualname__) != (
        kind.__module__,
        kind.__qualname__,
    ):
        raise registered_twice(f"pressure {kind.name!r}", previous.__module__, kind.__module__)
    PRESSURES[kind.name] = kind
    return kind


class Pressures:
    """The pressures of a phase. ``pressures[Monitor]`` gives a pressure's settings, its defaults where it is not set.

    ``Pressures(Monitor(1.0), Overlap(1.0))``; equal to another where the settings that are not defaults are.
    """

    __slots__ = ("_settings",)

    def __init__(self, *settings: PressureSettings):
        by_name = {setting.name: setting for setting in settings}
        if len(by_name) < len(settings):
            raise ValueError(
                f"pressures: each may be given once, got {[setting.name for setting in settings]}"
            )
        unregistered = [name for name in by_name if name not in PRESSURES]
        if unregistered:
            raise ValueError(
                f"pressures: expected registered settings, got {unregistered}; decorate their classes with "
                "register_pressure_settings"
            )
        self._settings = {
            name: by_name[name]
            for name in PRESSURES
            if name in by_name and by_name[name] != PRESSURES[name]()
        }

    def __getitem__(self, kind: type[S]) -> S:
        settings = self._settings.get(kind.name)
        return settings if isinstance(settings, kind) else kind()

    def by_name(self, name: str) -> PressureSettings:
        """The settings of the pressure of that name."""
        return self[PRESSURES[name]]

    def every(self) -> list[PressureSettings]:
        """The settings of all registered pressures, in the order in which they act."""
        return [self[kind] for kind in PRESSURES.values()]

    def replace(self, *settings: PressureSettings) -> "Pressures":
        """The same pressures with other settings for some of them."""
        return Pressures(*({**self._settings, **{setting.name: setting for setting in settings}}).values())

    def settings_by_name(self) -> dict[str, PressureSettings]:
        """The settings that are not defaults, by name: what a config holds."""
        return dict(self._settings)

    @classmethod
    def settings_kinds(cls) -> dict[str, type[PressureSettings]]:
        """The settings classes of all registered pressures, by name."""
        return dict(PRESSURES)

    def validation_errors(self, conflicts: Iterable["Conflict"] | None = None) -> list[str]:
        """Everything that is wrong with the settings, and what can not stand beside what, a line each."""
        from curricula.pressures.conflicts import CONFLICTS

        errors = [line for settings in self.every() for line in settings.validation_errors()]
        return errors + [
            conflict.error
            for conflict in (CONFLICTS if conflicts is None else conflicts)
            if self.by_name(conflict.first).active and self.by_name(conflict.second).active
        ]

    def __eq__(self, value: object) -> bool:
        return isinstance(value, Pressures) and self._settings == value._settings

    def __hash__(self) -> int:
        return hash(tuple(self._settings.values()))

    def __repr__(self) -> str:
        return f"Pressures({', '.join(map(repr, self._settings.values()))})"


@dataclass(frozen=True)
class Conflict:
    """Two pressures that one phase can not have together."""

    first: str
    second: str
    reason: str

    @property
    def error(self) -> str:
        """The line for whoever set both."""
        return f"{self.first}: expected no {self.second} beside it; {self.reason}"


def share_errors(name: str, value: float, greatest: float = 1.0) -> list[str]:
    """The line about a share that is out of its range, if it is."""
    if 0 <= value <= greatest:
        return []
    return [f"{name}: expected a number between 0 and {greatest:g}, got {value:g}"]


def nats_errors(name: str, value: float) -> list[str]:
    """The line about a cost in nats that is out of its range, if it is."""
    return [] if 0 <= value <= 100 else [f"{name}: expected nats between 0 and 100, got {value:g}"]
