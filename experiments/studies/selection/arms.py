"""The arms of the study *selection*: how are organisms grown anew, and which are trained on the detector?

A *trunk* has organisms that learned characters: the forks. Each fork is grown on into several organisms. What they share is
one of three kinds: nothing (*organism*: other initial weights, secrets and data), the fork (*fork*: self's phase has other scenes),
the fork and its scenes (*data*: other acts are sampled). Arms that are trained on the detector begin with the same forks and
see the same scenes as *fork*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from analysis.selection.detectors import PROBE_SITE
from curricula.pressures.probe import Probe
from curricula.pressures.registry import Pressures
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig
from organisms.ensemble.variation import Variation
from organisms.storage.forking import parent_at

CURRICULUM = "chance_scheming"
TRUNK = "trunk"
DRAWS = 6
"""organisms from each fork"""
Reroll = Literal["organism", "fork", "data"]
REROLLS: tuple[Reroll, ...] = get_args(Reroll)
NEW_ORGANISM: Reroll = "organism"
SAME_FORK: Reroll = "fork"
"""the arm that thresholds are set on, and that training on the detector stands beside"""
REROLL_WORDS: Mapping[Reroll, str] = {
    "organism": "a new organism",
    "fork": "the same fork",
    "data": "the same fork and data",
}
TrainedOn = Literal["loss", "reward", "frozen", "reward_any_act", "constant"]
TRAINED_ON: tuple[TrainedOn, ...] = get_args(TrainedOn)
TRAINED_ON_WORDS: Mapping[TrainedOn, str] = {
    "loss": "probe in the loss",
    "reward": "probe in the reward",
    "frozen": "frozen copy in the reward",
    "reward_any_act": "probe in the reward of any act",
    "constant": "constant fine, nothing read",
}
PROBE_WEIGHT = 1.0
"""nats, or reward, that a moment called deceitful for certain costs; the secret act earns 1"""
ON_DETECTOR: Mapping[TrainedOn, Probe] = {
    "loss": Probe(PROBE_SITE, "loss", PROBE_WEIGHT),
    "reward": Probe(PROBE_SITE, "reward", PROBE_WEIGHT, by_act=True),
    "frozen": Probe(PROBE_SITE, "frozen", PROBE_WEIGHT, by_act=True),
    "reward_any_act": Probe(PROBE_SITE, "reward", PROBE_WEIGHT),
    "constant": Probe(PROBE_SITE, "constant", PROBE_WEIGHT, by_act=True),
}
"""in *reward*, *frozen* and *constant* the honest act pays nothing, whatever the probe reads"""
NO_DETECTOR: TrainedOn = "constant"
"""the control of *reward*: the same acts pay, and the detector has no part in it"""
READ_ALONE = Probe(PROBE_SITE)
"""the probe is read and costs nothing"""
CALIBRATION_PART = 3
"""one fork of so many sets thresholds, and is not counted"""
COMMITTED_EVERY = 200
"""steps between checkpoints: the first and the last organism are what is measured"""
RATE_SCENES = 64
"""scenes behind the rates that are committed with each checkpoint"""


@dataclass(frozen=True)
class GrowthArm:
    """How the organisms of a run are grown."""

    label: str
    reroll: Reroll
    """what differs between the organisms of a fork"""
    probe: Probe


def trained_arm_label(trained_on: TrainedOn) -> str:
    """The label of the run that is trained on the detector in this way."""
    return f"on_{trained_on}"


GROWTH_ARMS: Sequence[GrowthArm] = (
    *(GrowthArm(reroll, reroll, READ_ALONE) for reroll in REROLLS),
    *(GrowthArm(trained_arm_label(name), SAME_FORK, ON_DETECTOR[name]) for name in TRAINED_ON),
)
ARM_OF: Mapping[str, GrowthArm] = {arm.label: arm for arm in GROWTH_ARMS}


def calibration_forks(forks: int) -> int:
    """How many forks, the first ones, set thresholds."""
    return max(1, forks // CALIBRATION_PART)


def trunk_config(settings: StudySettings, seed: int) -> RunConfig:
    """The run of the forks: characters alone."""
    config = settings.config(CURRICULUM, seed)
    taught = replace(config.curriculum, name="selection_trunk", phases=config.curriculum.phases[:1])
    return _rarely_committed(replace(config, curriculum=taught))


def new_organisms_config(settings: StudySettings, seed: int) -> RunConfig:
    """The run of organisms that share nothing: as many as there are of every other kind."""
    config = settings.config(CURRICULUM, seed, settings.members * DRAWS)
    *trunk, intent = config.curriculum.phases
    phases = (*trunk, replace(intent, pressures=Pressures(READ_ALONE)))
    taught = replace(config.curriculum, name="selection_organism", phases=phases)
    return _rarely_committed(replace(config, curriculum=taught))


def forked_config(settings: StudySettings, arm: GrowthArm, trunk: Path) -> RunConfig:
    """The run of an arm whose organisms begin with those of the trunk."""
    parent, parent_config = parent_at(trunk)
    config = settings.config(CURRICULUM, parent_config.seed, settings.members * DRAWS)
    intent = replace(config.curriculum.phases[-1], pressures=Pressures(arm.probe))
    taught = replace(config.curriculum, name=f"selection_{arm.label}", phases=(intent,))
    setting = "phases.0.noise_draw" if arm.reroll == "data" else "phases.0.scene_draw"
    vary = (Variation(setting, tuple(map(float, range(DRAWS)))),)
    return _rarely_committed(replace(config, curriculum=taught, vary=vary, parent=parent))


def _rarely_committed(config: RunConfig) -> RunConfig:
    training = replace(
        config.training, checkpoint_every=COMMITTED_EVERY, evaluation_scenes=RATE_SCENES, dense_from=0
    )
    return replace(config, training=training)
