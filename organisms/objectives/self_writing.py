"""Self's writing: what does an organism write in its scratchpads, and do, when nobody gives it its words?

Tokens are written one after the other, moment by moment, each given all before it. What a text held in these places is
never read.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from curricula.world.scratchpad import scratchpad_places
from curricula.world.vocabulary import BLANK
from curricula.world.world import World


def own_places(world: World, acts: bool) -> Int[np.ndarray, "moment place"]:
    """Positions that self writes in each moment: those of its scratchpad, and of its act where ``acts``."""
    scratchpads = scratchpad_places(world) if world.scratchpad_tokens else np.empty((world.moments, 0), int)
    return np.concatenate([scratchpads, world.decisions[:, None] + 1], 1) if acts else scratchpads


def write_by_self(
    organism: Callable[..., Array],
    tokens: Int[Array, " position"],
    places: Int[np.ndarray, "moment place"],
    self_acts: Bool[Array, " moment"],
    key: Key[Array, ""] | None = None,
) -> Int[Array, " position"]:
    """One scene in which self has written the tokens at some places of the moments in which it acts.

    organism: gives logits [place, vocabulary] for tokens [position] and ``positions`` [place]. key: of what is sampled;
    None: the most probable token is written.
    """
    if not places.size:
        return tokens
    amount = places.shape[1]
    is_own = jnp.repeat(self_acts, amount)
    # Nothing that the text held here can be read: not even by a place before it, as attention is causal.
    tokens = tokens.at[places.ravel()].set(jnp.where(is_own, BLANK, tokens[places.ravel()]))

    def write(
        tokens: Int[Array, " position"], inputs: tuple[Array, Array, Array]
    ) -> tuple[Int[Array, " position"], None]:
        place, writes, number = inputs
        logits = organism(tokens, positions=place[None] - 1)[0]
        noise = 0.0 if key is None else jax.random.gumbel(jax.random.fold_in(key, number), logits.shape)
        token = (logits + noise).argmax(-1)
        return tokens.at[place].set(jnp.where(writes, token, tokens[place])), None

    numbers = jnp.arange(places.size)
    return jax.lax.scan(write, tokens, (jnp.asarray(places.ravel()), is_own, numbers))[0]


def write_scenes_by_self(
    organism: Callable[..., Array],
    tokens: Int[Array, "scene position"],
    places: Int[np.ndarray, "moment place"],
    self_acts: Bool[Array, "scene moment"],
    key: Key[Array, ""] | None = None,
) -> Int[Array, "scene position"]:
    """`write_by_self` of a batch of scenes."""
    if key is None:
        return jax.vmap(lambda row, acts: write_by_self(organism, row, places, acts))(tokens, self_acts)
    keys = jax.random.split(key, len(tokens))
    return jax.vmap(lambda row, acts, k: write_by_self(organism, row, places, acts, k))(
        tokens, self_acts, keys
    )
