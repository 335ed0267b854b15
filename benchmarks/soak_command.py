"""Kill commands at random moments and compare what they leave with what undisturbed ones leave: python scripts/soak.py"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.command_line.flags import CommonFlags
from experiments.command_line.parsing import parse


@dataclass(frozen=True, kw_only=True)
class Soak(CommonFlags):
    """SIGKILLs over train, analyse, compare and sweep, at tiny scale."""

    kills: int = 100
    """over all commands"""
    minutes: float = 45
    """after which no command is started again"""
    seed: int = 0
    """of the moments at which commands are killed"""
    out: Path = Path("runs/soak")
    """a folder of its own; what it holds is deleted first"""


def soak_command(words: Sequence[str]) -> Path:
    flags = parse(Soak, __doc__ or "", words)
    from benchmarks.soak import soak

    return soak(flags.kills, flags.minutes, flags.seed, flags.out, flags.report)
