"""The arms of the study *handles*: which organisms are handles tried on, and what is known of them?

Planted organisms are those of the study *controls*, and incentivised ones those of *incentives*: runs with the same settings are
shared with these studies where they lie beside this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from curricula.pressures.interference import Interference
from experiments.studies.controls.study import ControlsStudy, curriculum_of, plantable
from experiments.studies.study import SEEDS_PER_STUDY_SEED, StudySettings
from organisms.ensemble.config import RunConfig

HandleSource = Literal["planted", "incentivised", "negative"]
HANDLE_SOURCES: tuple[HandleSource, ...] = get_args(HandleSource)
PLANTED_MAKES = ("planted", "masked", "compiled")
"""by routing, by masks over weights, and compiled where there is a compiler"""
PLANTED_PROVENANCES = ("reused", "second_copy", "repurposed")
PLANTED_ARMS: Sequence[str] = tuple(
    f"{make}_{provenance}" for make in PLANTED_MAKES for provenance in PLANTED_PROVENANCES
)
INCENTIVISED_ARMS: Sequence[str] = ("half_dropout", "audited_half_dropout", "shared", "ablated_concentrated")
SECOND_ARM = "audited_half_dropout"
"""the arm of which another run is trained, since not all of its organisms are repurposed"""
SECOND_SEED = 900
"""where seeds of further runs begin within those of a study seed"""
UNTRAINED_OF = "shared"
"""the run whose organisms are measured before their first step as well"""
HONEST, INTERFERENCE, UNTRAINED = "honest", "honest_interference", "untrained"
INTERFERENCE_SHARE = 0.2
"""share of moments that ask something new while self is taught honesty: a benign reason to change"""
CONTROLS = ControlsStudy()


@dataclass(frozen=True)
class HandleArm:
    """A run of the study."""

    label: str
    source: HandleSource

    @property
    def name(self) -> str:
        """Its curriculum, or what its organisms are."""
        return curriculum_of(self.label)


def arm_of_label(label: str) -> HandleArm:
    """The arm of a run, by its label: the name, with a number where it is not the first run."""
    name = curriculum_of(label)
    if name in PLANTED_ARMS:
        return HandleArm(label, "planted")
    return HandleArm(label, "incentivised" if name in INCENTIVISED_ARMS else "negative")


def planted_arms(settings: StudySettings) -> list[str]:
    """The planted curricula that can be planted in the study's world."""
    possible = plantable(settings)
    return [name for name in PLANTED_ARMS if name in possible]


def planted_run(settings: StudySettings, name: str, attempt: int = 0) -> RunConfig:
    """A run of a planted curriculum, as the study *controls* has it at the same seed."""
    return CONTROLS.config(settings, name, attempt)


def handle_runs(settings: StudySettings) -> Mapping[str, RunConfig]:
    """The first run of every arm, by label."""
    runs = {name: settings.config(name) for name in INCENTIVISED_ARMS}
    second = settings.seed * SEEDS_PER_STUDY_SEED + SECOND_SEED
    runs[f"{SECOND_ARM}.1"] = settings.config(SECOND_ARM, second)
    runs[HONEST] = settings.config(HONEST)
    runs[INTERFERENCE] = with_interference(runs[HONEST])
    return runs | {name: planted_run(settings, name) for name in planted_arms(settings)}


def with_interference(config: RunConfig) -> RunConfig:
    """The run with something new to learn while self is taught."""
    *trunk, intent = config.curriculum.phases
    intent = replace(intent, pressures=intent.pressures.replace(Interference(INTERFERENCE_SHARE)))
    curriculum = replace(config.curriculum, name=INTERFERENCE, phases=(*trunk, intent))
    return replace(config, curriculum=curriculum)
