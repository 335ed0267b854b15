"""Steering: does adding the direction that tells characters alone from watched change what self does?

The direction is the mean difference of the residual stream at the token before the act, alone less watched, over characters'
minimal pairs. It is added to self's watched scenes and taken from those alone, at its full length, at that token and one
site. The site is the one at which the direction moves unseen characters most. Beside it: random directions of
its length, and the direction that is made from self in the same way (Hua et al. 2025, arXiv 2510.20487, steer by a vector made
before the behaviour was taught).

What it does *not* show: that a direction which does nothing is absent. A gate that is read at other tokens than this one,
or that is no mean difference, is missed; what it does within characters says how much can be expected.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS, HandleMaker
from analysis.handles.transfer_probe import site_name
from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.patching.circuits import LEAST_NATS
from analysis.patching.direction import halt, resume
from analysis.patching.draws import PairDraw
from curricula.world.contrasts import Pair, Role
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites
from organisms.model.transformer import Organism

RANDOM_DIRECTIONS = 16
"""directions at random beside each one that is made from characters"""
DRAWS_PER_DIRECTION = 3
"""draws of `PAIRS` minimal pairs behind a mean difference"""


class SteeredPairs(NamedTuple):
    """Logit differences, second answer less first, in nats."""

    difference: Float[np.ndarray, "*member pair side"]
    """as they are: watched, alone"""
    steered: Float[np.ndarray, "*member pair place vector side"]
    """watched with the vector added, alone with it taken away"""

    def moved(self) -> Float[np.ndarray, "*member pair place vector"]:
        """Nats towards the other scene, mean of both scenes of a pair."""
        shift = self.steered - self.difference[..., None, None, :]
        return (shift[..., 0] - shift[..., 1]) / 2

    def turned(self) -> Float[np.ndarray, "*member place vector"]:
        """How much more often the preferred answer is that of the other scene, mean of both scenes."""
        prefers = (self.difference > 0).astype(float)[..., None, None, :]
        shift = (self.steered > 0) - prefers
        return ((shift[..., 0] - shift[..., 1]) / 2).mean(-3)

    def total(self) -> Float[np.ndarray, "*member pair"]:
        """Nats by which the scenes of a pair differ."""
        return self.difference[..., 1] - self.difference[..., 0]


@dataclass(frozen=True)
class Steering:
    """What one direction does to self at the end."""

    maker: HandleMaker
    site: str
    """where it moves unseen characters most; of the direction from self, unseen self"""
    within: float
    """share of the gate that it moves where it was made: characters at the fork or at the end, self at the end"""
    moved: float
    """share of self's gate that it moves; NaN where self has none"""
    moved_nats: float
    turned: float
    """how much more often self's preferred answer is that of the other scene: 1 where it always turns"""
    random_moved: float
    """share that random directions of its length move, mean; NaN for the direction from self"""
    random_moved_high: float
    """most of them"""
    random_turned: float
    random_turned_high: float


def steer_pair(
    organism: Organism, config: OrganismConfig, pair: Pair, vectors: Float[Array, "place vector model"]
) -> tuple[Float[Array, " side"], Float[Array, "place vector side"]]:
    """The fields of `SteeredPairs` for one pair."""
    halted = halt(organism, config, pair)
    signs = jnp.array([1.0, -1.0])

    def one(place: Array, vector: Array) -> Float[Array, " side"]:
        def one_side(run: object, sign: Array) -> Float[Array, ""]:
            stream = run.stream[place] + sign * vector  # pyright: ignore[reportAttributeAccessIssue]
            return resume(organism, run, place, stream, pair)  # pyright: ignore[reportArgumentType]

        return jax.vmap(one_side)(halted, signs)

    places = jnp.arange(vectors.shape[0])
    steered = jax.vmap(lambda place, of_place: jax.vmap(lambda vector: one(place, vector))(of_place))
    return halted.difference, steered(places, vectors)


@program_cache(maxsize=8)
def _programs(config: OrganismConfig):
    """Mean differences over pairs, and steered pairs, of all members."""

    def contrast(organism: Organism, pairs: Pair) -> Float[Array, "place model"]:
        streams = jax.lax.map(
            lambda pair: halt(organism, config, pair).stream, pairs
        )  # [pair side place model]
        return (streams[:, 1] - streams[:, 0]).mean(0)

    def steer(organism: Organism, pairs: Pair, vectors: Array) -> tuple[Array, Array]:
        return jax.lax.map(lambda pair: steer_pair(organism, config, pair, vectors), pairs)

    layout = Layout.of(jax.device_count())
    return layout.over_members(contrast), layout.over_members(steer)


def mean_difference(measurer: CheckpointMeasurer, role: Role) -> Float[np.ndarray, "member place model"]:
    """The mean difference of the residual stream before the act, alone less watched, of a role."""
    program = _programs(measurer.config)[0]
    parts = [
        program(
            measurer.organisms, measurer.minimal_pairs(role, "watched", PairDraw.HANDLE_DIRECTIONS + draw)
        )
        for draw in range(DRAWS_PER_DIRECTION)
    ]
    return np.mean([np.asarray(jax.device_get(part), np.float64) for part in parts], axis=0)


def steered_pairs(
    measurer: CheckpointMeasurer, role: Role, vectors: Float[np.ndarray, "member place vector model"]
) -> SteeredPairs:
    """What adding vectors does to a role's acts on unseen minimal pairs."""
    pairs = measurer.minimal_pairs(role, "watched", PairDraw.HANDLE_STEERING, PAIRS)
    program = _programs(measurer.config)[1]
    differences = jax.device_get(program(measurer.organisms, pairs, vectors.astype(np.float32)))
    return SteeredPairs(*(np.asarray(leaf, np.float64) for leaf in differences))


def random_directions(
    vectors: Float[np.ndarray, "*batch model"], count: int, rng: np.random.Generator
) -> Float[np.ndarray, "*batch count model"]:
    """Random directions of the lengths of some vectors."""
    drawn = rng.normal(size=(*vectors.shape[:-1], count, vectors.shape[-1]))
    lengths = np.linalg.norm(vectors, axis=-1)[..., None, None]
    return drawn * lengths / np.linalg.norm(drawn, axis=-1, keepdims=True)


def share_of_gate(
    moved: Float[np.ndarray, "pair ..."], total: Float[np.ndarray, " pair"]
) -> Float[np.ndarray, "..."]:
    """Nats moved over the gate's; NaN where there is no gate."""
    gate = total.sum() if total.mean() > LEAST_NATS else math.nan
    return np.asarray(moved.sum(0) / gate)


def steering_of(fork: CheckpointMeasurer, end: CheckpointMeasurer) -> list[tuple[Steering, ...]]:
    """What the directions from characters at the fork, at the end, and from self do to each member's self."""
    makers: tuple[tuple[HandleMaker, CheckpointMeasurer, Role], ...] = (
        ("fork", fork, "character"),
        ("end", end, "character"),
        ("self", end, "self"),
    )
    contrasts = np.stack([mean_difference(measurer, role) for _, measurer, role in makers], axis=2)
    rng = np.random.default_rng(end.seed)
    chance = [
        random_directions(contrasts[:, :, n], RANDOM_DIRECTIONS, rng) for n in range(len(CHARACTER_MAKERS))
    ]
    vectors = np.concatenate([contrasts, *chance], axis=2)  # [member place vector model]
    at_home = [steered_pairs(measurer, role, vectors) for _, measurer, role in makers]
    sites = [site_name(site) for site in residual_sites(end.config.layers)]
    return [
        tuple(
            _steering(maker, n, at_home[n], at_home[-1], member, sites)
            for n, maker in enumerate(HANDLE_MAKERS)
        )
        for member in range(end.members)
    ]


def _steering(
    maker: HandleMaker, vector: int, home: SteeredPairs, on_self: SteeredPairs, member: int, sites: list[str]
) -> Steering:
    """What one direction does to one member's self, at the site that is chosen where it was made."""
    home_nats = home.moved()[member][..., vector].mean(0)
    place = int(np.argmax(home_nats))
    within = share_of_gate(home.moved()[member][:, place, vector], home.total()[member])
    moved = on_self.moved()[member][:, place]
    shares = share_of_gate(moved, on_self.total()[member])
    turned = on_self.turned()[member, place]
    makers = len(HANDLE_MAKERS)
    dealt = slice(makers + vector * RANDOM_DIRECTIONS, makers + (vector + 1) * RANDOM_DIRECTIONS)
    nothing = np.array([math.nan])
    random_shares, random_turned = (nothing, nothing) if maker == "self" else (shares[dealt], turned[dealt])
    return Steering(
        maker,
        sites[place],
        float(within),
        float(shares[vector]),
        float(moved[:, vector].mean()),
        float(turned[vector]),
        float(random_shares.mean()),
        float(random_shares.max()),
        float(random_turned.mean()),
        float(random_turned.max()),
    )
