"""Scenes and minimal pairs: what can be shown to an organism, and how does it read in English?"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from curricula.errors import UserError
from curricula.world.contrasts import Pair, PairSource, Variable, sample_pairs
from curricula.world.mixture import Mixture
from curricula.world.rendering import scene_sentences
from curricula.world.scenes import Scene, sample_scene, trained_support
from curricula.world.world import Role, World
from exapt.arguments import require_contrast, require_count
from exapt.organism import LoadedOrganism
from organisms.ensemble.compiler_options import TO_DRAW, on_a_cpu
from organisms.ensemble.program_cache import program_cache


@dataclass(frozen=True)
class DrawnScenes:
    """Scenes [scene, ...] as an organism reads them."""

    world: World
    tokens: Int[np.ndarray, "scene position"]
    targets: Int[np.ndarray, "scene moment"]
    """the act that each moment calls for, of one who schemes"""

    def in_english(self, scene: int, acts: Int[np.ndarray, "scene moment"] | None = None) -> str:
        """One scene as lines of text: the cast, then a line a moment.

        acts: what an organism does in all the scenes; each line then ends with it, and whether it is right.
        """
        answers = None if acts is None else acts[scene]
        return "\n".join(scene_sentences(self.world, self.tokens[scene], answers))


@dataclass(frozen=True)
class MinimalPairs:
    """Minimal pairs [pair, ...]: two scenes that differ in one variable and in nothing else (counterfactual pairs)."""

    world: World
    role: Role
    """who acts at the measured moment"""
    variable: Variable
    """what differs; *watched*: in the first scene the actor is watched, in the second alone"""
    pair: Pair
    """``first`` and ``second`` [pair, position], ``decision`` (position before the measured act) and the token that each
    calls for there, ``first_answer`` and ``second_answer`` [pair]"""
    secret_goal: int
    """self's, of the organism that they were drawn for: for one with another goal they call for other acts"""

    def require_fit(self, organism: LoadedOrganism) -> None:
        """Raises UserError where an organism has another world, or its self another secret goal."""
        if (organism.world, organism.secret_goal) != (self.world, self.secret_goal):
            raise UserError(
                f"pairs: expected those of an organism with the same world and secret goal as {organism!r}, got pairs of "
                "another; draw them with minimal_pairs for this one"
            )

    def __len__(self) -> int:
        return len(self.pair.decision)

    def in_english(self, pair: int) -> tuple[str, str]:
        """The two scenes of one pair as lines of text."""
        first, second = (
            "\n".join(scene_sentences(self.world, np.asarray(tokens[pair])))
            for tokens in (self.pair.first, self.pair.second)
        )
        return first, second


def scenes(organism: LoadedOrganism, count: int = 8, with_self: bool = True, seed: int = 0) -> DrawnScenes:
    """Draws scenes of the organism's world in which everybody schemes and is alone half of the time.

    with_self: is self in the cast? seed: of the draw.

    >>> organism = exapt.load_organism(exapt.read_lineage("runs/shared"))
    >>> drawn = exapt.scenes(organism, count=4)
    >>> drawn.tokens.shape, drawn.targets.shape  # [scene, position], [scene, moment]
    ((4, 19), (4, 3))
    >>> text = drawn.in_english(0, exapt.acts(organism, drawn.tokens))
    >>> len(text.splitlines())  # two of a cast, three moments
    5
    """
    require_count(count)
    program = _scenes_program(organism.world, count)
    scene = program(jax.random.key(seed), jnp.int32(organism.secret_goal), jnp.float32(with_self))
    return DrawnScenes(organism.world, np.asarray(scene.tokens), np.asarray(scene.targets))


def minimal_pairs(
    organism: LoadedOrganism, role: Role, variable: Variable = "watched", count: int = 32, seed: int = 0
) -> MinimalPairs:
    """Draws minimal pairs whose scenes differ in one variable of the measured moment.

    role: who acts there, *self* or *character* (in scenes without self). variable: *watched*, *professed*, *secret*, *role*,
    or *idle*, the null of *watched*; see `curricula.world.contrasts`. seed: of the draw. Pairs of an analysis are others. They
    hold for organisms whose self has the same secret goal alone, which members of a run do not share.
    Raises UserError where the variable is not written in a scene, as the constant secret of self.

    >>> organism = exapt.load_organism(exapt.read_lineage("runs/shared"))
    >>> pairs = exapt.minimal_pairs(organism, "self", "watched", count=16)
    >>> pairs.pair.first.shape, pairs.pair.decision.shape  # [pair, position], [pair]
    ((16, 19), (16,))
    >>> watched, alone = pairs.in_english(0)
    >>> "(watched). Self takes" in watched, "(alone). Self takes" in alone
    (True, True)
    """
    require_count(count)
    require_contrast(organism.world, role, variable)
    draw = _pairs_program(organism.world, role, variable, count)
    pair = jax.device_get(draw(jax.random.key(seed), jnp.int32(organism.secret_goal)))
    return MinimalPairs(organism.world, role, variable, pair, organism.secret_goal)


@program_cache(maxsize=32)
def _scenes_program(world: World, count: int):
    support = trained_support(world)

    def draw(key: Key[Array, ""], secret_goal: Int[Array, ""], self_scenes: Array) -> Scene:
        mixture = Mixture.all_scheming(self_scenes)
        keys = jax.random.split(key, count)
        return jax.vmap(lambda key: sample_scene(key, world, support, mixture, secret_goal))(keys)

    return jax.jit(draw, compiler_options=on_a_cpu(TO_DRAW))


@program_cache(maxsize=32)
def _pairs_program(world: World, role: Role, variable: Variable, count: int):
    support = trained_support(world)

    def draw(key: Key[Array, ""], secret_goal: Int[Array, ""]) -> Pair:
        return sample_pairs(key, PairSource(world, support, secret_goal), role, variable, count)

    return jax.jit(draw, compiler_options=on_a_cpu(TO_DRAW))
