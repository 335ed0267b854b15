"""The console command: ``exapt train shared`` does what ``python scripts/train.py shared`` does in a checkout.

Imports nothing heavy: what a command needs is imported once it is known which one runs.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from curricula.errors import UserError, nearest_name
from experiments.command_line.process import main


class ConsoleCommand(NamedTuple):
    """A word that may follow ``exapt``."""

    function: str
    """MODULE:FUNCTION, as `experiments.command_line.process.main` takes it"""
    about: str


COMMANDS = {
    "train": ConsoleCommand(
        "experiments.commands.train:train_command", "Train an ensemble of organisms under a curriculum"
    ),
    "analyse": ConsoleCommand(
        "experiments.commands.analyse:analyse_command",
        "Measure a finished run and give each organism a verdict",
    ),
    "compare": ConsoleCommand(
        "experiments.commands.compare:compare_command", "Train and analyse what is missing, then compare"
    ),
    "sweep": ConsoleCommand(
        "experiments.commands.sweep:sweep_command", "Train a grid of runs, here or on a cluster"
    ),
    "study": ConsoleCommand("experiments.commands.study:study_command", "Run a named study"),
    "export": ConsoleCommand(
        "experiments.commands.export:export_command", "Write organisms of a run for other tools"
    ),
    "challenge": ConsoleCommand(
        "experiments.commands.challenge:challenge_command", "Make and score sealed packs of planted organisms"
    ),
    "bench": ConsoleCommand(
        "benchmarks.command:bench_command", "Measure speed against PyTorch and against this machine's limits"
    ),
}


def console_command() -> NoReturn:
    """Runs the command that the first word names on the words after it, and exits as `main` does."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        main("exapt.command:list_commands")
    sys.argv = [f"exapt {name}", *sys.argv[2:]]
    main(COMMANDS[name].function)


def list_commands(words: Sequence[str]) -> Path:
    """Prints the commands and exits where the words ask for help. Raises UserError on any other word, or none."""
    if words and words[0] in ("-h", "--help"):
        print(help_text())
        sys.exit(0)
    expected = f"expected a command ({', '.join(COMMANDS)})"
    if not words:
        raise UserError(f"{expected}, got none; see exapt --help")
    raise UserError(f"{expected}, got {words[0]!r}{nearest_name(words[0], COMMANDS)}; see exapt --help")


def help_text() -> str:
    """The commands, one a line."""
    lines = [f"  {name:<9} {command.about}" for name, command in COMMANDS.items()]
    return "\n".join(
        (
            "usage: exapt COMMAND ...",
            "",
            "Grows toy model organisms of deceit and asks where their deceit came from.",
            "",
            *lines,
            "",
            "exapt COMMAND --help lists every setting of one. In Python: import exapt; help(exapt)",
        )
    )
