"""Is a slowdown what the steps say, and does the line speak where it can, and only there?"""

import json
import shutil

import numpy as np
import pytest
from scipy import stats

from analysis.relearning import acquisition
from analysis.relearning.finetune import CHUNK
from analysis.relearning.relearning import BUDGET, LANES, LIMIT
from curricula.errors import UserError
from experiments import compare
from organisms.storage import records
from organisms.training.config import named_config


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


@pytest.fixture(scope="module")
def acquired(tiny_run, findings):
    return records.plain(acquisition.add(tiny_run, records.plain(findings)))


def test_acquisition_adds_a_line_to_each_organism_and_changes_nothing_else(acquired, findings):
    told = json.loads(json.dumps(acquired, allow_nan=False))
    assert {name: told[name] for name in findings if name != "organisms"} == {
        name: value for name, value in records.plain(findings).items() if name != "organisms"
    }
    for organism, before in zip(told["organisms"], records.plain(findings)["organisms"], strict=True):
        line = organism["corroboration"].pop("acquisition")
        assert organism == before
        assert line["says"] in {"agrees", "disagrees", "silent"}
        assert list(line["steps"]) == ["intact", "lesioned", "random", "spare", "naive"]
        assert [len(line["steps"][arm]) for arm in ("intact", "lesioned", "random", "spare")] == [1, 2, 2, 1]
        assert line["steps"]["naive"] is None
        assert line["absent"] == {"naive": acquisition.NO_NAIVE}
        core = told["circuits"]["fork character"]["core"][organism["member"]]
        assert line["knocked_out"]["lesioned"] == [[told["components"][n] for n in sorted(core)]]
        for drawn in line["knocked_out"]["random"]:
            assert len(drawn) == len(core)
            assert set(drawn) != set(line["knocked_out"]["lesioned"][0])


def test_arms_keep_within_their_limits_and_what_is_whole_learns(acquired):
    for organism, spent in zip(acquired["organisms"], acquired["acquisition"]["organism_steps"], strict=True):
        line = organism["corroboration"]["acquisition"]
        assert spent <= BUDGET
        every = [steps for runs in line["steps"].values() for steps in runs or []]
        assert spent == sum(line["censored_at"] if steps is None else steps for steps in every)
        assert all(steps is None or 2 * CHUNK <= steps <= LIMIT for steps in every)
        assert line["steps"]["intact"][0] is not None


def test_without_the_characters_mechanism_the_intent_takes_longer(acquired):
    """In the organism whose gate was one head's; the other random head does not matter, and nor does what
    self came to use besides."""
    line = acquired["organisms"][0]["corroboration"]["acquisition"]
    assert len(line["knocked_out"]["lesioned"][0]) == 1
    assert line["value"] > line["low"] > line["null_high"]
    assert max(line["steps"]["random"]) < min(line["steps"]["lesioned"])
    assert line["says"] == "agrees"


def lanes(lesioned, random):
    """Steps of one organism's lanes, of which two arms matter."""
    of = {"lesioned": iter(lesioned), "random": iter(random)}
    return [next(of[lane.arm]) if lane.arm in of else 7.0 for lane in LANES]


def slowdown_of(*rows, given_up=150, comparable=True):
    steps = np.array([lanes(*row) for row in rows], float)
    return acquisition.slowdowns(steps, np.full(len(rows), given_up), np.full(len(rows), comparable))


def test_a_slowdown_is_a_ratio_of_geometric_means():
    """(40 * 160) over (20 * 80) is 2 squared; noise from two differences of log 4 each."""
    (found,) = slowdown_of(((40, 160), (20, 80)))
    wide = stats.t.ppf(0.975, 2) * np.log(4) / np.sqrt(2)
    assert found["value"] == pytest.approx(2)
    assert np.log([found["low"], found["high"]]) == pytest.approx(np.log(2) + np.array([-wide, wide]))
    assert found["null_high"] == pytest.approx(2)


def test_noise_is_pooled_over_organisms_and_never_less_than_the_reading():
    quiet, loud = slowdown_of(((50, 50), (50, 50)), ((100, 50), (50, 50)))
    pooled = np.log(2) ** 2 / 2 / 4
    assert np.log(quiet["high"]) == pytest.approx(stats.t.ppf(0.975, 4) * np.sqrt(pooled))
    assert loud["value"] == pytest.approx(np.sqrt(2))
    (still,) = slowdown_of(((50, 50), (50, 50)))
    assert np.log(still["high"]) == pytest.approx(stats.t.ppf(0.975, 2) * CHUNK / np.sqrt(12) / 50)
    assert still["null_high"] == acquisition.LEAST_SLOWDOWN


def test_what_never_got_there_bounds_the_slowdown_on_one_side():
    nan = float("nan")
    above, below, neither = slowdown_of(((100, nan), (50, 50)), ((50, 50), (nan, 50)), ((nan, 50), (nan, 50)))
    assert above["value"] == pytest.approx(np.sqrt(100 * 150) / 50)
    assert above["low"] < above["value"] < above["high"] == np.inf
    assert below["low"] == 0 < below["value"] < below["high"] < 1
    assert all(np.isnan(value) for value in neither.values())
    (unlike,) = slowdown_of(((100, 100), (50, 50)), comparable=False)
    assert all(np.isnan(value) for value in unlike.values())


def test_one_slow_random_draw_is_no_evidence_that_nothing_was_slowed():
    """Random arms of 20 and 80 steps, lesioned ones of 40 and 40, among organisms without noise: nothing can
    be told of this one."""
    loud, *quiet = slowdown_of(((40, 40), (20, 80)), *[((40, 40), (40, 40))] * 7)
    assert loud["high"] < loud["null_high"]
    assert [acquisition.says(verdict, loud) for verdict in ("reused", "second copy")] == ["silent", "silent"]
    assert {acquisition.says("reused", line) for line in quiet} <= {"silent", "disagrees"}


SLOWED, NOT_SLOWED, OPEN = (
    {"low": low, "high": high, "null_high": 1.25} for low, high in ((1.5, np.inf), (0.9, 1.1), (1.1, 1.4))
)


@pytest.mark.parametrize(
    ("verdict", "line", "expected"),
    [
        ("reused", SLOWED, "agrees"),
        ("repurposed", SLOWED, "agrees"),
        ("reused", NOT_SLOWED, "disagrees"),
        ("second copy", NOT_SLOWED, "agrees"),
        ("second copy", SLOWED, "silent"),
        ("migrated", SLOWED, "silent"),
        ("migrated", NOT_SLOWED, "agrees"),
        ("reused", OPEN, "silent"),
        ("mixed", SLOWED, "silent"),
        ("absent", SLOWED, "silent"),
        ("reused", dict.fromkeys(SLOWED, float("nan")), "silent"),
    ],
)
def test_a_slowdown_speaks_for_the_fork_and_never_against_a_copy(verdict, line, expected):
    assert acquisition.says(verdict, line) == expected


def test_arms_that_can_not_be_are_said_to_be_absent(findings, config):
    known = records.plain(findings)
    known["circuits"]["fork character"]["core"][0] = []
    known["effects"]["end"]["self"]["watched"]["value"][1] = [None] * len(known["components"])
    none, no_spare = (acquisition.ablated_arms(known, member, config.organism) for member in range(2))
    assert list(none[0]) == ["intact"]
    assert set(none[1]) == {"lesioned", "random", "spare", "naive"}
    assert list(no_spare[0]) == ["intact", "lesioned", "random"]
    assert no_spare[1]["spare"] == acquisition.NO_SPARE
    assert "naive" in acquisition.ablated_arms(known, 0, config.organism, naive=True)[0]


def test_the_spare_is_what_serves_self_beyond_characters(findings, config):
    known = records.plain(findings)
    size = len(known["components"])
    known["circuits"]["fork character"]["core"][0] = [1, 2]
    effects = known["effects"]["end"]
    effects["self"]["watched"]["value"][0] = (np.arange(size) == 4).astype(float) + 0.9 * (
        np.arange(size) == 1
    )
    effects["character"]["watched"]["value"][0] = (np.arange(size) == 1) - 0.1 * (np.arange(size) == 6)
    arms, _ = acquisition.ablated_arms(known, 0, config.organism)
    assert np.flatnonzero(arms["spare"][0]).tolist() == [4, 6]


def test_a_run_with_schemers_or_of_other_sizes_is_no_naive_one(tiny_run, config):
    with pytest.raises(UserError, match="expected no schemers before self is taught"):
        acquisition.require_naive(tiny_run, config)
    with pytest.raises(UserError, match="expected the world and the sizes"):
        acquisition.require_naive(tiny_run, named_config("shared", "cpu"))


def test_acquisition_is_measured_where_it_is_asked_for_and_absent(tiny_run, findings, tmp_path, monkeypatch):
    """And what was measured before is kept."""
    calls = []

    def survey(*of):
        calls.append("survey")
        return findings

    def add(run, known, naive):
        calls.append("add")
        return {**known, "acquisition": {"naive_sha256": None}}

    folder = tmp_path / "run"
    shutil.copytree(tiny_run.folder, folder)
    monkeypatch.setattr(compare, "survey", survey)
    monkeypatch.setattr(acquisition, "add", add)
    monkeypatch.setattr(compare.tables, "write", lambda *_: [])
    page = tmp_path / "page.html"
    page.write_text("")
    monkeypatch.setattr(compare.report, "build", lambda *_: page)
    for asked, expected in ((False, ["survey"]), (True, ["survey", "add"]), (True, ["survey", "add"])):
        compare.analyse_run(folder, acquire=asked)
        assert calls == expected
    assert compare.analyse_run(folder)["acquisition"] == {"naive_sha256": None}
    assert calls == ["survey", "add"]
    compare.analyse_run(folder, again=True, acquire=True)
    assert calls == ["survey", "add"] * 2
    with pytest.raises(UserError, match="add --acquisition"):
        compare.analyse_run(folder, naive=folder)
