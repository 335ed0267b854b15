"""Are shares, behaviour and what was inherited read of the right role, where self is taught before characters?"""

from dataclasses import replace

import numpy as np
import pytest
from run_findings import synthetic_run
from studies import settings_of

from analysis.findings import gather_findings
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.results import CircuitsResult, EffectsResult, VariableEffects
from analysis.provenance.shares import provenance_shares
from analysis.provenance.spare import SpareResult
from curricula.catalogue.building_blocks import WORLDS
from curricula.world.world import ROLES
from experiments.measurements.measuring import calibrated
from experiments.measurements.patching import circuits as circuits_measurement
from experiments.measurements.patching.circuits import CircuitsMeasurement
from experiments.measurements.patching.provenance import as_in_usual_order, share_inputs
from experiments.measurements.protocol import MeasuredRun, measured_entries
from experiments.studies.self_first.arms import SELF_FIRST_ARMS, SelfFirstArm, self_first_config
from organisms.ensemble.config import named_config
from organisms.model.config import ORGANISMS
from organisms.storage.manifest import Entry
from organisms.training.behaviour import BEHAVIOURS

SELF_FIRST = ROLES[1], ROLES[0]
COMPONENTS, PAIRS = 4, 6
FINDINGS = synthetic_run("shared", ["reused"] * 2, {0: 1.0}, {0: 1.0}, 0)
INFO = FINDINGS.run


def effects_in_places(places):
    def effects(checkpoint, role, variable, values):
        nothing, totals = np.zeros((1, COMPONENTS)), np.full((1, PAIRS), 4.0)
        pairs = np.tile(values, (1, PAIRS, 1))
        return VariableEffects(
            checkpoint, role, variable, nothing, nothing, nothing, totals.mean(1), pairs, totals
        )

    watched = [effects(*key, "watched", 4 * np.eye(COMPONENTS)[place]) for key, place in places.items()]
    idle = [effects(*key, "idle", np.zeros(COMPONENTS)) for key in places]
    return EffectsResult(tuple(watched), tuple(idle))


def shares_of(places, role_order):
    spare = SpareResult((None,), np.zeros((1, PAIRS, COMPONENTS)), np.zeros(1))
    (inputs,) = share_inputs(gather_findings(INFO, effects_in_places(places), spare), role_order)
    return provenance_shares(inputs)


@pytest.mark.parametrize(
    ("of_self", "of_characters", "exchanged", "usual"),
    [
        ((0, 0), (3, 0), "reused", "migrated"),
        ((0, 2), (0, 0), "repurposed", "second copy"),
        ((2, 1), (1, 1), "migrated", "reused"),
        ((0, 0), (1, 2), "second copy", "second copy"),
    ],
)
def test_characters_gate_is_divided_by_what_served_self(of_self, of_characters, exchanged, usual):
    """Components in which either role's effect sits, at the fork and at the end; in the usual order the same effects give
    another cell."""
    places = {("fork", "self"): of_self[0], ("end", "self"): of_self[1]}
    places |= {("fork", "character"): of_characters[0], ("end", "character"): of_characters[1]}
    assert shares_of(places, SELF_FIRST)[exchanged] == pytest.approx(1)
    assert shares_of(places, ROLES)[usual] == pytest.approx(1)


def test_what_the_later_role_does_is_called_self_s():
    rates = {name: float(n) for n, name in enumerate(BEHAVIOURS)}
    assert as_in_usual_order(rates, ROLES) == rates
    exchanged = as_in_usual_order(rates, SELF_FIRST)
    assert exchanged["self_alone_secret"] == rates["character_alone_secret"]
    assert exchanged["character_watched_professed"] == rates["self_watched_professed"]
    assert as_in_usual_order(exchanged, SELF_FIRST) == rates


def test_circuits_are_of_the_first_role_at_the_fork(monkeypatch):
    """Measured in a run whose fork and end only name themselves."""
    template, calls = FINDINGS[CircuitsResult].circuits[0], []

    def record(*call):
        calls.append(call)
        return replace(template, checkpoint=call[0], role=call[1])

    monkeypatch.setattr(circuits_measurement, "circuits_record", record)
    run = object.__new__(MeasuredRun)
    run.first_role, run.later_role = SELF_FIRST
    for name in ("fork", "end"):
        measurer = object.__new__(CheckpointMeasurer)
        measurer.circuits_of = lambda role, effects, name=name: (name, role)
        setattr(run, name, measurer)
    places = {(checkpoint, role): 0 for checkpoint in ("fork", "end") for role in ROLES}
    measured = CircuitsMeasurement().measure(run, gather_findings(INFO, effects_in_places(places)))
    assert calls == [
        ("fork", "self", ("fork", "self")),
        ("end", "self", ("end", "self")),
        ("end", "character", ("end", "character")),
    ]
    assert measured.find("fork", "self").role == "self"


def test_verdicts_are_not_calibrated_where_self_came_first():
    """At the size and in the world in which they were scored."""
    assert calibrated(named_config("shared", "cpu"))
    cpu = settings_of(scale="cpu", world=WORLDS["cpu"], organism=ORGANISMS["cpu"])
    assert not any(calibrated(self_first_config(cpu, arm, 0)) for arm in SELF_FIRST_ARMS)


def test_the_fork_is_the_checkpoint_before_the_later_role():
    config = self_first_config(settings_of(), SelfFirstArm("scheming"), 0)
    entries = [
        Entry(step, phase, 0, "", "", {})
        for step, phase in ((0, "self"), (200, "self"), (400, "characters"), (1000, "characters"))
    ]
    assert measured_entries(config, entries, None, "character") == (entries[1], entries[-1])
    assert measured_entries(config, entries, None) == (entries[0], entries[-1])
    usual = named_config("shared", "tiny")
    in_order = [replace(entries[0], phase="characters"), replace(entries[-1], phase="intent")]
    assert measured_entries(usual, in_order, None, usual.curriculum.role_order[1]) == tuple(in_order)
