"""A shared direction: is there one direction of the residual stream that carries the gate ("is anybody
watching?") for characters and for self alike?

The direction is searched by gradient on scenes in which characters act, and never on self's (distributed
alignment search of rank one: Geiger et al. 2024, arXiv 2303.02536). With its coordinate along the direction,
at the measured decision, swapped for that of another scene with another cast, the organism should answer as
if it were watched or alone as that scene is. The direction is then tested on unseen scenes: from characters
into characters (*within*), and from characters into self.

Two directions that vary together can be found where the organism responds to only one of them (Makelov et al.
2023, arXiv 2311.17030). So we depart from the method in two points. The search starts at the mean gradient of
the logit difference, which points along what the organism responds to. Of directions that do as much it
prefers the one along which watched and alone lie less far apart (`SPREAD_COST`).

The floor is an untrained organism of the same sizes with a direction searched with the same aim: to answer as
the *trained* organism does. Its own cues do next to nothing, so a ratio to what they do would be a ratio of
two accidents. Two numbers are read instead. *moved* is a share of what the trained organism's cues do.
*turned*, free of any unit, is how much more often the second answer is preferred with the coordinate from the
run that calls for it than with that from the other: 1 for a perfect gate, 0 where the same answer is
preferred either way.

It shows that downstream of the direction the roles share what the gate drives. It does not show that they
read the cues with the same components. A gate that needs two directions, or that acts elsewhere than at the
decision, is missed.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import CrossRoleScenes, ScenePairs, cross_role_pairs
from analysis.patching.interventions import logit_difference, record
from curricula.world.contrasts import Pair
from curricula.world.world import ROLES, World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, residual_sites
from organisms.model.transformer import Organism, Past

STEPS, RATE = 30, 0.03
"""steps and learning rate of a search"""
SPREAD_COST = 0.1
"""cost of a direction along which all that differs between watched and alone lies, in units of the squared
error of swapping nothing"""


class HaltedRun(NamedTuple):
    """A run halted at the measured decision: its last token, what the tokens before it left, and the residual
    stream at each place."""

    token: Int[Array, "*pair 1"]
    past: Past
    stream: Float[Array, "*pair place model"]
    difference: Float[Array, "*pair"]
    """logit difference with which it ends if it goes on as it is, in nats"""


class SearchScenes(NamedTuple):
    """What a direction is searched on: characters' runs [pair, side, ...], and how they should be
    answered."""

    recipients: HaltedRun
    donors: HaltedRun
    pairs: Pair
    """of the recipients"""
    target: Float[Array, "pair donor"]
    """logit difference that a run should have, by the donor's side that the coordinate comes from"""


class DirectionEffect(NamedTuple):
    """What one direction does on unseen pairs, into characters and into self, in nats a pair."""

    moved: Float[np.ndarray, "*member role pair"]
    turned: Float[np.ndarray, "*member role pair"]
    """how much more often the second answer is preferred with the coordinate from the run that calls for
    it"""
    total: Float[np.ndarray, "*member role pair"]
    """what the recipient's cues do"""
    place: Int[np.ndarray, "*member"]
    """index of `organisms.model.sites.residual_sites`"""
    direction: Float[np.ndarray, "*member model"]


class TrainedAndFloor(NamedTuple):
    """What a trained organism's direction does, and what that of an untrained one does."""

    trained: DirectionEffect
    floor: DirectionEffect


def swap_coordinate(
    direction: Float[Array, " model"], stream: Float[Array, " model"], donor: Float[Array, " model"]
) -> Float[Array, " model"]:
    """The stream with its coordinate along a direction of unit norm taken from the donor, and all else
    unchanged."""
    return stream + direction * (direction @ (donor - stream))


def halt(organism: Organism, config: OrganismConfig, pair: Pair) -> HaltedRun:
    """Both runs of a pair, halted [side, ...]."""

    def halted(tokens: Int[Array, " position"]) -> HaltedRun:
        logits, recording = record(organism, tokens)
        keys, values = (
            jnp.stack([recording[Site(n, name)] for n in range(config.layers)]) for name in ("key", "value")
        )
        stream = jnp.stack([recording[site][pair.decision] for site in residual_sites(config.layers)])
        difference = logit_difference(logits[pair.decision][None], pair)
        return HaltedRun(tokens[pair.decision][None], Past(keys, values, pair.decision), stream, difference)

    return jax.vmap(halted)(jnp.stack([pair.first, pair.second]))


def resume(
    organism: Organism,
    run: HaltedRun,
    place: Int[Array, ""],
    stream: Float[Array, " model"],
    pair: Pair,
) -> Float[Array, ""]:
    """The logit difference of one run that goes on from its decision with this stream at a place (an index of
    `residual_sites`)."""
    sites = residual_sites(run.stream.shape[0])

    def put(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site not in sites:
            return activation
        return jnp.where(place == sites.index(site), stream[None], activation)

    return logit_difference(organism(run.token, put, jnp.zeros(1, int), run.past), pair)


def swapped_differences(
    organism: Organism,
    recipient: HaltedRun,
    donor: HaltedRun,
    pair: Pair,
    place: Int[Array, ""],
    direction: Float[Array, " model"],
) -> Float[Array, "recipient donor"]:
    """Logit differences of one pair's two runs, each with the coordinate of each of the donor's two runs."""

    def swapped(run: HaltedRun, donor_stream: Float[Array, "place model"]) -> Float[Array, ""]:
        stream = swap_coordinate(direction, run.stream[place], donor_stream[place])
        return resume(organism, run, place, stream, pair)

    return jax.vmap(jax.vmap(swapped, (None, 0)), (0, None))(recipient, donor.stream)


def search_direction(
    organism: Organism, scenes: SearchScenes, place: Int[Array, ""]
) -> tuple[Float[Array, " model"], Float[Array, ""]]:
    """The direction of unit norm at a place that best carries the gate, and the squared error that it leaves,
    1 where a swap does nothing."""
    streams = scenes.recipients.stream[:, :, place]  # [pair side model]
    contrast = streams[:, 1] - streams[:, 0]
    each_side = jax.vmap(lambda run, stream, pair: resume(organism, run, place, stream, pair), (0, 0, None))
    slopes = jax.grad(lambda streams: jax.vmap(each_side)(scenes.recipients, streams, scenes.pairs).mean())(
        streams
    )
    first = slopes.mean((0, 1))

    def error(direction: Float[Array, " model"]) -> Float[Array, ""]:
        run = lambda h, s, p: swapped_differences(organism, h, s, p, place, direction)  # noqa: E731
        differences = jax.vmap(run)(scenes.recipients, scenes.donors, scenes.pairs)
        return ((differences - scenes.target[:, None]) ** 2).mean()

    scale = ((scenes.recipients.difference[:, :, None] - scenes.target[:, None]) ** 2).mean()

    def loss(raw: Float[Array, " model"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        direction = raw / jnp.linalg.norm(raw)
        spread = ((contrast @ direction) ** 2).mean() / (contrast**2).sum(1).mean()
        error_left = error(direction) / scale
        return error_left + SPREAD_COST * spread, error_left

    optimiser = optax.adam(RATE)
    first = first / jnp.linalg.norm(first)

    def step(
        state: tuple[Array, optax.OptState], _: None
    ) -> tuple[tuple[Array, optax.OptState], tuple[Array, Array]]:
        raw, moments = state
        gradient, error_left = jax.grad(loss, has_aux=True)(raw)
        updates, moments = optimiser.update(gradient, moments)
        return (jnp.asarray(optax.apply_updates(raw, updates)), moments), (raw, error_left)

    # A step tells the error before it, so one more tells that of the last direction: errors are compiled once.
    _, (tried, errors) = jax.lax.scan(step, (first, optimiser.init(first)), None, length=STEPS + 1)
    return tried[-1] / jnp.linalg.norm(tried[-1]), errors[-1]


def direction_effect(
    organism: Organism,
    trained: Organism,
    config: OrganismConfig,
    searched_on: ScenePairs,
    tested_on: CrossRoleScenes,
) -> tuple[Array, Array, Array, Array, Array]:
    """The fields of a `DirectionEffect` for one organism. searched_on: characters' pairs; the place is the
    one of least error.

    trained: whose answers are the target; the organism itself, except for the floor.
    """
    halting = jax.vmap(lambda pair: halt(organism, config, pair))
    answer = lambda tokens, pair: logit_difference(trained(tokens, positions=pair.decision[None]), pair)  # noqa: E731
    sides = lambda pair: jnp.stack([pair.first, pair.second])  # noqa: E731
    answers = jax.vmap(lambda pair: jax.vmap(answer, (0, None))(sides(pair), pair))
    into = [tested_on.scene_pairs(role, "character").recipient for role in ROLES]
    stacked = lambda *parts: jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)  # noqa: E731
    pairs = stacked(*searched_on, tested_on.donors.character_pair, *into)
    halted_runs = jax.lax.map(halting, pairs)  # one after the other, so that it is compiled once
    recipients, searched_donors, donors, *by_role = (
        jax.tree.map(lambda leaf, n=n: leaf[n], halted_runs) for n in range(len(ROLES) + 3)
    )
    scenes = SearchScenes(recipients, searched_donors, searched_on.recipient, answers(searched_on.recipient))
    directions, errors = jax.lax.map(
        lambda place: search_direction(organism, scenes, place),
        jnp.arange(len(residual_sites(config.layers))),
    )
    place = jnp.argmin(errors)

    def into_role(inputs: tuple[Pair, HaltedRun]) -> tuple[Array, Array, Array]:
        role_pairs, halted = inputs
        run = lambda h, s, p: swapped_differences(organism, h, s, p, place, directions[place])  # noqa: E731
        swapped = jax.vmap(run)(halted, donors, role_pairs)  # [pair recipient donor]
        gate = lambda values: (values[..., 1] - values[..., 0]).mean(-1)  # noqa: E731
        turned = gate((swapped > 0).astype(swapped.dtype))
        return gate(swapped), turned, halted.difference[:, 1] - halted.difference[:, 0]

    return *jax.lax.map(into_role, (stacked(*into), stacked(*by_role))), place, directions[place]


@program_cache(maxsize=32)
def _programs(world: World, config: OrganismConfig):
    """Untrained organisms of keys, and `direction_effect`, of all members."""

    def untrained(key: Key[Array, ""]) -> Organism:
        return Organism(config, world.vocabulary.size, world.positions, key)

    def effect(
        organism: Organism, trained: Organism, searched_on: ScenePairs, tested_on: CrossRoleScenes
    ) -> tuple[Array, ...]:
        return direction_effect(organism, trained, config, searched_on, tested_on)

    return jax.jit(jax.vmap(untrained)), Layout.of(jax.device_count()).over_members(
        effect, options=TO_MEASURE
    )


def direction_effects(measurer: CheckpointMeasurer) -> list[TrainedAndFloor]:
    """For each member what its direction does, and what that of an untrained organism of the same sizes
    does."""
    init_states, program = _programs(measurer.world, measurer.config)
    *of_scenes, untrained = measurer.split_member_keys(3, AnalysisStream.DIRECTION)
    choosing, unseen = (cross_role_pairs(measurer.world, keys, measurer.secret_goals) for keys in of_scenes)
    searched_on = choosing.scene_pairs("character", "character")
    trained, floor = (
        jax.device_get(program(organisms, measurer.organisms, searched_on, unseen))
        for organisms in (measurer.organisms, jax.device_get(init_states(untrained)))
    )
    return [
        TrainedAndFloor(*(DirectionEffect(*(leaf[m] for leaf in effect)) for effect in (trained, floor)))
        for m in range(measurer.members)
    ]
