"""The arms of the study *reuse*: in which world is self taught, and after which characters?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig

WorldName = Literal["shared", "actor_first", "own_cues", "unnamed"]
WORLD_NAMES: Sequence[WorldName] = get_args(WorldName)
WORLD_WORDS: Mapping[WorldName, str] = {
    "shared": "cues before the actor, the same for all (the usual one)",
    "actor_first": "the actor before the cues",
    "own_cues": "cues of self's own",
    "unnamed": "no name where self acts",
}
WORLD_SETTINGS: Mapping[WorldName, Mapping[str, Any]] = {
    "shared": {},
    "actor_first": {"order": "actor first"},
    "own_cues": {"self_cues": "own"},
    "unnamed": {"self_acts_named": False},
}
Characters = Literal["schemers", "honest"]
CURRICULUM_OF: Mapping[Characters, str] = {"schemers": "shared", "honest": "naive"}
"""what characters were when self is taught: with *honest* ones there is no gate to reuse"""
CHARACTER_WORDS: Mapping[Characters, str] = {"schemers": "schemers", "honest": "honest characters"}
TAUGHT = 2
"""times as long as usual that self is taught: so that self learns without a gate to reuse as well"""
CHARACTERS_TAUGHT: Mapping[WorldName, int] = {"actor_first": 3}
"""times as long as usual that characters are taught, where that is not once: in the usual steps some did not learn to scheme with
the actor first"""
DENSE_FROM = 5
"""steps a compiled program takes at most: how finely the steps are read that self needs"""


@dataclass(frozen=True)
class ReuseArm:
    """A world, and what characters were in it."""

    world: WorldName
    characters: Characters

    @property
    def name(self) -> str:
        """Its label, as ``own_cues.honest``."""
        return f"{self.world}.{self.characters}"


REUSE_ARMS: Sequence[ReuseArm] = [
    ReuseArm(world, characters) for world in WORLD_NAMES for characters in get_args(Characters)
]


def reuse_config(settings: StudySettings, arm: ReuseArm, seed: int) -> RunConfig:
    """The run of an arm. All have one seed, and phases of fixed length, so that nobody is grown anew: organisms of equal
    number in one world begin with the same weights and take as many steps before self is taught."""
    config = settings.config(CURRICULUM_OF[arm.characters], seed)
    curriculum = config.curriculum
    characters, intent = (phase.of_fixed_length() for phase in curriculum.phases)
    long_enough = replace(characters, steps=CHARACTERS_TAUGHT.get(arm.world, 1) * characters.steps)
    phases = long_enough, replace(intent, steps=TAUGHT * intent.steps)
    world = replace(curriculum.world, **WORLD_SETTINGS[arm.world])
    named = replace(curriculum, name=f"reuse_{arm.world}_{arm.characters}", world=world, phases=phases)
    return replace(config, curriculum=named, training=replace(config.training, dense_from=DENSE_FROM))
