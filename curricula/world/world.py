"""The world: which sizes and rules do its scenes have, and what is held out from all training?

A world is a frozen value. Its tables (which cue combinations mean *alone*, which name-goal pairs are held
out) are drawn from ``World.seed`` alone, so that every organism of a study, and every later reader of a run,
has the same ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.errors import UserError, range_errors
from curricula.world.opportunity import (
    SAME_RULE,
    opportunity_errors,
    opportunity_rule,
    self_rule,
    self_rule_errors,
)
from curricula.world.vocabulary import Vocabulary

COMBINATIONS_LIMIT = 8192
LIMITS = {
    "characters": (1, 100),
    "names": (1, 10_000),
    "goals": (4, 1000),
    "cue_kinds": (2, COMBINATIONS_LIMIT),
    "cues": (1, 13),
    "moments": (1, 1000),
    "situations": (0, 1000),
    "seed": (0, 2**63 - 1),
}
"""least and largest sizes; 13 cues of two kinds are the most combinations"""
Role = Literal["character", "self"]
ROLES: tuple[Role, Role] = ("character", "self")
"""in the order that numbers of random streams count them"""


@dataclass(frozen=True)
class World:
    """Sizes and rules of a world.

    opportunity names the rule by which a moment's cues mean that the actor is alone: *one token* (a single
    informative cue among idle ones), *all agree* (alone only if every cue says so), *majority* (more cues say
    alone than watched), *inferred* (every cue kind carries evidence, the sign of the sum decides), *first cue*
    (the first cue of a moment decides, the others are idle), or one that a plug-in registers (see
    `curricula.world.opportunity`).

    self_rule names what the same cues mean to self: *same* as to characters; *any* (alone if any cue says so:
    a conflict in logic); *last cue* (the last cue of a moment decides: a conflict in place); or that of a
    plug-in. Where the rules differ, one reader of the cues no longer fits both roles. Each moment's cues are
    drawn by the rule of its actor, so that both roles are alone as often as they should be. What the cues
    mean to the other role is left to chance.
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
    opportunity: str = "all agree"
    """rule by which a moment's cues mean alone: one token, all agree, majority, inferred, first cue, or that
    of a plug-in"""
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
    self_rule: str = field(default=SAME_RULE, metadata=OMIT_IF_DEFAULT)
    """rule by which the cues mean alone to self: same, any, last cue, or that of a plug-in"""

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
        return self._size_errors() + self._held_out_errors() + self._rule_errors()

    def _size_errors(self) -> list[str]:
        errors = range_errors("world.", self, LIMITS)
        if self.names < self.characters:
            errors.append(
                f"world.names: expected at least world.characters ({self.characters}), got {self.names}"
            )
        if not errors and self.cue_kinds**self.cues > COMBINATIONS_LIMIT:
            errors.append(
                f"world.cue_kinds ** world.cues: expected at most {COMBINATIONS_LIMIT}, "
                f"got {self.cue_kinds**self.cues}"
            )
        return errors

    def _held_out_errors(self) -> list[str]:
        errors = [
            f"world.{name}: expected a share between 0 and 0.5, got {getattr(self, name)}"
            for name in ("held_out_pairs", "held_out_cues")
            if not 0 <= getattr(self, name) <= 0.5
        ]
        if (
            self.goals >= 4
            and 0 <= self.held_out_pairs <= 0.5
            and self.goals - int(np.ceil(self.held_out_pairs * self.goals)) < 3
        ):
            errors.append(
                f"world.held_out_pairs: {self.held_out_pairs} leaves a name fewer than 3 of {self.goals} goals; "
                "hold out less"
            )
        return errors

    def _rule_errors(self) -> list[str]:
        errors = opportunity_errors(self.opportunity) + self_rule_errors(self.self_rule)
        if errors:
            return errors
        rule = opportunity_rule(self.opportunity)
        errors = [f"world.{line}" for line in rule.settings_errors(self.cue_kinds, self.cues)]
        if self.self_rule != SAME_RULE and rule.has_idle_cues:
            errors.append(
                f"world.self_rule: expected {SAME_RULE!r} for {self.opportunity!r}, where a cue may say nothing, "
                f"got {self.self_rule!r}"
            )
        if self.self_rule != SAME_RULE and self.cues == 1:
            errors.append(
                f"world.self_rule: expected {SAME_RULE!r} where a moment has one cue, got {self.self_rule!r}; "
                "give world.cues 2 or more"
            )
        return errors


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
        self_meaning = self_rule(world.self_rule).combine(evidence)
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
    """Pairs [pair, 2, cue] of rows, one of each set, that differ in exactly one cue."""
    pairs = [
        np.stack(
            [np.broadcast_to(combinations[row], (len(near), combinations.shape[1])), combinations[near]], 1
        )
        for row in first
        if len(near := second[(combinations[second] != combinations[row]).sum(1) == 1])
    ]
    return np.concatenate(pairs) if pairs else np.zeros((0, 2, combinations.shape[1]), np.int32)
