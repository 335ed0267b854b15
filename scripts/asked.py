"""Which run does a command line ask for? The settings of `train.py`, which a sweep takes too."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated

import command
import tyro
from preview import first_look

from curricula.catalogue.disuse import FORKS
from curricula.catalogue.named import CURRICULA, Scale
from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.plugins import loaded_plugins
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.storage.forking import parent_at
from organisms.storage.parent import Parent
from organisms.training.config import RunConfig, TrainingConfig, named_config
from organisms.training.devices import Processes
from organisms.training.variation import combinations, read_variation


@dataclass(frozen=True)
class Train:
    """Grows an ensemble: lineage, TensorBoard, summary.json. Killed, it goes on when the same command is
    given again."""

    curriculum: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help=f"one of {', '.join(CURRICULA)}")]
    world: World
    organism: OrganismConfig
    training: TrainingConfig
    phases: tuple[Phase, ...]
    scale: Scale = "cpu"
    """sizes of the world, the organism and the phases, before the settings below"""
    members: int | None = None
    """organisms grown side by side; by default 5, or with a parent as many as it has, for each combination of
    settings that members differ in"""
    seed: int = 0
    steps: int | None = None
    """steps of every phase, in place of the curriculum's own"""
    out: Path | None = None
    """folder of the run; by default runs/CURRICULUM-HASH"""
    vary: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """a number that members differ in, as phases.1.optimiser.learning_rate=0.001,0.002; once for each:
    members take the combinations in turn"""
    parent: Path | None = None
    """folder of a run whose organisms this one begins with, in place of newborns; its world, sizes and seed
    are this run's too"""
    parent_step: int | None = None
    """checkpoint of the parent; by default its last"""
    first_phase: str | None = None
    """name of the curriculum's phase to begin with; those before it are left out"""
    distributed: bool = False
    """this process is one of several that grow the ensemble together; give each the same command"""
    coordinator: str | None = None
    """HOST:PORT of the first of several processes, with the next two; without them the cluster is asked"""
    processes: int | None = None
    """how many there are"""
    process: int | None = None
    """which of them this is, from 0"""
    cache: bool = True
    """keep compiled programs for the next command"""
    quiet: bool = False
    """no progress on standard error"""


def processes_of(wanted: Train) -> Processes | None:
    """The other processes, if there are any. Raises Fault where only a part of what finds them is given."""
    place = wanted.coordinator, wanted.processes, wanted.process
    if not wanted.distributed:
        if any(part is not None for part in place):
            raise UserError(
                "--coordinator, --processes and --process: expected --distributed with them; add it"
            )
        return None
    return Processes.read(*place)


def resolve(arguments: Sequence[str], about: str = "") -> tuple[Train, RunConfig]:
    """What arguments ask for, and the run that this makes, sound or not. Raises Fault where they can not be
    read. about: the first line of the help."""
    look = first_look(arguments, [field.name for field in fields(Train) if field.type is bool])
    if not look.curriculum and not {"--help", "-h"} & set(arguments):
        raise UserError(
            f"expected the name of a curriculum, got none; give one of {', '.join(CURRICULA)}, or --help"
        )
    look = replace(look, curriculum=look.curriculum or "shared")
    named = named_config(look.curriculum, look.scale, steps=look.steps)
    sizes = parent_at(Path(look.parent), look.parent_step)[1] if look.parent else named
    phases = named.curriculum.phases_from(look.first_phase)
    default = Train(
        look.curriculum,
        sizes.curriculum.world,
        sizes.organism,
        sizes.training,
        phases,
        look.scale,
        seed=sizes.seed,
    )
    wanted: Train = command.parse(Train, about, arguments, default=default)
    parent = parent_at(wanted.parent, wanted.parent_step)[0] if wanted.parent else Parent()
    if wanted.curriculum in [fork.__name__ for fork in FORKS] and not parent:
        raise UserError(
            f"{wanted.curriculum} begins with organisms of another run: expected --parent RUN; add it"
        )
    if wanted.parent_step is not None and not parent:
        raise UserError("--parent-step: expected --parent RUN with it; add it")
    curriculum = Curriculum(wanted.curriculum, wanted.world, wanted.phases)
    vary = tuple(read_variation(text, wanted.phases) for text in wanted.vary)
    usual = parent.members * combinations(vary) if parent else 5
    members = usual if wanted.members is None else wanted.members
    return wanted, RunConfig(
        curriculum,
        wanted.organism,
        wanted.training,
        members,
        wanted.seed,
        vary,
        parent,
        plugins=loaded_plugins(),
    )
