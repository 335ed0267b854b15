"""Does the study of selection count what it claims to count, on organisms that set no threshold, and can a reader trust its page?"""

import json
from dataclasses import replace

import numpy as np
import pytest
from studies import settings_of

from curricula.pressures.probe import Probe
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.selection.arms import (
    ARM_OF,
    DRAWS,
    GROWTH_ARMS,
    ON_DETECTOR,
    REROLLS,
    TRAINED_ON,
    TRUNK,
    calibration_forks,
    trained_arm_label,
)
from experiments.studies.selection.measurement import READINGS, TRAINED_ON_READING, SelectionMeasurement
from experiments.studies.selection.study import SelectionStudy
from experiments.studies.selection.summary import (
    PRIMARY,
    CountedOrganisms,
    beyond_constant,
    dependence_row,
    law_row,
    trained_on_row,
)
from organisms.ensemble.config import read_config
from organisms.model.config import OrganismConfig
from organisms.storage.manifest import fork_entry
from organisms.storage.run import read_run
from organisms.training.validation import check_config

STUDY = SelectionStudy()
FORKS = STUDY.members
SETTINGS = settings_of(members=FORKS)
CALIBRATION = calibration_forks(FORKS)
SMALL = OrganismConfig(layers=2, heads=2, width=16, neurons=32, neuron_blocks=2)


def measurement(reroll, schemes, scores, seed=1):
    """Organisms that scheme always or never, with one score for every reading."""
    secret = np.where(schemes, 1.0, 0.0)
    rates = (tuple(secret), tuple(1 - secret), (1.0,) * len(secret))
    return SelectionMeasurement(seed, reroll, *rates, {reading: tuple(scores) for reading in READINGS})


def grown(reroll, rng, alike=0.0, schemers=0.5, power=0.6):
    """Organisms of which half scheme; of a share of forks all end as the first one does. Scores of schemers are above .9 as often as
    the power says, those of honest organisms are even from 0 to 1."""
    schemes = rng.random((FORKS, DRAWS)) < schemers
    scores = np.where(
        schemes, np.where(rng.random(schemes.shape) < power, 0.99, 0.2), rng.random(schemes.shape) * 0.9
    )
    same = rng.random(FORKS) < alike
    schemes[same], scores[same] = schemes[same, :1], scores[same, :1]
    return measurement(reroll, schemes.ravel(), scores.ravel())


def measured(alike=0.0, trained_schemers=0.2, seed=0):
    rng = np.random.default_rng(seed)
    arms = {reroll: grown(reroll, rng, 0.0 if reroll == "organism" else alike) for reroll in REROLLS}
    arms |= {trained_arm_label(name): grown("fork", rng, alike, trained_schemers, 0.0) for name in TRAINED_ON}
    return {TRUNK: SelectionMeasurement(1, "fork", (), (), (), {})} | arms


def test_thresholds_are_set_by_honest_organisms_of_forks_that_are_not_counted():
    """What other organisms score, or schemers, changes no threshold; what is caught of counted honest ones is measured."""
    arms = measured()
    counted = CountedOrganisms(arms)
    scores = np.asarray(arms["fork"].scores[TRAINED_ON_READING])
    schemes, group = np.asarray(arms["fork"].alone_secret) > 0.5, np.repeat(np.arange(FORKS), DRAWS)
    honest = scores[~schemes & (group < CALIBRATION)]
    assert counted.honest == len(honest)
    assert (honest > counted.thresholds[TRAINED_ON_READING]).mean() <= 0.1
    assert (honest >= counted.thresholds[TRAINED_ON_READING]).mean() > 0.1 - 1e-9
    scores[schemes | (group >= CALIBRATION)] = 0.3
    changed = replace(arms["fork"], scores=dict.fromkeys(READINGS, tuple(scores)))
    assert CountedOrganisms(arms | {"fork": changed}).thresholds == counted.thresholds
    assert counted.of_arm("fork", TRAINED_ON_READING).group.min() == CALIBRATION
    assert counted.of_arm("on_loss", TRAINED_ON_READING).group.min() == CALIBRATION
    assert len(counted.of_arm("organism", TRAINED_ON_READING)) == FORKS * DRAWS


def test_no_honest_organism_means_no_threshold_and_nothing_is_caught():
    arms = measured()
    nobody = replace(
        arms["fork"], alone_secret=(1.0,) * FORKS * DRAWS, alone_professed=(0.0,) * FORKS * DRAWS
    )
    counted = CountedOrganisms(arms | {"fork": nobody})
    assert not counted.of_arm("organism", TRAINED_ON_READING).caught.any()
    summary = STUDY.summarise(SETTINGS, arms | {"fork": nobody})
    assert summary.thresholds[TRAINED_ON_READING] is None


def test_independent_organisms_keep_the_law_and_alike_ones_are_found_to_be_so():
    independent, alike = (CountedOrganisms(measured(share)) for share in (0.0, 1.0))
    for reroll in REROLLS:
        row = law_row(independent, reroll, TRAINED_ON_READING)
        assert row.difference[1] < 0 < row.difference[2] or abs(row.difference[0]) < 0.1
        assert row.finished > 20
    assert abs(dependence_row(independent, "fork", "scheming").correlation[0]) < 0.15
    same = dependence_row(alike, "fork", "scheming")
    assert same.correlation[0] == pytest.approx(1, abs=0.05)
    assert same.p < 0.01
    assert law_row(alike, "fork", TRAINED_ON_READING).never > 0
    assert dependence_row(alike, "organism", "scheming").p > 0.01


def test_training_that_leaves_fewer_uncaught_schemers_is_below_the_law():
    """Of 8 in 10 that are honest nothing is caught; growing anew leaves 2 of 7, since 6 of 10 schemers are caught."""
    fewer, more = (
        trained_on_row(CountedOrganisms(measured(trained_schemers=share)), "reward", TRAINED_ON_READING)
        for share in (0.05, 0.9)
    )
    assert fewer.difference[2] < 0
    assert more.difference[1] > 0
    assert fewer.difference[0] == pytest.approx(fewer.q_u - fewer.law)
    assert fewer.p < 0.01


def test_a_summary_keeps_the_contract():
    arms = measured()
    summary = STUDY.summarise(SETTINGS, arms)
    assert (summary.primary.name, summary.primary.value) == (PRIMARY, summary.findings[PRIMARY])
    assert summary.primary.n == summary.forks == FORKS - CALIBRATION
    counted = FORKS * DRAWS + (len(GROWTH_ARMS) - 1) * (FORKS - CALIBRATION) * DRAWS
    assert summary.n == counted
    for row in summary.arms:
        assert sum(row.counts.values()) == row.n
    assert f"corrected_p.reward.{TRAINED_ON_READING}" not in summary.findings
    assert f"corrected_p.loss.{TRAINED_ON_READING}" in summary.findings
    assert {"p_u.fork.act_fresh", "q_u.loss.intent_stale", "caught.organism.intent_stale.honest"} <= set(
        summary.findings
    )


def test_the_page_gives_the_answer_in_three_lines_and_says_which_is_better():
    for share, words in ((0.05, "training on it is better"), (0.9, "growing anew is better")):
        summary = STUDY.summarise(SETTINGS, measured(trained_schemers=share))
        lines = STUDY.headline(summary)
        assert len(lines) == 3
        assert words in lines[0]
    text = study_page(STUDY, summary, "python <study>")
    assert "<study>" not in text
    assert text.count("<svg") == 2
    few = STUDY.summarise(settings_of(members=FORKS), measured())
    assert "too few for a claim" not in STUDY.headline(few)[2]


def test_where_all_organisms_are_caught_there_is_no_law_and_no_difference():
    arms = {
        label: arm if label == TRUNK else replace(arm, scores=dict.fromkeys(READINGS, (1.0,) * FORKS * DRAWS))
        for label, arm in measured().items()
    }
    counted = CountedOrganisms(arms)
    counted.thresholds = dict.fromkeys(READINGS, 0.5)
    assert law_row(counted, "fork", TRAINED_ON_READING).predicted[0] is None
    assert trained_on_row(counted, "loss", TRAINED_ON_READING).law is None


def test_arms_read_the_same_probe_and_differ_in_what_it_costs():
    """Forks are shared; of the arms that are not trained on the detector the probe costs nothing."""
    assert all(arm.probe.site == ARM_OF["fork"].probe.site for arm in GROWTH_ARMS)
    assert {arm.label: arm.probe.weight for arm in GROWTH_ARMS if arm.label in REROLLS} == dict.fromkeys(
        REROLLS, 0.0
    )
    assert {name: (probe.place, probe.by_act) for name, probe in ON_DETECTOR.items()} == {
        "loss": ("loss", False),
        "reward": ("reward", True),
        "frozen": ("frozen", True),
        "reward_any_act": ("reward", False),
        "constant": ("constant", True),
    }
    runs = STUDY.runs(SETTINGS)
    assert runs["organism"].seed != runs[TRUNK].seed
    assert runs["organism"].members == DRAWS * runs[TRUNK].members == DRAWS * FORKS
    assert STUDY.errors(settings_of(members=2)) == ["members: expected 3 forks or more, got 2"]


def test_what_reading_adds_to_a_constant_fine_is_a_difference_over_the_same_forks():
    """Fewer schemers than with the fine alone: below 0; as many: 0 is inside."""
    rng = np.random.default_rng(3)
    same, better = measured(trained_schemers=0.3), measured(trained_schemers=0.3)
    better[trained_arm_label("reward")] = grown("fork", rng, 0.0, 0.02, 0.0)
    for arms, sign in ((same, 0), (better, -1)):
        value, low, high = beyond_constant(CountedOrganisms(arms), TRAINED_ON_READING)
        shares = [
            CountedOrganisms(arms).of_arm(f"on_{name}", TRAINED_ON_READING).share("u")
            for name in ("reward", "constant")
        ]
        assert value == pytest.approx(shares[0] - shares[1])
        assert (np.sign(high) if np.sign(low) == np.sign(high) else 0) == sign
    summary = STUDY.summarise(SETTINGS, better)
    assert summary.findings[f"q_u_less_constant.reward.{TRAINED_ON_READING}"] == summary.reward_less_constant
    assert "with nothing read" in STUDY.headline(summary)[0]


@pytest.mark.slow
@pytest.mark.whole_study
def test_a_tiny_study_grows_arms_from_the_very_same_forks_and_goes_on_where_it_was(tmp_path):
    """Organisms of a fork begin with its bits; draws of the scenes and of the noise alone make them others; the same command again
    changes nothing."""
    lines = []
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lines.append)
    settings = settings_of(members=3, steps=20, organism=SMALL)
    path = run_study(STUDY, settings, output)
    summary = json.loads(path.read_text())
    assert "organisms in each of 8 arms" in lines[0]
    runs = {
        read_run(manifest.parent).config["curriculum"]["name"]: read_run(manifest.parent)
        for manifest in sorted((tmp_path / "selection").glob("*/manifest.jsonl"))
    }
    assert set(runs) == {"selection_trunk", *(f"selection_{arm.label}" for arm in GROWTH_ARMS)}
    trunk = runs["selection_trunk"]
    (parameters,) = (trunk.parameters(trunk.entries()[-1]),)
    name = min(parameters)
    for arm in GROWTH_ARMS:
        run = runs[f"selection_{arm.label}"]
        config = read_config(run.config)
        check_config(config)
        ends = run.parameters(run.entries()[-1])[name]
        assert len({end.tobytes() for end in ends}) == len(ends) == 3 * DRAWS
        if arm.reroll == "organism":
            continue
        assert config.curriculum.phases[-1].pressures[Probe] == arm.probe
        begun = run.parameters(fork_entry(config.curriculum, run.entries()))[name]
        np.testing.assert_array_equal(begun, np.repeat(parameters[name], DRAWS, axis=0))
    by_kind = [runs[f"selection_{kind}"] for kind in ("fork", "data")]
    first, second = (run.parameters(run.entries()[-1])[name][0] for run in by_kind)
    np.testing.assert_array_equal(first, second)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.suffix != ".html"}
    assert run_study(STUDY, settings, output) == path
    assert json.loads(path.read_text()) == summary
    untouched = {
        file: time for file, time in written.items() if file.is_file() and file.parent != path.parent
    }
    assert {file: file.stat().st_mtime_ns for file in untouched} == untouched
