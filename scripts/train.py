"""Grow an ensemble of organisms under a curriculum: python scripts/train.py CURRICULUM"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import command
import tyro

from analysis.comparison import run_folder
from analysis.watching import grow_run
from curricula.catalogue import CURRICULA, Scale
from curricula.faults import Fault
from curricula.phases import Curriculum, Phase
from curricula.world import World
from organisms.config import OrganismConfig, RunConfig, TrainingConfig, named_config


@dataclass(frozen=True)
class Train:
    """Grows an ensemble: lineage, TensorBoard, summary.json. Killed, it goes on when the same command is given again."""

    curriculum: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help=f"one of {', '.join(CURRICULA)}")]
    world: World
    organism: OrganismConfig
    training: TrainingConfig
    phases: tuple[Phase, ...]
    scale: Scale = "cpu"
    """sizes of the world, the organism and the phases, before the settings below"""
    members: int = 5
    """organisms grown side by side"""
    seed: int = 0
    steps: int | None = None
    """steps of every phase, in place of the curriculum's own"""
    out: Path | None = None
    """folder of the run; by default runs/CURRICULUM-HASH"""
    quiet: bool = False
    """no progress on standard error"""


@dataclass(frozen=True)
class First:
    """The arguments that decide what the other defaults are."""

    curriculum: str = ""
    scale: Scale = "cpu"
    steps: int | None = None


def first_look(arguments: Sequence[str]) -> First:
    """Finds the curriculum, the scale and the steps among the arguments, which may stand in any order."""
    found = First()
    takes_none = {"--quiet", "--no-quiet", "--help", "-h"}
    for before, word in zip(["", *arguments], arguments, strict=False):
        value_of = before if before.startswith("-") and "=" not in before and before not in takes_none else None
        name, _, value = word.partition("=") if word.startswith("--") else (value_of, "", word)
        if name == "--scale" and value in ("tiny", "cpu", "gpu"):
            found = replace(found, scale=value)
        elif name == "--steps" and re.fullmatch(r"-?[0-9]+", value):
            found = replace(found, steps=int(value))
        elif name is None and not word.startswith("-"):
            found = replace(found, curriculum=word)
    return found


def train(arguments: Sequence[str]) -> Path:
    look = first_look(arguments)
    if not look.curriculum and not {"--help", "-h"} & set(arguments):
        raise Fault(f"expected the name of a curriculum, got none; give one of {', '.join(CURRICULA)}, or --help")
    look = replace(look, curriculum=look.curriculum or "shared")
    config = named_config(look.curriculum, look.scale, steps=look.steps)
    taught = config.curriculum
    default = Train(look.curriculum, taught.world, config.organism, config.training, taught.phases)
    wanted: Train = command.parse(Train, __doc__ or "", arguments, default=default)
    config = RunConfig(
        Curriculum(wanted.curriculum, wanted.world, wanted.phases),
        wanted.organism,
        wanted.training,
        wanted.members,
        wanted.seed,
    )
    config.check()
    return grow_run(config, wanted.out or run_folder(Path("runs"), config), wanted.quiet)


if __name__ == "__main__":
    command.main(lambda: train(sys.argv[1:]))
