"""Parts of a run that do not fit each other are told before anything is written, deleted or measured, and what can go
on goes on to the same bits."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from runs import Killed, Killer, Silent

from curricula.errors import UserError
from organisms.ensemble.config import RunConfig, TrainingConfig, named_config
from organisms.storage import versions
from organisms.storage.loading import require_finished
from organisms.storage.run import open_run, read_run
from organisms.training.loop import train_ensemble
from organisms.training.programs import Programs
from organisms.training.sources import TrainingSources

pytestmark = pytest.mark.slow

TRAINING = TrainingConfig(batch=16, checkpoint_every=10, attempts=0, evaluation_scenes=16)
CONFIG = replace(named_config("shared", "tiny", members=2, seed=1, steps=30), training=TRAINING)
OTHER = replace(CONFIG, seed=2)
KILLED_AT = 40


class Listener(Silent):
    """Keeps what a run says."""

    def __init__(self):
        self.events: list[str] = []

    def event(self, step, text):
        self.events.append(text)


@pytest.fixture(scope="module")
def programs() -> Programs:
    return Programs(CONFIG)


def train(folder: Path, config: RunConfig, programs: Programs, callback: Silent | None = None) -> None:
    with open_run(folder, config.plain()) as run:
        run.write_summary(train_ensemble(config, run, callback or Silent(), TrainingSources(programs)))


@pytest.fixture(scope="module")
def originals(tmp_path_factory, programs) -> Path:
    """Two finished runs that differ in their seed, and the first of them as it was when it was killed."""
    root = tmp_path_factory.mktemp("originals")
    for name, config in (("whole", CONFIG), ("other", OTHER)):
        train(root / name, config, programs)
    with pytest.raises(Killed):
        train(root / "killed", CONFIG, programs, Killer(KILLED_AT))
    with pytest.raises(Killed):
        train(root / "other killed", OTHER, programs, Killer(KILLED_AT))
    return root


@pytest.fixture
def copy(originals, tmp_path):
    """A copy of one of them, and the one of the other seed that goes with it."""

    def made(name: str) -> tuple[Path, Path]:
        shutil.copytree(originals / name, tmp_path / "run")
        return tmp_path / "run", originals / ("other" if name == "whole" else "other killed")

    return made


def contents(folder: Path) -> dict[str, str]:
    """The sha256 of every file but the lock, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def missing(path: Path, other: Path) -> None:
    path.unlink()


def cut_short(path: Path, other: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.splitlines(keepends=True)[0] if path.suffix == ".jsonl" else content[:99])


def emptied(path: Path, other: Path) -> None:
    path.write_bytes(b"")


def of_another_run(path: Path, other: Path) -> None:
    shutil.copy(other, path)


DAMAGES = {function.__name__: function for function in (missing, cut_short, emptied, of_another_run)}
FILES = ("config.json", "manifest.jsonl", "metrics.jsonl", "summary.json", "checkpoints/00000030.safetensors")


def measure(folder: Path) -> None:
    """What every measurement begins with."""
    run = read_run(folder)
    require_finished(run)
    for entry in run.entries():
        run.parameters(entry)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_finished_run_with_a_file_that_does_not_fit_is_not_measured(name, damage, copy):
    folder, other = copy("whole")
    DAMAGES[damage](folder / name, other / name)
    damaged = contents(folder)
    with pytest.raises(UserError) as error:
        measure(folder)
    assert str(error.value).count("\n") <= 1
    assert contents(folder) == damaged


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["config.json", "manifest.jsonl", "metrics.jsonl"])
def test_a_killed_run_with_a_file_that_does_not_fit_loses_nothing(name, damage, copy, programs):
    folder, other = copy("killed")
    DAMAGES[damage](folder / name, other / name)
    damaged = contents(folder)
    with pytest.raises(UserError) as error:
        train(folder, CONFIG, programs)
    assert str(error.value).count("\n") <= 1
    assert contents(folder) == damaged


def test_a_copy_taken_while_a_run_trained_loses_nothing(copy, programs):
    """Its saves are newer than its manifest."""
    folder, _ = copy("killed")
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:2]))
    damaged = contents(folder)
    with pytest.raises(UserError, match=r"manifest.jsonl has 2 checkpoints up to step 30, expected 4"):
        train(folder, CONFIG, programs)
    assert contents(folder) == damaged


@pytest.mark.parametrize("name", ["manifest.jsonl", "metrics.jsonl"])
def test_a_file_that_lacks_a_little_is_replayed_from_the_save_that_fits_it(name, copy, originals, programs):
    folder, _ = copy("killed")
    lines = (folder / name).read_text().splitlines(keepends=True)
    (folder / name).write_text("".join(line for line in lines if json.loads(line)["step"] <= 20))
    listener = Listener()
    train(folder, CONFIG, programs, listener)
    assert_ends_as_unbroken(folder, originals)
    assert any(f"resume/30: {name} has" in text for text in listener.events)


def test_without_saves_nothing_is_deleted(copy, programs):
    folder, _ = copy("killed")
    shutil.rmtree(folder / "resume")
    before = contents(folder)
    with pytest.raises(UserError, match=r"has 4 checkpoints .* and no save in resume/ to go on from"):
        train(folder, CONFIG, programs)
    assert contents(folder) == before


def assert_ends_as_unbroken(folder: Path, originals: Path) -> None:
    ended, unbroken = (
        {k: v for k, v in contents(path).items() if k.startswith(("checkpoints/", "m"))}
        for path in (folder, originals / "whole")
    )
    assert ended == unbroken


def newest_save(folder: Path) -> Path:
    return max((folder / "resume").iterdir(), key=lambda path: int(path.name))


def emptied_save(save: Path) -> None:
    for path in save.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def cut_save(save: Path) -> None:
    for path in save.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def save_without_position(save: Path) -> None:
    shutil.rmtree(save / "position")


@pytest.mark.parametrize("damage", [emptied_save, cut_save, save_without_position])
def test_a_run_goes_on_from_the_newest_whole_save_to_the_same_bits(damage, copy, originals, programs):
    folder, _ = copy("killed")
    damage(newest_save(folder))
    listener = Listener()
    train(folder, CONFIG, programs, listener)
    assert_ends_as_unbroken(folder, originals)
    assert any("it is not whole" in text for text in listener.events)


def test_without_a_whole_save_nothing_is_lost(copy, programs):
    folder, _ = copy("killed")
    for save in (folder / "resume").iterdir():
        emptied_save(save)
    before = contents(folder)
    with pytest.raises(UserError, match="can not go on from any save"):
        train(folder, CONFIG, programs)
    assert contents(folder) == before


def test_files_of_a_persons_own_beside_checkpoints_stay(copy, originals, programs):
    folder, _ = copy("killed")
    note = folder / "checkpoints/notes.txt"
    note.write_text("mine")
    train(folder, CONFIG, programs)
    assert note.read_text() == "mine"
    note.unlink()
    assert_ends_as_unbroken(folder, originals)


def test_the_manifest_says_what_made_the_run_and_a_change_is_told(copy, programs, originals, monkeypatch):
    folder, _ = copy("killed")
    line = json.loads((folder / "manifest.jsonl").read_text().splitlines()[0])
    assert {"exapt", "jax", "flax", "numpy", "python", "device"} <= set(line["made_by"])
    assert line["config"] == read_run(folder).hash
    monkeypatch.setattr(versions, "versions", lambda: line["made_by"] | {"jax": "9.0"})
    listener = Listener()
    train(folder, CONFIG, programs, listener)
    was = line["made_by"]["jax"]
    assert [text for text in listener.events if "last bits may change" in text] == [
        f"going on from step 30: the last bits may change: jax was {was}, is 9.0"
    ]
    assert_ends_as_unbroken(folder, originals)


def test_with_the_same_versions_nothing_is_told(copy, programs):
    folder, _ = copy("killed")
    listener = Listener()
    train(folder, CONFIG, programs, listener)
    assert not any("last bits" in text for text in listener.events)
