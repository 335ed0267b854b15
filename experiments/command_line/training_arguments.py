"""The settings of a training command: which run do they define? A sweep resolves its runs in the same way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from curricula.catalogue.registry import CURRICULA, FORKS, curricula_by_purpose
from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.plugins import loaded_plugins
from curricula.world.world import World
from experiments.command_line.flags import EnsembleFlags
from experiments.command_line.help_lists import help_groups
from experiments.command_line.parsing import Draft, parse_twice
from organisms.ensemble.config import RunConfig, TrainingConfig, named_config
from organisms.ensemble.parent import Parent
from organisms.ensemble.processes import Processes
from organisms.ensemble.variation import read_variation, setting_combinations
from organisms.model.config import OrganismConfig

USUAL_MEMBERS = 5
UNNAMED = "shared"
"""the curriculum whose settings the help lists where none is named"""


@dataclass(frozen=True, kw_only=True)
class TrainingArguments(EnsembleFlags):
    """Trains an ensemble: lineage, TensorBoard, summary.json. A killed command continues when it is given
    again."""

    curriculum: Annotated[str, tyro.conf.Positional]
    """its name; before it, end the values of a flag that takes several with --"""
    world: World
    organism: OrganismConfig
    training: TrainingConfig
    phases: tuple[Phase, ...]
    members: int | None = None
    """organisms trained side by side; by default 5, or with a parent as many as it has, for each combination
    of settings that members differ in"""
    out: Path | None = None
    """folder of the run; by default runs/CURRICULUM-HASH"""
    vary: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """a number that members differ in, as phases.1.optimiser.learning_rate=0.001,0.002; once for each:
    members take the combinations in turn"""
    parent: Path | None = None
    """folder of a run whose organisms this one begins with, in place of untrained ones; its world, sizes and
    seed are this run's too"""
    parent_step: int | None = None
    """checkpoint of the parent; by default its last"""
    first_phase: str | None = None
    """name of the curriculum's phase to begin with; those before it are left out"""
    distributed: bool = False
    """this process is one of several that train the ensemble together; give each the same command"""
    coordinator: str | None = None
    """HOST:PORT of the first of several processes, with the next two flags; without them the cluster is
    asked"""
    processes: int | None = None
    """number of processes"""
    process: int | None = None
    """index of this process, from 0"""

    @property
    def other_processes(self) -> Processes | None:
        """Where the processes of a distributed run meet; None for a single one. Raises UserError where only a
        part of what connects them is given."""
        place = self.coordinator, self.processes, self.process
        if self.distributed:
            return Processes.read(*place)
        if any(part is not None for part in place):
            raise UserError(
                "--coordinator, --processes and --process: expected --distributed with them; add it"
            )
        return None

    def config(self) -> RunConfig:
        """The run that these arguments define, valid or not. Raises UserError where they contradict each
        other."""
        parent = _parent(self)[0] if self.parent else Parent()
        if self.curriculum in FORKS and not parent:
            raise UserError(
                f"{self.curriculum} begins with organisms of another run: expected --parent RUN; add it"
            )
        if self.parent_step is not None and not parent:
            raise UserError("--parent-step: expected --parent RUN with it; add it")
        vary = tuple(read_variation(text, self.phases) for text in self.vary)
        members = parent.members * setting_combinations(vary) if parent else USUAL_MEMBERS
        return RunConfig(
            Curriculum(self.curriculum, self.world, self.phases),
            self.organism,
            self.training,
            members if self.members is None else self.members,
            self.seed,
            vary,
            parent,
            loaded_plugins(),
        )


def parse_training_arguments(words: Sequence[str], about: str = "") -> TrainingArguments:
    """The arguments of a training command. Raises UserError where they can not be read. about: the first line
    of the help."""
    return parse_twice(
        TrainingArguments,
        lambda: f"{about}\n\nCurricula:\n{help_groups(curricula_by_purpose())}",
        words,
        _any_curriculum,
        _defaults,
    )


def resolve(words: Sequence[str]) -> RunConfig:
    """The run that the words of a training command define, valid or not. Raises UserError where they can not
    be read."""
    return parse_training_arguments(words).config()


def _any_curriculum() -> TrainingArguments:
    """Defaults with as many phases as the longest curriculum has."""
    phases = max(len(make("tiny").phases) for make in CURRICULA.values())
    return TrainingArguments(
        curriculum="",
        world=World(),
        organism=OrganismConfig(),
        training=TrainingConfig(),
        phases=tuple(Phase(f"phase {index}") for index in range(phases)),
    )


def _defaults(draft: Draft) -> TrainingArguments:
    """The defaults that go with the curriculum, scale, steps, parent and first phase of a first reading."""
    chosen: TrainingArguments = draft.settings
    name = chosen.curriculum
    if name not in CURRICULA and (draft.unknown or (draft.help and not name)):
        name = UNNAMED
    if not name:
        raise UserError(
            f"expected the name of a curriculum, got none; give one of {', '.join(CURRICULA)}, before all flags or "
            "after --; see --help"
        )
    named = named_config(name, chosen.scale, steps=chosen.steps)
    sizes = _parent(chosen)[1] if chosen.parent else named
    return replace(
        _any_curriculum(),
        curriculum=name,
        scale=chosen.scale,
        seed=sizes.seed,
        world=sizes.curriculum.world,
        organism=sizes.organism,
        training=sizes.training,
        phases=named.curriculum.phases_from(chosen.first_phase or ""),
    )


def _parent(arguments: TrainingArguments) -> tuple[Parent, RunConfig]:
    """The parent that the arguments name, and its run's config."""
    from organisms.storage.forking import parent_at  # takes long to import, and few commands have a parent

    assert arguments.parent is not None
    return parent_at(arguments.parent, arguments.parent_step)
