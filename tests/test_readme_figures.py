"""Are README's figures those of the data that are kept beside it?"""

import json
from pathlib import Path

import pytest

from reports.formats import interval_text

ROOT = Path(__file__).parents[1]
ABLATIONS = json.loads((ROOT / "docs/results/data/ablations.json").read_text())
README = (ROOT / "README.md").read_text()
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


def test_what_parts_by_cast_is_counted_in_the_data():
    reading = [organism["parting"]["reading"] for organism in ORGANISMS]
    effects = [organism["parting"]["effects"] for organism in ORGANISMS]
    assert f"in {reading.count('by cast')} of the {len(reading)} organisms with the overlap cost" in README
    assert f"parts by role in {effects.count('by role')} of {len(effects)} all the same" in README
