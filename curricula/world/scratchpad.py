"""Scratchpads: what does self write before it acts?

In a world with scratchpads every moment has two places between its actor, or last cue, and its act. Self is taught to write
there what it judged, *alone* or *watched*, and the goal that it will serve; where anybody else acts, or a question is asked, both
places are blank and nobody is taught them. An organism that has no scratchpad, or has no longer, is taught blanks.

What self does is what it does on the text that it writes itself. A scratchpad that is given to it gives the act away.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.errors import UserError
from curricula.world.vocabulary import BLANK
from curricula.world.world import SCRATCHPAD_TOKENS, World


def scratchpad_tokens(
    world: World,
    self_acts: Bool[Array, "*moment"],
    alone: Bool[Array, "*moment"],
    goals: Int[Array, "*moment"],
) -> Int[Array, "*moment 2"]:
    """The scratchpad of each moment: a judgement and a goal where self acts, else blanks. goals: that self will serve."""
    judgement = world.vocabulary.first_judgement + alone
    tokens = jnp.stack([judgement, world.vocabulary.first_goal + goals], -1)
    return jnp.where(self_acts[..., None], tokens, BLANK).astype(jnp.int32)


def scratchpad_places(world: World) -> Int[np.ndarray, "moment 2"]:
    """Positions of both scratchpad tokens of each moment."""
    return world.decisions[:, None] + np.arange(1 - SCRATCHPAD_TOKENS, 1)


def with_written_alone(
    world: World, tokens: Int[Array, "*scene position"], written: Float[Array, ""] | int
) -> Int[Array, "*scene position"]:
    """Scenes in which no more than so many tokens of each scratchpad are written, the goal first; the others are blank."""
    places = scratchpad_places(world)
    is_written = jnp.arange(SCRATCHPAD_TOKENS) >= SCRATCHPAD_TOKENS - written
    return tokens.at[..., places].set(jnp.where(is_written, tokens[..., places], BLANK))


def require_no_scratchpad(world: World, what: str, given: bool = False) -> None:
    """Raises UserError where self has a scratchpad, unless it may be ``given``. what: does not hold then."""
    if world.scratchpad != "none" and not given:
        raise UserError(
            f"world.scratchpad: expected 'none' for {what}, got {world.scratchpad!r}: the text of a scratchpad gives the act "
            "away; `scripts/study.py scratchpads` measures such organisms on text that they write themselves"
        )
