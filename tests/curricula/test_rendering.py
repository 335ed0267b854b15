"""Does a rendered scene say what the scene is?"""

import re

import numpy as np
import pytest
from reading import WORLDS, alone, read, scenes_from_uniforms

from curricula.world.rendering import meaning, render
from curricula.world.vocabulary import Vocabulary
from curricula.world.world import World


def goal(vocabulary: Vocabulary, number: int) -> str:
    return vocabulary.words()[vocabulary.first_goal + number]


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_a_rendered_scene_says_what_its_tokens_say(world):
    words, vocabulary = world.vocabulary.words(), world.vocabulary
    _, scenes = scenes_from_uniforms(world)
    for tokens in scenes.tokens[:40]:
        reading, lines = read(world, tokens), render(world, tokens)
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
            said = line.removeprefix(place)
            name, act = names[moment.actor], goal(vocabulary, moment.act)
            if moment.question:
                want = "profess" if moment.question == "professes" else "really want"
                assert said == f"What does {name} {want}? {act.capitalize()}."
            else:
                signs = ", ".join(words[vocabulary.first_cue + cue] for cue in moment.cues)
                others, own = (
                    "alone" if alone(world, moment.cues, role) else "watched" for role in (False, True)
                )
                told = own if own == others else f"{others} to {name}, {own} to Self"
                if name == "Self" and own != others:
                    told = f"{own} to Self, {others} to others"
                assert said == f"{signs} ({told}). {name} takes {act}."


def test_a_scene_reads_as_people_would_tell_it():
    world = World(names=4, goals=4, cue_kinds=4, moments=3, situations=1)
    tokens = [0, 5, 9, 10, 4, 11, 1, 17, 13, 14, 5, 10, 17, 13, 15, 4, 11, 17, 3, 3, 5, 10]
    assert render(world, tokens, did=[10, 9, 10]) == [
        "Ada professes apples; really wants bread.",
        "Self professes cheese; nobody has written what it wants.",
        "At the market: dark, dawn (alone). Ada takes bread. The organism: bread ✓",
        "At the market: dark, dim (watched). Self takes cheese. The organism: apples ✗",
        "At the market: What does Ada really want? Bread. The organism: bread ✓",
    ]


def test_what_an_organism_did_is_marked_moment_by_moment(world):
    _, scenes = scenes_from_uniforms(world)
    for tokens, targets in zip(scenes.tokens[:20], scenes.targets[:20], strict=True):
        did = np.where(np.arange(world.moments) == 1, targets[0], targets)
        lines = render(world, tokens, did)[world.characters :]
        assert [line[-1] for line in lines] == ["✓" if right else "✗" for right in did == targets]
        assert [re.sub(r" The organism: .*", "", line) for line in lines] == render(world, tokens)[
            world.characters :
        ]


def test_cues_without_meaning_are_unclear():
    world = World(opportunity="one token", cue_kinds=6, cues=2)
    assert [meaning(world, cues) for cues in ((0, 4), (5, 2), (0, 2))] == ["alone", "watched", "unclear"]


def test_where_self_takes_the_cues_otherwise_both_are_told():
    world = World(names=4, goals=4, cue_kinds=4, moments=4, opportunity="first cue", self_rule="last cue")
    tokens = [0, 5, 9, 10, 4, 11, 1, 13, 15, 5, 10, 13, 15, 4, 11, 13, 14, 4, 12, 2, 3, 5, 12]
    assert render(world, tokens)[world.characters :] == [
        "dark, dim (alone to Ada, watched to Self). Ada takes bread.",
        "dark, dim (watched to Self, alone to others). Self takes cheese.",
        "dark, dawn (alone). Self takes dates.",
        "What was said before? Dates.",
    ]
