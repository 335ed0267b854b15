"""Are exponents found where they are known, do their intervals hold what they say, and is the page made of its data alone?"""

import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from commands import ROOT, run
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scaling import BASE, RATE, STEP_FLOPS, cost, scaling_data, scenario

from benchmarks.command import bench_command
from benchmarks.gpu_check.rows import GpuCheck, LimitRow, TrainingRow, check_to_plain
from benchmarks.scaling.cards import MeasuredRate, measured_rates
from benchmarks.scaling.data import DATA, DRAWING, PAGE, read_data, write_data
from benchmarks.scaling.drawing import _draw_factor
from benchmarks.scaling.factors import CURRICULUM, FACTORS, ScalingPlan
from benchmarks.scaling.fits import half_width, power_law
from benchmarks.scaling.page import page_text, write_page
from benchmarks.scaling.predictions import largest_organism, placement, predicted_seconds
from benchmarks.scaling.sweeps import checkpoint_count
from curricula.errors import UserError
from organisms.ensemble.config import named_config, read_config
from organisms.training.validation import check_config
from reports.drawing import style

DOCS = ROOT / "docs"
RATIOS = (16, 32, 64, 128, 256)


@given(st.floats(-1, 3), st.floats(1e-6, 1e6))
def test_an_exact_power_law_is_found_exactly(exponent, factor):
    law = power_law(RATIOS, [[factor * value**exponent] for value in RATIOS])
    assert law.exponent == pytest.approx(exponent, abs=1e-6)
    assert law.local == pytest.approx(exponent, abs=1e-6)
    assert law.high - law.low < 1e-5
    assert law.local_low is None
    assert not law.bends


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_intervals_hold_the_true_exponent_19_times_in_20(exponent):
    """800 draws of five cells of which each is off by noise of its own, and of four turns of each: the share of
    intervals that hold the truth is 0.95, with a standard error of 0.008."""
    rng, held, local_held = np.random.default_rng(int(exponent)), 0, 0
    x = np.log(RATIOS)
    for _ in range(800):
        off_cell = power_law(RATIOS, np.exp(exponent * x + 0.1 * rng.standard_normal(5))[:, None].tolist())
        held += off_cell.low <= exponent <= off_cell.high
        off_turns = power_law(
            RATIOS, np.exp(exponent * x[:, None] + 0.1 * rng.standard_normal((5, 4))).tolist()
        )
        assert off_turns.local_low is not None
        assert off_turns.local_high is not None
        local_held += off_turns.local_low <= exponent <= off_turns.local_high
    assert 0.92 < held / 800 < 0.98
    assert 0.92 < local_held / 800 < 0.98


def test_overhead_bends_the_line_and_the_local_exponent_is_nearer_the_truth():
    law = power_law(RATIOS, [[1.0 + (value / 100) ** 2] for value in RATIOS])
    assert law.exponent < 1.0 < law.local < 2.0
    assert law.bends


def test_a_cost_that_does_not_vary_has_exponent_0_and_two_values_no_fit():
    law = power_law(RATIOS, [[5.0]] * 5)
    assert (law.exponent, law.low, law.high, law.r_squared) == (0.0, 0.0, 0.0, None)
    with pytest.raises(ValueError, match="expected three values or more, got 2"):
        power_law((1, 2), [[1.0], [2.0]])
    assert half_width(np.array([1.0])) is None


@pytest.mark.parametrize(
    "sizes", [BASE, {"width": 100, "layers": 7, "moments": 3}, {"width": 1024, "layers": 8}]
)
def test_sizes_between_and_beyond_the_cells_are_predicted(sizes):
    sizes = BASE | sizes
    exact = predicted_seconds(scaling_data(), "training", sizes, cost(sizes))
    assert exact is not None
    assert exact.value == pytest.approx(cost(sizes) / RATE)


def test_intervals_of_predictions_hold_the_truth_19_times_in_20():
    """200 draws, whose share has a standard error of 0.015."""
    sizes, held = BASE | {"width": 1024, "layers": 7}, 0
    for seed in range(200):
        predicted = predicted_seconds(
            scaling_data(0.05, ("width", "layers"), seed), "training", sizes, cost(sizes)
        )
        assert predicted is not None
        held += predicted.low < cost(sizes) / RATE < predicted.high
    assert 0.9 < held / 200 < 0.995


def test_arithmetic_that_no_factor_explains_is_counted_in():
    twice = predicted_seconds(scaling_data(), "training", BASE, 2 * STEP_FLOPS)
    assert twice is not None
    assert twice.value == pytest.approx(2 * STEP_FLOPS / RATE)


def test_nothing_is_predicted_over_a_factor_that_was_not_measured():
    data = scaling_data(factors=("width",))
    assert predicted_seconds(data, "training", BASE, STEP_FLOPS)
    assert predicted_seconds(data, "training", BASE | {"layers": 6}, STEP_FLOPS) is None


PLACES = {
    "one device": (10, 1, False, 10 * 3600.0, 1),
    "as many as organisms": (10, 10, False, 3600.0, 10),
    "one organism over": (11, 10, False, 2 * 3600.0, 10),
    "more devices than organisms": (10, 100, False, 3600.0, 10),
    "joined, four share a batch": (25, 100, True, 900.0, 100),
    "joined, no more than the batch allows": (8, 100, True, 900.0, 32),
}


@pytest.mark.parametrize("case", PLACES)
def test_devices_take_whole_organisms_and_joined_ones_share_batches(case):
    """A batch of 64 has four shares of 16 scenes at most."""
    organisms, devices, joined, seconds, busy = PLACES[case]
    whole = placement(scenario(organisms=organisms), devices, 3600.0, joined=joined)
    assert whole.hours * 3600 == pytest.approx(seconds)
    assert whole.devices == busy


def test_the_largest_organism_of_a_memory_is_read_off_compiled_programs():
    """20 bytes a parameter at every size."""
    sizes = scaling_data().organism_bytes
    for memory in (4e8, 16e9, 80e9):
        assert largest_organism(sizes, memory) == pytest.approx(memory / 20)


def test_the_best_rate_of_a_card_is_read_and_short_checks_are_not(tmp_path):
    assert measured_rates(tmp_path) == []
    folder = tmp_path / DATA.parent
    folder.mkdir(parents=True)
    rows = (
        TrainingRow("cpu", 64, 1000.0),
        TrainingRow("cpu", 1024, 5000.0),
        TrainingRow("gpu", 4096, not_measured="no memory"),
        LimitRow("bfloat16", 1e14, 4096),
    )
    check = GpuCheck("a card", "gpu", False, "", "make gpu-check", 400.0, {}, (), rows)
    for name, written in (("a", check), ("b", replace(check, card="another", short=True))):
        (folder / f"gpu-{name}.json").write_text(json.dumps(check_to_plain(written)))
    rate = MeasuredRate("a card", "cpu", 1024, 5000.0)
    assert measured_rates(tmp_path) == [rate]
    data = scaling_data()
    assert "Nothing was measured on any card" in page_text(data, [])
    measured = page_text(data, [rate])
    assert "Nothing was measured on any card" not in measured
    assert (
        "| training on one a card, measured with 1,024 members | 1 | 26.7 min | 0.444 |" in measured
    )  # 10,000 * 800 / 5000 s


def test_a_page_is_made_of_what_was_written(tmp_path):
    data = scaling_data(noise=0.02)
    write_data(data, tmp_path)
    assert read_data(tmp_path) == data
    page = write_page(tmp_path)
    assert page.read_text() == page_text(data, [])
    assert {path.name for path in tmp_path.iterdir()} == {"results", PAGE.name, DRAWING.name}
    assert "*unmeasured*" in page.read_text()
    other = replace(data, checks=(replace(data.checks[0], rounds=(1e3, 1e3)),))
    assert page_text(other, []) != page_text(data, [])


def test_the_page_of_this_project_is_that_of_its_data():
    assert (DOCS / PAGE).read_text() == page_text(read_data(DOCS), measured_rates(DOCS))
    assert not read_data(DOCS).quick
    assert (DOCS / DRAWING).read_text().startswith("<svg")


@pytest.mark.parametrize("factor", ["cues", "checkpoints"])
def test_labels_between_powers_of_ten_are_numbers(factor):
    """Of axes with less than a decade; the style of drawings would show the source of a formula."""
    with style():
        figure = Figure()
        axes = figure.subplots()
        _draw_factor(axes, factor, read_data(DOCS))
        figure.draw_without_rendering()
        labels = [label.get_text() for label in axes.yaxis.get_ticklabels(which="minor")]
    shown = [label for label in labels if label]
    assert shown
    assert [label for label in shown if not re.fullmatch(r"\d+(e−\d+)?", label)] == []


def test_the_page_counts_steps_and_checkpoints_of_the_curriculum_as_it_is():
    for sweep in read_data(DOCS).scenarios:
        config = named_config(CURRICULUM, sweep.scale or "gpu", 1)
        assert sweep.steps == sum(phase.steps for phase in config.curriculum.phases)
        assert sweep.checkpoints == checkpoint_count(config)


@pytest.mark.parametrize("plan", [ScalingPlan(), ScalingPlan.quick()])
def test_every_cell_is_a_run_that_can_be_trained_and_differs_in_its_factor(plan):
    assert set(plan.training) <= set(FACTORS)
    for cells in (plan.training, plan.effects):
        for factor, values in cells.items():
            assert len(set(np.diff(np.log(values)).round(6))) <= 2, (
                "by ratios, save for a last value at a limit"
            )
            for value in values:
                check_config(plan.varied(factor, value, plan.members))


def test_checkpoints_of_a_run_are_counted(tiny_run):
    assert checkpoint_count(read_config(tiny_run.config)) == len(tiny_run.entries())


WRONG = {
    "no data yet": (("--scaling", "--page-only"), "measure first"),
    "a page without scaling": (("--page-only",), "expected --scaling"),
    "scales of another bench": (("--scaling", "--scales", "tiny"), "leave them out"),
    "one turn": (("--scaling", "--rounds", "1"), "rounds: expected 2 or more"),
    "a folder that cannot be": (("--scaling", "--out", "/proc/nowhere"), "give another --out"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_of_scaling_is_one_line(case, tmp_path):
    arguments, expected = WRONG[case]
    where = () if "--out" in arguments else ("--out", str(tmp_path / "out"))
    with pytest.raises(UserError, match=expected) as caught:
        bench_command([*arguments, *where])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bench", ["--scaling", "--analysis", "--quick"])
def test_switches_that_commands_refuse_are_refused_by_the_bench(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_DEBUG_NANS", "1")
    with pytest.raises(UserError, match=r"^JAX_DEBUG_NANS=1: expected it unset"):
        bench_command([bench, "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_quick_scaling_runs_from_end_to_end(tmp_path):
    quick_to_compile = {"XLA_FLAGS": f"{os.environ['XLA_FLAGS']} --xla_backend_optimization_level=0"}
    process = run(
        "bench", "--scaling", "--quick", "--quiet", "--out", tmp_path, env=os.environ | quick_to_compile
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.strip() == str(tmp_path / DATA)
    data = read_data(tmp_path)
    assert data.quick
    for work in ("training", "effects"):
        flops = data.find(work, "width", "flops")
        assert flops is not None
        assert 1 < flops.law.exponent < 2
    lineage = data.find("history", "checkpoints", "lineage_bytes")
    assert lineage is not None
    assert lineage.law.exponent == pytest.approx(1, abs=0.01)
    (tiny, large) = data.scenarios
    flops = data.find("training", "width", "flops")
    assert flops is not None
    assert flops.rounds[-1][0] / data.members == tiny.step_flops  # counted in two ways
    assert large.parameters == pytest.approx(100e6, rel=0.05)
    text = (tmp_path / PAGE).read_text()
    assert text == page_text(data, [])
    assert "figures of `--quick`" in text
