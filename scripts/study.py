"""Run a named study: python scripts/study.py NAME"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import command
import tyro
from preview import first_look

from curricula.catalogue.named import WORLDS, Scale
from curricula.world.world import World
from experiments.studies import catalogue  # noqa: F401  registers the studies of this project
from experiments.studies.ancestry.study import Chronology, run_chronology
from experiments.studies.bitrot.study import MEMBERS, Bitrot, run_bitrot
from experiments.studies.controls.study import Controls, run_controls
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.incentives.study import Incentives, run_incentives
from experiments.studies.registry import registered_studies, study_named
from experiments.studies.study import StudySettings
from organisms.model.config import ORGANISMS, OrganismConfig


@dataclass(frozen=True)
class StudyCommand:
    """Runs a study: trains its runs, measures them, and writes a report and a summary. What exists is not made
    again."""

    study: Annotated[str, tyro.conf.Positional]
    """name of the study"""
    world: World
    organism: OrganismConfig
    scale: Scale = "cpu"
    """sizes of the world, the organism and the phases, before the other settings"""
    members: int | None = None
    """organisms of each kind; by default what the study says"""
    seed: int = 0
    steps: int | None = None
    """steps of every phase, in place of the curricula's own"""
    out: Path = Path("runs")
    """where runs and the study's report go"""
    cache: bool = True
    """keep compiled programs for the next command"""
    quiet: bool = False
    """no progress on standard error"""


def description() -> str:
    """What `--help` says: each study by name, with the sentence that it says of itself."""
    return "\n".join(f"{name}: {study.about}" for name, study in registered_studies().items())


def run(arguments: Sequence[str]) -> Path:
    """Runs the study that the arguments name and returns the path of its summary."""
    look = first_look(arguments, [field.name for field in fields(StudyCommand) if field.type is bool])
    default = StudyCommand("", WORLDS[look.scale], ORGANISMS[look.scale])
    request: StudyCommand = command.parse(StudyCommand, description(), arguments, default=default)
    words = " ".join(["python scripts/study.py", *arguments])
    former = {
        "controls": (Controls, run_controls, 8),
        "ancestry": (Chronology, run_chronology, 8),
        "bitrot": (Bitrot, run_bitrot, MEMBERS),
        "incentives": (Incentives, run_incentives, 8),
    }
    if request.study in former:
        command.prepare(request.cache)
        settings, run_it, usual = former[request.study]
        members = usual if request.members is None else request.members
        sizes = request.scale, request.world, request.organism, members, request.seed, request.steps
        return run_it(settings(*sizes), request.out, words, request.quiet)
    study = study_named(request.study)
    command.prepare(request.cache)
    members = study.members if request.members is None else request.members
    settings = StudySettings(
        request.scale, request.world, request.organism, members, request.seed, request.steps
    )
    return run_study(study, settings, StudyOutput(request.out, words, request.quiet))


if __name__ == "__main__":
    command.main(lambda: run(sys.argv[1:]))
