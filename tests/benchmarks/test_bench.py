"""Does a bench measure what its rows name, and write down what it measured?"""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import as_users_do, run

from benchmarks import figures, tables
from benchmarks.bench import bench
from benchmarks.counting import Sizes, step_flops
from benchmarks.machine import cores
from benchmarks.plan import Plan
from benchmarks.summary import measured_row, summary
from curricula.errors import UserError
from organisms.ensemble.config import named_config

pytestmark = pytest.mark.slow

CONTRACT = {
    "rows",
    "ratio_to_pytorch",
    "fraction_of_peak",
    "fraction_of_own_products",
    "device",
    "smallest_ratio",
    "analysis",
    "versions",
    "cores",
    "date",
    "command",
}
SMALLEST = Plan(
    scales=("tiny",), members=(2,), rounds=1, seconds=0.01, matrices=(64,), analysis_members=1, pytorch=False
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[dict, Path, list[str]]:
    """The smallest bench there is, run as a whole; takes about 20 seconds."""
    folder, lines = tmp_path_factory.mktemp("bench"), []
    plan = replace(SMALLEST, profile=folder / "profile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLA_FLAGS", as_users_do()["XLA_FLAGS"])
        path = bench(plan, folder / "out", "python scripts/bench.py", lines.append)
    return json.loads(path.read_text()), folder, lines


def test_a_bench_writes_everything_that_its_contract_names(measured):
    summary, folder, lines = measured
    assert set(summary) >= CONTRACT
    assert summary["ratio_to_pytorch"] is None
    assert summary["smallest_ratio"] is None
    assert summary["fraction_of_peak"] is None, "the reference was not measured"
    assert summary["cores"] == cores()
    (only,) = summary["rows"]
    sizes = Sizes.of(named_config("shared", "tiny"))
    everywhere = sizes._replace(decisions=sizes.positions)
    assert step_flops(sizes, pruned=True) <= only["executed_flops_a_step"] <= step_flops(everywhere)
    assert only["organism_steps_per_second_best"] >= only["organism_steps_per_second"] > 0
    for name in ("compile_seconds", "peak_memory_bytes", "checkpoint_bytes", "own_products_flops_per_second"):
        assert only[name] > 0
    assert only["seconds_to_first_chunk"] > only["compile_seconds"]
    assert only["chunk_steps"] == 25
    assert {path.name for path in (folder / "out").iterdir()} >= {"summary.json", "cost.svg", "memory.svg"}
    assert any("tiny" in line and "Limit" in line for line in lines)


def test_the_analysis_is_measured_in_both_ways_with_one_result(measured):
    analysis = measured[0]["analysis"]
    assert analysis["ratio"] == pytest.approx(
        analysis["interventions_per_second"] / analysis["one_at_a_time_per_second"]
    )
    assert analysis["largest_difference_nats"] < 1e-4 * analysis["mean_absolute_effect_nats"]
    assert analysis["pytorch_hooks_per_second"] is None


def test_a_profile_attributes_time_to_lines_of_the_project(measured):
    summary, folder, lines = measured
    groups = summary["profile"]
    assert len(groups) == 11
    assert sum(group["share_of_operations"] for group in groups) == pytest.approx(1)
    assert sum("organisms/model/transformer.py" in group["operations"] for group in groups) >= 3
    costs = [group["milliseconds_an_organism_step"] for group in groups[:-1]]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] > 0
    assert list(folder.glob("profile/**/*.xplane.pb"))
    assert any("Profile" in line for line in lines)


def raw_cell(scale="cpu", members=8, training=((0.01, 0.02, 0.04), (0.02,)), eager=0.05, pruned=0.04):
    return {
        "scale": scale,
        "members": members,
        "precision": "float32",
        "model_flops_a_step": 1000,
        "plain_flops_a_step": 1200,
        "executed_flops_a_step": 900,
        "training": [list(calls) for calls in training],
        "products": [[0.01]],
        "pytorch": {"eager": [[eager]], "pruned_eager": [[pruned]]},
        "variants": {"eager": {"threads": 2}, "pruned_eager": {"threads": 2}},
        "compile_seconds": 1.0,
        "peak_memory_bytes": 2_000_000,
        "steady_memory_bytes": 1_000_000,
    }


PEAKS = {"float32": {"flops_per_second": 1e6, "size": 64, "devices": 1}}


def raw(*cells):
    measured_round = {"interventions": 10, "seconds": 1.0, "largest_difference_nats": 1e-6}
    return {
        "machine": {"device": "a device", "platform": "cpu", "devices": 2},
        "peaks": PEAKS,
        "cells": list(cells),
        "analysis": {
            "scale": "cpu",
            "members": 4,
            "batched": [{"interventions": 600, "seconds": 2.0}],
            "one": [measured_round],
            "hooks": [measured_round | {"interventions": 20, "largest_difference_nats": 2e-6}],
            "mean_absolute_effect_nats": 0.1,
        },
        "profile": None,
    }


def test_a_row_is_worked_out_from_medians_over_rounds():
    """Two rounds with medians 0.02 s; the fastest PyTorch takes 0.04 s and the fastest unpruned one 0.05 s. A
    step of 1000 operations at 50 a second is 0.05 of a limit of a million; the own products do 1200 in 0.01
    s."""
    result = measured_row(raw_cell(), PEAKS)
    assert result["organism_steps_per_second"] == pytest.approx(50)
    assert result["organism_steps_per_second_best"] == pytest.approx(100)
    assert result["milliseconds_an_organism_step"] == pytest.approx(20)
    assert result["calls"] == 4
    assert result["ratio_to_pytorch"] == pytest.approx(2.0)
    assert result["ratio_to_pytorch_unpruned"] == pytest.approx(2.5)
    assert result["fraction_of_peak"] == pytest.approx(0.05)
    assert result["executed_fraction_of_peak"] == pytest.approx(0.045)
    assert result["fraction_of_own_products"] == pytest.approx(50 * 1000 / 120_000)
    assert result["executed_fraction_of_own_products"] == pytest.approx(50 * 900 / 120_000)
    assert result["pytorch"]["eager"]["threads"] == 2


def test_the_summary_is_of_the_reference_and_the_smallest_ratio_of_all_rows():
    slow = raw_cell("tiny", 1, training=((0.1,),))
    full = {"scale": "gpu", "members": 64, "not_measured": "does not fit"}
    result = summary(raw(slow, raw_cell(), full), {"cores": 2})
    assert result["ratio_to_pytorch"] == pytest.approx(2.0)
    assert result["smallest_ratio"] == pytest.approx(0.4)
    assert result["fraction_of_peak"] == pytest.approx(0.05)
    assert result["analysis"]["ratio"] == pytest.approx(300 / 20), "to the faster of the two ways"
    assert result["analysis"]["largest_difference_from_hooks_nats"] == 2e-6
    assert result["rows"][2]["organism_steps_per_second"] is None
    assert result["rows"][2]["not_measured"] == "does not fit"
    assert summary(raw(slow), {})["ratio_to_pytorch"] is None
    text = tables.text(result)
    assert "64" in text
    assert "2 times PyTorch" in text


def test_what_is_drawn_is_what_was_measured(monkeypatch):
    figures_drawn = []
    monkeypatch.setattr(figures, "svg", lambda figure, title: figures_drawn.append(figure) or "")
    cells = [raw_cell("tiny", 4), raw_cell("tiny", 1, training=((0.1,),)), raw_cell("cpu", 8)]
    rows = summary(raw(*cells, {"scale": "gpu", "members": 64, "not_measured": "full"}), {})["rows"]
    figures.cost(rows)
    figures.memory(rows)
    lines = {line.get_label(): line for line in figures_drawn[0].axes[0].lines}
    assert set(lines) == {"tiny scale", "tiny scale, PyTorch", "cpu scale", "cpu scale, PyTorch"}
    np.testing.assert_allclose(lines["tiny scale"].get_xydata(), [[1, 100], [4, 20]])
    assert set(lines["cpu scale, PyTorch"].get_ydata()) == {40.0}
    assert all("$" not in label.get_text() for label in figures_drawn[0].axes[0].get_yticklabels())
    assert [axes.get_title("left") for axes in figures_drawn[1].axes] == ["tiny scale", "cpu scale"]
    lines = {line.get_label(): line for line in figures_drawn[1].axes[0].lines}
    np.testing.assert_allclose(lines["training"].get_xydata(), [[1, 1], [4, 1]])
    np.testing.assert_allclose(lines["with compiling"].get_ydata(), [2, 2])


@pytest.mark.parametrize("draw", [figures.cost, figures.memory])
def test_drawings_are_whole_svg_files_even_of_nothing(draw):
    full = [measured_row({"scale": "gpu", "members": 64, "not_measured": "full"}, PEAKS)]
    for rows in ([measured_row(raw_cell(), PEAKS)], full, []):
        assert ElementTree.fromstring(draw(rows)).tag == "{http://www.w3.org/2000/svg}svg"


FAULTS = {
    "a scale twice": (Plan(scales=("cpu", "cpu")), "scales: expected each once"),
    "a number of members twice": (Plan(members=(4, 1, 4)), "members: expected each once"),
    "no members": (Plan(members=(0, 1)), "members: expected 1 or more, got 0"),
    "no rounds": (Plan(rounds=0), "rounds: expected 1 or more"),
    "no time": (Plan(seconds=0.0), "seconds: expected more than 0"),
    "a negative seed": (Plan(seed=-1), "seed: expected 0 to"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_an_impossible_plan_is_refused_before_anything_is_made(case, tmp_path):
    plan, expected = FAULTS[case]
    with pytest.raises(UserError, match=expected):
        bench(plan, tmp_path / "out", "", print)
    assert not (tmp_path / "out").exists()
    assert not Plan().validation_errors()
    assert not Plan.quick().validation_errors()


WRONG = {
    "unknown scale": (("--scales", "huge"), "'tiny', 'cpu', 'gpu'"),
    "no members": (("--members", "0"), "members: expected 1 or more, got 0"),
    "a misspelt flag": (("--scale", "cpu"), "--scales"),
    "a folder that cannot be": (("--out", "/proc/nowhere"), "give another --out"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_exits_2_with_a_line_and_writes_nothing(case, tmp_path):
    arguments, expected = WRONG[case]
    where = () if "--out" in arguments else ("--out", tmp_path / "out")
    process = run("bench", *arguments, *where)
    assert process.returncode == 2, process.stderr
    assert expected in process.stderr
    assert len(process.stderr.strip().splitlines()) <= 2
    assert process.stdout == ""
    assert not (tmp_path / "out").exists()
