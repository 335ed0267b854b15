"""Writing: how does a folder of an export come to be, wholly or not at all?

It grows under a name with a dot in front, and is renamed once all of it is on the disk. A killed process leaves no folder
under its own name that is not whole; the next export takes away what it left.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import safetensors.numpy
from pyarrow import parquet

from curricula.errors import UserError
from organisms.storage import records

RECORD, LOCK = "export.json", "lock"


@dataclass(frozen=True)
class FolderWriter:
    """Writes files into one folder that grows."""

    folder: Path

    def below(self, name: str) -> "FolderWriter":
        """A writer of a folder in this one, which is made."""
        folder = self.folder / name
        folder.mkdir()
        return FolderWriter(folder)

    def bytes(self, name: str, data: bytes) -> None:
        """Writes a file, and returns once it is on the disk."""
        with open(self.folder / name, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def text(self, name: str, text: str) -> None:
        """Writes a file of text."""
        self.bytes(name, text.encode())

    def json(self, name: str, record: Mapping[str, Any]) -> None:
        """Writes a file of JSON that another program reads: without the number of our schema."""
        self.bytes(name, records.foreign_json(record))

    def tensors(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes a safetensors file, marked as Transformers expects."""
        # safetensors saves a view that is not contiguous as other values, without an error.
        whole = {key: np.array(array, np.float32, order="C") for key, array in arrays.items()}
        self.bytes(name, safetensors.numpy.save(whole, metadata={"format": "pt"}))

    def table(self, name: str, table: pyarrow.Table) -> None:
        """Writes a Parquet table."""
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(table, sink)
        self.bytes(name, sink.getvalue().to_pybytes())


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """A folder that no other process writes exports to. Raises UserError where it can not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = records.lock(folder / LOCK)
    except OSError as error:
        if error.errno in records.NO_ROOM:
            raise records.could_not_write(folder, error) from error
        raise UserError(f"cannot write in {folder}: {error.strerror or error}; give another --out") from error
    try:
        yield
    finally:
        os.close(descriptor)


def require_replaceable(target: Path) -> None:
    """Raises UserError where a folder holds anything but an earlier export."""
    if os.path.lexists(target) and not (target / RECORD).is_file():
        raise UserError(
            f"expected an earlier export or nothing at {target}, found something else; give another --out"
        )


@contextmanager
def whole_folder(target: Path) -> Iterator[FolderWriter]:
    """A writer of a folder that takes its name at the end of the ``with`` block, in place of an earlier export.

    Raises SystemFailure where the disk refuses. After any error the folder is as it was before.
    """
    partial, previous = (target.with_name(f".{target.name}.{word}") for word in ("partial", "previous"))
    try:
        shutil.rmtree(partial, ignore_errors=True)
        _put_back(previous, target)
        shutil.rmtree(previous, ignore_errors=True)
        partial.mkdir()
        yield FolderWriter(partial)
        if target.exists():
            os.replace(target, previous)
        os.replace(partial, target)
        records.sync_folder(target.parent)
        shutil.rmtree(previous, ignore_errors=True)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        _put_back(previous, target)
        if isinstance(error, OSError):
            raise records.could_not_write(target, error) from error
        raise


def _put_back(previous: Path, target: Path) -> None:
    """An earlier export takes its name again, where nothing has taken it."""
    if previous.exists() and not os.path.lexists(target):
        os.replace(previous, target)
