"""Are README's figures those of the data that are kept beside it?"""

import json
from pathlib import Path

import pytest

from reports.formats import interval_text

ROOT = Path(__file__).parents[1]
ABLATIONS = json.loads((ROOT / "docs/results/data/ablations.json").read_text())
README = (ROOT / "README.md").read_text()
PLANTED = json.loads((ROOT / "docs/results/data/planted_spares.json").read_text())["organisms"]
WHOLE = ABLATIONS["arms"]["half_dropout.monitor.overlap"]
ORGANISMS = [
    organism for name, arm in ABLATIONS["arms"].items() if "overlap" in name for organism in arm["organisms"]
]


@pytest.mark.parametrize("part", ["overlap", "half_dropout", "monitor"])
def test_what_goes_with_a_part_is_the_difference_in_the_data(part):
    (found,) = [each for each in ABLATIONS["differences"] if each["part"] == part]
    words = {"overlap": "the overlap cost", "half_dropout": "half-dropout", "monitor": "the monitor"}
    assert f"{interval_text(found['difference'])} without {words[part]}" in README


def test_the_verdicts_of_the_whole_are_those_of_the_data():
    counts = WHOLE["verdicts"]
    assert (
        f"{counts['repurposed']} of {WHOLE['n']} has it with all three ({counts['undecided']} undecided, "
        f"{counts['mixed']} mixed)" in README
    )
    share, excess = WHOLE["shares"]["repurposed"][0], interval_text(WHOLE["excess"]["repurposed"])
    assert f"the mean share is {share:.2f} and {excess} above chance" in README


def test_how_far_characters_move_beside_self_is_in_the_data():
    effects = [organism["moved"]["effects"] for organism in ORGANISMS if "effects" in organism["moved"]]
    says = [organism["parting"]["effects"] for organism in ORGANISMS if "effects" in organism["parting"]]
    assert f"{max(value for value, *_ in effects):.2f} of the way at most" in README
    assert f"*by role* in {says.count('by role')} of {len(says)} that could be told" in README


def test_how_far_reading_moves_beside_self_is_in_the_data():
    def mean(with_dropout):
        arms = [arm for name, arm in ABLATIONS["arms"].items() if "overlap" in name]
        chosen = [arm for arm in arms if (arm["between"] == "half dropout") == with_dropout]
        values = [organism["moved"]["reading"][0] for arm in chosen for organism in arm["organisms"]]
        assert len(values) == 16
        return sum(values) / len(values)

    assert f"{mean(False):.2f} of it on average without half-dropout, {mean(True):.2f} with it" in README


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ("repurposed", "{} of {} are called *repurposed*"),
        ("second copy", "{} of {} *second copies*"),
        ("reused", "{} of {} *reused* are told"),
    ],
)
def test_how_many_planted_organisms_are_told_is_in_the_data(planted, words):
    verdicts = [organism["verdict"] for organism in PLANTED if organism["planted"] == planted]
    assert words.format(verdicts.count(planted), len(verdicts)) in README


def test_what_a_lower_bar_would_give_is_in_the_data():
    shares = [each["share_by_bar"]["0.02"] for each in PLANTED if each["planted"] == "repurposed"]
    assert f"at 0.02 the planted share would be {min(shares):.2f} or more in all eight" in README
