"""Grow an ensemble of organisms under a curriculum: python scripts/train.py CURRICULUM"""

import sys
from collections.abc import Sequence
from pathlib import Path

import command
from asked import processes_of, resolve

from experiments.compare import run_folder
from experiments.train import train_run


def train(arguments: Sequence[str]) -> Path:
    wanted, config = resolve(arguments, __doc__ or "")
    config.check()
    command.prepare(wanted.cache, processes_of(wanted))
    folder = wanted.out or run_folder(Path("runs"), config)
    return train_run(config, folder, wanted.quiet, parent=wanted.parent)


if __name__ == "__main__":
    command.main(lambda: train(sys.argv[1:]))
