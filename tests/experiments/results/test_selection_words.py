"""Do the data bear what README and docs/selection.md say in words?"""

import pytest
from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from analysis.selection.detectors import FALSE_ALARMS
from experiments.results.training_blocks.selection import EARLIER, FILE, KeptSelection
from experiments.studies.selection.arms import (
    NEW_ORGANISM,
    NO_DETECTOR,
    SAME_FORK,
    TRAINED_ON,
    trained_arm_label,
)
from experiments.studies.selection.measurement import READINGS, TRAINED_ON_READING
from experiments.studies.selection.summary import PRIMARY

FIRST, SECOND = KEPT = [AlteredData().read(name, KeptSelection) for name in (EARLIER, FILE)]
INTENT = [reading for reading in READINGS if reading.startswith("intent")]
ACT = [reading for reading in READINGS if reading not in INTENT]


def shares(kept, arm, reading=TRAINED_ON_READING):
    return next(row for row in kept.arms if (row.arm, row.reading) == (arm, reading))


def trained(kept, arm, readings=READINGS):
    return [row for row in kept.trained_on if row.arm == arm and row.reading in readings]


def redrawn(arm, reading):
    return SECOND.interval(f"thresholds_redrawn.{arm}.{reading}")


def test_at_least_three_hundred_organisms_of_a_kind_were_grown_on_either_of_two_seeds():
    assert all(shares(kept, NEW_ORGANISM).n >= 300 for kept in KEPT)
    assert not {*FIRST.seeds} & {*SECOND.seeds}


@pytest.mark.parametrize("kept", KEPT, ids=["first", "second"])
def test_where_the_honest_act_is_never_charged_no_schemer_is_left_caught_or_not_with_a_detector_or_without(
    kept,
):
    for arm in ("reward", "frozen", NO_DETECTOR):
        assert shares(kept, trained_arm_label(arm)).caught["scheming"][0] is None
        assert shares(kept, trained_arm_label(arm)).counts["u"] == 0
    assert kept.reward_less_constant[0] == 0
    assert holds(kept.reward_less_constant, 0.05)
    assert holds(kept.reward_less_constant, -0.05)


def test_what_growing_anew_leaves_depends_on_the_threshold():
    """The interval that takes the threshold as given holds the other seed's answer on neither seed."""
    assert PRIMARY == FIRST.primary.name == SECOND.primary.name
    first, second = FIRST.primary.value, SECOND.primary.value
    assert is_below(first, 0)
    assert holds(second, 0)
    assert not holds(second, first[0])
    assert not holds(first, second[0])
    with_thresholds = redrawn("reward", TRAINED_ON_READING)
    assert holds(with_thresholds, first[0])
    assert with_thresholds[2] - with_thresholds[1] > 0.5
    assert trained(FIRST, "reward", [TRAINED_ON_READING])[0].law > 0.4
    assert trained(SECOND, "reward", [TRAINED_ON_READING])[0].law < 0.1
    stale, fresh = (shares(SECOND, SAME_FORK, reading) for reading in INTENT)
    assert abs(stale.separation[0] - fresh.separation[0]) < 0.02
    assert stale.caught["scheming"][0] > 0.9
    assert is_below(fresh.caught["scheming"], 0.6)


def test_by_act_training_in_the_reward_is_better_on_both_seeds_at_more_false_alarms_than_were_allowed():
    for kept in KEPT:
        assert all(is_below(row.difference, 0) for row in trained(kept, "reward", ACT))
        assert all(
            is_above(shares(kept, SAME_FORK, reading).caught["honest"], FALSE_ALARMS) for reading in ACT
        )
    assert all(is_below(redrawn("reward", reading), 0) for reading in ACT)


def test_in_the_loss_seeds_differ_by_the_detector_that_is_trained_on_and_agree_by_act():
    first, second = (trained(kept, "loss", [TRAINED_ON_READING])[0].difference for kept in KEPT)
    assert is_below(first, 0)
    assert is_above(second, 0)
    assert holds(redrawn("loss", TRAINED_ON_READING), 0)
    assert all(is_below(redrawn("loss", reading), 0) for reading in ACT)
    for kept in KEPT:
        assert all(is_below(row.difference, 0) for row in trained(kept, "loss", ACT))
        assert is_above(shares(kept, "on_loss").shares["a"], 0.5)
        for reading in INTENT:
            of_loss, of_others = (shares(kept, arm, reading) for arm in ("on_loss", SAME_FORK))
            assert of_loss.caught["scheming"][0] < 0.1
            assert is_above(of_loss.separation, 0.7)
            assert abs(of_loss.separation[0] - of_others.separation[0]) < 0.1


@pytest.mark.parametrize("kept", KEPT, ids=["first", "second"])
def test_where_any_act_is_charged_nothing_is_seen_once_the_caught_are_thrown_away(kept):
    assert all(holds(row.left_difference, 0) for row in trained(kept, "reward_any_act"))
    assert {row.arm for row in kept.trained_on} == {*TRAINED_ON}


def test_the_law_holds_for_new_organisms_and_one_fork_leaves_more_on_the_first_seed():
    for kept in KEPT:
        assert all(holds(row.difference, 0) for row in kept.laws if row.reroll == NEW_ORGANISM)
    of_first, of_second = (
        [
            is_above(row.difference, 0)
            for row in kept.laws
            if row.reroll != NEW_ORGANISM and row.reading in INTENT
        ]
        for kept in KEPT
    )
    assert len(of_first) == len(of_second) == 4
    assert all(of_first)
    assert sum(of_second) == 1


@pytest.mark.parametrize("kept", KEPT, ids=["first", "second"])
def test_organisms_of_one_fork_end_alike_and_new_ones_do_not(kept):
    scheming = {row.reroll: row.correlation for row in kept.dependence if row.outcome == "scheming"}
    assert is_above(scheming.pop("fork"), 0.3)
    assert is_above(scheming.pop("data"), 0.3)
    assert holds(scheming[NEW_ORGANISM], 0)
