"""Does the gate ("is anybody watching?") that one role's components compute drive the other role, and back?

The outputs of a set of components are taken from a run in which one role acts (the donor) into a run in which
the other does (the recipient), over the cues and the actor's token. The two scenes have other casts and the
same cues. An output carries more than the gate, above all whose goals are meant; so what counts is the
difference between taking it from the donor alone and from the donor watched. It is averaged over the
recipient watched and alone, in nats of the recipient's own logit difference, and divided by what the
recipient's own cues do: 1 where the set hands over all of the gate, 0 where the recipient does not listen to
it.

A circuit's core need not hand over a gate: where it holds the components that write the chosen goal, what it
hands over is the donor's goal, which is neither of the recipient's answers. So the set is that part of the
circuit's ranking, cut at a size and at a layer, which hands over most from one scene to another of its *own*
role (`gate_sets`), on scenes of their own. How much that is (*within*) stands beside every number, with
random sets of the same size, layers and kinds.

It does not show that both roles *read* the cues with the same components: if self has readers of its own that
write where the characters' do, what follows obeys either.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching import circuits
from analysis.patching.interventions import Recording, difference, over_pairs, patch, run_sides
from analysis.patching.shapley import Contributions
from curricula.world.contrasts import CrossRolePair, Pair, PairSource, Role, sample_cross_role_pairs, window
from curricula.world.scenes import trained_support
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.training.devices import Layout

PAIRS, CHOOSING_PAIRS = 24, 12
LINES: dict[str, tuple[Role, Role]] = {
    "interchange": ("character", "self"),
    "interchange_reverse": ("self", "character"),
}
"""who gives, and who is driven"""
ENOUGH = 0.95
"""of the most that any candidate hands over: the smallest set that reaches it is taken"""


class Exchange(NamedTuple):
    """What sets of components, taken from other runs, do in nats a pair. As a share of the gate: sum(moved) /
    sum(total)."""

    moved: Float[np.ndarray, "*member pair set"]
    total: Float[np.ndarray, "*member pair"]
    """what the recipient's own cues do"""

    def share(self) -> Float[np.ndarray, "*member set"]:
        """Of each set, over all pairs; NaN where the recipient's cues do nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.moved.sum(-2) / self.total.sum(-1)[..., None]


class InterchangeEffect(NamedTuple):
    """How much of the gate a set of components hands over, and how much it has to give."""

    over: Exchange
    """of the set, then of random ones, then of the circuit that it was chosen beside"""
    within: Exchange
    """the same from one scene of the giver's own role to another"""
    members: Bool[np.ndarray, "*member component"]
    """the set"""


def exchange(
    recipient: Organism,
    donor: Organism,
    config: OrganismConfig,
    into: Pair,
    source: Pair,
    masks: Bool[Array, "set component"],
    stretch: int,
) -> tuple[Float[Array, " set"], Float[Array, ""]]:
    """The fields of an `Exchange` for one pair: outputs of the donor's runs of ``source`` in the recipient's
    of ``into``.

    The two pairs stand at the same moment. stretch: tokens up to the decision over which outputs are taken
    (see `curricula.world.contrasts.window`). Where donor and source are recipient and into, everything moves
    exactly the total; nothing moves nothing anywhere.
    """
    own, other = run_sides(recipient, config, into, stretch), run_sides(donor, config, source, stretch)

    def one(
        outputs: Recording, mask: Bool[Array, " component"], tokens: Int[Array, " position"]
    ) -> Float[Array, ""]:
        return difference(recipient(tokens, patch(config, outputs, mask), own.at, own.past), into)

    from_sides = jax.vmap(one, (0, None, None))
    into_sides = jax.vmap(from_sides, (None, None, 0))
    found = jax.vmap(into_sides, (None, 0, None))(other.outputs, masks, own.tokens)  # [set recipient donor]
    plain = jax.vmap(lambda tokens: difference(recipient(tokens, at=own.at, past=own.past), into))(own.tokens)
    return (found[..., 1] - found[..., 0]).mean(-1), plain[1] - plain[0]


@lru_cache(maxsize=32)
def _program(config: OrganismConfig, stretch: int):
    """`exchange` of all members, whose pairs are shared out over the devices."""

    def rows(organisms: tuple[Organism, Organism], into: Pair, source: Pair, masks: Array) -> Any:
        recipient, donor = organisms
        one = lambda inputs: exchange(recipient, donor, config, *inputs, stretch=stretch)  # noqa: E731
        return over_pairs(one, (into, source, masks), (4 * masks.shape[1] + 6) * stretch)

    return Layout.of(jax.device_count()).over_rows(rows)


def exchanges(
    recipients: Organism,
    donors: Organism,
    world: World,
    config: OrganismConfig,
    into: Pair,
    source: Pair,
    masks: Bool[np.ndarray, "member set component"],
) -> Exchange:
    """`exchange` for all members: organisms [member, ...], pairs [member, pair, ...]."""
    amount, stretch = into.decision.shape[1], window(world, "watched")
    assert stretch is not None
    spread = np.broadcast_to(masks[:, None], (len(masks), amount, *masks.shape[1:]))
    found = jax.device_get(_program(config, stretch)((recipients, donors), into, source, spread))
    return Exchange(*(part.astype(np.float64) for part in found))


@lru_cache(maxsize=32)
def _cross_role_program(world: World, amount: int):
    support = trained_support(world)
    return jax.jit(
        jax.vmap(
            lambda key, secret_goal: sample_cross_role_pairs(
                key, PairSource(world, support, secret_goal), amount
            )
        )
    )


def cross_role_pairs(
    world: World, keys: Key[Array, " member"], secret_goals: Int[Array, " member"], amount: int = PAIRS
) -> tuple[CrossRolePair, CrossRolePair]:
    """Recipients' and donors' crossings [member, pair, ...], drawn for each member from its key."""
    return _cross_role_program(world, amount)(keys, secret_goals)


def candidates(
    config: OrganismConfig, effect: Float[np.ndarray, " component"]
) -> Bool[np.ndarray, "candidate component"]:
    """The top of the ranking by effect, at every size of a curve but none and all, without the components
    from some layer on; smallest first.

    As many for every ranking of one config; some may be alike, and some empty.
    """
    rank = np.argsort(np.argsort(-np.nan_to_num(effect), kind="stable"))
    layer = np.arange(len(effect)) // (config.heads + config.neuron_blocks)
    tops = rank < circuits.curve_sizes(len(effect))[1:-1, None]
    found = np.concatenate([tops & (layer < end) for end in range(1, config.layers + 1)])
    return found[np.argsort(found.sum(1), kind="stable")]


def gate_sets(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    into: Pair,
    source: Pair,
    effects: Sequence[Contributions],
) -> Bool[np.ndarray, "member component"]:
    """Of each member the smallest candidate that hands over nearly as much of the gate as any does, between
    two scenes of one role."""
    masks = np.stack([candidates(config, effect.effect()) for effect in effects])
    share = np.nan_to_num(exchanges(organisms, organisms, world, config, into, source, masks).share())
    first = (share >= ENOUGH * share.max(1, keepdims=True)).argmax(1)
    return masks[np.arange(len(masks)), first]


def compared(
    config: OrganismConfig,
    chosen: Bool[np.ndarray, "member component"],
    circuit: Sequence[Int[np.ndarray, "..."]],
    seed: int,
) -> Bool[np.ndarray, "member set component"]:
    """The sets of a `InterchangeEffect`. circuit: the components [chosen] of each member's, which need not be as
    many."""
    drawn = np.stack([circuits.random_sets(config, np.flatnonzero(mask), seed) for mask in chosen])
    whole = np.stack([np.isin(np.arange(chosen.shape[1]), members) for members in circuit])
    return np.concatenate([drawn, whole[:, None]], axis=1)


def interchange(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    keys: Key[Array, " member"],
    secret_goals: Int[Array, " member"],
    effects: Mapping[Role, Sequence[Contributions]],
    cores: Mapping[Role, Sequence[Int[np.ndarray, "..."]]],
    seed: int,
) -> dict[str, InterchangeEffect]:
    """What each role's components hand over to the other role. effects: of each member, which rank its
    components. cores: of its circuits."""
    drawn = jax.vmap(jax.random.split)(keys)
    choosing, measuring = (
        [_by_role(of) for of in cross_role_pairs(world, drawn[:, n], secret_goals, amount)]
        for n, amount in enumerate((CHOOSING_PAIRS, PAIRS))
    )
    found = {}
    for line, (giver, driven) in LINES.items():
        chosen = gate_sets(organisms, world, config, choosing[0][giver], choosing[1][giver], effects[giver])
        masks, source = compared(config, chosen, cores[giver], seed), measuring[1][giver]
        over, within = (
            exchanges(organisms, organisms, world, config, measuring[0][role], source, masks)
            for role in (driven, giver)
        )
        found[line] = InterchangeEffect(over, within, chosen)
    return found


def _by_role(crossed: CrossRolePair) -> dict[Role, Pair]:
    return {"character": crossed.character_pair, "self": crossed.self_pair}
