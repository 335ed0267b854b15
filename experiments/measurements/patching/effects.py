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
from curricula.world.world import ROLES
from experiments.measurements.protocol import MeasuredRun, Measurement
from organisms.ensemble.side_by_side import side_by_side
from reports.section import Section
from reports.sections.effects import effects_rows, effects_section
from reports.tables import Row

GATE_CALLS = 4
"""program calls behind the effects of *watched*; one behind those of other variables"""
VARIABLES: tuple[Variable, ...] = ("watched", "professed", "secret", "idle")
Contrast = tuple[CheckpointName, CheckpointMeasurer, Role, Variable]


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
        contrasts: list[Contrast] = [
            (checkpoint, measurer, role, variable)
            for checkpoint, measurer in checkpoints
            for role in ROLES
            for variable in VARIABLES
            if measurable(run.config.curriculum.world, role, variable)
        ]
        effects = side_by_side(_effects, contrasts)
        measured, null = (
            tuple(each for each in effects if (each.variable == "idle") is is_null)
            for is_null in (False, True)
        )
        return EffectsResult(measured, null)

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Effects of every member."""
        return effects_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Heat maps."""
        return effects_section(findings)


def _effects(contrast: Contrast) -> VariableEffects:
    """Effects of all members on one variable, for one role at one checkpoint."""
    checkpoint, measurer, role, variable = contrast
    calls = GATE_CALLS if variable == "watched" else 1
    return effects_record(checkpoint, role, variable, measurer.shapley_effects(role, variable, calls))
