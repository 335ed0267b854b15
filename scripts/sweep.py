"""Grow a grid of runs, here or on a cluster: python scripts/sweep.py CURRICULUM.. --seeds 0 1 2 --grid
FLAG=V1,V2"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import command
import tyro
from asked import resolve

from curricula.catalogue.named import Scale
from curricula.errors import UserError
from experiments import launch, sweep

TRAIN = Path(__file__).with_name("train.py")


@dataclass(frozen=True)
class Sweep:
    """Every curriculum with every seed and every --grid value, a run each. What is done is not done again;
    what was killed goes on."""

    curricula: Annotated[tuple[str, ...], tyro.conf.Positional]
    """names of curricula"""
    seeds: tuple[int, ...] = (0,)
    """each grows runs of its own"""
    grid: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """FLAG=V1,V2: a setting of train.py and its values, such as training.batch=32,64; once for each
    setting"""
    scale: Scale = "cpu"
    members: int = 5
    """organisms a run"""
    steps: int | None = None
    """steps of every phase, in place of the curriculum's own"""
    out: Path = Path("runs/sweep")
    """where the runs, their logs and the sweep's summary go"""
    workers: int = 1
    """runs at once on this machine; each already uses all its cores"""
    shard: str | None = None
    """i/n: only the i-th of n parts of the grid, i from 1 to n"""
    dry_run: bool = False
    """only list the runs: what there is of each, and its command"""
    slurm: bool = False
    """each run as a job of its own"""
    slurm_partition: str | None = None
    """by default the cluster's own choice"""
    slurm_gpus: int = 0
    """of each job"""
    slurm_minutes: int = 60
    """after which a job is ended; give the same command again to go on"""
    slurm_cluster: Literal["auto", "local", "debug"] = "auto"
    """auto is Slurm; local and debug try the same without it"""


def check(wanted: Sweep) -> None:
    """Raises Fault on a number that can not be, and on settings of jobs where there are none."""
    least = {"workers": 1, "slurm_gpus": 0, "slurm_minutes": 1}
    given = vars(wanted)
    validation_errors = [
        f"{name}: expected {n} or more, got {given[name]}" for name, n in least.items() if given[name] < n
    ]
    if (wanted.slurm_partition or wanted.slurm_gpus) and not wanted.slurm:
        validation_errors.append("settings of Slurm without Slurm; give --slurm too")
    if validation_errors:
        raise UserError("; ".join(validation_errors))


def run(arguments: Sequence[str]) -> Path:
    wanted: Sweep = command.parse(Sweep, __doc__ or "", arguments)
    check(wanted)
    shard, grid = sweep.parse_shard(wanted.shard), sweep.parse_grid(wanted.grid)
    fixed = {"scale": wanted.scale, "members": wanted.members, "steps": wanted.steps}
    cells = sweep.expand(wanted.curricula, wanted.seeds, fixed, grid, wanted.out, lambda a: resolve(a)[1])
    if wanted.dry_run:
        print(*sweep.plan(sweep.part(cells, shard), TRAIN), sep="\n")
        sys.exit(0)
    if not wanted.slurm:
        return sweep.sweep(cells, shard, wanted.out, TRAIN, launch.LocalJob, wanted.workers)
    resources = wanted.slurm_cluster, wanted.slurm_partition, wanted.slurm_gpus, wanted.slurm_minutes
    start = launch.cluster_starter(wanted.out / "logs" / "jobs", *resources)
    return sweep.sweep(cells, shard, wanted.out, TRAIN, start, at_once=len(cells))


if __name__ == "__main__":
    command.main(lambda: run(sys.argv[1:]))
