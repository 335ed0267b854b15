"""Typed records come back from JSON as they were."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from jaxtyping import Float

from curricula.errors import UserError
from curricula.typed_json import CACHE_ONLY, read_json, summary_of, write_json


@dataclass(frozen=True)
class Inner:
    name: str
    interval: tuple[float, float]


@dataclass(frozen=True)
class Outer:
    kind: Literal["one", "two"]
    numbers: Float[np.ndarray, "row column"] | None
    by_kind: Mapping[Literal["one", "two"], float]
    parts: tuple[Inner | None, ...]
    counts: tuple[int | None, ...]
    raw: Float[np.ndarray, " raw"] = field(metadata=CACHE_ONLY)


def through_text(record):
    return read_json(type(record), json.loads(json.dumps(write_json(record), allow_nan=False)), "record")


def bits(number: float) -> bytes:
    return np.float64(number).tobytes()


@given(
    st.tuples(st.floats(allow_nan=True), st.floats(allow_infinity=True)),
    arrays.arrays(np.float64, st.tuples(st.integers(0, 3), st.integers(0, 3))),
    st.lists(st.none() | st.integers(), max_size=3),
)
def test_a_record_comes_back_bit_by_bit(interval, numbers, counts):
    record = Outer(
        "two",
        numbers,
        {"one": math.inf, "two": 0.1},
        (Inner("ü", interval), None),
        tuple(counts),
        numbers.ravel(),
    )
    same = through_text(record)
    assert same.numbers.tobytes() == numbers.tobytes()
    assert same.numbers.shape == numbers.shape
    assert (same.by_kind, same.counts, same.parts[1]) == (record.by_kind, record.counts, None)
    for was, now in zip(interval, same.parts[0].interval, strict=True):
        assert bits(was) == bits(now) or (math.isnan(was) and math.isnan(now))


def test_what_is_only_cached_is_left_out_of_the_summary():
    record = Outer("one", None, {"one": 1.0}, (Inner("a", (0.0, 1.0)),), (), np.zeros(3))
    summary = summary_of(record)
    assert set(summary) == {"kind", "numbers", "by_kind", "parts", "counts"}
    assert summary["parts"] == [{"name": "a", "interval": [0.0, 1.0]}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "three"}, "record.kind: expected one of 'one', 'two', got 'three'"),
        ({"numbers": [1.0]}, "record.numbers: expected NoneType"),
        ({"raw": {"dtype": "<f8", "shape": [2], "base64": ""}}, "record.raw: expected an array"),
        ({"by_kind": {"three": 1.0}}, "record.by_kind: expected one of"),
        ({"parts": [{"name": "a"}]}, "record.parts.0"),
        ({"extra": 1}, "expected the fields"),
    ],
)
def test_a_wrong_field_is_named_with_its_path(change, message):
    record = Outer("one", None, {"one": 1.0}, (Inner("a", (0.0, 1.0)),), (), np.zeros(3))
    with pytest.raises(UserError, match=message):
        read_json(Outer, write_json(record) | change, "record")


@dataclass(frozen=True)
class Ordered:
    seeds: Sequence[int]


def test_a_sequence_of_any_length_is_read_as_a_tuple():
    assert read_json(Ordered, {"seeds": [3, 1, 2]}, "record") == Ordered((3, 1, 2))
    with pytest.raises(UserError, match=r"record\.seeds\.1: expected int, got 'x'"):
        read_json(Ordered, {"seeds": [3, "x"]}, "record")
