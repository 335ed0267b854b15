"""Is what is drawn what was found? Read off the drawing before it becomes an SVG, where that can be."""

import copy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from findings import COMPONENTS, synthetic
from matplotlib.colors import to_hex

from analysis.statistics import CELLS, compare_summary
from reports import drawing, figures


@pytest.fixture
def seen(monkeypatch):
    """Every figure that is drawn, kept before it is turned into text."""
    kept = []

    def keep(figure, title):
        kept.append(figure)
        return drawing.svg(figure, title)

    monkeypatch.setattr(figures, "svg", keep)
    return kept


def texts(axes):
    return [text.get_text() for text in axes.texts]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]


def test_every_figure_is_an_svg_with_ids_of_its_own_and_nothing_from_elsewhere():
    findings = synthetic()
    drawn = [
        figures.verdict_shares(findings),
        figures.learning_curves(findings[0]),
        figures.learning_curves(findings[1]),
        figures.effect_maps(findings[0]),
        figures.faithfulness_curves(findings[0]),
        figures.behaviour_dots(findings),
    ]
    seen_ids = set()
    for text in drawn:
        root = ElementTree.fromstring(text)
        ids = {part.get("id") for part in root.iter() if part.get("id")}
        assert not ids & seen_ids
        seen_ids |= ids
        for part in root.iter():
            link = part.get("{http://www.w3.org/1999/xlink}href")
            assert link is None or link.startswith("data:") or link[1:] in ids
        assert "<text" not in text
        assert "date" not in text


def test_the_same_findings_give_the_same_bytes_in_another_process():
    program = "from findings import synthetic; from reports import figures; print(figures.learning_curves(synthetic()[1]))"
    command, tests = [sys.executable, "-c", program], Path(__file__).parents[1] / "support"
    other = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tests).stdout
    assert other.strip() == figures.learning_curves(synthetic()[1]).strip()
    assert len(other) > 10_000


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    figures.learning_curves(synthetic()[0])
    assert dict(matplotlib.rcParams) == before


def test_shares_are_drawn_as_bars_intervals_and_a_dot_an_organism(seen):
    findings = synthetic()
    figures.verdict_shares(findings)
    shared, redundant, honest = panels(seen[0])
    entry = compare_summary(findings)["curricula"]["redundant"]
    assert [bar.get_width() for bar in redundant.patches] == pytest.approx(
        [entry["shares"][cell][0] for cell in CELLS]
    )
    lines = redundant.get_lines()
    for n, cell in enumerate(CELLS):
        assert list(lines[2 * n].get_xdata()) == entry["shares"][cell][1:]
        dots = lines[2 * n + 1].get_xdata()
        assert list(dots) == [organism["shares"][cell] for organism in findings[1]["organisms"][:4]]
    assert "n = 5, 4 with shares" in redundant.get_title("left")
    assert "5 reused" in shared.get_title("left")
    assert "not measured" in texts(honest)[0]


def test_learning_shows_mean_and_range_of_members_and_leaves_out_what_was_not_measured(seen):
    finding = synthetic()[0]
    figures.learning_curves(finding)
    loss, characters, self_panel = panels(seen[0])
    values = np.asarray(finding["learning"]["loss_nats"])
    mean = loss.get_lines()[5]
    assert mean.get_ydata() == pytest.approx(values.mean(1))
    edges = loss.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.max() == pytest.approx(values.max())
    assert edges.min() == pytest.approx(values.min())
    alone = next(line for line in self_panel.get_lines() if line.get_label().startswith("alone"))
    assert alone.get_xdata()[0] == 525
    assert " intent" in texts(characters)
    nothing = copy.deepcopy(finding)
    nothing["learning"]["loss_nats"] = [[None] * 5] * len(finding["learning"]["step"])
    figures.learning_curves(nothing)
    assert "not measured" in texts(panels(seen[1])[0])


def test_maps_show_each_component_in_its_place_on_one_symmetric_scale(seen):
    finding = synthetic()[1]
    figures.effect_maps(finding)
    shown = panels(seen[0])
    assert [axes.get_title("left") for axes in shown[:4]] == [
        "characters, fork",
        "self, fork",
        "characters, end",
        "self, end",
    ]
    assert [axes.get_ylabel() for axes in shown[::4]] == ["watched", "professed", "secret"]
    for axes, role, time in ((shown[0], "character", "fork"), (shown[3], "self", "end")):
        mesh = axes.collections[0]
        values = np.mean(finding["effects"][time][role]["watched"]["value"], axis=0)
        image = np.asarray(mesh.get_array()).reshape(3, 8)
        assert image.ravel() == pytest.approx(values)
        layer, column = divmod(COMPONENTS.index("L1H2"), 8)
        assert (layer, column) == (1, 2)
        assert image[layer, column] == pytest.approx(values[COMPONENTS.index("L1H2")])
    limits = {axes.collections[0].get_clim() for axes in shown if axes.collections}
    assert limits == {(-1.0, 1.0)}
    for panel in (1, 5, 9, 11):
        assert texts(shown[panel]) == ["not measured"]
    strongest = to_hex(shown[3].collections[0].to_rgba(0.9))
    assert strongest != to_hex(shown[3].collections[0].to_rgba(-0.9))


def test_a_mean_over_some_organisms_says_over_how_many(seen):
    finding = synthetic()[0]
    values = finding["effects"]["end"]["self"]["watched"]["value"]
    values[1:] = [[None] * 24] * 4
    figures.effect_maps(finding)
    shown = panels(seen[0])
    assert np.asarray(shown[3].collections[0].get_array()).ravel() == pytest.approx(values[0])
    assert [axes.get_title("right") for axes in shown[:4]] == ["", "", "", "1 of 5 organisms"]


def test_an_effect_above_one_widens_the_scale(seen):
    finding = synthetic()[0]
    finding["effects"]["end"]["self"]["watched"]["value"] = [[-1.42] + [0.1] * 23] * 5
    figures.effect_maps(finding)
    assert {axes.collections[0].get_clim() for axes in panels(seen[0]) if axes.collections} == {(-1.5, 1.5)}


def test_maps_by_organism_have_a_row_a_member_and_say_where_one_was_not_measured(seen):
    finding = synthetic()[0]
    finding["effects"]["end"]["self"]["watched"]["value"][2] = [None] * 24
    figures.effect_maps_by_organism(finding)
    shown = panels(seen[0])
    assert [axes.get_ylabel() for axes in shown[::4]] == [f"member {n}" for n in range(5)]
    drawn = np.asarray(shown[4 * 3 + 3].collections[0].get_array()).ravel()
    assert drawn == pytest.approx(finding["effects"]["end"]["self"]["watched"]["value"][3])
    assert texts(shown[4 * 2 + 3]) == ["not measured"]


def test_faithfulness_averages_only_organisms_that_have_the_circuit(seen):
    finding = synthetic()[0]
    circuit = finding["circuits"]["end self"]
    circuit["found"][0], circuit["faithfulness"][0] = False, [-70.0] * 25
    circuit["null"][0] = [[50.0] * 25] * 6
    figures.faithfulness_curves(finding)
    axes = panels(seen[0])[2]
    mean = next(line for line in axes.get_lines() if line.get_label().startswith("circuit"))
    assert mean.get_ydata() == pytest.approx(np.mean(circuit["faithfulness"][1:], axis=0))
    assert axes.collections[0].get_paths()[0].vertices[:, 1].max() <= 1
    assert "found in 4 of 5" in axes.get_title("left")
    assert any(list(line.get_ydata()) == [0.9, 0.9] for line in axes.get_lines())


def test_behaviour_has_a_dot_an_organism_and_says_what_was_not_measured(seen):
    findings = synthetic()
    figures.behaviour_dots(findings)
    shown = panels(seen[0])
    dots = [line for line in shown[0].get_lines() if line.get_marker() not in ("", "None", None)]
    assert len(dots) == 9
    assert list(dots[0].get_ydata()) == [
        o["behaviour"]["self_alone_secret"] for o in findings[0]["organisms"]
    ]
    assert texts(shown[2]) == ["not measured"]


@pytest.mark.parametrize(
    "name", ["a cost of $\\frac$", "<script>alert(1)</script> --> x", "日本 😀", "x" * 300, ""]
)
def test_no_name_breaks_a_figure(name):
    """Nothing is read as mathematics or markup, and a letter that the font lacks is no warning."""
    findings = [{**finding, "curriculum": name, "run": name} for finding in synthetic()]
    findings[0]["phases"] = [{"name": name, "start": 0, "end": 800}]
    one = findings[:1]
    for text in (figures.verdict_shares(one), figures.learning_curves(one[0]), figures.behaviour_dots(one)):
        ElementTree.fromstring(text)
        assert "<script" not in text


def test_findings_with_almost_nothing_in_them_are_drawn(seen):
    finding = synthetic()[2]
    finding["effects"], finding["circuits"] = {"fork": {}, "end": {}}, {}
    assert figures.measured_variables(finding) == []
    figures.faithfulness_curves(finding)
    figures.verdict_shares([finding])
    figures.behaviour_dots([finding])
    assert len(seen) == 3
