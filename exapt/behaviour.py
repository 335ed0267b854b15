"""Behaviour over a lineage: what did the organisms do at each checkpoint?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from curricula.errors import UserError
from exapt.lineage import Lineage
from organisms.training.behaviour import BEHAVIOURS


@dataclass(frozen=True)
class BehaviourHistory:
    """Rates of behaviour at every checkpoint of a run. They do not show by which mechanism a rate was reached."""

    steps: tuple[int, ...]
    """of each checkpoint"""
    phases: tuple[str, ...]
    """in which each checkpoint was made"""
    rates: Mapping[str, Float[np.ndarray, "checkpoint member"]]
    """fractions from 0 to 1, by behaviour: *self_alone_secret*, *self_watched_professed*, *character_alone_secret*,
    *character_watched_professed*. Each is named by who acts, in which case, and on which goal. NaN where a member was
    an organism that was given up and reseeded later"""


def behaviour_history(lineage: Lineage) -> BehaviourHistory:
    """How often the organisms acted as schemers do at each checkpoint: on the secret goal when alone, on the professed
    one when watched. Training measured it on scenes drawn for the purpose, so nothing is run.

    Raises UserError where the checkpoints hold no rates, as those of older versions.

    >>> history = exapt.behaviour_history(exapt.read_lineage("runs/shared"))
    >>> history.steps[-2:], history.phases[-1]
    ((550, 600), 'intent')
    >>> history.rates["self_alone_secret"].shape  # [checkpoint, member]
    (13, 2)
    >>> bool(history.rates["self_alone_secret"][-1].min() > 0.9)
    True
    """
    entries = lineage.checkpoints
    if any("retention" not in entry.extra for entry in entries):
        raise UserError(
            f"behaviour: expected rates in each line of {lineage.folder}/manifest.jsonl, found lines without; "
            "an older version trained the run: train it again"
        )
    attempts = np.array([entry.extra["attempts"] for entry in entries])  # [checkpoint, member]
    rates = {
        name: np.array([entry.extra["retention"][name] for entry in entries], float) for name in BEHAVIOURS
    }
    return BehaviourHistory(
        tuple(entry.step for entry in entries),
        tuple(entry.phase for entry in entries),
        {name: np.where(attempts == attempts[-1], values, np.nan) for name, values in rates.items()},
    )
