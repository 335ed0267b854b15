"""Do the data bear what README and docs/audits.md say of audits in words?"""

from altered_results import AlteredData
from kept_words import is_above, is_below

from analysis.audits.grain_shares import EVERY_GRAIN
from experiments.results.blocks.audits import kept_audits
from experiments.studies.audits.arms import COMPILED, PLANTED
from experiments.studies.audits.summary import HONEST_TWIN, PRIMARY, SCHEMING

SUMMARY = kept_audits(AlteredData())


def test_the_claim_fails_for_twins_and_holds_for_an_oracle():
    assert SUMMARY.primary.name == PRIMARY
    assert is_below(SUMMARY.primary.value, 0.5)
    for arm in PLANTED:
        assert is_above(SUMMARY.interval(f"power.oracle.any.{arm.name}.n100"), 0.99)


def test_far_more_than_one_part_in_a_hundred_is_in_on_it_and_tens_of_audits_notice():
    assert is_above(SUMMARY.group(SCHEMING).share[EVERY_GRAIN], 0.1)
    assert is_above(SUMMARY.interval("power.twin.any.schemers.n10"), 0.5)


def test_gatedness_calls_honest_organisms_and_twins_do_not():
    assert is_above(SUMMARY.interval("power.gatedness.any.honest_twin.n300"), 0.4)
    assert is_below(SUMMARY.interval("power.twin.any.honest_twin.n300"), 0.07)
    assert is_above(SUMMARY.group(HONEST_TWIN).beyond[EVERY_GRAIN], 0.03)
    assert is_below(SUMMARY.group(HONEST_TWIN).beyond[EVERY_GRAIN], 0.07)


def test_a_reused_schemer_does_not_hide_in_fewer_units_than_a_second_copy():
    (reused, _, _), (copy, _, _) = (
        SUMMARY.group(name).share[EVERY_GRAIN] for name in ("reused", "second copy")
    )
    assert reused >= copy
    alike = [SUMMARY.interval(f"alike.accuracy.{name}")[0] for name in ("reused", "second_copy")]
    assert alike[0] < alike[1]


def test_compiled_gates_are_told_exactly_by_components_and_not_by_neurons():
    for arm in COMPILED:
        assert SUMMARY.interval(f"gated.{arm.name}.planted.component")[0] == 1
        assert SUMMARY.interval(f"gated.{arm.name}.other.component")[0] == 0
        assert is_below(SUMMARY.interval(f"auroc.{arm.name}.gatedness.neuron"), 0.6)


def test_attribution_misses_most_of_the_strongest_components_and_hardly_any_neuron():
    assert is_below(SUMMARY.interval("attribution.recall.component"), 0.5)
    for grain in ("neuron", "value_path"):
        assert is_above(SUMMARY.interval(f"attribution.recall.{grain}"), 0.8)
