"""Loading: which organisms does a finished run have? Ensembles read back from its checkpoints."""

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
