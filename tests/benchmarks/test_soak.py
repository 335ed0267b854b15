"""Does a soak see what is lost, and touch nothing that is not its own?"""

import json

import pytest

from benchmarks.soak import contents, differences, soak
from curricula.errors import UserError


def test_a_folder_of_something_else_is_refused_and_stays(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UserError, match="expected an empty folder, or that of a soak"):
        soak(1, 1.0, 0, tmp_path, print)
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_what_is_missing_other_or_too_many_is_seen_and_how_a_command_went_is_not(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.jsonl").write_text("{}\n")
        (tmp_path / name / "summary.json").write_text(
            json.dumps({"steps": 1, "seconds": len(name) + ord(name)})
        )
    expected = contents(tmp_path / "a")
    assert differences(expected, contents(tmp_path / "b"), "b") == []
    (tmp_path / "b" / "manifest.jsonl").write_text('{"step": 0}\n')
    (tmp_path / "b" / "summary.json").unlink()
    (tmp_path / "b" / "x.safetensors").write_bytes(b"1")
    assert differences(expected, contents(tmp_path / "b"), "b") == [
        "b: manifest.jsonl is another",
        "b: summary.json is missing",
        "b: x.safetensors is too many",
    ]


@pytest.mark.slow
def test_a_short_soak_kills_and_loses_nothing(tmp_path):
    path = soak(2, 10.0, 1, tmp_path / "soak", print, names=["train"])
    assert '"lost": 0' in path.read_text()
