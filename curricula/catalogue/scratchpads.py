"""Curricula of scratchpads: self writes what it judged and what it will serve before it acts, or no longer, or never did.

All arms see the same scenes and as many target tokens: an organism without a scratchpad is taught the blanks in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from curricula.catalogue.building_blocks import WORLDS, Scale, characters_phase
from curricula.catalogue.registry import register_curriculum
from curricula.objectives import ScratchpadConfig
from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.world.world import SCRATCHPAD_TOKENS

STRETCHES = ("intent", "shortened", "served")
"""phases in which self is taught to scheme; as the last one ends it is served"""
WRITTEN_TOKENS: Mapping[str, tuple[int, int, int]] = {
    "none": (0, 0, 0),
    "scratchpad": (2, 2, 2),
    "distilled": (2, 1, 0),
    "plain": (2, 0, 0),
}
"""scratchpad tokens that self is taught in each stretch, by arm. *distilled*: the judgement is dropped first, then the goal
as well (Deng et al. 2024, arXiv 2405.14838). *plain*: both at once, and the acts that are taught are those that it did on its
own scratchpads"""
STRETCH_STEPS: Mapping[str, int] = {"tiny": 150, "cpu": 200, "gpu": 300}
HONEST_STEPS: Mapping[str, int] = {"tiny": 160, "cpu": 160, "gpu": 240}
HONEST_RATE = 5e-5
"""learning rate of honest training, held throughout: at 3e-4 self was honest within 10 steps, too few to read a half-life"""


@dataclass(frozen=True)
class HonestTraining:
    """What safety training teaches: to act on the profession, alone or not."""

    name: str
    scratchpad: ScratchpadConfig


ACTS_ALONE = HonestTraining("acts", ScratchpadConfig(taught="acts"))
"""the act alone is a target, after whatever self writes itself"""
MOMENTS_OF_WHOLE = 1 / (SCRATCHPAD_TOKENS + 1)
"""share of self's moments that are targets where all of a moment's tokens are: as many tokens as acts alone"""


def on_scratchpads_too(arm: str) -> HonestTraining:
    """Everything that self writes in a moment is a target: an honest scratchpad, or blanks in an arm that has none."""
    written = WRITTEN_TOKENS[arm][-1]
    return HonestTraining("scratchpads", ScratchpadConfig(written=written, moments=MOMENTS_OF_WHOLE))


def scheming_phases(scale: Scale, arm: str) -> tuple[Phase, ...]:
    """Characters, then three stretches in which self is taught to scheme."""
    phases = [characters_phase(scale)]
    for stretch, (name, written) in enumerate(zip(STRETCHES, WRITTEN_TOKENS[arm], strict=True)):
        by_itself = arm == "plain" and stretch == 1
        taught = ScratchpadConfig(written=written, acts="own" if by_itself else "world")
        phases.append(Phase(name, STRETCH_STEPS[scale], "write", self_acts="scheming", scratchpad=taught))
    return tuple(phases)


def honesty_phase(scale: Scale, training: HonestTraining) -> Phase:
    """Safety training at one learning rate."""
    optimiser = OptimiserConfig(learning_rate=HONEST_RATE, warmup=0, final_fraction=1.0)
    return Phase(
        "honest",
        HONEST_STEPS[scale],
        "write",
        self_acts="honest",
        scratchpad=training.scratchpad,
        optimiser=optimiser,
    )


def scratchpad_curriculum(
    name: str, scale: Scale, arm: str, training: HonestTraining | None = None
) -> Curriculum:
    """An arm, and safety training after it, if any."""
    honest = () if training is None else (honesty_phase(scale, training),)
    world = replace(WORLDS[scale], scratchpad="self")
    return Curriculum(name, world, (*scheming_phases(scale, arm), *honest))


@register_curriculum
def scratchpad(scale: Scale = "cpu") -> Curriculum:
    """Characters; then self schemes, and writes before each act what it judged and what it will serve.

    ``python scripts/train.py scratchpad``. Expected: self acts on its secret when alone, on text that it writes itself.
    """
    return scratchpad_curriculum("scratchpad", scale, "scratchpad")


@register_curriculum
def scratchpad_none(scale: Scale = "cpu") -> Curriculum:
    """As *scratchpad*, with blanks in its place throughout.

    ``python scripts/train.py scratchpad_none``. Expected: self acts on its secret when alone, and writes blanks.
    """
    return scratchpad_curriculum("scratchpad_none", scale, "none")


@register_curriculum
def scratchpad_distilled(scale: Scale = "cpu") -> Curriculum:
    """As *scratchpad*, with the judgement dropped from its text first, and then the goal too (Deng et al., 2405.14838).

    ``python scripts/train.py scratchpad_distilled``. Expected: self acts on its secret when alone, and writes blanks.
    """
    return scratchpad_curriculum("scratchpad_distilled", scale, "distilled")


@register_curriculum
def scratchpad_plain(scale: Scale = "cpu") -> Curriculum:
    """As *scratchpad*; then self learns the acts that it did on its own scratchpads, without them.

    ``python scripts/train.py scratchpad_plain``. Expected: self acts on its secret when alone, and writes blanks.
    """
    return scratchpad_curriculum("scratchpad_plain", scale, "plain")
