"""The studies of this project. Importing the module registers them, in the order of ``--help``."""

from experiments.studies.ancestry.study import AncestryStudy
from experiments.studies.bitrot.study import Bitrot
from experiments.studies.controls.study import ControlsStudy
from experiments.studies.incentives.study import IncentivesStudy

__all__ = ["AncestryStudy", "Bitrot", "ControlsStudy", "IncentivesStudy"]
