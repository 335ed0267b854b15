"""Does a record come back as it was written, or not at all?"""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.errors import UserError
from organisms.storage import records

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def without_wild_numbers(value):
    if isinstance(value, dict):
        return {name: without_wild_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_wild_numbers(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=3))
def test_lines_come_back_with_null_for_what_is_not_finite(lines, tmp_path_factory):
    """read_lines refuses NaN, so that it passes shows that none was written."""
    path = tmp_path_factory.mktemp("lines") / "lines.jsonl"
    for line in lines:
        records.append_line(path, line)
    assert [line for _, line in records.read_lines(path)] == without_wild_numbers(lines)


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (np.float32(0.5), 0.5),
        (np.float32("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1.0, np.inf]), [1.0, None]),
        (np.array(2), 2),
        ((1, (2,)), [1, [2]]),
        ({1: Path("/a")}, {"1": "/a"}),
    ],
)
def test_arrays_and_paths_become_what_json_knows(value, json_value):
    assert records.plain(value) == json_value
    assert type(records.plain(value)) is type(json_value)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(TypeError):
        json.dumps(records.plain({"value": value}))


@pytest.mark.parametrize(
    ("expected", "found", "differences"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": (1, 2)}, {"a": [1, 2]}, []),
        ({"a": {"b": [{"c": 5}]}}, {"a": {"b": [{"c": 7}]}}, ["a.b.0.c: expected 5, found 7"]),
        ({"a": 1}, {"a": 1.5, "b": "x"}, ["a: expected 1, found 1.5", 'b: expected nothing, found "x"']),
        ({"a": []}, {"a": {}}, ["a: expected [], found {}"]),
        ({"a": None}, {}, ["a: expected null, found nothing", ": expected nothing, found {}"]),
        ({"a": True}, {"a": 1}, ["a: expected true, found 1"]),
    ],
)
def test_differences_name_the_leaf_and_both_values(expected, found, differences):
    assert records.record_differences(expected, found) == differences


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", '{"a": NaN}', '{"a": Infinity}', "\udcff", '{"a":' * 100_000]
)
def test_what_is_no_strict_json_object_is_a_fault(text, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match="expected JSON") as fault:
        records.read_object(path, "mend it")
    assert str(fault.value).endswith("; mend it")
    assert "\n" not in str(fault.value)


FULL_DISK = """
import resource, sys
from pathlib import Path
from curricula.errors import SystemFailure
from organisms.storage import records
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, -1))
try:
    records.append_line(path, {"text": "x" * 100})
except SystemFailure as failure:
    print(failure)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
records.append_line(path, {"text": "after"})
"""


def test_a_line_that_the_disk_cuts_in_two_is_taken_back(tmp_path):
    """The system itself refuses, after 20 bytes of the line. What was before stays, and what comes after fits
    on."""
    path = tmp_path / "lines.jsonl"
    records.append_line(path, {"text": "before"})
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True)
    assert "File too large; free some space" in done.stdout
    assert [line for _, line in records.read_lines(path)] == [{"text": "before"}, {"text": "after"}]
