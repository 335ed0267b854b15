"""Lineages: how is an ensemble grown, and which checkpoints did a run leave?"""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from curricula.catalogue.building_blocks import Scale
from exapt.arguments import require_name
from exapt.session import set_up_session
from experiments.train import train_run
from organisms.ensemble.config import RunConfig, named_config
from organisms.model.sites import components
from organisms.storage.config_hash import run_folder
from organisms.storage.loading import CheckpointChoice, chosen_entry, require_finished
from organisms.storage.manifest import Entry
from organisms.storage.run import Run, read_run
from organisms.training.validation import check_config


@dataclass(frozen=True, repr=False)
class Lineage:
    """A finished run, opened to read: an ensemble at all its checkpoints, from the first step to the last."""

    run: Run
    """the run's folder"""
    config: RunConfig
    """everything that the run is a function of"""

    def __repr__(self) -> str:
        about = f"{self.curriculum}, {self.members} members, {len(self.checkpoints)} checkpoints"
        return f"Lineage({about}, {str(self.folder)!r})"

    @property
    def folder(self) -> Path:
        """Folder of the run."""
        return self.run.folder

    @property
    def curriculum(self) -> str:
        """Name of what was taught."""
        return self.config.curriculum.name

    @property
    def members(self) -> int:
        """Number of organisms."""
        return self.config.members

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components of each organism, in order: heads, as ``L0H0``, and blocks of neurons, as ``L0M0``."""
        return tuple(components(self.config.organism))

    @property
    def checkpoints(self) -> tuple[Entry, ...]:
        """Committed checkpoints by rising ``step``, each with its ``phase``."""
        return tuple(self.run.entries())

    def checkpoint(self, choice: CheckpointChoice) -> Entry:
        """One checkpoint. Raises UserError where nothing was committed at that step."""
        return chosen_entry(self.run, self.config, choice)


def grow(
    curriculum: str,
    scale: Scale = "cpu",
    members: int = 5,
    seed: int = 0,
    steps: int | None = None,
    folder: str | Path | None = None,
) -> Lineage:
    """Trains an ensemble of organisms under a named curriculum, as ``exapt train`` does, and opens the finished run.

    A run that is in the folder already is not trained again, and one that was interrupted goes on. At scale *tiny* it takes
    seconds, at *cpu* minutes. Progress goes to standard error. Where JAX was used before in this process, its devices stay as
    they are, and the last bits of what is grown may differ from those of the command.

    scale: sizes of world, organisms and phases. members: organisms trained side by side. seed: of initial weights and
    scenes. steps: of every phase, in place of the curriculum's own. folder: ``runs/CURRICULUM-HASH`` by default.

    Raises UserError on a wrong setting, or where the folder holds something else; `curricula.errors.SystemFailure` where
    the disk refuses.

    >>> lineage = exapt.grow("shared", scale="tiny", members=2, folder="runs/shared")
    >>> lineage
    Lineage(shared, 2 members, 13 checkpoints, 'runs/shared')
    """
    require_name("scale", scale, get_args(Scale))
    set_up_session()
    config = named_config(curriculum, scale, members, seed, steps)
    check_config(config)
    path = run_folder(Path("runs"), config) if folder is None else Path(folder)
    train_run(config, path)
    return read_lineage(path)


def read_lineage(folder: str | Path) -> Lineage:
    """Opens the folder of a finished run, however it was grown.

    Raises UserError where there is no run, or it is not finished, damaged, or of another version.

    >>> lineage = exapt.read_lineage("runs/shared")
    >>> [(entry.step, entry.phase) for entry in lineage.checkpoints[-2:]]
    [(550, 'intent'), (600, 'intent')]
    >>> lineage.checkpoint("fork").step
    400
    >>> lineage.components[:5]
    ('L0H0', 'L0H1', 'L0H2', 'L0H3', 'L0M0')
    """
    run = read_run(Path(folder))
    return Lineage(run, require_finished(run))
