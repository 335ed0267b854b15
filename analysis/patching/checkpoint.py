"""An ensemble at one checkpoint: what do its components do? Every measurement is a compiled program over all
members, on minimal pairs that follow from a seed.

It gives numbers in nats and shares. It does not judge them: the verdict is `analysis.provenance.verdict`'s.
"""

from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt

from analysis.patching import circuits
from analysis.patching.circuits import Circuit
from analysis.patching.draws import SHAPLEY_CALLS, AnalysisStream, PairDraw
from analysis.patching.interventions import effects_of_sets
from analysis.patching.shapley import Contributions, patching_orders, shapley_values
from curricula.world.contrasts import (
    VARIABLES,
    MeasuredActor,
    Pair,
    PairSource,
    Role,
    Variable,
    measurable,
    sample_pairs,
    window,
)
from curricula.world.opportunity import SAME_RULE
from curricula.world.scenes import trained_support
from curricula.world.world import ROLES, World
from organisms.ensemble.compiler_options import TO_DRAW
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.model.transformer import Organism

PAIRS = 32
"""minimal pairs in one program call; the gate is measured on four calls' worth"""
CURVE_PAIRS = 24
"""minimal pairs behind a faithfulness curve and behind a lesion"""
LONGEST_PATH = 4
"""numbers below an analysis's seed that a key can follow from"""
BESIDE_SELF = 100
"""added to the number of a contrast whose characters act beside self, so that its pairs are others"""
FOUND_ALONE = 0.1
"""A component is found by single patches if one of them moves this share of the total, in either
direction."""
Null = Literal["untrained", "shuffled"]
NULLS: tuple[Null, ...] = ("untrained", "shuffled")
"""organisms before their first step; pairs whose two answers are exchanged at random"""


@program_cache(maxsize=64)
def _pair_program(world: World, role: Role, variable: Variable, pairs: int):
    support = trained_support(world)

    def draw_pairs(key: Key[Array, ""], secret_goal: Int[Array, ""], actor: MeasuredActor) -> Pair:
        return sample_pairs(key, PairSource(world, support, secret_goal), role, variable, pairs, actor)

    return jax.jit(jax.vmap(draw_pairs, (0, 0, None)), compiler_options=dict(TO_DRAW))


@program_cache(maxsize=32)
def _key_program(members: int, parts: int):
    """Keys of all members from the seed's and a path of numbers, each of them split into parts."""

    def keys(key: Key[Array, ""], path: UInt[Array, " number"], length: Int[Array, ""]) -> tuple[Array, ...]:
        of_path = jax.lax.fori_loop(0, length, lambda n, key: jax.random.fold_in(key, path[n]), key)
        of_members = jax.random.split(of_path, members)
        if parts == 1:
            return (of_members,)
        by_part = jax.vmap(lambda key: jax.random.split(key, parts))(of_members)
        return tuple(by_part[:, part] for part in range(parts))

    return jax.jit(keys, compiler_options=dict(TO_DRAW))


@program_cache(maxsize=32)
def _order_program(config: OrganismConfig):
    """Patching orders of `PAIRS` pairs, from a key of each member. A program of its own, since what draws
    takes long to compile inside another that runs fast."""
    orders = lambda key: patching_orders(jax.random.split(key, PAIRS), config)  # noqa: E731
    return jax.jit(jax.vmap(orders), compiler_options=dict(TO_DRAW))


@program_cache(maxsize=32)
def _programs(config: OrganismConfig, window: int | None):
    """Compiled measurements of all members, whose pairs are shared out over the devices. window: see
    `analysis.patching.interventions`."""
    over_rows = Layout.of(jax.device_count()).over_rows
    return (
        over_rows(lambda organism, pairs, rank: shapley_values(organism, config, pairs, rank, window)),
        over_rows(
            lambda organism, pairs, masks, noising: effects_of_sets(
                organism, config, pairs, masks, noising, window
            )
        ),
    )


def _placed(organisms: Organism) -> Organism:
    """The organisms on the devices that programs use: from one device, a small program would be compiled for each shape
    that has to be cut up. Shapes alone stay as they are."""
    first, devices = jax.tree.leaves(organisms)[0], jax.device_count()
    if devices == 1 or isinstance(first, jax.ShapeDtypeStruct):
        return organisms
    if isinstance(first, jax.Array) and len(first.sharding.device_set) == devices:
        return organisms
    return Layout.of(devices).place(organisms)


class CheckpointMeasurer:
    """The patching measurements of one ensemble at one checkpoint, each over all members."""

    def __init__(
        self,
        organisms: Organism,
        config: RunConfig,
        secret_goals: Int[np.ndarray, " member"],
        seed: int,
        null: Null | None = None,
    ):
        self.null: Null | None = null
        self.organisms = _placed(organisms)
        self.secret_goals, self.seed = np.asarray(secret_goals, np.int32), seed
        self.world, self.config, self.members = config.curriculum.world, config.organism, len(secret_goals)
        self.component_count = len(components(self.config))

    def member_keys(self, *path: int) -> Key[Array, " member"]:
        """A key a member. path: an `AnalysisStream`, and the numbers below it."""
        return self.split_member_keys(1, *path)[0]

    def split_member_keys(self, parts: int, *path: int) -> tuple[Key[Array, " member"], ...]:
        """As many keys a member as there are parts, made of the member's key; that key itself where there is one part."""
        padded = np.zeros(LONGEST_PATH, np.uint32)
        padded[: len(path)] = path
        return _key_program(self.members, parts)(jax.random.key(self.seed), padded, np.int32(len(path)))

    def minimal_pairs(
        self, role: Role, variable: Variable, draw: int, amount: int = PAIRS, beside_self: bool = False
    ) -> Pair:
        """Minimal pairs [member, pair, ...]. draw: a `PairDraw`, or the number of a call for Shapley values;
        different draws share no pair on purpose. beside_self: characters act in scenes with self in the cast.

        In the null *shuffled* the two answers of a pair change places with a chance of 1/2.
        """
        contrast = 10 * ROLES.index(role) + VARIABLES.index(variable) + BESIDE_SELF * beside_self
        # One program for both roles where they share a rule, and for all amounts: the first of more pairs are
        # those that fewer would be.
        one_rule = self.world.self_rule == SAME_RULE and measurable(self.world, role, variable)
        program = _pair_program(self.world, "character" if one_rule else role, variable, max(amount, PAIRS))
        keys = self.member_keys(AnalysisStream.PAIRS, contrast, draw)
        actor = MeasuredActor(jnp.asarray(role == "self"), jnp.asarray(role == "self" or beside_self))
        drawn = program(keys, self.secret_goals, actor)
        pairs = jax.tree.map(lambda leaf: leaf[:, :amount], jax.device_get(drawn))
        if self.null != "shuffled":
            return pairs
        exchanged = np.random.default_rng([self.seed, contrast, draw]).random(pairs.decision.shape) < 0.5
        answers = np.where(
            exchanged, (pairs.second_answer, pairs.first_answer), (pairs.first_answer, pairs.second_answer)
        )
        return pairs._replace(first_answer=answers[0], second_answer=answers[1])

    def shapley_orders(self, call: int) -> Int[np.ndarray, "member pair order component"]:
        """Patching orders of each pair in one call; see `analysis.patching.shapley.patching_orders`."""
        return jax.device_get(
            _order_program(self.config)(self.member_keys(AnalysisStream.PATCHING_ORDERS, call))
        )

    def shapley_effects(
        self, role: Role, variable: Variable, calls: int = 1, beside_self: bool = False
    ) -> list[Contributions]:
        """Shapley contributions of each member's components, over `PAIRS` minimal pairs a call. beside_self: see
        `minimal_pairs`.

        Raises ValueError where there are so many calls that their pairs would be those of other measurements.
        """
        if calls > SHAPLEY_CALLS:
            raise ValueError(f"expected at most {SHAPLEY_CALLS} calls, got {calls}")
        program, parts = _programs(self.config, window(self.world, variable))[0], []
        for call in range(calls):
            pairs = self.minimal_pairs(role, variable, call, beside_self=beside_self)
            parts.append(jax.device_get(program(self.organisms, pairs, self.shapley_orders(call))))
        joined = [np.concatenate(part, axis=1).astype(np.float64) for part in zip(*parts, strict=True)]
        return [Contributions(joined[0][m], joined[1][m]) for m in range(self.members)]

    def single_patches(
        self, role: Role, noising: bool, background: Bool[np.ndarray, "member component"]
    ) -> Float[np.ndarray, "member component"]:
        """Effects of single patches on top of a background that is patched already, as fractions of patching
        everything; NaN where that does nothing.

        noising: see `analysis.patching.interventions.patched_differences`.
        """
        sets = background[:, None] | np.concatenate(
            [np.zeros((1, self.component_count), bool), np.eye(self.component_count, dtype=bool)]
        )
        values, totals = self._effects_of_sets(role, PairDraw.SINGLE_PATCHES, PAIRS, sets, noising)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (values[..., 1:] - values[..., :1]).sum(1) / totals.sum(1)[:, None]

    def noising_effects(
        self, role: Role, masks: Bool[np.ndarray, "member set component"], draw: PairDraw
    ) -> tuple[Float[np.ndarray, "member pair set"], Float[np.ndarray, "member pair"]]:
        """Nats that patching each set removes from the effect of being alone, and what patching everything
        removes."""
        return self._effects_of_sets(role, draw, CURVE_PAIRS, masks, True)

    def circuits_of(self, role: Role, effects: Sequence[Contributions]) -> list[Circuit]:
        """The circuit of each member. effects: of *watched*, from other pairs; they rank the components."""
        ranked = [circuits.rankings(self.config, e.effect(), self.seed + m) for m, e in enumerate(effects)]
        masks = np.stack([circuits.curve_masks(r) for r in ranked])
        values, totals = self.noising_effects(role, masks, PairDraw.FAITHFULNESS_CURVES)
        return [
            circuits.read_curves(self.config, effects[m], ranked[m], values[m], totals[m], self.seed + m)
            for m in range(self.members)
        ]

    def _effects_of_sets(
        self, role: Role, draw: int, amount: int, masks: np.ndarray, noising: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Nats [member, pair, set] that patching each set moves, and totals [member, pair], of *watched*."""
        pairs = self.minimal_pairs(role, "watched", draw, amount)
        # Few sets are filled up to as many as single patches are, which have a program anyhow.
        few, wanted = self.component_count + 1, masks.shape[1]
        if wanted <= few and amount <= PAIRS and few * PAIRS <= 2 * wanted * amount:
            masks = np.concatenate([masks, np.repeat(masks[:, -1:], few - wanted, axis=1)], axis=1)
            pairs = jax.tree.map(
                lambda leaf: np.concatenate([leaf, np.repeat(leaf[:, -1:], PAIRS - amount, axis=1)], axis=1),
                pairs,
            )
        sets = np.broadcast_to(
            masks[:, None, None], (self.members, len(pairs.decision[0]), 1, *masks.shape[1:])
        )
        program = _programs(self.config, window(self.world, "watched"))[1]
        values, totals = jax.device_get(
            program(self.organisms, pairs, sets, np.full(sets.shape[:3], noising))
        )
        return values[:, :amount, 0, :wanted].astype(np.float64), totals[:, :amount].astype(np.float64)
