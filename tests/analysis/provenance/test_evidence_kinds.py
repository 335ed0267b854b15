"""Does a count of corroborated verdicts stand beside what wrong names would count?"""

import pytest
from scored import scored_organism

from analysis.provenance.corroboration import FROM_THE_FORK, SAME_MECHANISM, Evidence, EvidenceLine
from analysis.provenance.evidence_kinds import corroborated_if_called
from analysis.provenance.scored_lines import by_a_wrong_name, by_its_name, corroborated_as

ABOVE, BELOW = (EvidenceLine(x, x - 0.05, x + 0.05, null_high=0.5) for x in (0.9, 0.1))
NAMES = ("reused", "second copy", "repurposed")


@pytest.mark.parametrize(
    ("together", "from_the_fork", "corroborated"),
    [
        (ABOVE, ABOVE, {"reused"}),
        (BELOW, ABOVE, {"repurposed"}),
        (BELOW, BELOW, {"second copy"}),
        (ABOVE, BELOW, set()),
        (None, ABOVE, set()),
    ],
)
def test_evidence_corroborates_the_one_name_whose_two_claims_it_bears_out(
    together, from_the_fork, corroborated
):
    evidence = [
        Evidence("interchange", SAME_MECHANISM, (None, together)),
        Evidence("fork_lesion", FROM_THE_FORK, (None, from_the_fork)),
    ]
    found = corroborated_if_called(evidence, 1, NAMES)
    assert {name for name, holds in found.items() if holds} == corroborated
    assert not any(corroborated_if_called(evidence, 0, NAMES).values())


def named(truth, *holding):
    return scored_organism(truth, corroborated_as={name: name in holding for name in NAMES})


def test_right_and_wrong_names_are_counted_by_what_was_planted():
    organisms = [named("reused", "reused"), named("reused"), named("mixed", "repurposed")]
    rates = corroborated_as(organisms)
    assert {truth: {name: rate[0] for name, rate in of.items()} for truth, of in rates.items()} == {
        "reused": {"reused": 0.5, "second copy": 0.0, "repurposed": 0.0},
        "mixed": {"reused": 0.0, "second copy": 0.0, "repurposed": 1.0},
    }
    assert [by_its_name(organism) for organism in organisms] == [True, False, False]
    assert [by_a_wrong_name(organism) for organism in organisms] == [False, False, True]
