"""Run a named study: python scripts/study.py NAME"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from curricula.catalogue.building_blocks import WORLDS
from curricula.world.world import World
from experiments.command_line.flags import EnsembleFlags
from experiments.command_line.help_lists import help_list
from experiments.command_line.parsing import Draft, parse_twice
from experiments.studies.registry import studies_in_words, study_named
from organisms.model.config import ORGANISMS, OrganismConfig


@dataclass(frozen=True, kw_only=True)
class StudyCommand(EnsembleFlags):
    """Runs a study: trains its runs, measures them, and writes a report and a summary. What exists is not made
    again."""

    study: Annotated[str, tyro.conf.Positional]
    """name of the study"""
    world: World
    organism: OrganismConfig
    members: int | None = None
    """organisms of each kind; by default the study's usual number"""
    out: Path = Path("runs")
    """where runs and the study's report go"""


def description() -> str:
    """The text of `--help`: each study by name, with its own sentence about itself."""
    return f"{__doc__}\n\nStudies:\n{help_list(studies_in_words())}"


def any_study() -> StudyCommand:
    """Defaults before the study and its scale are known."""
    return StudyCommand(study="", world=World(), organism=OrganismConfig())


def defaults(draft: Draft) -> StudyCommand:
    """The defaults that go with the study and the scale of a first reading."""
    name, scale = draft.settings.study, draft.settings.scale
    return replace(any_study(), study=name, scale=scale, world=WORLDS[scale], organism=ORGANISMS[scale])


def study_command(words: Sequence[str]) -> Path:
    """Runs the study that the words name and returns the path of its summary."""
    flags = parse_twice(StudyCommand, description, words, any_study, defaults)
    command = shlex.join(["python", "scripts/study.py", *words])
    study = study_named(flags.study)
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.studies.execution import StudyOutput, run_study
    from experiments.studies.study import StudySettings

    flags.set_up_jax()
    members = study.members if flags.members is None else flags.members
    settings = StudySettings(flags.scale, flags.world, flags.organism, members, flags.seed, flags.steps)
    return run_study(study, settings, StudyOutput(flags.out, command, flags.quiet, flags.report))
