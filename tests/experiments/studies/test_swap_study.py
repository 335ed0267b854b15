"""Does the study of swapped watches pair what it claims to pair, and can a reader trust its page?"""

import json
from dataclasses import replace

import numpy as np
import pytest
from studies import settings_of

from analysis.patching.shapley import Contributions
from analysis.statistics import sign_flip_p
from curricula.errors import SystemFailure
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.swap.arms import COSTS, HALVES, WATCH_ARMS, WatchArm
from experiments.studies.swap.effects import (
    EffectCourse,
    WatchMeasurement,
    course_entries,
    effects_above_floor,
    role_effects_of,
)
from experiments.studies.swap.paired import (
    CONTRASTS,
    PRIMARY,
    paired_changes,
    paired_difference,
    shares_within,
    with_corrected_p,
)
from experiments.studies.swap.study import SwapStudy
from experiments.studies.swap.summary import require_same_forks
from organisms.ensemble.config import read_config
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.pressures.half_dropout import half_masks
from organisms.storage.manifest import Entry, fork_entry
from organisms.storage.run import read_run

STUDY = SwapStudy()
SETTINGS = settings_of(members=4)
FIRST = half_masks(SETTINGS.organism)[0]
COMPONENTS = len(components(SETTINGS.organism))
WATCHED = {"first": FIRST, "second": ~FIRST, "nobody": np.zeros_like(FIRST)}


def effects(in_first):
    """Effects of four members, the last of which has none: of the others this share lies in the first
    half."""
    rows = np.where(FIRST, in_first / FIRST.sum(), (1 - in_first) / (~FIRST).sum())
    return np.stack([*([rows] * 3), np.zeros(COMPONENTS)])[None]


def measurement(arm, self_in_first, character_in_first, absent=()):
    """Four organisms of an arm, all with the same shares."""
    watched = WATCHED.get(arm.watch, np.arange(COMPONENTS) % 3 == 0)
    end = EffectCourse((300,), effects(self_in_first), effects(character_in_first))
    course = EffectCourse(
        (0, 300), *(np.concatenate([effects(0.5), last]) for last in (end.self_acting, end.character))
    )
    verdicts = tuple("absent" if member in absent else "repurposed" for member in range(4))
    fork = "a" * 64
    return WatchMeasurement(
        fork, 1, np.tile(watched, (4, 1)), verdicts, end, course if arm.watch in HALVES else None
    )


def measured(absent=()):
    """With the overlap cost self leaves the watched half wholly and characters take 0.8 of it; without, both
    leave."""
    self_in_first = {"first": 0.0, "second": 1.0}
    character_in_first = {"overlap": {"first": 0.8, "second": 0.2}, "none": {"first": 0.1, "second": 0.9}}
    return {
        arm.name: measurement(
            arm,
            self_in_first.get(arm.watch, 0.5),
            character_in_first.get(arm.cost, {}).get(arm.watch, 0.5),
            absent if arm.name == "second.overlap" else (),
        )
        for arm in WATCH_ARMS
    }


def test_every_arm_has_the_fork_s_phases_and_differs_from_the_others_in_pressures_alone():
    configs = STUDY.runs(SETTINGS)
    assert list(configs) == [arm.name for arm in WATCH_ARMS]
    taught = [config.curriculum.phases for config in configs.values()]
    assert len({phases[:-1] for phases in taught}) == 1
    assert len({replace(phases[-1], pressures=taught[0][-1].pressures) for phases in taught}) == 1
    assert len({phases[-1].pressures for phases in taught}) == len(taught)
    assert len({config.seed for config in configs.values()}) == 1


def test_arms_watch_and_cost_what_their_names_say():
    for name, config in STUDY.runs(SETTINGS).items():
        watch, cost = name.split(".")
        pressures = config.curriculum.phases[-1].pressures
        assert pressures[Monitor].active == (watch != "nobody")
        assert pressures[Overlap].active == (cost != "none")
        assert (pressures[Overlap].through == "self") == (cost == "self_side")
        if watch in HALVES:
            mask = np.isin(components(config.organism), pressures[Monitor].components)
            np.testing.assert_array_equal(mask, WATCHED[watch])
        else:
            assert not pressures[Monitor].components
    assert {cost: sum(arm.cost == cost for arm in WATCH_ARMS) for cost in COSTS} == {
        "overlap": 5,
        "self_side": 2,
        "none": 5,
    }


def test_the_plan_counts_the_trunk_once():
    """(400 + 150) steps of the trunk and 12 arms of 200, of four organisms at tiny scale."""
    assert f"{4 * (550 + 12 * 200)} organism-steps" in STUDY.plan(SETTINGS)


def test_effects_below_the_floor_and_of_no_gate_are_none():
    gate = Contributions(np.array([[8.0, 1.0, -1.0]] * 2), np.array([8.0, 8.0]))
    null = Contributions(np.array([[0.8, -0.8, 0.8]] * 2), np.ones(2))
    np.testing.assert_allclose(effects_above_floor(gate, null), [1 - 0.1, 0.125 - 0.1, 0])
    weak = gate._replace(total=np.array([0.1, 0.1]))
    assert not effects_above_floor(weak, null).any()


def test_effects_are_taken_with_the_null_of_their_own_role():
    numbers = {"self": 4.0, "character": 8.0}

    def contributions(role, variable):
        values = [numbers[role], 0.0] if variable == "watched" else [numbers[role] / 4] * 2
        return [Contributions(np.array([values]), np.array([numbers[role]]))]

    for values in role_effects_of(contributions):
        np.testing.assert_allclose(values, [[0.75, 0]])


def test_a_course_has_the_fork_every_hundred_steps_and_the_end():
    entries = [Entry(step, "p", 0, "", "", {}) for step in (700, 750, 800, 850, 900, 1000, 1020)]
    assert [entry.step for entry in course_entries(entries, entries[1])] == [750, 850, 1020]
    assert [entry.step for entry in course_entries(entries, entries[-1])] == [1020]


def test_shares_and_differences_by_hand():
    masks = np.array([[True, False, False]] * 3)
    shares = shares_within(np.array([[1.0, 1.0, 2.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]), masks)
    np.testing.assert_array_equal(shares, [0.25, np.nan, 1.0])
    first, second = np.array([0.25, np.nan, 1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.9])
    behaves = np.array([True, True, True, False])
    np.testing.assert_array_equal(paired_difference(first, second, behaves), [-0.75, 0, 1, 0])


def test_the_paired_statistic_is_the_known_one_and_counts_all_grown_forks():
    """Self moves by -1 in three of four forks, the fourth has no effect; where one more does not behave, by
    -1 in two."""
    for absent, mean, counted in (((), -0.75, 3), ((1,), -0.5, 2)):
        changes = {change.name: change for change in paired_changes(measured(absent), FIRST)}
        assert changes[PRIMARY].mean[0] == pytest.approx(mean)
        assert changes[PRIMARY].among_behaving == pytest.approx((-1.0, -1.0, -1.0))
        assert changes[PRIMARY].n_behaving == counted
    assert changes["character_in_watched_half.overlap"].mean[0] == pytest.approx(2 / 4 * 0.6)
    assert changes["character_in_watched_half.none"].mean[0] == pytest.approx(3 / 4 * -0.8)
    assert changes["self_in_first_half_by_sham.overlap"].mean == (0, 0, 0)


def test_the_mirror_image_is_the_same_number():
    by_half = [
        {change.name: change.mean for change in paired_changes(mirrored, FIRST)}[PRIMARY]
        for mirrored in (measured(), _mirrored(measured()))
    ]
    assert by_half[0] == pytest.approx(by_half[1])


def _mirrored(arms):
    """The same organisms with the names of the halves exchanged."""
    exchanged = dict(zip(HALVES, reversed(HALVES), strict=True))

    def flipped(arm):
        self_acting, character = (
            np.where(FIRST, of_role[..., ~FIRST].sum(-1)[..., None], of_role[..., FIRST].sum(-1)[..., None])
            for of_role in (arm.end.self_acting, arm.end.character)
        )
        return replace(arm, end=replace(arm.end, self_acting=self_acting, character=character))

    return {
        arm.name: flipped(arms[WatchArm(exchanged.get(arm.watch, arm.watch), arm.cost).name])
        for arm in WATCH_ARMS
    }


def test_p_values_are_of_random_signs_and_corrected_without_the_primary_one():
    """Of 2^6 signs of equal differences two are as far from 0."""
    assert sign_flip_p(np.full(6, -0.9)) == pytest.approx(2 / 2**6)
    assert sign_flip_p(np.array([0.5, -0.5, 0.0, 0.0])) == 1.0
    assert sign_flip_p(np.zeros(4)) == 1.0
    assert sign_flip_p(np.array([0.5])) == sign_flip_p(np.array([])) == 1.0
    assert sign_flip_p(np.array([0.9, 0.8, np.nan, 0.7])) == 2 / 2**3
    changes = with_corrected_p([replace(change, p=0.01) for change in paired_changes(measured(), FIRST)])
    assert [change.name for change in changes] == [contrast.name for contrast in CONTRASTS]
    for change in changes:
        assert change.corrected_p == (None if change.name == PRIMARY else pytest.approx(0.01))


def test_arms_of_other_forks_are_not_paired():
    arms = measured()
    require_same_forks(arms)
    other = arms | {"sham.none": replace(arms["sham.none"], fork_sha256="b" * 64)}
    with pytest.raises(SystemFailure, match=r"expected the same organisms at the fork.*sham.none bbbb"):
        require_same_forks(other)
    with pytest.raises(SystemFailure):
        STUDY.summarise(SETTINGS, other)


def test_a_summary_keeps_the_contract():
    summary = STUDY.summarise(SETTINGS, measured(absent=(1,)))
    assert summary.primary.name == PRIMARY
    assert summary.primary.value == summary.findings[PRIMARY]
    assert (summary.n, summary.primary.n, summary.seeds) == (4 * len(WATCH_ARMS), 4, [STUDY.first_seed])
    arm = summary.arms["second.overlap"]
    assert arm.verdicts == {"repurposed": 3, "absent": 1}
    assert summary.findings["rate.second.overlap.repurposed"] == arm.rates["repurposed"]
    assert arm.behaves[0] == 0.75
    assert arm.self_in_watched[0] == pytest.approx(0.0)
    assert arm.character_in_watched[0] == pytest.approx(0.8)
    assert arm.common[0] == pytest.approx(0.2)
    assert summary.arms["nobody.none"].self_in_watched[0] is None
    assert {(course.watch, course.cost) for course in summary.courses} == {
        (watch, cost) for watch in HALVES for cost in COSTS
    }
    assert summary.courses[0].shares[0] == pytest.approx([0.5, 0.0])


def test_the_page_gives_the_answer_in_three_lines_and_escapes_its_command():
    summary = STUDY.summarise(SETTINGS, measured())
    text, lines = study_page(STUDY, summary, "python <study>"), STUDY.headline(summary)
    assert "<study>" not in text
    assert "python &lt;study&gt;" in text
    assert len(lines) == 3
    assert "is -0.75" in lines[0]
    assert "ends with 0.00" in lines[0]
    assert "with 1.00 where the second is" in lines[0]
    assert "with the overlap cost they take the half that self leaves (0.45" in lines[1]
    assert "side of it stopped they go neither way for sure (0.00" in lines[1]
    assert "without the cost they follow self (-0.60" in lines[1]
    assert "Repurposed, in the same order: 8 of 8, 8 of 8, 8 of 8." in lines[1]
    assert "too few for a claim" in lines[2]
    assert text.count("<svg") == 3


@pytest.mark.slow
@pytest.mark.whole_study
def test_a_tiny_study_pairs_arms_of_the_very_same_forks_and_goes_on_where_it_was(tmp_path):
    """Every arm shares the fork's bits, the phases before it are trained once, each member's sham is another
    one, and the same command again changes nothing."""
    lines = []
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lines.append)
    sizes = OrganismConfig(layers=1, heads=4, width=16, neurons=32, neuron_blocks=2)
    settings = settings_of(members=2, steps=20, organism=sizes)
    path = run_study(STUDY, settings, output)
    summary = json.loads(path.read_text())
    assert "organism-steps" in lines[0]
    runs = [read_run(manifest.parent) for manifest in sorted((tmp_path / "swap").glob("*/manifest.jsonl"))]
    forks = [fork_entry(read_config(run.config).curriculum, run.entries()) for run in runs]
    assert len(runs) == len(summary["arms"]) == len(WATCH_ARMS)
    shared = {fork.sha256 for fork in forks}
    assert shared == {arm["fork_sha256"] for arm in summary["arms"].values()}
    assert len(shared) == 1
    # Untrained organisms have no circuit: there nobody watches.
    ends = {run.entries()[-1].sha256 for run in runs if "circuit" not in run.folder.name}
    assert len(ends) == len(WATCH_ARMS) - 2
    adopted = sorted(run.summary()["adopted_steps"] for run in runs)
    assert adopted == [0, *[forks[0].step] * (len(WATCH_ARMS) - 1)]
    (sham,) = [run for run in runs if "sham_overlap" in run.folder.name]
    watched = sham.entries()[-1].extra["pressures"]["monitor"]
    assert [len(of_member) for of_member in watched] == [len(components(sizes)) // 2] * 2
    assert watched[0] != watched[1]
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.suffix != ".html"}
    assert run_study(STUDY, settings, output) == path
    assert json.loads(path.read_text()) == summary
    untouched = {
        file: time for file, time in written.items() if file.is_file() and file.parent != path.parent
    }
    assert {file: file.stat().st_mtime_ns for file in untouched} == untouched
