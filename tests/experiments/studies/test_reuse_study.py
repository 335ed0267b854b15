"""Does the study of reuse teach what it says in the worlds that it names, and are its ratios what they are called?"""

import math
from dataclasses import replace
from typing import get_args

import pytest
from studies import settings_of

from analysis.provenance.verdict import CELLS
from experiments.studies.page import study_page
from experiments.studies.reuse.arms import (
    REUSE_ARMS,
    WORLD_NAMES,
    WORLD_SETTINGS,
    Characters,
    ReuseArm,
    reuse_config,
)
from experiments.studies.reuse.study import ReuseStudy
from experiments.studies.reuse.summary import PRIMARY, ReuseMeasurement, steps_ratio
from organisms.ensemble.config import named_config
from organisms.training.validation import check_config

STUDY = ReuseStudy()
SETTINGS = settings_of(members=2)


def arm_of(steps, verdict="reused", inherited=0.5, scheme=None, calibrated=False):
    n = len(steps)
    shares = {cell: 1.0 if cell == "reused" else 0.0 for cell in CELLS}
    scheme = (True,) * n if scheme is None else scheme
    return ReuseMeasurement(
        calibrated, (verdict,) * n, (shares,) * n, (inherited,) * n, tuple(steps), tuple(scheme), 800
    )


MEASURED = {
    arm.name: arm_of((20, 40)) if arm.characters == "schemers" else arm_of((80, None), "undecided", None)
    for arm in REUSE_ARMS
}


def test_arms_differ_in_the_world_s_rule_and_in_what_characters_are():
    configs = STUDY.runs(SETTINGS)
    assert (
        len(configs) == 2 * len(WORLD_NAMES) == len({config.curriculum.name for config in configs.values()})
    )
    for arm in REUSE_ARMS:
        config = configs[arm.name]
        check_config(config)
        assert config.curriculum.world == replace(SETTINGS.world, **WORLD_SETTINGS[arm.world])
        schemers = {phase.schemers > 0 for phase in config.curriculum.phases}
        assert schemers == {arm.characters == "schemers"}
        assert config.curriculum.phases[config.curriculum.fork].self_acts == "scheming"
        assert not any(phase.criterion for phase in config.curriculum.phases), "pairs take as many steps"
    assert len({config.seed for config in configs.values()}) == 1
    lengths = {
        name: tuple(phase.steps for phase in config.curriculum.phases) for name, config in configs.items()
    }
    usual = named_config("shared", "tiny", 2, 0).curriculum.phases
    for world in WORLD_NAMES:
        both = {lengths[ReuseArm(world, kind).name] for kind in get_args(Characters)}
        times = 3 if world == "actor_first" else 1
        assert both == {(times * usual[0].steps, 2 * usual[1].steps)}


def test_a_ratio_is_the_geometric_mean_over_pairs_of_organisms():
    ratio = steps_ratio("own_cues", arm_of((10, 40)), arm_of((40, 40)))
    assert ratio.ratio[0] == pytest.approx(0.5)
    assert ratio.n == 2
    assert ratio.never == (0, 0)


def test_who_never_behaves_counts_with_the_whole_phase_and_is_counted():
    ratio = steps_ratio("own_cues", arm_of((80, 80)), arm_of((None, None)))
    assert ratio.ratio[0] == pytest.approx(0.1)
    assert ratio.never == (0, 2)


def test_a_pair_whose_characters_did_not_scheme_is_left_out_and_counted():
    ratio = steps_ratio("own_cues", arm_of((10, 800), scheme=(True, False)), arm_of((40, 40)))
    assert ratio.ratio[0] == pytest.approx(0.25)
    assert (ratio.n, ratio.left_out) == (1, 1)


def test_worlds_are_called_uncalibrated_where_they_are():
    measured = {arm.name: arm_of((20, 40), calibrated=arm.world == "shared") for arm in REUSE_ARMS}
    line = STUDY.headline(STUDY.summarise(SETTINGS, measured))[2]
    assert "uncalibrated in: the actor before the cues; cues of self's own; no name where self acts." in line
    every = {arm.name: arm_of((20, 40), calibrated=True) for arm in REUSE_ARMS}
    assert "uncalibrated" not in STUDY.headline(STUDY.summarise(SETTINGS, every))[2]


def test_the_summary_and_the_page_say_the_same():
    summary = STUDY.summarise(SETTINGS, MEASURED)
    expected = math.sqrt(20 / 80 * 40 / 800)
    assert summary.primary.name == PRIMARY
    assert summary.primary.value[0] == pytest.approx(expected)
    assert summary.findings["inherited.own_cues.schemers"][0] == 0.5
    assert summary.findings["inherited.own_cues.honest"] == (None, None, None)
    assert summary.verdicts[ReuseArm("unnamed", "honest").name] == {"undecided": 2}
    page = study_page(STUDY, summary, "study.py reuse <b>")
    assert f"{expected:.2f} [" in page
    assert "uncalibrated" in page
    assert "Fewer than 8" in page
    assert "0 and 1" in page, "the one that never behaves is counted"
    assert "&lt;b&gt;" in page


def test_the_arms_of_a_world_at_risk_ask_for_its_tokens():
    own = reuse_config(SETTINGS, ReuseArm("own_cues", "schemers"), 3)
    usual = reuse_config(SETTINGS, ReuseArm("shared", "schemers"), 3)
    more = own.curriculum.world.vocabulary.size - usual.curriculum.world.vocabulary.size
    assert more == SETTINGS.world.cue_kinds
