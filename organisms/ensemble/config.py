"""What decides a run? The curriculum, the sizes of its organisms, how they are trained, how many, and the
seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from math import gcd
from typing import Any

from curricula.catalogue.building_blocks import Scale
from curricula.catalogue.registry import curriculum
from curricula.config_json import OMIT_IF_DEFAULT, to_plain
from curricula.errors import range_errors
from curricula.phases import Curriculum, Phase
from curricula.plugins import Plugin, loaded_plugins, read_plugins, require_loaded
from curricula.typed_json import read_json
from organisms.ensemble import variation
from organisms.ensemble.parent import Parent
from organisms.ensemble.variation import Variation
from organisms.model.config import COMPILED, ORGANISMS, OrganismConfig

CHUNK_LIMIT = 25
MOST_STEPS, MOST_MEMBERS = 10**9, 10**6
TRAINING_LIMITS = {
    "batch": (1, 10**6),
    "checkpoint_every": (1, MOST_STEPS),
    "attempts": (0, 1000),
    "evaluation_scenes": (1, 10**6),
    "dense_from": (0, MOST_STEPS),
}


@dataclass(frozen=True)
class TrainingConfig:
    """How an ensemble is trained, apart from what it is taught."""

    batch: int = 64
    """scenes a member sees in a step"""
    checkpoint_every: int = 50
    """steps between checkpoints; each phase's first and last organism is kept as well. Members that go on past a phase's
    steps are checked as often, so that there it decides what is trained"""
    attempts: int = 3
    """how often, at most, a member that misses the first phase's criterion is reseeded"""
    evaluation_scenes: int = 256
    """scenes of each kind behind every reported behaviour"""
    dense_from: int = field(default=0, metadata=OMIT_IF_DEFAULT)
    """steps: checkpoints as well this far into each phase, twice as far, four times, .. until
    checkpoint_every; 0: none. A compiled program takes no more steps than this"""

    def due(self, step: int, phase_step: int) -> bool:
        """Is a checkpoint due after a step, so far into its phase? ``dense_from=5`` and
        ``checkpoint_every=50``: at 5, 10, 20, 40 of the phase, and at 50, 100, .. of the run."""
        if step % self.checkpoint_every == 0:
            return True
        if not self.dense_from or phase_step % self.dense_from or phase_step > self.checkpoint_every:
            return False
        return (phase_step // self.dense_from).bit_count() == 1

    def validation_errors(self) -> list[str]:
        errors = range_errors("training.", self, TRAINING_LIMITS)
        if self.dense_from > self.checkpoint_every:
            errors.append(
                f"training.dense_from: expected at most checkpoint_every ({self.checkpoint_every}), got {self.dense_from}"
            )
        return errors


@dataclass(frozen=True)
class RunConfig:
    """Everything that a run is a function of."""

    curriculum: Curriculum
    organism: OrganismConfig
    training: TrainingConfig
    members: int = 5
    seed: int = 0
    vary: tuple[Variation, ...] = ()
    """numbers of phases in which members differ"""
    parent: Parent = field(default_factory=Parent, metadata=OMIT_IF_DEFAULT)
    """the checkpoint that the run begins with, if not at birth"""
    plugins: tuple[Plugin, ...] = field(default=(), metadata=OMIT_IF_DEFAULT)
    """files of a person's own that the command loaded with --plugin"""

    @property
    def chunk(self) -> int:
        """Steps in one compiled program: the largest number up to 25 that divides every phase and all that
        lies between checkpoints."""
        training = self.training
        common = gcd(
            training.checkpoint_every, training.dense_from, *(phase.steps for phase in self.curriculum.phases)
        )
        return max(n for n in range(1, CHUNK_LIMIT + 1) if common % n == 0)

    def chunks_to_commit(self, remaining: int, step: int, phase_step: int) -> int:
        """Chunks from a step of the run, so far into a phase, to the next checkpoint: where one is due, or where it is
        decided whether the phase is over. remaining: steps to that."""
        steps_after = count(self.chunk, self.chunk)
        to_commit = next(
            n for n in steps_after if n >= remaining or self.training.due(step + n, phase_step + n)
        )
        return to_commit // self.chunk

    def number_of(self, index: int) -> int:
        """Of a phase, over the whole line of descent: what keeps its scenes apart from those of every earlier
        phase."""
        return self.parent.phases + index

    def member_phases(self, index: int) -> list[Phase]:
        """A phase as each member is taught it."""
        phase = self.curriculum.phases[index]
        return [variation.phase_of(member, index, phase, self.vary) for member in range(self.members)]

    def distinct_phases(self, index: int) -> list[Phase]:
        """A phase in every form in which some member is taught it."""
        phase, forms = self.curriculum.phases[index], variation.setting_combinations(self.vary)
        return [
            variation.phase_of(member, index, phase, self.vary) for member in range(min(self.members, forms))
        ]

    def validation_errors(self) -> list[str]:
        """Everything that is wrong with it, a line each, save what its pressures ask of a run; see
        `organisms.training.validation.check_config`."""
        errors = self.curriculum.validation_errors(self.parent.phases)
        errors += self.organism.validation_errors() + self.training.validation_errors()
        errors += variation.validation_errors(self.vary, self.curriculum, self.members, self.parent.phases)
        return errors + self._member_errors() + self._planting_errors()

    def _member_errors(self) -> list[str]:
        """What is wrong with the members, their seed and where they come from."""
        errors = range_errors("", self, {"members": (1, MOST_MEMBERS)})
        errors += self.parent.validation_errors(self.members, variation.setting_combinations(self.vary))
        first = self.curriculum.phases[0] if self.curriculum.phases else None
        if self.parent and first and first.criterion and first.longest == 1:
            errors.append(
                "phases.0.criterion: expected longest above 1 beside it, or 0, with a parent, whose organisms can not be "
                "grown anew"
            )
        if not 0 <= self.seed < 2**31:
            errors.append(f"seed: expected 0 to {2**31 - 1}, got {self.seed}")
        return errors

    def _planting_errors(self) -> list[str]:
        """What stands against two lanes of equal size, and against scenes in twos that differ in their cues
        alone."""
        if not self.curriculum.planted:
            return []
        counts = {
            "organism.heads": (self.organism.heads, 2),
            "organism.neuron_blocks": (self.organism.neuron_blocks, 2),
            "training.batch": (self.training.batch, 4),
        }
        errors = [
            f"{name}: expected a multiple of {unit} where something is planted, got {count}"
            for name, (count, unit) in counts.items()
            if count % unit
        ]
        if self.parent:
            errors.append(
                "parent: expected none where something is planted; what a fork's organisms were is not known"
            )
        return errors

    def plain(self) -> dict[str, Any]:
        """The config as JSON holds it; see `curricula.config_json`."""
        return to_plain(self)


def read_config(plain: Mapping[str, Any]) -> RunConfig:
    """The config that `RunConfig.plain` gave. Raises UserError on a missing, unknown or wrong
    field, or where the run needs a plug-in that is not loaded."""
    require_loaded(read_plugins(plain.get("plugins", ())))
    return read_json(RunConfig, plain, "config")


TRAININGS: dict[str, TrainingConfig] = {
    "tiny": TrainingConfig(),
    "cpu": TrainingConfig(),
    "gpu": TrainingConfig(batch=256, checkpoint_every=200),
}


def named_config(
    name: str, scale: Scale, members: int = 5, seed: int = 0, steps: int | None = None
) -> RunConfig:
    """The config of a curriculum of the catalogue at a scale. steps: of every phase, in place of the
    curriculum's own."""
    named = curriculum(name, scale, steps)
    return RunConfig(
        named,
        ORGANISMS[scale] if named.compiled == "nothing" else COMPILED,
        TRAININGS[scale],
        members,
        seed,
        plugins=loaded_plugins(),
    )
