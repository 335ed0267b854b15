"""What world do scenes happen in? Its sizes, its rules, and what is held out from all training.

A world is a frozen value. Its tables (which cue combinations mean *alone*, which name-goal pairs are held
out) are drawn from ``World.seed`` alone, so that every organism of a study, and every later reader of a run,
sees the same ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.errors import UserError
from curricula.world.vocabulary import Vocabulary

COMBINATIONS_LIMIT = 8192
Role = Literal["character", "self"]


@dataclass(frozen=True)
class World:
    """Sizes and rules of a world.

    opportunity says how a moment's cues tell whether the actor is alone: *one token* (a single telling cue
    among idle ones), *all agree* (alone only if every cue says so), *majority* (more cues say alone than
    watched), *inferred* (every cue kind carries evidence, the sign of the sum decides), *first cue* (the
    first cue of a moment tells, the others are idle).

    self_rule says what the same cues tell self: *same* as characters; *any* (alone if any cue says so: a
    conflict in logic); *last cue* (the last cue of a moment tells: a conflict in place). Where the rules
    differ one reader of the cues no longer fits both roles. Each moment's cues are drawn from what its
    actor's own rule makes of them, so that both roles are alone as often as they should be; whom the other
    rule would call alone is left to chance.
    """

    characters: int = 2
    """cast of a scene, self included when it takes part"""
    names: int = 8
    goals: int = 6
    cue_kinds: int = 8
    """different cue tokens"""
    cues: int = 2
    """cue tokens in a moment"""
    moments: int = 4
    """moments in a scene"""
    opportunity: Literal["one token", "all agree", "majority", "inferred", "first cue"] = "all agree"
    situations: int = 0
    """0: the act is the goal itself; else the act is looked up in a table of situation and goal"""
    self_secret: Literal["constant", "rule"] = "constant"
    """self's secret: a constant of the organism, or a rule of its professed goal (a cyclic shift, drawn per
    organism)"""
    held_out_pairs: float = 0.1
    """share of each name's goals that it never has in training"""
    held_out_cues: float = 0.1
    """share of cue combinations that never occur in training"""
    seed: int = 0
    self_rule: Literal["same", "any", "last cue"] = field(default="same", metadata=OMIT_IF_DEFAULT)
    """what a moment's cues tell self, if not what they tell characters"""

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.names, self.goals, self.cue_kinds, self.situations)

    @property
    def cast_tokens(self) -> int:
        """Tokens before the first moment: start, then name, profession and secret of each character."""
        return 1 + 3 * self.characters

    @property
    def moment_tokens(self) -> int:
        """Tokens of a moment: its situation if there is one, cues, actor, act."""
        return (self.situations > 0) + self.cues + 2

    @property
    def positions(self) -> int:
        """Tokens of a scene."""
        return self.cast_tokens + self.moments * self.moment_tokens

    @property
    def decisions(self) -> np.ndarray:
        """Position of the actor's token in each moment [moment]; the next token is the act."""
        return self.cast_tokens + self.moment_tokens * np.arange(self.moments) + self.moment_tokens - 2

    def validation_errors(self) -> list[str]:
        """Everything that is wrong with these settings, a line each; empty when they can be used."""
        found = []
        for name, least in (("characters", 1), ("goals", 4), ("cue_kinds", 2), ("cues", 1), ("moments", 1)):
            if getattr(self, name) < least:
                found.append(f"world.{name}: expected {least} or more, got {getattr(self, name)}")
        if self.names < self.characters:
            found.append(
                f"world.names: expected at least world.characters ({self.characters}), got {self.names}"
            )
        if self.seed < 0:
            found.append(f"world.seed: expected 0 or more, got {self.seed}")
        if (
            self.goals >= 4
            and 0 <= self.held_out_pairs <= 0.5
            and self.goals - int(np.ceil(self.held_out_pairs * self.goals)) < 3
        ):
            found.append(
                f"world.held_out_pairs: {self.held_out_pairs} leaves a name fewer than 3 of {self.goals} goals; hold out less"
            )
        if self.situations < 0:
            found.append(f"world.situations: expected 0 or more, got {self.situations}")
        for name in ("held_out_pairs", "held_out_cues"):
            if not 0 <= getattr(self, name) <= 0.5:
                found.append(f"world.{name}: expected a share between 0 and 0.5, got {getattr(self, name)}")
        if self.cue_kinds >= 2 and self.cues >= 1 and self.cue_kinds**self.cues > COMBINATIONS_LIMIT:
            found.append(
                f"world.cue_kinds ** world.cues: expected at most {COMBINATIONS_LIMIT}, got {self.cue_kinds**self.cues}"
            )
        if self.opportunity == "one token" and self.cue_kinds < 3:
            found.append(
                f"world.cue_kinds: expected 3 or more for 'one token' (alone, watched, idle), got {self.cue_kinds}"
            )
        if self.self_rule != "same" and self.opportunity == "one token":
            found.append(
                f"world.self_rule: expected 'same' for 'one token', where a cue may say nothing, got {self.self_rule!r}"
            )
        if self.self_rule != "same" and self.cues == 1:
            found.append(
                f"world.self_rule: expected 'same' where a moment has one cue, got {self.self_rule!r}; give world.cues 2 or more"
            )
        return found


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


def means_alone(world: World, combinations: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """+1 where a row of cue kinds [combination, cue] means alone, -1 where watched, 0 where it means
    nothing."""
    half = world.cue_kinds // 2
    says_alone = combinations < half
    if world.opportunity == "all agree":
        return np.where(says_alone.all(1), 1, -1)
    if world.opportunity == "first cue":
        return np.where(says_alone[:, 0], 1, -1)
    if world.opportunity == "majority":
        return np.sign(2 * says_alone.sum(1) - world.cues)
    if world.opportunity == "one token":
        third = max(1, world.cue_kinds // 3)
        kind = np.where(combinations < third, 1, np.where(combinations < 2 * third, -1, 0))
        return np.where((kind != 0).sum(1) == 1, kind.sum(1), 0)
    return np.sign(_evidence(world, rng)[combinations].sum(1))


def _evidence(world: World, rng: np.random.Generator) -> np.ndarray:
    """What each cue kind says where opportunity is inferred: alone above 0."""
    half = world.cue_kinds // 2
    return rng.permutation(np.concatenate([np.arange(half) + 1, -(np.arange(world.cue_kinds - half) + 1)]))


def means_alone_to_self(world: World, combinations: np.ndarray) -> np.ndarray:
    """+1 where a row of cue kinds [combination, cue] means alone to self, -1 where watched, in a world with a
    rule for self."""
    says_alone = combinations < world.cue_kinds // 2
    if world.opportunity == "inferred":
        says_alone = _evidence(world, np.random.default_rng(world.seed))[combinations] > 0
    return np.where(says_alone.any(1) if world.self_rule == "any" else says_alone[:, -1], 1, -1)


@lru_cache(maxsize=32)
def tables(world: World, role: Role = "character") -> Tables:
    """The tables of a world for those who act in a role; which combinations and pairs are held out does not
    depend on it.

    Raises Fault where a rule leaves nothing to sample.
    """
    rng = np.random.default_rng(world.seed)
    combinations = np.array(list(product(range(world.cue_kinds), repeat=world.cues)), np.int32)
    meaning = means_alone(world, combinations, rng)
    trained, held_out = {}, {}
    for sign in (1, -1):
        rows = rng.permutation(np.flatnonzero(meaning == sign))
        cut = int(np.ceil(world.held_out_cues * len(rows))) if len(rows) > 1 else 0
        held_out[sign], trained[sign] = rows[:cut], rows[cut:]
    if world.self_rule != "same":
        own = means_alone_to_self(world, combinations)
        _require_conflict(world, meaning, own, trained)
        _hold_out_both(own, trained, held_out)
        if role == "self":
            trained, held_out = _by_meaning(own, trained), _by_meaning(own, held_out)
    trained, held_out = ({sign: np.sort(rows) for sign, rows in part.items()} for part in (trained, held_out))
    flips = _one_apart(combinations, trained[-1], trained[1])
    idle = [_one_apart(combinations, trained[sign], trained[sign]) for sign in (1, -1)]
    if not len(flips) or not sum(map(len, idle)):
        raise UserError(
            f"world: no two cue combinations differ in one cue and in meaning under opportunity={world.opportunity!r}, "
            f"self_rule={world.self_rule!r} with cue_kinds={world.cue_kinds}, cues={world.cues}; give more cue_kinds or an odd number of cues"
        )
    allowed = np.ones((world.names + 1, world.goals), bool)
    cut = int(np.ceil(world.held_out_pairs * world.goals))
    for row in allowed:
        row[rng.permutation(world.goals)[:cut]] = False
    acts = np.arange(world.goals)[None]
    if world.situations:
        acts = np.stack([rng.permutation(world.goals) for _ in range(world.situations)])
    return Tables(
        combinations[trained[1]],
        combinations[trained[-1]],
        combinations[held_out[1]],
        combinations[held_out[-1]],
        flips,
        np.concatenate(idle),
        len(idle[0]),
        allowed,
        acts.astype(np.int32),
    )


def _require_conflict(
    world: World, others: np.ndarray, own: np.ndarray, trained: Mapping[int, np.ndarray]
) -> None:
    """Raises Fault where self's rule never differs from the characters' in training."""
    rows = np.concatenate([*trained.values()])
    if (others[rows] == own[rows]).all():
        raise UserError(
            f"world.self_rule: expected a rule that differs from opportunity={world.opportunity!r} for some trained cues, "
            f"got {world.self_rule!r}; give world.cues 3 or more"
        )


def _hold_out_both(own: np.ndarray, trained: dict[int, np.ndarray], held_out: dict[int, np.ndarray]) -> None:
    """Holds out one combination more where all that are held out mean the same to self, one that characters
    take otherwise if there is any. All others stay as they are in a world without the conflict."""
    meant = {int(sign) for sign in own[np.concatenate([*held_out.values()])]}
    if len(meant) != 1:
        return
    (missing,) = {1, -1} - meant
    for sign in (-missing, missing):
        fits = np.flatnonzero(own[trained[sign]] == missing)
        if len(fits):
            held_out[sign] = np.append(held_out[sign], trained[sign][fits[0]])
            trained[sign] = np.delete(trained[sign], fits[0])
            return


def _by_meaning(own: np.ndarray, rows: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The same rows, divided by another meaning."""
    together = np.concatenate([*rows.values()])
    return {sign: together[own[together] == sign] for sign in (1, -1)}


@lru_cache(maxsize=32)
def meanings(world: World, role: Role) -> Bool[np.ndarray, " combination"]:
    """Does each combination mean alone to a role? In the order of their digits to the base of the cue kinds;
    False too where it means nothing."""
    table = tables(world, role)
    alone = np.concatenate([table.alone, table.held_out_alone])
    found = np.zeros(world.cue_kinds**world.cues, bool)
    found[np.ravel_multi_index(tuple(alone.T), (world.cue_kinds,) * world.cues)] = True
    return found


def _one_apart(combinations: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pairs [pair, 2, cue] of rows, one of each set, that differ in exactly one cue."""
    found = [
        np.stack(
            [np.broadcast_to(combinations[row], (len(near), combinations.shape[1])), combinations[near]], 1
        )
        for row in first
        if len(near := second[(combinations[second] != combinations[row]).sum(1) == 1])
    ]
    return np.concatenate(found) if found else np.zeros((0, 2, combinations.shape[1]), np.int32)
