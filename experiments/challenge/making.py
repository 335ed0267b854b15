"""Making a pack: organisms are trained, disguised, shuffled and written, and their truth is sealed."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from curricula.errors import UserError
from curricula.typed_json import write_json
from experiments.challenge.disguise import (
    Disguise,
    UnreadDirections,
    Weights,
    balanced,
    component_places,
    disguised_sizes,
    draw_gauge,
    pad_sizes,
    unread_directions,
)
from experiments.challenge.pack import (
    CONFIG_FILE,
    ORGANISMS,
    PACK,
    PAIRS_FILE,
    STAGES,
    PackOrganism,
    PackWorld,
    pack_of,
    read_pack,
)
from experiments.challenge.sealing import (
    TRUTH_FILE,
    OrganismTruth,
    PackStreams,
    SealedTruth,
    new_secret,
    pack_streams,
    read_truth_file,
    unsealed_sha256,
    write_truth_file,
)
from experiments.challenge.sources import PackPlan, SourceOrganism, source_organisms
from experiments.export.data_pack import ContrastPairs, PackSizes, draw_contrasts
from experiments.export.exported_organism import ExportedOrganism
from experiments.export.transformer_lens import bridge_arrays, lens_config
from experiments.export.writing import FolderWriter, locked_folder, whole_folder
from organisms.model.sites import components
from organisms.storage import records

PACK_FOLDER, RUNS_FOLDER, SUMMARY, PLAN = "pack", "runs", "summary.json", "plan.json"
SECRET = "secret"
"""field of the plan's file from which all is drawn that hides the truth"""
CONTRASTS = frozenset({"character_watched", "self_watched", "character_professed"})
"""minimal pairs in a pack, by role and variable"""
PUBLISHED = 0
"""seconds since 1970 that every file of a pack is dated"""


@dataclass(frozen=True)
class PreparedOrganism:
    """An organism between its making and its disguise."""

    source: SourceOrganism
    directions: UnreadDirections
    stages: tuple[Weights, Weights]


def make_pack(plan: PackPlan, out: Path, quiet: bool, log: Callable[[str], None]) -> Path:
    """Writes ``OUT/pack``, ``OUT/truth.json`` and ``OUT/summary.json``, and returns the last one's path. Runs lie in
    ``OUT/runs``. What is there already is not made again.

    Raises UserError where the plan is wrong, where planting fails too often, or where OUT has another pack.
    """
    if errors := plan.errors():
        raise UserError("; ".join(errors))
    with locked_folder(out):
        secret = _kept_secret(plan, out)
        if (out / SUMMARY).exists():
            return _present_pack(out, log)
        sources = source_organisms(plan, out / RUNS_FOLDER, quiet, log)
        streams = pack_streams(secret)
        order = streams.order.permutation(len(sources))
        prepared = _prepared([sources[number] for number in order], streams.noise)
        with whole_folder(out / PACK_FOLDER) as writer:
            truth = _write_pack(prepared, plan, writer, streams)
        date_alike(out / PACK_FOLDER)
        write_truth_file(out, truth)
        labels = [organism.label for organism in truth.organisms.values()]
        summary: dict[str, Any] = {
            "plan": write_json(plan),
            "pack": PACK_FOLDER,
            "truth_sha256": truth.seal(),
            "organisms": len(labels),
            "labelled": sum(label is not None for label in labels),
        }
        records.write_record(out / SUMMARY, summary, out / ".partial")
    log(
        f"{out / PACK_FOLDER}: {len(labels)} organisms; publish it alone, and keep the rest of {out} and the seed secret"
    )
    return out / SUMMARY


def seed_of_plan(out: Path) -> int | None:
    """The seed of the pack that is made, or was begun, in a folder; None where there is none."""
    seed = records.read_object_if_whole(out / PLAN).get("seed")
    return seed if isinstance(seed, int) else None


def _kept_secret(plan: PackPlan, out: Path) -> str:
    """The secret of the pack, which its folder keeps with the plan; drawn where there is none yet.

    Raises UserError where the folder has another plan, or something else.
    """
    plain, secret = write_json(plan), new_secret()
    if (out / PLAN).exists():
        present = records.read_object(out / PLAN, "give another --out")
        kept = present.pop(SECRET, None)
        if differences := records.record_differences(plain, present):
            raise UserError(f"{out} holds another pack: {'; '.join(differences[:3])}; give another --out")
    elif any((out / name).exists() for name in (PACK_FOLDER, SUMMARY, TRUTH_FILE)):
        raise UserError(f"expected a pack or nothing in {out}, found something else; give another --out")
    else:
        kept = None
    if kept is not None and not (isinstance(kept, str) and len(kept) == len(secret)):
        raise UserError(f"{out / PLAN}: expected a {SECRET} of {len(secret)} digits; give another --out")
    if kept is None:
        records.write_record(out / PLAN, plain | {SECRET: secret}, out / ".partial")
    return kept or secret


def _present_pack(out: Path, log: Callable[[str], None]) -> Path:
    """The summary of the pack that is there. Raises UserError where the pack is damaged."""
    seal = read_pack(out / PACK_FOLDER).truth_sha256
    read_truth_file(out / TRUTH_FILE, seal, str(out / PACK_FOLDER))
    log(f"{out / PACK_FOLDER}: made already")
    return out / SUMMARY


def _prepared(sources: Sequence[SourceOrganism], rng: np.random.Generator) -> list[PreparedOrganism]:
    prepared: list[PreparedOrganism] = []
    for source in sources:
        sizes, of_stages = source.end.sizes, (source.fork.arrays, source.end.arrays)
        directions = unread_directions(sizes, of_stages)
        fork, end = (balanced(arrays, sizes, directions, rng) for arrays in of_stages)
        prepared.append(PreparedOrganism(source, directions, (fork, end)))
    return prepared


def _write_pack(
    prepared: Sequence[PreparedOrganism], plan: PackPlan, writer: FolderWriter, streams: PackStreams
) -> SealedTruth:
    """Writes all files of a pack, and returns its truth."""
    folder, digits = writer.below(ORGANISMS), len(str(len(prepared) - 1))
    worlds: dict[str, PackWorld] = {}
    organisms: dict[str, PackOrganism] = {}
    truths: dict[str, OrganismTruth] = {}
    for number, organism in enumerate(prepared):
        name, source = f"o{number:0{digits}}", organism.source
        of_make = [each.stages for each in prepared if each.source.make == source.make]
        pads = pad_sizes([weights for stages in of_make for weights in stages])
        gauge = draw_gauge(source.end.sizes, streams.gauge)
        vocabulary = source.end.world.vocabulary
        goals = range(vocabulary.first_goal, vocabulary.first_goal + source.end.world.goals)
        disguise = Disguise(source.end.sizes, gauge, organism.directions, pads, goals)
        world = _world_name(worlds, source.end)
        files = _write_organism(organism, disguise, plan, folder.below(name), streams)
        sizes = disguised_sizes(source.end.sizes) if plan.disguised else source.end.sizes
        organisms[name] = PackOrganism(world, sizes, source.end.secret_goal, tuple(components(sizes)), files)
        places = component_places(gauge, source.end.sizes)
        if not plan.disguised:
            places = {name: name for name in places}
        serving = tuple(sorted(places[component] for component in source.components))
        truths[name] = OrganismTruth(
            source.make, source.label, source.shares, serving, organisms[name].components
        )
    pack = pack_of("", worlds, organisms)
    truth = SealedTruth(streams.salt, unsealed_sha256(pack), truths)
    sealed = replace(pack, truth_sha256=truth.seal())
    writer.json(PACK, {records.SCHEMA: records.SCHEMA_NUMBER} | write_json(sealed))
    return truth


def _world_name(worlds: dict[str, PackWorld], organism: ExportedOrganism) -> str:
    """The name of an organism's world, which is added where it is new."""
    world = organism.world
    described = PackWorld(world, tuple(world.vocabulary.words()), tuple(map(int, world.decisions)))
    known = next((name for name, other in worlds.items() if other == described), None)
    name = known or f"w{len(worlds)}"
    worlds[name] = described
    return name


def _write_organism(
    organism: PreparedOrganism,
    disguise: Disguise,
    plan: PackPlan,
    writer: FolderWriter,
    streams: PackStreams,
) -> dict[str, str]:
    """Writes the folder of one organism, and returns the sha256 of each file."""
    end, sizes = organism.source.end, disguise.sizes
    if plan.disguised:
        sizes = disguised_sizes(sizes)
    config = replace(end.config, organism=sizes)
    shown = end
    for stage, weights in zip(STAGES, organism.stages, strict=True):
        source = organism.source.fork if stage == "fork" else end
        arrays = disguise.applied(weights, streams.noise) if plan.disguised else source.arrays
        shown = replace(end, config=config, arrays=arrays)
        writer.tensors(f"{stage}.safetensors", bridge_arrays(shown.arrays))
    writer.json(CONFIG_FILE, lens_config(shown))
    pairs = PackSizes(pairs=plan.pairs, seed=int(streams.pairs.integers(2**31)))
    arrays = _pair_arrays(draw_contrasts(shown, pairs))
    writer.bytes(PAIRS_FILE, safetensors.numpy.save(arrays, metadata={"format": "pt"}))
    files = sorted(writer.folder.iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _pair_arrays(contrasts: Iterable[ContrastPairs]) -> dict[str, np.ndarray]:
    """Minimal pairs as arrays [pair, ...], with the logit differences of the end's organism in nats [pair, side]."""
    arrays: dict[str, np.ndarray] = {}
    for contrast in contrasts:
        name = f"{contrast.role}_{contrast.variable}"
        if name not in CONTRASTS:
            continue
        for field, leaf in contrast.pair._asdict().items():
            arrays[f"{name}.{field}"] = np.asarray(leaf, np.int16)
        arrays[f"{name}.differences_nats"] = np.asarray(contrast.differences_nats, np.float32)
    return arrays


def date_alike(folder: Path) -> None:
    """Gives every file and folder the same date, so that none tells when, and so in which order, it was made."""
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (PUBLISHED, PUBLISHED))
