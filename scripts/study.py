"""Run a named study: python scripts/study.py controls|incentives|ancestry|bitrot"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

import command
import tyro
from preview import first_look

from curricula.catalogue.named import WORLDS, Scale
from curricula.world.world import World
from experiments.studies.ancestry.study import Chronology, run_chronology
from experiments.studies.bitrot.study import MEMBERS, Bitrot, run_bitrot
from experiments.studies.controls.study import Controls, run_controls
from experiments.studies.incentives.study import Incentives, run_incentives
from organisms.model.config import ORGANISMS, OrganismConfig


@dataclass(frozen=True)
class Study:
    """controls: grows planted organisms of known provenance, analyses them blind, and scores the verdicts.
    incentives: grows organisms with and without an incentive to part from the characters' mechanism, and
    counts where self's comes from. ancestry: grows lineages whose role changes have known dates, and scores
    the events that are told of them. bitrot: forks grown organisms into phases in which self is never alone,
    and measures how long they keep what they would do then. What exists is not made again."""

    study: Annotated[Literal["controls", "incentives", "ancestry", "bitrot"], tyro.conf.Positional]
    world: World
    organism: OrganismConfig
    scale: Scale = "cpu"
    """sizes of the world, the organism and the phases, before the other settings"""
    members: int | None = None
    """organisms of each kind; by default 8, and 10 for bitrot"""
    seed: int = 0
    steps: int | None = None
    """steps of every phase, in place of the curricula's own"""
    out: Path = Path("runs")
    """where runs and the study's report go"""
    cache: bool = True
    """keep compiled programs for the next command"""
    quiet: bool = False
    """no progress on standard error"""


def study(arguments: Sequence[str]) -> Path:
    look = first_look(arguments, [field.name for field in fields(Study) if field.type is bool])
    default = Study("controls", WORLDS[look.scale], ORGANISMS[look.scale])
    wanted: Study = command.parse(Study, __doc__ or "", arguments, default=default)
    command.prepare(wanted.cache)
    usual = MEMBERS if wanted.study == "bitrot" else 8
    members = usual if wanted.members is None else wanted.members
    settings = wanted.scale, wanted.world, wanted.organism, members, wanted.seed, wanted.steps
    words = " ".join(["python scripts/study.py", *arguments])
    if wanted.study == "controls":
        return run_controls(Controls(*settings), wanted.out, words, wanted.quiet)
    if wanted.study == "ancestry":
        return run_chronology(Chronology(*settings), wanted.out, words, wanted.quiet)
    if wanted.study == "bitrot":
        return run_bitrot(Bitrot(*settings), wanted.out, words, wanted.quiet)
    return run_incentives(Incentives(*settings), wanted.out, words, wanted.quiet)


if __name__ == "__main__":
    command.main(lambda: study(sys.argv[1:]))
