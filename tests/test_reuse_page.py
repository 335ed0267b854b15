"""Are the figures of docs/reuse.md those of the data that are kept beside it?"""

import json
from pathlib import Path

import pytest

from reports.formats import counts_text, interval_text

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/reuse.md").read_text()
REUSE = json.loads((ROOT / "docs/results/data/reuse.json").read_text())


@pytest.mark.parametrize("ratio", REUSE["ratios"], ids=lambda ratio: ratio["world"])
def test_a_world_s_row_is_in_the_data(ratio):
    schemers, honest = (f"{ratio['world']}.{kind}" for kind in ("schemers", "honest"))
    cells = [
        *(interval_text(ratio["ratio"]), ratio["n"]),
        *(interval_text(ratio[name]) for name in ("after_schemers", "after_honest")),
        "{} and {}".format(*ratio["never"]),
        *(interval_text(REUSE["findings"][f"inherited.{arm}"]) for arm in (schemers, honest)),
        counts_text(REUSE["verdicts"][schemers]),
    ]
    assert f"| {' | '.join(map(str, cells))} |" in PAGE


def test_the_command_is_that_of_the_data():
    assert f"`{REUSE['command']}`" in PAGE
