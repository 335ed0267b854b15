"""Are the figures of docs/worlds.md those of the data that are kept beside it?"""

import json
from pathlib import Path

import pytest

from experiments.studies.worlds.arms import ARMS
from experiments.studies.worlds.page import world_words
from reports.formats import counts_text, interval_text

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/worlds.md").read_text()
WORLDS = json.loads((ROOT / "docs/results/data/worlds.json").read_text())


@pytest.mark.parametrize("label", WORLDS["worlds"])
def test_a_world_s_row_is_in_the_data(label):
    row = WORLDS["worlds"][label]
    cells = [
        world_words(label),
        f"{round(row['as_taught'][0] * row['n'])} of {row['n']}",
        row["reseeded_attempts"],
        counts_text(row["went_on"]) if row["went_on"] else "none",
        interval_text(row["steps"]),
    ]
    assert f"| {' | '.join(map(str, cells))} |" in PAGE


@pytest.mark.parametrize("name", WORLDS["controls"])
def test_a_row_of_planted_organisms_is_in_the_data(name):
    row = WORLDS["controls"][name]
    judged = "; ".join(f"{truth}: {counts_text(verdicts)}" for truth, verdicts in row["verdicts"].items())
    cells = [
        *(ARMS[name].words, interval_text(row["right"]), f"{row['took']} of {row['grown']}"),
        *(row["reseeded_attempts"], judged, "yes" if row["calibrated"] else "no"),
    ]
    assert f"| {' | '.join(map(str, cells))} |" in PAGE


def test_the_sentences_are_in_the_data():
    assert f"{interval_text(WORLDS['primary']['value'])} of {WORLDS['primary']['n']}" in PAGE
    for name in ("as_taught.unseen", "steps_ratio.usual_over_fixed"):
        assert interval_text(WORLDS["findings"][name]) in PAGE
    assert f"`{WORLDS['command']}`" in PAGE
