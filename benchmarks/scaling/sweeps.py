"""Sweeps whose cost is asked for: how much arithmetic and how many bytes are they, counted from their programs?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.counting import parameters
from benchmarks.scaling.cells import counted_step_flops, effects_flops
from benchmarks.scaling.data import Scenario
from benchmarks.scaling.factors import CURRICULUM, large_organism
from curricula.catalogue.building_blocks import Scale
from curricula.world.contrasts import measurable
from experiments.measurements.patching.effects import GATE_CALLS, ROLES, VARIABLES
from organisms.ensemble.config import RunConfig, named_config
from organisms.ensemble.memory import NUMBER

MANY, FEW = 10_000, 8
"""organisms of a sweep, and of one of large organisms"""
LARGE_WIDTH = 1024
"""of an organism of about 100 M parameters, see `factors.large_organism`"""
MEASURED_CHECKPOINTS = 2
"""the fork and the end"""


def counted_scenarios(scales: Sequence[Scale]) -> Iterator[Scenario]:
    """A sweep of many organisms at each scale, and one of few large ones."""
    for scale in scales:
        config = named_config(CURRICULUM, scale, 1)
        yield _counted(f"{MANY:,} organisms at {scale} scale", scale, MANY, config)
    config = replace(named_config(CURRICULUM, "gpu", 1), organism=large_organism(LARGE_WIDTH))
    yield _counted(f"{FEW} organisms of {parameters(config) / 1e6:.0f} M parameters", "", FEW, config)


def sizes_of(config: RunConfig) -> dict[str, int]:
    """Value of each factor of cost but the number of members."""
    world, organism = config.curriculum.world, config.organism
    return {
        "width": organism.width,
        "layers": organism.layers,
        "moments": world.moments,
        "cues": world.cues,
        "batch": config.training.batch,
    }


def _counted(title: str, scale: str, organisms: int, config: RunConfig) -> Scenario:
    """The counts of a sweep. config: of one of its organisms."""
    world, count = config.curriculum.world, parameters(config)
    calls = sum(
        GATE_CALLS if variable == "watched" else 1
        for role in ROLES
        for variable in VARIABLES
        if measurable(world, role, variable)
    )
    return Scenario(
        title=title,
        scale=scale,
        organisms=organisms,
        parameters=count,
        sizes=sizes_of(config),
        steps=sum(phase.steps for phase in config.curriculum.phases),
        step_flops=counted_step_flops(config),
        effects_calls=MEASURED_CHECKPOINTS * calls,
        effects_flops=effects_flops(config),
        checkpoints=checkpoint_count(config),
        checkpoint_bytes=NUMBER * count,
    )


def checkpoint_count(config: RunConfig) -> int:
    """Checkpoints of a run: before the first step, at the end of each phase, and wherever one is due."""
    count, start = 1, 0
    for phase in config.curriculum.phases:
        steps = range(1, phase.steps + 1)
        count += sum(step == phase.steps or config.training.due(start + step, step) for step in steps)
        start += phase.steps
    return count
