"""What names a run: the hash of its config."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from curricula.errors import UserError
from organisms.ensemble.config import RunConfig
from organisms.storage import records


def config_hash(config: Mapping[str, Any]) -> str:
    """The first 12 hex digits of the sha256 of a config as JSON with sorted keys and no spaces: what names a
    run."""
    canonical = json.dumps(resolved_config(config), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def resolved_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config as config.json holds it. Raises UserError where a number is not finite."""
    numbers = [(path, leaf) for path, leaf in records.leaves(config) if isinstance(leaf, float | np.floating)]
    wrong = [path for path, number in numbers if not math.isfinite(number)]
    if wrong:
        raise UserError(
            f"expected finite numbers in the config, found others: {', '.join(wrong)}; make those finite"
        )
    return records.plain(config)


def run_folder(out: Path, config: RunConfig) -> Path:
    """Where a run of this config lies: named by its curriculum and its hash."""
    return out / f"{config.curriculum.name}-{config_hash(config.plain())}"
