"""Does the console command do what the scripts do?"""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
from commands import ROOT, command, run

from exapt.command import COMMANDS
from experiments.command_line import process
from experiments.command_line.process import command_file

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("exapt", "curricula", "organisms", "analysis", "reports", "experiments", "benchmarks")


def console(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs ``exapt WORDS``, as its entry point does."""
    return subprocess.run(
        [sys.executable, "-m", "exapt", *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_help_lists_every_command_in_the_words_of_its_script():
    result = console("--help")
    assert (result.returncode, result.stderr) == (0, "")
    for name, listed in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(listed.about)}$", result.stdout, flags=re.M)
        tree = ast.parse((ROOT / f"scripts/{name}.py").read_text())
        assert (ast.get_docstring(tree) or "").startswith(f"{listed.about}: python scripts/{name}.py")
        assert f'main("{listed.function}")' in ast.unparse(tree).replace("'", '"')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("trian", "shared"),
            r"error: expected a command \(train, .*got 'trian'; did you mean 'train'\?; see .*",
        ),
        ((), r"error: expected a command \(train, .*got none; see exapt --help"),
        (("train", "shared", "--stpes", "5"), "error: .*--steps.*; see --help"),
        pytest.param(
            ("analyse", "nowhere"),
            "error: expected a run's folder, found none at nowhere; .*",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_wrong_words_are_a_line_and_exit_code_2(words, said):
    result = console(*words)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(f"{said}\n", result.stderr), result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_a_command_is_that_of_its_script(name):
    given, of_script = console(name, "--help"), run(name, "--help")
    assert (given.returncode, given.stderr) == (of_script.returncode, of_script.stderr) == (0, "")
    assert given.stdout.startswith(f"usage: exapt {name} ")
    _, _, rest = given.stdout.partition("\n\n")
    assert rest == of_script.stdout.partition("\n\n")[2]


@pytest.mark.slow
def test_a_run_is_the_same_by_the_console_command(tiny_run, tmp_path):
    """It is found finished, and its analysis refused, in the words of the script."""
    words = ("shared", "--scale", "tiny", "--members", "2", "--out", str(tiny_run.folder))
    result = console("train", *words)
    assert (result.returncode, result.stdout) == (0, f"{tiny_run.folder}/summary.json\n")
    assert "nothing to do" in result.stderr


def test_where_there_is_no_checkout_processes_run_the_modules_of_commands(tmp_path, monkeypatch):
    assert command_file("train") == ROOT / "scripts/train.py"
    elsewhere = tmp_path / "experiments/command_line/process.py"
    monkeypatch.setattr(process, "__file__", str(elsewhere))
    assert command_file("train") == tmp_path / "experiments/commands/train.py"


@pytest.mark.parametrize("name", ["train", "analyse"])
def test_the_module_of_a_command_runs_as_its_script_does(name):
    words = [sys.executable, str(ROOT / f"experiments/commands/{name}.py"), "--nothing-of-that-name"]
    results = [
        subprocess.run(each, cwd=ROOT, capture_output=True, text=True)
        for each in (words, command(name, "--nothing-of-that-name"))
    ]
    assert [each.returncode for each in results] == [2, 2]
    assert results[0].stderr == results[1].stderr


def test_every_package_is_installed_with_its_types():
    patterns = SETTINGS["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(patterns) == sorted(f"{name}*" for name in PACKAGES)
    assert all((ROOT / name / "py.typed").exists() for name in PACKAGES)
    assert SETTINGS["tool"]["setuptools"]["package-data"]["*"] == ["py.typed"]
    assert SETTINGS["project"]["scripts"] == {"exapt": "exapt.command:console_command"}
