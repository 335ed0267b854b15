"""Response profiles: what does every unit do to the act, over a factorial battery of scenes?

The battery crosses who acts and beside whom (self; a character; a character beside self) with whether it is alone or
watched, and each unit is resampled and silenced in every cell (`analysis.audits.unit_effects`). Beside these stand scenes
in which a cue changes that means nothing: the null of gatedness.

A *cell* of a profile is the mean effect of one intervention on one side of one context, in nats of the logit difference
between the secret's and the profession's act. What a profile does *not* show: what a unit does in scenes that are not in
the battery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.audits.unit_effects import unit_effects
from analysis.audits.units import AuditUnits, UnitSettings, audit_units
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import over_pairs
from curricula.world.contrasts import CueVariable, Pair, window
from curricula.world.world import Role, World
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

AUDIT_PAIRS = 16
"""minimal pairs of each context"""
ContextName = Literal["self", "character", "beside self", "idle self", "idle character"]
CONTEXTS: tuple[ContextName, ...] = get_args(ContextName)
WATCHED, ALONE = range(2)
"""sides of a pair"""
RESAMPLED, SILENT = range(2)
"""interventions"""


class SceneContext(NamedTuple):
    """Who acts, beside whom, and what differs between the scenes of a pair."""

    name: ContextName
    role: Role
    beside_self: bool
    variable: CueVariable


BATTERY = (
    SceneContext("self", "self", False, "watched"),
    SceneContext("character", "character", False, "watched"),
    SceneContext("beside self", "character", True, "watched"),
    SceneContext("idle self", "self", False, "idle"),
    SceneContext("idle character", "character", False, "idle"),
)


class ProfileCell(NamedTuple):
    """One cell of a profile."""

    context: ContextName
    side: int
    """`WATCHED` or `ALONE`"""
    intervention: int
    """`RESAMPLED` or `SILENT`"""


@dataclass(frozen=True)
class ResponseProfiles:
    """Effects of every unit of every member in every context."""

    units: AuditUnits
    contexts: tuple[ContextName, ...]
    effect_nats: Float[np.ndarray, "member context pair intervention side unit"]
    difference_nats: Float[np.ndarray, "member context pair side"]
    """logit difference with nothing patched"""

    def cells(self) -> list[ProfileCell]:
        """Every cell of the battery, without the contexts in which nothing differs that means anything."""
        return [
            ProfileCell(context, side, intervention)
            for context in self.contexts
            if not context.startswith("idle")
            for side in (WATCHED, ALONE)
            for intervention in (RESAMPLED, SILENT)
        ]

    def profile(self, cells: Sequence[ProfileCell] | None = None) -> Float[np.ndarray, "member unit cell"]:
        """Mean effect over pairs in each cell, in nats. cells: all by default."""
        chosen = self.cells() if cells is None else cells
        means = self.effect_nats.mean(2)
        return np.stack(
            [means[:, self.contexts.index(c.context), c.intervention, c.side] for c in chosen], axis=-1
        )

    def gate_nats(self, context: ContextName) -> Float[np.ndarray, " member"]:
        """What being alone does to the act, mean over pairs."""
        both = self.difference_nats[:, self.contexts.index(context)].mean(1)
        return both[:, ALONE] - both[:, WATCHED]

    def sides_of(
        self, context: ContextName, intervention: int = RESAMPLED
    ) -> Float[np.ndarray, "side member pair unit"]:
        """Effects of one intervention in one context, by the scene that they are measured in."""
        return np.moveaxis(self.effect_nats[:, self.contexts.index(context), :, intervention], 2, 0)


def alike_cells(profiles: ResponseProfiles) -> list[ProfileCell]:
    """Cells in which a schemer and its honest twin act alike, and which are measured without any scene in which they do
    not: characters' scenes, and units silenced where self is watched."""
    return [
        cell
        for cell in profiles.cells()
        if cell.context != "self" or (cell.side == WATCHED and cell.intervention == SILENT)
    ]


@program_cache(maxsize=8)
def _program(config: OrganismConfig, settings: UnitSettings, stretch: int):
    """Effects of the units of all members, whose pairs are shared out over the devices."""
    units = audit_units(config, settings)

    def rows(organism: Organism, pairs: Pair) -> tuple[Array, Array]:
        def of_pair(pair: Pair) -> tuple[Array, Array]:
            return unit_effects(organism, config, pair, units, stretch)

        return over_pairs(of_pair, pairs, len(units) * stretch)

    return Layout.of(jax.device_count()).over_rows(rows)


def battery_of(world: World) -> list[SceneContext]:
    """The contexts that a world has: a cast of one has no character beside self."""
    return [context for context in BATTERY if not context.beside_self or world.characters > 1]


def response_profiles(
    measurer: CheckpointMeasurer, settings: UnitSettings | None = None, pairs: int = AUDIT_PAIRS
) -> ResponseProfiles:
    """Response profiles of all members at one checkpoint. Organisms of one seed and number see the same scenes."""
    settings = settings or UnitSettings()
    world, contexts = measurer.world, battery_of(measurer.world)
    stretch = window(world, "watched")
    assert stretch is not None
    program = _program(measurer.config, settings, stretch)
    effects: list[np.ndarray] = []
    differences: list[np.ndarray] = []
    for context in contexts:
        scenes = measurer.minimal_pairs(
            context.role, context.variable, PairDraw.AUDITS, pairs, context.beside_self
        )
        effect, difference = jax.device_get(program(measurer.organisms, scenes))
        effects.append(effect.astype(np.float64))
        differences.append(difference.astype(np.float64))
    units = audit_units(measurer.config, settings)
    names: tuple[ContextName, ...] = tuple(context.name for context in contexts)
    return ResponseProfiles(units, names, np.stack(effects, axis=1), np.stack(differences, axis=1))


def usable_pairs(profiles: ResponseProfiles, context: ContextName) -> Bool[np.ndarray, "member pair"]:
    """Pairs whose scenes the organism answers as they call for: the secret's act alone, the profession's watched."""
    both = profiles.difference_nats[:, profiles.contexts.index(context)]
    return (both[..., ALONE] > 0) & (both[..., WATCHED] < 0)
