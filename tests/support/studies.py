"""Settings of a study at the smallest scale."""

from curricula.catalogue.building_blocks import WORLDS
from experiments.studies.study import StudySettings
from organisms.model.config import ORGANISMS


def settings_of(**settings) -> StudySettings:
    """Tiny organisms in the tiny world, by default eight of each kind."""
    sizes = {"scale": "tiny", "world": WORLDS["tiny"], "organism": ORGANISMS["tiny"]}
    return StudySettings(**{**sizes, **settings})
