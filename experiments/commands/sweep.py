"""Train a grid of runs, here or on a cluster: python scripts/sweep.py CURRICULUM.. --seeds 0 1 2 --grid
FLAG=V1,V2"""

import sys
from collections.abc import Sequence
from pathlib import Path

from experiments import sweep
from experiments.command_line.parsing import parse
from experiments.command_line.process import command_file
from experiments.command_line.sweep_arguments import SweepArguments
from experiments.command_line.training_arguments import resolve

TRAIN = command_file("train")


def sweep_command(words: Sequence[str]) -> Path:
    flags = parse(SweepArguments, __doc__ or "", words)
    flags.check()
    shard = sweep.parse_shard(flags.shard)
    cells = sweep.expand(flags.runs, flags.out, resolve)
    if flags.dry_run:
        print(*sweep.plan(sweep.part(cells, shard), TRAIN), sep="\n")
        sys.exit(0)
    at_once = len(cells) if flags.slurm else flags.workers
    place = sweep.Place(flags.out, TRAIN, flags.starter, at_once)
    return sweep.sweep(cells, shard, place, flags.report)
