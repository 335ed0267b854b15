"""Measure speed against PyTorch and against this machine's limits: python scripts/bench.py"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import command

from benchmarks.bench import bench
from benchmarks.plan import Plan
from curricula.catalogue.named import Scale
from experiments.compare import say_on_error_stream


@dataclass(frozen=True)
class Bench:
    """Growth, PyTorch, the machine's limits and the analysis, measured in turn in one run. Takes a quarter of
    an hour on two cores."""

    scales: tuple[Scale, ...] = ()
    """sizes of organisms; by default all three"""
    members: tuple[int, ...] = ()
    """organisms grown side by side; by default 1 4 8 16 64, and on a GPU 256 1024 4096 as well"""
    rounds: int | None = None
    """how often each contestant takes its turn; by default 3"""
    seconds: float | None = None
    """how long a turn of ours is; by default 1"""
    seed: int = 0
    pytorch: bool = True
    """compare with PyTorch, if it is installed"""
    quick: bool = False
    """the reference alone (cpu scale, 1 and 8 members) in shorter turns"""
    profile: Path | None = None
    """folder for a profiler trace of one chunk; its costliest operations are printed"""
    out: Path = Path("runs/bench")
    """where summary.json and the drawings go"""


def run(arguments: Sequence[str]) -> Path:
    wanted: Bench = command.parse(Bench, __doc__ or "", arguments)
    asked = {
        "scales": wanted.scales,
        "members": wanted.members,
        "rounds": wanted.rounds,
        "seconds": wanted.seconds,
    }
    given = {name: value for name, value in asked.items() if value not in (None, ())}
    plan = (Plan.quick if wanted.quick else Plan)(
        **given, seed=wanted.seed, pytorch=wanted.pytorch, profile=wanted.profile
    )
    words = " ".join(["python scripts/bench.py", *arguments])
    return bench(plan, wanted.out, words, say_on_error_stream)


if __name__ == "__main__":
    command.main(lambda: run(sys.argv[1:]))
