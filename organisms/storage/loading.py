"""Loading: which organisms does a finished run have? Ensembles read back from its checkpoints."""

from typing import Literal

import numpy as np
from jaxtyping import Int

from curricula.errors import UserError
from curricula.world.world import Role
from organisms.ensemble.config import RunConfig, read_config
from organisms.model.parameter_names import from_arrays
from organisms.model.transformer import Organism
from organisms.storage.consistency import require_whole
from organisms.storage.manifest import Entry, fork_entry
from organisms.storage.run import Run

CheckpointChoice = int | Literal["fork", "end"]
"""a step; the last checkpoint before self was first taught; or the last of all"""


def load(run: Run, config: RunConfig, entry: Entry) -> Organism:
    """The ensemble committed at an entry."""
    return from_arrays(run.parameters(entry), config.curriculum.world, config.organism)


def fork_and_end(config: RunConfig, entries: list[Entry], role: Role = "self") -> tuple[Entry, Entry]:
    """The organisms just before a role was first taught, and the last ones."""
    return fork_entry(config.curriculum, entries, role), entries[-1]


def require_finished(run: Run) -> RunConfig:
    """The config of a run that can be measured. Raises UserError where it is not finished, is damaged, was
    written by another version, or has files of another run."""
    config = read_config(run.config)
    if not (run.folder / "summary.json").exists() or not run.entries():
        raise UserError(
            f"{run.folder} is not finished; give its train command again, with the same arguments, to finish it"
        )
    require_whole(run)
    return config


def secret_goals_of(run: Run) -> Int[np.ndarray, " member"]:
    """The secret goal of each member of a finished run."""
    return np.asarray(run.summary()["secret_goals"])


def chosen_entry(run: Run, config: RunConfig, choice: CheckpointChoice) -> Entry:
    """One checkpoint of a run. Raises UserError where nothing was committed at that step."""
    entries = run.entries()
    fork, end = fork_and_end(config, entries)
    named: dict[CheckpointChoice, Entry] = {entry.step: entry for entry in entries}
    named |= {"fork": fork, "end": end}
    if choice not in named:
        steps = ", ".join(str(entry.step) for entry in entries)
        raise UserError(
            f"checkpoint: expected 'fork', 'end' or a step of {run.folder} ({steps}), got {choice!r}"
        )
    return named[choice]


def require_member(config: RunConfig, member: int) -> None:
    """Raises UserError where a run has no such member."""
    if not 0 <= member < config.members:
        raise UserError(f"member: expected 0 to {config.members - 1}, got {member}")


def require_same_attempt(run: Run, entry: Entry, member: int) -> None:
    """Raises UserError where a member was another organism at a checkpoint, which was given up and reseeded since."""
    attempt, last = (each.extra["attempts"][member] for each in (entry, run.entries()[-1]))
    if attempt != last:
        raise UserError(
            f"checkpoint: member {member} at step {entry.step} is attempt {attempt}, which was given up; expected a checkpoint of "
            f"attempt {last}, reseeded after it"
        )
