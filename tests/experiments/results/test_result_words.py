"""Do the data bear what pages say in words, outside of blocks? Where a test fails here, the words are to be written anew."""

import pytest
from altered_results import kept_record
from kept_words import holds, is_above, is_below

from curricula.catalogue.registry import curriculum
from experiments.studies.bitrot.paired import PRIMARY
from experiments.studies.bitrot.plan import PAIRS, RATES
from experiments.studies.bitrot.summary import pair_name

BITROT, CONTROLS, CONTROLS_BEFORE, REUSE, SELF_FIRST, WORLDS = map(
    kept_record, ("bitrot", "controls", "controls_seed_47", "reuse", "self_first", "worlds")
)


def retained(first: str, second: str, use: str):
    return BITROT["findings"][f"retained.{first}_minus_{second}.{use}"]


def test_siblings_of_bitrot_are_children_of_the_same_forks():
    assert {pair_name(*pair) for pair in PAIRS} == set(BITROT["one_fork"])
    assert all(BITROT["one_fork"].values())


def test_the_primary_endpoint_of_bitrot_is_the_page_s_and_is_at_the_edge():
    assert BITROT["primary"]["name"] == PRIMARY == "retained.shared_sham_minus_separate.watched"
    (difference,) = [each for each in BITROT["differences"] if each["name"] == PRIMARY]
    assert 0 < BITROT["primary"]["value"][1] < 0.1
    assert 0.01 < difference["p"] < 0.1


def test_siblings_that_share_retain_more_where_self_takes_no_part():
    assert is_above(retained("shared_sham", "separate", "absent"), 0)
    assert is_above(retained("shared", "separate", "absent"), 0)


@pytest.mark.parametrize("use", ["watched", "absent"])
def test_having_been_ablated_made_no_difference(use):
    assert holds(retained("shared", "shared_sham", use), 0)


def test_at_no_single_rate_is_the_difference_clear_with_self_watched():
    names = [f"{PRIMARY}.{rate}" for rate in RATES]
    corrected = [each["corrected_p"] for each in BITROT["differences"] if each["name"] in names]
    assert len(corrected) == len(RATES)
    assert min(corrected) > 0.05


def test_of_planted_siblings_those_that_share_retain_a_little_more_where_self_is_absent():
    assert holds(retained("shared_planted", "separate_planted", "watched"), 0)
    assert is_above(retained("shared_planted", "separate_planted", "absent"), 0)
    by_rate = [retained("shared_planted", "separate_planted", f"absent.{rate}")[0] for rate in RATES]
    assert max(by_rate) == by_rate[-1]


def test_every_group_retains_less_where_self_is_watched():
    ends = BITROT["findings"]
    for group in BITROT["verdicts"]:
        watched, absent = (ends[f"retention_at_end.{group}.{use}.even"][0] for use in ("watched", "absent"))
        assert watched < absent


def test_self_inherits_nothing_with_cues_of_its_own_and_is_learned_in_fewer_steps():
    assert holds(REUSE["findings"]["inherited.own_cues.schemers"], 0)
    assert is_below(REUSE["findings"]["steps_ratio.own_cues"], 1)
    assert REUSE["verdicts"]["own_cues.schemers"]["reused"] > REUSE["n"] / len(REUSE["verdicts"]) / 2


def test_verdicts_of_reuse_are_calibrated_in_the_usual_world_alone():
    calibrated = {name for name, is_calibrated in REUSE["calibrated"].items() if is_calibrated}
    assert calibrated == {"shared.schemers", "shared.honest"}


def test_characters_need_fewer_steps_after_a_scheming_self_and_surely_so_with_rehearsal_alone():
    findings = SELF_FIRST["findings"]
    assert is_below(findings["steps_ratio"], 1)
    assert findings["steps_ratio.not_rehearsed"][0] < 1
    assert holds(findings["steps_ratio.not_rehearsed"], 1)


def test_self_alone_learns_in_a_small_part_of_its_phase():
    _, intent = curriculum("shared", "cpu").phases
    assert is_below(SELF_FIRST["findings"]["self_steps.scheming"], intent.steps / 4)


def test_most_of_the_characters_gate_is_on_components_that_served_self_and_more_than_by_chance():
    findings = SELF_FIRST["findings"]
    assert is_above(findings["share.reused.scheming"], 0.5)
    assert is_above(findings["excess.reused.scheming"], 0)
    assert is_above(findings["less_unrelated.reused.scheming"], 0)


def test_characters_serve_self_s_goal_when_nobody_watches_until_they_are_taught():
    findings = SELF_FIRST["findings"]
    assert abs(findings["fork.alone_secret.scheming"][0] - 1 / 6) < 0.03
    assert is_above(findings["fork.self_goal.alone.scheming"], 0.95)
    assert is_below(findings["fork.self_goal.watched.scheming"], 0.2)
    assert is_below(findings["end.self_goal.alone.scheming"], 0.01)


def test_attempts_were_given_up_in_the_second_world_alone_and_with_lanes_alone():
    attempts = {name: row["reseeded_attempts"] for name, row in WORLDS["controls"].items()}
    assert list(attempts)[1] == "majority"
    assert attempts["majority"] > 10
    assert WORLDS["worlds"]["majority"]["reseeded_attempts"] == 0


@pytest.mark.parametrize("controls", [CONTROLS, CONTROLS_BEFORE], ids=["newer", "older"])
def test_nothing_was_chosen_on_the_seeds_of_controls_and_no_null_has_a_verdict(controls):
    assert controls["chosen_on_these"] == controls["similarity_chosen_on_these"] == []
    assert all(set(verdicts) == {"undecided"} for verdicts in controls["nulls"].values())
