"""The studies of this project. Importing the module registers them, in the order of ``--help``."""

from experiments.studies.ancestry.study import AncestryStudy
from experiments.studies.bitrot.study import Bitrot

STUDY_CLASSES = (AncestryStudy, Bitrot)
