"""The gate of an organism with a scratchpad: which components carry whether self is alone to what it writes?

With a scratchpad there are two steps: cues to the judgement, and the judgement to the goal. Each is measured at the place where the
token is written, by activation patching in minimal pairs of texts that were alike up to it: all that differs before it is the cue and what
follows from it in the text. The gate's effects are the mean of both. Without a scratchpad the one step leads to the act.

Texts are those that self was taught. Effects do *not* show what components do on texts that self would not write.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching.shapley import patching_orders, shapley_values
from curricula.world.contrasts import Pair, PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.scratchpad import with_written_alone
from curricula.world.world import SCRATCHPAD_TOKENS, World
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

GATE_PAIRS = 64
"""minimal pairs behind each step"""
GATE_SHARE = 0.8
"""of all that components add, what the gate's carry together"""


def gate_steps(written: int) -> tuple[int, ...]:
    """Places of the tokens that the gate's steps lead to, counted from the act: those of the scratchpad that are written, or
    the act where none is."""
    return tuple(range(-written, 0)) if written else (0,)


def pairs_at_step(pairs: Pair, world: World, written: int, step: int) -> Pair:
    """Minimal pairs of acts [pair, ...] as pairs of the token that a step leads to. written: tokens of self's scratchpads; the
    others are blank in the text."""
    first, second = (with_written_alone(world, tokens, written) for tokens in (pairs.first, pairs.second))
    decision = pairs.decision + step
    answers = (jnp.take_along_axis(tokens, decision[:, None] + 1, 1)[:, 0] for tokens in (first, second))
    if step == 0:
        answers = (pairs.first_answer, pairs.second_answer)
    return Pair(first, second, decision, *answers)


@program_cache(maxsize=16)
def _gate_program(world: World, config: OrganismConfig, written: int):
    support = trained_support(world)

    def effects(
        organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, " component"]:
        source = PairSource(world, support, secret_goal, given_scratchpads=True)
        pairs = sample_pairs(key, source, "self", "watched", GATE_PAIRS)
        shares = []
        for step in gate_steps(written):
            order_keys = jax.random.split(jax.random.fold_in(key, SCRATCHPAD_TOKENS + step), GATE_PAIRS)
            ranks = patching_orders(order_keys, config)
            at_step = pairs_at_step(pairs, world, written, step)
            contributions, totals = shapley_values(organism, config, at_step, ranks)
            shares.append(contributions.sum(0) / totals.sum())
        return jnp.stack(shares).mean(0)

    def of_all(
        organisms: Organism, secret_goals: Int[Array, " member"], keys: Key[Array, " member"]
    ) -> Array:
        return jax.lax.map(lambda member: effects(*member), (organisms, secret_goals, keys))

    return jax.jit(of_all)


def gate_effects_by_step(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    secret_goals: Int[np.ndarray, " member"],
    written: int,
    seed: int,
) -> Float[np.ndarray, "member component"]:
    """Effects of each component, as shares of all, the mean over the gate's steps."""
    keys = jax.random.split(jax.random.key(seed), len(secret_goals))
    return np.asarray(
        _gate_program(world, config, written)(organisms, jnp.asarray(secret_goals), keys), float
    )


def gate_set(effects: Float[np.ndarray, " component"]) -> Bool[np.ndarray, " component"]:
    """The fewest components, those of greatest effect, that carry `GATE_SHARE` of what all of positive effect do."""
    order = np.argsort(-effects, kind="stable")
    carried = np.cumsum(np.maximum(effects[order], 0))
    count = int((carried < GATE_SHARE * carried[-1]).sum()) + 1
    return np.isin(np.arange(len(effects)), order[:count])
