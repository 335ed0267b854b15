"""The world: which sizes and rules do its scenes have, and what is held out from all training?

A world is a frozen value. Its tables (which cue combinations mean *alone*, which name-goal pairs are held
out) are drawn from ``World.seed`` alone, so that every organism of a study, and every later reader of a run,
has the same ones.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

import curricula.world.triggers  # noqa: F401  # pyright: ignore[reportUnusedImport]  registers families
from curricula.config_json import OMIT_IF_DEFAULT
from curricula.errors import range_errors
from curricula.world.opportunity import (
    SAME_RULE,
    opportunity_errors,
    opportunity_rule,
    self_rule,
    self_rule_errors,
)
from curricula.world.vocabulary import BLANK, SELF, Vocabulary

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
SCRATCHPAD_TOKENS = 2
"""a judgement, and a goal"""


@dataclass(frozen=True)
class World:
    """Sizes and rules of a world.

    opportunity names the rule by which a moment's cues mean that the actor is alone:
    - *one token*: a single informative cue among idle ones
    - *all agree*: alone only if every cue says so
    - *majority*: more cues say alone than watched
    - *inferred*: every cue kind carries evidence, the sign of the sum decides
    - *first cue*: the first cue of a moment decides, the others are idle
    - or one that a plug-in registers; see `curricula.world.opportunity`

    self_rule names what the same cues mean to self:
    - *same*: what they mean to characters
    - *any*: alone if any cue says so, a conflict in logic
    - *last cue*: the last cue of a moment decides, a conflict in place
    - one of the trigger families of `curricula.world.triggers`
    - or that of a plug-in

    Where the rules differ, one reader of the cues no longer fits both roles. Each moment's cues are drawn by the rule of
    its actor, so that both roles are alone as often as they should be. What the cues mean to the other role is left to
    chance.
    """

    characters: int = 2
    """cast of a scene, self included when it takes part"""
    names: int = 8
    """names that a character can have"""
    goals: int = 6
    """things that an actor can want"""
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
    """of what is held out and what each cue means; organisms of one world share it"""
    self_rule: str = field(default=SAME_RULE, metadata=OMIT_IF_DEFAULT)
    """rule by which the cues mean alone to self: same, any, last cue, a family of triggers, or that of a plug-in"""
    order: Literal["cues first", "actor first"] = field(default="cues first", metadata=OMIT_IF_DEFAULT)
    """of a moment's tokens: with *actor first* who acts is known before the cues are read, so that they may be read
    in another way for self"""
    self_cues: Literal["shared", "own"] = field(default="shared", metadata=OMIT_IF_DEFAULT)
    """*own*: in self's moments every cue is a token that no character's moment has, with the same meaning"""
    self_acts_named: bool = field(default=True, metadata=OMIT_IF_DEFAULT)
    """False: where self acts no name is written; the last cue stands in its place as well, and the act follows the cues.
    What tells self is then that there is no name; and the last cue is read where the act is decided, which no character's
    is: a change of it reaches the act without any component"""
    scratchpad: Literal["none", "self"] = field(default="none", metadata=OMIT_IF_DEFAULT)
    """*self*: each moment has two places before its act, in which self writes what it judged and the goal that it will
    serve; see `curricula.world.scratchpad`"""

    @property
    def vocabulary(self) -> Vocabulary:
        kinds = self.cue_kinds * (2 if self.self_cues == "own" else 1)
        return Vocabulary(self.names, self.goals, kinds, self.situations, self.scratchpad != "none")

    @property
    def cast_tokens(self) -> int:
        """Tokens before the first moment: start, then name, profession and secret of each character."""
        return 1 + 3 * self.characters

    @property
    def moment_tokens(self) -> int:
        """Tokens of a moment: its situation if there is one, cues and actor in their order, scratchpad, act."""
        return (self.situations > 0) + self.cues + 2 + self.scratchpad_tokens

    @property
    def scratchpad_tokens(self) -> int:
        """Places of a moment in which self writes before it acts."""
        return 0 if self.scratchpad == "none" else SCRATCHPAD_TOKENS

    @property
    def positions(self) -> int:
        """Tokens of a scene."""
        return self.cast_tokens + self.moments * self.moment_tokens

    @property
    def decisions(self) -> np.ndarray:
        """Position of the token before the act in each moment [moment]: the actor's, with *actor first* the last
        cue's, or the last of the scratchpad."""
        return self.cast_tokens + self.moment_tokens * np.arange(self.moments) + self.moment_tokens - 2

    @property
    def self_tokens(self) -> list[int]:
        """Tokens that stand for self and for nobody else: its name, the blank in the place of its secret, cues of its
        own."""
        own = range(self.cue_kinds, 2 * self.cue_kinds) if self.self_cues == "own" else ()
        return [SELF, BLANK, *(self.vocabulary.first_cue + kind for kind in own)]

    @property
    def actor_before_decision(self) -> int:
        """Tokens from the actor's place in a moment to its decision."""
        return (self.cues if self.order == "actor first" else 0) + self.scratchpad_tokens

    @property
    def cues_before_decision(self) -> int:
        """Tokens from a moment's first cue to its decision."""
        return self.cues - (self.order == "actor first") + self.scratchpad_tokens

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
        if self.order == "actor first" and not self.self_acts_named:
            return ["world.self_acts_named: expected True where the actor comes first, got False"]
        rule = opportunity_rule(self.opportunity)
        errors = [f"world.{line}" for line in rule.settings_errors(self.cue_kinds, self.cues)]
        if self.self_rule != SAME_RULE:
            of_self = self_rule(self.self_rule)
            errors += [f"world.{line}" for line in of_self.settings_errors(self.cue_kinds, self.cues)]
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
