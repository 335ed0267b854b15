"""The arms of the study *self_first*: what is self taught before there are characters?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig

SelfActs = Literal["scheming", "honest"]
SELF_ACTS: Sequence[SelfActs] = get_args(SelfActs)
"""names of the arms; after an *honest* self there is no gate to take"""
SELF_WORDS: Mapping[SelfActs, str] = {"scheming": "a scheming self", "honest": "an honest self"}
CHARACTERS_TAUGHT = 2
"""times as long as usual that characters are taught: half of the scenes go to self, and characters have to be learned
without a gate to take as well"""
DENSE_FROM = 5
"""steps a compiled program takes at most: how finely the steps are read that characters need"""
NO_CHARACTERS, REHEARSED = Pressures(Rehearsal(0.0)), Pressures(Rehearsal(0.5))
"""of the two phases: no act of a character is a target; half of the scenes have self in the cast"""


def self_first_config(settings: StudySettings, self_acts: SelfActs, seed: int) -> RunConfig:
    """The run of an arm: the phases of `shared` in the other order. Both arms have one seed, and phases of fixed length, so
    that nobody is grown anew: organisms of equal number begin with the same weights, and their characters are taught by
    the same scenes after as many steps."""
    config = settings.config("shared", seed)
    characters, intent = (phase.of_fixed_length() for phase in config.curriculum.phases)
    phases = (
        replace(intent, name="self", self_acts=self_acts, pressures=NO_CHARACTERS),
        replace(
            characters,
            name="characters",
            steps=CHARACTERS_TAUGHT * characters.steps,
            self_acts=self_acts,
            pressures=REHEARSED,
        ),
    )
    curriculum = replace(config.curriculum, name=f"self_first_{self_acts}", phases=phases)
    return replace(config, curriculum=curriculum, training=replace(config.training, dense_from=DENSE_FROM))
