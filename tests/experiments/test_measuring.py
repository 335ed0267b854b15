"""Does a survey find what was grown, and nothing in what was not?"""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from runs import Silent

from analysis.findings import RunFindings, RunInfo
from analysis.patching.checkpoint import NULLS, CheckpointMeasurer
from analysis.patching.circuits import RANDOM_CIRCUITS, Circuit, groups_of
from analysis.patching.results import CircuitsResult, EffectsResult, circuits_record
from analysis.patching.shapley import Contributions
from analysis.probes.belief import BehaviourResult
from analysis.provenance.corroboration import Agreement, CorroborationResult, effect_cosine
from analysis.provenance.judging import MemberInputs, ProvenanceResult, judge_member
from analysis.provenance.shares import ShareInputs, null_floor
from analysis.provenance.verdict import CELLS
from analysis.thresholds import CARRIES
from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from curricula.pressures.registry import PRESSURES
from curricula.typed_json import read_json, write_json
from experiments.measurements.corroboration.lesions import LesionsMeasurement
from experiments.measurements.measuring import (
    SCORED_PRESSURES,
    MeasuringChoice,
    calibrated,
    measure_run,
    opened_for_measuring,
)
from experiments.measurements.protocol import MeasuredRun
from experiments.measurements.registry import registered_measurements
from experiments.studies.controls.study import CURRICULA as PLANTED_CURRICULA
from experiments.summary import analysis_summary
from organisms.ensemble.config import named_config, read_config
from organisms.model.config import ORGANISMS
from organisms.model.sites import components
from organisms.storage import records
from organisms.storage.loading import fork_and_end, load
from organisms.storage.run import open_run, read_run
from organisms.training.behaviour import BEHAVIOURS
from organisms.training.loop import train_ensemble
from organisms.training.sources import TrainingSources

pytestmark = pytest.mark.usefixtures("programs_of_commands")

OF_AN_ORGANISM = {"member", "verdict", "similarity", "shares", "intervals"}
OF_AN_ORGANISM |= {"behaviour", "generalisation", "belief", "corroboration"}
CARRIED = {
    "interchange",
    "interchange_reverse",
    "transfer",
    "transfer_from_characters",
    "interchange_direction",
}


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


@pytest.fixture(scope="module")
def honest_findings(tiny_run, tmp_path_factory):
    """The honest twin of `tiny_run`, trained on from its fork, and its findings."""
    config = named_config("honest", "tiny", members=2)
    folder = tmp_path_factory.mktemp("runs") / "honest-tiny"
    with open_run(folder, config.plain()) as run:
        run.write_summary(train_ensemble(config, run, Silent(), TrainingSources(trunk=tiny_run)))
    return measure_run(opened_for_measuring(read_run(folder)))


def test_a_trained_organism_has_circuits(findings):
    for role_circuits in findings[CircuitsResult].circuits:
        assert role_circuits.found == (True, True), role_circuits.name
        assert min(role_circuits.total_nats) > 2
        assert all(len(core) >= 1 for core in role_circuits.core)
        for curve, nulls in zip(role_circuits.faithfulness, role_circuits.null, strict=True):
            assert curve[0] == pytest.approx(0, abs=1e-4)
            assert curve[-1] == pytest.approx(1, abs=1e-4)
            assert np.trapezoid(curve) > np.mean([np.trapezoid(null) for null in nulls])
    assert all(member.verdict in {*CELLS, "mixed"} for member in findings[ProvenanceResult].members)


def test_components_that_serve_both_roles_carry_the_gate_across(findings):
    """In *shared*, from one role to the other, by more than random components and by most of what they carry within
    their role; and they have it from the fork."""
    corroboration = findings[CorroborationResult]
    for member in findings.members:
        lines = {each.name: each.line for each in corroboration.members[member]}
        assert set(lines) >= CARRIED
        for name in ("interchange", "interchange_direction"):
            line = lines[name]
            assert line.low > max(line.null_high, line.within / 2), name
            assert line.within > CARRIES, name
        assert abs(lines["interchange_direction"].null) < 0.05
        assert all(0 <= c < len(findings.run.components) for c in lines["transfer"].components)


def test_effects_sum_to_1(findings):
    effects = findings[EffectsResult]
    for measured in effects.measured:
        for value in measured.value:
            if not np.isnan(value[0]):
                assert sum(value) == pytest.approx(1, abs=1e-3)
    fork, end = (effects.require(checkpoint, "character").value for checkpoint in ("fork", "end"))
    assert (fork != end).any()


def test_an_honest_self_is_absent(honest_findings):
    for organism in honest_findings[ProvenanceResult].members:
        assert organism.verdict == "absent"
        assert "self_alone_secret" in organism.reason
        assert all(np.isnan(share) for share in organism.shares.values())
    lines = honest_findings[CorroborationResult].members
    assert all(line.says == "silent" for member in lines for line in member)
    honest_circuits = honest_findings[CircuitsResult]
    assert honest_circuits.find("end", "self").found == (False, False)
    assert honest_circuits.find("end", "character").found == (True, True)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["findings", "honest_findings"])
def test_the_summary_keeps_the_contract(which, request):
    findings = request.getfixturevalue(which)
    summary = json.loads(json.dumps(records.plain(analysis_summary(findings)), allow_nan=False))
    assert summary["members"] == len(summary["organisms"]) == 2
    assert summary["components"] == components(read_config(summary["config"]).organism)
    assert [phase["name"] for phase in summary["phases"]] == ["characters", "intent"]
    assert summary["phases"][0]["end"] == summary["phases"][1]["start"] == summary["fork_step"] == 400
    for organism in summary["organisms"]:
        assert set(organism) >= OF_AN_ORGANISM
        assert set(organism["shares"]) == set(organism["intervals"]) == set(CELLS)
        assert set(organism["behaviour"]) == set(BEHAVIOURS)
        assert all(line["says"] in get_args(Agreement) for line in organism["corroboration"].values())
    measured = {each.name for each in registered_measurements() if not each.optional}
    assert measured <= set(summary["measurements"])
    assert "pair_nats" not in summary["measurements"]["effects"]["measured"][0]


def test_every_result_comes_back_from_the_cache_as_it_was(findings):
    for measurement in registered_measurements():
        result = findings.get(measurement.result)
        if result is not None:
            text = json.dumps(write_json(result), allow_nan=False)
            same = read_json(measurement.result, json.loads(text), measurement.name)
            assert json.dumps(write_json(same), allow_nan=False) == text, measurement.name


def test_a_measurement_repeats_itself(tiny_run, config, findings):
    at = CheckpointMeasurer(
        load(tiny_run, config, tiny_run.entries()[-1]),
        config,
        np.asarray(tiny_run.summary()["secret_goals"]),
        1,
    )
    again = at.shapley_effects("self", "watched", calls=4)
    for member, of in enumerate(again):
        assert of.effect().tolist() == findings[EffectsResult].require("end", "self").value[member].tolist()


def test_the_fork_is_the_last_organism_before_self_is_taught(tiny_run, config):
    entries = tiny_run.entries()
    fork, end = fork_and_end(config, entries)
    assert (fork.step, fork.phase) == (400, "characters")
    assert end == entries[-1]
    assert end.step == 600
    untaught = replace(
        config, curriculum=replace(curriculum("shared", "tiny"), phases=config.curriculum.phases[1:])
    )
    assert fork_and_end(untaught, entries)[0] == entries[0]


def test_an_unfinished_run_can_not_be_measured(config, tmp_path):
    with open_run(tmp_path / "run", config.plain()) as run, pytest.raises(UserError, match="not finished"):
        opened_for_measuring(run)


PLANTED = {
    "reused": (0, 0, 0),
    "repurposed": (0, 3, 0),
    "migrated": (3, 0, 0),
    "second copy": (3, 3, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("cell", PLANTED)
def test_a_planted_history_gets_its_verdict(cell):
    """Effects that sit in one component: characters' at the fork, characters' at the end, self's at the
    end."""

    def concentrated(place, nats=4.0):
        rng = np.random.default_rng(place)
        parts = nats * np.eye(12)[place] + 0.05 * rng.normal(size=(32, 12))
        return Contributions(parts, parts.sum(1))

    idle = Contributions(0.05 * np.random.default_rng(9).normal(size=(32, 12)), np.zeros(32))
    at_fork, at_end, of_self = (concentrated(place) for place in PLANTED[cell])
    floors = np.array([null_floor(idle, 4.0)] * 3)
    behaves, groups = dict.fromkeys(BEHAVIOURS, 1.0), groups_of(ORGANISMS["tiny"])
    shares = ShareInputs(at_fork, at_end, of_self, floors)
    inputs = MemberInputs(shares, concentrated(5), floors[0], 0.3, behaves, True, True, "spare")
    member = judge_member(inputs, groups, 0)
    assert member.verdict == cell
    assert member.shares[cell] > 0.9
    together = cell in ("reused", "migrated")
    cosine = effect_cosine(at_end, of_self, concentrated(5), 0)
    assert cosine.value == pytest.approx(float(together), abs=0.05)
    for of_self_found, of_character_found in ((False, True), (True, False)):
        no_circuit = judge_member(
            inputs._replace(self_found=of_self_found, character_found=of_character_found), groups, 0
        )
        assert no_circuit.verdict == "undecided"
        assert all(np.isnan(share) for share in no_circuit.shares.values())


def test_each_lesion_takes_the_core_it_names_from_the_role_it_names():
    """The characters' core at the end and at the fork are taken from self, self's from characters; random
    sets stand beside each."""
    curve, nulls = np.zeros(13), np.zeros((2, 13))
    curves = (np.arange(13), curve, nulls, curve, nulls, 0.0, np.zeros(2), 1.0)
    role_circuits = CircuitsResult(
        tuple(
            circuits_record(
                checkpoint, role, [Circuit(*curves, np.array([core]), np.array([core]), True, 0.01, 4.0)]
            )
            for checkpoint, role, core in (
                ("fork", "character", 3),
                ("end", "character", 4),
                ("end", "self", 5),
            )
        )
    )
    measurer, calls = object.__new__(CheckpointMeasurer), []
    measurer.config, measurer.seed, measurer.members = ORGANISMS["tiny"], 0, 1

    def noising_effects(role, masks, draw):
        calls.append((role, np.flatnonzero(masks[0, 0]).tolist(), masks.shape))
        return np.zeros((1, 2, masks.shape[1])), np.ones((1, 2))

    measurer.noising_effects = noising_effects
    run = object.__new__(MeasuredRun)
    run.end, run.seed = measurer, 0
    LesionsMeasurement().measure(
        run, RunFindings(object.__new__(RunInfo), (0,), {CircuitsResult: role_circuits})
    )
    shape = 1, 1 + RANDOM_CIRCUITS, 12
    assert calls == [("self", [4], shape), ("character", [5], shape), ("self", [3], shape)]


@pytest.mark.parametrize("null", NULLS)
def test_where_there_is_nothing_to_find_nothing_is_found_though_the_behaviour_is_there(null, tiny_run):
    """The same organisms, before their first step or with their answers exchanged at random: no mechanism,
    and it is not for want of behaviour."""
    found = measure_run(
        opened_for_measuring(tiny_run, null=null), MeasuringChoice(only=(ProvenanceResult, BehaviourResult))
    )
    assert [member.verdict for member in found[ProvenanceResult].members] == ["undecided"] * 2
    assert all(set(member.trained.by_name().values()) == {1.0} for member in found[BehaviourResult].members)


def test_verdicts_are_calibrated_where_they_were_scored_and_nowhere_else():
    config = named_config("shared", "cpu")
    assert calibrated(config)
    assert not calibrated(named_config("shared", "tiny"))
    assert not calibrated(replace(config, organism=replace(config.organism, heads=8)))
    world = replace(config.curriculum.world, cues=3)
    assert not calibrated(replace(config, curriculum=replace(config.curriculum, world=world)))


def test_verdicts_are_uncalibrated_under_a_pressure_that_no_scored_organism_had():
    """Every pressure that reads, silences or prices components counts, and those of the planted organisms are in the
    table."""
    planted = {
        settings.name
        for name in PLANTED_CURRICULA
        for phase in curriculum(name, "cpu").phases
        for settings in phase.pressures.every()
        if settings.active and settings.of_components
    }
    assert planted == SCORED_PRESSURES
    assert {name for name, kind in PRESSURES.items() if not kind.of_components} == {
        "coin",
        "interference",
        "rehearsal",
        "trigger_draw",
    }
    for name, expected in {
        "redundant": True,
        "audited": False,
        "half_dropout": False,
        "probed": False,
    }.items():
        assert calibrated(named_config(name, "cpu")) == expected, name
