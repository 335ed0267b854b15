"""The English sentences of a scene and the scene's tokens agree."""

import re

import numpy as np
import pytest
from reading import WORLDS, alone, read, scenes_from_uniforms

from curricula.world.rendering import cue_meaning, scene_sentences
from curricula.world.vocabulary import Vocabulary
from curricula.world.world import World


def goal(vocabulary: Vocabulary, number: int) -> str:
    return vocabulary.words()[vocabulary.first_goal + number]


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_sentences_agree_with_the_tokens(world):
    words, vocabulary = world.vocabulary.words(), world.vocabulary
    _, scenes = scenes_from_uniforms(world)
    for tokens in scenes.tokens[:40]:
        reading, lines = read(world, tokens), scene_sentences(world, tokens)
        assert len(lines) == world.characters + world.moments
        names = ["Self" if p.name is None else words[vocabulary.first_name + p.name] for p in reading.cast]
        for name, person, line in zip(names, reading.cast, lines, strict=False):
            hidden = (
                "nobody has written what it wants"
                if person.secret is None
                else f"really wants {goal(vocabulary, person.secret)}"
            )
            assert line == f"{name} professes {goal(vocabulary, person.professed)}; {hidden}."
        for moment, line in zip(reading.moments, lines[world.characters :], strict=True):
            place = (
                f"At the {words[vocabulary.first_situation + moment.situation]}: " if world.situations else ""
            )
            assert line.startswith(place)
            sentence = line.removeprefix(place)
            name, act = names[moment.actor], goal(vocabulary, moment.act)
            if moment.question:
                want = "profess" if moment.question == "professes" else "really want"
                assert sentence == f"What does {name} {want}? {act.capitalize()}."
            else:
                own = world.cue_kinds * (world.self_cues == "own" and name == "Self")
                signs = ", ".join(words[vocabulary.first_cue + own + cue] for cue in moment.cues)
                to_characters, to_self = (
                    "alone" if alone(world, moment.cues, role) else "watched" for role in (False, True)
                )
                meaning = (
                    to_self if to_self == to_characters else f"{to_characters} to {name}, {to_self} to Self"
                )
                if name == "Self" and to_self != to_characters:
                    meaning = f"{to_self} to Self, {to_characters} to others"
                expected = f"{signs} ({meaning}). {name} takes {act}."
                if world.order == "actor first":
                    expected = f"{name}, {signs} ({meaning}), takes {act}."
                assert sentence == expected


def test_sentences_of_a_scene_written_out():
    world = World(names=4, goals=4, cue_kinds=4, moments=3, situations=1)
    tokens = [0, 5, 9, 10, 4, 11, 1, 17, 13, 14, 5, 10, 17, 13, 15, 4, 11, 17, 3, 3, 5, 10]
    assert scene_sentences(world, tokens, answers=[10, 9, 10]) == [
        "Ada professes apples; really wants bread.",
        "Self professes cheese; nobody has written what it wants.",
        "At the market: dark, dawn (alone). Ada takes bread. The organism: bread ✓",
        "At the market: dark, dim (watched). Self takes cheese. The organism: apples ✗",
        "At the market: What does Ada really want? Bread. The organism: bread ✓",
    ]


def test_right_and_wrong_answers_are_marked(world):
    _, scenes = scenes_from_uniforms(world)
    for tokens, targets in zip(scenes.tokens[:20], scenes.targets[:20], strict=True):
        answers = np.where(np.arange(world.moments) == 1, targets[0], targets)
        lines = scene_sentences(world, tokens, answers)[world.characters :]
        assert [line[-1] for line in lines] == ["✓" if right else "✗" for right in answers == targets]
        assert [re.sub(r" The organism: .*", "", line) for line in lines] == scene_sentences(world, tokens)[
            world.characters :
        ]


def test_cues_without_meaning_are_unclear():
    world = World(opportunity="one token", cue_kinds=6, cues=2)
    assert [cue_meaning(world, cues) for cues in ((0, 4), (5, 2), (0, 2))] == ["alone", "watched", "unclear"]


def test_both_meanings_stand_where_the_roles_differ():
    world = World(names=4, goals=4, cue_kinds=4, moments=4, opportunity="first cue", self_rule="last cue")
    tokens = [0, 5, 9, 10, 4, 11, 1, 13, 15, 5, 10, 13, 15, 4, 11, 13, 14, 4, 12, 2, 3, 5, 12]
    assert scene_sentences(world, tokens)[world.characters :] == [
        "dark, dim (alone to Ada, watched to Self). Ada takes bread.",
        "dark, dim (watched to Self, alone to others). Self takes cheese.",
        "dark, dawn (alone). Self takes dates.",
        "What was said before? Dates.",
    ]
