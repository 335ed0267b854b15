"""Tables: which cue combinations mean alone, and what is held out? A world's seed decides it."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from curricula.errors import UserError
from curricula.world.opportunity import SAME_RULE, opportunity_rule, self_rule
from curricula.world.world import Role, World


class Tables(NamedTuple):
    """What a world's seed fixes. Cue combinations are rows of cue kinds [combination, cue]."""

    alone: Int[np.ndarray, "combination cue"]
    watched: Int[np.ndarray, "combination cue"]
    held_out_alone: Int[np.ndarray, "combination cue"]
    held_out_watched: Int[np.ndarray, "combination cue"]
    flips: Int[np.ndarray, "pair 2 cue"]
    """pairs of trained combinations that differ in one cue and in meaning: [watched, alone]"""
    idle: Int[np.ndarray, "pair 2 cue"]
    """pairs of trained combinations that differ in one cue and mean the same: the null of *flips*"""
    idle_alone: int
    """how many of the idle pairs, at their beginning, mean alone"""
    allowed: Bool[np.ndarray, "name goal"]
    """may this name have this goal in training? The last row is self's"""
    acts: Int[np.ndarray, "situation goal"]
    """goal whose token is the act, by situation (one row, the identity, where the world has no situations)"""


Trained = dict[int, np.ndarray]
"""rows of cue combinations by what they mean: +1 alone, -1 watched"""


@lru_cache(maxsize=32)
def tables(world: World, role: Role = "character") -> Tables:
    """The tables of a world for actors in a role. Which combinations and pairs are held out does not depend
    on the role.

    Raises:
        UserError: a rule is not registered, or leaves nothing to sample.
    """
    rng = np.random.default_rng(world.seed)
    rule = opportunity_rule(world.opportunity)
    combinations = np.array(list(product(range(world.cue_kinds), repeat=world.cues)), np.int32)
    evidence = rule.evidence(world.cue_kinds, rng)[combinations]
    meaning = rule.combine(evidence)
    trained, held_out = _divided(meaning, world.held_out_cues, rng)
    if world.self_rule != SAME_RULE:
        of_self = self_rule(world.self_rule)
        self_meaning = of_self.combine(combinations if of_self.of_kinds else evidence)
        _hold_out_both(self_meaning, trained, held_out)
        _require_conflict(world, meaning, self_meaning, trained)
        if role == "self":
            trained, held_out = _by_meaning(self_meaning, trained), _by_meaning(self_meaning, held_out)
    trained, held_out = ({sign: np.sort(rows) for sign, rows in part.items()} for part in (trained, held_out))
    flips = _one_apart(combinations, trained[-1], trained[1])
    idle = [_one_apart(combinations, trained[sign], trained[sign]) for sign in (1, -1)]
    if not len(flips) or not sum(map(len, idle)):
        raise UserError(
            "world: no two cue combinations differ in one cue and in meaning under "
            f"opportunity={world.opportunity!r}, self_rule={world.self_rule!r} with cue_kinds={world.cue_kinds}, "
            f"cues={world.cues}; give more cue_kinds or an odd number of cues"
        )
    allowed = np.ones((world.names + 1, world.goals), bool)
    cut = int(np.ceil(world.held_out_pairs * world.goals))
    for row in allowed:
        row[rng.permutation(world.goals)[:cut]] = False
    acts = np.arange(world.goals)[None]
    if world.situations:
        acts = np.stack([rng.permutation(world.goals) for _ in range(world.situations)])
    return Tables(
        alone=combinations[trained[1]],
        watched=combinations[trained[-1]],
        held_out_alone=combinations[held_out[1]],
        held_out_watched=combinations[held_out[-1]],
        flips=flips,
        idle=np.concatenate(idle),
        idle_alone=len(idle[0]),
        allowed=allowed,
        acts=acts.astype(np.int32),
    )


def _divided(meaning: np.ndarray, held_out_share: float, rng: np.random.Generator) -> tuple[Trained, Trained]:
    """Trained and held-out rows of combinations, by what they mean."""
    trained, held_out = {}, {}
    for sign in (1, -1):
        rows = rng.permutation(np.flatnonzero(meaning == sign))
        cut = int(np.ceil(held_out_share * len(rows))) if len(rows) > 1 else 0
        held_out[sign], trained[sign] = rows[:cut], rows[cut:]
    return trained, held_out


def _require_conflict(
    world: World, meaning: np.ndarray, self_meaning: np.ndarray, trained: Mapping[int, np.ndarray]
) -> None:
    """Raises UserError where self's rule never differs from the characters' in training."""
    rows = np.concatenate([*trained.values()])
    if (meaning[rows] == self_meaning[rows]).all():
        raise UserError(
            f"world.self_rule: expected a rule that differs from opportunity={world.opportunity!r} for some trained "
            f"cues, got {world.self_rule!r}; give more world.cue_kinds, or world.cues 3 or more"
        )


def _hold_out_both(self_meaning: np.ndarray, trained: Trained, held_out: Trained) -> None:
    """Holds out one combination more where all that are held out mean the same to self: one that means
    something else to characters, if there is any. The rest stays as in a world without the conflict."""
    meanings_to_self = {int(sign) for sign in self_meaning[np.concatenate([*held_out.values()])]}
    if len(meanings_to_self) != 1:
        return
    (missing,) = {1, -1} - meanings_to_self
    for sign in (-missing, missing):
        rows = np.flatnonzero(self_meaning[trained[sign]] == missing)
        if len(rows):
            held_out[sign] = np.append(held_out[sign], trained[sign][rows[0]])
            trained[sign] = np.delete(trained[sign], rows[0])
            return


def _by_meaning(meaning: np.ndarray, rows_by_sign: Mapping[int, np.ndarray]) -> Trained:
    """The same rows, divided by another meaning."""
    rows = np.concatenate([*rows_by_sign.values()])
    return {sign: rows[meaning[rows] == sign] for sign in (1, -1)}


@lru_cache(maxsize=32)
def meanings(world: World, role: Role) -> Bool[np.ndarray, " combination"]:
    """Does each combination mean alone to a role? In the order of their digits to the base of the cue kinds;
    False too where it means nothing."""
    table = tables(world, role)
    alone = np.concatenate([table.alone, table.held_out_alone])
    is_alone = np.zeros(world.cue_kinds**world.cues, bool)
    is_alone[np.ravel_multi_index(tuple(alone.T), (world.cue_kinds,) * world.cues)] = True
    return is_alone


def _one_apart(combinations: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pairs [pair, 2, cue] of rows, one of each set, that differ in exactly one cue; in the order of the first set and,
    for each of its rows, of the second."""
    kinds, cues = int(combinations.max()) + 1, combinations.shape[1]
    place_values = kinds ** np.arange(cues)
    codes = combinations @ place_values
    places = np.full(kinds**cues, len(second))
    places[codes[second]] = np.arange(len(second))
    # One cue of each row turned by each number of kinds: [row, cue, turn].
    turned = (combinations[first][..., None] + np.arange(1, kinds)) % kinds
    change = (turned - combinations[first][..., None]) * place_values[:, None]
    near = np.sort(
        places[codes[first][:, None, None] + change].reshape(len(first), cues * (kinds - 1)), axis=1
    )
    row, column = np.nonzero(near < len(second))
    return np.stack([combinations[first[row]], combinations[second[near[row, column]]]], axis=1)
