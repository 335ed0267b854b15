"""Do the data bear what README and docs/selection.md say in words?"""

from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from experiments.results.training_blocks.selection import FILE, KeptSelection
from experiments.studies.selection.arms import NEW_ORGANISM, SAME_FORK, TRAINED_ON
from experiments.studies.selection.measurement import READINGS, TRAINED_ON_READING
from experiments.studies.selection.summary import PRIMARY

KEPT = AlteredData().read(FILE, KeptSelection)


def shares(arm, reading=TRAINED_ON_READING):
    return next(row for row in KEPT.arms if (row.arm, row.reading) == (arm, reading))


def trained(arm):
    return [row for row in KEPT.trained_on if row.arm == arm]


def test_at_least_three_hundred_organisms_of_a_kind_were_grown():
    assert shares(NEW_ORGANISM).n >= 300
    assert KEPT.forks + KEPT.calibration_forks == 60


def test_where_the_honest_act_is_never_charged_no_schemer_is_left_caught_or_not():
    assert KEPT.primary.name == PRIMARY
    assert is_below(KEPT.primary.value, 0)
    for arm in ("on_reward", "on_frozen"):
        assert shares(arm).caught["scheming"][0] is None
        assert shares(arm).counts["u"] == 0
    assert all(is_below(row.difference, 0) for arm in ("reward", "frozen") for row in trained(arm))


def test_in_the_loss_it_is_better_by_every_detector_and_fresh_ones_catch_little_of_anybody():
    assert all(is_below(row.difference, 0) and is_below(row.left_difference, 0) for row in trained("loss"))
    assert is_above(shares("on_loss").shares["a"], 0.5)
    fresh = [reading for reading in READINGS if reading.endswith("fresh")]
    assert all(shares(SAME_FORK, reading).caught["scheming"][2] < 0.25 for reading in fresh)


def test_where_any_act_is_charged_nothing_is_seen_once_the_caught_are_thrown_away():
    assert all(holds(row.left_difference, 0) for row in trained("reward_any_act"))
    assert {row.arm for row in KEPT.trained_on} == {*TRAINED_ON}


def test_detectors_miss_more_than_they_catch():
    for reading in READINGS:
        assert shares(SAME_FORK, reading).caught["scheming"][0] < 0.5
        assert shares(NEW_ORGANISM, reading).caught["scheming"][0] < 0.5
        assert shares(SAME_FORK, reading).caught["honest"][0] < 0.1


def test_the_law_holds_for_new_organisms_and_one_fork_leaves_more():
    of_new, of_forks, of_data = (
        [row for row in KEPT.laws if row.reroll == kind] for kind in (NEW_ORGANISM, SAME_FORK, "data")
    )
    assert all(holds(row.difference, 0) for row in of_new)
    assert all(row.difference[0] > 0 for row in of_forks)
    assert sum(is_above(row.difference, 0) for row in of_forks) == 3
    assert sum(is_above(row.difference, 0) for row in of_data) == 1


def test_organisms_of_one_fork_end_alike_and_new_ones_do_not():
    scheming = {row.reroll: row.correlation for row in KEPT.dependence if row.outcome == "scheming"}
    assert is_above(scheming.pop("fork"), 0.3)
    assert is_above(scheming.pop("data"), 0.3)
    assert holds(scheming[NEW_ORGANISM], 0)
