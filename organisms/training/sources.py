"""What may a run be given beside its config? Nothing in it changes what the run comes to."""

from dataclasses import dataclass
from pathlib import Path

from organisms.storage.run import Run
from organisms.training.callbacks import MakeMeasurer
from organisms.training.programs import Programs


@dataclass(frozen=True)
class TrainingSources:
    """What a run may be given beside its config."""

    programs: Programs | None = None
    """compiled programs of a run that differs in nothing but its phases"""
    trunk: Run | None = None
    """a finished run whose first phases are the same: they are copied instead of trained, to the same bits"""
    parent: Path | None = None
    """folder of the run that the config's parent is a checkpoint of"""
    make_measurer: MakeMeasurer | None = None
    """needed where a pressure fits something to the organisms as a phase begins"""
