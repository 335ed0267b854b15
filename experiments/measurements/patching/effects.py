"""Effects: how much of a variable's influence on the act does each component carry?

Shapley values by resample ablation, for either role at the fork and at the end. They do not show what a component
computes; see `analysis.patching.shapley`.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from analysis.findings import RunFindings
from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.patching.circuits import LEAST_NATS
from analysis.patching.results import (
    EFFECT_BOOTSTRAPS,
    CheckpointName,
    EffectsResult,
    VariableEffects,
    effects_record,
)
from curricula.world.contrasts import Role, Variable, measurable
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.effects import effects_rows, effects_section
from reports.tables import Row

GATE_CALLS = 4
"""program calls behind the effects of *watched*; one behind those of other variables"""
ROLES: tuple[Role, ...] = ("character", "self")
OTHER_VARIABLES: tuple[Variable, ...] = ("professed", "secret")


class EffectsMeasurement(Measurement[EffectsResult]):
    """Effects of every component on every variable that the world has."""

    name = "effects"
    result = EffectsResult
    settings = MappingProxyType(
        {
            "total_nats.least": LEAST_NATS,
            "pairs": PAIRS,
            "watched.calls": GATE_CALLS,
            "bootstraps": EFFECT_BOOTSTRAPS,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> EffectsResult:
        """Effects of all members."""
        checkpoints: tuple[tuple[CheckpointName, CheckpointMeasurer], ...] = (
            ("fork", run.fork),
            ("end", run.end),
        )
        measured: list[VariableEffects] = []
        null: list[VariableEffects] = []
        for checkpoint, measurer in checkpoints:
            for role in ROLES:
                measured += _effects(checkpoint, measurer, role)
                idle = measurer.shapley_effects(role, "idle")
                null.append(effects_record(checkpoint, role, "idle", idle))
        return EffectsResult(tuple(measured), tuple(null))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Effects of every member."""
        return effects_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Heat maps."""
        return effects_section(findings)


def _effects(
    checkpoint: CheckpointName, measurer: CheckpointMeasurer, role: Role
) -> Iterator[VariableEffects]:
    gate = measurer.shapley_effects(role, "watched", calls=GATE_CALLS)
    yield effects_record(checkpoint, role, "watched", gate)
    for variable in OTHER_VARIABLES:
        if measurable(measurer.world, role, variable):
            yield effects_record(checkpoint, role, variable, measurer.shapley_effects(role, variable))
