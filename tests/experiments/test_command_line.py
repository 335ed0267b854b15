"""tyro alone reads command lines: words mean the same wherever they stand, and a wrong one is told in a
line."""

import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT

from curricula import plugins
from curricula.catalogue.registry import CURRICULA, OLD_NAMES
from curricula.errors import UserError
from curricula.pressures.monitor import Monitor
from experiments.command_line.flags import CommonFlags, EnsembleFlags, report_nothing
from experiments.command_line.parsing import parse
from experiments.command_line.sweep_arguments import SweepArguments
from experiments.command_line.training_arguments import parse_training_arguments, resolve
from experiments.progress import say_on_error_stream
from experiments.sweep import expand

HEAVY = frozenset(
    ("jax", "flax", "optax", "orbax", "scipy", "sklearn", "matplotlib", "pyarrow", "tensorboardX", "jinja2")
)
WATCHED = ("--phases.1.pressures.monitor.components", "L0H0", "L0H1")


@pytest.mark.parametrize(
    "words",
    [
        ("shared", *WATCHED),
        ("shared", *WATCHED, "--scale", "tiny"),
        (*WATCHED, "--scale", "tiny", "shared"),
        (*WATCHED, "--", "shared"),
        ("--no-quiet", "shared", *WATCHED),
    ],
)
def test_a_flag_of_several_values_stands_before_and_after_the_curriculum(words):
    """Between it and a curriculum that follows stands another flag, or ``--``."""
    config = resolve(words)
    assert config.curriculum.name == "shared"
    assert config.curriculum.phases[1].pressures[Monitor].components == ("L0H0", "L0H1")


def test_a_curriculum_among_the_values_of_a_flag_is_missed_in_a_line():
    """No reading could tell it from a value: the line says where it has to stand."""
    with pytest.raises(UserError, match="expected the name of a curriculum, got none") as fault:
        resolve([*WATCHED, "shared"])
    assert "before all flags or after --" in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("words", [("--steps", "2_5"), ("--steps=25",), ("--steps", "25"), ("--steps=2_5",)])
def test_a_number_of_steps_is_read_once_for_all(words):
    """By the phases of the curriculum, whose defaults it is, and by the flag itself."""
    for line in (["shared", *words], [*words, "shared"]):
        arguments = parse_training_arguments(line)
        assert arguments.steps == 25
        assert {phase.steps for phase in arguments.phases} == {25}


def test_a_setting_of_a_phase_counts_before_the_steps_of_all():
    phases = resolve(["shared", "--phases.1.steps", "7", "--steps", "5"]).curriculum.phases
    assert [phase.steps for phase in phases] == [5, 7]


def test_the_scale_decides_the_sizes_wherever_it_stands():
    lines = (["--scale", "tiny", "shared"], ["shared", "--scale=tiny"], ["--scale=tiny", "--quiet", "shared"])
    configs = [resolve(line) for line in lines]
    assert configs[0] == configs[1] == configs[2]
    assert configs[0].organism != resolve(["shared"]).organism


def test_a_switch_takes_no_value():
    for line in (["--no-quiet", "shared"], ["--quiet", "--no-quiet", "shared"], ["shared", "--no-quiet"]):
        assert parse_training_arguments(line).quiet is False
    assert parse_training_arguments(["--quiet", "shared"]).quiet is True


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sharde"], "did you mean 'shared'?"),
        (["shared", "--phases.1.stesp", "3"], "--phases.1.steps"),
        (["--membres", "3", "shared"], "--members"),
        (["shared", "--phases.2.steps", "3"], "Unrecognized options: --phases.2.steps"),
        (["shared", "settled"], "Unrecognized options: settled"),
        (["sharde", "--help"], "did you mean 'shared'?"),
        (["shared", "--plugin"], "--plugin"),
    ],
)
def test_a_wrong_word_is_one_line(words, expected):
    with pytest.raises(UserError) as fault:
        resolve(words)
    assert expected in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_wrong_word_reads_the_same_wherever_the_command_is(monkeypatch):
    """A long path of the command, or a narrow terminal, breaks the sentence that tyro ends with."""
    texts = []
    for command in (
        "train.py",
        "/a/folder/of/which/the/name/is/so/long/that/a/line/of/eighty/is/too/short/train.py",
    ):
        monkeypatch.setattr("sys.argv", [command])
        for columns in ("200", "80"):
            monkeypatch.setenv("COLUMNS", columns)
            with pytest.raises(UserError) as fault:
                resolve(["shared", "--membres", "3"])
            texts.append(str(fault.value))
    assert len(set(texts)) == 1
    assert texts[0].startswith("Unrecognized options: --membres, 3 Perhaps you meant: --members")
    assert "train.py" not in texts[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", OLD_NAMES)
def test_an_old_name_of_a_curriculum_leads_to_the_new_one(name):
    with pytest.raises(UserError) as fault:
        resolve([name])
    assert OLD_NAMES[name] in str(fault.value)
    assert "\n" not in str(fault.value)
    assert OLD_NAMES[name] in CURRICULA


def test_the_help_lists_every_flag_of_the_curriculum_named(capsys):
    """Defaults of its phases, as many of them as it has, and the names of all curricula."""
    for words in (["--help", "settled", "--scale=tiny"], ["settled", "-h", "--scale=tiny"]):
        with pytest.raises(SystemExit) as stop:
            parse_training_arguments(words, "Trains.")
        assert not stop.value.code
        text = capsys.readouterr().out
        assert "--phases.2.pressures.monitor.weight" in text
        assert "--phases.3.steps" not in text
        assert "audited_half_dropout" in text
        assert text.count("--plugin") == 1


def test_quiet_drops_progress_and_nothing_else():
    assert parse(CommonFlags, "", ["--quiet"]).report is report_nothing
    assert parse(CommonFlags, "", []).report is say_on_error_stream
    assert (
        parse(EnsembleFlags, "", ["--no-cache", "--seed", "3"]).cache,
        parse(EnsembleFlags, "", ["--seed=3"]).seed,
    ) == (False, 3)


def test_a_sweep_takes_one_seed_or_several_and_hands_its_switches_on(tmp_path, monkeypatch):
    """Each run's command loads the same plug-ins from wherever it starts, and keeps programs or not as the
    sweep does."""
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.chdir(tmp_path)
    Path("tones.py").write_text("x = 1")
    words = ["shared", "--scale=tiny", "--plugin", "tones.py", "--no-cache", "--seed", "4"]
    (cell,) = expand(parse(SweepArguments, "", words).runs, tmp_path / "out", resolve)
    assert cell.command[:2] == ("shared", "--seed=4")
    assert {f"--plugin={tmp_path / 'tones.py'}", "--no-cache"} <= set(cell.command)
    assert [plugin.name for plugin in resolve(cell.command).plugins] == ["tones.py"]
    assert parse(SweepArguments, "", [*words, "--seeds", "1", "2"]).runs.seeds == (1, 2)


@pytest.mark.parametrize("script", sorted(path.stem for path in (ROOT / "scripts").glob("*.py")))
def test_words_are_read_before_a_heavy_library_is_imported(script):
    """The help of every command imports none, and so is there at once."""
    program = (
        "import atexit, runpy, sys\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('HEAVY', *sorted(heavy & {name.split('.')[0] for name in sys.modules})))\n"
        f"sys.argv = ['{script}', '--help']\n"
        f"runpy.run_path('scripts/{script}.py', run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "HEAVY"
