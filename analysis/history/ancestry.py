"""What did each component do before, and when did that change? The history of a run's organisms, told from
their checkpoints.

`add` tells it of all organisms of a run, from the first checkpoint on: effects of every component for either
role (`analysis.history.trajectories`), events with dates (`analysis.history.events`), which component became
which (`analysis.history.matching`), and at the end of each phase what components are like and what they could
do if others fell silent (their latent effects). `told` is one organism from its fork on, in a few words, for
the study of incentives.

Words are about single components. A verdict weighs all of them, and counts what was latent at the fork.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from analysis.history import events
from analysis.history.events import ComponentEvent
from analysis.history.fingerprints import FIGURES
from analysis.history.matching import Successor, successors
from analysis.history.trajectories import ROLES, Trajectories, trajectories
from analysis.patching.checkpoint import FOUND_ALONE, PAIRS, CheckpointMeasurer
from curricula.world.contrasts import Role
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.storage.loading import fork_and_end, load, require_finished
from organisms.storage.manifest import Entry
from organisms.storage.run import Run
from organisms.training.config import RunConfig

MATTERS = 0.05
"""an effect of this share of the gate counts"""
DIGITS = 4
"""behind the point, of what is written down for every checkpoint"""


@dataclass(frozen=True)
class RoleHistory:
    """What components did for one role at every checkpoint."""

    role: Role
    effects: Float[np.ndarray, "checkpoint component"]
    """as shares of the gate"""
    errors: Float[np.ndarray, "checkpoint component"]
    """standard errors of the effects over pairs"""
    gate_nats: Float[np.ndarray, " checkpoint"]


@dataclass(frozen=True)
class PhaseEnd:
    """Components at the last checkpoint of a phase."""

    step: int
    phase: str
    latent: Mapping[Role, Float[np.ndarray, " component"]] | None
    """what each could do for a role if others were ablated; None at the end of the run"""
    fingerprints: Float[np.ndarray, "component figure"]


@dataclass(frozen=True)
class Succession:
    """Which component became which between two checkpoints, given by their steps."""

    from_step: int
    to_step: int
    components: tuple[Successor, ...]


@dataclass(frozen=True)
class MemberHistory:
    """What became of each component of one organism."""

    from_step: int
    """first checkpoint of the organism; an earlier attempt is another organism"""
    roles: tuple[RoleHistory, ...]
    events: tuple[ComponentEvent, ...]
    ends_of_phases: tuple[PhaseEnd, ...]
    successions: tuple[Succession, ...]

    def of_role(self, role: Role) -> RoleHistory:
        """What components did for one role."""
        return next(history for history in self.roles if history.role == role)


@dataclass(frozen=True)
class HistoryResult:
    """The history of every component of a run, over its checkpoints."""

    steps: tuple[int, ...]
    phases: tuple[str, ...]
    """phase of each checkpoint"""
    thresholds: Mapping[str, float | int | str]
    pairs: int
    figures: tuple[str, ...]
    """names of the numbers in a fingerprint"""
    members: tuple[MemberHistory, ...]


def add(run: Run, findings: Mapping[str, Any]) -> dict[str, Any]:
    """The findings of a finished run with, under *ancestry*, the history of its organisms. Effects are exact
    at every checkpoint: none is screened out."""
    config, seed = require_finished(run), int(findings["analysis_seed"])
    entries = run.entries()
    found = trajectories(run, config, entries, seed)
    ends = [n for n, (one, other) in enumerate(pairwise(found.phases)) if one != other]
    latent = {n: _latent(run, config, entries[n], seed) for n in ends}
    ancestry = {
        "steps": found.steps,
        "phases": found.phases,
        "thresholds": dict(events.EVENT_THRESHOLDS),
        "pairs": PAIRS,
        "figures": list(FIGURES),
        "organisms": [
            _history(found, config, m, {n: of[m] for n, of in latent.items()}) for m in range(config.members)
        ],
    }
    return {**findings, "ancestry": ancestry}


def measured(findings: Mapping[str, Any]) -> bool:
    """Do the findings hold a history already, by the present thresholds?"""
    return findings.get("ancestry", {}).get("thresholds") == dict(events.EVENT_THRESHOLDS)


def _history(
    found: Trajectories, config: RunConfig, member: int, latent: Mapping[int, Mapping[Role, np.ndarray]]
) -> dict[str, Any]:
    """What is told of one organism. latent: of the last checkpoint of each phase but the last."""
    names = components(config.organism)
    own = np.isfinite(found.nats[:, member, 0])  # an earlier attempt is another organism
    marks = [n for n in (*latent, len(found.steps) - 1) if own[n]]
    share, error = (of[:, member].round(DIGITS) for of in (found.share, found.error))
    return {
        "member": member,
        "from_step": found.steps[int(np.argmax(own))],
        "effects": {role: share[:, n].tolist() for n, role in enumerate(ROLES)},
        "errors": {role: error[:, n].tolist() for n, role in enumerate(ROLES)},
        "gate_nats": {role: found.nats[:, member, n].round(DIGITS).tolist() for n, role in enumerate(ROLES)},
        "events": [
            asdict(event) | {"of": event.predecessor}
            for event in events.component_events(found, names, member)
        ],
        "at_ends_of_phases": [
            {
                "step": found.steps[n],
                "phase": found.phases[n],
                "latent": {role: of.round(DIGITS).tolist() for role, of in latent[n].items()}
                if n in latent
                else None,
                "fingerprints": found.fingerprints[n, member].round(DIGITS).tolist(),
            }
            for n in marks
        ],
        "became": [
            {
                "from": found.steps[one],
                "to": found.steps[other],
                "components": [asdict(pair) for pair in successors(found, names, member, one, other)],
            }
            for one, other in pairwise(marks)
        ],
    }


def _latent(run: Run, config: RunConfig, entry: Entry, seed: int) -> list[dict[Role, np.ndarray]]:
    """Latent effects [component] for either role of each member: what a component adds once all that single
    patches find is patched."""
    with jax.default_matmul_precision("highest"):
        at = CheckpointMeasurer(
            load(run, config, entry), config, np.asarray(run.summary()["secret_goals"]), seed
        )
        none = np.zeros((at.members, at.component_count), bool)
        found = {}
        for role in ROLES:
            known = (
                np.fmax(at.single_patches(role, False, none), at.single_patches(role, True, none))
                > FOUND_ALONE
            )
            found[role] = np.where(known, 0.0, at.single_patches(role, True, known))
    return [{role: of[m] for role, of in found.items()} for m in range(at.members)]


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
