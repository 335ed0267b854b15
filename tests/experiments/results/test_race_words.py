"""Do the data bear what README and docs/probe-race.md say in words?"""

from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from experiments.results.data import KeptSummary
from experiments.results.training_blocks.probe_race import FILE
from experiments.studies.probe_race.summary import PRIMARY

SUMMARY = AlteredData().read(FILE, KeptSummary)


def test_in_the_reward_acts_give_way_and_in_the_loss_what_is_read():
    assert SUMMARY.primary.name == PRIMARY
    assert is_above(SUMMARY.primary.value, 0)
    assert is_below(SUMMARY.interval("reward.weight_2.end.misbehaviour"), 0.1)
    assert is_above(SUMMARY.interval("reward.weight_2.end.stale_auroc"), 0.95)
    assert is_above(SUMMARY.interval("loss.weight_2.end.misbehaviour"), 0.9)
    assert is_below(SUMMARY.interval("loss.weight_2.end.stale_accuracy"), 0.7)
    assert is_above(SUMMARY.interval("loss.weight_2.end.fresh_self_auroc"), 0.95)


def test_refitted_in_the_loss_even_a_fresh_probe_tells_less():
    assert is_below(SUMMARY.interval("loss_refitted.end.stale_auroc"), 0.7)
    assert is_below(SUMMARY.interval("loss_refitted.end.fresh_self_auroc"), 0.95)


def test_order_stays_in_part_in_the_loss():
    assert is_above(SUMMARY.interval("loss.weight_2.end.stale_auroc"), 0.7)
    assert is_below(SUMMARY.interval("loss.weight_2.end.stale_auroc"), 0.95)


def test_through_a_frozen_copy_the_loss_selects():
    assert is_above(SUMMARY.interval("loss_frozen.selection"), 0.9)


def test_the_slope_is_above_nothing_in_the_reward_alone():
    assert is_above(SUMMARY.interval("variance_slope.reward"), 0)
    assert holds(SUMMARY.interval("variance_slope.loss"), 0)
