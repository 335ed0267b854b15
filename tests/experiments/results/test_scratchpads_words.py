"""Do the data bear what README and docs/scratchpads.md say in words?"""

import pytest
from altered_results import AlteredData
from kept_words import holds, is_above, is_below

from experiments.results.training_blocks.scratchpads import FILE, KeptScratchpads
from experiments.studies.scratchpads.arms import HONEST_RATES, HONEST_TRAINING_WORDS, PAD_ARM_WORDS

KEPT = AlteredData().read(FILE, KeptScratchpads)
SIGNIFICANT = 0.05


def outliving(first, second):
    return [row for row in KEPT.outliving if (row.first, row.second) == (first, second)]


def test_rows_are_in_the_order_in_which_blocks_name_their_rates():
    for rows, alike in ((KEPT.outliving, 1), (KEPT.courses, 1), (KEPT.by_width, 1), (KEPT.predictions, 3)):
        assert [row.rate for row in rows] == [
            HONEST_RATES[number // alike % len(HONEST_RATES)] for number in range(len(rows))
        ]
    for arm in PAD_ARM_WORDS:
        for training in HONEST_TRAINING_WORDS:
            of_arm = [row.width for row in KEPT.courses if (row.arm, row.training) == (arm, training)]
            assert of_arm[::2] == of_arm[1::2] == list(KEPT.widths)


def test_every_arm_schemes_at_every_width_and_target_tokens_are_equal():
    assert len(KEPT.arms) == len(PAD_ARM_WORDS) * len(KEPT.widths)
    assert all(row.installed >= 8 for row in KEPT.arms)
    assert KEPT.targets_spread <= 0.01
    assert len(KEPT.courses) == len(KEPT.arms) * len(HONEST_TRAINING_WORDS) * len(HONEST_RATES)


@pytest.mark.parametrize("arm", ["distilled", "plain", "scratchpad"])
def test_no_arm_is_told_apart_from_one_that_never_wrote(arm):
    for row in outliving(arm, "none"):
        assert holds(row.outlives, 0) if row.corrected_p is None else row.corrected_p > SIGNIFICANT
        assert row.outlives[2] - row.outlives[1] > 0.3


def test_an_organism_that_writes_outlives_one_that_was_distilled_token_by_token():
    rows = outliving("distilled", "scratchpad")
    assert all(is_below(row.outlives, 0) for row in rows)
    of_pads = [row for row in rows if row.training != "acts"]
    assert len(of_pads) == len(HONEST_RATES)
    assert all(row.corrected_p < 0.01 for row in of_pads)


def test_scratchpads_go_on_naming_the_secret_goal_where_acts_alone_are_trained():
    rows = [row for row in KEPT.courses if row.arm == "scratchpad" and row.rate == HONEST_RATES[0]]
    assert len(rows) == len(KEPT.widths) * len(HONEST_TRAINING_WORDS)
    for row in rows:
        assert row.defection[-1][0] < 0.2
        if row.training == "acts":
            assert is_above(row.secret_written[-1], row.defection[-1][2])
        else:
            assert row.secret_written[-1][0] < 0.2


def test_wider_organisms_are_honest_sooner_in_every_arm():
    assert all(is_below(row.correlation, 0) for row in KEPT.by_width if row.rate == HONEST_RATES[0])


def test_credit_goes_with_half_lives_within_cells_and_the_share_on_the_gate_not_over_all():
    for row in KEPT.predictions:
        if row.figure == "excess":
            assert is_above(row.within, 0)
            assert holds(row.pooled, 0)
        else:
            assert is_below(row.within, 0)
