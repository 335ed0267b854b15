"""Does the study of incentives count what it claims to count, and can a reader trust its page?"""

from dataclasses import replace

import numpy as np
import pytest
from arm_summaries import AGREED, arms, findings_of, lines_of
from studies import settings_of

from analysis.history.learning import LearningResult
from analysis.history.organism_story import ComponentStory, OrganismStory
from analysis.provenance.evidence_kinds import EVIDENCE_KINDS, evidence_kinds, is_corroborated
from analysis.provenance.verdict import CELLS
from curricula.catalogue.registry import CURRICULA
from curricula.errors import UserError
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.concentration import Concentration
from curricula.pressures.half_dropout import HalfDropout
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.incentives.arms import (
    ARMS,
    COMPARISONS,
    steps_to_behave,
    summarise_arm,
)
from experiments.studies.incentives.study import IncentivesStudy, member_of_story
from experiments.studies.incentives.summary import ArmMeasurement, reward_differences
from experiments.studies.page import study_page

STUDY = IncentivesStudy()
AUDITS = MeanAblation, Monitor, Overlap, Concentration
"""pressures that depend on what components do"""


def summary_of_arms(story=None, **settings):
    measured = {name: ArmMeasurement(arm, story) for name, arm in arms().items()}
    return STUDY.summarise(settings_of(**settings), measured)


def test_every_arm_is_a_curriculum_that_is_what_the_table_says():
    for name, (incentive, between, objective) in ARMS.items():
        phases = CURRICULA[name]("tiny").phases
        pressures = phases[-1].pressures
        assert phases[-1].objective == objective
        assert any(pressures[kind].active for kind in AUDITS) == (incentive != "none")
        assert pressures[MeanAblation].active == (incentive == "auditor and ablation")
        assert (pressures[Monitor].finds == "circuit") == (incentive == "auditor of one circuit")
        assert any(phase.pressures[ComponentDropout].rate > 0 for phase in phases) == (between == "spares")
        assert any(phase.pressures[HalfDropout].share > 0 for phase in phases) == (between == "half dropout")
        assert any(phase.pressures[Concentration].weight > 0 for phase in phases) == (
            between == "concentration"
        )
    for name, (without, _) in COMPARISONS.items():
        assert ARMS[name].incentive != "none" == ARMS[without].incentive
        assert ARMS[name][1:] == ARMS[without][1:]
        steps = {CURRICULA[curriculum]("cpu").phases[-1].steps for curriculum in (name, without)}
        assert len(steps) == 1


def test_arms_share_their_first_phases_and_their_seed():
    configs = STUDY.runs(settings_of(seed=3)).values()
    assert {config.seed for config in configs} == {3}
    assert len({config.curriculum.phases[0] for config in configs}) == 1


def test_only_organisms_that_behave_get_rates_and_the_others_are_counted():
    arm = arms()["audited"]
    assert (arm.n, arm.n_behaving) == (2, 1)
    assert arm.verdicts == {"repurposed": 1, "absent": 1}
    assert arm.rates["repurposed"][0] == 1.0
    assert arm.rates_of_all["repurposed"][0] == 0.5
    assert arm.shares["repurposed"][0] == 1.0
    assert arm.corroborated == {"repurposed": 1}
    assert arm.computing_otherwise == 1
    assert [organism.verdict_in_full for organism in arm.organisms] == [
        "repurposed, by another mechanism",
        "absent",
    ]
    assert arm.organisms[1].shares == dict.fromkeys(CELLS)


def test_a_kind_of_evidence_agrees_where_more_of_its_lines_do():
    silent = dict.fromkeys(EVIDENCE_KINDS, "silent")
    mixed = {"interchange": "agrees", "interchange_direction": "silent", "transfer": "disagrees"}
    tied = {"interchange": "agrees", "interchange_reverse": "disagrees", "cosine": "agrees"}
    assert evidence_kinds(lines_of(mixed)) == {**silent, "interchange": "agrees", "transfer": "disagrees"}
    assert evidence_kinds(lines_of(tied)) == silent


def test_what_nearly_repeats_the_shares_is_not_counted():
    assert set(evidence_kinds(lines_of({"cross_lesion": "agrees", "cosine": "agrees"})).values()) == {
        "silent"
    }


PARTED = {"interchange": "agrees", "interchange_direction": "agrees"}
FROM_FORK = {"fork_lesion": "agrees", "transfer": "agrees"}


@pytest.mark.parametrize(
    ("says", "enough"),
    [
        (AGREED, True),
        (PARTED, False),
        (PARTED | {"cosine": "agrees"}, False),
        (PARTED | {"fork_lesion": "disagrees"}, False),
        (PARTED | {"fork_lesion": "disagrees", "transfer": "agrees"}, False),
        (PARTED | {"fork_lesion": "agrees", "transfer": "silent"}, True),
        (FROM_FORK, False),
        (FROM_FORK | {"interchange": "agrees"}, True),
        (FROM_FORK | {"interchange": "disagrees"}, False),
    ],
)
def test_a_verdict_needs_evidence_for_both_of_its_claims(says, enough):
    """That the roles part does not distinguish a spare from a second copy."""
    assert is_corroborated(evidence_kinds(lines_of(says))) == enough


def test_repurposed_is_set_beside_what_characters_leave_and_reused_beside_all():
    arm = arms()["audited"]
    assert arm.shares_by_chance["repurposed"][0] == pytest.approx(0.5)
    assert arm.shares_by_chance["reused"][0] == pytest.approx(0.25)
    assert arm.excess["repurposed"][0] == pytest.approx(0.5)
    assert (arm.beyond_random["repurposed"], arm.beyond_random["reused"]) == (1, 0)


def test_steps_are_counted_from_the_fork_and_both_rates_have_to_be_there():
    findings = findings_of([("reused", {}), ("reused", {})])
    assert steps_to_behave(findings) == [100, 100]
    findings[LearningResult].metrics["self_watched_professed"][2] = [np.nan, 0.5]
    assert steps_to_behave(findings) == [None, None]


def test_reward_and_imitation_are_compared_organism_by_organism():
    """Organisms that began at other forks are no comparison."""
    by_name = arms()
    rewarded = by_name["rewarded"]
    first = replace(rewarded.organisms[0], shares=rewarded.organisms[0].shares | {"reused": 0.5})
    by_name["rewarded"] = replace(rewarded, organisms=[first, *rewarded.organisms[1:]])
    pairs = {pair.name: pair for pair in reward_differences(by_name)}
    pair = pairs["share_difference.rewarded_less_shared.reused"]
    assert pair.difference[0] == pytest.approx(-0.25)
    assert pair.n == 2
    by_name["rewarded"] = replace(rewarded, fork_sha256="b" * 64)
    assert not any(pair.rewarded == "rewarded" for pair in reward_differences(by_name))


def test_a_story_is_of_a_corroborated_organism_where_there_is_one():
    repurposed = ("repurposed", {}), ("reused", AGREED), ("repurposed", AGREED)
    assert member_of_story(summarise_arm(ARMS["audited"], findings_of(repurposed), "")) == 2
    assert member_of_story(summarise_arm(ARMS["audited"], findings_of(repurposed[:2]), "")) == 0
    assert member_of_story(summarise_arm(ARMS["audited"], findings_of(repurposed[1:2] * 2), "")) is None


def test_a_summary_keeps_the_contract():
    summary = summary_of_arms(seed=3)
    assert summary.primary.name == "excess.audited_half_dropout.repurposed"
    assert summary.primary.value == summary.findings[summary.primary.name]
    assert summary.primary.value[0] == 0.5
    assert (summary.n, summary.primary.n, summary.seeds) == (2 * len(ARMS), 1, [3])
    for arm in summary.curricula.values():
        assert (arm.n, len(arm.shares), sum(arm.verdicts.values())) == (2, 4, 2)


def test_the_page_gives_the_answer_in_three_lines_and_escapes_what_comes_from_runs():
    effects = {"character": np.array([[0.5, 0.4], [0.9, 0.0]]), "self": np.array([[0.5, 0.4], [0.0, 0.9]])}
    part = ComponentStory("L0H1", 0.4, 0.0, 0.9, 200, None, "left characters for self")
    gates = dict.fromkeys(("character", "self"), np.ones(2))
    story = OrganismStory("audited-<u>", 0, ("L0H0", "L0H1"), ("L0H0",), (100, 200), effects, gates, (part,))
    summary = summary_of_arms(story)
    text, lines = study_page(STUDY, summary, "python <study>"), STUDY.headline(summary)
    for dangerous in ("<u>", "<i>with", "<b>watch", "<study>"):
        assert dangerous not in text
    assert len(lines) == 3
    assert "1 of 2 (0.50 [0.09, 0.91]; corroborated: 1) in audited" in lines[0]
    assert "0 of 2" in lines[0]
    assert "audited 1 of 1" in lines[2]
    assert "audited 1 of 2" in lines[2]
    assert "no test" not in lines[2]
    assert "no test" in STUDY.headline(summary_of_arms(seed=6000))[2]
    assert "none is, so that this is the first one" in text
    assert text.count("<svg") == 2
    assert "No organism of that arm was repurposed" in study_page(STUDY, summary_of_arms(), "")


def test_wrong_settings_train_nothing(tmp_path):
    with pytest.raises(UserError, match="members: expected 1 or more"):
        run_study(STUDY, settings_of(members=0), StudyOutput(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
