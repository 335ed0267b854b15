"""A run's folder: what has the run done so far, and which of it counts?

A run is a folder:

    config.json     the resolved config; its hash names the run
    manifest.jsonl  one line a checkpoint. The line is the commit point: a file without a line never happened
    checkpoints/    <step>.safetensors, parameters of all members
    partial/        files being written; nothing in it counts
    metrics.jsonl   one line a chunk
    summary.json    what a program reads
    truth.json      what was planted, where something was
    resume/         states to go on from, by `organisms.storage.resume`
    lock            held by the one process that writes; the system lets go of it when that process dies

A line counts once its newline is on the disk. A process killed at any moment leaves, at worst, a file without
a line and a last line without a newline: `open_run` takes the second away, `Run.rewind` the first.
"""

import os
import weakref
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from curricula.errors import UserError
from curricula.plugins import read_plugins, require_loaded
from organisms.storage import checkpoints, records
from organisms.storage.config_hash import config_hash, resolved_config
from organisms.storage.manifest import (
    CHECKPOINTS,
    CONFIG_HASH,
    MADE_BY,
    Entry,
    entry_of,
    file_of,
    is_count,
    line_errors,
    step_of,
)
from organisms.storage.versions import versions

CONFIG, MANIFEST, METRICS = "config.json", "manifest.jsonl", "metrics.jsonl"
SUMMARY, TRUTH = "summary.json", "truth.json"
PARTIAL, LOCK = "partial", "lock"
# What a process killed before config.json was in place may leave in a folder that is not a run yet.
LEAVINGS = frozenset({LOCK, PARTIAL, f"{PARTIAL}/{CONFIG}"})
DIFFERENCES_SHOWN = 3


class Run:
    """One run's folder, to read or (from `open_run`) to write.

    `config` is what config.json has. A Run that writes holds the lock until `close`, the end of its `with`
    block or of the process.
    """

    def __init__(self, folder: Path, config: dict[str, Any], lock: int | None = None):
        self.folder = folder
        self.config = config
        self._verified: set[tuple[str, str]] = set()
        # A descriptor, not an open file: a Run that is simply forgotten then unlocks without a ResourceWarning.
        self._unlock = None if lock is None else weakref.finalize(self, os.close, lock)

    @cached_property
    def hash(self) -> str:
        """The name of the run: see `config_hash`."""
        return config_hash(self.config)

    def close(self) -> None:
        """Let go of the lock. From here on the Run only reads."""
        if self._unlock is not None:
            self._unlock()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self) -> list[Entry]:
        """The committed checkpoints, by rising step.

        Raises UserError, naming the line, where the manifest is damaged or its last line is cut short.
        """
        path = self.folder / MANIFEST
        entries: list[Entry] = []
        for number, (_, line) in enumerate(records.read_lines(path), start=1):
            records.take_schema(line, path)
            if number == 1 and line.get(CONFIG_HASH, self.hash) != self.hash:
                raise UserError(
                    f"{path} is that of run {line[CONFIG_HASH]}, but {CONFIG} is that of {self.hash}; put back the one "
                    "that belongs to the other"
                )
            wrong = line_errors(line, previous_step=entries[-1].step if entries else -1)
            if wrong:
                raise records.damaged(path, number, wrong)
            entries.append(entry_of(line))
        return entries

    def parameters(
        self, checkpoint: Entry | int, names: Collection[str] | None = None, member: int | None = None
    ) -> dict[str, np.ndarray]:
        """The parameters committed at an entry or step: see `checkpoints.read_checkpoint`. A file's hash is checked once
        a Run.

        Raises UserError where nothing was committed at that step, or the file is not what was committed.
        """
        entry = checkpoint if isinstance(checkpoint, Entry) else self._entry(checkpoint)
        mark = (entry.file, entry.sha256)
        expected = None if mark in self._verified else entry.sha256
        arrays = checkpoints.read_checkpoint(self.folder / entry.file, expected, names, member)
        self._verified.add(mark)
        return arrays

    def _entry(self, step: int) -> Entry:
        entries = self.entries()
        for entry in entries:
            if entry.step == step:
                return entry
        steps = ", ".join(str(entry.step) for entry in entries[:10]) + (", ..." if len(entries) > 10 else "")
        raise UserError(
            f"{self.folder} has no checkpoint at step {step}; name one of its steps: {steps or 'none so far'}"
        )

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl. Raises UserError, naming the line, where one is damaged or cut short."""
        return [line for _, line in self._metrics()]

    def _metrics(self) -> list[tuple[bytes, dict[str, Any]]]:
        path = self.folder / METRICS
        lines = records.read_lines(path)
        for number, (_, line) in enumerate(lines, start=1):
            if not is_count(line.get("step")):
                raise records.damaged(
                    path, number, f"step: expected a whole number from 0, found {line.get('step')}"
                )
        return lines

    def summary(self) -> dict[str, Any]:
        """What `write_summary` wrote last. Raises UserError where there is none yet."""
        return records.read_object(self.folder / SUMMARY, "give the train command again to finish the run")

    def commit(
        self, step: int, phase: str, seen_tokens: int, arrays: Mapping[str, np.ndarray], **extra: Any
    ) -> Entry:
        """Write one checkpoint, then the manifest line that makes it count.

        Raises SystemFailure where the disk refuses: the lines before are then as they were. Raises ValueError for a
        line that could not be read back, such as a step that is not past the last one: `rewind` comes first.
        """
        self._require_lock()
        fields = {
            "step": step,
            "phase": phase,
            "seen_tokens": seen_tokens,
            "sha256": "0" * 64,
            "file": file_of(step),
        }
        line = records.plain(fields | extra)
        entries = self.entries()
        if not entries:
            line |= {CONFIG_HASH: self.hash, MADE_BY: versions(), records.SCHEMA: records.SCHEMA_NUMBER}
        wrong = line_errors(line, previous_step=entries[-1].step if entries else -1)
        if wrong:
            raise ValueError(f"cannot commit step {step}: {wrong}")
        line["sha256"] = checkpoints.write_checkpoint(
            self.folder / line["file"], arrays, self.folder / PARTIAL
        )
        records.append_line(self.folder / MANIFEST, line)
        line.pop(records.SCHEMA, None)
        return entry_of(line)

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one line to metrics.jsonl. `record` has a step; what is not finite becomes null."""
        self._require_lock()
        record = records.plain(record)
        if not is_count(record.get("step")):
            raise ValueError(
                f"a metrics line needs a step, a whole number from 0; this one has {record.get('step')!r}"
            )
        records.append_line(self.folder / METRICS, record)

    def rewind(self, step: int) -> None:
        """Forget what came after `step`, so that replaying from there leaves neither a duplicate nor a hole.

        Drops later lines of the manifest and the metrics, then files of later steps. In this order: killed half
        way, it leaves files without lines, which the next rewind takes, never lines without files. Replaying
        writes all of it again; other files stay. Raises UserError, with nothing changed, where a line is damaged.
        """
        self._require_lock()
        self.entries()
        manifest, metrics = records.read_lines(self.folder / MANIFEST), self._metrics()
        self._keep(MANIFEST, [raw for raw, line in manifest if line["step"] <= step])
        self._keep(METRICS, [raw for raw, line in metrics if line["step"] <= step])
        later = [path for path in _files(self.folder / CHECKPOINTS) if (step_of(path.name) or 0) > step]
        for path in later + _files(self.folder / PARTIAL):
            records.remove(path)

    def write_summary(self, summary: Mapping[str, Any]) -> Path:
        """Replace summary.json, wholly or not at all, and return its path. Raises SystemFailure where the disk
        refuses."""
        return self._replace(SUMMARY, summary)

    def write_truth(self, truth: Mapping[str, Any]) -> Path:
        """Replace truth.json, which says what was planted, wholly or not at all, and return its path. Raises SystemFailure
        where the disk refuses."""
        return self._replace(TRUTH, truth)

    def _replace(self, name: str, content: Mapping[str, Any]) -> Path:
        self._require_lock()
        records.write_record(self.folder / name, content, self.folder / PARTIAL)
        return self.folder / name

    def _require_lock(self) -> None:
        if self._unlock is None or not self._unlock.alive:
            raise RuntimeError(
                f"{self.folder} is open for reading: open_run opens it for writing, until close"
            )

    def _keep(self, name: str, lines: Sequence[bytes]) -> None:
        path, content = self.folder / name, b"".join(lines)
        if path.exists() and path.stat().st_size != len(content):
            records.write_whole(path, content, self.folder / PARTIAL)


def open_run(folder: Path, config: Mapping[str, Any]) -> Run:
    """Start a run, or go on with the one of the same config, as the only process that writes it.

    Raises UserError, with the folder as it was, where it cannot be made, holds a run of another config or
    something else, or is being written by another process; SystemFailure where the disk is full.
    """
    resolved = resolved_config(config)
    try:
        _is_new(folder, resolved)  # before anything is touched, and again once nobody else can
        folder.mkdir(parents=True, exist_ok=True)
        lock = records.lock(folder / LOCK)
    except OSError as error:
        if error.errno in records.NO_ROOM:
            raise records.could_not_write(folder, error) from error
        raise UserError(
            f"cannot write a run in {folder}: {error.strerror or error}; give another --out"
        ) from error
    run = Run(folder, resolved, lock)
    try:
        if _is_new(folder, resolved):
            records.write_record(folder / CONFIG, resolved, folder / PARTIAL)
        (folder / CHECKPOINTS).mkdir(exist_ok=True)
        records.sync_folder(folder)
        records.mend_tail(folder / MANIFEST)
        records.mend_tail(folder / METRICS)
    except BaseException as error:
        run.close()
        if isinstance(error, OSError):
            raise records.could_not_write(folder, error) from error
        raise
    return run


def read_run(folder: Path) -> Run:
    """Open a run to read it. Raises UserError where there is no folder, it is not a run, or its config.json is
    damaged."""
    if not os.path.isdir(folder):  # Path.is_dir raises where a folder above is closed to us
        raise UserError(f"expected a run's folder, found none at {folder}; give the --out of a train command")
    return Run(folder, records.read_object(folder / CONFIG, "give the folder that a train command wrote"))


def _is_new(folder: Path, config: dict[str, Any]) -> bool:
    """Whether the folder waits for a config.json. Raises UserError where it is not ours to write."""
    if (folder / CONFIG).exists():
        written = records.read_object(folder / CONFIG, "delete the folder, or give another --out")
        require_loaded(read_plugins(written.get("plugins", ())))
        differences = records.record_differences(config, written)
        if differences:
            hidden = len(differences) - DIFFERENCES_SHOWN
            listed = "; ".join(differences[:DIFFERENCES_SHOWN]) + (
                f"; and {hidden} more" if hidden > 0 else ""
            )
            raise UserError(
                f"{folder} holds a run of another config: {listed};\ngive another --out, or delete that folder"
            )
        return False
    stray = next(
        (path for path in folder.rglob("*") if path.relative_to(folder).as_posix() not in LEAVINGS), None
    )
    if stray is not None:
        raise UserError(
            f"expected a run or an empty folder at {folder}, found {stray.name} in it; give another --out"
        )
    return True


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
