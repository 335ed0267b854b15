"""The parts of a grid are the grid; every cell is grown once; each way to fail is told in its own words."""

import json
import math
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.errors import Incomplete, UserError
from experiments.command_line.flags import report_nothing
from experiments.launch import LocalJob
from experiments.sweep import Grid, Place, expand, parse_grid, parse_shard, part, state, sweep
from organisms.ensemble.config import RunConfig, named_config


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below, its bytes and when it was last changed."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def quick(arguments) -> RunConfig:
    """In place of parsing by train.py: a real config, fast."""
    chosen = dict(word.removeprefix("--").split("=") for word in arguments[1:])
    config = named_config(arguments[0], "tiny", seed=int(chosen.pop("seed", 0)))
    if "x" in chosen.values():
        raise UserError("not a number")
    fields = {name.removeprefix("training.").replace("-", "_"): int(value) for name, value in chosen.items()}
    return replace(config, training=replace(config.training, **fields))


def distinct(values: st.SearchStrategy, size: int = 3) -> st.SearchStrategy:
    return st.lists(values, min_size=1, max_size=size, unique=True)


GRIDS = st.dictionaries(
    st.sampled_from(["training.batch", "training.checkpoint-every", "training.evaluation-scenes"]),
    distinct(st.integers(1, 9).map(str) | st.just("x")),
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=50)
@given(
    distinct(st.sampled_from(["shared", "honest", "naive"])),
    distinct(st.integers(-1, 5)),
    GRIDS,
    st.integers(1, 9),
)
def test_the_parts_of_a_grid_are_disjoint_and_together_the_grid(curricula, seeds, grid, count):
    """However many they are, and in whatever order the grid was written: so machines need not speak to each
    other."""
    out = Path("out")
    cells = expand(Grid(curricula, seeds, grid), out, quick)
    assert (
        len({cell.name for cell in cells})
        == len(cells)
        == math.prod(map(len, [curricula, seeds, *grid.values()]))
    )
    backwards = {flag: values[::-1] for flag, values in reversed(grid.items())}
    again = expand(Grid(curricula[::-1], seeds[::-1], backwards), out, quick)
    parts = [part(again, parse_shard(f"{index}/{count}")) for index in range(1, count + 1)]
    names = [cell.name for cells_of in parts for cell in cells_of]
    assert sorted(names) == [cell.name for cell in cells]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_values_keep_their_order_and_lose_their_spaces():
    assert parse_grid(["a.b_c=2, 1", "d=x"]) == {"a.b-c": ("2", "1"), "d": ("x",)}
    assert parse_shard(None) is None


# Stands in for train.py: it fails, dies or says that it is finished, as its batch tells it to.
STAND_IN = """
import json, os, signal, sys
from pathlib import Path
given = dict(word.split("=", 1) for word in sys.argv[2:])
folder = Path(given["--out"])
kind = int(given["--training.batch"])
print("step 1", flush=True)
if kind == 1:
    sys.exit("error: one line,\\nand another")
folder.mkdir(exist_ok=True)
(folder / "config.json").write_text("{}")
if kind == 2:
    os.kill(os.getpid(), signal.SIGKILL)
(folder / "summary.json").write_text(json.dumps({"finished": kind != 3}))
print(folder / "summary.json")
"""


@pytest.fixture
def stand_in(tmp_path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(STAND_IN)
    return path


def grown(
    out: Path, stand_in: Path, shard: str | None = None, batches: str = "1,2,3,4,5"
) -> tuple[str, dict]:
    """A sweep over the stand-in's kinds: what it complained of, and its summary."""
    cells = expand(Grid(["shared"], [0], parse_grid([f"training.batch={batches}"])), out, quick)
    complaint = ""
    try:
        path = sweep(cells, parse_shard(shard), Place(out, stand_in, LocalJob, 2), report_nothing)
    except Incomplete as incomplete:
        complaint, path = str(incomplete), incomplete.summary
    summary = json.loads(path.read_text())
    for record in summary["runs"]:
        assert (path.parent / record["folder"]).resolve() == (out / record["name"]).resolve()
    return complaint, summary


def test_every_way_to_fail_has_its_own_words(tmp_path, stand_in):
    complaint, summary = grown(tmp_path / "out", stand_in)
    runs = {record["settings"]["training.batch"]: record for record in summary["runs"]}
    assert {kind: record["status"] for kind, record in runs.items()} == {
        **dict.fromkeys((1, 2, 3), "failed"),
        **dict.fromkeys((4, 5), "done"),
    }
    assert (runs[1]["exit_code"], runs[1]["error"]) == (1, "error: one line, and another")
    assert (runs[2]["exit_code"], runs[2]["error"]) == (-signal.SIGKILL, "killed by SIGKILL; step 1")
    assert (runs[3]["exit_code"], state(tmp_path / "out" / runs[3]["name"])) == (0, "unfinished")
    assert "does not record that it is finished" in runs[3]["error"]
    assert complaint.startswith("3 of 5 runs")
    assert all(runs[kind]["error"] in complaint for kind in (1, 2, 3))


def test_of_six_runs_one_fails_and_given_again_nothing_is_done_twice(tmp_path, stand_in):
    out = tmp_path / "out"
    _, first = grown(out, stand_in, batches="1,4,5,6,7,8")
    assert [record["status"] for record in first["runs"]].count("done") == 5
    assert (first["started"], first["done"], first["failed"]) == (6, 5, 1)
    before = {path.name: contents(path) for path in out.glob("shared-*")}
    assert len(before) == 5
    complaint, again = grown(out, stand_in, batches="1,4,5,6,7,8")
    statuses = {record["name"]: record["status"] for record in again["runs"]}
    assert {name for name, status in statuses.items() if status == "done already"} == set(before)
    assert (again["started"], again["done"], again["failed"]) == (1, 5, 1)
    assert "error: one line, and another" in complaint
    assert {path.name: contents(path) for path in out.glob("shared-*")} == before


def test_two_parts_grow_what_one_whole_would_and_never_the_same(tmp_path, stand_in):
    out = tmp_path / "out"
    _, first = grown(out, stand_in, "1/2", "4,5,6,7,8")
    before = {path.name: contents(path) for path in out.glob("shared-*")}
    assert len(before) == first["started"] == 3
    _, second = grown(out, stand_in, "2/2", "4,5,6,7,8")
    assert second["started"] == 2
    assert {name: contents(out / name) for name in before} == before
    for summary, own in ((first, 3), (second, 2)):
        statuses = [record["status"] for record in summary["runs"]]
        assert (statuses.count("done"), statuses.count("elsewhere")) == (own, 5 - own)
    _, whole = grown(out, stand_in, None, "4,5,6,7,8")
    assert [record["status"] for record in whole["runs"]] == ["done already"] * 5
    assert len({first["sweep"], second["sweep"], whole["sweep"]}) == 3


def test_what_there_is_of_a_run(tmp_path):
    assert state(tmp_path / "none") == "to do"
    (tmp_path / "config.json").write_text("{}")
    assert state(tmp_path) == "unfinished"
    for text, expected in (
        ("{", "unfinished"),
        ('{"finished": false}', "unfinished"),
        ('{"finished": true}', "done"),
    ):
        (tmp_path / "summary.json").write_text(text)
        assert state(tmp_path) == expected
