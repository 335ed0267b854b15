"""Do figures show what was measured? Read from each figure before it becomes an SVG, where that can be."""

import importlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from run_findings import COMPONENTS, synthetic_runs

from analysis.findings import PhaseSpan
from analysis.history.learning import LearningResult
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.comparison import by_settings, compare_curricula
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS
from reports import drawing
from reports.sections.behaviour import behaviour_dots
from reports.sections.circuits import faithfulness_curves
from reports.sections.effects import mean_effect_maps, measured_variables, member_effect_maps
from reports.sections.learning import learning_curves
from reports.sections.verdicts import verdict_shares


@pytest.fixture
def figures(monkeypatch):
    """Every figure that is drawn, before it is turned into text."""
    drawn = []

    def keep(figure, title):
        drawn.append(figure)
        return drawing.svg(figure, title)

    for name in ("behaviour", "circuits", "effects", "learning", "verdicts"):
        monkeypatch.setattr(importlib.import_module(f"reports.sections.{name}"), "svg", keep)
    return drawn


def texts(axes):
    return [text.get_text() for text in axes.texts]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]


def with_effects(findings, checkpoint, role, variable, values):
    """The findings with other effects of one variable."""
    changed = tuple(
        replace(effects, value=np.array(values, float))
        if (effects.checkpoint, effects.role, effects.variable) == (checkpoint, role, variable)
        else effects
        for effects in findings[EffectsResult].measured
    )
    return findings.with_result(EffectsResult(changed, ()))


def self_effects(findings):
    return findings[EffectsResult].require("end", "self").value


def test_every_figure_is_an_svg_with_ids_of_no_other_and_nothing_from_elsewhere():
    runs = synthetic_runs()
    drawings = [
        verdict_shares(runs),
        learning_curves(runs[0]),
        learning_curves(runs[1]),
        mean_effect_maps(runs[0]),
        faithfulness_curves(runs[0]),
        behaviour_dots(runs),
    ]
    earlier_ids = set()
    for text in drawings:
        root = ElementTree.fromstring(text)
        ids = {part.get("id") for part in root.iter() if part.get("id")}
        assert not ids & earlier_ids
        earlier_ids |= ids
        for part in root.iter():
            link = part.get("{http://www.w3.org/1999/xlink}href")
            assert link is None or link.startswith("data:") or link[1:] in ids
        assert "<text" not in text
        assert "date" not in text


@pytest.mark.slow
def test_the_same_findings_give_the_same_bytes_in_another_process():
    program = (
        "from run_findings import synthetic_runs; from reports.sections.learning import learning_curves; "
        "print(learning_curves(synthetic_runs()[1]))"
    )
    command, tests = [sys.executable, "-c", program], Path(__file__).parents[1] / "support"
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tests).stdout
    assert output.strip() == learning_curves(synthetic_runs()[1]).strip()
    assert len(output) > 10_000


def test_drawing_leaves_matplotlib_as_it_was():
    settings = dict(matplotlib.rcParams)
    learning_curves(synthetic_runs()[0])
    assert dict(matplotlib.rcParams) == settings


def test_shares_are_drawn_as_bars_intervals_and_a_dot_an_organism(figures):
    runs = synthetic_runs()
    verdict_shares(runs)
    shared, redundant, honest = panels(figures[0])
    summary = compare_curricula(runs).curricula["redundant"]
    assert [bar.get_width() for bar in redundant.patches] == pytest.approx(
        [summary.shares[cell][0] for cell in CELLS]
    )
    lines = redundant.get_lines()
    members = runs[1][ProvenanceResult].members
    for n, cell in enumerate(CELLS):
        assert tuple(lines[2 * n].get_xdata()) == summary.shares[cell][1:]
        dots = lines[2 * n + 1].get_xdata()
        assert list(dots) == [organism.shares[cell] for organism in members[:4]]
    assert "n = 5, 4 with shares" in redundant.get_title("left")
    assert "5 reused" in shared.get_title("left")
    assert "not measured" in texts(honest)[0]


def test_learning_shows_mean_and_range_of_members_and_leaves_out_what_was_not_measured(figures):
    findings = synthetic_runs()[0]
    learning_curves(findings)
    loss, characters, self_panel = panels(figures[0])
    learning = findings[LearningResult]
    values = learning.metrics["loss_nats"]
    mean = loss.get_lines()[5]
    assert mean.get_ydata() == pytest.approx(values.mean(1))
    edges = loss.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.max() == pytest.approx(values.max())
    assert edges.min() == pytest.approx(values.min())
    alone = next(line for line in self_panel.get_lines() if line.get_label().startswith("alone"))
    assert alone.get_xdata()[0] == 525
    assert " intent" in texts(characters)
    without_loss = replace(learning, metrics={**learning.metrics, "loss_nats": np.full_like(values, np.nan)})
    learning_curves(findings.with_result(without_loss))
    assert "not measured" in texts(panels(figures[1])[0])


def test_maps_show_each_component_in_its_place_on_one_symmetric_scale(figures):
    findings = synthetic_runs()[1]
    mean_effect_maps(findings)
    maps = panels(figures[0])
    assert [axes.get_title("left") for axes in maps[:4]] == [
        "characters, fork",
        "self, fork",
        "characters, end",
        "self, end",
    ]
    assert [axes.get_ylabel() for axes in maps[::4]] == ["watched", "professed", "secret"]
    for axes, role, checkpoint in ((maps[0], "character", "fork"), (maps[3], "self", "end")):
        values = findings[EffectsResult].require(checkpoint, role).value.mean(0)
        image = np.asarray(axes.collections[0].get_array()).reshape(3, 8)
        assert image.ravel() == pytest.approx(values)
        layer, column = divmod(COMPONENTS.index("L1H2"), 8)
        assert (layer, column) == (1, 2)
        assert image[layer, column] == pytest.approx(values[COMPONENTS.index("L1H2")])
    limits = {axes.collections[0].get_clim() for axes in maps if axes.collections}
    assert limits == {(-1.0, 1.0)}
    for panel in (1, 5, 9, 11):
        assert texts(maps[panel]) == ["not measured"]
    strongest = to_hex(maps[3].collections[0].to_rgba(0.9))
    assert strongest != to_hex(maps[3].collections[0].to_rgba(-0.9))


def test_a_mean_over_some_organisms_says_over_how_many(figures):
    findings = synthetic_runs()[0]
    values = self_effects(findings).copy()
    values[1:] = np.nan
    mean_effect_maps(with_effects(findings, "end", "self", "watched", values))
    maps = panels(figures[0])
    assert np.asarray(maps[3].collections[0].get_array()).ravel() == pytest.approx(values[0])
    assert [axes.get_title("right") for axes in maps[:4]] == ["", "", "", "1 of 5 organisms"]


def test_an_effect_above_one_widens_the_scale(figures):
    values = [[-1.42] + [0.1] * 23] * 5
    mean_effect_maps(with_effects(synthetic_runs()[0], "end", "self", "watched", values))
    limits = {axes.collections[0].get_clim() for axes in panels(figures[0]) if axes.collections}
    assert limits == {(-1.5, 1.5)}


def test_maps_by_organism_have_a_row_a_member_and_say_where_one_was_not_measured(figures):
    findings = synthetic_runs()[0]
    values = self_effects(findings).copy()
    values[2] = np.nan
    member_effect_maps(with_effects(findings, "end", "self", "watched", values))
    maps = panels(figures[0])
    assert [axes.get_ylabel() for axes in maps[::4]] == [f"member {n}" for n in range(5)]
    assert np.asarray(maps[4 * 3 + 3].collections[0].get_array()).ravel() == pytest.approx(values[3])
    assert texts(maps[4 * 2 + 3]) == ["not measured"]


def test_faithfulness_averages_only_organisms_that_have_the_circuit(figures):
    findings = synthetic_runs()[0]
    *rest, circuit = findings[CircuitsResult].circuits
    faithfulness, null = circuit.faithfulness.copy(), circuit.null.copy()
    faithfulness[0], null[0] = -70.0, 50.0
    changed = replace(circuit, found=(False,) + (True,) * 4, faithfulness=faithfulness, null=null)
    faithfulness_curves(findings.with_result(CircuitsResult((*rest, changed))))
    axes = panels(figures[0])[2]
    mean = next(line for line in axes.get_lines() if line.get_label().startswith("circuit"))
    assert mean.get_ydata() == pytest.approx(circuit.faithfulness[1:].mean(0))
    assert axes.collections[0].get_paths()[0].vertices[:, 1].max() <= 1
    assert "found in 4 of 5" in axes.get_title("left")
    assert any(list(line.get_ydata()) == [0.9, 0.9] for line in axes.get_lines())


def test_behaviour_has_a_dot_an_organism_and_says_what_was_not_measured(figures):
    runs = synthetic_runs()
    behaviour_dots(runs)
    behaviours = panels(figures[0])
    dots = [line for line in behaviours[0].get_lines() if line.get_marker() not in ("", "None", None)]
    assert len(dots) == 9
    members = runs[0][BehaviourResult].members
    assert list(dots[0].get_ydata()) == [member.trained.self_alone_secret for member in members]
    assert texts(behaviours[2]) == ["not measured"]


def test_every_figure_over_runs_separates_members_of_different_settings():
    """A run whose members differ in a setting is drawn as one run for each value."""
    shared, redundant, _ = synthetic_runs()
    settings = tuple({"phases.1.self_alone": 0.1 + 0.4 * (member % 2)} for member in range(5))
    varied = replace(shared, run=replace(shared.run, settings=settings))
    parts = by_settings([varied, redundant])
    assert [len(part.members) for part in parts] == [3, 2, 5]
    for draw in (verdict_shares, behaviour_dots):
        assert draw([varied, redundant]) == draw(parts)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["a cost of $\\frac$", "<script>alert(1)</script> --> x", "日本 😀", "x" * 300, ""]
)
def test_no_name_breaks_a_figure(name):
    """Nothing is read as mathematics or markup, and a letter that the font lacks is no warning."""
    findings = synthetic_runs()[0]
    run = replace(findings.run, curriculum=name, run=name, phases=(PhaseSpan(name, 0, 800),))
    renamed = replace(findings, run=run)
    for text in (verdict_shares([renamed]), learning_curves(renamed), behaviour_dots([renamed])):
        ElementTree.fromstring(text)
        assert "<script" not in text


def test_findings_with_almost_nothing_in_them_are_drawn(figures):
    findings = synthetic_runs()[2].with_result(EffectsResult((), ())).with_result(CircuitsResult(()))
    assert measured_variables(findings) == []
    faithfulness_curves(findings)
    verdict_shares([findings])
    behaviour_dots([findings])
    assert len(figures) == 3
