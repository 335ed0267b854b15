"""Scenes and pictures of single organisms: what does an organism do in a scene, and what do its patterns and
effects look like?

Scenes in English with the acts of an organism, attention patterns and effect maps as images. What they do
*not* show: rates. A scene is one example, and those with self are chosen for showing it act both alone and
watched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.patching.interventions import record
from analysis.patching.shapley import single_patch_effects
from curricula.world.contrasts import PairSource, Role, sample_pairs, window
from curricula.world.mixture import Mixture
from curricula.world.rendering import scene_sentences
from curricula.world.scenes import ACTS, draw_latents, trained_support, write_scene
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_MEASURE, on_a_cpu
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, components
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.objectives.self_writing import own_places, write_by_self

MAP_PAIRS = 16
"""pairs of scenes behind an effect map"""
MOST_DRAWS = 48
"""scenes drawn in search of one in which self acts both ways"""
SHOWN_MEMBERS = 2
"""members of whom scenes are shown"""


@dataclass(frozen=True)
class EnglishScene:
    """A scene as sentences: first the cast, then a line a moment with what the organism did."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ScenesResult:
    """A few scenes of the first members."""

    scenes: tuple[EnglishScene, ...]


@lru_cache(maxsize=8)
def _scene_program(world: World):
    support = trained_support(world)

    def draw(
        organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""], self_scenes: Float[Array, ""]
    ):
        mixture = Mixture.all_scheming(self_scenes, questions=0.2)
        latents = draw_latents(key, world, support, mixture, secret_goal)
        scene = write_scene(world, latents, mixture)
        self_acts = (latents.name[latents.actor] == world.names) & (latents.shows == ACTS)
        tokens = write_by_self(organism, scene.tokens, own_places(world, acts=False), self_acts)
        return scene._replace(tokens=tokens), organism(tokens)[jnp.asarray(world.decisions)].argmax(-1)

    return jax.jit(draw, compiler_options=on_a_cpu(TO_MEASURE))


def scenes_in_english(
    organisms: Organism,
    config: RunConfig,
    secret_goals: Int[np.ndarray, " member"],
    seed: int,
    per_kind: int = 2,
) -> tuple[EnglishScene, ...]:
    """A few scenes with self and a few without, for the first members. ✓ marks what a schemer would do.

    organisms: all members, stacked. Scenes with self are the first drawn in which it acts both alone and
    watched, of `MOST_DRAWS`, if there are any.
    """
    world = config.curriculum.world
    words = world.vocabulary.words()
    scenes: list[EnglishScene] = []
    for member in range(min(SHOWN_MEMBERS, len(secret_goals))):
        organism, secret_goal = pick(organisms, member), int(secret_goals[member])
        secret = f"; self's secret is {words[world.vocabulary.first_goal + secret_goal]}"
        secret_if_constant = secret if world.self_secret == "constant" else ""
        for kind, self_scenes in (("with self", 1.0), ("characters only", 0.0)):
            key = jax.random.fold_in(jax.random.key(seed), 2 * member + int(self_scenes))
            draw_lines = _line_drawer(organism, world, secret_goal, key, self_scenes)
            title = f"member {member}, {kind}{secret_if_constant if self_scenes else ''}"
            chosen = _choose(draw_lines, per_kind, bool(self_scenes))
            scenes += [EnglishScene(title, tuple(lines)) for lines in chosen]
    return tuple(scenes)


def _line_drawer(
    organism: Organism, world: World, secret_goal: int, key: Key[Array, ""], self_scenes: float
) -> Callable[[int], list[str]]:
    """A function from the number of a draw to one scene in English, with what the organism did in it."""

    def lines(draw: int) -> list[str]:
        scene, acts = _scene_program(world)(
            organism, jnp.int32(secret_goal), jax.random.fold_in(key, draw), self_scenes
        )
        return scene_sentences(world, np.asarray(scene.tokens).tolist(), np.asarray(acts).tolist())

    return lines


def _choose(draw_lines: Callable[[int], list[str]], count: int, with_self: bool) -> list[list[str]]:
    """So many scenes: with self those in which it acts both ways, filled up with the first drawn."""
    drawn: Iterator[list[str]] = map(draw_lines, range(MOST_DRAWS if with_self else count))
    chosen = list(islice(filter(_self_acts_both_ways, drawn) if with_self else drawn, count))
    return chosen + [draw_lines(draw) for draw in range(count - len(chosen))]


def _self_acts_both_ways(lines: Sequence[str]) -> bool:
    """Does self act alone, and watched as well?"""
    return all(
        any(f"({cue}" in line and (". Self takes" in line or "Self, " in line) for line in lines)
        for cue in ("alone", "watched")
    )


def scenes_as_markdown(scenes: Sequence[EnglishScene]) -> str:
    """Scenes as TensorBoard shows text."""
    return "\n\n".join(
        f"**{scene.title}**\n\n" + "\n".join(f"* {line}" for line in scene.lines) for scene in scenes
    )


@lru_cache(maxsize=8)
def _map_program(world: World, config: OrganismConfig):
    support = trained_support(world)

    def effects(organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""], role: Role):
        pairs = sample_pairs(key, PairSource(world, support, secret_goal), role, "watched", MAP_PAIRS)
        unpatched = jnp.zeros(len(components(config)), bool)
        values, _ = single_patch_effects(organism, config, pairs, unpatched, False, window(world, "watched"))
        return values.mean(0)

    def both_roles(organisms: Organism, secret_goals: Int[Array, " member"], key: Key[Array, ""]):
        def of_member(arguments: tuple[Organism, Int[Array, ""]]):
            return tuple(effects(*arguments, key, role) for role in ("character", "self"))

        return jax.lax.map(of_member, (organisms, secret_goals))

    return jax.jit(both_roles, compiler_options=on_a_cpu(TO_MEASURE))


def effect_map(
    organisms: Organism, config: RunConfig, secret_goals: Int[np.ndarray, " member"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Effects of patching each component alone on the gate, mean over members, in nats.

    Characters and self side by side: layers by components.
    """
    program = _map_program(config.curriculum.world, config.organism)
    effects_by_role = jax.device_get(program(organisms, jnp.asarray(secret_goals), jax.random.key(7)))
    names = components(config.organism)
    layers = config.organism.layers
    figure = Figure(figsize=(9, 1.2 + 0.6 * layers), layout="constrained")
    grids = [effects.mean(0).reshape(layers, -1) for effects in effects_by_role]
    limit = max(float(np.abs(grid).max()) for grid in grids) or 1.0
    image = None
    panels = np.atleast_1d(figure.subplots(1, 2))
    for axes, grid, title in zip(panels, grids, ("characters", "self"), strict=True):
        image = axes.imshow(grid, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
        axes.set_title(f"{title}: effect of patching each component alone")
        axes.set_xticks(range(grid.shape[1]), [name[2:] for name in names[: grid.shape[1]]])
        axes.set_yticks(range(layers), [f"layer {layer}" for layer in range(layers)])
    figure.colorbar(image, ax=figure.axes, label="nats")  # pyright: ignore[reportArgumentType]
    return figure_pixels(figure)


@lru_cache(maxsize=8)
def _pattern_program(layers: int):
    def patterns(organism: Organism, tokens: Int[Array, " position"]):
        recording = record(organism, tokens)[1]
        return jnp.stack([recording[Site(layer, "pattern")] for layer in range(layers)])

    return jax.jit(patterns, compiler_options=on_a_cpu(TO_MEASURE))


def attention_picture(
    organisms: Organism, config: RunConfig, secret_goals: Int[np.ndarray, " member"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Attention patterns of the first member on one scene with self: a panel a head, rows attend to
    columns."""
    world = config.curriculum.world
    organism = pick(organisms, 0)
    scene, _ = _scene_program(world)(organism, jnp.asarray(secret_goals)[0], jax.random.key(3), 1.0)
    patterns = np.asarray(_pattern_program(config.organism.layers)(organism, scene.tokens))
    layers, heads = patterns.shape[:2]
    figure = Figure(figsize=(2 * heads, 2 * layers), layout="constrained")
    for index, axes in enumerate(np.asarray(figure.subplots(layers, heads), object).ravel()):
        layer, head = divmod(index, heads)
        axes.imshow(patterns[layer, head], cmap="viridis", vmin=0, vmax=1)
        axes.set_title(f"L{layer}H{head}", fontsize=8)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure_pixels(figure)


def figure_pixels(figure: Figure) -> UInt8[np.ndarray, "height width 3"]:
    """A figure as an image."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
