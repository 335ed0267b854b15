"""Do the data bear what docs/incentives.md says in words, and docs/curricula.md and README of its arms? Where a test fails
here, the words are to be written anew."""

import json

from altered_results import DOCS, AlteredData, kept_record
from kept_words import holds, is_above

from experiments.results.blocks.incentives import asked_verdict, incentives_parting, kept_incentives
from experiments.results.blocks.leaving import KeptAblations
from experiments.studies.ablations.arms import WHOLE
from experiments.studies.incentives.study import SEARCHED
from experiments.studies.incentives.summary import PRIMARY, PRIMARY_ARM

SUMMARY = kept_incentives(AlteredData())
ARMS = SUMMARY.arms()
FREE = {name: arm for name, arm in ARMS.items() if not arm.has_incentive}


def test_nothing_was_chosen_on_this_seed_and_the_page_names_those_of_the_search():
    assert kept_record("incentives")["searched_on_these"] == []
    assert f"seeds {', '.join(map(str, sorted(SEARCHED)[:-1]))} and {max(SEARCHED)}." in " ".join(
        (DOCS / "incentives.md").read_text().split()
    )


def test_without_an_incentive_hardly_any_organism_leaves():
    assert sum(arm.count("reused") for arm in FREE.values()) > 0.9 * sum(arm.n for arm in FREE.values())
    assert not any(arm.count(verdict) for arm in FREE.values() for verdict in ("repurposed", "second copy"))


def test_second_copies_grow_where_the_mechanism_is_ablated_and_other_evidence_agrees_with_most():
    arm = ARMS["ablated_concentrated"]
    assert is_above(arm.rates_of_all["second copy"], 0.5)
    assert arm.corroborated["second copy"] > arm.count("second copy") / 2


def test_the_primary_arm_repurposes_more_than_chance_on_average_and_no_single_organism_does():
    arm = ARMS[PRIMARY_ARM]
    assert SUMMARY.primary.name == PRIMARY
    assert is_above(SUMMARY.primary.value, 0)
    assert arm.beyond_random["repurposed"] == 0
    assert arm.count("repurposed") <= arm.n / 2
    assert (SUMMARY.interval(f"took_spare.{PRIMARY_ARM}")[0] or 0) > 0.5


def test_with_more_organisms_on_another_seed_most_of_them_are_repurposed():
    ablations = AlteredData().read("ablations", KeptAblations)
    arm = ablations.arm(WHOLE.name)
    assert arm.n > ARMS[PRIMARY_ARM].n
    assert set(ablations.seeds).isdisjoint(SUMMARY.seeds)
    assert arm.verdicts["repurposed"] > arm.n / 2


def test_audited_is_hardly_above_chance_and_no_verdict_of_it_is_corroborated():
    arm = ARMS["audited"]
    value, low, _ = arm.excess["repurposed"]
    assert (low or 0) < 0.01 < (value or 0) < 0.1
    assert (arm.shares["repurposed"][0] or 0) >= (ARMS[PRIMARY_ARM].shares["repurposed"][0] or 0)
    assert arm.corroborated["repurposed"] == 0 < arm.count("repurposed")


def test_audited_comes_out_as_docs_curricula_expects():
    assert set(ARMS["audited"].verdicts) == {"repurposed", "undecided", "parted on shared ground"}
    assert not any(ARMS["audited"].corroborated.values())


def test_reward_repurposes_less_often():
    assert ARMS[f"{PRIMARY_ARM}_rewarded"].count("repurposed") < ARMS[PRIMARY_ARM].count("repurposed")


def test_an_organism_that_parts_by_cast_is_counted_as_one():
    """Where it parted by role before."""
    record = json.loads(json.dumps(kept_record("incentives")))
    place = next(
        o for o in record["curricula"][PRIMARY_ARM]["organisms"] if o["parting"]["reading"] == "by role"
    )
    place["parting"]["reading"] = "by cast"
    before, after = (
        incentives_parting(data) for data in (AlteredData(), AlteredData({"incentives": record}))
    )
    count = int(before.partition(": ")[2].partition(" of ")[0])
    assert after == before.replace(f": {count} of", f": {count + 1} of")


def test_undecided_are_those_of_another_strict_cell_and_those_whose_spare_could_not_be_told():
    reasons = [
        organism["reason"]
        for arm in SUMMARY.curricula.values()
        for organism in arm["organisms"]
        if organism["verdict"] == "undecided"
    ]
    assert reasons
    assert all("by the strict definition" in why or "could not be told" in why for why in reasons)


def test_with_an_auditor_reward_surely_changes_no_share_and_some_do_not_behave():
    audited = [each for each in SUMMARY.differences if ARMS[each.rewarded].has_incentive]
    assert len(audited) > 4
    assert all(holds(each.difference, 0) for each in audited)
    absent = {name for name, arm in ARMS.items() if "absent" in arm.verdicts}
    assert absent == {"audited_rewarded"}


def test_arms_without_an_incentive_come_out_as_docs_curricula_expects():
    for name, arm in FREE.items():
        assert arm.rates_of_all[asked_verdict(name, arm)][1] > 0.5
