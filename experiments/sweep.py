"""Which runs does a grid of settings hold, which of them are done, and how did the others end?

A grid is curricula x seeds x the values of any settings. Each cell is a run like any other, in the folder
that its config names, grown by `scripts/train.py` in a process of its own. What is done is not done again;
what was killed goes on; what failed is tried again.
"""

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any, Literal

from curricula.errors import Incomplete, UserError
from experiments.compare import run_folder, say_on_error_stream
from experiments.launch import Ending, Job, Say, Task, run_all
from organisms.storage import records
from organisms.storage.run import config_hash
from organisms.training.config import RunConfig

NOT_HERE = {
    "seed": "give --seeds 0 1 2",
    "seeds": "give --seeds 0 1 2",
    "vary": "it makes the members of one run differ; give a grid its setting instead",
}
"""flags of train.py that a grid can not have, and what to do"""
Resolve = Callable[[Sequence[str]], RunConfig]
"""The run that arguments of train.py ask for, sound or not. Raises Fault where they can not be read."""


@dataclass(frozen=True)
class Cell:
    """One run of a grid: its folder, the settings that make it, and the arguments of train.py that say the
    same."""

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
    """The values of each flag, from `FLAG=V1,V2` for each. Raises Fault with everything that is malformed."""
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


def expand(
    curricula: Sequence[str],
    seeds: Sequence[int],
    fixed: Mapping[str, object],
    grid: Mapping[str, Sequence[str]],
    out: Path,
    resolve: Resolve,
) -> list[Cell]:
    """Every cell of a grid, sorted by name, whatever the order in which it was written.

    fixed: flags that are the same in every cell, None for train.py's own choice; where the grid has one too,
    the grid's values count.
    Raises Fault on an unknown curriculum or flag, a fixed value that is wrong, or two cells that are one run.
    A value that is wrong in some cells only is left for train.py to refuse.
    """
    if not curricula or not seeds:
        raise UserError("nothing to grow: expected the name of a curriculum and a seed at least; see --help")
    same = {name: str(value) for name, value in fixed.items() if value is not None and name not in grid}
    validation_errors = []
    for curriculum in curricula:
        config = resolve(_arguments(curriculum, same))
        config.check()
        validation_errors += _unknown(curriculum, grid, config)
    if validation_errors:
        raise UserError("; ".join(validation_errors))
    cells: dict[Path, Cell] = {}
    for curriculum, seed, values in product(curricula, seeds, product(*grid.values())):
        settings = {"seed": str(seed), **same, **dict(zip(grid, values, strict=True))}
        arguments = _arguments(curriculum, settings)
        try:
            folder = run_folder(out, resolve(arguments))
        except UserError:  # no config, so no name of its own; train.py will say why, and make no folder
            folder = out / f"{curriculum}-{config_hash({'refused': settings})}"
        cell = Cell(folder, {"curriculum": curriculum, **settings}, arguments)
        if folder in cells:
            both = " and ".join(shlex.join(twin.arguments) for twin in (cells[folder], cell))
            raise UserError(f"the grid holds one run twice, as {both}; leave one out")
        cells[folder] = cell
    return sorted(cells.values(), key=lambda cell: cell.name)


def _arguments(curriculum: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    return (curriculum, *(f"--{name}={value}" for name, value in settings.items()))


def _unknown(curriculum: str, grid: Mapping[str, Sequence[str]], config: RunConfig) -> list[str]:
    """Each flag of the grid that is no setting of this run, with the one that may have been meant."""
    paths = [re.sub(r"\.\d+$", "", path) for path, _ in records.leaves(asdict(config))]
    known = {path.removeprefix("curriculum.").replace("_", "-") for path in paths} - {"name", *NOT_HERE}
    known |= {"scale", "steps"}
    validation_errors = []
    for flag in grid:
        if flag in NOT_HERE:
            validation_errors.append(f"--grid: {flag} can not be part of it; {NOT_HERE[flag]}")
        elif flag not in known:
            near = get_close_matches(flag, sorted(known), 1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else f"python scripts/train.py {curriculum} --help lists them"
            )
            validation_errors.append(f"--grid: {curriculum} has no setting {flag!r}; {hint}")
    return validation_errors


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """`i/n`, i from 1 to n: the i-th of n parts. None is the whole grid. Raises Fault on anything else."""
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
    """What there is of a run: `done` where its summary says so, `unfinished` where a process began it."""
    try:
        if records.read_object(folder / "summary.json", "")["finished"] is True:
            return "done"
    except (UserError, KeyError):
        pass
    return "unfinished" if (folder / "config.json").exists() else "to do"


def plan(cells: Sequence[Cell], script: Path) -> list[str]:
    """A line a run: what there is of it, and the exact command that grows it."""
    return [f"{state(cell.folder):<10}  {shlex.join(_command(cell, script))}" for cell in cells]


def _command(cell: Cell, script: Path) -> list[str]:
    return [sys.executable, str(script), *cell.command]


def sweep(
    cells: Sequence[Cell],
    shard: tuple[int, int] | None,
    out: Path,
    script: Path,
    start: Callable[[Task], Job],
    at_once: int,
    say: Say = say_on_error_stream,
) -> Path:
    """Grows what is not done of one shard and returns the path of the sweep's summary.json.

    script: train.py. start: what makes a task a job, at most `at_once` at a time.
    Raises Incomplete, with the summary written, where runs failed; KeyboardInterrupt where it was
    interrupted.
    """
    own = part(cells, shard)
    waiting = [cell for cell in own if state(cell.folder) != "done"]
    try:
        (out / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in records.NO_ROOM:
            raise records.could_not_write(out, error) from error
        raise UserError(f"cannot write in {out}: {error.strerror or error}; give another --out") from error
    say(f"{len(own)} of {len(cells)} runs to see to, {len(own) - len(waiting)} done already")
    tasks = [Task(cell.name, _command(cell, script), out / "logs" / f"{cell.name}.log") for cell in waiting]
    endings = run_all(tasks, start, at_once, say)
    here = {cell.name for cell in own}
    runs = [_record(cell, cell.name in here, endings.get(cell.name)) for cell in cells]
    failed = [run for run in runs if run["status"] == "failed"]
    name = f"sweep-{config_hash({'runs': [cell.name for cell in cells], 'shard': shard})}"
    summary = {
        "sweep": name,
        "shard": shard and f"{shard[0]}/{shard[1]}",
        "started": len(endings),
        "done": len(own) - len(failed),
        "failed": len(failed),
        "runs": runs,
    }
    path = out / name / "summary.json"
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise records.could_not_write(path, error) from error
    records.write_whole(path, records.pretty(records.plain(summary)), path.parent / ".partial")
    if failed:
        lines = [f"{run['name']} ({_told(run['settings'])}): {run['error']}" for run in failed]
        count = f"{len(failed)} of {len(own)} runs; logs in {out / 'logs'}; the same command tries them again"
        raise Incomplete("\n".join([count, *lines]), path)
    return path


def _record(cell: Cell, own: bool, ending: Ending | None) -> dict[str, Any]:
    """What the summary says of a run."""
    status = "done already" if own else "elsewhere"
    error = ending and ending.error
    if ending:
        if ending.exit_code == 0 and state(cell.folder) != "done":
            error = f"it ended well, but {cell.folder / 'summary.json'} does not say that it is finished"
        status = "failed" if error else "done"
    return {
        "name": cell.name,
        "folder": cell.folder,
        "status": status,
        "exit_code": ending and ending.exit_code,
        "error": error,
        "seconds": ending and ending.seconds,
        "settings": {name: _number(value) for name, value in cell.settings.items()},
    }


def _told(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
