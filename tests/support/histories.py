"""Histories of organisms written by hand: what each component carries at each checkpoint, and nothing else
that moves."""

from collections.abc import Sequence

import numpy as np

from analysis.history.fingerprints import FIGURES
from analysis.history.trajectories import WORKING_NATS, Trajectories

NAMES = ["L0H0", "L0H1", "L0M0", "L0M1"]


def history(
    characters: Sequence[Sequence[float]],
    own: Sequence[Sequence[float]],
    error: float = 0.001,
    nats: tuple[float, float] | None = None,
) -> Trajectories:
    """One organism. characters, own: what each component of `NAMES` carries of either role's gate, a row a
    checkpoint. nats: of the two gates."""
    share = np.moveaxis(np.array([characters, own], float), 0, 1)[
        :, None
    ]  # [checkpoint member role component]
    checkpoints = len(share)
    gate = np.broadcast_to(nats or (2 * WORKING_NATS,) * 2, (checkpoints, 1, 2))
    return Trajectories(
        [50 * n for n in range(checkpoints)],
        ["characters"] * (checkpoints // 2) + ["intent"] * (checkpoints - checkpoints // 2),
        share,
        np.full_like(share, error),
        np.array(gate, float),
        np.zeros((checkpoints, 1, len(NAMES), len(FIGURES))),
    )
