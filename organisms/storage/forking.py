"""Forking: how does a run begin with the organisms of another? Any committed checkpoint of any run will do; its
parameters are taken, its optimiser is not.

A child's first checkpoint, at step 0, holds the organisms that it begins with and says in its manifest line
where they came from. After that it does not need its parent. Member ``i`` of a child is the parent's
member ``i // copies``: its seed, number and attempt stay, and with them its secret and the numbers that its
scenes are drawn from, so that copies which differ in a setting alone see the same scenes.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from curricula.config_json import to_plain
from curricula.errors import UserError
from curricula.pressures.masking import Masking
from organisms.ensemble.config import RunConfig, read_config
from organisms.ensemble.parent import Parent
from organisms.model.parameter_names import from_arrays
from organisms.model.transformer import Organism
from organisms.storage import records
from organisms.storage.manifest import Entry
from organisms.storage.run import Run, read_run

NOTED = "parent"
"""of a manifest line: where the organisms of a child's first checkpoint came from"""


def parent_at(folder: Path, step: int | None = None) -> tuple[Parent, RunConfig]:
    """The parent that a checkpoint of a run is, and that run's config. step: by default its last.

    Raises UserError where there is no such run or checkpoint, or its file is missing or damaged.
    """
    try:
        run = read_run(folder)
        config, entries = read_config(run.config), run.entries()
        if not entries:
            raise UserError(f"{folder} has no checkpoint yet; train it first")
        run.parameters(entries[-1] if step is None else step)
    except UserError as error:
        raise UserError(f"--parent: {error}".replace("\n", " ")) from error
    entry = entries[-1] if step is None else next(entry for entry in entries if entry.step == step)
    name = f"{config.curriculum.name}-{run.hash}"
    return Parent(name, entry.step, entry.sha256, config.members, _phases_before(config, entry)), config


def _phases_before(config: RunConfig, entry: Entry) -> int:
    """Phases that the organisms at an entry have begun, those of their ancestors included."""
    names = [phase.name for phase in config.curriculum.phases]
    return config.parent.phases + (names.index(entry.phase) + 1 if entry.step else 0)


def require_parent(config: RunConfig, folder: Path) -> None:
    """Raises UserError where the checkpoint that a config names is not in that run, or its organisms are not of
    the child's sizes, world and seed."""
    parent, parent_config = parent_at(folder, config.parent.step)
    errors: list[str] = []
    if parent != config.parent:
        differing = [
            f"{name} {getattr(config.parent, name)}, found {value}"
            for name, value in vars(parent).items()
            if value != getattr(config.parent, name)
        ]
        errors.append(f"expected {'; '.join(differing)}; name the run that was forked")
    inherited, expected = _inherited_settings(parent_config), _inherited_settings(config)
    for name, value in expected.items():
        differences = records.record_differences({name: value}, {name: inherited[name]})
        if differences:
            errors.append(f"{'; '.join(differences[:3])}; leave these settings to the parent")
    masks = parent_config.curriculum.phases[-1].pressures[Masking]
    held_masks = [
        phase.pressures[Masking] for phase in config.curriculum.phases if phase.pressures[Masking].held
    ]
    if any(masking != replace(masks, held=True) for masking in held_masks):
        errors.append("masking.held: expected the masks of its last phase; give those, or none")
    if errors:
        raise UserError(f"--parent {folder}: {'; '.join(errors)}")


def _inherited_settings(config: RunConfig) -> dict[str, Any]:
    """The settings that a child shares with its parent, as JSON."""
    settings = {"world": config.curriculum.world, "organism": config.organism, "seed": config.seed}
    return {name: records.plain(to_plain(value)) for name, value in settings.items()}


def member_ids(config: RunConfig) -> tuple[np.ndarray, np.ndarray]:
    """Seed and number [member] that each member's training follows from: those of the organism that it comes
    from, if it comes from any."""
    copies = config.members // config.parent.members if config.parent else 1
    members = np.arange(config.members, dtype=np.int32) // copies
    return np.full(config.members, config.seed, np.int32), members


def inherit(
    config: RunConfig, folder: Path, child: Path
) -> tuple[tuple[Organism, np.ndarray], dict[str, Any]]:
    """The organisms [member, ...] that a child begins with and how often each was reseeded [member]; and
    what its first line notes. folder, child: of the parent and of the child; the way from the one to the other is noted,
    so that both can be moved together."""
    run = read_run(folder)
    entry = next(entry for entry in run.entries() if entry.step == config.parent.step)
    members = member_ids(config)[1]
    arrays = {name: array[members] for name, array in run.parameters(entry).items()}
    organisms = from_arrays(arrays, config.curriculum.world, config.organism)
    attempts = np.asarray(entry.extra["attempts"], np.int32)[members]
    return (organisms, attempts), {
        NOTED: vars(config.parent) | {"folder": os.path.relpath(folder.resolve(), child.resolve())}
    }


def shared_phases(trunk: Run, config: RunConfig) -> tuple[int, list[Entry]]:
    """How many first phases a run has in common with a config, and its checkpoints of these."""
    trunk_phases, phases = (
        plain["curriculum"]["phases"] for plain in (trunk.config, records.plain(config.plain()))
    )
    pairs = zip(trunk_phases, phases, strict=False)
    first_difference = next((n for n, (trunk_phase, phase) in enumerate(pairs) if trunk_phase != phase), None)
    shared = min(len(trunk_phases), len(phases)) if first_difference is None else first_difference
    names = [phase.name for phase in config.curriculum.phases[:shared]]
    return shared, [entry for entry in trunk.entries() if entry.phase in names]
