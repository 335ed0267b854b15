"""What takes long to make and is only read: made by whichever worker comes first, copied by every worker."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A worker's own copy of the folder ``name``, which `make` fills once a session: other workers wait for it."""
    own = factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    original, copy = common / "made-once" / name, own / "copied" / name
    original.parent.mkdir(parents=True, exist_ok=True)
    with open(common / "made-once" / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole = original.with_name(original.name + ".whole")
        if not whole.exists():
            shutil.rmtree(original, ignore_errors=True)
            make(original)
            whole.touch()
    if not copy.exists():
        shutil.copytree(original, copy)
    return copy
