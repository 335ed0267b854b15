"""Descent of runs: which run began with the organisms of which other, and at which step?

What it does *not* show: runs of which no folder was given, or that were never finished.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.findings import PhaseSpan
from organisms.ensemble.config import read_config
from organisms.storage.forking import NOTED
from organisms.storage.run import CONFIG, Run, read_run


@dataclass(frozen=True)
class RelatedRun:
    """A run and the checkpoint that it was forked from."""

    run: str
    """curriculum and hash of the config"""
    curriculum: str
    members: int
    phases: tuple[PhaseSpan, ...]
    """a phase that has not begun ends at 0"""
    steps: int
    differ_in: tuple[str, ...]
    """settings in which members differ"""
    parent: str | None
    """run that it was forked from; None where it began untrained"""
    parent_step: int | None
    parent_sha256: str | None


@dataclass(frozen=True)
class DescentResult:
    """A run and those that it descends from, each after its parent."""

    runs: tuple[RelatedRun, ...]


def ancestor_folders(run: Run) -> list[Path]:
    """Folders of a run and of those that it descends from, eldest first, as far as they still exist."""
    folders = [run.folder]
    while parent := _parent_folder(folders[0]):
        folders.insert(0, parent)
    return folders


def _parent_folder(folder: Path) -> Path | None:
    """The folder of the run that a run was forked from, if that run still lies where it lay, seen from its child."""
    entries = read_run(folder).entries()
    noted = entries[0].extra.get(NOTED) if entries else None
    if noted is None:
        return None
    for parent in (folder.resolve() / noted["folder"], Path(noted["folder"])):
        if (parent / CONFIG).exists() and noted["run"].endswith(f"-{read_run(parent).hash}"):
            return Path(os.path.normpath(parent))
    return None


def related_runs(folders: Sequence[Path]) -> tuple[RelatedRun, ...]:
    """The runs in these folders, each after its parent and siblings in the order of their fork steps."""
    runs = [_related_run(read_run(folder)) for folder in dict.fromkeys(folders)]
    return _parents_first({run.run: run for run in runs})


def _related_run(run: Run) -> RelatedRun:
    config, entries = read_config(run.config), run.entries()
    names = [phase.name for phase in config.curriculum.phases]
    last_steps = {entry.phase: entry.step for entry in entries}
    ends = [last_steps.get(name, 0) for name in names]
    return RelatedRun(
        run=f"{config.curriculum.name}-{run.hash}",
        curriculum=config.curriculum.name,
        members=config.members,
        phases=tuple(map(PhaseSpan, names, [0, *ends], ends)),
        steps=entries[-1].step if entries else 0,
        differ_in=tuple(variation.setting for variation in config.vary),
        parent=config.parent.run or None,
        parent_step=config.parent.step if config.parent else None,
        parent_sha256=config.parent.sha256 or None,
    )


def _parents_first(runs: Mapping[str, RelatedRun]) -> tuple[RelatedRun, ...]:
    """A run whose parent is not among them comes first, followed by its children."""

    def descendants(parent: str | None) -> list[RelatedRun]:
        children = [run for run in runs.values() if (run.parent if run.parent in runs else None) == parent]
        children.sort(key=lambda run: run.parent_step or 0)
        return [run for child in children for run in (child, *descendants(child.run))]

    return tuple(descendants(None))
