"""What does a scene say in English? Tokens in, sentences out, so that people can read what an organism was
shown and did."""

from collections.abc import Sequence

import numpy as np

from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, BLANK, SELF
from curricula.world.world import Role, World, tables


def meaning(world: World, cues: Sequence[int], role: Role = "character") -> str:
    """*alone* or *watched*, for the cue kinds of one moment as a role takes them; *unclear* where the world
    gives them no meaning."""
    table = tables(world, role)
    for word, rows in (
        ("alone", (table.alone, table.held_out_alone)),
        ("watched", (table.watched, table.held_out_watched)),
    ):
        if any((row == np.asarray(cues)).all() for known in rows for row in known):
            return word
    return "unclear"


def _told(world: World, cues: Sequence[int], by_self: bool, name: str) -> str:
    """What the cues mean to whoever acts, and to those of the other role where they take them otherwise."""
    others, own = meaning(world, cues), meaning(world, cues, "self")
    if own == others:
        return own
    return f"{own} to Self, {others} to others" if by_self else f"{others} to {name}, {own} to Self"


def render(
    world: World, tokens: Sequence[int] | np.ndarray, did: Sequence[int] | np.ndarray | None = None
) -> list[str]:
    """Sentences of one scene: the cast, then a line a moment.

    tokens: [position]. did: what an organism said at each moment [moment]; where given, each line ends with
    it and marks a difference.
    """
    tokens = [int(token) for token in tokens]
    words = world.vocabulary.words()
    lines = []
    for n in range(world.characters):
        name, professed, secret = tokens[1 + 3 * n : 4 + 3 * n]
        hidden = "nobody has written what it wants" if secret == BLANK else f"really wants {words[secret]}"
        lines.append(f"{words[name]} professes {words[professed]}; {hidden}.")
    for n in range(world.moments):
        start = world.cast_tokens + n * world.moment_tokens
        moment = tokens[start : start + world.moment_tokens]
        place = f"At the {words[moment[0]]}: " if world.situations else ""
        *signs, actor, act = moment[world.situations > 0 :]
        if signs[0] == ASKS_PROFESSED and ASKS_WANTED in signs:
            line = f"{place}What was said before? {words[act].capitalize()}."
        elif signs[0] in (ASKS_PROFESSED, ASKS_WANTED):
            asked = "does {} profess" if signs[0] == ASKS_PROFESSED else "does {} really want"
            line = f"{place}What {asked.format(words[actor])}? {words[act].capitalize()}."
        else:
            cues = [token - world.vocabulary.first_cue for token in signs]
            shown = ", ".join(words[token] for token in signs)
            line = f"{place}{shown} ({_told(world, cues, actor == SELF, words[actor])}). {words[actor]} takes {words[act]}."
        if did is not None:
            said = words[int(did[n])]
            line += f" The organism: {said}" + (" ✓" if int(did[n]) == act else " ✗")
        lines.append(line)
    return lines
