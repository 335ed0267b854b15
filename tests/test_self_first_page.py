"""Are the figures of docs/self_first.md those of the data that are kept beside it?"""

import json
from pathlib import Path

import pytest

from reports.formats import counts_text, interval_text

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/self_first.md").read_text()
SELF_FIRST = json.loads((ROOT / "docs/results/data/self_first.json").read_text())


def figure(name: str) -> str:
    return interval_text(SELF_FIRST["findings"][name])


@pytest.mark.parametrize(("words", "ending"), [("rehearsed", ""), ("absent", ".not_rehearsed")])
def test_the_steps_are_in_the_data(words, ending):
    cells = [figure(f"{name}{ending}") for name in ("steps_ratio", "steps.scheming", "steps.honest")]
    assert f"| {words} | {' | '.join(cells)} |" in PAGE


@pytest.mark.parametrize("cell", ["reused", "repurposed", "migrated", "second_copy"])
def test_the_shares_are_in_the_data(cell):
    kinds = ("share", "chance", "excess", "less_unrelated")
    cells = [figure(f"{kind}.{cell}.scheming") for kind in kinds]
    assert f"| *{cell.replace('_', ' ')}* | {' | '.join(cells)} |" in PAGE


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("on its own secret when alone", "fork.alone_secret"),
        ("on its profession when watched", "fork.watched_professed"),
        ("on self's goal when alone", "fork.self_goal.alone"),
        ("on self's goal when watched", "fork.self_goal.watched"),
        ("on a goal of nobody's when alone, a goal", "fork.self_goal.alone_nobodys"),
        ("on self's goal when alone, at the end", "end.self_goal.alone"),
    ],
)
def test_what_characters_do_is_in_the_data(words, name):
    assert f"| {words} | {figure(f'{name}.scheming')} | {figure(f'{name}.honest')} |" in PAGE


def test_verdicts_what_was_inherited_and_the_command_are_those_of_the_data():
    assert f"Verdicts, uncalibrated: {counts_text(SELF_FIRST['verdicts']['scheming'])}." in PAGE
    assert f"Inherited: {figure('inherited.scheming')}." in PAGE
    assert f"`{SELF_FIRST['command']}`" in PAGE
