"""The studies that can be run by name: which are there, and what is each about?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from curricula.errors import UserError, nearest_name, registered_twice
from experiments.studies.catalogue import LISTED_STUDIES

if TYPE_CHECKING:
    from experiments.studies.study import Study

StudyType = TypeVar("StudyType")
_STUDIES: dict[str, "Study[Any, Any]"] = {}
"""those imported so far"""


def register_study(study: type[StudyType]) -> type[StudyType]:
    """Class decorator: makes a study known by its name. Raises UserError where another has that name."""
    name: str = getattr(study, "name")  # noqa: B009  the class of studies takes long to import
    present, listed = _STUDIES.get(name), LISTED_STUDIES.get(name)
    owner = f"{study.__module__}.{study.__qualname__}"
    if listed is not None and listed.module != study.__module__:
        raise registered_twice(f"study {name!r}", listed.module, owner)
    if present is not None:
        first = type(present)
        raise registered_twice(f"study {name!r}", f"{first.__module__}.{first.__qualname__}", owner)
    _STUDIES[name] = cast("Study[Any, Any]", study())
    return study


def studies_in_words() -> dict[str, str]:
    """One sentence about every study, by name: this project's, then those of plug-ins. Imports none of them."""
    listed = {name: study.about for name, study in LISTED_STUDIES.items()}
    return listed | {name: study.about for name, study in _STUDIES.items() if name not in listed}


def study_named(name: str) -> "Study[Any, Any]":
    """The study of a name, imported where it was not. Raises UserError where there is none."""
    if name in LISTED_STUDIES:
        import_module(LISTED_STUDIES[name].module)
    if name in _STUDIES:
        return _STUDIES[name]
    names = list(studies_in_words())
    raise UserError(f"study: expected one of {', '.join(names)}, got {name!r}{nearest_name(name, names)}")
