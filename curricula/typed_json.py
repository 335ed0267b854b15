"""JSON of typed records: how does a frozen dataclass become JSON, and the same record again?

`write_json` and `read_json` are inverse, bit by bit: arrays keep their type and shape, and numbers that are not
finite are written as texts, since JSON has none. The reader is told the class and checks every field against its
annotation. Configs are written by `curricula.config_json.to_plain` and read by the same reader.
"""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from curricula.config_json import may_be_omitted
from curricula.errors import UserError

NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""how numbers that JSON has not are written"""
PLAIN_TYPES = (float, str, int, bool)
"""of values that JSON holds as they are"""
Record = TypeVar("Record")
CACHE_ONLY = {"cache_only": True}
"""metadata of a field that is kept in a cache and left out of what people read, as raw numbers of every pair"""


def write_json(value: Any) -> Any:
    """A record, and whatever it holds, as JSON holds it without loss. Arrays are written as base64 of their bytes.

    Raises TypeError where something is neither a record, an array, a container nor a plain value.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: write_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        text = base64.b64encode(array.tobytes()).decode()
        return {"dtype": array.dtype.str, "shape": list(value.shape), "base64": text}
    if isinstance(value, Mapping):
        return {str(name): write_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [write_json(part) for part in value]
    if isinstance(value, np.generic):
        return write_json(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"expected a record, an array or what JSON holds, got {type(value).__name__}")


def summary_of(value: Any) -> Any:
    """A record, and whatever it holds, as dicts, lists and arrays, without fields that are `CACHE_ONLY`. It can not be
    read back; `organisms.storage.records.plain` makes JSON of it."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if "cache_only" not in field.metadata]
        return {name: summary_of(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {name: summary_of(part) for name, part in value.items()}
    return [summary_of(part) for part in value] if isinstance(value, list | tuple) else value


def read_json(kind: type[Record], plain: Any, path: str) -> Record:
    """The record that was written.

    kind: its class. path: how an error names the place, as ``config``.
    Raises UserError on a missing, unknown or wrong field, with the path to it.
    """
    return _read(kind, plain, path)


def read_needed(kind: type[Record], plain: Mapping[str, Any], path: str) -> Record:
    """Those fields of a record that a dataclass has; what was written may hold more. As `read_json` otherwise."""
    names = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    return read_json(kind, {name: value for name, value in plain.items() if name in names}, path)


def _read(kind: Any, plain: Any, path: str) -> Any:
    if kind is Any or (type(plain) is kind and kind in PLAIN_TYPES):
        return plain
    if hasattr(kind, "array_type"):  # a jaxtyping annotation of an array
        return _read_array(plain, path)
    if hasattr(kind, "settings_kinds"):
        return _read_named_settings(kind, plain, path)
    if is_dataclass(kind):
        return _read_record(kind, plain, path)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _read_union(arguments, plain, path)
    if origin is Literal:
        if plain not in arguments:
            raise UserError(f"{path}: expected one of {', '.join(map(repr, arguments))}, got {plain!r}")
        return plain
    if origin in (tuple, list, Sequence):
        return _read_sequence(list if origin is list else tuple, arguments, plain, path, origin is tuple)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(plain, Mapping):
            raise UserError(f"{path}: expected an object, got {plain!r}")
        of_name, of_value = arguments
        if of_name is str and _all_plain(of_value, plain.values()) and _all_plain(str, plain):
            return dict(plain)
        return {
            _read(of_name, name, path): _read(of_value, part, f"{path}.{name}")
            for name, part in plain.items()
        }
    return _read_value(kind, plain, path)


def _all_plain(kind: Any, values: Iterable[Any]) -> bool:
    """Is each value of a plain type, so that a container of them is read at once?"""
    return kind in PLAIN_TYPES and all(type(value) is kind for value in values)


def _read_value(kind: Any, plain: Any, path: str) -> Any:
    if kind is float and type(plain) is int:
        try:
            return float(plain)
        except OverflowError as error:
            raise UserError(
                f"{path}: expected float, got a whole number that is too large for one"
            ) from error
    if kind is float and isinstance(plain, str) and plain in NOT_FINITE:
        return NOT_FINITE[plain]
    if kind in (None, NoneType) and plain is None:
        return None
    if type(plain) is not kind:
        raise UserError(f"{path}: expected {getattr(kind, '__name__', kind)}, got {plain!r}")
    return plain


def _read_named_settings(kind: Any, plain: Any, path: str) -> Any:
    """A record of settings by name; see `curricula.config_json.NamedSettings`."""
    kinds: Mapping[str, type] = kind.settings_kinds()
    if not isinstance(plain, Mapping) or not set(plain) <= set(kinds):
        unknown = sorted(set(plain) - set(kinds)) if isinstance(plain, Mapping) else type(plain).__name__
        raise UserError(
            f"{path}: expected names among {', '.join(kinds)}, got {unknown}; use the version that wrote it, or "
            "--plugin with the file that registers it"
        )
    return kind(*(_read(kinds[name], plain[name], f"{path}.{name}") for name in kinds if name in plain))


@cache
def _record_fields(kind: Any) -> tuple[Mapping[str, Any], frozenset[str]]:
    """A record's annotations by field, in order, and the fields that it must have. Evaluated once a class."""
    hints, declared = get_type_hints(kind), fields(kind)
    return {field.name: hints[field.name] for field in declared}, frozenset(
        field.name for field in declared if not may_be_omitted(field)
    )


def _read_record(kind: Any, plain: Any, path: str) -> Any:
    hints, needed = _record_fields(kind)
    if not isinstance(plain, Mapping) or not needed <= set(plain) <= set(hints):
        present = sorted(plain) if isinstance(plain, Mapping) else type(plain).__name__
        raise UserError(
            f"{path}: expected the fields {', '.join(sorted(hints))}, got {present}; use the version that wrote it"
        )
    return kind(
        **{name: _read(hint, plain[name], f"{path}.{name}") for name, hint in hints.items() if name in plain}
    )


def _read_sequence(
    container: type, arguments: tuple[Any, ...], plain: Any, path: str, of_places: bool
) -> Any:
    """A list, or a tuple of any length. of_places: or one of a type for each place."""
    if not isinstance(plain, list | tuple):
        raise UserError(f"{path}: expected a list, got {plain!r}")
    kinds = arguments if of_places and Ellipsis not in arguments else (arguments[0],) * len(plain)
    if len(kinds) != len(plain):
        raise UserError(f"{path}: expected a list of {len(kinds)}, got {len(plain)}")
    if kinds and kinds.count(kinds[0]) == len(kinds) and _all_plain(kinds[0], plain):
        return container(plain)
    parts = enumerate(zip(kinds, plain, strict=True))
    return container(_read(kind, part, f"{path}.{index}") for index, (kind, part) in parts)


def _read_union(kinds: tuple[Any, ...], plain: Any, path: str) -> Any:
    """The first of several types that fits. Raises what the last of them says."""
    if plain is None and NoneType in kinds:
        return None
    for kind in kinds[:-1]:
        try:
            return _read(kind, plain, path)
        except UserError:
            continue
    return _read(kinds[-1], plain, path)


def _read_array(plain: Any, path: str) -> np.ndarray:
    try:
        data = base64.b64decode(plain["base64"], validate=True)
        return np.frombuffer(data, np.dtype(plain["dtype"])).reshape(plain["shape"]).copy()
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(f"{path}: expected an array, got something else ({error})") from error
