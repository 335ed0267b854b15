"""Data packs: on which scenes and minimal pairs can an exported organism be tried where there is no Exapt?

Scenes are drawn for the organism's secret goal, in three splits: of what is trained, of goals that are held out, of cues that
are. What stands beside them is what the organism itself does, so that a load of the export can be checked by the pack alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow
from jaxtyping import Array, Float, Int, Key

from curricula.world.contrasts import (
    VARIABLES,
    MeasuredActor,
    Pair,
    PairSource,
    Variable,
    measurable,
    sample_pairs,
)
from curricula.world.mixture import Mixture
from curricula.world.opportunity import SAME_RULE
from curricula.world.rendering import scene_sentences
from curricula.world.scenes import (
    Latents,
    Scene,
    draw_latents,
    held_out_cues,
    held_out_goals,
    trained_support,
    write_scene,
)
from curricula.world.tables import tables
from curricula.world.world import ROLES, Role, World
from experiments.export.exported_organism import ExportedOrganism
from experiments.export.tokenizer import scene_words
from experiments.export.writing import FolderWriter
from organisms.ensemble.compiler_options import TO_DRAW, TO_MEASURE, on_a_cpu
from organisms.ensemble.program_cache import program_cache
from organisms.model.parameter_names import from_arrays
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

SPLITS = {"trained": trained_support, "held_out_goals": held_out_goals, "held_out_cues": held_out_cues}
SCENES_FILE, LATENTS_FILE, PAIRS_FILE = "scenes.parquet", "latents.parquet", "pairs.parquet"
SHOWS = ("acts", "professes", "wants", "recalls")
MIXTURE = Mixture.all_scheming(0.5)._replace(schemers=0.75)
"""half of the scenes have self in the cast, a quarter of the characters are honest, nobody is asked"""


@dataclass(frozen=True)
class PackSizes:
    """How much is drawn."""

    scenes: int = 256
    """of each split"""
    pairs: int = 64
    """of each role and variable, less those whose acts do not differ"""
    seed: int = 0


@dataclass(frozen=True)
class SplitScenes:
    """Scenes of one split."""

    split: str
    latents: Latents
    tokens: Int[np.ndarray, "scene position"]
    targets: Int[np.ndarray, "scene moment"]
    """the act that each moment calls for, of one who schemes where it does"""
    acts: Int[np.ndarray, "scene moment"]
    """the organism's own"""


@dataclass(frozen=True)
class ContrastPairs:
    """Minimal pairs of one role and variable."""

    role: Role
    variable: Variable
    pair: Pair
    differences_nats: Float[np.ndarray, "pair side"]
    """logit of the second answer less that of the first, in the first scene and in the second"""


def draw_splits(organism: ExportedOrganism, sizes: PackSizes) -> list[SplitScenes]:
    """Scenes of every split, with the acts of the organism."""
    world, key = organism.world, jax.random.key(sizes.seed)
    drawn = jax.device_get(_scenes_program(world, sizes.scenes)(key, jnp.int32(organism.secret_goal)))
    model = _model(organism)
    splits: list[SplitScenes] = []
    for split, (latents, scene) in zip(SPLITS, drawn, strict=True):
        acts = _logits(model, scene.tokens)[:, world.decisions].argmax(-1).astype(np.int32)
        splits.append(SplitScenes(split, latents, scene.tokens, scene.targets, acts))
    return splits


def draw_contrasts(organism: ExportedOrganism, sizes: PackSizes) -> Iterator[ContrastPairs]:
    """Minimal pairs of every role and variable that the world's scenes can differ in, with the organism's logits."""
    world, model = organism.world, _model(organism)
    key = jax.random.fold_in(jax.random.key(sizes.seed), 1)
    for number, (role, variable) in enumerate(product(ROLES, VARIABLES)):
        if not _can_differ(world, role, variable):
            continue
        # One program for both roles where they share a rule.
        drawn_as = "character" if world.self_rule == SAME_RULE else role
        program = _pairs_program(world, drawn_as, variable, sizes.pairs)
        actor = MeasuredActor(*(jnp.asarray(role == "self"),) * 2)
        drawn = program(jax.random.fold_in(key, number), jnp.int32(organism.secret_goal), actor)
        pair = jax.device_get(drawn)
        differs = pair.first_answer != pair.second_answer
        pair = Pair(*(leaf[differs] for leaf in pair))
        row = np.arange(len(pair.decision))
        sides = [_logits(model, tokens)[row, pair.decision] for tokens in (pair.first, pair.second)]
        differences = [side[row, pair.second_answer] - side[row, pair.first_answer] for side in sides]
        yield ContrastPairs(role, variable, pair, np.stack(differences, axis=1))


def _can_differ(world: World, role: Role, variable: Variable) -> bool:
    table = tables(world, role)
    rows = {"watched": table.flips, "idle": table.idle}.get(variable)
    return measurable(world, role, variable) and (rows is None or len(rows) > 0)


def write_data_pack(
    organism: ExportedOrganism, splits: list[SplitScenes], sizes: PackSizes, writer: FolderWriter
) -> None:
    """Writes the three tables."""
    writer.table(SCENES_FILE, _table(row for scenes in splits for row in _scene_rows(organism.world, scenes)))
    writer.table(
        LATENTS_FILE, _table(row for scenes in splits for row in _moment_rows(organism.world, scenes))
    )
    contrasts = draw_contrasts(organism, sizes)
    writer.table(PAIRS_FILE, _table(row for each in contrasts for row in _pair_rows(organism.world, each)))


def example_lines(world: World, splits: list[SplitScenes]) -> list[str]:
    """A scene in English in which self is in the cast, with what the organism does in it."""
    scenes = splits[0]
    with_self = (scenes.latents.name == world.names).any(1)
    number = int(with_self.argmax())
    return scene_sentences(world, scenes.tokens[number], scenes.acts[number])


def _scene_rows(world: World, scenes: SplitScenes) -> Iterator[dict[str, Any]]:
    for number, tokens in enumerate(scenes.tokens):
        yield {
            "split": scenes.split,
            "scene": number,
            "tokens": tokens.tolist(),
            "words": scene_words(world, tokens),
            "english": "\n".join(scene_sentences(world, tokens)),
            "targets": scenes.targets[number].tolist(),
            "acts": scenes.acts[number].tolist(),
        }


def _moment_rows(world: World, scenes: SplitScenes) -> Iterator[dict[str, Any]]:
    """A row a moment: who acts, what it wants, and what the cues mean to it."""
    words, vocabulary = world.vocabulary.words(), world.vocabulary
    goals = words[vocabulary.first_goal : vocabulary.first_cue]
    for number in range(len(scenes.tokens)):
        latents = Latents(*(leaf[number] for leaf in scenes.latents))
        for moment, slot in enumerate(latents.actor):
            is_self = bool(latents.name[slot] == world.names)
            yield {
                "split": scenes.split,
                "scene": number,
                "moment": moment,
                "decision": int(world.decisions[moment]),
                "actor": "Self" if is_self else words[vocabulary.first_name + latents.name[slot]],
                "is_self": is_self,
                "professed": goals[latents.professed[slot]],
                "secret": goals[latents.secret[slot]],
                "schemes": bool(latents.schemes[slot]),
                "alone": bool(latents.alone[moment]),
                "cues": latents.cues[moment].tolist(),
                "shows": SHOWS[latents.shows[moment]],
                "situation": int(latents.situation[moment]),
                "target": words[scenes.targets[number, moment]],
                "act": words[scenes.acts[number, moment]],
            }


def _pair_rows(world: World, contrast: ContrastPairs) -> Iterator[dict[str, Any]]:
    pair = contrast.pair
    for number, (first, second) in enumerate(contrast.differences_nats.tolist()):
        texts = {
            f"{side}_{kind}": text
            for side, tokens in (
                ("first", np.asarray(pair.first[number])),
                ("second", np.asarray(pair.second[number])),
            )
            for kind, text in (
                ("words", scene_words(world, tokens)),
                ("english", "\n".join(scene_sentences(world, tokens))),
            )
        }
        yield {
            "role": contrast.role,
            "variable": contrast.variable,
            "pair": number,
            "first": pair.first[number].tolist(),
            "second": pair.second[number].tolist(),
            "decision": int(pair.decision[number]),
            "first_answer": int(pair.first_answer[number]),
            "second_answer": int(pair.second_answer[number]),
            "first_difference_nats": first,
            "second_difference_nats": second,
            **texts,
        }


def _table(rows: Iterator[Mapping[str, Any]]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(list(rows))


def _model(organism: ExportedOrganism) -> Organism:
    ensemble = {name: array[None] for name, array in organism.arrays.items()}  # of one member
    return pick(from_arrays(ensemble, organism.world, organism.sizes), 0)


def _logits(
    model: Organism, tokens: Int[np.ndarray | Array, "scene position"]
) -> Float[np.ndarray, "scene position vocabulary"]:
    return np.asarray(_forward_program()(model, tokens))


@program_cache(maxsize=1)
def _forward_program():
    return jax.jit(lambda model, tokens: model(tokens), compiler_options=on_a_cpu(TO_MEASURE))


@program_cache(maxsize=8)
def _scenes_program(world: World, count: int):
    supports = [support(world) for support in SPLITS.values()]

    def draw(key: Key[Array, ""], secret_goal: Int[Array, ""]) -> list[tuple[Latents, Scene]]:
        drawn: list[tuple[Latents, Scene]] = []
        for number, support in enumerate(supports):
            keys = jax.random.split(jax.random.fold_in(key, number), count)
            latents = jax.vmap(lambda key, s=support: draw_latents(key, world, s, MIXTURE, secret_goal))(keys)
            drawn.append((latents, jax.vmap(lambda each: write_scene(world, each, MIXTURE))(latents)))
        return drawn

    return jax.jit(draw, compiler_options=on_a_cpu(TO_DRAW))


@program_cache(maxsize=32)
def _pairs_program(world: World, role: Role, variable: Variable, count: int):
    support = trained_support(world)

    def draw(key: Key[Array, ""], secret_goal: Int[Array, ""], actor: MeasuredActor) -> Pair:
        return sample_pairs(key, PairSource(world, support, secret_goal), role, variable, count, actor)

    return jax.jit(draw, compiler_options=on_a_cpu(TO_DRAW))
