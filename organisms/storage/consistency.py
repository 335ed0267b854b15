"""Do the parts of a run's folder belong together?

A save and a summary note how many checkpoints and lines of metrics were committed when they were written, with
their hashes. Whoever goes on with a run, or measures it, compares the files with such a note first, so that a copy
that was taken while the run trained, or a file of another run, is told before anything is written or deleted.
It does *not* show that the parameters are the ones that were trained: `checkpoints.read_checkpoint` does.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from curricula.errors import UserError
from organisms.storage import records
from organisms.storage.manifest import CHECKPOINTS, Entry, file_of, step_of
from organisms.storage.run import CONFIG, MANIFEST, METRICS, SUMMARY, TRUTH, Run

REMEDY = "put the files back from one copy of the run, or train it again with another --out"


def committed_until(run: Run, step: int | None = None) -> dict[str, Any]:
    """What a run has committed up to a step, or in all: the hash of its config, and of the lines of its manifest and
    its metrics how many there are and their sha256."""
    noted: dict[str, Any] = {"config": run.hash}
    for name, what in ((MANIFEST, "checkpoints"), (METRICS, "metrics")):
        lines = [
            raw for raw, line in records.read_lines(run.folder / name) if step is None or line["step"] <= step
        ]
        noted |= {what: len(lines), f"{what}_sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    return noted


def misfits(run: Run, noted: Mapping[str, Any], step: int | None = None) -> list[str]:
    """Which files of a run are not those that a save or a summary was written beside; a line each.

    noted: what `committed_until` gave then. step: that of the save.
    """
    committed = committed_until(run, step)
    reasons: list[str] = []
    if committed["config"] != noted.get("config"):
        reasons.append(f"{CONFIG} is that of run {committed['config']}, expected {noted.get('config')}")
    for name, what, unit in ((MANIFEST, "checkpoints", "checkpoints"), (METRICS, "metrics", "lines")):
        until = "" if step is None else f" up to step {step}"
        if committed[what] != noted.get(what):
            reasons.append(f"{name} has {committed[what]} {unit}{until}, expected {noted.get(what)}")
        elif committed[f"{what}_sha256"] != noted.get(f"{what}_sha256"):
            reasons.append(f"{name} is that of another run, or was changed")
    return reasons + file_errors(
        run, [entry for entry in run.entries() if step is None or entry.step <= step]
    )


def file_errors(run: Run, entries: Sequence[Entry]) -> list[str]:
    """What is wrong with the files of some checkpoints, by their sizes alone: all checkpoints of a run are of one
    size."""
    sizes: dict[str, int] = {}
    for entry in entries:
        path = run.folder / entry.file
        if not path.is_file():
            return [f"{entry.file} is missing"]
        sizes[entry.file] = path.stat().st_size
    largest = max(sizes.values(), default=0)
    return [f"{name} is cut short" for name, size in sizes.items() if size != largest][:1]


def require_whole(run: Run) -> None:
    """Raises UserError where a finished run's parts are not of one run, or not complete."""
    summary, entries = run.summary(), run.entries()
    reasons: list[str] = []
    if summary.get("finished") is not True:
        reasons.append(f"{SUMMARY} does not say that the run is finished")
    elif isinstance(noted := summary.get("committed"), Mapping):
        reasons = misfits(run, noted)
    elif not entries or entries[-1].step != summary.get("steps"):
        reasons.append(f"{SUMMARY} is of step {summary.get('steps')}, {MANIFEST} does not end there")
    else:
        reasons = file_errors(run, entries)
    if not reasons and (run.folder / TRUTH).exists():
        planted_in = records.read_object(run.folder / TRUTH, REMEDY).get("config", run.hash)
        if planted_in != run.hash:
            reasons.append(f"{TRUTH} is that of run {planted_in}, expected {run.hash}")
    if reasons:
        raise UserError(f"{run.folder}: its files do not fit each other: {'; '.join(reasons)};\n{REMEDY}")


def require_nothing_to_lose(run: Run, adopted: Collection[Entry] = ()) -> None:
    """Raises UserError where a run without a save has checkpoints that its beginning would not write again.

    adopted: the checkpoints of another run that it begins with.
    """
    again = {file_of(0), *(entry.file for entry in adopted)}
    hashes = {entry.sha256 for entry in adopted}
    lost = [entry.file for entry in run.entries() if entry.file != file_of(0) and entry.sha256 not in hashes]
    present = checkpoint_files(run)
    lost += [name for name in present if name not in again and name not in lost]
    if lost:
        raise UserError(
            f"{run.folder} has {len(lost)} checkpoints from {lost[0]} on, and no save in resume/ to go on from; "
            f"{REMEDY}, or delete the folder"
        )


def checkpoint_files(run: Run) -> list[str]:
    """The files in a run's folder that are named as checkpoints, committed or not, by rising step."""
    folder = run.folder / CHECKPOINTS
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return [f"{CHECKPOINTS}/{name}" for name in names if step_of(name) is not None]
