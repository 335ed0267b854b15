"""Audit targets: which components would an auditor watch? Those that an analysis of the organisms finds as a phase
begins, or those that were named by hand.

The analysis finds the components that are strongest for the characters' gate by Shapley value, as many as
together carry the share of it that the pressure names. Or it finds one circuit that suffices
(`analysis.patching.pruning`), beside which another may exist.

They are what the analysis can see of the mechanism at that moment. Backup components that do nothing until these
are ablated are not among them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.pruning import sufficient_circuit
from analysis.patching.shapley import Contributions
from curricula.phases import Phase
from curricula.pressures.settings import Clamp, Monitor
from organisms.model.sites import components
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig
from organisms.training.step import Watched
from organisms.training.variation import phase_of

CALLS = 2
"""calls of the program that measures Shapley effects"""


class _Analysis(NamedTuple):
    """What is known of each member's components for characters, as a phase begins."""

    effects: list[Contributions]
    circuits: Bool[np.ndarray, "member component"]
    """one circuit that suffices; empty where no pressure needs it"""


def find_audit_targets(
    config: RunConfig, index: int, organisms: Organism, secret_goals: np.ndarray
) -> Watched:
    """The components that the pressures of phase ``index`` are about, of organisms [member, ...] as it begins."""
    phase = config.curriculum.phases[index]
    phases = [phase_of(member, index, phase, config.vary) for member in range(config.members)]
    monitors = [phase.pressures.monitor for phase in phases]
    clamps = [phase.pressures.clamp for phase in phases]
    analysis = None
    if any(map(needs_analysis, phases)):
        with jax.default_matmul_precision("highest"):
            measurer = CheckpointMeasurer(organisms, config, secret_goals, config.seed)
            analysis = _analysed(measurer, monitors)
    return Watched(_targets(config, monitors, analysis), _targets(config, clamps, analysis))


def _analysed(measurer: CheckpointMeasurer, monitors: Sequence[Monitor]) -> _Analysis:
    effects = measurer.shapley_effects("character", "watched", calls=CALLS)
    if any(monitor.finds == "circuit" for monitor in monitors):
        reach = np.array([monitor.reach for monitor in monitors])
        return _Analysis(effects, sufficient_circuit(measurer, reach))
    return _Analysis(effects, np.zeros((measurer.members, measurer.component_count), bool))


def _targets(
    config: RunConfig, pressures: Sequence[Monitor] | Sequence[Clamp], analysis: _Analysis | None
) -> Bool[np.ndarray, "member component"]:
    """The components that one pressure is about, a row a member, whose settings may vary."""
    rows = []
    for member, pressure in enumerate(pressures):
        if pressure.components or analysis is None:
            rows.append(components_named(config, pressure.components))
        elif isinstance(pressure, Monitor) and pressure.finds == "circuit":
            rows.append(analysis.circuits[member])
        else:
            rows.append(strongest_components(analysis.effects[member].effect(), pressure.reach))
    return np.stack(rows)


def needs_analysis(phase: Phase) -> bool:
    """Is a pressure of this phase about components that it does not name?"""
    monitor, clamp = phase.pressures.monitor, phase.pressures.clamp
    return (monitor.weight > 0 and not monitor.components) or (clamp.reach > 0 and not clamp.components)


def audit_target_errors(config: RunConfig) -> list[str]:
    """Reasons why the components that a run's pressures are about can not be found; a line each."""
    names, errors = components(config.organism), []
    audited = [(n, phase) for n, phase in enumerate(config.curriculum.phases) if phase.pressures.audited]
    for n, phase in audited:
        for kind in ("monitor", "clamp"):
            unknown = [name for name in getattr(phase.pressures, kind).components if name not in names]
            if unknown:
                expected = f"expected names from {names[0]} to {names[-1]}, got {', '.join(unknown)}"
                errors.append(f"phases.{n}.pressures.{kind}.components: {expected}")
    if audited and jax.process_count() > 1:
        errors.append(
            "monitor, clamp, exclusive: expected one process, since components are found between phases; leave out --distributed"
        )
    return errors


def strongest_components(
    effect: Float[np.ndarray, " component"], reach: float
) -> Bool[np.ndarray, " component"]:
    """The fewest components that carry at least the share ``reach`` of all positive effects together; none where
    there is no effect."""
    positive = np.nan_to_num(effect).clip(0)
    order = np.argsort(-positive, kind="stable")
    carried_by_stronger = np.cumsum(positive[order]) - positive[order]
    chosen = np.zeros(len(positive), bool)
    chosen[order] = (carried_by_stronger < reach * positive.sum() - 1e-9) & (positive[order] > 0)
    return chosen


def components_named(config: RunConfig, names: tuple[str, ...]) -> Bool[np.ndarray, " component"]:
    """The components of these names, which `audit_target_errors` has checked."""
    return np.isin(components(config.organism), np.array(names, str))
