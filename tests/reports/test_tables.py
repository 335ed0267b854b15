"""Do tables hold what the findings hold, number for number?"""

import os

import pyarrow
import pytest
from findings import RANDOM, SIZES, acquired, synthetic, with_history
from pyarrow import parquet

from curricula.errors import SystemFailure, UserError
from reports import tables


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "deep" / "analysis"
    return {path.stem: tables.read(path).to_pylist() for path in tables.write(synthetic(), folder)}


def pick(rows, **wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_one_file_each(written):
    assert set(written) == {"behaviour", "effects", "circuits", "provenance", "learning"}


def test_effects_come_back_number_for_number(written):
    for finding in synthetic():
        for time, roles in finding["effects"].items():
            for role, variables in roles.items():
                for variable, effect in variables.items():
                    rows = pick(
                        written["effects"],
                        curriculum=finding["curriculum"],
                        phase=time,
                        role=role,
                        variable=variable,
                    )
                    size = len(finding["components"])
                    for side in ("value", "low", "high"):
                        values = [row[side] for row in rows]
                        assert [values[n : n + size] for n in range(0, len(values), size)] == effect[side]
                    assert [row["component"] for row in rows[:size]] == finding["components"]
                    assert {row["step"] for row in rows} == {500 if time == "fork" else 800}


def test_learning_comes_back_with_the_phase_of_each_step(written):
    finding = synthetic()[0]
    rows = pick(written["learning"], organism="shared-synthetic-0/3", role="self", metric="alone_secret")
    assert [row["step"] for row in rows] == finding["learning"]["step"]
    assert [row["value"] for row in rows] == [step[3] for step in finding["learning"]["self_alone_secret"]]
    assert rows[0]["value"] is None
    assert {row["step"]: row["phase"] for row in rows}[500] == "characters"
    assert {row["step"]: row["phase"] for row in rows}[525] == "intent"


def test_circuits_keep_their_curves_and_the_range_of_the_random_ones(written):
    circuit = synthetic()[1]["circuits"]["end self"]
    of = {"curriculum": "redundant", "phase": "end", "role": "self", "member": 2}
    curve = pick(written["circuits"], metric="faithfulness", **of)
    assert [row["value"] for row in curve] == circuit["faithfulness"][2]
    assert [row["n"] for row in curve] == list(range(SIZES))
    random = pick(written["circuits"], metric="random_faithfulness", n=7, **of)[0]
    drawn = [curve[7] for curve in circuit["null"][2]]
    assert len(drawn) == RANDOM
    assert (random["low"], random["high"]) == (min(drawn), max(drawn))
    assert random["low"] < random["value"] < random["high"]
    assert (
        pick(written["circuits"], metric="size", curriculum="honest", phase="end", role="self")[0]["value"]
        is None
    )


def test_sizes_are_those_that_the_finding_lists(tmp_path):
    finding = synthetic()[0]
    circuit = finding["circuits"]["end self"]
    circuit["sizes"] = [0, 1, 24]
    circuit["faithfulness"] = [[0.0, 0.5, 1.0]] * 5
    circuit["null"] = [[[0.0, 0.1, 1.0]]] * 5
    tables.write([finding], tmp_path)
    rows = tables.read(tmp_path / "circuits.parquet").to_pylist()
    assert {row["n"] for row in pick(rows, metric="faithfulness", phase="end", role="self")} == {0, 1, 24}


def test_provenance_and_behaviour_come_back(written):
    organism = synthetic()[1]["organisms"][1]
    rows = pick(written["provenance"], organism="redundant-synthetic-1/1")
    assert pick(rows, metric="verdict")[0]["variable"] == "repurposed"
    share = pick(rows, metric="share", variable="repurposed")[0]
    assert [share["value"], share["low"], share["high"]] == [
        organism["shares"]["repurposed"],
        *organism["intervals"]["repurposed"],
    ]
    assert pick(rows, metric="corroboration disagrees")[0]["variable"] == "cosine"
    computes = pick(rows, metric="computes another")[0]
    assert [computes[side] for side in ("value", "low", "high")] == [0.97, 0.95, 0.99]
    rows = pick(written["behaviour"], organism="redundant-synthetic-1/1", metric="alone_secret", role="self")
    assert {row["variable"]: row["value"] for row in rows} == {
        "trained": organism["behaviour"]["self_alone_secret"],
        "held_out_goals": organism["generalisation"]["held_out_goals"]["self_alone_secret"],
        "held_out_cues": organism["generalisation"]["held_out_cues"]["self_alone_secret"],
    }
    absent = pick(written["provenance"], curriculum="honest", metric="share")
    assert [row["value"] for row in absent] == [None] * 20


def test_steps_of_acquisition_come_back_run_by_run(tmp_path):
    """What never got there has no value, and what it was given as its least."""
    tables.write([acquired(synthetic()[0])], tmp_path)
    rows = tables.read(tmp_path / "provenance.parquet").to_pylist()
    rows = pick(rows, metric="acquisition steps", organism="shared-synthetic-0/3")
    found = [(row["variable"], row["value"], row["low"]) for row in rows]
    lesioned = [("lesioned", 95, 95), ("lesioned", None, 145)]
    assert found == [("intact", 30, 30), *lesioned, ("random", 35, 35), ("random", 30, 30), ("spare", 40, 40)]


def test_a_history_has_a_table_where_it_was_asked_for(tmp_path):
    """A row for every component, role and checkpoint with its interval, one for each gate, and one for each
    event with its dates."""
    shared, redundant, _ = synthetic()
    paths = tables.write([with_history(shared), redundant], tmp_path)
    assert [path.stem for path in paths][-1] == "ancestry"
    rows = tables.read(tmp_path / "ancestry.parquet").to_pylist()
    assert {row["curriculum"] for row in rows} == {"shared"}
    effects = pick(rows, metric="shapley", role="self", component=shared["components"][0], member=3)
    assert [(row["step"], row["phase"], row["value"]) for row in effects] == [
        (0, "characters", 0.0),
        (500, "characters", 0.0),
        (600, "intent", 0.3),
        (800, "intent", 0.3),
    ]
    assert effects[2]["low"] == pytest.approx(0.3 - 1.96 * 0.01)
    (event,) = pick(rows, metric="repurposed", member=3)
    wanted = ("component", "role", "variable", "step", "value", "low", "high")
    assert [event[name] for name in wanted] == [
        *(shared["components"][0], "self"),
        shared["components"][1],
        600,
        600,
        500,
        600,
    ]
    assert len(pick(rows, metric="gate nats", member=0)) == 8
    assert pick(rows, metric="repurposed", member=0) == []


def test_a_full_disk_is_a_failure_in_one_line_and_the_table_before_it_stays(tmp_path, monkeypatch):
    tables.write(synthetic()[:1], tmp_path)
    before = (tmp_path / "behaviour.parquet").read_bytes()

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        SystemFailure, match=r"could not write .*behaviour\.parquet: No space left on device"
    ) as caught:
        tables.write(synthetic(), tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "behaviour.parquet").read_bytes() == before
    assert list((tmp_path / ".partial").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemFailure, match="could not write"):
        tables.write(synthetic()[:1], tmp_path / "file" / "analysis")


def test_what_is_not_a_table_of_ours_is_a_fault(tmp_path):
    with pytest.raises(UserError, match="expected a Parquet table"):
        tables.read(tmp_path / "none.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(UserError, match="expected a Parquet table"):
        tables.read(tmp_path / "torn.parquet")
    parquet.write_table(pyarrow.table({"other": [1]}), tmp_path / "other.parquet")
    with pytest.raises(UserError, match="got other"):
        tables.read(tmp_path / "other.parquet")
