"""Does a run folder keep what was committed and nothing else, and tell people what is wrong with it?"""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.errors import UserError
from organisms.storage.config_hash import config_hash
from organisms.storage.run import Run, open_run, read_run

CONFIG = {"seed": 1, "phases": [{"name": "honest", "steps": 5}, {"name": "deceit", "steps": 7}], "rate": 0.1}


def parameters(step: int) -> dict[str, np.ndarray]:
    return {"W": np.full((2, 3), step, np.float32), "b": np.arange(2, dtype=np.float32) + step}


def take_steps(run: Run, steps: list[int]) -> None:
    for step in steps:
        run.log({"step": step, "loss_nats": 1 / (step + 1)})
        run.commit(step, "honest", 10 * step, parameters(step), attempts=[step, step + 1])


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def assert_holds(folder: Path, steps: list[int]) -> None:
    """The run has these steps in its manifest and metrics, their checkpoints, and no other file."""
    run = read_run(folder)
    assert [entry.step for entry in run.entries()] == steps
    assert [line["step"] for line in run.metrics()] == steps
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == [
        f"{s:08d}.safetensors" for s in steps
    ]
    assert list((folder / "partial").iterdir()) == []
    for step in steps:
        np.testing.assert_array_equal(run.parameters(step)["W"], parameters(step)["W"])


@pytest.fixture
def folder(tmp_path) -> Path:
    """A run of the steps 0, 4 and 8, closed."""
    with open_run(tmp_path / "run", CONFIG) as run:
        take_steps(run, [0, 4, 8])
    return tmp_path / "run"


def test_what_was_committed_reads_back(folder):
    run = read_run(folder)
    entry = run.entries()[1]
    assert (entry.step, entry.phase, entry.seen_tokens, entry.extra) == (
        4,
        "honest",
        40,
        {"attempts": [4, 5]},
    )
    assert run.config == CONFIG
    assert run.metrics()[1] == {"step": 4, "loss_nats": 0.2}
    np.testing.assert_array_equal(run.parameters(4, names=["b"], member=1)["b"], 5.0)
    np.testing.assert_array_equal(run.parameters(entry)["W"], parameters(4)["W"])


def test_a_file_is_held_against_the_hash_in_the_manifest_once_a_run(folder):
    path = folder / "checkpoints/00000004.safetensors"
    path.write_bytes((folder / "checkpoints/00000008.safetensors").read_bytes())
    with pytest.raises(UserError, match=r"00000004.*expected sha256"):
        read_run(folder).parameters(4)
    run = read_run(folder)
    run.parameters(8)
    (folder / "checkpoints/00000008.safetensors").write_bytes(safetensors.numpy.save(parameters(0)))
    assert run.parameters(8)["W"][0, 0] == 0


def test_a_step_without_a_checkpoint_is_a_fault_that_lists_the_steps(folder):
    with pytest.raises(UserError, match=r"no checkpoint at step 5; name one of its steps: 0, 4, 8"):
        read_run(folder).parameters(5)


@settings(max_examples=15, deadline=None)
@given(
    steps=st.lists(st.integers(0, 50), min_size=1, max_size=5, unique=True).map(sorted),
    data=st.data(),
    twice=st.booleans(),
)
def test_rewind_then_replay_equals_an_unbroken_run(steps, data, twice, tmp_path_factory):
    """To the byte, file by file: hence no line twice, none missing, and no file left over."""
    root = tmp_path_factory.mktemp("replay")
    with open_run(root / "unbroken", CONFIG) as run:
        take_steps(run, steps)
    with open_run(root / "broken", CONFIG) as run:
        take_steps(run, steps)
        for _ in range(1 + twice):
            back_to = data.draw(st.integers(-1, 51))
            run.rewind(back_to)
            assert_holds(run.folder, [step for step in steps if step <= back_to])
            take_steps(run, [step for step in steps if step > back_to])
    unbroken, broken = (contents(root / name) for name in ("unbroken", "broken"))
    assert list(unbroken.values()) == list(broken.values())


def test_rewind_takes_orphans_and_parts(folder):
    (folder / "checkpoints/00000012.safetensors").write_bytes(b"a file without a line")
    (folder / "partial/00000016.safetensors").write_bytes(b"half a f")
    with open_run(folder, CONFIG) as run:
        run.rewind(8)
    assert_holds(folder, [0, 4, 8])


@pytest.mark.parametrize("name", ["manifest.jsonl", "metrics.jsonl"])
def test_a_last_line_cut_anywhere_is_a_fault_to_readers_and_mended_by_the_next_writer(name, folder):
    whole = (folder / name).read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in [*range(last + 1, len(whole), 9), len(whole) - 1]:
        (folder / name).write_bytes(whole[:end])
        with pytest.raises(UserError, match=f"{name} line 3 is cut short; give the same train command again"):
            read_run(folder).entries() if name.startswith("manifest") else read_run(folder).metrics()
        with open_run(folder, CONFIG) as run:
            run.rewind(4)
            assert_holds(folder, [0, 4])
            take_steps(run, [8])
        assert (folder / name).read_bytes() == whole
    assert_holds(folder, [0, 4, 8])


def changed(**fields: object):
    """A change of the second manifest line: None takes a field away."""

    def change(lines: list[bytes]) -> list[bytes]:
        line = {name: value for name, value in (json.loads(lines[1]) | fields).items() if value is not None}
        return [lines[0], json.dumps(line).encode(), lines[2]]

    return change


# What became of the manifest's three lines (steps 0, 4, 8), and what the error says.
DAMAGES = {
    "cut in the middle": (lambda lines: [lines[0], lines[1][:30], lines[2]], "line 2: expected JSON"),
    "an empty line": (lambda lines: [lines[0], b"", *lines[1:]], "line 2: expected JSON"),
    "no object": (lambda lines: [b"3", *lines[1:]], "line 1: expected JSON"),
    "no text": (lambda lines: [*lines, b"\xff\xfe"], "line 4: expected JSON"),
    "zeros, as after a power cut": (lambda lines: [*lines, b"\0" * 40], "line 4: expected JSON"),
    "a line twice": (lambda lines: [*lines[:2], *lines[1:]], "line 3: step: expected more than 4, found 4"),
    "lines swapped": (lambda lines: [lines[0], lines[2], lines[1]], "line 3: step: expected more than 8, found 4"),
    "no step": (changed(step=None), "line 2: step: expected a whole number from 0, found nothing"),
    "no hash, no phase": (changed(sha256=None, phase=None), "line 2: phase: .* nothing; sha256: .* nothing"),
    "a step that is no number": (changed(step="4"), "line 2: step: expected a whole number from 0, found \"4\""),
    "a step that is a truth": (changed(step=True), "line 2: step: .* found true"),
    "a step below 0": (changed(step=-4), "line 2: step: .* found -4"),
    "a short hash": (changed(sha256="abc"), "line 2: sha256: expected 64 hex digits"),
    "another file": (changed(file="../../secret"), "line 2: file: expected checkpoints/00000004.safetensors"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest_is_a_fault_that_names_the_line_and_the_fix(damage, folder):
    change, words = DAMAGES[damage]
    path = folder / "manifest.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in change(path.read_bytes().splitlines())))
    before = contents(folder)
    with pytest.raises(UserError, match=words) as fault:
        read_run(folder).entries()
    assert "put the file back from a copy, or delete" in str(fault.value)
    assert str(fault.value).count("\n") == 1
    with open_run(folder, CONFIG) as run, pytest.raises(UserError, match=words):
        run.rewind(0)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("line", "words"),
    [({"loss_nats": 1.0}, "found None"), ({"step": 1.5}, "found 1.5"), ("step", "expected JSON")],
)
def test_damaged_metrics_are_a_fault_before_a_rewind_changes_anything(line, words, folder):
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    before = contents(folder)
    with open_run(folder, CONFIG) as run, pytest.raises(UserError, match=f"metrics.jsonl line 4: .*{words}"):
        run.rewind(0)
    assert contents(folder) == before


def test_a_commit_that_could_not_be_read_back_is_refused(folder):
    with open_run(folder, CONFIG) as run:
        for step, tokens in ((8, 80), (4, 40), (-1, 0), (9, -1)):
            with pytest.raises(ValueError, match=f"cannot commit step {step}"):
                run.commit(step, "honest", tokens, parameters(step))
        with pytest.raises(ValueError, match="needs a step"):
            run.log({"loss_nats": 1.0})
    assert_holds(folder, [0, 4, 8])


def test_numbers_that_are_not_finite_are_written_as_null(folder):
    with open_run(folder, CONFIG) as run:
        run.log({"step": np.int64(12), "loss_nats": np.array([np.nan, 1.0]), "gradient": float("inf")})
        entry = run.commit(12, "honest", 120, parameters(12), margin=float("-inf"))
        path = run.write_summary({"run": run.folder, "shares": {"reused": np.float32("nan")}})
    assert entry == read_run(folder).entries()[-1]
    assert entry.extra == {"margin": None}
    assert read_run(folder).metrics()[-1] == {"step": 12, "loss_nats": [None, 1.0], "gradient": None}
    assert read_run(folder).summary() == {"run": str(folder), "shares": {"reused": None}}
    assert path == folder / "summary.json"


def test_the_same_config_opens_the_run_again_with_nothing_changed(folder):
    before = contents(folder)
    with open_run(folder, {**dict(reversed(CONFIG.items())), "phases": tuple(CONFIG["phases"])}) as run:
        assert [entry.step for entry in run.entries()] == [0, 4, 8]
    assert contents(folder) == before


def test_another_config_is_a_fault_that_names_the_fields_and_changes_nothing(folder):
    before = contents(folder)
    other = {
        "seed": 2,
        "phases": [{"name": "honest", "steps": 6}, {"name": "deceit", "steps": 7}],
        "extra": None,
        "x": 0,
    }
    with pytest.raises(UserError) as fault:
        open_run(folder, other)
    differences, fix = str(fault.value).splitlines()
    assert differences.endswith(
        "another config: seed: expected 2, found 1; phases.0.steps: expected 6, found 5; "
        "extra: expected null, found nothing; and 2 more;"
    )
    assert fix == "give another --out, or delete that folder"
    assert contents(folder) == before


def test_a_folder_that_is_no_run_is_a_fault_and_stays_as_it_was(tmp_path):
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "thesis.txt").write_text("years of work")
    before = contents(tmp_path)
    with pytest.raises(UserError, match=r"found thesis.txt in it; give another --out"):
        open_run(tmp_path, CONFIG)
    with pytest.raises(UserError, match=r"expected config.json"):
        read_run(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("text", ["", "[]", '{"seed": NaN}', '{"seed"'])
def test_a_damaged_config_is_a_fault(text, folder):
    (folder / "config.json").write_text(text)
    with pytest.raises(UserError, match=r"expected JSON in .*config.json"):
        read_run(folder)
    with pytest.raises(UserError, match="delete the folder, or give another --out"):
        open_run(folder, CONFIG)


def test_the_hash_names_the_config_whatever_its_order(folder):
    assert read_run(folder).hash == config_hash(dict(reversed(CONFIG.items())))
    hashes = {
        config_hash(CONFIG | change)
        for change in ({}, {"seed": 2}, {"seed": 1.5}, {"rate": None}, {"new": 0})
    }
    assert len(hashes) == 5
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in hashes)


def test_one_process_writes_and_the_others_read(folder):
    with open_run(folder, CONFIG) as writer:
        with pytest.raises(UserError, match="another process is writing"):
            open_run(folder, CONFIG)
        reader = read_run(folder)
        assert len(reader.entries()) == 3
    for run in (reader, writer):
        for write in (
            lambda run=run: run.rewind(0),
            lambda run=run: run.write_summary({}),
            lambda run=run: run.log({}),
        ):
            with pytest.raises(RuntimeError, match="open for reading"):
                write()
    forgotten = open_run(folder, CONFIG)
    del forgotten
    open_run(folder, CONFIG).close()
