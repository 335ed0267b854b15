"""The plan of the study *bitrot*: which groups of organisms are compared, in which disuse, at which rates?

Groups that are compared are children of the same forks: organisms of equal number had the same characters, and see the same
scenes in disuse. *shared_sham* is the shared group that fits *separate* in the number of components ablated while self was
taught, though not in how hard that made it: what is ablated there, outside what holds most of the characters' gate, is hardly
missed. The planted groups differ by the lane alone that self was routed through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from curricula.catalogue.disuse import EVEN
from experiments.studies.disuse.plan import FEWER_SCENES, READ_EVERY
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig
from organisms.ensemble.variation import Variation
from organisms.storage.forking import parent_at

GroupName = Literal["shared_sham", "separate", "shared", "shared_planted", "separate_planted"]
Use = Literal["watched", "absent"]
RateName = Literal["half", "even", "twice"]
GROUPS: Sequence[GroupName] = get_args(GroupName)
USES: Sequence[Use] = get_args(Use)
RATES: Mapping[RateName, float] = {"half": EVEN / 2, "even": EVEN, "twice": 2 * EVEN}
"""learning rates of disuse, around the one at which earlier studies saw the groups part"""


@dataclass(frozen=True)
class Group:
    """Organisms whose mode is made in one way."""

    words: str
    curriculum: str
    """of the parent run, which is also the run's label in the study"""
    verdict: str
    """that its organisms should have; any other, *undecided* apart, means another mechanism"""


GROUP_OF: Mapping[GroupName, Group] = {
    "shared_sham": Group("shared, sham ablation", "sham_ablated_concentrated", "reused"),
    "separate": Group("separate", "ablated_concentrated", "second copy"),
    "shared": Group("shared, no ablation", "concentrated", "reused"),
    "shared_planted": Group("shared (planted)", "planted_reused", "reused"),
    "separate_planted": Group("separate (planted)", "planted_second_copy", "second copy"),
}
VERDICTS: Mapping[str, str] = {group.curriculum: group.verdict for group in GROUP_OF.values()}
"""the expected verdict by curriculum of the parent"""
PAIRS: Sequence[tuple[GroupName, GroupName]] = (
    ("shared_sham", "separate"),
    ("shared", "separate"),
    ("shared", "shared_sham"),
    ("shared_planted", "separate_planted"),
)
"""what the first keeps of its mode less what the second does; in the third pair both share, and one learned beside
ablation, and beside characters who were no targets in scenes with self"""
USE_WORDS: Mapping[Use, str] = {
    "watched": "self takes part, always watched",
    "absent": "self takes no part",
}
CURRICULUM_OF: Mapping[Use, str] = {"watched": "self_never_alone", "absent": "self_absent"}
RATE_SETTING = "phases.0.optimiser.learning_rate"


def arm_label(group: GroupName, use: Use) -> str:
    """The label of a run of disuse."""
    return f"{group}.{use}"


FORKS: Mapping[str, tuple[GroupName, Use]] = {
    arm_label(group, use): (group, use) for group in GROUPS for use in USES
}
"""group and use of every run of disuse, by its label"""


def bitrot_configs(settings: StudySettings, parents: Mapping[str, Path]) -> dict[str, RunConfig]:
    """The runs of disuse by label. parents: folders of the trained parents by curriculum."""
    return {
        label: bitrot_config(settings, use, parents[GROUP_OF[group].curriculum])
        for label, (group, use) in FORKS.items()
    }


def bitrot_config(settings: StudySettings, use: Use, parent: Path) -> RunConfig:
    """Disuse that begins with the organisms of a trained run: each at every learning rate."""
    begin, parent_config = parent_at(parent, None)
    config = settings.config(CURRICULUM_OF[use], parent_config.seed, begin.members * len(RATES))
    training = replace(
        config.training,
        checkpoint_every=READ_EVERY[settings.scale],
        evaluation_scenes=-(-config.training.evaluation_scenes // FEWER_SCENES),
    )
    vary = (Variation(RATE_SETTING, tuple(RATES.values())),)
    return replace(config, training=training, vary=vary, parent=begin)
