"""The studies that can be run by name."""

from collections.abc import Mapping
from typing import Any, TypeVar

from curricula.errors import UserError, nearest_name, registered_twice
from experiments.studies.study import Study

StudyType = TypeVar("StudyType", bound=Study[Any, Any])
_STUDIES: dict[str, Study[Any, Any]] = {}


def register_study(study: type[StudyType]) -> type[StudyType]:
    """Class decorator: makes a study known by its name. Raises UserError where another has that name."""
    present = _STUDIES.get(study.name)
    if present is not None:
        origins = [f"{kind.__module__}.{kind.__qualname__}" for kind in (type(present), study)]
        raise registered_twice(f"study {study.name!r}", *origins)
    _STUDIES[study.name] = study()
    return study


def registered_studies() -> Mapping[str, Study[Any, Any]]:
    """Every study by name, in the order of registration."""
    return dict(_STUDIES)


def study_named(name: str) -> Study[Any, Any]:
    """The study of a name. Raises UserError where there is none."""
    if name in _STUDIES:
        return _STUDIES[name]
    raise UserError(
        f"study: expected one of {', '.join(_STUDIES)}, got {name!r}{nearest_name(name, _STUDIES)}"
    )
