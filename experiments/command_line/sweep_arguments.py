"""The settings of a sweep: which runs do they define, and what starts each of them?"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from curricula.errors import UserError
from experiments import launch, sweep
from experiments.command_line.flags import EnsembleFlags


@dataclass(frozen=True, kw_only=True)
class SweepArguments(EnsembleFlags):
    """Every curriculum with every seed and every --grid value, a run each. What is done is not done again;
    what was killed continues."""

    curricula: Annotated[tuple[str, ...], tyro.conf.Positional]
    """names of curricula"""
    seeds: tuple[int, ...] = ()
    """each trains runs of its own; by default that of --seed"""
    grid: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """FLAG=V1,V2: a setting of train.py and its values, such as training.batch=32,64; once for each
    setting"""
    members: int = 5
    """organisms a run"""
    out: Path = Path("runs/sweep")
    """where the runs, their logs and the sweep's summary go"""
    workers: int = 1
    """runs at the same time on this machine; each already uses all its cores"""
    shard: str | None = None
    """i/n: only the i-th of n parts of the grid, i from 1 to n"""
    dry_run: bool = False
    """only list the runs: the state of each, and its command"""
    slurm: bool = False
    """each run as a job of its own"""
    slurm_partition: str | None = None
    """by default the cluster's own choice"""
    slurm_gpus: int = 0
    """of each job"""
    slurm_minutes: int = 60
    """after which a job is ended; give the same command again to continue"""
    slurm_cluster: Literal["auto", "local", "debug"] = "auto"
    """auto is Slurm; local and debug try the same without it"""

    @property
    def runs(self) -> sweep.Grid:
        """The runs to be trained. Raises UserError where a setting of the grid is malformed."""
        settings = {"scale": self.scale, "members": self.members, "steps": self.steps}
        plugins = (f"--plugin={path.resolve()}" for path in self.plugin)
        return sweep.Grid(
            self.curricula,
            self.seeds or (self.seed,),
            sweep.parse_grid(self.grid),
            {name: str(value) for name, value in settings.items() if value is not None},
            (*plugins, *(() if self.cache else ("--no-cache",))),
        )

    @property
    def starter(self) -> Callable[[launch.Task], launch.Job]:
        """What starts a run: a process here, or a job of the cluster."""
        if not self.slurm:
            return launch.LocalJob
        resources = self.slurm_cluster, self.slurm_partition, self.slurm_gpus, self.slurm_minutes
        return launch.cluster_starter(self.out / "logs" / "jobs", *resources)

    def check(self) -> None:
        """Raises UserError on a number out of range, and on settings of jobs where there are none."""
        minimums = {"workers": 1, "slurm_gpus": 0, "slurm_minutes": 1}
        errors = [
            f"{name}: expected {minimum} or more, got {getattr(self, name)}"
            for name, minimum in minimums.items()
            if getattr(self, name) < minimum
        ]
        if (self.slurm_partition or self.slurm_gpus) and not self.slurm:
            errors.append("settings of Slurm without Slurm; give --slurm too")
        if errors:
            raise UserError("; ".join(errors))
