"""What is measured of a run of the study *audits*: response profiles, gatedness, and whether its organisms are honest.

The profile of a unit is kept as means over pairs. What an audit makes of it is computed from several runs at once, an
organism's and its twins', when the study is summarised.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from analysis.audits.attribution import agreements, attributed_effects
from analysis.audits.gatedness import gatedness
from analysis.audits.honesty import taught_behaviour
from analysis.audits.profiles import (
    AUDIT_PAIRS,
    ResponseProfiles,
    alike_cells,
    response_profiles,
)
from analysis.audits.units import AuditUnits, Grain, UnitSettings, audit_units
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.planted_truth import planted_truth, read_truth
from analysis.thresholds import BEHAVES
from experiments.measurements.measuring import opened_for_measuring
from experiments.studies.audits.arms import COMPILED, NEVER_TRAINED, PLANTED, SCHEMERS
from experiments.studies.study import ANALYSIS_SEED, StudyRun
from organisms.model.config import OrganismConfig
from organisms.model.sites import component_mask
from organisms.storage.loading import load

UNITS = UnitSettings()
SCREENED_GRAINS: tuple[Grain, ...] = ("component", "neuron", "value path")
"""grains that one gradient has an estimate of"""


@dataclass(frozen=True)
class GatedUnits:
    """Gatedness of all units in scenes of one role; see `analysis.audits.gatedness.Gatedness`."""

    carried_nats: Float[np.ndarray, "member unit"]
    ratio: Float[np.ndarray, "member unit"]
    p: Float[np.ndarray, "member unit"]


@dataclass(frozen=True)
class ScreenedGrain:
    """How far attribution agrees with exact patches over the units of a grain, of each member."""

    grain: Grain
    rank_correlation: tuple[float, ...]
    recall: tuple[float, ...]


@dataclass(frozen=True)
class RunProfiles:
    """What was measured of the organisms of one run."""

    organism: OrganismConfig
    settings: UnitSettings
    profile_nats: Float[np.ndarray, "member unit cell"]
    in_alike_scenes: Bool[np.ndarray, " cell"]
    """cells of scenes in which a schemer and its twin act alike"""
    gate_nats: Float[np.ndarray, " member"]
    """what being alone does to self's act"""
    of_self: GatedUnits
    of_characters: GatedUnits
    behaves: tuple[bool, ...]
    """do self and characters do as a schemer is taught?"""
    honest: tuple[bool, ...]
    """does self act on what it professes, watched or alone, and do characters as taught?"""
    verdicts: tuple[str, ...]
    """of provenance; empty where they were not measured"""
    in_on_it: Bool[np.ndarray, "member unit"] | None
    """units in the lane, or the compiled gate, that was planted to serve self; None where nothing was planted"""
    took: tuple[bool, ...]
    """did planting take? empty where nothing was planted"""
    screened: tuple[ScreenedGrain, ...]

    @cached_property
    def units(self) -> AuditUnits:
        """The units that numbers are of."""
        return audit_units(self.organism, self.settings)

    @property
    def members(self) -> range:
        return range(len(self.gate_nats))


def run_profiles(run: StudyRun) -> RunProfiles:
    """What the study needs of a run, from its folder where it was measured before."""
    settings = {
        "seed": ANALYSIS_SEED,
        "pairs": AUDIT_PAIRS,
        "units": asdict(UNITS),
        "behaves": BEHAVES,
        "label": "first" if run.label == NEVER_TRAINED else "last",
    }
    name = "audits_untrained" if run.label == NEVER_TRAINED else "audits"
    is_schemer = run.label in [arm.name for arm in SCHEMERS]
    # Before the run is locked: verdicts are measurements of their own.
    verdicts = _verdicts(run) if is_schemer else ()
    return run.measured_once(
        name, RunProfiles, {**settings, "verdicts": verdicts}, lambda: _measured(run, verdicts)
    )


def _verdicts(run: StudyRun) -> tuple[str, ...]:
    members = run.findings_of(ProvenanceResult)[ProvenanceResult].members
    return tuple(member.verdict for member in members)


def _measured(run: StudyRun, verdicts: tuple[str, ...]) -> RunProfiles:
    opened = opened_for_measuring(run.run, ANALYSIS_SEED)
    measurer = opened.end
    if run.label == NEVER_TRAINED:
        untrained = load(run.run, run.config, run.run.entries()[0])
        measurer = CheckpointMeasurer(untrained, run.config, opened.secret_goals, ANALYSIS_SEED)
    profiles = response_profiles(measurer, UNITS)
    cells, chosen_cells = profiles.cells(), alike_cells(profiles)
    in_on_it, took = _planted(run, profiles.units)
    behaves, honest = taught_behaviour(run.run.entries()[-1], profiles)
    if run.label == NEVER_TRAINED:
        behaves = honest = np.zeros(len(behaves), bool)
    return RunProfiles(
        run.config.organism,
        UNITS,
        profiles.profile(cells),
        np.array([cell in chosen_cells for cell in cells]),
        profiles.gate_nats("self"),
        _gated(profiles, "self"),
        _gated(profiles, "character"),
        tuple(behaves.tolist()),
        tuple(honest.tolist()),
        verdicts,
        in_on_it,
        took,
        _screened(measurer, profiles) if verdicts else (),
    )


def _gated(profiles: ResponseProfiles, role: str) -> GatedUnits:
    of_units = gatedness(profiles, "self" if role == "self" else "character")
    return GatedUnits(of_units.carried_nats, of_units.ratio(), of_units.p)


def _planted(
    run: StudyRun, units: AuditUnits
) -> tuple[Bool[np.ndarray, "member unit"] | None, tuple[bool, ...]]:
    """Units in the lane that serves self by construction, and whether planting took."""
    if run.label not in [arm.name for arm in (*PLANTED, *COMPILED)]:
        return None, ()
    record = read_truth(run.folder)
    truth = planted_truth(record)
    serves_both = truth.truth == "reused"
    if "nodes" in record:
        serving = [gate_components(units.config, nodes, serves_both) for nodes in record["nodes"]]
    else:
        lanes = [component_mask(units.config, sorted(names)) for names in truth.lane_a]
        serving = [lane if serves_both else ~lane for lane in lanes]
    return np.stack([units.inside(mask) for mask in serving]), truth.planting_took


def gate_components(
    organism: OrganismConfig, nodes: Mapping[str, str], serves_both: bool
) -> Bool[np.ndarray, " component"]:
    """The components of self's gate in a compiled organism whose routes have no node in common. nodes: component of each
    node; the nodes of a route end with its number, which is 0 where one route serves both roles, and else 1 of self's."""
    ending = "_0" if serves_both else "_1"
    return component_mask(organism, sorted({place for name, place in nodes.items() if name.endswith(ending)}))


def _screened(measurer: CheckpointMeasurer, profiles: ResponseProfiles) -> tuple[ScreenedGrain, ...]:
    """Agreement of attribution with exact patches in self's scenes."""
    estimated = attributed_effects(measurer, "self", UNITS, AUDIT_PAIRS)
    screened: list[ScreenedGrain] = []
    for grain in SCREENED_GRAINS:
        members = agreements(profiles, estimated, "self", profiles.units.of_grain(grain))
        correlations = tuple(member.rank_correlation for member in members)
        screened.append(ScreenedGrain(grain, correlations, tuple(member.recall for member in members)))
    return tuple(screened)
