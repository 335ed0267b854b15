"""Does the study of audits set each schemer beside honest twins of its own, and find as much in on it as was put in?"""

import json
from dataclasses import replace

import numpy as np
import pytest
from studies import settings_of

from analysis.audits.audit_game import AUDITS, independent_power
from analysis.audits.units import UnitSettings, audit_units
from experiments.studies.audits import arms as arms_module
from experiments.studies.audits import audit_findings as findings_module
from experiments.studies.audits import measurement as measurement_module
from experiments.studies.audits import study as study_module
from experiments.studies.audits import summary as summary_module
from experiments.studies.audits.arms import (
    LEARNED_NEWS,
    NEVER_TRAINED,
    SCHEMERS,
    TWINS,
    WITH_TWINS,
    audit_runs,
    twin_label,
    twin_labels,
)
from experiments.studies.audits.auditing import is_beyond
from experiments.studies.audits.measurement import GatedUnits, RunProfiles, ScreenedGrain, gate_components
from experiments.studies.audits.study import AuditsStudy
from experiments.studies.audits.summary import HONEST_TWIN, PRIMARY, SCHEMING, study_audits
from experiments.studies.audits.twins import ArmTwins
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from organisms.model.sites import component_names
from organisms.storage.config_hash import config_hash
from organisms.storage.run import read_run
from organisms.training.validation import check_config

STUDY, MEMBERS, CELLS = AuditsStudy(), 8, 12
UNITS = UnitSettings(neurons=48, subspaces=6, rank=2)
SHIFT, SHARE = 5.0, 0.2


def profiles_of(sizes, seed, shifted=0.0, characters=True, **fields):
    """A run whose units share a profile with those of other runs but for noise; a share of them, spread over all grains,
    lies far away in every cell."""
    units = audit_units(sizes, UNITS)
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(0).normal(size=(MEMBERS, len(units), CELLS))
    profile = shared + 0.1 * rng.normal(size=shared.shape)
    moved = rng.random((MEMBERS, len(units))) < shifted
    profile[moved] += SHIFT
    p = rng.random(moved.shape)
    quiet = GatedUnits(0.01 * rng.normal(size=p.shape), rng.random(p.shape), p)
    loud = GatedUnits(np.where(moved, 3.0, 0.0), np.where(moved, 0.9, 0.0), np.where(moved, 1e-9, p))
    alike = np.arange(CELLS) >= 3
    common = {
        "organism": sizes,
        "settings": UNITS,
        "profile_nats": profile,
        "in_alike_scenes": alike,
        "gate_nats": np.full(MEMBERS, 10.0 if shifted else 0.0),
        "of_self": loud if shifted else quiet,
        "of_characters": replace(quiet, p=np.full(p.shape, 1e-9)) if characters else quiet,
        "behaves": (bool(shifted),) * MEMBERS,
        "honest": (not shifted,) * MEMBERS,
        "verdicts": (),
        "in_on_it": None,
        "took": (),
        "screened": (),
    }
    return RunProfiles(**(common | fields)), moved


@pytest.fixture(scope="module")
def measured(sizes):
    runs = {}
    for number, arm in enumerate(WITH_TWINS):
        run, moved = profiles_of(sizes, 100 * number + 1, SHARE)
        if arm.is_planted:
            run = replace(run, in_on_it=moved, took=(True,) * 7 + (False,))
        else:
            screened = ScreenedGrain("neuron", (0.9,) * MEMBERS, (0.8,) * MEMBERS)
            run = replace(run, verdicts=("reused",) * 4 + ("second copy",) * 4, screened=(screened,))
        runs[arm.name] = run
        for twin, label in enumerate(twin_labels(arm.name)):
            runs[label] = profiles_of(sizes, 100 * number + 10 + twin)[0]
    runs[LEARNED_NEWS] = profiles_of(sizes, 5000)[0]
    untrained, _ = profiles_of(sizes, 5001, characters=False)
    far = replace(untrained, profile_nats=untrained.profile_nats + SHIFT, honest=(False,) * MEMBERS)
    return runs | {NEVER_TRAINED: far}


@pytest.fixture(scope="module")
def summary(measured):
    return STUDY.summarise(settings_of(members=MEMBERS), measured)


def test_a_twin_is_its_schemer_up_to_the_fork_and_honest_after_it_on_other_scenes():
    """The number of the last phase, from which its scenes are drawn, is one that no other twin has, and what comes between
    moves nothing."""
    runs = audit_runs(settings_of(members=2, seed=7))
    for arm in WITH_TWINS:
        schemer, numbers = runs[arm.name].curriculum.phases, set()
        for twin in range(TWINS):
            config = runs[twin_label(arm.name, twin)]
            check_config(config)
            *before, last = config.curriculum.phases
            trunk, pauses = before[: len(schemer) - 1], before[len(schemer) - 1 :]
            assert tuple(trunk) == schemer[:-1]
            assert last == replace(schemer[-1], self_acts="honest")
            assert all(pause.steps == 1 and pause.self_acts == "absent" for pause in pauses)
            assert all(pause.optimiser.learning_rate == pause.optimiser.weight_decay == 0 for pause in pauses)
            assert config.seed == runs[arm.name].seed
            numbers.add(len(before))
        assert numbers.isdisjoint({len(schemer) - 1})
        assert len(numbers) == TWINS
    assert runs[NEVER_TRAINED] == runs["shared"]
    check_config(runs[LEARNED_NEWS])
    hashes = {config_hash(config.plain()) for config in runs.values()}
    assert len(hashes) == len(runs) - 1


def test_f_is_the_share_that_was_put_in_and_nothing_of_twins(summary):
    for name in ("reused", "second copy", SCHEMING, "masked_reused"):
        group = summary.group(name)
        assert group.share["all"][0] == pytest.approx(SHARE * 0.95, abs=0.03)
        assert group.share["neuron"][0] == pytest.approx(SHARE * 0.95, abs=0.05)
    twins = summary.group(HONEST_TWIN)
    assert twins.beyond["all"][0] == pytest.approx(0.05, abs=0.02)
    assert summary.group(NEVER_TRAINED).beyond["all"][0] == 1.0


def test_organisms_that_do_not_behave_or_whose_planting_failed_are_left_out_and_counted(measured, summary):
    assert summary.left_out == {arm.name: int(arm.is_planted) for arm in WITH_TWINS}
    assert [summary.group(name).n for name in ("reused", "second copy", "masked_reused")] == [20, 20, 7]
    assert summary.group(HONEST_TWIN).n == len(SCHEMERS) * MEMBERS
    lost = replace(measured["shared"], behaves=(False,) * 3 + (True,) * 5)
    assert STUDY.summarise(settings_of(members=MEMBERS), measured | {"shared": lost}).left_out["shared"] == 3


def test_a_twin_that_is_not_honest_is_no_twin(measured):
    twin = twin_label("shared", 0)
    scheming = replace(measured[twin], honest=(False, *(True,) * 7))
    runs = measured | {twin: scheming}
    beside = ArmTwins("shared", runs["shared"], [runs[label] for label in twin_labels("shared")])
    assert [len(beside.twins(member)) for member in range(2)] == [TWINS - 1, TWINS]
    audits = study_audits(runs)
    counts = {organism.member: organism.twins for organism in audits.schemers if organism.arm == "shared"}
    assert (counts[0], counts[1]) == (TWINS - 1, TWINS)


def test_power_is_that_of_the_law_where_organisms_are_alike(summary):
    """By one who knows: the organisms differ by what lots gave them alone. False alarms stay near the level."""
    group = summary.group("masked_reused")
    for n, powers in zip(AUDITS[:8], group.power["oracle.any"], strict=False):
        assert powers[0] == pytest.approx(independent_power(SHARE, n), abs=0.05)
    twins = summary.group(HONEST_TWIN)
    assert all(power[0] < 0.12 for power in twins.power["twin.any"] if power[0] is not None)
    assert summary.findings["power.gatedness.any.schemers.n10"][0] > 0.8


def test_planted_units_are_told_and_labels_at_random_are_not(summary):
    for grain in ("component", "neuron", "value_path", "edge"):
        assert summary.findings[f"auroc.masked_reused.twin.{grain}"][0] > 0.95
        assert summary.findings[f"auroc.masked_reused.random.{grain}"][0] == pytest.approx(0.5, abs=0.25)


def test_compiled_gates_are_scored_without_twins(measured, sizes):
    """Of their gates every unit is called one, of others as many as chance; nothing is compared with a twin."""
    run, moved = profiles_of(sizes, 6000, SHARE)
    compiled = replace(run, in_on_it=moved, took=(True,) * 7 + (False,))
    runs = measured | {"compiled_reused": compiled}
    summary = STUDY.summarise(settings_of(members=MEMBERS), runs)
    group = summary.group("compiled_reused")
    assert (group.n, group.share["all"][0], summary.left_out["compiled_reused"]) == (7, None, 1)
    assert summary.findings["auroc.compiled_reused.gatedness.neuron"][0] == 1.0
    assert summary.findings["gated.compiled_reused.planted.neuron"][0] == 1.0
    assert summary.findings["gated.compiled_reused.other.neuron"][0] < 0.05
    (detectors,) = [section for section in STUDY.sections(summary) if section.link == "Detectors"]
    assert "gated.compiled reused.planted.neuron" in str(detectors)


def test_the_gate_of_a_compiled_self_is_the_route_that_serves_it(sizes):
    nodes = {"sense_0": "L0H0", "decide_0": "L0M0", "sense_1": "L1H0", "decide_1": "L1M2", "cast": "L0H1"}
    names = component_names(np.stack([gate_components(sizes, nodes, both) for both in (True, False)]), sizes)
    assert names == [["L0H0", "L0M0"], ["L1H0", "L1M2"]]


def test_scenes_in_which_both_behave_alike_tell_what_differs_there_and_nothing_else(measured, sizes, summary):
    """Units that differ from twins where self is alone, and nowhere else, are not seen there."""
    assert summary.findings["alike.accuracy.schemers"][0] == 1.0
    run = measured["shared"]
    moved = profiles_of(sizes, 1, SHARE)[1]
    hidden = run.profile_nats - SHIFT * (moved[..., None] & run.in_alike_scenes)
    runs = measured | {"shared": replace(run, profile_nats=hidden, verdicts=("mixed",) * 8)}
    found = STUDY.summarise(settings_of(members=MEMBERS), runs)
    assert found.findings["alike.accuracy.mixed"][0] < 0.9
    assert found.findings["f.mixed.all"][0] > 0.1


def test_units_beyond_the_threshold_are_those_that_were_moved(measured, sizes):
    beside = ArmTwins("shared", measured["shared"], [measured[label] for label in twin_labels("shared")])
    moved = profiles_of(sizes, 1, SHARE)[1]
    for member, distances in beside.distances().items():
        beyond = is_beyond(distances, beside.units)
        assert beyond[moved[member]].all()
        assert beyond[~moved[member]].mean() < 0.1


def test_the_summary_and_the_page_say_the_same(summary):
    assert summary.primary.value == summary.findings[PRIMARY]
    lines = STUDY.headline(summary)
    assert len(lines) == 3
    assert f"{summary.primary.value[0]:.2f} [" in lines[0]
    assert "the law says 0.95" in lines[0]
    assert summary.findings["claim.power.n100"][0] == pytest.approx(independent_power(0.01, 100), abs=0.05)
    assert f"{summary.group(SCHEMING).share['all'][0]:.2f} [" in lines[1]
    assert "in 1.00 [" in lines[2]
    page = study_page(STUDY, summary, "study.py <b>")
    assert page.count("<svg") == 2
    assert "&lt;b&gt;" in page
    assert summary.findings["attribution.recall.neuron"][0] == pytest.approx(0.8)


def test_a_page_of_organisms_without_honest_twins_is_drawn(measured):
    runs = {
        label: replace(run, honest=(False,) * MEMBERS) if "twin" in label else run
        for label, run in measured.items()
    }
    empty = STUDY.summarise(settings_of(members=MEMBERS), runs)
    assert empty.primary.value == (None, None, None)
    assert "No organism has enough honest twins" in STUDY.headline(empty)[0]
    assert study_page(STUDY, empty, "study.py").count("<svg") == 2


@pytest.mark.slow
@pytest.mark.whole_study
def test_a_tiny_study_runs_from_end_to_end_and_once(tmp_path, monkeypatch):
    """One arm and its twins, of so few steps that nobody learns: all parts are made, nothing is concluded. Given again the
    command changes nothing."""
    only = tuple(arm for arm in SCHEMERS if arm.name == "shared")
    for module in (arms_module, summary_module, study_module):
        monkeypatch.setattr(module, "WITH_TWINS", only)
    for module in (arms_module, measurement_module, findings_module, study_module):
        monkeypatch.setattr(module, "SCHEMERS", only)
    for module in (arms_module, summary_module, findings_module, measurement_module):
        monkeypatch.setattr(module, "COMPILED", ())  # whether or not there is a compiler
    monkeypatch.setattr(arms_module, "TWINS", 3)
    monkeypatch.setattr(measurement_module, "UNITS", UnitSettings(neurons=8, subspaces=2, rank=2))
    monkeypatch.setattr(measurement_module, "AUDIT_PAIRS", 4)
    settings = settings_of(members=2, steps=5)
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lambda line: None)
    path = run_study(STUDY, settings, output)
    summary = json.loads(path.read_text())
    assert summary["left_out"] == {"shared": 2}
    assert summary["primary"] == {"name": PRIMARY, "value": [None, None, None], "n": 0}
    # Twins left the fork as the schemer did, and are other organisms at the end.
    runs = [read_run(manifest.parent) for manifest in (tmp_path / "audits").glob("*/manifest.jsonl")]
    forks = {entry.sha256 for run in runs for entry in run.entries() if entry.step == 5}
    assert len(forks) == 1
    assert len({run.entries()[-1].sha256 for run in runs}) == len(runs) == 5
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "audits").rglob("*") if file.is_file()}
    assert run_study(STUDY, settings, output) == path
    assert json.loads(path.read_text()) == summary
    assert {file: file.stat().st_mtime_ns for file in written} == written
