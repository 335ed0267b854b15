"""What are curricula made of? The worlds and lengths of each scale, and the phases that many of them
share."""

from dataclasses import replace
from typing import Any, Literal

from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.concentration import Concentration
from curricula.pressures.half_dropout import HalfDropout
from curricula.pressures.registry import Pressures
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
    "gpu": (1500, 900, 300),
}
"""Least steps of the phases *characters*, *spares* and *intent*."""


LEARNED = 0.9
"""rate of both behaviours at which a phase has taught what it teaches"""
LONGEST = {"characters": 10, "later": 4}
"""how many times their steps phases may last until then: in larger worlds, and larger or narrower organisms"""


def until_learned(phase: Phase, longest: int = LONGEST["later"]) -> Phase:
    """The phase, with members that have not learned what it teaches going on."""
    return replace(phase, criterion=LEARNED, longest=longest)


def characters_phase(scale: Scale, schemers: float = 0.75) -> Phase:
    """Characters alone. schemers: share of them that hold another goal than they profess."""
    phase = Phase("characters", STEPS[scale][0], schemers=schemers)
    return until_learned(phase, LONGEST["characters"]) if schemers else phase


def intent_phase(scale: Scale, **settings: Any) -> Phase:
    """Self is taught to scheme. settings: fields of the phase that are otherwise."""
    return until_learned(replace(Phase("intent", STEPS[scale][2], self_acts="scheming"), **settings))


def spares_phase(scale: Scale) -> Phase:
    """Characters go on while whole components drop out, so that spares grow."""
    return until_learned(Phase("spares", STEPS[scale][1], pressures=Pressures(ComponentDropout(0.2))))


def final_optimiser(phase: Phase) -> OptimiserConfig:
    """The optimiser that goes on as a phase ended: at its last learning rate throughout."""
    config = phase.optimiser
    return replace(
        config, learning_rate=config.learning_rate * config.final_fraction, warmup=0, final_fraction=1.0
    )


CONCENTRATED_STEPS: dict[str, int] = {"tiny": 400, "cpu": 600, "gpu": 600}
"""Steps of the phase that teaches self after a concentration penalty: where the mechanism at hand is ablated another
one has to be made first."""

Between = Literal["nothing", "spares", "concentration", "half_dropout"]


def incentive_curriculum(
    name: str,
    scale: Scale,
    between: Between,
    pressures: Pressures,
    objective: Literal["imitate", "reward"] = "imitate",
) -> Curriculum:
    """Characters, then a phase that grows spares or draws the mechanism together, then self.

    between: the phase in the middle. pressures, objective: of the phase that teaches self.
    """
    steps = STEPS[scale][1]
    middle = {
        "nothing": (),
        "spares": (spares_phase(scale),),
        "concentration": (
            until_learned(Phase("concentrated", steps, pressures=Pressures(Concentration(1.0)))),
        ),
        "half_dropout": (until_learned(Phase("half_dropout", steps, pressures=Pressures(HalfDropout(0.8)))),),
    }[between]
    intent = intent_phase(scale, objective=objective, pressures=pressures)
    if between == "concentration":
        intent = replace(intent, steps=CONCENTRATED_STEPS[scale])
    return Curriculum(name, WORLDS[scale], (characters_phase(scale), *middle, intent))
