"""The studies that can be run by name."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from curricula.errors import UserError
from experiments.studies.study import Study

StudyType = TypeVar("StudyType", bound=Study[Any, Any])
_STUDIES: dict[str, Study[Any, Any]] = {}


def register_study(study: type[StudyType]) -> type[StudyType]:
    """Class decorator: makes a study known by its name. Raises UserError where another has that name."""
    present = _STUDIES.get(study.name)
    if present is not None:
        origins = " and ".join(f"{kind.__module__}.{kind.__qualname__}" for kind in (type(present), study))
        raise UserError(f"study {study.name!r} is registered twice, by {origins}; give one another name")
    _STUDIES[study.name] = study()
    return study


def registered_studies() -> Mapping[str, Study[Any, Any]]:
    """Every study by name, in the order of registration."""
    return dict(_STUDIES)


def study_named(name: str) -> Study[Any, Any]:
    """The study of a name. Raises UserError where there is none."""
    if name in _STUDIES:
        return _STUDIES[name]
    nearest = difflib.get_close_matches(name, _STUDIES, 1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    raise UserError(f"study: expected one of {', '.join(_STUDIES)}, got {name!r}{hint}")
