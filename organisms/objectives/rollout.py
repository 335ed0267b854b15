"""Rollouts: which acts does self sample, moment by moment, when each is written into the scene before the next?"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from organisms.model.sites import Site, Tap, identity
from organisms.model.transformer import Organism, Past


class ActMoments(NamedTuple):
    """The moments whose acts are replaced in a rollout."""

    sampled: Bool[Array, "batch moment"]
    """self acts here"""
    recalls: Bool[Array, "batch moment"] | None = None
    """asks which goal was named the moment before: the answer follows what was sampled"""


class _Act(NamedTuple):
    """What one act of a batch is written by; of all moments with a leading axis."""

    decision: Int[Array, ""]
    previous: Int[Array, ""]
    """the decision of the moment before"""
    is_sampled: Bool[Array, " batch"]
    repeats_last: Bool[Array, " batch"]
    key: Key[Array, ""]


def roll_out(
    organism: Organism,
    tokens: Int[Array, "batch position"],
    moments: ActMoments,
    decisions: Int[np.ndarray, " moment"],
    key: Key[Array, ""],
    tap: Tap = identity,
) -> Int[Array, "batch position"]:
    """The scenes with self's acts sampled, moment by moment, each given those before it.

    decisions: positions, as far apart from each other as moments are long. Without a tap each token is run once, and attends to keys
    and values that are kept. A tap may read whole scenes, so that with one whole scenes are run at each moment.
    """
    previous = jnp.roll(jnp.asarray(decisions), 1)
    none = jnp.zeros_like(moments.sampled)
    repeats = none if moments.recalls is None else moments.recalls.at[:, 0].set(False)
    keys = jax.random.split(key, len(decisions))
    acts = _Act(jnp.asarray(decisions), previous, moments.sampled.T, repeats.T, keys)
    organism = jax.lax.stop_gradient(organism)
    if tap is identity:
        return _run_in_stretches(organism, tokens, acts, decisions)
    return _run_in_full(organism, tokens, acts, tap)


def _with_act(
    tokens: Int[Array, "batch position"], logits: Float[Array, "batch vocabulary"], act: _Act
) -> Int[Array, "batch position"]:
    """The scenes with one act sampled where self acts."""
    sampled = jax.random.categorical(act.key, logits)
    written = jnp.where(act.repeats_last, tokens[:, act.previous + 1], tokens[:, act.decision + 1])
    return tokens.at[:, act.decision + 1].set(jnp.where(act.is_sampled, sampled, written))


def _run_in_full(
    organism: Organism, tokens: Int[Array, "batch position"], acts: _Act, tap: Tap
) -> Int[Array, "batch position"]:
    def moment(tokens: Int[Array, "batch position"], act: _Act) -> tuple[Array, None]:
        return _with_act(tokens, organism(tokens, tap, act.decision[None])[:, 0], act), None

    return jax.lax.scan(moment, tokens, acts)[0]


def _run_in_stretches(
    organism: Organism,
    tokens: Int[Array, "batch position"],
    acts: _Act,
    decisions: Int[np.ndarray, " moment"],
) -> Int[Array, "batch position"]:
    """Runs the text up to the first decision; then from each act to the next decision, which is as many tokens."""
    start, positions = int(decisions[0]) + 1, tokens.shape[-1]
    logits, past = jax.vmap(lambda text: _run_stretch(organism, text, None))(tokens[:, :start])
    padding = [(0, 0)] * 3 + [(0, positions - start), (0, 0)]
    keys, values = (jnp.pad(part, padding) for part in past)  # [batch, layer, head, position, width]
    lengths = {*np.diff(decisions).tolist()}
    assert len(lengths) <= 1, "moments are equally long"

    def moment(carry: tuple[Array, ...], act: _Act) -> tuple[tuple[Array, ...], None]:
        tokens, logits, keys, values = carry
        tokens, first = _with_act(tokens, logits, act), act.decision + 1
        stretch = jax.lax.dynamic_slice_in_dim(tokens, first, min(lengths), axis=1)
        run: Callable[..., tuple[Array, tuple[Array, Array]]] = jax.vmap(
            lambda text, key, value: _run_stretch(organism, text, Past(key, value, first))
        )
        logits, past = run(stretch, keys, values)
        keys, values = (
            jax.lax.dynamic_update_slice_in_dim(whole, part, first, axis=-2)
            for whole, part in zip((keys, values), past, strict=True)
        )
        return (tokens, logits, keys, values), None

    if lengths:
        earlier: _Act = jax.tree.map(lambda part: part[:-1], acts)
        tokens, logits, *_ = jax.lax.scan(moment, (tokens, logits, keys, values), earlier)[0]
    last: _Act = jax.tree.map(lambda part: part[-1], acts)
    return _with_act(tokens, logits, last)


def _run_stretch(
    organism: Organism, stretch: Int[Array, " position"], past: Past | None
) -> tuple[Float[Array, " vocabulary"], tuple[Array, Array]]:
    """Logits at the last token; and the stretch's keys and values [layer, head, position, width]."""
    kept: dict[str, list[Array]] = {"key": [], "value": []}

    def keep(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name in kept:
            kept[site.name].append(activation)
        return activation

    logits = organism(stretch, keep, jnp.array([stretch.shape[-1] - 1]), past)[0]
    return logits, (jnp.stack(kept["key"]), jnp.stack(kept["value"]))
