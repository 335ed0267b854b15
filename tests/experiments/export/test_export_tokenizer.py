"""Do scenes in English go through the exported tokenizer, and come back?"""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from reading import WORLDS, scenes_from_uniforms

from curricula.world.rendering import scene_sentences
from curricula.world.world import World
from experiments.export.tokenizer import scene_words, tokenizer_config, tokenizer_json, tokens_of_text

DRAWN = ("unnamed", "actor first", "own cues", "majority")


def read_by_file(file: dict, text: str) -> list[int]:
    """Tokens that a ``tokenizer.json`` gives, by what the library *tokenizers* does with it."""
    for rule in file["normalizer"]["normalizers"]:
        text = re.sub(rule["pattern"]["Regex"], lambda _, content=rule["content"]: content, text)
    (first, _), special = file["post_processor"]["single"], file["post_processor"]["special_tokens"]
    return special[first["SpecialToken"]["id"]]["ids"] + [
        file["model"]["vocab"][word] for word in text.split()
    ]


SCENES = {
    "acts": [0, 5, 9, 10, 4, 11, 1, 13, 14, 5, 10, 13, 15, 4, 11, 14, 14, 5, 9],
    "questions": [0, 5, 9, 10, 4, 11, 1, 2, 2, 5, 9, 3, 3, 5, 10, 2, 2, 4, 11],
}


@pytest.mark.parametrize("tokens", SCENES.values(), ids=SCENES)
def test_sentences_and_words_of_a_scene_give_its_tokens(tokens):
    world = World(names=4, goals=4, cue_kinds=4, moments=3)
    file = json.loads(json.dumps(tokenizer_json(world)))
    for text in (
        "\n".join(scene_sentences(world, tokens)),
        " ".join(scene_sentences(world, tokens)),
        scene_words(world, tokens),
    ):
        assert read_by_file(file, text) == tokens_of_text(world, text) == tokens


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({"order": "actor first"}, [0, 5, 9, 10, 4, 11, 1, 5, 13, 14, 10, 4, 2, 2, 11, 5, 3, 3, 10]),
        ({"self_acts_named": False}, [0, 5, 9, 10, 4, 11, 1, 13, 14, 14, 11, 2, 2, 2, 11, 15, 13, 13, 11]),
        ({"self_cues": "own"}, [0, 5, 9, 10, 4, 11, 1, 17, 18, 4, 11, 13, 14, 5, 10, 3, 3, 5, 10]),
    ],
    ids=["actor first", "unnamed", "own cues"],
)
def test_worlds_with_other_orders_and_cues_are_read(changes, tokens):
    world = World(names=4, goals=4, cue_kinds=4, moments=3, **changes)
    for text in (" ".join(scene_sentences(world, tokens)), scene_words(world, tokens)):
        assert read_by_file(tokenizer_json(world), text) == tokens


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_sentences_of_drawn_scenes_give_their_tokens(name):
    world = WORLDS[name]
    _, scenes = scenes_from_uniforms(world)
    file = tokenizer_json(world)
    for tokens in np.asarray(scenes.tokens)[:40]:
        for text in (" ".join(scene_sentences(world, tokens)), scene_words(world, tokens)):
            assert read_by_file(file, text) == tokens.tolist()


def test_a_scene_cut_off_before_an_act_ends_at_the_decision():
    world = World(names=4, goals=4, cue_kinds=4, moments=3)
    text = "\n".join(scene_sentences(world, SCENES["acts"]))
    for moment, decision in enumerate(world.decisions):
        sentence = text.split(" takes ")[moment : moment + 1]
        prompt = " takes ".join(text.split(" takes ")[: moment + 1]) + " takes"
        assert sentence
        assert tokens_of_text(world, prompt) == SCENES["acts"][: decision + 1]


def test_a_word_that_is_none_is_an_error_and_not_another_word():
    world = World()
    file = tokenizer_json(world)
    assert file["model"]["unk_token"] not in file["model"]["vocab"]
    with pytest.raises(ValueError, match="Zorro"):
        tokens_of_text(world, "Zorro professes apples")


def test_every_word_is_a_token_and_the_first_alone_is_special():
    world = replace(World(), names=40)
    file = tokenizer_json(world)
    assert list(file["model"]["vocab"]) == world.vocabulary.words()
    assert [(each["id"], each["special"]) for each in file["added_tokens"]] == [(0, True)]
    assert tokenizer_config(world)["model_max_length"] == world.positions
