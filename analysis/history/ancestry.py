"""What did each component do before, and when did that change? The history of a run's organisms, told from
their checkpoints.

`add` tells it of all organisms of a run, from the first checkpoint on: effects of every component for either
role (`analysis.history.trajectories`), events with dates (`analysis.history.events`), which component became
which (`analysis.history.matching`), and at the end of each phase what components are like and what they could
do if others fell silent (their latent effects). `told` is one organism from its fork on, in a few words, for
the study of incentives.

Words are about single components. A verdict weighs all of them, and counts what was latent at the fork.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from analysis.history.trajectories import ROLES
from analysis.patching.checkpoint import CheckpointMeasurer
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.storage.loading import fork_and_end, load, require_finished
from organisms.storage.run import Run

MATTERS = 0.05
"""an effect of this share of the gate counts"""


def told(run: Run, member: int, seed: int = 1) -> dict[str, Any]:
    """Effects of every component of one organism, for both roles, at each checkpoint from its fork to its
    end, as shares of the gate at the end, and what became of each in words."""
    config = require_finished(run)
    fork, _ = fork_and_end(config, run.entries())
    secret_goals = np.asarray(run.summary()["secret_goals"])[member : member + 1]
    rows = []
    with jax.default_matmul_precision("highest"):
        for entry in (entry for entry in run.entries() if entry.step >= fork.step):
            organism = jax.tree.map(lambda leaf: leaf[None], pick(load(run, config, entry), member))
            survey = CheckpointMeasurer(organism, config, secret_goals, seed)
            effects = {role: survey.shapley_effects(role, "watched")[0] for role in ROLES}
            rows.append(
                {"step": entry.step, "phase": entry.phase}
                | {role: (found.components.mean(0)).tolist() for role, found in effects.items()}
                | {f"{role}_nats": float(found.total.mean()) for role, found in effects.items()}
            )
    # Of the gate at the end, since at the fork there may be next to none: shares of that would be noise.
    for role in ROLES:
        whole = rows[-1][f"{role}_nats"]
        for row in rows:
            row[role] = [effect / whole for effect in row[role]]
    names = components(config.organism)
    watched = run.entries()[-1].extra.get("watched", {}).get("monitored")
    return {
        "run": run.folder.resolve().name,
        "member": member,
        "components": names,
        "watched": watched[member] if watched else [],
        "checkpoints": rows,
        "stories": stories(names, rows),
    }


def stories(names: list[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each component that matters at the fork or at the end: what it did for either role then, and when
    that was half done."""
    steps = [row["step"] for row in rows]
    of: dict[str, Float[np.ndarray, "checkpoint component"]] = {
        role: np.array([row[role] for row in rows], float) for role in ROLES
    }
    found = []
    for n, name in enumerate(names):
        before, after, own = of["character"][0, n], of["character"][-1, n], of["self"][-1, n]
        if max(before, after, own) < MATTERS:
            continue
        found.append(
            {
                "component": name,
                "characters_at_fork": float(before),
                "characters_at_end": float(after),
                "self_at_end": float(own),
                "left_characters": _halfway(steps, of["character"][:, n])
                if before - after >= MATTERS
                else None,
                "came_to_self": _halfway(steps, of["self"][:, n])
                if own - of["self"][0, n] >= MATTERS
                else None,
                "role": _role(before, after, own),
            }
        )
    return found


def _role(before: float, after: float, own: float) -> str:
    if own < MATTERS:
        return "serves characters alone" if after >= MATTERS else "lost"
    if before < MATTERS:
        return "new, for self" if after < MATTERS else "new, for both"
    return "left characters for self" if after < MATTERS or after < before / 2 else "serves both"


def _halfway(steps: list[int], effect: Float[np.ndarray, " checkpoint"]) -> int:
    """The first checkpoint at which an effect is at least half way from its first value to its last."""
    first, last = effect[0], effect[-1]
    done = (effect - first) / (last - first) if last != first else np.ones_like(effect)
    return int(steps[int(np.flatnonzero(done >= 0.5)[0])])
