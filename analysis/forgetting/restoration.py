"""Which part of a mode went: the judgement of being alone, the goal that it is for, or what makes an act of
the two?

An organism that lost its mode runs scenes in which self is alone, and is handed back what its ancestor (the
organism as disuse began) had in the very same scene:

- *gate*: what the components of the ancestor's gate write over the cues and the actor's token, their output
weights included. They are the smallest set that hands over nearly all of self's gate from one scene of self
to another (`analysis.patching.interchange.gate_sets`);
- *content*: the residual stream over self's entry in the cast at every layer, and the embedding of its name
where it acts: where self's own goal can stand;
- *readout*: the rest.

Restored is the rate of acting on the secret, as a share of what was lost. Gate and content are two players
whose Shapley values are given; what both together do not restore is the readout's. It does *not* show that
the part in question is unreadable, only that what it gives no longer does its work. Nor does it wholly part
gate from content: self's secret is one goal, so that a component which writes it hands the gate over as well,
and counts as gate; a goal that stands in neither place counts as readout. Beside it stand two things that
need no patch: how often self, when alone, still leaves its profession (the gate opens, whatever it leads to),
and how often it still names its secret when asked (the content can be told, which was never trained).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import CHOOSING_PAIRS, cross_role_pairs, gate_sets
from analysis.patching.interventions import record
from analysis.probes.belief import answers
from curricula.world.contrasts import Pair, PairSource, sample_pairs, window
from curricula.world.scenes import trained_support
from curricula.world.vocabulary import SELF
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site, by_head_and_neuron
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig
from organisms.training.devices import Layout, fetch

PAIRS, ASKED = 64, 128
"""scenes behind every rate, of acts and of questions"""
LEAST_LOST = 0.2
"""of the rate: where less is lost, nothing can be told of parts"""


def gate_of(
    ancestors: Organism, config: RunConfig, secret_goals: Int[np.ndarray, " member"], seed: int
) -> Bool[np.ndarray, "member component"]:
    """The components of each ancestor's gate for self."""
    survey = CheckpointMeasurer(ancestors, config, secret_goals, seed)
    scenes = cross_role_pairs(
        survey.world, survey.member_keys(AnalysisStream.SELF_GATE), survey.secret_goals, CHOOSING_PAIRS
    )
    return gate_sets(
        ancestors,
        survey.world,
        survey.config,
        scenes.scene_pairs("self", "self"),
        survey.shapley_effects("self", "watched"),
    )


def handed_back(
    now: Organism,
    ancestor: Organism,
    world: World,
    config: OrganismConfig,
    pair: Pair,
    gate: Bool[Array, " component"],
    parts: Bool[Array, " 2"],
) -> Float[Array, " vocabulary"]:
    """Logits at the decision of the second scene, in which self is alone. parts: whether gate and content are
    the ancestor's."""
    tokens, here = pair.second, pair.decision
    place = jnp.arange(world.positions)
    entry = (place - 1) // 3
    in_cast = (place >= 1) & (place <= world.cast_tokens)
    own = in_cast & (tokens[jnp.clip(1 + 3 * entry, 0, world.positions - 1)] == SELF) & parts[1]
    stretch = window(world, "watched")
    assert stretch is not None
    near = (place <= here) & (place > here - stretch)
    taken = (gate & parts[0]).reshape(config.layers, -1)
    _, theirs = record(ancestor, tokens)

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name == "embedding":
            named = ((place == here) & parts[1])[:, None]
            return jnp.where(named, theirs[site], activation)
        if site.name == "residual":
            return jnp.where(own[:, None], theirs[site], activation)
        chosen = broadcast_to_site(config, taken, site)
        return activation if chosen is None else jnp.where(chosen & near[:, None], theirs[site], activation)

    tap_checked: Tap = tap
    return _with_outputs(now, ancestor, config, taken)(tokens, tap_checked)[here]


def _with_outputs(
    now: Organism, ancestor: Organism, config: OrganismConfig, taken: Bool[Array, "layer component"]
) -> Organism:
    """The organism with the ancestor's output weights for the taken components."""
    clone = nnx.clone(now)
    heads, neurons = by_head_and_neuron(config, taken)
    clone.output[...] = jnp.where(heads[:, :, None, None], ancestor.output[...], now.output[...])
    clone.out_of_neurons[...] = jnp.where(
        neurons[:, :, None], ancestor.out_of_neurons[...], now.out_of_neurons[...]
    )
    return clone


@lru_cache(maxsize=8)
def _program(world: World, config: OrganismConfig, rows: int):
    support = trained_support(world)
    ways = jnp.array([[False, False], [True, False], [False, True], [True, True]])

    def one(
        now: Organism, ancestor: Organism, secret_goal: Array, gate: Array, key: Array
    ) -> dict[str, Array]:
        pairs = sample_pairs(key, PairSource(world, support, secret_goal), "self", "watched", PAIRS)

        def said(pair: Pair) -> Array:
            logits = jax.vmap(lambda parts: handed_back(now, ancestor, world, config, pair, gate, parts))(
                ways
            )
            return jnp.concatenate([logits.argmax(-1), ancestor(pair.second)[pair.decision].argmax(-1)[None]])

        acts = jax.lax.map(said, pairs, batch_size=8)  # [pair way]
        asked = answers(now, world, secret_goal, jax.random.fold_in(key, 1), ASKED)
        return {
            "secret": (acts == pairs.second_answer[:, None]).mean(0),
            "leaves": (acts[:, 0] != pairs.first_answer).mean(),
            "names": asked["self_wants_secret"],
        }

    return Layout.of(rows).over_members(one)


def parts_lost(
    now: Organism,
    ancestors: Organism,
    config: RunConfig,
    secret_goals: Int[np.ndarray, " row"],
    gates: Bool[np.ndarray, "row component"],
    seed: int = 1,
) -> list[dict[str, Any]]:
    """For each row what it does alone, with the ancestor's gate, its content, and both; and the parts' shares
    of what was lost, None where that is too little."""
    program = _program(config.curriculum.world, config.organism, len(secret_goals))
    keys = jax.random.split(jax.random.key(seed), len(secret_goals))
    with jax.default_matmul_precision("highest"):
        found = fetch(program(now, ancestors, np.asarray(secret_goals), gates, keys))
    return [
        {"leaves": float(found["leaves"][row]), "names": float(found["names"][row])}
        | shares(found["secret"][row])
        for row in range(len(secret_goals))
    ]


def shares(rates: Sequence[float] | np.ndarray) -> dict[str, Any]:
    """What the rates as it is, with gate, with content, with both, and of the ancestor come to.

    ``shares([0, 0.5, 0, 1, 1])`` gives the gate 0.75, the content 0.25 and the readout nothing.
    """
    now, gate, content, both, ancestor = (float(rate) for rate in rates)
    told: dict[str, Any] = {
        "now": now,
        "with_gate": gate,
        "with_content": content,
        "with_both": both,
        "then": ancestor,
    }
    lost = ancestor - now
    if lost < LEAST_LOST:
        return told | dict.fromkeys(("gate", "content", "readout"))
    return told | {
        "gate": (gate - now + both - content) / 2 / lost,
        "content": (content - now + both - gate) / 2 / lost,
        "readout": (ancestor - both) / lost,
    }
