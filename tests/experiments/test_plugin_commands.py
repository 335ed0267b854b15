"""The worked examples of CONTRIBUTING run through the commands, and a run keeps to the plug-ins it was trained with."""

import json
import re
import shutil
from pathlib import Path

import pytest
from commands import ROOT, run

from curricula import plugins
from curricula.errors import UserError
from experiments.command_line.parsing import load_named_plugins
from experiments.measurements import registry
from experiments.measurements.cache import measurement_keys
from reports.tables import read_table

EXAMPLES = ROOT / "examples" / "plugins"
SHORT = ("--scale", "tiny", "--members", 2, "--steps", 25, "--quiet")
"""a chunk a phase, of as many steps as the chunks of `tiny_run`, whose programs are found"""
TRAINED = (*SHORT, "--training.attempts", 0)
PENALISED = ("shared", *TRAINED, "--phases.1.pressures.confidence_penalty.weight", 0.5)


def plugin(name: str) -> tuple[str, Path]:
    """The flag that loads an example."""
    return "--plugin", EXAMPLES / f"{name}.py"


def test_contributing_shows_the_examples_as_they_are():
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    files = {path.name: path.read_text() for path in sorted(EXAMPLES.glob("*.py"))}
    assert sorted(blocks) == sorted(files.values())
    assert all(len(text.splitlines()) <= 60 for text in files.values())


@pytest.fixture(scope="module")
def penalised(tmp_path_factory) -> Path:
    """A run under the pressure of the example, trained by the command."""
    folder = tmp_path_factory.mktemp("penalised") / "run"
    result = run("train", *PENALISED, *plugin("confidence_penalty"), "--out", folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{folder / 'summary.json'}\n"
    return folder


@pytest.fixture(scope="module")
def reformed(tmp_path_factory) -> Path:
    """A run of the example's curriculum, trained by the command."""
    folder = tmp_path_factory.mktemp("reformed") / "run"
    result = run("train", "reformed", *TRAINED, *plugin("reformed"), "--out", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.slow
def test_a_pressure_of_a_plugin_acts_where_it_is_set(penalised):
    """Its metric is logged in the phase with a weight, and in no other; its settings are in the config."""
    lines = [json.loads(line) for line in (penalised / "metrics.jsonl").read_text().splitlines()]
    logged = {line["phase"] for line in lines if "confidence_penalty/entropy_nats" in line}
    assert logged == {"intent"}
    assert {line["phase"] for line in lines} == {"characters", "intent"}
    config = json.loads((penalised / "config.json").read_text())
    assert config["curriculum"]["phases"][1]["pressures"]["confidence_penalty"]["weight"] == 0.5
    assert [entry["name"] for entry in config["plugins"]] == ["confidence_penalty.py"]


@pytest.mark.slow
def test_a_curriculum_of_a_plugin_is_trained_by_its_name(reformed):
    summary = json.loads((reformed / "summary.json").read_text())
    assert (summary["curriculum"], summary["steps"]) == ("reformed", 75)
    config = json.loads((reformed / "config.json").read_text())
    assert [phase["name"] for phase in config["curriculum"]["phases"]] == ["characters", "intent", "reform"]


@pytest.mark.slow
def test_a_measurement_of_a_plugin_is_in_the_table_the_report_and_parquet(reformed):
    result = run("analyse", reformed, *plugin("reformed"), *plugin("rank_correlation"))
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{reformed / 'analysis' / 'summary.json'}\n"
    organisms = json.loads((reformed / "analysis" / "summary.json").read_text())["organisms"]
    lines = [organism["corroboration"]["rank_correlation"] for organism in organisms]
    assert len(lines) == 2
    assert all(-1 <= line["low"] <= line["high"] <= 1 for line in lines)
    assert 'id="rank-correlation"' in (reformed / "analysis" / "report.html").read_text()
    rows = read_table(reformed / "analysis" / "rank_correlation.parquet").to_pylist()
    found = [(row["member"], row["metric"], row["value"]) for row in rows]
    assert found == [(member, "spearman", line["value"]) for member, line in enumerate(lines)]


@pytest.mark.slow
def test_an_optional_measurement_of_a_plugin_is_made_where_it_is_asked_for(reformed, tmp_path):
    text = (EXAMPLES / "rank_correlation.py").read_text()
    path = tmp_path / "optional_correlation.py"
    path.write_text(text.replace("    settings: ClassVar", "    optional = True\n    settings: ClassVar"))
    assert path.read_text() != text
    summary = reformed / "analysis" / "summary.json"
    for words, is_made in (((), False), (("--measure", "rank_correlation"), True)):
        result = run("analyse", reformed, *plugin("reformed"), "--plugin", path, *words)
        assert result.returncode == 0, result.stderr
        content = json.loads(summary.read_text())
        assert ("rank_correlation" in content["measured"]) is is_made
        assert ("--measure rank_correlation" in content["command"]) is is_made
    result = run("analyse", reformed, *plugin("reformed"), "--measure", "rank_correlation")
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        "expected an optional measurement (acquisition, ancestry, audit, handle, reinitialisation), got 'rank_correlation'"
        in result.stderr
    )


@pytest.mark.slow
def test_a_study_of_a_plugin_writes_its_summary(tmp_path):
    result = run("study", "scheming_rate", *SHORT, *plugin("scheming_rate"), "--out", tmp_path)
    assert result.returncode == 0, result.stderr
    path = Path(result.stdout.strip())
    summary = json.loads(path.read_text())
    assert (summary["study"], summary["n"], summary["seeds"]) == ("scheming_rate", 4, [0])
    assert summary["primary"]["name"] == "self_alone_secret.difference"
    assert set(summary["findings"]) == {"self_alone_secret.shared", "self_alone_secret.honest"}
    assert (path.parent / summary["report"]).exists()


@pytest.mark.slow
@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("script", ["train", "analyse", "compare"])
def test_a_run_is_refused_without_its_plugin_or_with_another(script, changed, penalised, tmp_path):
    """Whether it is resumed, analysed or compared: exit 2, one line with the file and its sha256, nothing changed."""
    sha256 = json.loads((penalised / "config.json").read_text())["plugins"][0]["sha256"]
    copy = tmp_path / "confidence_penalty.py"
    shutil.copy(EXAMPLES / copy.name, copy)
    with open(copy, "a") as file:
        file.write("# changed\n")
    target = ("shared", *TRAINED, "--out", penalised) if script == "train" else (penalised,)
    files = {path: path.stat().st_mtime_ns for path in penalised.rglob("*")}
    result = run(script, *target, *(("--plugin", copy) if changed else ()))
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    expected = (
        f"with sha256 {sha256[:12]}, but" if changed else f"(sha256 {sha256[:12]}), which is not loaded"
    )
    assert f"needs the plug-in confidence_penalty.py {expected}" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in penalised.rglob("*")} == files


@pytest.mark.slow
@pytest.mark.parametrize("script", ["train", "analyse", "compare", "sweep", "study", "bench"])
def test_a_file_that_can_not_be_loaded_is_a_line_in_every_command(script, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import nothing_of_that_name\n")
    for plugin_path, expected in (
        (path, f"--plugin {path}: line 1: ModuleNotFoundError"),
        (tmp_path / "none.py", "No such file"),
    ):
        result = run(script, "--plugin", plugin_path)
        assert result.returncode == 2, result.stderr
        assert expected in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        assert result.stdout == ""


TAKEN = {
    "monitor": """
from curricula.pressures.registry import PressureSettings, register_pressure_settings
@register_pressure_settings
class Other(PressureSettings):
    name = "monitor"
""",
    "shared": """
from curricula.catalogue.registry import register_curriculum
@register_curriculum
def shared(scale): ...
""",
    "all agree": """
from curricula.world.opportunity import OpportunityRule, register_opportunity_rule
register_opportunity_rule(OpportunityRule("all agree", lambda evidence: evidence[:, 0]))
""",
    "effects": """
from experiments.measurements.protocol import Measurement
from experiments.measurements.registry import register_measurement
@register_measurement
class Other(Measurement):
    name, result = "effects", int
    def measure(self, run, results): ...
""",
    "ancestry": """
from experiments.studies.registry import register_study
from experiments.studies.study import Study
@register_study
class Other(Study):
    name, about = "ancestry", ""
    runs = measure = summarise = headline = None
""",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_is_taken_is_refused_with_both_owners(name, tmp_path, monkeypatch):
    """The file of the plug-in and the module of this project, in one line."""
    monkeypatch.setattr(plugins, "_loaded", {})
    path = tmp_path / "taken.py"
    path.write_text(TAKEN[name])
    with pytest.raises(UserError) as fault:
        load_named_plugins(["--plugin", str(path)])
    text = str(fault.value)
    assert f"{name!r} is registered twice" in text
    assert "plugin_taken_" in text
    assert re.search(r"(curricula|organisms|experiments)\.\w+", text)
    assert "\n" not in text


def test_a_changed_measurement_of_a_plugin_is_measured_again(tmp_path, monkeypatch):
    """Its key follows the bytes of its file; those of the project's measurements stay."""
    keys = []
    for comment in ("# one\n", "# two\n"):
        monkeypatch.setattr(plugins, "_loaded", {})
        monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
        path = tmp_path / "rank_correlation.py"
        path.write_text((EXAMPLES / path.name).read_text() + comment)
        load_named_plugins(["--plugin", str(path)])
        keys.append(measurement_keys(registry.registered_measurements(), 1, ["ab"]))
        monkeypatch.undo()
    first, second = keys
    assert {name for name in first if first[name] != second[name]} == {"rank_correlation"}
