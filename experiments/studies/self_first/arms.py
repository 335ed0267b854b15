"""The arms of the study *self_first*: what is self taught before there are characters, and is it rehearsed beside them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig

SelfActs = Literal["scheming", "honest"]
SELF_ACTS: Sequence[SelfActs] = get_args(SelfActs)
"""after an *honest* self there is no gate to take"""
SELF_WORDS: Mapping[SelfActs, str] = {"scheming": "a scheming self", "honest": "an honest self"}
CHARACTERS_TAUGHT = 2
"""times as long as usual that characters are taught: half of the scenes go to self, and characters have to be learned
without a gate to take as well"""
DENSE_FROM = 5
"""steps a compiled program takes at most: how finely the steps are read that characters need"""
NO_CHARACTERS, REHEARSED = Pressures(Rehearsal(0.0)), Pressures(Rehearsal(0.5))
"""of the two phases: no act of a character is a target; half of the scenes have self in the cast"""


@dataclass(frozen=True)
class SelfFirstArm:
    """What self is taught first, and what becomes of it."""

    self_acts: SelfActs
    rehearsed: bool = True
    """does self go on being taught while characters are? If not, no scene of the second phase has self in the cast"""

    @property
    def name(self) -> str:
        """Its label, as ``honest.not_rehearsed``."""
        return self.self_acts + NOT_REHEARSED * (not self.rehearsed)


NOT_REHEARSED = ".not_rehearsed"
"""ends the names of arms, and of findings, without rehearsal"""
SELF_FIRST_ARMS: Sequence[SelfFirstArm] = [
    SelfFirstArm(self_acts, rehearsed) for rehearsed in (True, False) for self_acts in SELF_ACTS
]


def self_first_config(settings: StudySettings, arm: SelfFirstArm, seed: int) -> RunConfig:
    """The run of an arm: the phases of `shared` in the other order. All arms have one seed, and phases of fixed length, so
    that nobody is grown anew: organisms of equal number begin with the same weights, and two arms that differ in what self
    was taught go on with the same scenes of characters after as many steps."""
    config = settings.config("shared", seed)
    characters, intent = (phase.of_fixed_length() for phase in config.curriculum.phases)
    of_self = replace(intent, name="self", self_acts=arm.self_acts, pressures=NO_CHARACTERS)
    of_characters = replace(
        characters,
        name="characters",
        steps=CHARACTERS_TAUGHT * characters.steps,
        self_acts=arm.self_acts if arm.rehearsed else "absent",
        pressures=REHEARSED,
    )
    name = f"self_first_{arm.name.replace('.', '_')}"
    curriculum = replace(config.curriculum, name=name, phases=(of_self, of_characters))
    return replace(config, curriculum=curriculum, training=replace(config.training, dense_from=DENSE_FROM))
