"""Are handles measured of a run where they are asked for, with their rows and their section?"""

import json

import numpy as np
import pytest

from analysis.findings import gather_findings
from analysis.handles.locations import LOCATION_KINDS
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS
from analysis.handles.results import HandleResult
from analysis.patching.circuits import LEAST_NATS
from analysis.patching.results import CircuitsResult, EffectsResult
from curricula.typed_json import read_json, write_json
from experiments.measurements.handle import HandleMeasurement
from experiments.measurements.measuring import opened_for_measuring
from experiments.measurements.registry import registered_measurements
from reports.page import Page, render_page

pytestmark = pytest.mark.usefixtures("programs_of_commands")


@pytest.fixture(scope="module")
def handled(tiny_run, findings):
    """The handles of *shared*'s two organisms, whose self reuses the characters' mechanism."""
    opened = opened_for_measuring(tiny_run, 1)
    result = HandleMeasurement().measure(opened, findings)
    return findings.with_result(result)


def test_it_is_made_only_where_it_is_asked_for():
    (measurement,) = [each for each in registered_measurements() if each.name == "handle"]
    assert measurement.optional
    assert measurement.flags(None) == "--measure handle"


def test_every_handle_of_every_member_is_there(handled):
    result = handled[HandleResult]
    assert len(result.members) == 2
    for handles in result.members:
        assert [(each.maker, each.kind) for each in handles.lesions] == [
            (maker, kind) for maker in HANDLE_MAKERS for kind in LOCATION_KINDS
        ]
        assert len(handles.probes) == 2 * len(CHARACTER_MAKERS)
        assert [each.maker for each in handles.steering] == list(HANDLE_MAKERS)


def test_a_self_that_reuses_is_held_by_what_characters_end_with(handled):
    """By its location and by its direction; what is located on self itself takes all."""
    for handles in handled[HandleResult].members:
        assert handles.lesion("self", "core").share > 0.8
        assert handles.lesion("end", "core").share > 0.5
        assert handles.steered("end").within > 0.5
        assert handles.steered("end").moved > 0.5
        assert abs(handles.steered("end").random_moved) < 0.3
        assert handles.probe("end").reading.self_auroc > 0.95


def test_a_scene_is_read_token_by_token(handled, world):
    (reading,) = handled[HandleResult].readings
    assert len(reading.words) == len(reading.from_characters) == len(reading.from_self) == world.positions
    assert len(reading.alone) == len(reading.by_self) == world.moments
    assert all(0 <= score <= 1 for score in (*reading.from_characters, *reading.from_self))
    assert any(reading.by_self)
    assert "Self" in " ".join(reading.sentences)


def test_rows_and_section_say_what_was_measured(handled):
    measurement = HandleMeasurement()
    rows = list(measurement.rows(handled))
    taken = {(row.member, row.variable): row.value for row in rows if row.metric == "gate taken"}
    for member, handles in enumerate(handled[HandleResult].members):
        assert taken[member, "core from fork"] == handles.lesion("fork", "core").share
    section = measurement.section([handled])
    page = render_page(Page("Handles", "", ["<b>"], [section]))
    assert "characters at the fork" in page
    assert page.count("<svg") == 1
    assert measurement.section([gather_findings(handled.run)]) is None


def test_it_comes_back_from_the_cache_as_it_was(handled):
    text = json.dumps(write_json(handled[HandleResult]), allow_nan=False)
    same = read_json(HandleResult, json.loads(text), "handle")
    assert json.dumps(write_json(same), allow_nan=False) == text


def test_an_untrained_organism_has_no_gate_to_take(tiny_run, findings):
    """Its probes are read all the same."""
    opened = opened_for_measuring(tiny_run, 1, null="untrained")
    names = {each.result: each for each in registered_measurements()}
    results = gather_findings(opened.info)
    for kind in (EffectsResult, CircuitsResult):
        results = results.with_result(names[kind].measure(opened, results))
    assert results[EffectsResult].require("end", "self").total_nats.max() < LEAST_NATS
    for handles in HandleMeasurement().measure(opened, results).members:
        assert all(lesion.line is None for lesion in handles.lesions)
        assert np.isnan([steering.moved for steering in handles.steering]).all()
        assert abs(handles.steered("end").moved_nats) < LEAST_NATS
