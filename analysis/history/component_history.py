"""Component histories: what did each component of a run do at every checkpoint, and when did that change?

For all organisms of a run, from the first checkpoint on: effects of every component for either role
(`analysis.history.trajectories`), events with dates (`analysis.history.events`), which component became which
(`analysis.history.matching`), and at the end of each phase what components are like and what they could do if others
were ablated (their latent effects).

Events are about single components. A verdict weighs all of them, and counts what was latent at the fork. Effects are
exact at every checkpoint: none is screened out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import jax
import numpy as np
from jaxtyping import Float

from analysis.history.events import ComponentEvent, component_events
from analysis.history.fingerprints import FIGURES
from analysis.history.matching import Successor, successors
from analysis.history.trajectories import Trajectories, trajectories
from analysis.patching.checkpoint import FOUND_ALONE, PAIRS, CheckpointMeasurer
from curricula.world.contrasts import Role
from curricula.world.world import ROLES
from organisms.ensemble.config import RunConfig
from organisms.model.sites import components
from organisms.storage.loading import load, require_finished, secret_goals_of
from organisms.storage.manifest import Entry
from organisms.storage.run import Run

DIGITS = 4
"""decimals of what is written down for every checkpoint"""


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
class PhaseEndComponents:
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
    ends_of_phases: tuple[PhaseEndComponents, ...]
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
    pairs: int
    figures: tuple[str, ...]
    """names of the numbers in a fingerprint"""
    members: tuple[MemberHistory, ...]


LatentEffects = Mapping[Role, Float[np.ndarray, "member component"]]


def measure_history(run: Run, seed: int) -> HistoryResult:
    """The history of all organisms of a finished run. seed: of the pairs of scenes.

    Raises UserError where the run is not finished or is damaged.
    """
    config, entries = require_finished(run), run.entries()
    history = trajectories(run, config, entries, seed)
    ends = [n for n, (phase, following) in enumerate(pairwise(history.phases)) if phase != following]
    latent = {n: _latent_effects(run, config, entries[n], seed) for n in ends}
    return HistoryResult(
        tuple(history.steps),
        tuple(history.phases),
        PAIRS,
        tuple(FIGURES),
        tuple(_member_history(history, config, member, latent) for member in range(config.members)),
    )


def _member_history(
    history: Trajectories, config: RunConfig, member: int, latent: Mapping[int, LatentEffects]
) -> MemberHistory:
    """The history of one organism. latent: at the last checkpoint of each phase but the last."""
    names = components(config.organism)
    present = np.isfinite(history.nats[:, member, 0])  # an earlier attempt is another organism
    ends = [n for n in (*latent, len(history.steps) - 1) if present[n]]
    share, error = (effects[:, member].round(DIGITS) for effects in (history.share, history.error))
    nats = history.nats[:, member].round(DIGITS)
    return MemberHistory(
        int(history.steps[int(np.argmax(present))]),
        tuple(RoleHistory(role, share[:, n], error[:, n], nats[:, n]) for n, role in enumerate(ROLES)),
        tuple(component_events(history, names, member)),
        tuple(
            PhaseEndComponents(
                history.steps[n],
                history.phases[n],
                {role: effects[member].round(DIGITS) for role, effects in latent[n].items()}
                if n in latent
                else None,
                history.fingerprints[n, member].round(DIGITS),
            )
            for n in ends
        ),
        tuple(
            Succession(
                history.steps[start],
                history.steps[end],
                tuple(successors(history, names, member, start, end)),
            )
            for start, end in pairwise(ends)
        ),
    )


def _latent_effects(run: Run, config: RunConfig, entry: Entry, seed: int) -> LatentEffects:
    """Latent effects for either role: what a component adds once all that single patches find is patched."""
    secret_goals = secret_goals_of(run)
    with jax.default_matmul_precision("highest"):
        measurer = CheckpointMeasurer(load(run, config, entry), config, secret_goals, seed)
        return {role: latent_effects(measurer, role) for role in ROLES}


def latent_effects(measurer: CheckpointMeasurer, role: Role) -> Float[np.ndarray, "member component"]:
    """What each component adds for a role once all that single patches find is patched; 0 for those that are found."""
    nothing = np.zeros((measurer.members, measurer.component_count), bool)
    denoising, noising = (measurer.single_patches(role, way, nothing) for way in (False, True))
    by_patches = np.fmax(denoising, noising) > FOUND_ALONE
    return np.where(by_patches, 0.0, measurer.single_patches(role, True, by_patches))
