"""The plan of the study *disuse*: which organisms are forked into which phase of disuse?

A *mechanism* is what an organism's mode is made of. A *use* is a phase of
disuse that its organisms are forked into. Members of one run may differ in a setting of the phase.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analysis.forgetting.retention import RetentionCell
from curricula.catalogue.disuse import DECAY, NEWS
from curricula.pressures.interference import Interference
from curricula.pressures.rehearsal import Rehearsal
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig, read_config
from organisms.ensemble.variation import Variation
from organisms.storage.forking import parent_at
from organisms.storage.manifest import fork_entry
from organisms.storage.run import read_run


@dataclass(frozen=True)
class Mechanism:
    """What an organism's mode is made of."""

    label: str
    """its name on the page"""
    curriculum: str
    """of the parent run, which is also the run's label in the study"""
    verdict: str
    """verdict that its organisms should have; any other, *undecided* apart, means another mechanism"""


MECHANISMS = {
    "shared": Mechanism("shared", "concentrated", "reused"),
    "separate": Mechanism("separate", "ablated_concentrated", "second copy"),
}
REHEARSAL = 0.5
"""share of scenes with characters in disuse"""
PARENTS = {mechanism.curriculum: mechanism.verdict for mechanism in MECHANISMS.values()}
"""curriculum of every parent run to the verdict that its organisms should have"""
DRIVES = {
    (0.0, 0.0): "none",
    (DECAY, 0.0): "weight_decay",
    (0.0, NEWS): "interference",
    (DECAY, NEWS): "both",
}
"""name of a drive by its weight decay and its share of moments that ask something new"""
PASSIVE = "none"
"""the drive under which nothing is asked of the mode and nothing pulls on it"""
STRONGEST = "both"
EXERCISE = (0.001, 0.01, 0.1)
"""shares of self's moments in which it is alone, under the strongest drive"""
READ_EVERY = {"tiny": 25, "cpu": 15, "gpu": 45}
"""steps of disuse between two readings, and two checkpoints, by scale"""
FEWER_SCENES = 2
"""times fewer scenes a reading than of runs that are no forks: with half of them (128 at cpu scale) the
standard error of a rate is 0.03 at most"""
DECAY_SETTING = "phases.0.optimiser.weight_decay"


@dataclass(frozen=True)
class Use:
    """A phase of disuse."""

    curriculum: str = "self_never_alone"
    vary: tuple[Variation, ...] = ()
    """settings in which members differ"""
    rehearsed: bool = True
    """whether characters are rehearsed"""
    never_taught: bool = False
    """whether organisms are forked from before self was taught"""


USES = {
    "drives": Use(
        vary=(
            Variation(DECAY_SETTING, (0.0, DECAY)),
            Variation("phases.0.pressures.interference.fraction", (0.0, NEWS)),
        )
    ),
    "never_taught": Use(never_taught=True),
    "exercise": Use(vary=(Variation("phases.0.self_alone", EXERCISE),)),
    "characters_absent": Use("characters_absent", rehearsed=False),
    "decay_only": Use("weight_decay_only", vary=(Variation(DECAY_SETTING, (0.0, DECAY)),)),
}


def label_of(mechanism: str, use: str) -> str:
    """The label of a fork in the study."""
    return f"{mechanism}.{use}"


FORKS = {label_of(name, use): (name, use) for name in MECHANISMS for use in USES}
"""mechanism and use of every fork, by its label"""


def drive_of(cell: RetentionCell) -> str:
    """The name of the drive that a cell's organisms were under."""
    phase = cell.phase
    return DRIVES[phase.optimiser.weight_decay, phase.pressures[Interference].fraction]


def fork_configs(settings: StudySettings, parents: Mapping[str, Path]) -> dict[str, RunConfig]:
    """The config of every fork of the study, by label, those of one size after one another.

    parents: folders of the trained parents by curriculum.
    """
    configs = {
        label: fork_config(settings, USES[use], parents[MECHANISMS[name].curriculum])
        for label, (name, use) in FORKS.items()
    }
    return dict(sorted(configs.items(), key=lambda item: item[1].members))


def fork_config(settings: StudySettings, use: Use, parent: Path) -> RunConfig:
    """A run of one phase of disuse that begins with the organisms of a trained run."""
    step = step_before_self(parent) if use.never_taught else None
    begin, parent_config = parent_at(parent, step)
    combinations = int(np.prod([len(setting.values) for setting in use.vary], dtype=int))
    config = settings.config(use.curriculum, parent_config.seed, begin.members * combinations)
    phase = config.curriculum.phases[0]
    pressures = phase.pressures.replace(Rehearsal(REHEARSAL if use.rehearsed else 0.0))
    curriculum = replace(config.curriculum, phases=(replace(phase, pressures=pressures),))
    training = replace(
        config.training,
        checkpoint_every=READ_EVERY[settings.scale],
        evaluation_scenes=-(-config.training.evaluation_scenes // FEWER_SCENES),
    )
    return replace(config, curriculum=curriculum, training=training, vary=use.vary, parent=begin)


def step_before_self(folder: Path) -> int:
    """The step of a run's last checkpoint before self was taught."""
    run = read_run(folder)
    return fork_entry(read_config(run.config).curriculum, run.entries()).step
