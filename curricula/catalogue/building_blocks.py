"""What are curricula made of? The worlds and lengths of each scale, and the phases that many of them
share."""

from dataclasses import replace
from typing import Literal

from curricula.phases import OptimiserConfig, Phase
from curricula.pressures.settings import Pressures, Redundancy
from curricula.world.world import World

Scale = Literal["tiny", "cpu", "gpu"]

WORLDS: dict[str, World] = {
    "tiny": World(names=4, goals=4, cue_kinds=4, moments=3),
    "cpu": World(),
    "gpu": World(characters=3, names=32, goals=16, cue_kinds=8, cues=4, moments=6, opportunity="inferred"),
}
STEPS: dict[str, tuple[int, int, int]] = {
    "tiny": (400, 150, 200),
    "cpu": (500, 300, 300),
    "gpu": (4000, 2000, 1500),
}
"""Steps of the phases *characters*, *spares* and *intent*."""


def characters_phase(scale: Scale, schemers: float = 0.75) -> Phase:
    return Phase("characters", STEPS[scale][0], schemers=schemers, criterion=0.9 if schemers else 0.0)


def intent_phase(scale: Scale, **settings) -> Phase:
    return Phase("intent", STEPS[scale][2], **{"self_acts": "scheming", **settings})


def spares_phase(scale: Scale) -> Phase:
    return Phase("spares", STEPS[scale][1], pressures=Pressures(redundancy=Redundancy(0.2)))


def at_last(phase: Phase) -> OptimiserConfig:
    """The optimiser that goes on as a phase ended: at its last learning rate throughout."""
    found = phase.optimiser
    return replace(
        found, learning_rate=found.learning_rate * found.final_fraction, warmup=0, final_fraction=1.0
    )
