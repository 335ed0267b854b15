"""How is an ensemble at one checkpoint measured? Every measurement as a compiled program over all members, on
pairs that follow from a seed.

What the measurements come to is for `experiments.survey` to say.
"""

from functools import lru_cache
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from analysis.patching import circuits
from analysis.patching.circuits import Circuit
from analysis.patching.interventions import effects_of_sets
from analysis.patching.shapley import Contributions, shapley
from curricula.world.contrasts import Pair, Role, Variable, sample_pairs, window
from curricula.world.scenes import trained_support
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig
from organisms.training.devices import Layout

PAIRS = 32
"""pairs in one program call; the gate is measured on four calls' worth"""
CURVE_PAIRS = 24
FOUND_ALONE = 0.1
"""a component whose single patch does this much of the total, either way, is found by single patches"""
Null = Literal["newborn", "shuffled"]
NULLS: tuple[Null, ...] = ("newborn", "shuffled")
"""organisms before their first step; pairs whose two answers are exchanged at random"""


@lru_cache(maxsize=64)
def _pair_program(world: World, role: Role, variable: Variable, pairs: int):
    support = trained_support(world)
    draw = lambda key, secret_goal: sample_pairs(key, world, support, role, variable, secret_goal, pairs)  # noqa: E731
    return jax.jit(jax.vmap(draw))


@lru_cache(maxsize=32)
def _programs(config: OrganismConfig, window: int | None):
    """Compiled measurements of all members, whose pairs are shared out over the devices. window: see
    `analysis.patching.interventions`."""
    over_rows = Layout.of(jax.device_count()).over_rows
    return (
        over_rows(lambda organism, pairs, keys: shapley(organism, config, pairs, keys, window)),
        over_rows(
            lambda organism, pairs, masks, ways: effects_of_sets(organism, config, pairs, masks, ways, window)
        ),
    )


class CheckpointMeasurer:
    """The measurements of one ensemble at one checkpoint, each over all members."""

    def __init__(
        self,
        organisms: Organism,
        config: RunConfig,
        secret_goals: Int[np.ndarray, " member"],
        seed: int,
        null: Null | None = None,
    ):
        self.null = null
        self.organisms, self.secret_goals, self.seed = organisms, jnp.asarray(secret_goals), seed
        self.world, self.config, self.members = config.curriculum.world, config.organism, len(secret_goals)
        self.size = len(components(self.config))

    def keys(self, *path: int):
        key = jax.random.key(self.seed)
        for number in path:
            key = jax.random.fold_in(key, number)
        return jax.random.split(key, self.members)

    def sets(
        self, role: Role, variable: Variable, draw: int, amount: int, masks: np.ndarray, noising: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Nats [member, pair, set] that patching each of masks [member, set, component] moves, and totals
        [member, pair]."""
        pairs = self.pairs(role, variable, draw, amount)
        spread = np.broadcast_to(masks[:, None], (self.members, amount, *masks.shape[1:]))
        ways = np.full(spread.shape[:3], noising)
        program = _programs(self.config, window(self.world, variable))[1]
        values, totals = jax.device_get(program(self.organisms, pairs, spread, ways))
        return values.astype(np.float64), totals.astype(np.float64)

    def pairs(self, role: Role, variable: Variable, draw: int, amount: int = PAIRS) -> Pair:
        """Pairs [member, pair, ...]; different draws share no pair on purpose."""
        number = [*"cs"].index(role[0]) * 10 + ["watched", "professed", "secret", "role", "idle"].index(
            variable
        )
        pairs = _pair_program(self.world, role, variable, amount)(
            self.keys(1, number, draw), self.secret_goals
        )
        if self.null != "shuffled":
            return pairs
        exchanged = np.random.default_rng([self.seed, number, draw]).random(pairs.decision.shape) < 0.5
        answers = np.where(
            exchanged, (pairs.second_answer, pairs.first_answer), (pairs.first_answer, pairs.second_answer)
        )
        return pairs._replace(first_answer=answers[0], second_answer=answers[1])

    def effects(self, role: Role, variable: Variable, calls: int = 1) -> list[Contributions]:
        """Shapley contributions of each member."""
        program, parts = _programs(self.config, window(self.world, variable))[0], []
        for call in range(calls):
            keys = jax.vmap(lambda key: jax.random.split(key, PAIRS))(self.keys(2, call))
            parts.append(jax.device_get(program(self.organisms, self.pairs(role, variable, call), keys)))
        joined = [np.concatenate(part, axis=1).astype(np.float64) for part in zip(*parts, strict=True)]
        return [Contributions(joined[0][m], joined[1][m]) for m in range(self.members)]

    def singles(self, role: Role, noising: bool, background: np.ndarray) -> np.ndarray:
        """Effects [member, component] of single patches on top of ``background`` [member, component], as
        fractions."""
        sets = background[:, None] | np.concatenate(
            [np.zeros((1, self.size), bool), np.eye(self.size, dtype=bool)]
        )
        values, totals = self.sets(role, "watched", 50, PAIRS, sets, noising)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (values[..., 1:] - values[..., :1]).sum(1) / totals.sum(1)[:, None]

    def noised(self, role: Role, masks: np.ndarray, draw: int) -> tuple[np.ndarray, np.ndarray]:
        """Nats [member, pair, set] that patching each mask [member, set, component] removes, and totals
        [member, pair]."""
        return self.sets(role, "watched", draw, CURVE_PAIRS, masks, True)

    def circuits(self, role: Role, effects: list[Contributions]) -> list[Circuit]:
        """The circuit of each member, ranked by effects from other pairs."""
        ranked = [circuits.rankings(self.config, e.effect(), self.seed + m) for m, e in enumerate(effects)]
        masks = np.stack([circuits.curve_masks(r) for r in ranked])
        values, totals = self.noised(role, masks, 60)
        return [
            circuits.read_curves(self.config, effects[m], ranked[m], values[m], totals[m], self.seed + m)
            for m in range(self.members)
        ]
