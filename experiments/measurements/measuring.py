"""Measuring a run: every registered measurement in turn, from the cache where it is valid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.findings import PhaseSpan, ReseededMembers, RunFindings, RunInfo, gather_findings
from analysis.patching.checkpoint import Null
from analysis.provenance.corroboration import corroborate
from analysis.provenance.judging import ProvenanceResult
from analysis.thresholds import SCORED_AT
from curricula.catalogue.building_blocks import WORLDS
from curricula.world.scratchpad import require_no_scratchpad
from curricula.world.world import ROLES
from experiments.measurements.cache import ResultCache
from experiments.measurements.making import make_side_by_side
from experiments.measurements.protocol import MeasuredRun, Measurement, RoleOrder, measured_entries
from experiments.measurements.registry import registered_measurements
from organisms.ensemble.config import RunConfig
from organisms.ensemble.variation import settings_of
from organisms.model.config import ORGANISMS
from organisms.model.sites import components
from organisms.storage.loading import require_finished
from organisms.storage.manifest import Entry
from organisms.storage.run import Run
from organisms.training.run_summary import prolonged_phases

SCORED_PRESSURES = frozenset({"component_dropout", "masking", "routing"})
"""pressures on components that planted organisms had whose verdicts were scored"""


@dataclass(frozen=True)
class MeasuringChoice:
    """Which measurements are made of a run."""

    optional: frozenset[str] = frozenset()
    """names of optional measurements that are asked for; those that are cached come along"""
    only: tuple[type, ...] = ()
    """results that are needed: these, and those that they require; all where empty"""
    again: bool = False
    """measure even what is cached, save for optional measurements that are not asked for"""

    def wants(self, measurement: Measurement[Any]) -> bool:
        """Is a measurement made where there is no result of it yet?"""
        return not measurement.optional or measurement.name in self.optional


def measure_run(
    run: MeasuredRun,
    choice: MeasuringChoice | None = None,
    cache: ResultCache | None = None,
    log: Callable[[str], None] = lambda text: None,
) -> RunFindings:
    """The findings of a finished run, in full float32 whatever the device, save where a measurement declines it.

    cache: where results are looked up and kept; none for a null. log: gets a line for each optional measurement that
    is made.
    """
    choice = choice or MeasuringChoice()
    chosen = chosen_measurements(choice)
    inputs = {measurement.name: measurement.inputs(run) for measurement in chosen}
    results: dict[str, object] = {}
    for measurement in chosen:
        if cache is None or (choice.again and choice.wants(measurement)):
            continue
        if (result := cache.read(measurement, inputs[measurement.name])) is not None:
            results[measurement.name] = result
    to_be_made = [each for each in chosen if each.name not in results and choice.wants(each)]
    for measurement in to_be_made:
        if measurement.optional:
            log(f"{run.run.folder.name}: measuring {measurement.name}")
    given = gather_findings(run.info, *results.values())
    for measurement, result in make_side_by_side(to_be_made, run, given):
        results[measurement.name] = result
        if cache is not None:
            cache.write(measurement, inputs[measurement.name], result)
    measured = [measurement for measurement in chosen if measurement.name in results]
    findings = gather_findings(run.info, *(results[measurement.name] for measurement in measured))
    return with_corroboration(findings, measured)


def cached_findings(run: MeasuredRun, choice: MeasuringChoice, cache: ResultCache) -> RunFindings | None:
    """The findings of a run if all that is asked for is cached, else None."""
    findings = gather_findings(run.info)
    measured: list[Measurement[Any]] = []
    for measurement in chosen_measurements(choice):
        result = cache.read(measurement, measurement.inputs(run))
        if result is not None:
            findings = findings.with_result(result)
            measured.append(measurement)
        elif choice.wants(measurement):
            return None
    return with_corroboration(findings, measured)


def with_corroboration(findings: RunFindings, measured: Sequence[Measurement[Any]]) -> RunFindings:
    """The findings with what every line of evidence says of every verdict; unchanged where there are no verdicts."""
    provenance = findings.get(ProvenanceResult)
    if provenance is None:
        return findings
    evidence = [line for measurement in measured for line in measurement.evidence(findings)]
    return findings.with_result(corroborate(evidence, [member.verdict for member in provenance.members]))


def chosen_measurements(choice: MeasuringChoice) -> list[Measurement[Any]]:
    """The registered measurements that a choice asks for, in the order in which they are made."""
    registered = registered_measurements()
    if not choice.only:
        return list(registered)
    needed = set(choice.only)
    for measurement in reversed(registered):
        if measurement.result in needed:
            needed |= set(measurement.requires)
    return [measurement for measurement in registered if measurement.result in needed]


def opened_for_measuring(
    run: Run,
    seed: int = 1,
    null: Null | None = None,
    naive: Run | None = None,
    role_order: RoleOrder = ROLES,
) -> MeasuredRun:
    """A finished run, ready to be measured.

    seed: of the scenes that are measured and of all resampling. null: measure what has nothing to find in it. naive:
    see `analysis.relearning.acquisition`. role_order: see `MeasuredRun`.
    Raises UserError where the run is not finished or is damaged; its fork and its end are checked by their hashes, also
    where all that is asked for was measured before.
    """
    config = require_finished(run)
    require_no_scratchpad(config.curriculum.world, "the analysis of a run")
    info = run_info(run, config, seed, null, role_order)
    for entry in measured_entries(config, run.entries(), null, role_order[1]):
        run.parameters(entry, names=())
    return MeasuredRun(run, info, null, naive, role_order)


def run_info(
    run: Run, config: RunConfig, seed: int, null: Null | None = None, role_order: RoleOrder = ROLES
) -> RunInfo:
    """Which run is analysed, and how; without the command, which the caller knows."""
    entries, trained = run.entries(), run.summary()
    fork, end = measured_entries(config, entries, null, role_order[1])
    reseeded = trained["reseeded"]
    return RunInfo(
        run=run.folder.resolve().name,
        curriculum=config.curriculum.name,
        command="",
        config=config,
        members=config.members,
        seed=config.seed,
        analysis_seed=seed,
        reseeded=ReseededMembers(
            tuple(int(count) for count in np.atleast_1d(reseeded["attempts"])),
            reseeded["count"],
            reseeded["failed"],
            prolonged_phases(trained),
        ),
        calibrated=calibrated(config),
        phases=phase_spans(config, entries),
        fork_step=fork.step,
        end_step=end.step,
        end_sha256=entries[-1].sha256,
        components=tuple(components(config.organism)),
        layers=config.organism.layers,
        heads=config.organism.heads,
        neuron_blocks=config.organism.neuron_blocks,
        settings=tuple(settings_of(member, config.vary) for member in range(config.members)),
    )


def phase_spans(config: RunConfig, entries: Sequence[Entry]) -> tuple[PhaseSpan, ...]:
    """Where each phase begins and ends, in steps of the run."""
    spans: list[PhaseSpan] = []
    start = 0
    for phase in config.curriculum.phases:
        end = max((entry.step for entry in entries if entry.phase == phase.name), default=start)
        spans.append(PhaseSpan(phase.name, start, end))
        start = end
    return tuple(spans)


def calibrated(config: RunConfig) -> bool:
    """Were verdicts scored on planted organisms of this size in this world, under every pressure on components that these
    had, and who were taught characters first?"""
    pressures = {
        settings.name
        for index in range(len(config.curriculum.phases))
        for phase in config.member_phases(index)
        for settings in phase.pressures.every()
        if settings.active and settings.of_components
    }
    is_of_size = (config.curriculum.world, config.organism) == (WORLDS[SCORED_AT], ORGANISMS[SCORED_AT])
    is_in_order = bool(config.parent) or config.curriculum.role_order == ROLES
    return is_of_size and is_in_order and pressures <= SCORED_PRESSURES
