"""Packs: what does somebody get who takes the challenge, and is it as it was made?

A pack says nothing of how its organisms were made. It is read without Exapt: weights and pairs are safetensors, all else JSON.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors
import safetensors.numpy

from curricula.errors import UserError
from curricula.typed_json import read_json, write_json
from curricula.world.contrasts import Pair
from curricula.world.world import World
from experiments.challenge.sources import LABELS
from experiments.export.transformer_lens import BRIDGE_NAMES
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.storage import records

PACK, ORGANISMS = "pack.json", "organisms"
CONFIG_FILE, PAIRS_FILE = "config.json", "pairs.safetensors"
STAGES = ("fork", "end")
FILES = frozenset({CONFIG_FILE, PAIRS_FILE, *(f"{stage}.safetensors" for stage in STAGES)})
"""in the folder of each organism"""
PACK_FIX = "give the folder that holds pack.json, as it was published"


@dataclass(frozen=True)
class PackWorld:
    """What scenes are of."""

    settings: World
    words: tuple[str, ...]
    """of each token"""
    decisions: tuple[int, ...]
    """positions whose logits are acts"""


@dataclass(frozen=True)
class PackOrganism:
    """One organism of a pack."""

    world: str
    """name of its world in the pack"""
    sizes: OrganismConfig
    secret_goal: int
    """number of the goal that self secretly serves, among the goals of its world"""
    components: tuple[str, ...]
    """names of the heads and blocks of neurons that are scored; a block is neurons side by side"""
    files: Mapping[str, str]
    """sha256 of each file in its folder"""


@dataclass(frozen=True)
class ChallengePack:
    """What ``pack.json`` says."""

    format: Literal["exapt-challenge"]
    version: Literal[1]
    truth_sha256: str
    """seal: the sha256 of the truth with its salt. It names the pack"""
    labels: tuple[str, ...]
    worlds: Mapping[str, PackWorld]
    organisms: Mapping[str, PackOrganism]


def pack_of(
    truth_sha256: str, worlds: Mapping[str, PackWorld], organisms: Mapping[str, PackOrganism]
) -> ChallengePack:
    """A pack of this version."""
    return ChallengePack("exapt-challenge", 1, truth_sha256, LABELS, worlds, organisms)


def canonical_sha256(record: Any) -> str:
    """The sha256 of a record as JSON with sorted keys and no spaces."""
    text = json.dumps(write_json(record), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_pack(folder: Path) -> ChallengePack:
    """The record of a pack. Raises UserError where it is none, or one of its files is not as it was made."""
    plain = records.read_object(folder / PACK, PACK_FIX)
    pack = read_json(ChallengePack, plain, str(folder / PACK))
    for name, organism in pack.organisms.items():
        if not name.isalnum():
            raise UserError(
                f"{folder / PACK}: expected letters and digits as names of organisms, got {name!r}"
            )
        if list(organism.components) != components(organism.sizes) or organism.world not in pack.worlds:
            raise UserError(
                f"{folder / PACK}: organism {name} has a world or components of no pack; {PACK_FIX}"
            )
        if set(organism.files) != FILES:
            raise UserError(
                f"{folder / PACK}: organism {name}: expected the files {', '.join(sorted(FILES))}, got "
                f"{', '.join(map(repr, sorted(organism.files))) or 'none'}; {PACK_FIX}"
            )
        for file, sha256 in organism.files.items():
            _require_file(folder / ORGANISMS / name / file, sha256)
    return pack


def _require_file(path: Path, sha256: str) -> None:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"could not read {path}: {error.strerror or error}; {PACK_FIX}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UserError(f"{path} is not the file that {PACK} names: its sha256 differs; {PACK_FIX}")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file. Raises UserError where it is none."""
    try:
        return safetensors.numpy.load_file(path)
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise UserError(
            f"expected safetensors in {path}, found something else ({error}); {PACK_FIX}"
        ) from error


def stage_weights(folder: Path, name: str, stage: str, sizes: OrganismConfig) -> dict[str, np.ndarray]:
    """The parameters of an organism by their names in a checkpoint, from the file that TransformerLens loads.

    stage: *fork* or *end*. Raises UserError where the file is damaged, or not of an organism of these sizes.
    """
    path = folder / ORGANISMS / name / f"{stage}.safetensors"
    laid_out = read_arrays(path)
    heads, width, model = sizes.heads, sizes.head_width, sizes.width
    shapes = {
        **dict.fromkeys(("attn.W_Q", "attn.W_K", "attn.W_V"), (heads, width, model)),
        **dict.fromkeys(("attn.b_Q", "attn.b_K", "attn.b_V"), (heads, width)),
    }
    arrays: dict[str, np.ndarray] = {}
    places = [f"blocks.{layer}." for layer in range(sizes.layers)]
    for kind, (bridge_name, _) in BRIDGE_NAMES.items():
        for place in places if kind.startswith(("attn", "mlp")) else [""]:
            try:
                array = laid_out[place + bridge_name]
                if kind in shapes:
                    array = array.reshape(shapes[kind])
                elif kind == "attn.W_O":
                    array = array.T.reshape(heads, width, model)
            except (KeyError, ValueError) as error:
                raise UserError(
                    f"{path}: no {place}{bridge_name} of the sizes that {PACK} says; {PACK_FIX}"
                ) from error
            turned = kind in ("unembed.W_U", "mlp.W_in", "mlp.W_out")
            arrays[place + kind] = (
                array.swapaxes(1, 2)
                if array.ndim == 3 and kind != "attn.W_O"
                else (array.T if turned else array)
            )
    return arrays


def read_pairs(folder: Path, name: str, contrast: str) -> Pair:
    """The minimal pairs of an organism. contrast: role and variable, as *self_watched*. Raises UserError where there are
    none."""
    path = folder / ORGANISMS / name / PAIRS_FILE
    arrays = read_arrays(path)
    missing = [field for field in Pair._fields if f"{contrast}.{field}" not in arrays]
    if missing:
        raise UserError(f"{path}: no pairs of {contrast}; {PACK_FIX}")
    fields = [arrays[f"{contrast}.{field}"].astype(np.int32) for field in Pair._fields]
    return Pair(*fields)  # pyright: ignore[reportArgumentType]
