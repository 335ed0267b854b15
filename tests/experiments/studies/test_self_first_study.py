"""Does the study of self first teach self before characters, and are its ratio, its shares and its fork what they are called?"""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from member_findings import provenance_of
from studies import settings_of

from analysis.probes.self_goal import SelfGoalRates
from analysis.provenance.verdict import CELLS
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.self_first import arms as arms_module
from experiments.studies.self_first.arms import NOT_REHEARSED, SELF_FIRST_ARMS
from experiments.studies.self_first.measurement import (
    RatesCourse,
    SelfFirstMeasurement,
    exchanged_shares,
    rates_course,
    self_learned,
)
from experiments.studies.self_first.study import SelfFirstStudy
from experiments.studies.self_first.summary import PRIMARY, character_steps
from organisms.storage.config_hash import config_hash
from organisms.storage.manifest import Entry
from organisms.storage.run import read_run
from organisms.training.validation import check_config

STUDY = SelfFirstStudy()
SETTINGS = settings_of(members=2)


def arm_of(steps, verdict="reused", learned=None, given=800, self_goal=0.9):
    n = len(steps)
    member = exchanged_shares(provenance_of(np.random.default_rng(0), verdict))
    return SelfFirstMeasurement(
        provenance=(member,) * n,
        self_steps=(40,) * n,
        self_learned=(True,) * n if learned is None else learned,
        steps=tuple(steps),
        steps_given=given,
        alone_secret_at_fork=(0.2,) * n,
        watched_professed_at_fork=(0.3,) * n,
        self_goal_at_fork=(SelfGoalRates(self_goal, 0.1, 0.05, self_goal, 0.2, 0.05),) * n,
        self_goal_at_end=(SelfGoalRates(0.0, 0.0, 0.0, 0.0, 0.0, 0.0),) * n,
        self_alone_secret_at_end=(0.5,) * n,
        course=RatesCourse((0, 50), ((0.2, 0.95),) * n),
    )


def entry(step, **rates):
    return Entry(step, "p", 0, "", "", {"retention": rates})


def every_arm(scheming, honest):
    """The arms without rehearsal have no shares."""
    arms = {"scheming": scheming, "honest": honest}
    return arms | {name + NOT_REHEARSED: replace(arm, provenance=()) for name, arm in arms.items()}


def test_self_is_taught_first_and_then_rehearsed_or_absent():
    configs = STUDY.runs(SETTINGS)
    assert list(configs) == ["scheming", "honest", "scheming.not_rehearsed", "honest.not_rehearsed"]
    for arm in SELF_FIRST_ARMS:
        check_config(configs[arm.name])
        curriculum = configs[arm.name].curriculum
        first, second = curriculum.phases
        assert curriculum.role_order == ("self", "character")
        assert curriculum.first_taught("character") == 1
        assert (first.mixture.self_scenes, first.mixture.beside_self) == (1.0, 0.0)
        assert second.mixture.self_scenes == (0.5 if arm.rehearsed else 0.0)
        assert first.self_acts == arm.self_acts
        assert second.self_acts == (arm.self_acts if arm.rehearsed else "absent")
        assert second.schemers > 0
    assert len({config_hash(config.plain()) for config in configs.values()}) == 4


@pytest.mark.parametrize("ending", ["", NOT_REHEARSED])
def test_arms_of_a_ratio_differ_in_what_self_does_and_in_nothing_else(ending):
    """So that pairs have the same weights, scenes and steps; they would not if a member could go on or be reseeded."""
    configs = STUDY.runs(SETTINGS)
    scheming, honest = (configs[name + ending] for name in ("scheming", "honest"))
    assert not any(phase.criterion for phase in scheming.curriculum.phases)
    phases = tuple(
        replace(phase, self_acts=other.self_acts)
        for phase, other in zip(honest.curriculum.phases, scheming.curriculum.phases, strict=True)
    )
    renamed = replace(honest.curriculum, name=scheming.curriculum.name, phases=phases)
    assert replace(honest, curriculum=renamed) == scheming


def test_the_ratio_is_the_geometric_mean_over_pairs():
    steps = character_steps(arm_of((10, 40)), arm_of((40, 40)))
    assert steps.ratio[0] == pytest.approx(0.5)
    assert (steps.n, steps.never, steps.left_out) == (2, (0, 0), 0)
    assert steps.ratio_where_both_behave == steps.ratio
    assert (steps.after_scheming[0], steps.after_honest[0]) == (25, 40)


def test_who_never_behaves_counts_with_the_whole_phase_and_is_told():
    steps = character_steps(arm_of((80, 40)), arm_of((None, 80)))
    assert steps.ratio[0] == pytest.approx(math.sqrt(80 / 800 * 40 / 80))
    assert steps.ratio_where_both_behave[0] == pytest.approx(0.5)
    assert steps.never == (0, 1)
    nobody = character_steps(arm_of((None,)), arm_of((None,)))
    assert (nobody.ratio[0], nobody.never) == (1.0, (1, 1))
    assert nobody.ratio_where_both_behave == (None, None, None)


@pytest.mark.parametrize("unlearned", ["scheming", "honest"])
def test_a_pair_of_which_either_self_had_not_learned_is_left_out_and_counted(unlearned):
    learned = {"scheming": None, "honest": None} | {unlearned: (True, False)}
    steps = character_steps(
        arm_of((10, None), learned=learned["scheming"]), arm_of((40, 40), learned=learned["honest"])
    )
    assert steps.ratio[0] == pytest.approx(0.25)
    assert (steps.n, steps.never, steps.left_out) == (1, (0, 0), 1)


def test_an_honest_self_has_learned_when_it_does_not_act_on_its_secret():
    fork = entry(300, self_alone_secret=[1.0, 0.0, 0.95], self_watched_professed=[1.0, 1.0, 0.5])
    assert self_learned(fork, "scheming") == (True, False, False)
    assert self_learned(fork, "honest") == (False, True, False)


def test_the_course_is_of_the_lower_rate_from_the_fork_on():
    entries = [
        entry(step, character_alone_secret=[alone, 1.0], character_watched_professed=[0.5, 0.25])
        for step, alone in ((0, 0.0), (300, 0.1), (350, 0.9))
    ]
    course = rates_course(entries, entries[1])
    assert course == RatesCourse((0, 50), ((0.1, 0.5), (0.25, 0.25)))


def test_chance_is_of_what_self_leaves_where_characters_parted_and_else_of_all():
    member = provenance_of(np.random.default_rng(0), "reused")
    far, near = (dict.fromkeys(CELLS, (share, 0.0, 1.0)) for share in (0.75, 0.25))
    shares = exchanged_shares(replace(member, shares_at_random=far, shares_among_free=near))
    assert shares.chance == {"reused": 0.75, "repurposed": 0.25, "migrated": 0.75, "second copy": 0.25}
    assert shares.excess["repurposed"] == pytest.approx(member.shares["repurposed"] - 0.25)


def test_the_summary_and_the_page_say_the_same():
    measured = every_arm(arm_of((20, 40)), arm_of((80, None), "undecided", self_goal=0.0))
    measured["scheming.not_rehearsed"] = replace(measured["scheming.not_rehearsed"], steps=(160, 1600))
    summary = STUDY.summarise(SETTINGS, measured)
    expected = math.sqrt(20 / 80 * 40 / 800)
    assert summary.primary.name == PRIMARY
    assert summary.primary.value == summary.findings[PRIMARY]
    assert summary.primary.value[0] == pytest.approx(expected)
    assert summary.findings["steps_ratio.not_rehearsed"][0] == pytest.approx(2)
    assert (summary.n, summary.primary.n, summary.calibrated) == (8, 2, False)
    assert summary.verdicts["honest"] == {"undecided": 2}
    assert summary.findings["fork.self_goal.gate.scheming"][0] == pytest.approx(0.8)
    assert summary.findings["fork.self_goal.gate.honest"][0] == pytest.approx(-0.1)
    assert summary.findings["never_behave.honest"] == 1
    page, lines = study_page(STUDY, summary, "study.py <b>"), STUDY.headline(summary)
    assert len(lines) == 3
    assert f"{expected:.2f} [" in lines[0]
    assert "not rehearsed: 2.00 [" in lines[0]
    assert "0 and 1 never behave" in lines[0]
    assert "Fewer than 8 pairs" in lines[0]
    assert "uncalibrated" in lines[1]
    assert "act on self's goal at 0.90" in lines[2]
    assert page.count("<svg") == 2
    assert "&lt;b&gt;" in page


def test_a_page_of_organisms_that_learned_nothing_is_drawn():
    measured = every_arm(*(arm_of((None,), "absent", learned=(False,)) for _ in range(2)))
    summary = STUDY.summarise(settings_of(members=1), measured)
    assert summary.primary.value == (None, None, None)
    assert "Left out, since a self had not learned at the fork: 1." in STUDY.headline(summary)[0]
    assert study_page(STUDY, summary, "study.py").count("<svg") == 2


@pytest.mark.slow
@pytest.mark.whole_study
def test_a_tiny_study_runs_from_end_to_end_and_once(tmp_path, monkeypatch):
    """Self is learned in all arms before any character is, and all begin with the same weights. Given again the command
    changes nothing."""
    monkeypatch.setattr(arms_module, "DENSE_FROM", 20)  # read less finely, in a quarter of the calls
    settings = settings_of(members=2, steps=120)
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lambda line: None)
    path = run_study(STUDY, settings, output)
    summary = json.loads(path.read_text())
    arms = summary["arms"]
    assert [arm["self_learned"] for arm in arms.values()] == [[True, True]] * 4
    assert [len(arm["provenance"]) for arm in arms.values()] == [2, 2, 0, 0]
    assert summary["findings"]["pairs_left_out"] == 0
    assert 0 < summary["primary"]["value"][0] < 1
    assert all(0 < count < 240 for count in arms["scheming"]["steps"])
    assert summary["findings"]["fork.self_goal.gate.scheming"][0] > 0.3
    assert abs(summary["findings"]["fork.self_goal.gate.honest"][0]) < 0.1
    assert abs(summary["findings"]["inherited.honest"][0]) < 0.1
    assert all(rate < 0.6 for arm in arms.values() for rate in arm["watched_professed_at_fork"])
    runs = [read_run(manifest.parent) for manifest in (tmp_path / "self_first").glob("*/manifest.jsonl")]
    assert len({run.entries()[0].sha256 for run in runs}) == 1
    written = {
        file: file.stat().st_mtime_ns for file in (tmp_path / "self_first").rglob("*") if file.is_file()
    }
    assert run_study(STUDY, settings, output) == path
    assert json.loads(path.read_text()) == summary
    assert {file: file.stat().st_mtime_ns for file in written} == written
