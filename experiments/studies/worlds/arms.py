"""The arms of the study *worlds*: in which world, at which sizes, are organisms grown by the same curriculum?

Worlds and sizes are those of cpu scale but for what an arm says; the scale of the command decides how long phases are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curricula.catalogue.building_blocks import WORLDS, Scale
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig
from organisms.model.config import ORGANISMS

BASE: Scale = "cpu"
"""scale of the usual world and sizes"""
CURRICULUM = "shared"
"""what is taught in every world"""


@dataclass(frozen=True)
class WorldArm:
    """A world and sizes, by what is otherwise than at the scale `BASE`."""

    name: str
    words: str
    world: Mapping[str, Any] = field(default_factory=dict)
    organism: Mapping[str, Any] = field(default_factory=dict)
    seen: bool = False
    """was it looked at while the rule that ends phases was made?"""

    def settings(self, settings: StudySettings) -> StudySettings:
        """The study's settings in this world and at these sizes."""
        return replace(
            settings,
            world=replace(WORLDS[BASE], **self.world),
            organism=replace(ORGANISMS[BASE], **self.organism),
        )


USUAL = WorldArm("usual", "the usual world and sizes")
ELSEWHERE: Sequence[WorldArm] = (
    WorldArm(
        "larger",
        "11 names, 7 goals, 5 moments; 4 layers, 6 heads, width 96, 256 neurons",
        {"names": 11, "goals": 7, "moments": 5},
        {"layers": 4, "heads": 6, "width": 96},
        seen=True,
    ),
    WorldArm(
        "majority",
        "20 names, 10 goals, majority of 3 cues; the usual sizes",
        {"names": 20, "goals": 10, "cues": 3, "opportunity": "majority"},
        seen=True,
    ),
    WorldArm("narrow", "the usual world; 2 layers, width 32", {}, {"layers": 2, "width": 32, "neurons": 128}),
    WorldArm(
        "wide",
        "the usual world; 3 layers, 8 heads, width 192",
        {},
        {"heads": 8, "width": 192, "neurons": 768},
    ),
    WorldArm(
        "crowded",
        "3 characters, 16 names, 8 goals, first of 3 cues decides; 6 layers, width 48",
        {"characters": 3, "names": 16, "goals": 8, "cues": 3, "opportunity": "first cue"},
        {"layers": 6, "width": 48, "neurons": 192},
    ),
)
"""Other worlds and sizes. The first is the one in which phases of fixed length failed; for a rule as the second's members
were given longer before they count as flat. The other three were named before any organism was grown in them."""
FIXED = "usual.fixed"
"""label of the run in the usual world whose phases last their steps, as before phases ended by criterion: who misses the
first phase's criterion is reseeded"""
CONTROLS = ("planted_reused", "planted_second_copy", "planted_repurposed")
"""curricula whose verdicts are scored elsewhere"""
CONTROLLED = ("larger", "majority")
"""worlds in which they are scored"""
ARMS: Mapping[str, WorldArm] = {arm.name: arm for arm in (USUAL, *ELSEWHERE)}


@dataclass(frozen=True)
class PlannedRun:
    """A run of the study: in which world, of which curriculum."""

    arm: WorldArm
    curriculum: str
    seed: int
    """number of its seed among those of the study"""
    prolongs: bool = True


def planned_runs() -> dict[str, PlannedRun]:
    """Every run by its label. The one of fixed length has the seed of the usual world's: organisms begin alike, pair by
    pair."""
    runs = {name: PlannedRun(arm, CURRICULUM, index) for index, (name, arm) in enumerate(ARMS.items())}
    runs[FIXED] = PlannedRun(USUAL, CURRICULUM, 0, prolongs=False)
    planted = [(name, curriculum) for name in CONTROLLED for curriculum in CONTROLS]
    for index, (name, curriculum) in enumerate(planted, len(runs)):
        runs[f"{name}.{curriculum}"] = PlannedRun(ARMS[name], curriculum, index)
    return runs


def planned_config(settings: StudySettings, planned: PlannedRun, seed: int) -> RunConfig:
    """The run as configured: nothing but world and sizes differs from the catalogue's curriculum, save whether phases
    may last longer than their steps."""
    config = planned.arm.settings(settings).config(planned.curriculum, seed)
    if planned.prolongs:
        return config
    first, *later = config.curriculum.phases
    phases = replace(first, longest=1), *(phase.of_fixed_length() for phase in later)
    return replace(config, curriculum=replace(config.curriculum, name="shared_fixed_length", phases=phases))
