"""Train an ensemble of organisms under a curriculum: python scripts/train.py CURRICULUM"""

from collections.abc import Sequence
from pathlib import Path

from experiments.command_line.process import main, meet_processes
from experiments.command_line.training_arguments import parse_training_arguments


def train_command(words: Sequence[str]) -> Path:
    arguments = parse_training_arguments(words, __doc__ or "")
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.train import train_run
    from organisms.storage.config_hash import run_folder
    from organisms.training.validation import check_config

    config = arguments.config()
    check_config(config)
    arguments.set_up_jax(alone=not arguments.distributed)
    meet_processes(arguments.other_processes, arguments.report)
    folder = arguments.out or run_folder(Path("runs"), config)
    return train_run(config, folder, arguments.quiet, parent=arguments.parent)


if __name__ == "__main__":  # of a process of its own, where there is no scripts/
    main("experiments.commands.train:train_command")
