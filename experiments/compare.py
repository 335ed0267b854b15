"""The main job: train what is missing, use what exists as it is, and compare."""

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from curricula.errors import UserError
from experiments.job_clock import JobClock
from experiments.progress import Say, say_on_error_stream
from experiments.train import train_run
from organisms.ensemble.config import RunConfig
from organisms.storage.config_hash import run_folder
from organisms.storage.loading import require_finished
from organisms.storage.run import Run, read_run
from organisms.training.programs import Programs
from organisms.training.validation import check_config


def train_missing(
    configs: Sequence[RunConfig],
    out: Path,
    quiet: bool,
    say: Say = say_on_error_stream,
    beside: Sequence[Path] = (),
) -> list[Path]:
    """Trains the runs that are not there yet, in order, and returns their folders. Runs share compiled
    programs and first phases. A run that begins with the organisms of another finds it in ``out``.

    beside: further folders in which finished runs are looked for, and taken as they are.
    """
    for config in configs:
        check_config(config)
    programs: Programs | None = None
    folders = [_present_folder(config, (out, *beside)) for config in configs]
    for n, (config, folder) in enumerate(zip(configs, folders, strict=True)):
        if (folder / "summary.json").exists():
            require_finished(read_run(folder))
            say(f"{config.curriculum.name}: trained already, in {folder}")
            continue
        say(f"{config.curriculum.name}: training {config.members} organisms in {folder}")
        if programs is None or not programs.serves(config):
            programs = Programs(config)
        parent = out / config.parent.run if config.parent else None
        trunk = None if config.parent else _trunk(config, configs[:n], folders[:n])
        train_run(config, folder, quiet, trunk, programs, parent)
    return folders


def _present_folder(config: RunConfig, places: Sequence[Path]) -> Path:
    """Where a run is finished already, or else is to be trained: in the first of some places."""
    folders = [run_folder(place, config) for place in places]
    return next((folder for folder in folders if (folder / "summary.json").exists()), folders[0])


def _trunk(config: RunConfig, earlier: Sequence[RunConfig], folders: Sequence[Path]) -> Run | None:
    """Of the runs trained before, the one that shares the most first phases; None where none shares any."""
    shared = [_shared_phases(config, candidate) for candidate in earlier]
    most_shared = max(shared, default=0)
    return read_run(folders[shared.index(most_shared)]) if most_shared else None


def _shared_phases(config: RunConfig, candidate: RunConfig) -> int:
    """First phases that two configs have in common; 0 where they differ in anything but phases."""
    if not Programs.differ_in_phases_alone(config, candidate):
        return 0
    pairs = zip(config.curriculum.phases, candidate.curriculum.phases, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def compare(
    configs: Sequence[RunConfig],
    runs: Sequence[Path],
    out: Path,
    command: str,
    quiet: bool = False,
    say: Say = say_on_error_stream,
) -> Path:
    """Trains and analyses what is missing, then writes the comparison. Returns the path of its summary.json.

    configs: runs to be trained under ``out``; runs: folders of finished ones. Raises UserError before anything is
    trained where an input is wrong.
    """
    _require_distinct(configs, runs, out)
    is_new = not any(folder.exists() for folder in (*runs, *(run_folder(out, config) for config in configs)))
    clock = JobClock(command, is_new)
    folders = [*train_missing(configs, out, quiet, say), *runs]
    if not folders:
        raise UserError("nothing to compare: expected names of curricula or folders of runs")
    # Once all are trained: this takes long to import, and the first picture of learning does not wait for it.
    from experiments.comparison import compare_runs

    return compare_runs(folders, out, clock, say)


def _require_distinct(configs: Sequence[RunConfig], runs: Sequence[Path], out: Path) -> None:
    """Raises UserError where a run is not finished, or where two are the same organisms."""
    places: dict[str, Path] = {}
    for folder in (*(run_folder(out, config) for config in configs), *runs):
        name = folder.name
        if folder in runs or (folder / "summary.json").exists():
            run = read_run(folder)
            require_finished(run)
            name = run.entries()[-1].sha256
        if name in places:
            raise UserError(f"{places[name]} and {folder} hold the same organisms; give them once")
        places[name] = folder
