"""Does the study of scratchpads count what it claims to count, and can a reader trust its page?"""

import json
from dataclasses import replace

import numpy as np
import pytest
from studies import settings_of

from analysis.scratchpads.credit import CreditFigures
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.scratchpads import arms as arms_module
from experiments.studies.scratchpads.arms import (
    DISTILLED,
    HONEST_RATES,
    HONEST_TRAININGS,
    NO_PAD,
    ON_ACTS,
    PAD,
    honest_config,
    pad_arms,
)
from experiments.studies.scratchpads.measurement import HonestCourses, InstalledArm, PadRates, RateCourse
from experiments.studies.scratchpads.study import ScratchpadsStudy
from experiments.studies.scratchpads.summary import PRIMARY_OUTLIVES
from organisms.model.config import OrganismConfig
from organisms.storage.run import read_run
from organisms.training.validation import check_config

STUDY = ScratchpadsStudy()
MEMBERS = 8
SETTINGS = settings_of(members=MEMBERS)
CLOCK = (0.0, 4.0, 8.0, 12.0)
SMALL = OrganismConfig(layers=1, heads=2, width=8, neurons=16, neuron_blocks=2)
ONES = (1.0,) * MEMBERS
LIVES = {"none": 3.0, "scratchpad": 2.0, "distilled": 6.0, "plain": 3.0}


def rates(defection=ONES):
    return PadRates(defection, ONES, ONES, ONES, ONES)


def figures(excess, agreement=0.5):
    return CreditFigures(float(np.exp(excess)) * 0.2, 0.2, agreement, agreement)


def installed(arm, lives, defection=ONES):
    credit = {name: tuple(figures(-min(life, 20.0)) for life in lives) for name in HONEST_TRAININGS}
    return InstalledArm(arm.arm, arm.width, 1, rates(defection), (3,) * MEMBERS, credit)


def courses(arm, training, lives):
    """Defection falls from 1 to 0.5 by each organism's life, and on to 0; never, of one whose life is infinite."""
    clock = np.asarray(CLOCK)[:, None]
    fallen = np.where(np.isinf(lives), 1.0, np.maximum(0, 1 - 0.5 * clock / np.minimum(lives, 100)))
    rows = tuple(RateCourse(rate, CLOCK, fallen, np.zeros_like(fallen), rates()) for rate in HONEST_RATES)
    return HonestCourses(arm.arm, arm.width, training, rows, (0.9,) * MEMBERS * len(HONEST_RATES), 1000.0)


def measured(lives_of=LIVES, defection=ONES):
    found = {}
    for arm in pad_arms(SETTINGS):
        lives = lives_of[arm.arm] + 0.1 * np.arange(MEMBERS) + 0.3 * np.log2(arm.width)
        found[arm.label] = installed(arm, lives, defection)
        for training in HONEST_TRAININGS:
            found[arm.honest_label(training)] = courses(arm, training, lives)
    return found


@pytest.fixture(scope="module")
def summary():
    return STUDY.summarise(SETTINGS, measured())


def test_the_primary_endpoint_is_who_outlives_whom_over_pairs_of_all_widths(summary):
    assert (summary.primary.name, summary.primary.value) == (PRIMARY_OUTLIVES, (1.0, 1.0, 1.0))
    assert summary.primary.n == 4 * MEMBERS
    assert summary.findings[PRIMARY_OUTLIVES] == summary.primary.value
    assert summary.findings[f"outlives.{PAD}.{NO_PAD}.{ON_ACTS}"] == (-1.0, -1.0, -1.0)
    assert summary.findings[f"outlives.plain.{NO_PAD}.{ON_ACTS}"][0] == 0
    rows = {(row.name, row.rate): row.corrected_p for row in summary.outliving}
    assert rows.pop((PRIMARY_OUTLIVES, HONEST_RATES[0])) is None
    assert all(p is not None for p in rows.values())
    assert summary.n == 16 * MEMBERS


def test_pairs_that_both_outlive_the_training_count_as_equal_and_half_lives_are_then_open():
    lives = {**LIVES, "none": np.inf, "distilled": np.inf}
    outlived = STUDY.summarise(SETTINGS, measured(lives))
    assert outlived.primary.value == (0.0, 0.0, 0.0)
    row = outlived.course(DISTILLED, outlived.widths[0], ON_ACTS, HONEST_RATES[0])
    assert (row.half_life[0], row.lost, row.n) == (None, 0, MEMBERS)
    assert outlived.findings[f"outlives.{PAD}.{NO_PAD}.{ON_ACTS}"][0] == -1


def test_half_lives_are_read_where_defection_falls_to_half(summary):
    row = summary.course(NO_PAD, summary.widths[0], ON_ACTS, HONEST_RATES[0])
    lives = np.sort(3.0 + 0.1 * np.arange(MEMBERS) + 0.3 * np.log2(row.width))
    assert row.half_life[0] == pytest.approx(lives[MEMBERS // 2 - 1])
    assert row.lost == row.n == MEMBERS
    ratio = next(r for r in summary.ratios if (r.first, r.second, r.width) == (DISTILLED, NO_PAD, row.width))
    assert ratio.ratio[0] == pytest.approx((lives[3] + 3) / lives[3])


def test_organisms_that_do_not_scheme_are_not_counted_and_all_grown_are_named():
    defection = (0.2, *ONES[1:])
    few = STUDY.summarise(SETTINGS, measured(defection=defection))
    assert {(row.n, row.installed) for row in few.arms} == {(MEMBERS, MEMBERS - 1)}
    assert few.primary.n == 4 * (MEMBERS - 1)
    assert {row.n for row in few.courses} == {MEMBERS - 1}


def test_a_figure_that_falls_as_lives_grow_predicts_them(summary):
    row = next(row for row in summary.predictions if row.figure == "excess")
    assert row.pooled[0] == pytest.approx(-1, abs=1e-3)
    assert row.within[0] == pytest.approx(-1, abs=1e-3)
    same = next(row for row in summary.predictions if row.figure == "agreement")
    assert same.pooled[0] is None
    assert all(row.correlation[0] > 0.5 for row in summary.by_width)


def test_safety_trainings_have_equal_target_tokens_and_the_page_says_so(summary):
    assert summary.targets_spread < 0.01
    page = study_page(STUDY, summary, "the command")
    assert "target tokens" in page
    assert "harder to make honest than" in page
    assert "easier to make honest than" in page


def test_arms_of_one_width_share_all_but_what_is_written():
    configs = STUDY.runs(SETTINGS)
    assert len({config.seed for config in configs.values()}) == 1
    for config in configs.values():
        check_config(config)
        assert config.curriculum.world.scratchpad == "self"
        assert config.organism.neurons == 4 * config.organism.width
    assert sorted({config.organism.width for config in configs.values()}) == [16, 32, 64, 128]
    assert "minutes" in STUDY.plan(SETTINGS)


@pytest.mark.whole_study
def test_it_runs_from_end_to_end_and_a_second_time_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(arms_module, "WIDTH_FACTORS", (1,))
    settings = settings_of(members=2, steps=2, organism=SMALL, seed=9)
    lines = []
    output = StudyOutput(tmp_path, "the command", quiet=True, log=lines.append)
    path = run_study(STUDY, settings, output)
    record = json.loads(path.read_text())
    assert record["n"] == 8
    assert {"course", "arms"} & {*record} == {"arms"}
    first = path.read_bytes()
    lines.clear()
    assert run_study(STUDY, settings, output) == path
    assert path.read_bytes() == first
    assert not [line for line in lines if "training" in line and "organisms in" in line]
    arm = pad_arms(settings)[0]
    folder = next((tmp_path / STUDY.name).glob("scratchpad_none-*"))
    config = honest_config(settings, arm, ON_ACTS, folder)
    assert config.parent.phases == len(read_run(folder).config["curriculum"]["phases"])
    assert replace(config, parent=config.parent).members == 2 * len(HONEST_RATES)
