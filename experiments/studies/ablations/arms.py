"""The arms of the study *ablations*: which parts of an incentive are left out, and which run is that?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, get_args

from curricula.catalogue.incentives import AUDIT_ONE
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.pressures.registry import Pressures
from experiments.studies.incentives.arms import Arm
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig

TRUNK = "half_dropout"
"""curriculum whose phases all arms have: characters, a phase in which they go on, then self"""

Part = Literal["half_dropout", "monitor", "overlap"]
PARTS: tuple[Part, ...] = get_args(Part)
PART_WORDS: Mapping[Part, str] = {
    "half_dropout": "half-dropout",
    "monitor": "the monitor",
    "overlap": "the overlap cost",
}


@dataclass(frozen=True)
class AblationArm:
    """Which parts of *audited_half_dropout* an arm has."""

    half_dropout: bool
    """before self is taught, one half or the other of every layer is zeroed in most scenes; else characters go on for as
    many steps without"""
    monitor: bool
    """while self is taught, one circuit that suffices for characters costs where it reads the cues for self"""
    overlap: bool
    """while self is taught, components that read the cues in both roles cost"""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Those that it has."""
        return tuple(part for part in PARTS if getattr(self, part))

    @property
    def name(self) -> str:
        """Its label, as ``half_dropout.monitor``."""
        return ".".join(self.parts) or "none"

    def without(self, part: Part) -> "AblationArm":
        """The same arm with a part left out."""
        kept = set(self.parts) - {part}
        return AblationArm(*(each in kept for each in PARTS))

    @property
    def columns(self) -> Arm:
        """The arm in the words of the study of incentives."""
        costs = [PART_WORDS[part] for part in self.parts if part != "half_dropout"]
        between = "half dropout" if self.half_dropout else "nothing new"
        return Arm(" and ".join(costs) or "none", between, "imitate")


ABLATION_ARMS: Sequence[AblationArm] = tuple(
    AblationArm(*present) for present in product((True, False), repeat=3)
)
"""all eight, the whole incentive first"""
WHOLE = ABLATION_ARMS[0]


def ablation_config(settings: StudySettings, arm: AblationArm, seed: int) -> RunConfig:
    """The run of an arm. Weights of the costs are those of the curriculum *audited_half_dropout*; all arms have equal
    numbers of steps, and begin with the same weights and scenes."""
    config = settings.config(TRUNK, seed)
    characters, middle, intent = config.curriculum.phases
    middle = middle.of_fixed_length()
    if not arm.half_dropout:
        middle = replace(middle, name="more_characters", pressures=Pressures())
    pressures = Pressures(
        AUDIT_ONE[Monitor] if arm.monitor else Monitor(), AUDIT_ONE[Overlap] if arm.overlap else Overlap()
    )
    phases = characters, middle, replace(intent.of_fixed_length(), pressures=pressures)
    name = f"ablation_{arm.name.replace('.', '_')}"
    return replace(config, curriculum=replace(config.curriculum, name=name, phases=phases))
