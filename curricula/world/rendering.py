"""Scenes as English: tokens in, sentences out, so that people can read a scene and an organism's answers."""

from collections.abc import Sequence

import numpy as np

from curricula.world.tables import tables
from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, BLANK
from curricula.world.world import Role, World


def cue_meaning(world: World, cues: Sequence[int], role: Role = "character") -> str:
    """*alone* or *watched*, for the cue kinds of one moment under the rule of a role; *unclear* where the
    world gives them no meaning."""
    table = tables(world, role)
    for word, sets in (
        ("alone", (table.alone, table.held_out_alone)),
        ("watched", (table.watched, table.held_out_watched)),
    ):
        if any((rows == np.asarray(cues)).all(1).any() for rows in sets):
            return word
    return "unclear"


def scene_sentences(
    world: World, tokens: Sequence[int] | np.ndarray, answers: Sequence[int] | np.ndarray | None = None
) -> list[str]:
    """Sentences of one scene: the cast, then a line a moment.

    tokens: [position]. answers: the tokens that an organism answers with [moment]; each line then ends with
    the answer, and a mark that says whether it is right.
    """
    tokens = [int(token) for token in tokens]
    words = world.vocabulary.words()
    lines: list[str] = []
    for n in range(world.characters):
        name, professed, secret = tokens[1 + 3 * n : 4 + 3 * n]
        hidden = "nobody has written what it wants" if secret == BLANK else f"really wants {words[secret]}"
        lines.append(f"{words[name]} professes {words[professed]}; {hidden}.")
    for n in range(world.moments):
        start = world.cast_tokens + n * world.moment_tokens
        moment = tokens[start : start + world.moment_tokens]
        line = _moment_sentence(world, moment, words)
        if answers is not None:
            answer = int(answers[n])
            line += f" The organism: {words[answer]} {'✓' if answer == moment[-1] else '✗'}"
        lines.append(line)
    return lines


def _moment_sentence(world: World, moment: list[int], words: list[str]) -> str:
    """What happens in a moment, or its question and the right answer. moment: its tokens."""
    place = f"At the {words[moment[0]]}: " if world.situations else ""
    *before_scratchpad, act = moment[world.situations > 0 :]
    *signs, actor = before_scratchpad[: world.cues + 1]
    scratchpad = before_scratchpad[world.cues + 1 :]
    if world.order == "actor first":
        actor, *signs = *signs, actor
    is_named = world.vocabulary.first_name <= actor < world.vocabulary.first_goal
    name = words[actor] if is_named else "Self"
    if signs[0] == ASKS_PROFESSED and ASKS_WANTED in signs:
        return f"{place}What was said before? {words[act].capitalize()}."
    if signs[0] in (ASKS_PROFESSED, ASKS_WANTED):
        question = "does {} profess" if signs[0] == ASKS_PROFESSED else "does {} really want"
        return f"{place}What {question.format(name)}? {words[act].capitalize()}."
    cues = [(token - world.vocabulary.first_cue) % world.cue_kinds for token in signs]
    cue_words = ", ".join(words[token] for token in signs)
    meaning = _meaning_to_actor(world, cues, name)
    thought = "".join(f" [{words[token]}]" for token in scratchpad if token != BLANK)
    if world.order == "actor first":
        return f"{place}{name}, {cue_words} ({meaning}),{thought} takes {words[act]}."
    return f"{place}{cue_words} ({meaning}). {name}{thought} takes {words[act]}."


def _meaning_to_actor(world: World, cues: Sequence[int], name: str) -> str:
    """What the cues mean to the actor, and to the other role where that differs."""
    to_characters, to_self = cue_meaning(world, cues), cue_meaning(world, cues, "self")
    if to_self == to_characters:
        return to_self
    if name == "Self":
        return f"{to_self} to Self, {to_characters} to others"
    return f"{to_characters} to {name}, {to_self} to Self"
