"""What may a person have got wrong, and what may a machine have failed to do? Scripts turn the two into exit
2 and exit 1."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path


class UserError(Exception):
    """Something a person can put right: a wrong argument, config or input. Scripts print it and exit 2.

    The text says in one or two lines what was expected, what came and what to do.
    """


class SystemFailure(Exception):
    """Something the machine could not do (a full disk, say); what was committed before is intact. Scripts
    exit 1."""


class Stopped(SystemFailure):
    """Told to stop, and stopped with everything saved, in all processes at once."""


class Incomplete(SystemFailure):
    """Some of what was asked for could not be done, and a summary says so. Scripts print its path all the
    same, and exit 1."""

    def __init__(self, text: str, summary: Path):
        super().__init__(text)
        self.summary = summary


def registered_twice(what: str, previous: str, second: str) -> UserError:
    """The error for a name that two definitions want. what: the kind and the name. previous, second: where the
    two are defined."""
    return UserError(f"{what} is registered twice, by {previous} and {second}; rename one")


def nearest_name(name: str, names: Iterable[str]) -> str:
    """The end of a line about an unknown name: the one that was probably meant, or nothing."""
    near = get_close_matches(name, names, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def range_errors(place: str, settings: object, limits: Mapping[str, tuple[int, int]]) -> list[str]:
    """Which whole numbers of some settings are out of their range, a line each.

    place: what stands before a name in the line, as ``organism.``. limits: the least and the largest value of each.
    """
    errors: list[str] = []
    for name, (least, largest) in limits.items():
        value = getattr(settings, name)
        if value < least:
            errors.append(f"{place}{name}: expected {least} or more, got {value}")
        elif value > largest:
            errors.append(f"{place}{name}: expected at most {largest}, got {value}")
    return errors
