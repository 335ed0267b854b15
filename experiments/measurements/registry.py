"""Registry of measurements: which are there, and in which order are they made?

The order of registration is the order of measuring and that of rows and lines; sections are placed by their ranks.
"""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from curricula.errors import UserError, registered_twice
from experiments.measurements.protocol import Measurement

MeasurementClass = TypeVar("MeasurementClass", bound=type[Measurement[Any]])
_REGISTERED: dict[str, Measurement[Any]] = {}


def register_measurement(measurement: MeasurementClass) -> MeasurementClass:
    """Adds a measurement, after those that are there; a decorator of its class.

    Raises UserError where its name is taken, or where it requires a result that no earlier one gives.
    """
    instance = cast(Measurement[Any], measurement())
    origin = f"{measurement.__module__}.{measurement.__qualname__}"
    if instance.name in _REGISTERED:
        present = type(_REGISTERED[instance.name])
        what, previous = f"measurement {instance.name!r}", f"{present.__module__}.{present.__qualname__}"
        raise registered_twice(what, previous, origin)
    for earlier in _REGISTERED.values():
        if earlier.result is instance.result:
            raise UserError(
                f"{instance.result.__name__} is the result of {type(earlier).__qualname__} and of {origin}; give the "
                "second a class of its own"
            )
    results = {earlier.result for earlier in _REGISTERED.values()}
    absent = [kind.__name__ for kind in instance.requires if kind not in results]
    if absent:
        raise UserError(
            f"{origin} requires {', '.join(absent)}, which no measurement registered before it gives"
        )
    _REGISTERED[instance.name] = instance
    return measurement


def registered_measurements() -> Sequence[Measurement[Any]]:
    """All measurements, in the order in which they are made."""
    return tuple(_REGISTERED.values())
