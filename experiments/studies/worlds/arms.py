"""The arms of the study *worlds*: in which world, at which sizes, are organisms grown by the same curriculum?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig

CURRICULUM = "shared"
"""what is taught in every world"""


@dataclass(frozen=True)
class WorldArm:
    """A world and sizes, by what is otherwise than in the study's own."""

    name: str
    words: str
    world: Mapping[str, Any] = field(default_factory=dict)
    organism: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, settings: StudySettings) -> StudySettings:
        """The study's settings in this world and at these sizes."""
        return replace(
            settings,
            world=replace(settings.world, **self.world),
            organism=replace(settings.organism, **self.organism),
        )


USUAL = WorldArm("usual", "the usual world and sizes")
ELSEWHERE: Sequence[WorldArm] = (
    WorldArm(
        "larger",
        "11 names, 7 goals, 5 moments; 4 layers, 6 heads, width 96",
        {"names": 11, "goals": 7, "moments": 5},
        {"layers": 4, "heads": 6, "width": 96},
    ),
    WorldArm(
        "majority",
        "20 names, 10 goals, majority of 3 cues; the usual sizes",
        {"names": 20, "goals": 10, "cues": 3, "opportunity": "majority"},
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
"""other worlds and sizes, named before any was run at the seeds that are reported"""
FIXED = "usual.fixed"
"""label of the run in the usual world whose phases last their steps, as before phases ended by criterion: who misses the
first phase's criterion begins anew"""
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
    prolongs: bool = True


def planned_runs() -> dict[str, PlannedRun]:
    """Every run by its label, in the order that decides their seeds."""
    runs = {name: PlannedRun(arm, CURRICULUM) for name, arm in ARMS.items()}
    runs[FIXED] = PlannedRun(USUAL, CURRICULUM, prolongs=False)
    for name in CONTROLLED:
        runs |= {f"{name}.{planted}": PlannedRun(ARMS[name], planted) for planted in CONTROLS}
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
