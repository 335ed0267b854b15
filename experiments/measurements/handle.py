"""Handles: what do a location, a probe and a direction from text about characters do on self? Where it is asked for.

See `analysis.handles`: `locations`, `transfer_probe` and `steering` also tell what each does not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool
from threadpoolctl import threadpool_limits

from analysis.findings import RunFindings
from analysis.handles.locations import (
    STRONGEST_PART,
    LocationKind,
    LocationLesion,
    core_components,
    location_lesions,
    quarter_of_largest_effect,
    silent_cores,
)
from analysis.handles.makers import CHARACTER_MAKERS, CharacterMaker, HandleMaker
from analysis.handles.results import HandleResult, MemberHandles
from analysis.handles.split_scenes import HALVES_OF_TEXT, HANDLE_SCENES, SplitMoments, split_moments
from analysis.handles.steering import DRAWS_PER_DIRECTION, RANDOM_DIRECTIONS, steering_of
from analysis.handles.token_reading import TokenReading, token_reading
from analysis.handles.transfer_probe import (
    FALSE_POSITIVES,
    RANDOM_LABELS,
    READABLE,
    ProbeTransfer,
    RoleMoments,
    probe_transfer,
    site_data,
    site_name,
)
from analysis.patching.checkpoint import CURVE_PAIRS, PAIRS
from analysis.patching.circuits import LEAST_NATS, RANDOM_CIRCUITS
from analysis.patching.results import CheckpointName, CircuitsResult, EffectsResult
from analysis.probes.linear_probe import RIDGE, logistic_probe
from curricula.world.contrasts import Role
from experiments.measurements.protocol import MeasuredRun, Measurement
from organisms.model.sites import residual_sites
from reports.handles.section import handle_rows, handle_section
from reports.section import Section
from reports.tables import Row

MADE_FROM: tuple[tuple[HandleMaker, CheckpointName, Role], ...] = (
    ("fork", "fork", "character"),
    ("end", "end", "character"),
    ("self", "end", "self"),
)
"""checkpoint and role that each maker is"""
SHOWN_READINGS = 1
"""members of whom a scene is read token by token"""


class HandleMeasurement(Measurement[HandleResult]):
    """A location, a probe and a direction from characters, tried on self at the end."""

    name = "handle"
    result = HandleResult
    requires = (EffectsResult, CircuitsResult)
    optional = True
    settings = MappingProxyType(
        {
            "total_nats.least": LEAST_NATS,
            "strongest.part": STRONGEST_PART,
            "lesion.pairs": CURVE_PAIRS,
            "random_sets": RANDOM_CIRCUITS,
            "probe.scenes": HANDLE_SCENES,
            "probe.ridge": RIDGE,
            "probe.false_positives": FALSE_POSITIVES,
            "probe.random_labels": RANDOM_LABELS,
            "gap.self_auroc.least": READABLE,
            "direction.pairs": DRAWS_PER_DIRECTION * PAIRS,
            "direction.tested_on": PAIRS,
            "random_directions": RANDOM_DIRECTIONS,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> HandleResult:
        """The handles of all members."""
        lesions = located_lesions(run, results)
        with threadpool_limits(
            limits=1
        ):  # products are small: threads that wait for each other take 30 times as long
            probes, readings = read_probes(run)
        steering = steering_of(run.fork, run.end)
        members = zip(lesions, probes, steering, strict=True)
        return HandleResult(tuple(MemberHandles(*of_member) for of_member in members), readings)

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Every number of every member."""
        return handle_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """What each handle takes, and a scene."""
        return handle_section(findings)


def located_lesions(run: MeasuredRun, results: RunFindings) -> list[tuple[LocationLesion, ...]]:
    """What every location takes from each member's self."""
    effects, circuits = results[EffectsResult], results[CircuitsResult]
    self_effects = effects.require("end", "self").value
    by_location: list[list[LocationLesion]] = []
    for maker, checkpoint, role in MADE_FROM:
        measurer = run.fork if checkpoint == "fork" else run.end
        values = effects.require(checkpoint, role).value
        masks: dict[LocationKind, Bool[np.ndarray, "member component"]] = {
            "core": core_components(circuits.find(checkpoint, role).core, run.end.component_count),
            "silent core": silent_cores(measurer, role, values),
            "strongest": quarter_of_largest_effect(values),
        }
        by_location += [
            location_lesions(run.end, maker, kind, mask, self_effects) for kind, mask in masks.items()
        ]
    return list(zip(*by_location, strict=True))


def read_probes(run: MeasuredRun) -> tuple[list[tuple[ProbeTransfer, ...]], tuple[TokenReading, ...]]:
    """The probes of each member, and scenes of the first ones read token by token."""
    self_schemes = schemes_by_teaching(run)
    sites, members = residual_sites(run.config.organism.layers), range(run.config.members)
    of_self = _both_halves(run, "end", "self", self_schemes)
    transfers: list[tuple[ProbeTransfer, ...]] = [() for _ in members]
    readings: list[TokenReading] = []
    for maker in CHARACTER_MAKERS:
        characters = _both_halves(run, maker, "character", self_schemes)
        for member in members:
            made_from, read_on = (_member_moments(part, member) for part in (characters, of_self))
            transfers[member] += probe_transfer(maker, made_from, read_on, sites, run.seed + member)
            if maker == "end" and member < SHOWN_READINGS:
                at_actor = transfers[member][-2].site
                place = [site_name(site) for site in sites].index(at_actor)
                data = site_data(made_from, read_on, 0, place)
                probes = [logistic_probe(*part) for part in (data.characters, data.self_acting)]
                readings.append(token_reading(run.end, member, place, probes, self_schemes))
    return transfers, tuple(readings)


def schemes_by_teaching(run: MeasuredRun) -> bool:
    """Was self taught to scheme? An honest one is read in texts in which it is honest."""
    curriculum = run.config.curriculum
    return curriculum.phases[curriculum.fork].self_acts != "honest"


def _both_halves(
    run: MeasuredRun, checkpoint: CharacterMaker, role: Role, self_schemes: bool
) -> tuple[SplitMoments, ...]:
    """Moments [member, ...] of either half."""
    measurer = run.fork if checkpoint == "fork" else run.end
    return tuple(split_moments(measurer, role, half, self_schemes) for half in range(HALVES_OF_TEXT))


def _member_moments(halves: tuple[SplitMoments, ...], member: int) -> RoleMoments:
    return RoleMoments(*(half.of_member(member) for half in halves))
