"""Train an ensemble of organisms under a curriculum: python scripts/train.py CURRICULUM"""

from collections.abc import Sequence
from pathlib import Path

from experiments.command_line.process import main, meet_processes
from experiments.command_line.training_arguments import parse_training_arguments
from experiments.compare import run_folder
from experiments.train import train_run
from organisms.training.validation import check_config


def train(words: Sequence[str]) -> Path:
    arguments = parse_training_arguments(words, __doc__ or "")
    config = arguments.config()
    check_config(config)
    arguments.set_up_jax()
    meet_processes(arguments.other_processes)
    folder = arguments.out or run_folder(Path("runs"), config)
    return train_run(config, folder, arguments.quiet, parent=arguments.parent)


if __name__ == "__main__":
    main(train)
