"""A soak: do commands that are killed again and again end in the bits of commands that nobody disturbed?

Each command runs once undisturbed. Then it is started, killed by SIGKILL at a random moment of the time that it took,
and started again, until it has had its share of kills; whenever it ends, what it left is compared byte for byte with what the
undisturbed one left. It does *not* show that a machine which loses power loses nothing.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from curricula.errors import SystemFailure, UserError
from organisms.storage import records

SCRIPTS = Path(__file__).parents[1] / "scripts"
SIZES = ("--scale", "tiny", "--members", "2", "--steps", "40")
TRAIN = ("shared", *SIZES, "--training.checkpoint-every", "10", "--training.attempts", "1")
DIFFERING = (
    "organism_steps_per_second",
    "seconds",
    "started",
    "status",
    "adopted_steps",
    "command",
    "exit_code",
)
"""fields of a summary.json that say how a command went, and not what it made"""
KEPT = ("*.safetensors", "manifest.jsonl", "metrics.jsonl", "*.parquet", "summary.json")
"""files that are compared"""
COMMANDS = ("train", "analyse", "compare", "sweep")
MARK = "a soak lies here"
"""a file that says that the folder may be deleted"""
ENOUGH_SECONDS = 900
"""after which a command that was not killed counts as hung"""


@dataclass(frozen=True)
class Soaked:
    """One command under kills."""

    command: str
    kills: int
    """that came while it ran"""
    ends: int
    """how often it came to its end"""
    lost: tuple[str, ...]
    """what was not as the undisturbed command left it, a line each"""
    undisturbed_seconds: float


@dataclass
class _Command:
    name: str
    words: Callable[[Path], Sequence[object]]
    """arguments, for a folder in which everything lies"""
    prepare: Callable[[Path], None] = lambda folder: None
    """fills a new folder with what the command needs"""
    lost: list[str] = field(default_factory=list)

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        words = [sys.executable, str(SCRIPTS / f"{self.name}.py"), *map(str, self.words(folder))]
        with open(folder.parent / f"{folder.name}-{self.name}.log", "ab") as log:
            return subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def finish(self, folder: Path) -> float:
        """Runs to the end; returns the seconds. Raises SystemFailure where it fails."""
        begun, process = time.monotonic(), self.start(folder)
        try:
            code = process.wait(ENOUGH_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise SystemFailure(
                f"{self.name} hung for {ENOUGH_SECONDS} s; its log is beside {folder}"
            ) from None
        if code:
            raise SystemFailure(f"{self.name} ended with exit code {code}; its log is beside {folder}")
        return time.monotonic() - begun


def soak(
    kills: int,
    minutes: float,
    seed: int,
    out: Path,
    report: Callable[[str], None],
    names: Collection[str] = COMMANDS,
) -> Path:
    """Kills commands, writes what became of them, and returns the path of the summary.

    kills: over all commands. minutes: after which no more are begun. seed: of the moments. out: a folder of its own.
    names: of the commands.
    Raises SystemFailure, once the summary is written, where anything was lost or a command did not end.
    """
    moments, deadline = random.Random(seed), time.monotonic() + 60 * minutes
    _make_empty(out)
    results: list[Soaked] = []
    commands = [command for command in _commands() if command.name in names]
    for number, command in enumerate(commands):
        wanted = kills * (number + 1) // len(commands) - kills * number // len(commands)
        results.append(_soak_one(command, wanted, deadline, moments, out))
        done = results[-1]
        report(f"{done.command}: {done.kills} kills, {done.ends} ends, {len(done.lost)} lost")
    summary = {
        "kills": sum(each.kills for each in results),
        "wanted": kills,
        "lost": sum(len(each.lost) for each in results),
        "commands": [asdict(each) for each in results],
        "seed": seed,
    }
    path = out / "summary.json"
    records.write_record(path, summary, out / ".partial")
    if lost := [line for each in results for line in each.lost]:
        raise SystemFailure(f"{len(lost)} lost, as {lost[0]}; all of them in {path}")
    return path


def _make_empty(out: Path) -> None:
    """Makes the folder of a soak, without what an earlier soak left. Raises UserError where it holds anything else."""
    if out.exists() and not (out / MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"expected an empty folder, or that of a soak, at {out}; give another --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()


def _commands() -> list[_Command]:
    def trained(folder: Path) -> None:
        _Command("train", lambda place: (*TRAIN, "--quiet", "--out", place / "run")).finish(folder)

    return [
        _Command("train", lambda folder: (*TRAIN, "--quiet", "--out", folder / "run")),
        _Command("analyse", lambda folder: (folder / "run", "--quiet"), trained),
        _Command("compare", lambda folder: ("shared", "honest", *SIZES, "--quiet", "--out", folder)),
        _Command("sweep", lambda folder: ("shared", *SIZES, "--seeds", 1, 2, "--quiet", "--out", folder)),
    ]


def _soak_one(command: _Command, kills: int, deadline: float, moments: random.Random, out: Path) -> Soaked:
    """One command, undisturbed and then killed until it has had its kills or time is over."""
    folder, number, done, ends = out / f"{command.name}-undisturbed", 0, 0, 0
    folder.mkdir()
    command.prepare(folder)
    seconds = command.finish(folder)
    expected, lost = contents(folder), []

    def new_folder() -> Path:
        nonlocal number
        number += 1
        place = out / f"{command.name}-{number}"
        place.mkdir()
        command.prepare(place)
        return place

    def end(place: Path) -> None:
        nonlocal ends
        ends += 1
        lost.extend(differences(expected, contents(place), f"{command.name}, {place.name}"))

    folder = new_folder()
    while done < kills and time.monotonic() < deadline:
        process = command.start(folder)
        try:
            process.wait(moments.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            continue
        if process.returncode:
            lost.append(f"{command.name}, {folder.name}: exit code {process.returncode}")
        end(folder)
        folder = new_folder()
    try:
        command.finish(folder)
        end(folder)
    except SystemFailure as failure:
        lost.append(str(failure))
    return Soaked(command.name, done, ends, tuple(lost), round(seconds, 1))


def contents(folder: Path) -> dict[str, bytes]:
    """What a command made, by path: files as they are, summaries without what says how it went."""
    found: dict[str, bytes] = {}
    for pattern in KEPT:
        for path in sorted(folder.rglob(pattern)):
            data = path.read_bytes()
            if path.suffix == ".json":
                data = json.dumps(_lasting(json.loads(data)), sort_keys=True).encode()
            found[path.relative_to(folder).as_posix()] = data
    return found


def differences(expected: Mapping[str, bytes], found: Mapping[str, bytes], place: str) -> list[str]:
    """Files that are missing, other, or too many; a line each."""
    return [
        f"{place}: {name} {'is missing' if name not in found else 'is another' if name in expected else 'is too many'}"
        for name in sorted({*expected, *found})
        if expected.get(name) != found.get(name)
    ]


def _lasting(value: Any) -> Any:
    """A summary without the fields that differ from one time to the next."""
    if isinstance(value, dict):
        return {name: _lasting(part) for name, part in value.items() if name not in DIFFERING}
    return [_lasting(part) for part in value] if isinstance(value, list) else value
