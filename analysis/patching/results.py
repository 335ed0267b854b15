"""Results of patching: how are effects, single patches and circuits of a run written down?

Each result holds all members at the checkpoints *fork* (just before self was taught) and *end*. A number that
could not be measured is NaN. What they do *not* show stands beside what computes them:
`analysis.patching.shapley`, `analysis.patching.circuits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from analysis.patching.circuits import LEAST_NATS, Circuit
from analysis.patching.shapley import Contributions
from curricula.typed_json import CACHE_ONLY
from curricula.world.contrasts import Role, Variable

CheckpointName = Literal["fork", "end"]
EFFECT_BOOTSTRAPS = 200


@dataclass(frozen=True)
class VariableEffects:
    """Shapley effects of every component on one variable, for one role at one checkpoint, as fractions of
    patching everything. NaN where the variable moves the act by less than
    `analysis.patching.circuits.LEAST_NATS`."""

    checkpoint: CheckpointName
    role: Role
    variable: Variable
    value: Float[np.ndarray, "member component"]
    low: Float[np.ndarray, "member component"]
    """lower ends of 95 % intervals over pairs"""
    high: Float[np.ndarray, "member component"]
    total_nats: Float[np.ndarray, " member"]
    """mean over pairs of what patching everything does"""
    pair_nats: Float[np.ndarray, "member pair component"] = field(metadata=CACHE_ONLY)
    """what each component adds in each pair"""
    pair_total_nats: Float[np.ndarray, "member pair"] = field(metadata=CACHE_ONLY)

    def contributions(self) -> list[Contributions]:
        """Contributions pair by pair of each member."""
        return [
            Contributions(*of_member) for of_member in zip(self.pair_nats, self.pair_total_nats, strict=True)
        ]


@dataclass(frozen=True)
class EffectsResult:
    """Effects of every component, by checkpoint, role and variable."""

    measured: tuple[VariableEffects, ...]
    null: tuple[VariableEffects, ...] = field(metadata=CACHE_ONLY)
    """effects where the cue that changed means nothing (the variable *idle*)"""

    def find(
        self, checkpoint: CheckpointName, role: Role, variable: Variable = "watched"
    ) -> VariableEffects | None:
        """Effects of one variable; None where it was not measured."""
        asked_for = checkpoint, role, variable
        every = (*self.measured, *self.null)
        return next((e for e in every if (e.checkpoint, e.role, e.variable) == asked_for), None)

    def require(
        self, checkpoint: CheckpointName, role: Role, variable: Variable = "watched"
    ) -> VariableEffects:
        """Effects of one variable. Raises KeyError where it was not measured."""
        effects = self.find(checkpoint, role, variable)
        if effects is None:
            raise KeyError(f"no effects of {variable} for {role} at the {checkpoint}")
        return effects


@dataclass(frozen=True)
class SinglePatches:
    """Effects of patching each component alone, as fractions of patching everything."""

    checkpoint: CheckpointName
    role: Role
    denoising: Float[np.ndarray, "member component"]
    noising: Float[np.ndarray, "member component"]


@dataclass(frozen=True)
class SinglePatchesResult:
    """The first look: single patches both ways."""

    patches: tuple[SinglePatches, ...]


@dataclass(frozen=True)
class RoleCircuits:
    """Circuits of all members for one role at one checkpoint; see `analysis.patching.circuits.Circuit`.
    Ratios to the total are NaN where the total is next to nothing."""

    checkpoint: CheckpointName
    role: Role
    sizes: Int[np.ndarray, " size"]
    """numbers of components at which curves were measured"""
    faithfulness: Float[np.ndarray, "member size"]
    null: Float[np.ndarray, "member random size"]
    """faithfulness of random circuits"""
    size: tuple[int | None, ...]
    """components in each member's circuit; None where there is none"""
    cmd: Float[np.ndarray, " member"]
    null_cmd: Float[np.ndarray, "member random"]
    removed: Float[np.ndarray, "member size"]
    removed_null: Float[np.ndarray, "member random size"]
    completeness: Float[np.ndarray, " member"]
    found: tuple[bool, ...]
    replication_p: Float[np.ndarray, " member"]
    components: tuple[tuple[int, ...], ...]
    """each member's circuit, best component first; empty where there is none"""
    core: tuple[tuple[int, ...], ...]
    """components that can not be spared, best first"""
    total_nats: Float[np.ndarray, " member"]

    @property
    def name(self) -> str:
        """Checkpoint and role, as ``end self``."""
        return f"{self.checkpoint} {self.role}"

    def moves(self, member: int) -> bool:
        """Does being watched move the act of a member in this role?"""
        return bool(self.total_nats[member] > LEAST_NATS)

    def by_member(self) -> list[Circuit]:
        """The circuit of each member."""
        return [
            Circuit(
                self.sizes,
                self.faithfulness[member],
                self.null[member],
                self.removed[member],
                self.removed_null[member],
                float(self.cmd[member]),
                self.null_cmd[member],
                float(self.completeness[member]),
                np.asarray(self.components[member], int),
                np.asarray(self.core[member], int),
                self.found[member],
                float(self.replication_p[member]),
                float(self.total_nats[member]),
            )
            for member in range(len(self.found))
        ]


@dataclass(frozen=True)
class CircuitsResult:
    """Circuits of characters at the fork and at the end, and of self at the end."""

    circuits: tuple[RoleCircuits, ...]

    def find(self, checkpoint: CheckpointName, role: Role) -> RoleCircuits:
        """Circuits for one role at one checkpoint. Raises KeyError where they were not measured."""
        for circuits in self.circuits:
            if (circuits.checkpoint, circuits.role) == (checkpoint, role):
                return circuits
        raise KeyError(f"no circuits for {role} at the {checkpoint}")


def effects_record(
    checkpoint: CheckpointName, role: Role, variable: Variable, contributions: Sequence[Contributions]
) -> VariableEffects:
    """Effects with their 95 % intervals over resampled pairs, from the contributions of each member."""
    rng = np.random.default_rng(0)
    value, low, high = [], [], []
    for member_contributions in contributions:
        pairs = len(member_contributions.total)
        effect = member_contributions.effect()
        drawn = np.stack([rng.integers(0, pairs, pairs) for _ in range(EFFECT_BOOTSTRAPS)])
        draws = member_contributions.effect(drawn)
        strong = member_contributions.total.mean() > LEAST_NATS
        sides = (effect, *np.quantile(draws, [0.025, 0.975], axis=0))
        for column, side in zip((value, low, high), sides, strict=True):
            column.append(side if strong else np.full(len(effect), np.nan))
    totals = np.stack([of_member.total for of_member in contributions])
    return VariableEffects(
        checkpoint,
        role,
        variable,
        np.stack(value),
        np.stack(low),
        np.stack(high),
        totals.mean(1),
        np.stack([of_member.components for of_member in contributions]),
        totals,
    )


def circuits_record(checkpoint: CheckpointName, role: Role, circuits: Sequence[Circuit]) -> RoleCircuits:
    """Circuits of all members as one record."""
    strong = [circuit.total_nats > LEAST_NATS for circuit in circuits]

    def ratios(curves: Sequence[float | Float[np.ndarray, "..."]]) -> Float[np.ndarray, "member ..."]:
        pairs = zip(curves, strong, strict=True)
        return np.stack(
            [np.asarray(curve, float) + (0.0 if is_strong else np.nan) for curve, is_strong in pairs]
        )

    return RoleCircuits(
        checkpoint,
        role,
        circuits[0].sizes,
        ratios([circuit.faithfulness for circuit in circuits]),
        ratios([circuit.null for circuit in circuits]),
        tuple(len(circuit.members) if circuit.found else None for circuit in circuits),
        ratios([circuit.cmd for circuit in circuits]),
        ratios([circuit.null_cmd for circuit in circuits]),
        ratios([circuit.removed for circuit in circuits]),
        ratios([circuit.removed_null for circuit in circuits]),
        np.array([circuit.completeness for circuit in circuits], float),
        tuple(circuit.found for circuit in circuits),
        np.array([circuit.replication_p for circuit in circuits], float),
        tuple(tuple(circuit.members.tolist()) for circuit in circuits),
        tuple(tuple(circuit.core.tolist()) for circuit in circuits),
        np.array([circuit.total_nats for circuit in circuits], float),
    )
