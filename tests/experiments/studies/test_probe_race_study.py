"""Does the study of the probe race compare arms as it says, and go on where it was?"""

import json

import jax
import numpy as np
import pytest
from studies import settings_of

from analysis.race.course import METRICS
from curricula.errors import UserError
from curricula.pressures.race.act_probe import ActProbe
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.probe_race import study as study_module
from experiments.studies.probe_race.arms import (
    ARM_OF,
    FORK,
    RACE_ARMS,
    REFITS,
    WEIGHT,
    main_cell,
    race_phases,
)
from experiments.studies.probe_race.measurement import RaceCourse
from experiments.studies.probe_race.study import ProbeRaceStudy
from experiments.studies.probe_race.summary import PRIMARY
from experiments.studies.study import StudyRun
from organisms.ensemble.config import read_config
from organisms.storage.loading import load
from organisms.storage.run import read_run

STUDY = ProbeRaceStudy()
SETTINGS = settings_of(members=8, seed=3)
ORGANISMS = 8


def course_of(arm, misbehaviour, auroc, ratio=0.0, start=0.5):
    """An arm whose organisms come to this misbehaviour and this area of the stale probe in one step; ratio: natural
    logarithm of what the act explains of the score over the rest, by cell."""
    members = ORGANISMS * len(arm.cells)
    jitter = np.linspace(-0.01, 0.01, ORGANISMS).repeat(len(arm.cells))
    values = {name: np.full((3, members), 0.5) for name in METRICS}
    values["misbehaviour"] = np.stack([np.full(members, start), *[misbehaviour + jitter] * 2])
    values["stale_auroc"] = np.stack([np.ones(members), *[auroc + jitter] * 2])
    by_cell = np.exp(np.tile(np.resize(ratio, len(arm.cells)), ORGANISMS))
    values["between"], values["rest"] = np.tile(by_cell, (3, 1)), np.ones((3, members))
    return RaceCourse((0, 50, 100), "a" * 64, tuple(METRICS), np.stack([values[name] for name in METRICS]))


def as_predicted():
    """Reward selects and loss rotates; a worse probe, whose score the act explains less of, selects less."""
    courses = {FORK: None}
    for arm in RACE_ARMS:
        if arm.place == "none":
            courses[arm.name] = course_of(arm, 0.9, 0.99)
        elif arm.place.startswith("reward") or arm.place == "loss_frozen":
            ratio = np.linspace(-2, -1, len(arm.cells)) if arm.graded else 2.0
            lost = 0.1 if arm.graded else 0.7
            courses[arm.name] = course_of(arm, 0.9 - lost, 0.7 if arm.graded else 0.97, ratio)
        else:
            courses[arm.name] = course_of(arm, 0.88, 0.3, np.linspace(0, 1, len(arm.cells)))
    return courses


def test_where_reward_selects_and_loss_rotates_the_summary_says_so():
    summary = STUDY.summarise(SETTINGS, as_predicted())
    assert summary.primary.name == PRIMARY
    assert summary.primary.n == ORGANISMS
    value, low, _ = summary.primary.value
    assert value > 0.8
    assert low > 0.5
    reward, loss = (main_cell(ARM_OF[name]) for name in ("reward", "loss"))
    assert summary.findings[f"{reward}.selection"][0] > 0.95
    assert summary.findings[f"{loss}.selection"][0] < 0.1
    assert summary.findings[f"{reward}.end.misbehaviour"][0] == pytest.approx(0.2)
    assert summary.findings[f"{loss}.auroc_lost"][0] == pytest.approx(0.69)
    assert summary.findings["variance_slope.reward"][1] > 0.3
    assert len(summary.cells) == sum(len(arm.cells) for arm in RACE_ARMS)


def test_cells_are_copies_of_one_organism_in_the_order_of_their_settings():
    """The copies of an organism lie beside each other, as `organisms.storage.forking` has them."""
    courses = as_predicted()
    arm = ARM_OF["reward"]
    course = courses["reward"]
    course.metric("misbehaviour")[1:] = np.tile([0.1, 0.2, 0.3, 0.4], ORGANISMS)
    summary = STUDY.summarise(SETTINGS, courses)
    ends = [summary.findings[f"{cell}.end.misbehaviour"][0] for cell in arm.cells]
    np.testing.assert_allclose(ends, [0.1, 0.2, 0.3, 0.4])
    assert [arm.weight_of(cell) for cell in arm.cells] == list(arm.values)


def test_arms_that_began_with_other_organisms_are_refused():
    courses = as_predicted() | {"loss": course_of(ARM_OF["loss"], 0.9, 0.3, start=0.6)}
    with pytest.raises(UserError, match="begin with the same organisms"):
        STUDY.summarise(SETTINGS, courses)


def test_the_page_answers_in_three_lines_and_shows_the_race():
    summary = STUDY.summarise(SETTINGS, as_predicted())
    lines, page = STUDY.headline(summary), study_page(STUDY, summary, "study.py <b>")
    assert len(lines) == 3
    assert "misbehaviour is 0.9" in lines[0]
    assert "Fewer than" not in lines[2]
    assert page.count("<svg") == 3
    assert "&lt;b&gt;" in page
    assert main_cell(ARM_OF["loss"]) in page


def test_a_page_of_organisms_in_which_nothing_gave_way_is_drawn():
    courses = {
        name: None if course is None else course_of(ARM_OF[name], 0.9, 0.99)
        for name, course in as_predicted().items()
    }
    summary = STUDY.summarise(SETTINGS, courses)
    assert summary.primary.value == (None, None, None)
    assert summary.findings["loss_frozen.gave_way"] == 0
    study_page(STUDY, summary, "study.py")


def test_arms_differ_from_the_tempted_in_their_probe_alone():
    (*_, race) = SETTINGS.config("tempted").curriculum.phases
    for arm in RACE_ARMS:
        phases = race_phases(race, arm)
        assert sum(phase.steps for phase in phases) == race.steps
        assert len(phases) == (REFITS if arm.name.endswith("refitted") else 1)
        probe = phases[0].pressures[ActProbe]
        assert (probe.place, probe.site, probe.ensemble) == (
            arm.place,
            arm.site,
            arm.name.endswith("ensemble"),
        )
        assert probe.weight == (0 if arm.place == "none" else WEIGHT)
        assert len({phase.name for phase in phases}) == len(phases)


@pytest.mark.slow
@pytest.mark.whole_study
def test_a_tiny_study_goes_on_where_it_was(tmp_path, monkeypatch):
    """Three arms; killed while it measures the last, the same command ends it and given again changes
    nothing. All arms begin with the same organisms, whose acts a probe from self tells and one of random labels does not."""
    few = tuple(ARM_OF[name] for name in ("none", "reward", "loss"))
    monkeypatch.setattr(study_module, "RACE_ARMS", few)
    monkeypatch.setattr(study_module, "PROVENANCE_ARMS", ())
    measure = ProbeRaceStudy.measure

    def killed(self, run: StudyRun):
        if run.label == "loss":
            raise KeyboardInterrupt
        return measure(self, run)

    settings = settings_of(members=1, steps=8)
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lambda line: None)
    with monkeypatch.context() as patch:
        patch.setattr(ProbeRaceStudy, "measure", killed)
        with pytest.raises(KeyboardInterrupt):
            run_study(STUDY, settings, output)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("study-probe-race.json")}
    assert len(kept) == 2
    summary = json.loads(run_study(STUDY, settings, output).read_text())
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert json.loads(run_study(STUDY, settings, output).read_text()) == summary
    findings = summary["findings"]
    assert findings["start.fresh_self_auroc"][0] > 0.95
    assert findings["start.stale_auroc"][0] > 0.95
    assert 0.1 < findings["start.random_auroc"][0] < 0.9, "one organism; see tests of the course"
    runs = [read_run(manifest.parent) for manifest in tmp_path.rglob("manifest.jsonl")]
    starts = [
        jax.tree.leaves(load(run, read_config(run.config), run.entries()[0]))
        for run in runs
        if run.config["curriculum"]["name"] != FORK
    ]
    assert len(starts) == len(few)
    for start in starts:  # a row a setting of the arm, all of one organism
        for leaf, first in zip(start, starts[0], strict=True):
            np.testing.assert_array_equal(leaf, np.broadcast_to(first[:1], leaf.shape))
    logged = next(run for run in runs if run.config["curriculum"]["name"] == "race_none").metrics()[-1]
    assert {"act_probe/misbehaviour", "act_probe/score", "act_probe/stale_auroc"} <= set(logged)
