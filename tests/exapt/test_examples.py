"""Do the examples run: those of the docstrings, and that of the README?"""

import doctest
import inspect
import re
import shutil

import pytest
from commands import ROOT

import exapt
from curricula import plugins
from curricula.catalogue import registry
from curricula.errors import UserError
from organisms.ensemble.config import named_config
from organisms.storage.config_hash import run_folder

FUNCTIONS = [name for name in exapt.__all__ if inspect.isfunction(getattr(exapt, name))]
MOST_LINES = 14


@pytest.fixture
def no_plugins(monkeypatch):
    """What a plug-in registers is gone again after the test."""
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(registry, "CURRICULA", {**registry.CURRICULA})


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.usefixtures("programs_of_commands", "no_plugins")
def test_the_example_of_a_docstring_runs(name, analysed_run, tmp_path, monkeypatch, capsys):
    """On a run that is grown and analysed: what exists is not made again."""
    shutil.copytree(analysed_run, tmp_path / "runs/shared")
    shutil.copy(ROOT / "examples/plugins/reformed.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    example = inspect.getdoc(getattr(exapt, name)) or ""
    test = doctest.DocTestParser().get_doctest(example, {"exapt": exapt}, name, None, 0)
    assert len(test.examples) > 1
    said: list[str] = []
    results = doctest.DocTestRunner().run(test, out=said.append)
    assert results.failed == 0, "".join(said)


@pytest.mark.usefixtures("programs_of_commands")
def test_the_python_of_the_readme_runs(analysed_run, tmp_path, monkeypatch, capsys):
    (block,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), flags=re.M | re.S)
    assert len(block.splitlines()) <= MOST_LINES
    folder = run_folder(tmp_path / "runs", named_config("shared", "tiny", 2))
    shutil.copytree(analysed_run, folder)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "Self professes " in printed
    assert re.search(r"^0 \w+ {'reused': \d\.\d\d \[", printed, flags=re.M)


@pytest.mark.slow
@pytest.mark.usefixtures("programs_of_commands", "no_plugins")
def test_a_curriculum_of_a_plugin_is_grown_and_read_in_python_and_the_run_names_the_file(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="unknown curriculum 'reformed'"):
        exapt.grow("reformed", scale="tiny", members=1, steps=1)
    plugin = exapt.load_plugin(str(ROOT / "examples/plugins/reformed.py"))
    lineage = exapt.grow("reformed", scale="tiny", members=1, steps=1)
    assert lineage.config.plugins == (plugin,)
    assert [entry.phase for entry in lineage.checkpoints][-1] == "reform"
    monkeypatch.setattr(plugins, "_loaded", {})
    with pytest.raises(
        UserError, match=r"needs the plug-in reformed\.py .* exapt\.load_plugin\(FILE\) in Python"
    ):
        exapt.read_lineage(lineage.folder)
