"""Planting: what do the phases of a run plant, and how?

Nothing under analysis/ may import this module.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from curricula.catalogue.registry import curriculum
from curricula.phases import Phase
from curricula.pressures.race.coin import Coin
from organisms.ensemble.config import RunConfig

Truth = Literal[
    "reused", "second copy", "repurposed", "mixed", "absent", "part spare", "divided", "spread", "unknown"
]
Make = Literal["routing", "surgery", "freezing", "masking", "unnamed"]
TRUTHS: dict[str, tuple[Make, Truth]] = {
    "planted_reused": ("routing", "reused"),
    "planted_second_copy": ("routing", "second copy"),
    "planted_repurposed": ("routing", "repurposed"),
    "planted_mixed": ("routing", "mixed"),
    "planted_mixed_quarter": ("routing", "mixed"),
    "planted_mixed_three_quarters": ("routing", "mixed"),
    "planted_mixed_spare": ("routing", "mixed"),
    "planted_absent": ("routing", "absent"),
    "grafted_second_copy": ("surgery", "second copy"),
    "grafted_repurposed": ("surgery", "repurposed"),
    "grafted_reused": ("surgery", "reused"),
    "planted_exchanged": ("routing", "repurposed"),
    "frozen_reused": ("freezing", "reused"),
    "planted_other_rule": ("routing", "second copy"),
    "planted_divided": ("routing", "divided"),
    "planted_spread": ("routing", "spread"),
    "planted_part_spare_quarter": ("routing", "part spare"),
    "planted_part_spare_half": ("routing", "part spare"),
    "planted_part_spare_three_quarters": ("routing", "part spare"),
    "masked_reused": ("masking", "reused"),
    "masked_second_copy": ("masking", "second copy"),
    "masked_repurposed": ("masking", "repurposed"),
    "masked_absent": ("masking", "absent"),
    "masked_divided": ("masking", "divided"),
    "undecided_reused": ("masking", "reused"),
    "undecided_second_copy": ("masking", "second copy"),
    "undecided_repurposed": ("masking", "repurposed"),
}
"""curricula of the catalogue: how each plants, and what"""
SPARE_TRUTHS: frozenset[Truth] = frozenset({"repurposed", "part spare"})
"""truths in which lane B, or half of it, serves characters before self is taught, and lane A alone could"""
SHARED_GROUND: frozenset[Truth] = frozenset({"divided", "spread"})
"""truths in which both lanes serve characters before self is taught, and neither could alone"""
SERVES_SELF: dict[Truth, Literal["a", "b"]] = {
    "reused": "a",
    "second copy": "b",
    "repurposed": "b",
    "part spare": "b",
    "divided": "b",
    "spread": "b",
}
"""the one lane that serves self at the end, where one alone does"""


class Planting(NamedTuple):
    """What the phases of a run plant."""

    make: Make
    """how; unnamed where the phases are not a catalogue curriculum's"""
    truth: Truth
    """the provenance that is planted; unknown where unnamed"""
    spare: bool = False
    """could lane B, or half of it, serve characters alone before self is taught?"""
    exchanged: bool = False
    """are the lanes exchanged after self is taught?"""
    undecided: bool = False
    """does a coin decide what self does when alone? Any rate of its secret acts is then as planted"""

    @classmethod
    def of(cls, config: RunConfig) -> "Planting":
        """What a run's phases plant."""
        make, truth = TRUTHS[config.curriculum.name] if as_named(config) else ("unnamed", "unknown")
        exchanged = any(phase.exchange for phase in config.curriculum.phases)
        is_spare = (
            truth in SPARE_TRUTHS and not exchanged
        ) or config.curriculum.name == "planted_mixed_spare"
        is_undecided = any(phase.pressures[Coin].honest > 0 for phase in config.curriculum.phases)
        return cls(make, truth, is_spare, exchanged, is_undecided)

    @property
    def zeroes_lanes(self) -> bool:
        """Is the planting checked by zeroing lanes, beside or instead of patching them?"""
        return self.make == "masking" or self.truth in SHARED_GROUND


def as_named(config: RunConfig) -> bool:
    """Do the phases plant what the catalogue's curriculum of that name plants? Steps and optimisers may
    differ, and a phase may be taught in several, of which only the first may cut lanes."""
    if config.curriculum.name not in TRUTHS:
        return False
    named = curriculum(config.curriculum.name, "cpu").phases

    def plants(phase: Phase) -> tuple[object, ...]:
        return phase.pressures, phase.learns, phase.graft, phase.exchange, phase.self_acts, phase.schemers

    def plants_in_order(phases: Sequence[Phase]) -> list[tuple[object, ...]]:
        planted = [plants(phase) for phase in phases]
        return [
            each
            for number, (each, phase) in enumerate(zip(planted, phases, strict=True))
            if number == 0 or each != planted[number - 1] or phase.graft or phase.exchange
        ]

    return plants_in_order(config.curriculum.phases) == plants_in_order(named)
