"""Grow and analyse what is missing, then compare: python scripts/compare.py [CURRICULUM|RUN ..]"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import command
import tyro

from curricula.catalogue.named import CURRICULA, Scale
from experiments.compare import compare
from organisms.training.config import named_config


@dataclass(frozen=True)
class Compare:
    """The main job. Without arguments: shared, redundant and honest. What exists is not grown again."""

    targets: Annotated[tuple[str, ...], tyro.conf.Positional] = ("shared", "redundant", "honest")
    """names of curricula, to be grown where they are missing, or folders of finished runs"""
    scale: Scale = "cpu"
    members: int = 5
    """organisms a curriculum"""
    seed: int = 0
    steps: int | None = None
    """steps of every phase, in place of the curricula's own"""
    out: Path = Path("runs")
    """where runs and the comparison go"""
    cache: bool = True
    """keep compiled programs for the next command"""
    quiet: bool = False
    """no progress on standard error"""


def run(arguments: Sequence[str]) -> Path:
    wanted: Compare = command.parse(Compare, __doc__ or "", arguments)
    command.prepare(wanted.cache)
    folders = [Path(target) for target in wanted.targets if target not in CURRICULA and Path(target).is_dir()]
    names = [target for target in wanted.targets if Path(target) not in folders]
    configs = [named_config(name, wanted.scale, wanted.members, wanted.seed, wanted.steps) for name in names]
    words = " ".join(["python scripts/compare.py", *arguments])
    return compare(configs, folders, wanted.out, words, wanted.quiet)


if __name__ == "__main__":
    command.main(lambda: run(sys.argv[1:]))
