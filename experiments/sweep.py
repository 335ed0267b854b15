"""Sweeps: which runs does a grid of settings hold, which of them are done, and how did the others end?

A grid is curricula x seeds x the values of any settings. Each cell is a run like any other, in the folder
that its config names, trained by `scripts/train.py` in a process of its own. A run that is done is not done
again; one that was killed continues; one that failed is tried again.
"""

import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Literal

from curricula.errors import Incomplete, UserError
from experiments.launch import Ending, Job, Task, run_all
from experiments.progress import Say, say_on_error_stream
from organisms.ensemble.config import RunConfig
from organisms.storage import records
from organisms.storage.config_hash import config_hash, run_folder

NOT_IN_A_GRID = {
    "seed": "give --seeds 0 1 2",
    "seeds": "give --seeds 0 1 2",
    "vary": "it makes the members of one run differ; give a grid its setting instead",
}
"""flags of train.py that a grid can not have, and what to do instead"""
Resolve = Callable[[Sequence[str]], RunConfig]
"""The run that arguments of train.py define, valid or not. Raises UserError where they can not be read."""


@dataclass(frozen=True)
class Grid:
    """The runs of a sweep, before they are counted out."""

    curricula: Sequence[str]
    seeds: Sequence[int]
    values: Mapping[str, Sequence[str]]
    """the values of each flag of train.py that differs between runs"""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """the value of each flag that is the same in every run; a flag in `values` overrides it"""
    switches: Sequence[str] = ()
    """further words of every command, which are no settings: --no-cache, --plugin=FILE"""

    def words(self, curriculum: str, settings: Mapping[str, str]) -> tuple[str, ...]:
        """The arguments of train.py for one run."""
        return (curriculum, *(f"--{name}={value}" for name, value in settings.items()), *self.switches)


@dataclass(frozen=True)
class Place:
    """Where and how the runs of a sweep are trained."""

    out: Path
    """folder of the runs, their logs and the summary"""
    script: Path
    """train.py"""
    start: Callable[[Task], Job]
    """what makes a task a job"""
    at_once: int
    """jobs at the same time at most"""


@dataclass(frozen=True)
class Cell:
    """One run of a grid: its folder, its settings, and the same settings as arguments of train.py."""

    folder: Path
    settings: dict[str, str]
    arguments: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def command(self) -> tuple[str, ...]:
        """Without the interpreter and the script."""
        return (*self.arguments, f"--out={self.folder}")


def parse_grid(flags: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of each flag, from `FLAG=V1,V2` for each. Raises UserError with everything that is
    malformed."""
    grid: dict[str, tuple[str, ...]] = {}
    validation_errors = []
    for flag in flags:
        name, _, text = flag.partition("=")
        name, values = name.strip().replace("_", "-"), tuple(value.strip() for value in text.split(","))
        if not name or not all(values):
            validation_errors.append(
                f"--grid: expected FLAG=VALUE,VALUE, such as training.batch=32,64, got {flag!r}"
            )
        elif name in grid:
            validation_errors.append(
                f"--grid: {name} is given twice; give all its values at once, {name}=V1,V2"
            )
        grid[name] = values
    if validation_errors:
        raise UserError("; ".join(validation_errors))
    return grid


def expand(grid: Grid, out: Path, resolve: Resolve) -> list[Cell]:
    """Every cell of a grid, sorted by name, whatever the order in which it was written.

    Raises UserError on an unknown curriculum or flag, a fixed value that is wrong, or two cells that are one
    run. A value that is wrong in some cells only is left for train.py to refuse.
    """
    from organisms.training.validation import (
        check_config,  # takes long to import, and --help needs none of it
    )

    if not grid.curricula or not grid.seeds:
        raise UserError("nothing to train: expected the name of a curriculum and a seed at least; see --help")
    fixed = {name: value for name, value in grid.fixed.items() if name not in grid.values}
    validation_errors = []
    for curriculum in grid.curricula:
        config = resolve(grid.words(curriculum, fixed))
        check_config(config)
        validation_errors += _unknown(curriculum, grid.values, config)
    if validation_errors:
        raise UserError("; ".join(validation_errors))
    cells: dict[Path, Cell] = {}
    for curriculum, seed, values in product(grid.curricula, grid.seeds, product(*grid.values.values())):
        settings = {"seed": str(seed), **fixed, **dict(zip(grid.values, values, strict=True))}
        words = grid.words(curriculum, settings)
        try:
            folder = run_folder(out, resolve(words))
        except UserError:  # no config, so no name of its own; train.py gives the reason, and makes no folder
            folder = out / f"{curriculum}-{config_hash({'refused': settings})}"
        cell = Cell(folder, {"curriculum": curriculum, **settings}, words)
        if folder in cells:
            both = " and ".join(shlex.join(twin.arguments) for twin in (cells[folder], cell))
            raise UserError(f"the grid holds one run twice, as {both}; leave one out")
        cells[folder] = cell
    return sorted(cells.values(), key=lambda cell: cell.name)


def _unknown(curriculum: str, flags: Collection[str], config: RunConfig) -> list[str]:
    """Each flag of the grid that is no setting of this run, with the one that may have been meant."""
    paths = [re.sub(r"\.\d+$", "", path) for path, _ in records.leaves(asdict(config))]
    names = {path.removeprefix("curriculum.").replace("_", "-") for path in paths} - {"name", *NOT_IN_A_GRID}
    names |= {"scale", "steps"}
    validation_errors = []
    for flag in flags:
        if flag in NOT_IN_A_GRID:
            validation_errors.append(f"--grid: {flag} can not be part of it; {NOT_IN_A_GRID[flag]}")
        elif flag not in names:
            near = get_close_matches(flag, sorted(names), 1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else f"python scripts/train.py {curriculum} --help lists them"
            )
            validation_errors.append(f"--grid: {curriculum} has no setting {flag!r}; {hint}")
    return validation_errors


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """`i/n`, i from 1 to n: the i-th of n parts. None is the whole grid. Raises UserError on anything
    else."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UserError(f"--shard: expected i/n with i from 1 to n, such as 1/4 to 4/4, got {text!r}")
    return int(match[1]), int(match[2])


def part(cells: Sequence[Cell], shard: tuple[int, int] | None) -> list[Cell]:
    """The cells of one shard: every n-th from the i-th. The n shards of a grid are disjoint and together the
    grid."""
    index, count = shard or (1, 1)
    return list(cells[index - 1 :: count])


def state(folder: Path) -> Literal["done", "unfinished", "to do"]:
    """How far a run has come: `done` where its summary says so, `unfinished` where a process began it."""
    try:
        if records.read_object(folder / "summary.json", "")["finished"] is True:
            return "done"
    except (UserError, KeyError):
        pass
    return "unfinished" if (folder / "config.json").exists() else "to do"


def plan(cells: Sequence[Cell], script: Path) -> list[str]:
    """A line a run: its state, and the exact command that trains it."""
    return [f"{state(cell.folder):<10}  {shlex.join(_command(cell, script))}" for cell in cells]


def _command(cell: Cell, script: Path) -> list[str]:
    return [sys.executable, str(script), *cell.command]


def sweep(
    cells: Sequence[Cell], shard: tuple[int, int] | None, place: Place, report: Say = say_on_error_stream
) -> Path:
    """Trains what is not done of one shard and returns the path of the sweep's summary.json.

    Raises Incomplete, with the summary written, where runs failed; KeyboardInterrupt where it was
    interrupted.
    """
    chosen = part(cells, shard)
    waiting = [cell for cell in chosen if state(cell.folder) != "done"]
    logs = place.out / "logs"
    _make_folder(logs, place.out)
    report(f"{len(chosen)} of {len(cells)} runs in this part, {len(chosen) - len(waiting)} done already")
    tasks = [Task(cell.name, _command(cell, place.script), logs / f"{cell.name}.log") for cell in waiting]
    endings = run_all(tasks, place.start, place.at_once, report)
    names = {cell.name for cell in chosen}
    runs = [_record(cell, cell.name in names, endings.get(cell.name)) for cell in cells]
    failed = [run for run in runs if run.status == "failed"]
    name = f"sweep-{config_hash({'runs': [cell.name for cell in cells], 'shard': shard})}"
    summary = {
        "sweep": name,
        "shard": shard and f"{shard[0]}/{shard[1]}",
        "started": len(endings),
        "done": len(chosen) - len(failed),
        "failed": len(failed),
        "runs": [
            asdict(run) | {"folder": os.path.relpath(run.folder.resolve(), (place.out / name).resolve())}
            for run in runs
        ],
    }
    path = place.out / name / "summary.json"
    records.make_folder(path.parent)
    records.write_record(path, summary, path.parent / ".partial")
    if failed:
        lines = [f"{run.name} ({run.described}): {run.error}" for run in failed]
        count = f"{len(failed)} of {len(chosen)} runs; logs in {logs}; the same command tries them again"
        raise Incomplete("\n".join([count, *lines]), path)
    return path


def _make_folder(logs: Path, out: Path) -> None:
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in records.NO_ROOM:
            raise records.could_not_write(out, error) from error
        raise UserError(f"cannot write in {out}: {error.strerror or error}; give another --out") from error


@dataclass(frozen=True)
class SweptRun:
    """What a sweep's summary lists of a run."""

    name: str
    folder: Path
    status: Literal["done", "done already", "failed", "elsewhere"]
    """*elsewhere*: another part of the grid"""
    exit_code: int | None
    error: str | None
    seconds: float | None
    settings: dict[str, int | float | str]

    @property
    def described(self) -> str:
        """Its settings in a line."""
        return " ".join(f"{name}={value}" for name, value in self.settings.items())


def _record(cell: Cell, in_this_part: bool, ending: Ending | None) -> SweptRun:
    status = "done already" if in_this_part else "elsewhere"
    error = ending and ending.error
    if ending:
        if ending.exit_code == 0 and state(cell.folder) != "done":
            error = f"it ended well, but {cell.folder / 'summary.json'} does not record that it is finished"
        status = "failed" if error else "done"
    return SweptRun(
        name=cell.name,
        folder=cell.folder,
        status=status,
        exit_code=ending and ending.exit_code,
        error=error,
        seconds=ending and ending.seconds,
        settings={name: _number(value) for name, value in cell.settings.items()},
    )


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
