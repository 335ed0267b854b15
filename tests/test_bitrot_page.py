"""Are the figures of docs/bitrot.md those of the data that are kept beside it?"""

import json
from pathlib import Path

import pytest

from experiments.studies.bitrot.paired import PRIMARY
from experiments.studies.bitrot.plan import GROUP_OF, GROUPS, PAIRS, RATES, USES, arm_label
from experiments.studies.bitrot.summary import pair_name
from reports.formats import counts_text, interval_text

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/bitrot.md").read_text()
BITROT = json.loads((ROOT / "docs/results/data/bitrot.json").read_text())


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair_name(*pair))
def test_a_pair_s_row_is_in_the_data(pair, use):
    name = f"retained.{pair_name(*pair)}.{use}"
    (found,) = [each for each in BITROT["differences"] if each["name"] == name]
    by_rate = [interval_text(BITROT["findings"][f"{name}.{rate}"]) for rate in RATES]
    p = "" if found["corrected_p"] is None else f"{found['corrected_p']:.2f}"
    cells = [
        f"{GROUP_OF[pair[0]].words} less {GROUP_OF[pair[1]].words}",
        use,
        found["n"],
        interval_text(found["mean"]),
        *by_rate,
        interval_text(found["mean_of_grown"]),
        p or f"{found['p']:.2f} (uncorrected)",
    ]
    assert f"| {' | '.join(map(str, cells))} |" in PAGE


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_s_row_is_in_the_data(group):
    ends = [
        interval_text(BITROT["findings"][f"retention_at_end.{arm_label(group, use)}.even"]) for use in USES
    ]
    cells = [GROUP_OF[group].words, counts_text(BITROT["verdicts"][group]), BITROT["counted"][group], *ends]
    assert f"| {' | '.join(map(str, cells))} |" in PAGE


def test_the_primary_endpoint_and_the_command_are_those_of_the_data():
    assert BITROT["primary"]["name"] == PRIMARY
    assert f"`{BITROT['command']}`" in PAGE


def test_siblings_are_children_of_the_same_forks():
    assert all(BITROT["one_fork"].values())
