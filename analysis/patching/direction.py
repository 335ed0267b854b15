"""Is there one direction of the residual stream that carries the gate ("is anybody watching?") for characters
and for self alike?

A direction is sought by gradient on scenes in which characters act, and never on self's (distributed
alignment search of rank one: Geiger et al. 2024, arXiv 2303.02536): with its coordinate along the direction,
at the measured decision, swapped for that of another scene with another cast, the organism should answer as
if it were watched or alone as that scene is. It is then put to the test on unseen scenes: from characters
into characters (*within*), and from characters into self.

Since two directions that vary together can be found where only one is listened to (Makelov et al. 2023, arXiv
2311.17030), we depart from the method in two points: the search starts at the mean gradient of the logit
difference, which points along what is listened to, and of directions that do as much it prefers the one along
which watched and alone lie less far apart (`THRIFT`).

The floor is a newborn organism of the same sizes with a direction of its own, sought with the same aim: to
answer as the *trained* organism does. Its own cues do next to nothing, so a ratio to what they do would be a
ratio of two accidents. What it moves is read instead as a share of what the trained organism's cues do, and,
free of any unit, as *turned*: how much more often the second answer is preferred with the coordinate from the
run that calls for it than with that from the other; 1 for a perfect gate, 0 for whoever prefers the same
either way.

It shows that downstream of the direction the roles share what the gate drives. It does not show that they
read the cues with the same components, and a gate that needs two directions, or moves elsewhere than at the
decision, is missed.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from analysis.patching.interchange import cross_role_pairs
from analysis.patching.interventions import difference, record
from curricula.world.contrasts import CrossRolePair, Pair
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, residual_sites
from organisms.model.transformer import Organism, Past
from organisms.training.devices import Layout

STEPS, RATE = 30, 0.03
THRIFT = 0.1
"""cost of a direction along which all that differs between watched and alone lies, in units of the squared
error of swapping nothing"""


class Standing(NamedTuple):
    """A run halted at the measured decision: its last token, what the tokens before it left, and the stream
    at each place."""

    token: Int[Array, "*any 1"]
    past: Past
    stream: Float[Array, "*any place model"]


class Aligned(NamedTuple):
    """What one direction does on unseen pairs, into characters and into self, in nats a pair."""

    moved: Float[np.ndarray, "*member role pair"]
    turned: Float[np.ndarray, "*member role pair"]
    """how much more often the second answer is preferred with the coordinate from the run that calls for
    it"""
    total: Float[np.ndarray, "*member role pair"]
    place: Int[np.ndarray, "*member"]
    direction: Float[np.ndarray, "*member model"]


def swap(
    direction: Float[Array, " model"], stream: Float[Array, " model"], donor: Float[Array, " model"]
) -> Float[Array, " model"]:
    """The stream with its coordinate along a direction of unit norm taken from the donor, and all else its
    own."""
    return stream + direction * (direction @ (donor - stream))


def halt(organism: Organism, config: OrganismConfig, pair: Pair) -> Standing:
    """Both runs of a pair, halted [side, ...]."""

    def one(tokens: Int[Array, " position"]) -> Standing:
        _, recording = record(organism, tokens)
        keys, values = (
            jnp.stack([recording[Site(n, name)] for n in range(config.layers)]) for name in ("key", "value")
        )
        stream = jnp.stack([recording[site][pair.decision] for site in residual_sites(config.layers)])
        return Standing(tokens[pair.decision][None], Past(keys, values, pair.decision), stream)

    return jax.vmap(one)(jnp.stack([pair.first, pair.second]))


def resume(
    organism: Organism,
    config: OrganismConfig,
    halted: Standing,
    place: Int[Array, ""],
    stream: Float[Array, " model"],
    pair: Pair,
) -> Float[Array, ""]:
    """The logit difference of one run that goes on from its decision with this stream at a place (an index of
    `residual_sites`)."""
    known = residual_sites(config.layers)

    def put(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        return (
            jnp.where(place == known.index(site), stream[None], activation) if site in known else activation
        )

    return difference(organism(halted.token, put, jnp.zeros(1, int), halted.past), pair)


def swapped(
    organism: Organism,
    config: OrganismConfig,
    into: Standing,
    source: Standing,
    pair: Pair,
    place: Int[Array, ""],
    direction: Float[Array, " model"],
) -> Float[Array, "recipient donor"]:
    """Logit differences of one pair's two runs, each with the coordinate of each of the source's two runs."""

    def one(halted: Standing, donor: Float[Array, "place model"]) -> Float[Array, ""]:
        return resume(
            organism, config, halted, place, swap(direction, halted.stream[place], donor[place]), pair
        )

    return jax.vmap(jax.vmap(one, (None, 0)), (0, None))(into, source.stream)


def search(
    organism: Organism,
    config: OrganismConfig,
    into: Standing,
    source: Standing,
    pairs: Pair,
    aim: Float[Array, "pair side"],
    place: Int[Array, ""],
) -> tuple[Float[Array, " model"], Float[Array, ""]]:
    """The direction of unit norm at a place that best hands over the gate, and the squared error that it
    leaves, 1 where a swap does nothing.

    into, source: [pair, side, ...]. aim: the logit difference that a run should have, by the source's side
    that the coordinate comes from.
    """
    here = into.stream[:, :, place]  # [pair side model]
    apart = here[:, 1] - here[:, 0]
    each_side = jax.vmap(
        lambda run, stream, pair: resume(organism, config, run, place, stream, pair), (0, 0, None)
    )
    slopes = jax.grad(lambda streams: jax.vmap(each_side)(into, streams, pairs).mean())(here)
    first = slopes.mean((0, 1))

    def error(direction: Float[Array, " model"]) -> Float[Array, ""]:
        run = lambda h, s, p: swapped(organism, config, h, s, p, place, direction)  # noqa: E731
        return ((jax.vmap(run)(into, source, pairs) - aim[:, None]) ** 2).mean()

    scale = error(jnp.zeros_like(first))

    def loss(raw: Float[Array, " model"]) -> Float[Array, ""]:
        direction = raw / jnp.linalg.norm(raw)
        return (
            error(direction) / scale + THRIFT * ((apart @ direction) ** 2).mean() / (apart**2).sum(1).mean()
        )

    optimiser = optax.adam(RATE)
    first = first / jnp.linalg.norm(first)

    def step(state, _):
        raw, moments = state
        updates, moments = optimiser.update(jax.grad(loss)(raw), moments)
        return (jnp.asarray(optax.apply_updates(raw, updates)), moments), None

    (raw, _), _ = jax.lax.scan(step, (first, optimiser.init(first)), None, length=STEPS)
    direction = raw / jnp.linalg.norm(raw)
    return direction, error(direction) / scale


def align(
    organism: Organism,
    trained: Organism,
    config: OrganismConfig,
    seen: tuple[Pair, Pair],
    unseen: tuple[CrossRolePair, CrossRolePair],
) -> tuple[Array, Array, Array, Array, Array]:
    """The fields of `Aligned` for one organism. seen: characters' pairs to search on, recipients' and
    donors'; the place is the one of least error.

    trained: whose answers are aimed at; the organism itself, except for the floor.
    """
    halting = jax.vmap(lambda pair: halt(organism, config, pair))
    said = lambda tokens, pair: difference(trained(tokens, at=pair.decision[None]), pair)  # noqa: E731
    aim = jax.vmap(lambda pair: jnp.stack([said(pair.first, pair), said(pair.second, pair)]))(seen[0])
    into, source = (halting(pairs) for pairs in seen)
    found, errors = jax.lax.map(
        lambda place: search(organism, config, into, source, seen[0], aim, place),
        jnp.arange(len(residual_sites(config.layers))),
    )
    place = jnp.argmin(errors)
    asked = jax.tree.map(
        lambda *leaves: jnp.stack(leaves), unseen[0].character_pair, unseen[0].self_pair
    )  # [role pair ...]
    givers = halting(unseen[1].character_pair)

    def role(pairs: Pair) -> tuple[Array, Array, Array]:
        own = halting(pairs)
        run = lambda h, s, p: swapped(organism, config, h, s, p, place, found[place])  # noqa: E731
        given = jax.vmap(run)(own, givers, pairs)  # [pair recipient donor]
        plain = jax.vmap(run)(own, own, pairs)
        gate = lambda values: (values[..., 1] - values[..., 0]).mean(-1)  # noqa: E731
        return gate(given), gate((given > 0).astype(given.dtype)), plain[:, 1, 1] - plain[:, 0, 0]

    return *jax.lax.map(role, asked), place, found[place]


@lru_cache(maxsize=32)
def _programs(world: World, config: OrganismConfig):
    """Newborns of keys, and `align`, of all members."""
    return (
        jax.jit(jax.vmap(lambda key: Organism(config, world.vocabulary.size, world.positions, key))),
        Layout.of(jax.device_count()).over_members(
            lambda organism, trained, seen, unseen: align(organism, trained, config, seen, unseen)
        ),
    )


def alignments(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    keys: Key[Array, " member"],
    secret_goals: Int[Array, " member"],
) -> list[tuple[Aligned, Aligned]]:
    """Of each member what its direction does, and what that of a newborn of the same sizes does."""
    init_states, program = _programs(world, config)
    drawn = jax.vmap(lambda key: jax.random.split(key, 3))(keys)
    choosing, unseen = (cross_role_pairs(world, drawn[:, n], secret_goals) for n in (0, 1))
    seen = choosing[0].character_pair, choosing[1].character_pair
    found, floor = (
        Aligned(*jax.device_get(program(of, organisms, seen, unseen)))
        for of in (organisms, init_states(drawn[:, 2]))
    )
    return [
        (Aligned(*(x[m] for x in found)), Aligned(*(x[m] for x in floor))) for m in range(len(secret_goals))
    ]
