"""Checkpoints: what were every member's parameters at a step?

One checkpoint is one safetensors file: a name and an array for each parameter, all members stacked on axis 0.
A file under its final name is always whole: it is written aside, flushed to the disk, then renamed, and a
rename on one file system is atomic even when the process is killed. The same arrays give the same bytes, so a
hash says which checkpoint a file is. Reading never unpickles. What the hash does *not* show: that the arrays
are any good.
"""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from curricula.errors import UserError
from organisms.storage import records


def write_checkpoint(path: Path, arrays: Mapping[str, np.ndarray], aside: Path) -> str:
    """Write one checkpoint and return the sha256 of its bytes, in hex.

    Raises SystemFailure where the disk refuses (see `records.write_whole`).
    """
    # safetensors copies the bytes that follow the first element: a transposed or reversed view would be saved as other
    # values, without an error. asarray, since ascontiguousarray makes a vector of a scalar. Names come out sorted by
    # dtype and name, whatever their order here; metadata would not, so there is none.
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    data = safetensors.numpy.save(contiguous)
    records.write_whole(path, data, aside)
    return hashlib.sha256(data).hexdigest()


def read_checkpoint(
    path: Path, sha256: str | None, names: Collection[str] | None = None, member: int | None = None
) -> dict[str, np.ndarray]:
    """Read a checkpoint back: all of it, or some parameters, or one member (whose arrays then lack the member
    axis).

    `sha256` is what `write_checkpoint` returned; None skips the check of the whole file, for who has made it already.
    Raises UserError where the file is missing, cut short, changed, or lacks a name or the member.
    """
    fix = "put the file back from a copy, or delete the run's folder and train again"
    try:
        if sha256 is not None:
            with open(path, "rb") as whole:
                digest = hashlib.file_digest(whole, "sha256").hexdigest()
            if digest != sha256:
                raise UserError(
                    f"{path} is cut short or changed: expected sha256 {sha256[:12]}, found {digest[:12]} "
                    f"in {path.stat().st_size} bytes;\n{fix}"
                )
        with safe_open(path, framework="numpy") as file:
            _require_names(path, file.keys(), names)
            selected = file.keys() if names is None else names
            if member is None:
                return {name: file.get_tensor(name) for name in selected}
            parameters = {name: file.get_slice(name) for name in selected}
            for name, parameter in parameters.items():
                _require_member(path, name, parameter.get_shape(), member)
            return {name: parameter[member] for name, parameter in parameters.items()}
    except FileNotFoundError as error:
        raise UserError(f"expected a checkpoint at {path}, found no file;\n{fix}") from error
    except OSError as error:
        raise UserError(f"could not read the checkpoint {path}: {error.strerror or error};\n{fix}") from error
    except SafetensorError as error:
        raise UserError(f"{path} is cut short or no safetensors file: {error};\n{fix}") from error


def _require_names(path: Path, present: Collection[str], required: Collection[str] | None) -> None:
    missing = sorted(set(required or ()) - set(present))
    if missing:
        raise UserError(f"{path} holds no {', '.join(missing)}; it holds {', '.join(sorted(present))}")


def _require_member(path: Path, name: str, shape: list[int], member: int) -> None:
    if not shape:
        raise UserError(
            f"{path}: {name} is one number without a member axis; read it without naming a member"
        )
    if not 0 <= member < shape[0]:
        raise UserError(
            f"{path} has no member {member}: {name} holds members 0 to {shape[0] - 1}; name one of those"
        )
