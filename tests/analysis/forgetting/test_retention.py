"""Every checkpoint holds what is left of every mode; cells hold the members of like settings; clocks run as
the schedule does."""

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.forgetting.retention import clock_times, retention_cells, retention_of_mode
from analysis.relearning.finetune import MODE
from curricula.errors import UserError
from curricula.phases import OptimiserConfig, Phase
from organisms.ensemble.config import read_config
from organisms.storage.run import read_run


@pytest.fixture(scope="module")
def disused_cells(disused_run):
    return retention_cells(disused_run, read_config(disused_run.config))


def test_a_cell_holds_each_organism_of_the_parent_once(disused_cells):
    """Eight members: two organisms under two settings of two values each."""
    assert [cell.organisms for cell in disused_cells] == [[0, 1]] * 4
    assert sorted(row for cell in disused_cells for row in cell.rows) == list(range(8))
    assert [tuple(cell.settings.values()) for cell in disused_cells] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [cell.phase.optimiser.weight_decay for cell in disused_cells] == [0, 1, 0, 1]
    assert [cell.steps for cell in disused_cells] == [[0, 25, 50]] * 4


def test_what_a_checkpoint_retains_is_what_its_organisms_do_when_put_alone(
    disused_run, disused_cells, tiny_run
):
    """Self is never alone in this phase, and its rate is there all the same: at first that of the parent's
    end, at last that of the summary."""
    end = tiny_run.summary()["behaviour"][MODE]
    assert all(cell.rates[MODE][0].tolist() == end for cell in disused_cells)
    assert min(end) > 0.9
    last = disused_run.summary()["behaviour"]
    for cell in disused_cells:
        for mode, rates in cell.rates.items():
            assert rates[-1].tolist() == [last[mode][row] for row in cell.rows]
    trained = [line["self_alone_secret"] for line in disused_run.metrics()]
    assert all(rate is None for line in trained for rate in line)


def test_organisms_that_never_had_the_mode_are_left_out(disused_cells):
    cell = disused_cells[0].select(np.array([False, True]))
    assert cell.organisms == [1]
    assert cell.rows == [disused_cells[0].rows[1]]
    assert cell.rates[MODE].tolist() == disused_cells[0].rates[MODE][:, 1:].tolist()
    nobody = retention_of_mode(disused_cells[0].select(np.array([False, False])), MODE)
    assert nobody.n == 0
    assert np.isnan(nobody.half_life.steps).all()


def test_clocks_are_the_sums_of_the_learning_rate_and_of_what_decays():
    """Ten steps of warm-up to a rate of 0.01, worked by hand: 0.001 + .. + 0.01 = 0.055; then 0.01 a step."""
    phase = Phase("even", 100, optimiser=OptimiserConfig(0.01, 10, 1.0, weight_decay=0.5))
    clocks = clock_times(phase, 50.0)
    assert clocks.steps == 50
    assert clocks.learning_rate == pytest.approx(0.055 + 0.40)
    assert clocks.learning_rate_x_decay == pytest.approx(0.455 / 2)
    assert clock_times(phase, math.inf).learning_rate == math.inf
    still = replace(phase, optimiser=replace(phase.optimiser, weight_decay=0.0))
    assert math.isnan(clock_times(still, 50.0).learning_rate_x_decay)


def test_retention_holds_the_lifetimes_and_means_of_its_cell(disused_cells):
    retention = retention_of_mode(disused_cells[0], MODE)
    lived = disused_cells[0].lifetimes(MODE)
    assert retention.lived.times.tolist() == lived.times.tolist()
    assert retention.lived.died.tolist() == lived.died.tolist()
    assert retention.furthest_from_start == 0
    assert retention.mean[0][0] == pytest.approx(np.mean(disused_cells[0].rates[MODE][0]))


def test_a_run_of_an_older_version_has_to_be_trained_again(disused_run, tmp_path):
    for path in disused_run.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"retention"', '"kept"'))
    with pytest.raises(UserError, match="does not say what it retains"):
        retention_cells(read_run(tmp_path), read_config(disused_run.config))
