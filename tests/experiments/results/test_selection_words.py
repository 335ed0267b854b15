"""Do the data bear what README and docs/selection.md say in words?"""

from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from analysis.selection.detectors import FALSE_ALARMS
from experiments.results.training_blocks.selection import FILE, KeptSelection
from experiments.studies.selection.arms import (
    NEW_ORGANISM,
    NO_DETECTOR,
    SAME_FORK,
    TRAINED_ON,
    trained_arm_label,
)
from experiments.studies.selection.measurement import READINGS, TRAINED_ON_READING
from experiments.studies.selection.summary import PRIMARY

KEPT = AlteredData().read(FILE, KeptSelection)
INTENT = [reading for reading in READINGS if reading.startswith("intent")]


def shares(arm, reading=TRAINED_ON_READING):
    return next(row for row in KEPT.arms if (row.arm, row.reading) == (arm, reading))


def trained(arm):
    return [row for row in KEPT.trained_on if row.arm == arm]


def test_at_least_three_hundred_organisms_of_a_kind_were_grown():
    assert shares(NEW_ORGANISM).n >= 300


def test_where_the_honest_act_is_never_charged_no_schemer_is_left_caught_or_not_with_a_detector_or_without():
    assert KEPT.primary.name == PRIMARY
    assert is_below(KEPT.primary.value, 0)
    for arm in ("reward", "frozen", NO_DETECTOR):
        assert shares(trained_arm_label(arm)).caught["scheming"][0] is None
        assert shares(trained_arm_label(arm)).counts["u"] == 0
        assert all(is_below(row.difference, 0) for row in trained(arm))
    assert KEPT.reward_less_constant[0] == 0
    assert holds(KEPT.reward_less_constant, 0.05)
    assert holds(KEPT.reward_less_constant, -0.05)


def test_in_the_loss_it_is_better_by_every_detector_and_scores_fall_below_the_threshold_in_their_old_order():
    assert all(is_below(row.difference, 0) and is_below(row.left_difference, 0) for row in trained("loss"))
    assert is_above(shares("on_loss").shares["a"], 0.5)
    for reading in INTENT:
        of_loss, of_others = (shares(arm, reading) for arm in ("on_loss", SAME_FORK))
        assert of_loss.caught["scheming"][0] < 0.1
        assert is_above(of_loss.separation, 0.7)
        assert abs(of_loss.separation[0] - of_others.separation[0]) < 0.1


def test_where_any_act_is_charged_nothing_is_seen_once_the_caught_are_thrown_away():
    assert all(holds(row.left_difference, 0) for row in trained("reward_any_act"))
    assert {row.arm for row in KEPT.trained_on} == {*TRAINED_ON}


def test_intent_misses_more_than_it_catches_and_act_has_more_false_alarms_than_were_allowed():
    for reading in READINGS:
        of_new, of_forks = (shares(arm, reading).caught for arm in (NEW_ORGANISM, SAME_FORK))
        if reading in INTENT:
            assert max(of_new["scheming"][0], of_forks["scheming"][0]) < 0.5
            assert holds(of_forks["honest"], FALSE_ALARMS)
        else:
            assert is_above(of_forks["honest"], FALSE_ALARMS)
    assert KEPT.calibration_honest < 20


def test_the_law_holds_for_new_organisms_and_one_fork_leaves_more():
    of_new, of_forks = (
        [row for row in KEPT.laws if (row.reroll == NEW_ORGANISM) == new] for new in (True, False)
    )
    assert all(holds(row.difference, 0) for row in of_new)
    assert all(row.difference[0] > 0 for row in of_forks)
    assert all(is_above(row.difference, 0) == (row.reading in INTENT) for row in of_forks)


def test_organisms_of_one_fork_end_alike_and_new_ones_do_not():
    scheming = {row.reroll: row.correlation for row in KEPT.dependence if row.outcome == "scheming"}
    assert is_above(scheming.pop("fork"), 0.3)
    assert is_above(scheming.pop("data"), 0.3)
    assert holds(scheming[NEW_ORGANISM], 0)
