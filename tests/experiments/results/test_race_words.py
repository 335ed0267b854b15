"""Do the data bear what README and docs/probe-race.md say in words?"""

from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from experiments.results.data import KeptSummary
from experiments.results.training_blocks.probe_race import FILE
from experiments.studies.probe_race.arms import PROVENANCES
from experiments.studies.probe_race.provenance import PAIRS
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


def test_an_ensemble_fares_as_a_single_probe():
    for place in ("reward", "loss"):
        single, several = (SUMMARY.interval(f"{place}{arm}.selection") for arm in (".weight_2", "_ensemble"))
        assert abs(single[0] - several[0]) < 0.05
    assert is_above(SUMMARY.interval("loss_ensemble.end.misbehaviour"), 0.9)
    assert is_below(SUMMARY.interval("loss_ensemble.end.stale_accuracy"), 0.7)


def test_in_the_reward_acts_give_way_whatever_was_planted_and_in_the_loss_it_is_undecided():
    for provenance in PROVENANCES:
        assert is_above(SUMMARY.interval(f"provenance.{provenance}.reward.selection"), 0.75)
        assert SUMMARY.findings[f"provenance.{provenance}.planted"] == 8
    for pair in PAIRS:
        name = f"provenance.{'_less_'.join(pair)}"
        assert holds(SUMMARY.interval(f"{name}.reward.selection"), 0)
        assert SUMMARY.findings[f"{name}.loss.n"] < 5


def test_misbehaviour_grows_to_the_full_without_a_probe_where_the_lane_is_reused_alone():
    ends = {name: SUMMARY.interval(f"provenance.{name}.none.end_misbehaviour") for name in PROVENANCES}
    assert is_above(ends.pop("reused"), 0.95)
    assert all(is_below(end, 0.8) for end in ends.values())
    for name in PROVENANCES:
        assert is_below(SUMMARY.interval(f"provenance.{name}.none.end_stale_auroc"), 0.9)
