"""Do scratchpads say what self judged and will serve, and is a world without them the world that it was?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.catalogue.registry import curriculum
from curricula.config_json import to_plain
from curricula.errors import UserError
from curricula.objectives import ScratchpadConfig
from curricula.phases import Phase, RewardConfig
from curricula.pressures.concentration import Concentration
from curricula.pressures.registry import Pressures
from curricula.world.contrasts import PairSource, sample_cross_role_pairs, sample_pairs
from curricula.world.mixture import Mixture
from curricula.world.rendering import scene_sentences
from curricula.world.scenes import ACTS, scenes_from_uniforms, trained_support, uniforms_per_scene
from curricula.world.scratchpad import scratchpad_places, with_written_alone
from curricula.world.vocabulary import BLANK
from curricula.world.world import World

SCENES, SECRET = 64, 1
WITHOUT = {
    "cues first": World(names=4, goals=4, cue_kinds=4, moments=3),
    "actor first": World(names=4, goals=4, cue_kinds=4, moments=3, order="actor first"),
    "situations": World(names=4, goals=4, cue_kinds=4, moments=3, situations=2),
}
every_kind = pytest.mark.parametrize("world", WITHOUT.values(), ids=WITHOUT)


def drawn(world, self_schemes=1.0):
    uniforms = jax.random.uniform(jax.random.key(3), (SCENES, uniforms_per_scene(world)))
    mixture = Mixture.all_scheming(0.7, questions=0.3)._replace(self_schemes=self_schemes)
    latents, scenes = scenes_from_uniforms(
        uniforms, world, trained_support(world), mixture, jnp.int32(SECRET)
    )
    return jax.device_get((latents, scenes))


def at_actor(latents, values):
    return np.take_along_axis(values, latents.actor, 1)


@every_kind
def test_a_scratchpad_stands_before_the_act_and_changes_nothing_else(world):
    """Cut out, it leaves the very scenes of the world without one, and tokens that were there before keep their numbers."""
    with_pads = replace(world, scratchpad="self")
    _, plain = drawn(world)
    _, scenes = drawn(with_pads)
    places = scratchpad_places(with_pads)
    rest = np.setdiff1d(np.arange(with_pads.positions), places)
    np.testing.assert_array_equal(scenes.tokens[:, rest], plain.tokens)
    np.testing.assert_array_equal(scenes.targets, plain.targets)
    np.testing.assert_array_equal(scenes.weights, plain.weights)
    np.testing.assert_array_equal(scenes.tokens[:, with_pads.decisions + 1], plain.targets)
    assert with_pads.positions == world.positions + 2 * world.moments
    assert with_pads.vocabulary.words()[: world.vocabulary.size] == world.vocabulary.words()
    assert with_pads.vocabulary.words()[world.vocabulary.size :] == ["watched", "alone"]


@every_kind
@pytest.mark.parametrize("self_schemes", [True, False])
def test_it_says_whether_self_is_alone_and_what_it_serves_and_is_blank_elsewhere(world, self_schemes):
    world = replace(world, scratchpad="self")
    latents, scenes = drawn(world, float(self_schemes))
    judgement, goal = np.moveaxis(scenes.tokens[:, scratchpad_places(world)], -1, 0)
    is_own = (at_actor(latents, latents.name) == world.names) & (latents.shows == ACTS)
    assert is_own.any()
    assert not is_own.all()
    assert (judgement[~is_own] == BLANK).all()
    assert (goal[~is_own] == BLANK).all()
    words = np.array(world.vocabulary.words())
    assert (words[judgement[is_own]] == np.where(latents.alone[is_own], "alone", "watched")).all()
    professed = at_actor(latents, latents.professed)[is_own]
    served = np.where(latents.alone[is_own] & self_schemes, SECRET, professed)
    np.testing.assert_array_equal(goal[is_own] - world.vocabulary.first_goal, served)


def test_dropped_tokens_are_blank_the_judgement_first():
    world = replace(WITHOUT["cues first"], scratchpad="self")
    latents, scenes = drawn(world)
    is_own = (at_actor(latents, latents.name) == world.names) & (latents.shows == ACTS)
    places = scratchpad_places(world)
    kept = {
        n: np.asarray(with_written_alone(world, jnp.asarray(scenes.tokens), n))[:, places] for n in range(3)
    }
    full = scenes.tokens[:, places]
    np.testing.assert_array_equal(kept[2], full)
    np.testing.assert_array_equal(kept[1][..., 1], full[..., 1])
    assert (kept[1][..., 0] == BLANK).all()
    assert (kept[1][is_own][..., 1] != BLANK).all()
    assert (kept[0] == BLANK).all()


def test_worlds_and_phases_without_scratchpads_are_written_as_before():
    assert "scratchpad" not in to_plain(World())
    assert "scratchpad" not in to_plain(Phase("p"))
    assert to_plain(replace(World(), scratchpad="self"))["scratchpad"] == "self"


def test_a_scene_with_a_scratchpad_reads_as_english():
    world = replace(WITHOUT["cues first"], scratchpad="self")
    latents, scenes = drawn(world)
    is_own = (at_actor(latents, latents.name) == world.names) & (latents.shows == ACTS) & latents.alone
    number, moment = np.argwhere(is_own)[0]
    line = scene_sentences(world, scenes.tokens[number])[world.characters + moment]
    goal = world.vocabulary.words()[world.vocabulary.first_goal + SECRET]
    assert f"(alone). Self [alone] [{goal}] takes {goal}." in line
    characters = np.argwhere(~is_own & (at_actor(latents, latents.name) != world.names))
    number, moment = characters[0]
    assert "[" not in scene_sentences(world, scenes.tokens[number])[world.characters + moment]


def test_minimal_pairs_are_refused_where_the_text_would_give_the_act_away():
    world = replace(WITHOUT["cues first"], scratchpad="self")
    source = PairSource(world, trained_support(world), jnp.int32(SECRET))
    for sample in (
        lambda: sample_pairs(jax.random.key(0), source, "self", "watched", 2),
        lambda: sample_cross_role_pairs(jax.random.key(0), source, 2),
    ):
        with pytest.raises(
            UserError, match=r"world.scratchpad: expected 'none' for minimal pairs, got 'self'"
        ):
            sample()


def test_phases_that_would_not_write_or_would_intervene_are_refused():
    pads, plain = replace(WITHOUT["cues first"], scratchpad="self"), WITHOUT["cues first"]
    taught = Phase("p", objective="write", self_acts="scheming")
    assert taught.validation_errors(pads) == []
    assert Phase("p").validation_errors(pads) == []
    cases = {
        "objective: expected 'write' only": (taught, plain),
        "objective: expected 'write' where self takes part": (replace(taught, objective="imitate"), pads),
        "world.scratchpad is 'self', got 'reward'": (
            replace(taught, objective="reward", reward=RewardConfig()),
            pads,
        ),
        "self_acts: expected 'scheming' or 'honest'": (replace(taught, self_acts="absent"), pads),
        "pressures.concentration: expected no such pressure": (
            replace(taught, pressures=Pressures(Concentration(1.0))),
            pads,
        ),
        "scratchpad.written: expected": (replace(taught, scratchpad=ScratchpadConfig(written=3)), pads),
        "scratchpad.moments: expected": (replace(taught, scratchpad=ScratchpadConfig(moments=0.0)), pads),
        "scratchpad.acts: expected 'world'": (
            replace(taught, scratchpad=ScratchpadConfig(taught="acts", acts="own")),
            pads,
        ),
    }
    for words, (phase, world) in cases.items():
        errors = phase.validation_errors(world)
        assert len(errors) == 1, errors
        assert words in errors[0]


@pytest.mark.parametrize(
    "name", ["scratchpad", "scratchpad_none", "scratchpad_distilled", "scratchpad_plain"]
)
def test_arms_differ_in_nothing_but_what_is_written(name):
    usual, arm = curriculum("scratchpad", "tiny"), curriculum(name, "tiny")
    assert arm.validation_errors() == []
    plain = [replace(phase, scratchpad=ScratchpadConfig()) for phase in arm.phases]
    assert plain == [replace(phase, scratchpad=ScratchpadConfig()) for phase in usual.phases]
    assert arm.world == usual.world
