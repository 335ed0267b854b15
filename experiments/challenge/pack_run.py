"""Packs as runs: how does what is measured of runs come to be measured of a pack, by the pack alone?

Organisms of one world and size become the members of one run, with a checkpoint at the fork and one at the end. Nothing of how
they were made is in it. A disguise's constants are taken back (`experiments.challenge.weight_reading`), since zero ablation, by
which spares are told, would take them away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from experiments.challenge.pack import ChallengePack, canonical_sha256, stage_weights
from experiments.challenge.weight_reading import without_constants
from organisms.ensemble.config import RunConfig, TrainingConfig
from organisms.ensemble.devices import fetch
from organisms.model.parameter_names import from_arrays, to_arrays
from organisms.model.transformer import Organism
from organisms.storage.run import Run, open_run
from organisms.training.programs import Programs
from organisms.training.run_summary import TrainingEnd, run_summary

READ_AS = "without constants"
"""how weights are read: a run of weights that were read otherwise has another folder"""


@dataclass(frozen=True)
class PackRun:
    """Organisms of a pack that have one world and one size."""

    names: tuple[str, ...]
    """of each member"""
    config: RunConfig
    secret_goals: tuple[int, ...]
    stages: tuple[Organism, Organism]
    """[member, ...] at the fork and at the end"""
    source_sha256: str
    """of the pack's seal and of the files of each organism"""

    def folder_name(self) -> str:
        """Of its run: another pack's organisms of equal names and sizes have another."""
        sha256 = canonical_sha256([READ_AS, self.config.plain(), self.names, self.source_sha256])
        return f"challenge-{sha256[:12]}"


def pack_runs(pack: ChallengePack, folder: Path) -> Iterator[PackRun]:
    """The organisms of a pack, run by run. Raises UserError where weights are not of the sizes that the pack says."""
    groups: dict[str, list[str]] = {}
    for name, organism in pack.organisms.items():
        groups.setdefault(canonical_sha256((organism.world, organism.sizes)), []).append(name)
    for names in groups.values():
        first = pack.organisms[names[0]]
        world = pack.worlds[first.world].settings
        phases = Phase("characters", 1), Phase("intent", 1, self_acts="scheming")
        curriculum = Curriculum("challenge", world, phases)
        config = RunConfig(curriculum, first.sizes, TrainingConfig(), len(names))
        if errors := config.validation_errors():
            raise UserError(f"{folder}: {'; '.join(errors)}")
        fork, end = (_ensemble(folder, names, stage, config) for stage in ("fork", "end"))
        goals = tuple(pack.organisms[name].secret_goal for name in names)
        files = {name: pack.organisms[name].files for name in names}
        source = canonical_sha256((pack.truth_sha256, files))
        yield PackRun(tuple(names), config, goals, (fork, end), source)


def _ensemble(folder: Path, names: Sequence[str], stage: str, config: RunConfig) -> Organism:
    sizes = config.organism
    members = [without_constants(stage_weights(folder, name, stage, sizes), sizes) for name in names]
    stacked = {name: np.stack([arrays[name] for arrays in members]).astype(np.float32) for name in members[0]}
    try:
        return from_arrays(stacked, config.curriculum.world, config.organism)
    except ValueError as error:
        raise UserError(f"{folder}: {error}") from error


def written_run(pack_run: PackRun, out: Path) -> Path:
    """The folder of a finished run of these organisms, below a folder; written unless it is there."""
    config = pack_run.config
    folder = out / pack_run.folder_name()
    if (folder / "summary.json").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open_run(folder, config.plain()) as run:
        run.rewind(-1)
        run.write_summary(_committed(pack_run, run))
    return folder


def _committed(pack_run: PackRun, run: Run) -> dict[str, object]:
    """Commits untrained organisms, for the nulls that need them, then those of the pack; returns the summary."""
    config, programs = pack_run.config, Programs(pack_run.config)
    members = np.arange(config.members, dtype=np.int32)
    seeds = attempts = np.zeros(config.members, np.int32)
    goals = np.asarray(pack_run.secret_goals, np.int32)
    untrained = fetch(programs.init_states(seeds, members, attempts).organism)
    rates: dict[str, np.ndarray] = {}
    phases = ("characters", "characters", "intent")
    for step, (phase, organisms) in enumerate(zip(phases, (untrained, *pack_run.stages), strict=True)):
        rates = fetch(programs.behaviour(programs.layout.place(organisms), goals, seeds))
        retention = {name: rate.tolist() for name, rate in rates.items()}
        notes = {"attempts": attempts.tolist(), "round": 0, "devices": jax.local_device_count()}
        run.commit(step, phase, 0, to_arrays(organisms), retention=retention, **notes)
    end = pack_run.stages[1]
    return run_summary(
        TrainingEnd(config, run, 2, end, attempts, goals, rates, 0, None, lambda _: (end, attempts))
    )
