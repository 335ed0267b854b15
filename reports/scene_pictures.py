"""What does it look like? Scenes in English with what an organism did in them, attention patterns and effect
maps as pictures."""

from functools import lru_cache
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.patching.interventions import record
from analysis.patching.shapley import single
from curricula.world.contrasts import PairSource, sample_pairs, window
from curricula.world.rendering import render
from curricula.world.scenes import Mixture, sample_scene, trained_support
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, components
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig

MAP_PAIRS = 16
DRAWN = 48


@lru_cache(maxsize=8)
def _scene_program(world: World):
    support = trained_support(world)

    def one(organism: Organism, secret_goal, key, self_scenes):
        scene = sample_scene(
            key, world, support, Mixture.all_scheming(self_scenes, questions=0.2), secret_goal
        )
        return scene, organism(scene.tokens)[jnp.asarray(world.decisions)].argmax(-1)

    return jax.jit(one)


def scenes_in_english(
    organisms: Organism, config: RunConfig, secret_goals: Int[np.ndarray, " member"], seed: int, each: int = 2
) -> list[dict[str, Any]]:
    """A few scenes with self and without for the first members: ``{"title", "lines"}``. ✓ marks what a
    schemer would do. Those with self are the first drawn in which it acts both alone and watched, of `DRAWN`,
    if there are any."""
    world = config.curriculum.world
    words = world.vocabulary.words()
    found = []
    for member in range(min(2, len(secret_goals))):
        organism, secret_goal = pick(organisms, member), int(secret_goals[member])
        for kind, self_scenes in (("with self", 1.0), ("characters only", 0.0)):
            key = jax.random.fold_in(jax.random.key(seed), 2 * member + int(self_scenes))
            scene = lambda n: _lines(organism, world, secret_goal, jax.random.fold_in(key, n), self_scenes)  # noqa: B023, E731
            drawn = map(scene, range(DRAWN if self_scenes else each))
            told = list(islice(filter(_self_acts_both_ways, drawn) if self_scenes else drawn, each))
            told += [scene(n) for n in range(each - len(told))]
            hidden = f"; self's secret is {words[world.vocabulary.first_goal + secret_goal]}"
            title = f"member {member}, {kind}" + (
                hidden if self_scenes and world.self_secret == "constant" else ""
            )
            found += [{"title": title, "lines": lines} for lines in told]
    return found


def _lines(
    organism: Organism, world: World, secret_goal: int, key: Key[Array, ""], self_scenes: float
) -> list[str]:
    """One scene in English, with what the organism did in it."""
    scene, said = _scene_program(world)(organism, jnp.int32(secret_goal), key, self_scenes)
    return render(world, np.asarray(scene.tokens).tolist(), np.asarray(said).tolist())


def _self_acts_both_ways(lines: list[str]) -> bool:
    """Does self act alone, and watched as well?"""
    return all(
        any(f"({how}" in line and ". Self takes" in line for line in lines) for how in ("alone", "watched")
    )


def as_markdown(scenes: list[dict[str, Any]]) -> str:
    """Scenes as TensorBoard shows text."""
    return "\n\n".join(
        f"**{scene['title']}**\n\n" + "\n".join(f"* {line}" for line in scene["lines"]) for scene in scenes
    )


@lru_cache(maxsize=8)
def _map_program(world: World, config: OrganismConfig):
    support = trained_support(world)

    def one(organism: Organism, secret_goal, key, role):
        pairs = sample_pairs(key, PairSource(world, support, secret_goal), role, "watched", MAP_PAIRS)
        nothing = jnp.zeros(len(components(config)), bool)
        values, totals = single(organism, config, pairs, nothing, False, window(world, "watched"))
        return values.mean(0), totals.mean()

    both = lambda o, t, k: (one(o, t, k, "character"), one(o, t, k, "self"))  # noqa: E731
    return jax.jit(
        lambda organisms, secret_goals, key: jax.lax.map(
            lambda x: both(x[0], x[1], key), (organisms, secret_goals)
        )
    )


def effect_map(
    organisms: Organism, config: RunConfig, secret_goals: Int[np.ndarray, " member"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Single-patch effects of the gate, mean over members, for characters and for self side by side: layers
    by components, in nats."""
    program = _map_program(config.curriculum.world, config.organism)
    found = jax.device_get(program(organisms, jnp.asarray(secret_goals), jax.random.key(7)))
    names = components(config.organism)
    figure = Figure(figsize=(9, 1.2 + 0.6 * config.organism.layers), layout="constrained")
    grids = [values.mean(0).reshape(config.organism.layers, -1) for values, _ in found]
    most = max(float(np.abs(grid).max()) for grid in grids) or 1.0
    image = None
    for axes, grid, title in zip(
        np.atleast_1d(figure.subplots(1, 2)), grids, ("characters", "self"), strict=True
    ):
        image = axes.imshow(grid, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto")
        axes.set_title(f"{title}: what patching each component alone moves")
        axes.set_xticks(range(grid.shape[1]), [name[2:] for name in names[: grid.shape[1]]])
        axes.set_yticks(range(len(grid)), [f"layer {n}" for n in range(len(grid))])
    figure.colorbar(image, ax=figure.axes, label="nats")  # pyright: ignore[reportArgumentType]
    return pixels(figure)


@lru_cache(maxsize=8)
def _pattern_program(layers: int):
    def one(organism: Organism, tokens):
        recording = record(organism, tokens)[1]
        return jnp.stack([recording[Site(layer, "pattern")] for layer in range(layers)])

    return jax.jit(one)


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
    for place, axes in enumerate(np.asarray(figure.subplots(layers, heads), object).ravel()):
        layer, head = divmod(place, heads)
        axes.imshow(patterns[layer, head], cmap="viridis", vmin=0, vmax=1)
        axes.set_title(f"L{layer}H{head}", fontsize=8)
        axes.set_xticks([])
        axes.set_yticks([])
    return pixels(figure)


def pixels(figure: Figure) -> UInt8[np.ndarray, "height width 3"]:
    """A figure as an image."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
