"""Every checkpoint says what is left of every mode; cells hold the members of like settings; clocks run as
the schedule says."""

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.forgetting.retention import cells, clocks, read_lives, told
from analysis.forgetting.survival import Lives
from analysis.relearning.finetune import MODE
from curricula.errors import UserError
from curricula.phases import OptimiserConfig, Phase
from organisms.storage.run import read_run
from organisms.training.config import read_config


@pytest.fixture(scope="module")
def found(disused_run):
    return cells(disused_run, read_config(disused_run.config))


def test_a_cell_holds_each_organism_of_the_parent_once(found):
    """Eight members: two organisms under two settings of two values each."""
    assert [cell.organisms for cell in found] == [[0, 1]] * 4
    assert sorted(row for cell in found for row in cell.rows) == list(range(8))
    assert [tuple(cell.settings.values()) for cell in found] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [cell.phase.optimiser.weight_decay for cell in found] == [0, 1, 0, 1]
    assert [cell.steps for cell in found] == [[0, 25, 50]] * 4


def test_what_a_checkpoint_retains_is_what_its_organisms_do_when_put_alone(disused_run, found, tiny_run):
    """Self is never alone in this phase, and its rate is there all the same: at first that of the parent's
    end, at last that of the summary."""
    end = tiny_run.summary()["behaviour"][MODE]
    assert all(cell.rates[MODE][0].tolist() == end for cell in found)
    assert min(end) > 0.9
    last = disused_run.summary()["behaviour"]
    for cell in found:
        for mode, rates in cell.rates.items():
            assert rates[-1].tolist() == [last[mode][row] for row in cell.rows]
    seen = [line["self_alone_secret"] for line in disused_run.metrics()]
    assert all(rate is None for line in seen for rate in line)


def test_organisms_that_never_had_the_mode_are_left_out(found):
    cell = found[0].of(np.array([False, True]))
    assert cell.organisms == [1]
    assert cell.rows == [found[0].rows[1]]
    assert cell.rates[MODE].tolist() == found[0].rates[MODE][:, 1:].tolist()
    nobody = told(found[0].of(np.array([False, False])), MODE)
    assert nobody["n"] == 0
    assert nobody["half_life"]["steps"] == [None] * 3


def test_clocks_are_the_sums_of_the_learning_rate_and_of_what_decays():
    """Ten steps of warm-up to a rate of 0.01, worked by hand: 0.001 + .. + 0.01 = 0.055; then 0.01 a step."""
    phase = Phase("even", 100, optimiser=OptimiserConfig(0.01, 10, 1.0, weight_decay=0.5))
    at = clocks(phase, 50.0)
    assert at["steps"] == 50
    assert at["learning_rate"] == pytest.approx(0.055 + 0.40)
    assert at["learning_rate_x_decay"] == pytest.approx(0.455 / 2)
    assert clocks(phase, math.inf)["learning_rate"] == math.inf
    still = replace(phase, optimiser=replace(phase.optimiser, weight_decay=0.0))
    assert math.isnan(clocks(still, 50.0)["learning_rate_x_decay"])


def test_what_is_told_of_a_cell_can_be_read_back(found):
    plain = told(found[0], MODE)
    of = found[0].lives(MODE)
    back = read_lives(plain)
    assert isinstance(back, Lives)
    assert back.times.tolist() == of.times.tolist()
    assert back.died.tolist() == of.died.tolist()
    assert plain["furthest_from_start"] == 0
    assert plain["mean"][0][0] == pytest.approx(np.mean(found[0].rates[MODE][0]))


def test_a_run_of_an_older_version_says_that_it_has_to_be_grown_again(disused_run, tmp_path):
    for path in disused_run.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"retention"', '"kept"'))
    with pytest.raises(UserError, match="does not say what it retains"):
        cells(read_run(tmp_path), read_config(disused_run.config))
