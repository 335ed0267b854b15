"""Are there pictures to look at and scenes to read?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure

from organisms.ensemble.config import named_config
from organisms.model.transformer import Organism
from reports.scene_pictures import (
    EnglishScene,
    attention_picture,
    effect_map,
    figure_pixels,
    scenes_as_markdown,
    scenes_in_english,
)


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


@pytest.fixture(scope="module")
def organisms(config):
    world = config.curriculum.world
    init = jax.vmap(lambda k: Organism(config.organism, world.vocabulary.size, world.positions, k))
    return jax.jit(init)(jax.random.split(jax.random.key(0), 2))


SECRET_GOALS = np.array([1, 3])


def is_a_picture(image, height, width):
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.shape[0] >= height
    assert image.shape[1] >= width
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 20


@pytest.mark.slow
@pytest.mark.parametrize("draw", [effect_map, attention_picture])
def test_pictures_are_not_blank(draw, config, organisms):
    is_a_picture(draw(organisms, config, SECRET_GOALS), 100, 200)


def test_pictures_show_the_organism(config, organisms):
    reversed_weights = jax.tree.map(lambda leaf: leaf[::-1], organisms)
    assert (
        attention_picture(organisms, config, SECRET_GOALS)
        != attention_picture(reversed_weights, config, SECRET_GOALS)
    ).any()


@pytest.mark.slow
def test_an_organism_without_weights_still_has_a_map(config, organisms):
    is_a_picture(effect_map(jax.tree.map(jnp.zeros_like, organisms), config, SECRET_GOALS), 100, 200)


def test_pixels_are_those_of_the_figure():
    figure = Figure(figsize=(2, 1), dpi=50, facecolor=(1, 0, 0))
    image = figure_pixels(figure)
    assert image.shape == (50, 100, 3)
    assert (image == [255, 0, 0]).all()


def test_titles_name_the_member_and_self_acts_both_ways(config, organisms):
    world = config.curriculum.world
    scenes = scenes_in_english(organisms, config, SECRET_GOALS, seed=0)
    assert len(scenes) == 8
    words = world.vocabulary.words()
    for member, secret_goal in enumerate(SECRET_GOALS):
        with_self = [s for s in scenes if s.title.startswith(f"member {member}, with self")]
        assert len(with_self) == 2
        secret = words[world.vocabulary.first_goal + secret_goal]
        assert all(s.title.endswith(f"self's secret is {secret}") for s in with_self)
        for cue in ("alone", "watched"):
            assert all(any(f"({cue}). Self takes" in line for line in s.lines) for s in with_self), cue
    without = [s for s in scenes if "characters only" in s.title]
    assert len(without) == 4
    sentences = [line.partition(" The organism: ")[0] for s in without for line in s.lines]
    assert not any("Self" in line for line in sentences)
    for scene in scenes:
        assert len(scene.lines) == world.characters + world.moments
        assert all(("✓" in line) != ("✗" in line) for line in scene.lines[world.characters :])
    assert len({s.lines for s in scenes}) == len(scenes)


def test_a_world_in_which_self_can_not_act_both_ways_still_has_scenes(config, organisms):
    """One moment a scene."""
    world = replace(config.curriculum.world, moments=1)
    init = jax.vmap(lambda k: Organism(config.organism, world.vocabulary.size, world.positions, k))
    short = replace(config, curriculum=replace(config.curriculum, world=world))
    scenes = scenes_in_english(
        jax.jit(init)(jax.random.split(jax.random.key(0), 2)), short, SECRET_GOALS, seed=0
    )
    assert len(scenes) == 8


def test_scenes_as_markdown():
    text = scenes_as_markdown([EnglishScene("one", ("a", "b")), EnglishScene("two", ("c",))])
    assert text == "**one**\n\n* a\n* b\n\n**two**\n\n* c"
