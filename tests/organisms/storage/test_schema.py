"""Every file of JSON says which schema it is of, and one of another schema is told in a line."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curricula.errors import UserError
from organisms.storage import records
from organisms.storage.loading import require_finished
from organisms.storage.run import Run, open_run, read_run

ROOT = Path(__file__).parents[3]
CONFIG = {"seed": 1, "rate": 0.1}
OTHERS = (0, 2, 99, "1", None, True, 1.0, [1])
READERS: dict[str, Callable[[Path], object]] = {
    "config.json": read_run,
    "summary.json": lambda folder: read_run(folder).summary(),
    "truth.json": lambda folder: records.read_object(folder / "truth.json", ""),
    "manifest.jsonl": lambda folder: read_run(folder).entries(),
}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A run with each of the files that are read back by name."""
    with open_run(tmp_path / "run", CONFIG) as run:
        run.commit(0, "first", 0, {})
        run.write_summary({"finished": True})
        run.write_truth({"took": [True]})
    return tmp_path / "run"


def change_schema(path: Path, change: Callable[[dict], object]) -> None:
    """Changes the object in a file, or in the first line of one of lines."""
    first, *others = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    record = json.loads(first)
    change(record)
    path.write_text("\n".join([json.dumps(record), *others]) + "\n")


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", READERS)
def test_a_file_of_another_schema_is_told_with_what_is_read_here(folder, name, other):
    change_schema(folder / name, lambda record: record.update(schema=other))
    with pytest.raises(UserError) as fault:
        READERS[name](folder)
    text = str(fault.value)
    assert "\n" not in text
    assert f"{name} is of schema {json.dumps(other)}" in text
    assert re.search(r"reads schema 1; use the version that wrote it", text)


@pytest.mark.parametrize("name", READERS)
def test_a_file_without_a_number_reads_as_the_first_schema(folder, name):
    """Runs that were made before files had one: nothing else in them is different."""
    before = READERS[name](folder)
    change_schema(folder / name, lambda record: record.pop("schema"))
    after = READERS[name](folder)
    assert (after.config if isinstance(after, Run) else after) == (
        before.config if isinstance(before, Run) else before
    )


def test_a_run_of_another_schema_is_not_gone_on_with(folder):
    change_schema(folder / "config.json", lambda record: record.update(schema=2))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="of schema 2"):
        open_run(folder, CONFIG)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_number_is_no_part_of_a_config(folder):
    assert read_run(folder).config == CONFIG
    with open_run(folder, CONFIG) as run:
        assert run.entries()[0].extra.keys() == {"config", "made_by"}


def test_json_is_written_with_its_number_everywhere():
    """Files go through one function: no module makes the bytes of one by itself."""
    packages = ("curricula", "organisms", "analysis", "reports", "experiments", "benchmarks")
    for path in (path for package in packages for path in (ROOT / package).rglob("*.py")):
        if path.name != "records.py":
            assert "records.pretty(" not in path.read_text(), path


@pytest.mark.slow
def test_every_file_of_an_analysed_run_has_its_number(analysed_run, tmp_path):
    """Those that can be made again are made again where they are of another schema; the others are refused."""
    copy = tmp_path / "copy"
    shutil.copytree(analysed_run, copy)
    files = [path for path in copy.rglob("*.json") if "resume" not in path.relative_to(copy).parts]
    assert {path.name for path in files} >= {"config.json", "summary.json"}
    assert [path for path in files if json.loads(path.read_text()).get("schema") != 1] == []
    for path in files:
        change_schema(path, lambda record: record.update(schema=2))
        assert records.read_object_if_whole(path) == {}
    with pytest.raises(UserError, match="of schema 2"):
        require_finished(read_run(copy))
