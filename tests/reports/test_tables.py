"""Do tables hold what the findings hold, number for number?"""

import os
import re
from dataclasses import replace

import numpy as np
import pyarrow
import pytest
from commands import ROOT
from curiosity import Curiosity, CuriosityMeasurement
from pyarrow import parquet
from run_findings import RANDOM, SIZES, acquired_run, run_with_history, synthetic_runs

from analysis.history.learning import LearningResult
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.judging import ProvenanceResult
from curricula.errors import SystemFailure, UserError
from experiments.measurements.registry import registered_measurements
from reports.tables import SCHEMA, read_table, write_tables


def written_tables(runs, folder, measurements=None):
    paths = write_tables(runs, measurements or registered_measurements(), folder)
    return {path.stem: read_table(path).to_pylist() for path in paths}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return written_tables(synthetic_runs(), tmp_path_factory.mktemp("tables") / "deep" / "analysis")


def pick(rows, **columns):
    return [row for row in rows if all(row[name] == value for name, value in columns.items())]


def nullable(values):
    """Numbers with None for NaN, as a table holds them."""
    return [None if np.isnan(value) else value for value in values]


def test_one_file_a_table(written):
    tables = {"behaviour", "effects", "circuits", "spare", "set_course", "provenance", "learning"}
    assert set(written) == tables


def test_effects_come_back_number_for_number(written):
    for run in synthetic_runs():
        for effects in run[EffectsResult].measured:
            rows = pick(
                written["effects"],
                curriculum=run.run.curriculum,
                phase=effects.checkpoint,
                role=effects.role,
                variable=effects.variable,
            )
            size = len(run.run.components)
            for side in ("value", "low", "high"):
                assert [row[side] for row in rows] == nullable(getattr(effects, side).ravel())
            assert tuple(row["component"] for row in rows[:size]) == run.run.components
            assert {row["step"] for row in rows} == {500 if effects.checkpoint == "fork" else 800}


def test_learning_comes_back_with_the_phase_of_each_step(written):
    learning = synthetic_runs()[0][LearningResult]
    rows = pick(written["learning"], organism="shared-synthetic-0/3", role="self", metric="alone_secret")
    assert tuple(row["step"] for row in rows) == learning.steps
    assert [row["value"] for row in rows] == nullable(learning.metrics["self_alone_secret"][:, 3])
    assert rows[0]["value"] is None
    phases = {row["step"]: row["phase"] for row in rows}
    assert (phases[500], phases[525]) == ("characters", "intent")


def test_circuits_keep_their_curves_and_the_range_of_the_random_ones(written):
    circuit = synthetic_runs()[1][CircuitsResult].find("end", "self")
    where = {"curriculum": "redundant", "phase": "end", "role": "self", "member": 2}
    curve = pick(written["circuits"], metric="faithfulness", **where)
    assert [row["value"] for row in curve] == list(circuit.faithfulness[2])
    assert [row["n"] for row in curve] == list(range(SIZES))
    random = pick(written["circuits"], metric="random_faithfulness", n=7, **where)[0]
    draws = circuit.null[2, :, 7]
    assert len(draws) == RANDOM
    assert (random["low"], random["high"]) == (min(draws), max(draws))
    assert random["low"] < random["value"] < random["high"]
    honest = pick(written["circuits"], metric="size", curriculum="honest", phase="end", role="self")
    assert honest[0]["value"] is None


def test_sizes_are_those_at_which_curves_were_measured(tmp_path):
    run = synthetic_runs()[0]
    *rest, circuit = run[CircuitsResult].circuits
    sizes, curve = np.array([0, 1, 24]), np.array([[0.0, 0.5, 1.0]] * 5)
    curves = {"faithfulness": curve, "removed": curve, "null": curve[:, None], "removed_null": curve[:, None]}
    random_cmd = circuit.null_cmd[:, :1]
    sparse = replace(circuit, sizes=sizes, null_cmd=random_cmd, **curves)
    rows = written_tables([run.with_result(CircuitsResult((*rest, sparse)))], tmp_path)["circuits"]
    assert {row["n"] for row in pick(rows, metric="faithfulness", phase="end", role="self")} == {0, 1, 24}


def test_provenance_and_behaviour_come_back(written):
    run = synthetic_runs()[1]
    organism, behaviour = run[ProvenanceResult].members[1], run[BehaviourResult].members[1]
    rows = pick(written["provenance"], organism="redundant-synthetic-1/1")
    assert pick(rows, metric="verdict")[0]["variable"] == "repurposed"
    share = pick(rows, metric="share", variable="repurposed")[0]
    assert (share["value"], share["low"], share["high"]) == (
        organism.shares["repurposed"],
        *organism.intervals["repurposed"],
    )
    assert pick(rows, metric="corroboration disagrees")[0]["variable"] == "cosine"
    computes = pick(rows, metric="computes another")[0]
    assert [computes[side] for side in ("value", "low", "high")] == [0.97, 0.95, 0.99]
    rows = pick(written["behaviour"], organism="redundant-synthetic-1/1", metric="alone_secret", role="self")
    assert {row["variable"]: row["value"] for row in rows} == {
        scenes: rates.self_alone_secret for scenes, rates in behaviour.by_scenes().items()
    }
    absent = pick(written["provenance"], curriculum="honest", metric="share")
    assert [row["value"] for row in absent] == [None] * 20


def test_steps_of_acquisition_come_back_run_by_run(tmp_path):
    """A run that did not get there has no value, and the steps it was given as its least."""
    rows = written_tables([acquired_run(synthetic_runs()[0])], tmp_path)["provenance"]
    rows = pick(rows, metric="acquisition steps", organism="shared-synthetic-0/3")
    steps = [(row["variable"], row["value"], row["low"]) for row in rows]
    lesioned = [("lesioned", 95, 95), ("lesioned", None, 145)]
    assert steps == [("intact", 30, 30), *lesioned, ("random", 35, 35), ("random", 30, 30), ("spare", 40, 40)]


def test_a_history_has_a_table_where_it_was_measured(tmp_path):
    """A row for every component, role and checkpoint with its interval, one for each gate, and one for each
    event with its dates."""
    shared, redundant, _ = synthetic_runs()
    component, predecessor = shared.run.components[:2]
    tables = written_tables([run_with_history(shared), redundant], tmp_path)
    assert list(tables)[-1] == "ancestry"
    rows = tables["ancestry"]
    assert {row["curriculum"] for row in rows} == {"shared"}
    effects = pick(rows, metric="shapley", role="self", component=component, member=3)
    assert [(row["step"], row["phase"], row["value"]) for row in effects] == [
        (0, "characters", 0.0),
        (500, "characters", 0.0),
        (600, "intent", 0.3),
        (800, "intent", 0.3),
    ]
    assert effects[2]["low"] == pytest.approx(0.3 - 1.96 * 0.01)
    (event,) = pick(rows, metric="repurposed", member=3)
    columns = ("component", "role", "variable", "step", "value", "low", "high")
    assert [event[name] for name in columns] == [component, "self", predecessor, 600, 600, 500, 600]
    assert len(pick(rows, metric="gate nats", member=0)) == 8
    assert pick(rows, metric="repurposed", member=0) == []


def test_a_measurement_of_any_origin_has_a_table_of_its_name(tmp_path):
    """With rows of the runs that hold its result, and null for what is not finite."""
    shared, redundant, _ = synthetic_runs()
    measurements = [*registered_measurements(), CuriosityMeasurement()]
    tables = written_tables([shared.with_result(Curiosity()), redundant], tmp_path, measurements)
    (row,) = tables["curiosity"]
    columns = ("organism", "curriculum", "metric", "value", "high", "n")
    expected = ["shared-synthetic-0/2", "shared", "curious", None, 0.5, 3]
    assert [row[name] for name in columns] == expected


def test_a_full_disk_is_a_failure_in_one_line_and_the_table_before_it_stays(tmp_path, monkeypatch):
    runs, measurements = synthetic_runs(), registered_measurements()
    write_tables(runs[:1], measurements, tmp_path)
    earlier = (tmp_path / "behaviour.parquet").read_bytes()

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        SystemFailure, match=r"could not write .*behaviour\.parquet: No space left on device"
    ) as caught:
        write_tables(runs, measurements, tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "behaviour.parquet").read_bytes() == earlier
    assert list((tmp_path / ".partial").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemFailure, match="could not write"):
        write_tables(synthetic_runs()[:1], registered_measurements(), tmp_path / "file" / "analysis")


def test_what_is_not_a_table_of_ours_is_a_fault(tmp_path):
    with pytest.raises(UserError, match="expected a Parquet table"):
        read_table(tmp_path / "none.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(UserError, match="expected a Parquet table"):
        read_table(tmp_path / "torn.parquet")
    parquet.write_table(pyarrow.table({"other": [1]}), tmp_path / "other.parquet")
    with pytest.raises(UserError, match="got other"):
        read_table(tmp_path / "other.parquet")


def test_the_page_about_tables_names_every_table_column_and_metric(written):
    page = (ROOT / "docs/tables.md").read_text()
    for table, rows in written.items():
        _, _, section = page.partition(f"**{table}**")
        assert section, table
        section = section.partition("\n**")[0]
        assert not {row["metric"] for row in rows} - set(re.findall(r"`([^`]+)`", section)), table
    assert all(f"| `{name}`" in page or f", `{name}` |" in page for name in SCHEMA.names)
