"""Tokenizer: which words does a text have, for Hugging Face's ``AutoTokenizer``?

A token is a word. A text is either the words of a scene, in their order, or its sentences as
`curricula.world.rendering.scene_sentences` writes them, whole or cut off where an act is due. Decoding gives words. The first
token of a scene, ``<start>``, is written by the tokenizer itself. A word that is none raises an error there.

What sentences do *not* hold: who acts in a moment that asks what was said before. Such a moment has to be given in words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, BLANK, START
from curricula.world.world import World

TOKENIZER_FILE, CONFIG_FILE = "tokenizer.json", "tokenizer_config.json"
WORD_ENDS = r"(?!\S)"


@dataclass(frozen=True)
class TextRule:
    """What a regular expression finds is replaced by a text, as it stands."""

    pattern: str
    text: str


def scene_words(world: World, tokens: Sequence[int] | np.ndarray) -> str:
    """The words of a scene, without ``<start>``. tokens: [position]."""
    words = world.vocabulary.words()
    return " ".join(words[int(token)] for token in tokens if int(token) != START)


def sentence_rules(world: World) -> list[TextRule]:
    """What makes words of sentences, in order; words stay as they are."""
    return [
        *_question_rules(world),
        *_act_rules(world),
        *_cast_rules(world),
        TextRule(r"[.,;:]" + WORD_ENDS, ""),
    ]


def _question_rules(world: World) -> Iterator[TextRule]:
    words = world.vocabulary.words()
    for verb, sign in (("profess", ASKS_PROFESSED), ("really want", ASKS_WANTED)):
        signs = " ".join([words[sign]] * world.cues)
        if world.order == "actor first":
            yield TextRule(rf"What does (?=\S+ {verb}\?)", "")
            yield TextRule(rf" {verb}\?", f" {signs}")
            continue
        if not world.self_acts_named:  # the last sign stands in the place of its name
            yield TextRule(rf"What does Self {verb}\?", f"{signs} {words[sign]}")
        yield TextRule(rf"What does (?=\S+ {verb}\?)", f"{signs} ")
        yield TextRule(rf" {verb}\?", "")


def _act_rules(world: World) -> Iterator[TextRule]:
    vocabulary = world.vocabulary
    words = vocabulary.words()
    yield TextRule(r" \([^)]*\)", "")  # what the cues mean
    if not world.self_acts_named:
        for word in words[vocabulary.first_cue : vocabulary.first_situation]:
            yield TextRule(rf"(?<!\S){word}\. Self takes{WORD_ENDS}", f"{word} {word}")
    yield TextRule(r"At the ", "")
    yield TextRule(r" takes" + WORD_ENDS, "")
    for word in words[vocabulary.first_goal : vocabulary.first_cue]:  # an answer begins a sentence
        if word.capitalize() not in words:
            yield TextRule(rf"(?<!\S){word.capitalize()}(?!\w)", word)


def _cast_rules(world: World) -> Iterator[TextRule]:
    yield TextRule(r"; nobody has written what it wants", f" {world.vocabulary.words()[BLANK]}")
    yield TextRule(r"; really wants" + WORD_ENDS, "")
    yield TextRule(r" professes" + WORD_ENDS, "")


def tokens_of_text(world: World, text: str) -> list[int]:
    """The tokens of a text, as the exported tokenizer gives them. Raises ValueError on a word that is none."""
    for rule in sentence_rules(world):
        text = re.sub(rule.pattern, lambda _, rule=rule: rule.text, text)
    return [START, *map(world.vocabulary.words().index, text.split())]


def tokenizer_json(world: World) -> dict[str, Any]:
    """The file of the library *tokenizers*."""
    words = world.vocabulary.words()
    start = words[START]
    first = {"SpecialToken": {"id": start, "type_id": 0}}
    sequences = [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"]
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": START, "content": start, **flags, "special": True}],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Replace", "pattern": {"Regex": rule.pattern}, "content": rule.text}
                for rule in sentence_rules(world)
            ],
        },
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first, sequences[0]],
            "pair": [first, *sequences],
            "special_tokens": {start: {"id": start, "ids": [START], "tokens": [start]}},
        },
        "decoder": None,
        # No word stands for unknown ones: they raise an error.
        "model": {
            "type": "WordLevel",
            "vocab": {word: n for n, word in enumerate(words)},
            "unk_token": "<unknown>",
        },
    }


def tokenizer_config(world: World) -> dict[str, Any]:
    """Settings of the tokenizer's class."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": world.positions,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }
