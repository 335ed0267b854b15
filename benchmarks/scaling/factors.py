"""Factors of cost: what is varied, around which base, and over which values? One at a time, by ratios."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from curricula.catalogue.building_blocks import Scale
from organisms.ensemble.config import RunConfig, named_config
from organisms.model.config import OrganismConfig

CURRICULUM = "shared"
CUE_KINDS = 3
"""over cues: kinds to the power of cues have a limit, and with fewer kinds two cues have no pair of scenes to compare"""
NEURONS_A_WIDTH = 4
"""neurons of a layer for each number of its width, at every scale"""
FACTORS: Mapping[str, Callable[[RunConfig, int], RunConfig]] = MappingProxyType(
    {
        "width": lambda config, value: _of_organism(config, width=value, neurons=NEURONS_A_WIDTH * value),
        "layers": lambda config, value: _of_organism(config, layers=value),
        "moments": lambda config, value: _of_world(config, moments=value),
        "cues": lambda config, value: _of_world(config, cues=value, cue_kinds=CUE_KINDS),
        "batch": lambda config, value: replace(config, training=replace(config.training, batch=value)),
        "members": lambda config, value: replace(config, members=value),
    }
)
"""how a config is changed to have a value of a factor"""


TRAINING_VALUES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "width": (16, 32, 64, 128, 256, 512),
        "layers": (1, 2, 4, 8, 16),
        "moments": (1, 2, 4, 8, 16, 32),
        "cues": (2, 3, 4, 6, 8),
        "batch": (16, 32, 64, 128, 256),
        "members": (2, 4, 8, 16, 32, 64),
    }
)
EFFECTS_VALUES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "width": (16, 32, 64, 128),
        "layers": (1, 2, 4, 8),
        "moments": (1, 2, 4, 8),
        "cues": (2, 4, 8),
        "members": (2, 4, 8, 16),
    }
)


def _of_organism(config: RunConfig, **sizes: int) -> RunConfig:
    return replace(config, organism=replace(config.organism, **sizes))


def _of_world(config: RunConfig, **sizes: int) -> RunConfig:
    curriculum = config.curriculum
    return replace(config, curriculum=replace(curriculum, world=replace(curriculum.world, **sizes)))


@dataclass(frozen=True)
class ScalingPlan:
    """What is measured, and how often."""

    scale: Scale = "cpu"
    """of the base, around which one factor at a time is varied"""
    members: int = 8
    effects_members: int = 2
    history_members: int = 1
    seed: int = 0
    rounds: int = 4
    """turns of each cell"""
    training: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: TRAINING_VALUES)
    """values of each factor in training"""
    effects: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: EFFECTS_VALUES)
    """values of each factor in one call of the effects' program"""
    checkpoints: tuple[int, ...] = (4, 8, 16, 32)
    """lengths of lineages; multiples of the checkpoints that an analysis takes at a time"""
    compiled_widths: tuple[int, ...] = (256, 512, 1024, 2048)
    """widths at which one organism alone is compiled, and not run, for its bytes"""
    check: bool = True
    """measure a step at gpu scale, which is none of the cells, beside what the cells predict of it"""

    @classmethod
    def quick(cls, seed: int = 0) -> "ScalingPlan":
        """Under a minute of CPU: tiny scale, few cells, two turns. Its figures show that all runs, and no more."""
        return cls(
            scale="tiny",
            members=2,
            effects_members=1,
            seed=seed,
            rounds=2,
            training={"width": (8, 16, 32)},
            effects={"width": (8, 16, 32)},
            checkpoints=(4, 8, 12),
            compiled_widths=(128, 256),
            check=False,
        )

    @property
    def base(self) -> RunConfig:
        """The config that all others differ from in one factor."""
        return named_config(CURRICULUM, self.scale, self.members, self.seed)

    def varied(self, factor: str, value: int, members: int) -> RunConfig:
        """The base with so many members and one factor at a value."""
        return FACTORS[factor](replace(self.base, members=members), value)

    def validation_errors(self) -> list[str]:
        """Everything that is wrong with these settings, a line each."""
        errors = [] if 0 <= self.seed < 2**31 else [f"seed: expected 0 to {2**31 - 1}, got {self.seed}"]
        if self.rounds < 2:
            errors.append(f"rounds: expected 2 or more, since intervals come of them, got {self.rounds}")
        return errors


def large_organism(width: int) -> OrganismConfig:
    """An organism of the gpu world with the proportions of larger models: a layer for every 128 of its width, heads of
    64 (Kaplan et al. 2020, arXiv 2001.08361, section 3.1: loss hardly depends on the proportions)."""
    heads = max(1, width // 64)
    return OrganismConfig(max(1, width // 128), heads, width, NEURONS_A_WIDTH * width, NEURONS_A_WIDTH)
