"""Train and analyse what is missing, then compare: python scripts/compare.py [CURRICULUM|RUN ..]"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from curricula.catalogue.registry import CURRICULA
from curricula.errors import UserError
from experiments.command_line.flags import EnsembleFlags
from experiments.command_line.parsing import parse
from organisms.ensemble.config import named_config


@dataclass(frozen=True, kw_only=True)
class Compare(EnsembleFlags):
    """The main job. Without arguments: shared, redundant and honest. What exists is not trained again."""

    targets: Annotated[tuple[str, ...], tyro.conf.Positional] = ("shared", "redundant", "honest")
    """names of curricula, to be trained where they are missing, or folders of finished runs"""
    members: int = 5
    """organisms a curriculum"""
    out: Path = Path("runs")
    """where runs and the comparison go"""


def compare_command(words: Sequence[str]) -> Path:
    flags = parse(Compare, __doc__ or "", words)
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.compare import compare

    flags.set_up_jax()
    folders = [Path(target) for target in flags.targets if target not in CURRICULA and Path(target).is_dir()]
    names = [target for target in flags.targets if Path(target) not in folders]
    for name in names:
        if name not in CURRICULA and ("/" in name or Path(name).exists()):
            raise UserError(f"expected a curriculum or the folder of a run, found no folder at {name}")
    configs = [named_config(name, flags.scale, flags.members, flags.seed, flags.steps) for name in names]
    command = shlex.join(["python", "scripts/compare.py", *words])
    return compare(configs, folders, flags.out, command, flags.quiet, flags.report)
