"""Story of one organism: what each component did for either role from the fork on, and what became of it.

Effects are exact Shapley values at every checkpoint from the fork to the end, as shares of the gate at the
end. What became of a component is put in a few words from its shares at the fork and at the end. Words are
about single components: a verdict weighs all of them, and counts what was latent at the fork.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float

from analysis.patching.checkpoint import CheckpointMeasurer
from curricula.world.contrasts import Role
from curricula.world.world import ROLES
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.storage.loading import fork_and_end, load, require_finished, secret_goals_of
from organisms.storage.manifest import Entry
from organisms.storage.run import Run

MATTERS = 0.05
"""an effect of this share of the gate counts"""


@dataclass(frozen=True)
class ComponentStory:
    """What became of one component between the fork and the end. Effects are shares of the gate at the
    end."""

    component: str
    character_at_fork: float
    character_at_end: float
    self_at_end: float
    left_characters_at: int | None
    """step at which its effect for characters was half lost; None where it was not lost"""
    came_to_self_at: int | None
    """step at which its effect for self was half there; None where it did not come"""
    in_words: str


@dataclass(frozen=True)
class OrganismStory:
    """Effects of all components of one organism, from its fork to its end."""

    run: str
    member: int
    components: tuple[str, ...]
    monitored: tuple[str, ...]
    """components that an auditor monitored while self was taught"""
    steps: tuple[int, ...]
    """of the checkpoints"""
    effects: Mapping[Role, Float[np.ndarray, "checkpoint component"]]
    """shares of the gate at the end"""
    gate_nats: Mapping[Role, Float[np.ndarray, " checkpoint"]]
    stories: tuple[ComponentStory, ...]
    """of the components that matter at the fork or at the end"""


def organism_story(run: Run, member: int, seed: int = 1) -> OrganismStory:
    """The story of one organism of a finished run. seed: of the pairs, which are the same at every
    checkpoint."""
    config = require_finished(run)
    fork, _ = fork_and_end(config, run.entries())
    entries = [entry for entry in run.entries() if entry.step >= fork.step]
    secret_goals = secret_goals_of(run)[member : member + 1]
    effects: dict[Role, list[np.ndarray]] = {role: [] for role in ROLES}
    gates: dict[Role, list[float]] = {role: [] for role in ROLES}
    with jax.default_matmul_precision("highest"):
        for entry in entries:
            organism = jax.tree.map(lambda leaf: leaf[None], pick(load(run, config, entry), member))
            measurer = CheckpointMeasurer(organism, config, secret_goals, seed)
            for role in ROLES:
                contributions = measurer.shapley_effects(role, "watched")[0]
                effects[role].append(contributions.components.mean(0))
                gates[role].append(float(contributions.total.mean()))
    # Of the gate at the end, since at the fork there may be next to none: shares of that would be noise.
    shares: dict[Role, np.ndarray] = {
        role: np.array(effects[role], float) / gates[role][-1] for role in ROLES
    }
    names, steps = components(config.organism), [entry.step for entry in entries]
    return OrganismStory(
        run.folder.resolve().name,
        member,
        tuple(names),
        monitored_components(run.entries()[-1], member),
        tuple(steps),
        shares,
        {role: np.array(gates[role]) for role in ROLES},
        tuple(component_stories(names, steps, shares)),
    )


def monitored_components(entry: Entry, member: int) -> tuple[str, ...]:
    """The components of a member that an auditor monitored, as the checkpoint's line of the manifest has them."""
    by_member = entry.extra.get("pressures", {}).get("monitor")
    return tuple(by_member[member]) if by_member else ()


def component_stories(
    names: Sequence[str],
    steps: Sequence[int],
    effects: Mapping[Role, Float[np.ndarray, "checkpoint component"]],
) -> list[ComponentStory]:
    """What became of each component that matters at the fork or at the end."""
    stories = []
    for n, name in enumerate(names):
        for_characters, for_self = effects["character"][:, n], effects["self"][:, n]
        start, end, self_end = float(for_characters[0]), float(for_characters[-1]), float(for_self[-1])
        if max(start, end, self_end) < MATTERS:
            continue
        leaves, comes = start - end >= MATTERS, self_end - for_self[0] >= MATTERS
        stories.append(
            ComponentStory(
                name,
                start,
                end,
                self_end,
                _half_way(steps, for_characters) if leaves else None,
                _half_way(steps, for_self) if comes else None,
                _in_words(start, end, self_end),
            )
        )
    return stories


def _in_words(start: float, end: float, self_end: float) -> str:
    """What became of a component that did `start` for characters at the fork, and `end` at the end."""
    if self_end < MATTERS:
        return "serves characters alone" if end >= MATTERS else "lost"
    if start < MATTERS:
        return "new, for self" if end < MATTERS else "new, for both"
    return "left characters for self" if end < MATTERS or end < start / 2 else "serves both"


def _half_way(steps: Sequence[int], effect: Float[np.ndarray, " checkpoint"]) -> int:
    """The first checkpoint at which an effect is at least half way from its first value to its last."""
    first, last = effect[0], effect[-1]
    progress = (effect - first) / (last - first) if last != first else np.ones_like(effect)
    return int(steps[int(np.flatnonzero(progress >= 0.5)[0])])
