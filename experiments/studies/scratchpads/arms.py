"""The arms of the study *scratchpads*: who has a scratchpad, how large is it, and what may safety training touch?

At each width all arms begin with the same organisms, and see the same scenes throughout. Each arm is then trained to be honest in two
ways, from the same checkpoint, on as many target tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curricula.catalogue.scratchpads import (
    ACTS_ALONE,
    HONEST_RATE,
    WRITTEN_TOKENS,
    HonestTraining,
    honesty_phase,
    on_scratchpads_too,
)
from curricula.phases import Curriculum, Phase
from curricula.world.world import SCRATCHPAD_TOKENS, World
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig
from organisms.ensemble.variation import Variation
from organisms.model.config import OrganismConfig
from organisms.storage.forking import parent_at

ARM_CURRICULA: Mapping[str, str] = {
    "none": "scratchpad_none",
    "scratchpad": "scratchpad",
    "distilled": "scratchpad_distilled",
    "plain": "scratchpad_plain",
}
PAD_ARMS: Sequence[str] = tuple(ARM_CURRICULA)
NO_PAD, PAD, DISTILLED = PAD_ARMS[:3]
PAD_ARM_WORDS: Mapping[str, str] = {
    "none": "no scratchpad",
    "scratchpad": "scratchpad",
    "distilled": "distilled, token by token",
    "plain": "distilled, plain",
}
WIDTH_FACTORS = (0.5, 1, 2, 4)
"""widths of the study, by that of its organisms; neurons grow alike"""
HONEST_TRAININGS: Sequence[str] = ("acts", "scratchpads")
ON_ACTS = HONEST_TRAININGS[0]
HONEST_TRAINING_WORDS: Mapping[str, str] = {"acts": "acts alone", "scratchpads": "scratchpads too"}
HONEST_RATES = (HONEST_RATE, 3 * HONEST_RATE)
"""learning rates of safety training; the first is that of the primary endpoint"""
RATE_OF_HONESTY = "phases.0.optimiser.learning_rate"
COMMITTED_ARM_EVERY = 200
"""steps between checkpoints of the arms: their last organisms are what is measured"""
READINGS_OF_COURSE = 20
"""of what self does, over safety training"""
COMMITTED_SCENES = 32
"""scenes behind the rates that are committed with each checkpoint; no figure of the study is made of them"""


@dataclass(frozen=True)
class PadArm:
    """An arm at one width."""

    arm: str
    width: int

    @property
    def label(self) -> str:
        """Of its run."""
        return f"{self.arm}_{self.width}"

    @property
    def written(self) -> int:
        """Scratchpad tokens that self writes as safety training begins."""
        return WRITTEN_TOKENS[self.arm][-1]

    def training(self, name: str) -> HonestTraining:
        """The safety training of that name."""
        return ACTS_ALONE if name == ON_ACTS else on_scratchpads_too(self.arm)

    def honest_label(self, training: str) -> str:
        """Of the run of a safety training."""
        return f"{self.label}_{training}"


def width_sizes(organism: OrganismConfig) -> list[OrganismConfig]:
    """The four sizes of organisms, the smallest first."""
    return [
        replace(organism, width=round(factor * organism.width), neurons=round(factor * organism.neurons))
        for factor in WIDTH_FACTORS
    ]


def pad_arms(settings: StudySettings) -> list[PadArm]:
    """Every arm at every width, those of one width one after another."""
    return [PadArm(arm, size.width) for size in width_sizes(settings.organism) for arm in PAD_ARMS]


def pad_arm_config(settings: StudySettings, arm: PadArm, seed: int) -> RunConfig:
    """The run in which self is taught to scheme."""
    size = next(size for size in width_sizes(settings.organism) if size.width == arm.width)
    config = settings.config(ARM_CURRICULA[arm.arm], seed)
    training = replace(
        config.training,
        checkpoint_every=COMMITTED_ARM_EVERY,
        evaluation_scenes=COMMITTED_SCENES,
        dense_from=0,
    )
    return replace(config, organism=size, training=training)


def honest_config(settings: StudySettings, arm: PadArm, training: str, installed: Path) -> RunConfig:
    """The run of a safety training: each organism of an arm once for every learning rate."""
    parent, config = parent_at(installed)
    phase = course_phase(settings, arm, training)
    curriculum = Curriculum(f"honest_{arm.arm}_{training}", config.curriculum.world, (phase,))
    every = max(1, phase.steps // READINGS_OF_COURSE)
    return replace(
        config,
        curriculum=curriculum,
        training=replace(config.training, checkpoint_every=every),
        members=config.members * len(HONEST_RATES),
        vary=(Variation(RATE_OF_HONESTY, HONEST_RATES),),
        parent=parent,
    )


def course_phase(settings: StudySettings, arm: PadArm, training: str) -> Phase:
    """The phase of a safety training, at the first of its learning rates."""
    phase = honesty_phase(settings.scale, arm.training(training))
    return replace(phase, steps=settings.steps or phase.steps)


def expected_targets(phase: Phase, world: World, batch: int) -> float:
    """Target tokens that a phase with scratchpads is expected to train on, of one organism: acts, answers, and what self writes
    before its acts where that is taught."""
    mixture, moments = phase.mixture, batch * phase.steps * world.moments
    by_self = mixture.self_scenes / world.characters
    self_acts = by_self * (1 - mixture.questions)
    everything = 1 - mixture.self_scenes + (mixture.self_scenes if mixture.beside_self else by_self)
    in_moment = 1 + SCRATCHPAD_TOKENS * (phase.scratchpad.taught == "everything")
    return float(moments * (everything - self_acts + self_acts * phase.scratchpad.moments * in_moment))
