"""Does a command end in a line, whatever becomes of its streams, its devices and its environment?"""

import os
import re
import subprocess
from dataclasses import replace

import jax
import pytest
from commands import ROOT, command, heeding_interrupts, run
from emitters import as_commands_do

from curricula.errors import UserError
from experiments.command_line.training_arguments import resolve
from experiments.train import train_run
from organisms.ensemble.config import TrainingConfig, named_config
from organisms.storage.run import open_run

pytestmark = pytest.mark.slow

COMMANDS = ("train", "analyse", "compare", "sweep", "study", "bench")
TRAINED = ("shared", "--scale", "tiny", "--members", 2, "--steps", 25, "--training.attempts", 0)
"""a chunk a phase, of as many steps as the chunks of `tiny_run`, whose programs are found"""


def shell(text: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash in which ``COMMAND`` stands for a command."""
    line = text.replace("COMMAND", " ".join(map(str, arguments)))
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("script", COMMANDS)
def test_help_that_nobody_reads_to_the_end_is_no_error(script):
    result = shell("COMMAND | head -c 0; exit ${PIPESTATUS[0]}", *command(script, "--help"))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("script", COMMANDS)
def test_help_on_a_full_disk_is_a_line(script):
    result = shell("COMMAND > /dev/full", *command(script, "--help"))
    assert result.returncode == 1
    assert re.fullmatch(r"failed: .*No space left on device.*\n", result.stderr)


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        ("2>/dev/full", 0),
        ("2>&1 | head -c 0; exit ${PIPESTATUS[0]}", 0),
        ("<&- >&- 2>&-", 0),
        (">/dev/full", 1),
    ],
)
def test_streams_that_take_nothing_do_not_stop_a_run(streams, code, tmp_path):
    words = command("train", *TRAINED, "--out", tmp_path / "run", pictures=False)
    result = shell(f"COMMAND {streams}", *words)
    assert result.returncode == code, result.stderr
    assert (tmp_path / "run/summary.json").exists()
    assert "Traceback" not in result.stderr


INTERRUPTED_AT_NUMPY = """
import os, runpy, signal, sys
from importlib.abc import MetaPathFinder

class Interrupter(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "numpy._core":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("script", COMMANDS)
def test_an_interrupt_while_a_command_is_imported_is_a_line(script):
    python, *words = command(script, "--help")
    result = subprocess.run(
        heeding_interrupts([python, "-c", INTERRUPTED_AT_NUMPY, *words]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "interrupted; give the same command again to go on\n"


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="there is another device than the CPU")
@pytest.mark.parametrize("platforms", ["cuda", "nonsense"])
@pytest.mark.parametrize("script", ["train", "compare", "study"])
def test_a_device_that_is_not_there_is_a_line(script, platforms, tmp_path):
    words = {
        "train": TRAINED,
        "compare": ("shared", "--scale", "tiny"),
        "study": ("controls", "--scale", "tiny"),
    }
    out = tmp_path / "out"
    result = run(script, *words[script], "--out", out, env=os.environ | {"JAX_PLATFORMS": platforms})
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: JAX_PLATFORMS={platforms}: expected a device of this kind")
    assert result.stderr.count("\n") == 1
    assert not out.exists()


def test_switches_that_decide_results_do_not(tmp_path):
    """The same config gives the same organisms in any environment."""
    environments = (
        {},
        {"JAX_DEFAULT_PRNG_IMPL": "rbg", "JAX_ENABLE_X64": "1", "JAX_RANDOM_SEED_OFFSET": "3"},
    )
    hashes = []
    for number, environment in enumerate(environments):
        out = tmp_path / str(number)
        result = run("train", *TRAINED, "--quiet", "--out", out, env=os.environ | environment)
        assert result.returncode == 0, result.stderr
        hashes.append({path.name: path.read_bytes() for path in sorted((out / "checkpoints").iterdir())})
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [("JAX_DEBUG_NANS", "1"), ("JAX_DISABLE_JIT", "True"), ("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")],
)
def test_switches_that_programs_were_never_tried_with_are_refused(name, value, tmp_path):
    result = run("train", *TRAINED, "--out", tmp_path / "run", env=os.environ | {name: value})
    assert result.returncode == 2
    assert re.fullmatch(rf"error: {name}.*(unset it|leave it out)\n", result.stderr)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--organism.width", 100_000),
        ("--members", 1_000_000),
        ("--training.batch", 1_000_000),
        ("--organism.width", 10**9),
        ("--organism.layers", 10**6),
        ("--steps", 10**12),
        ("--world.names", 10**9),
        ("--world.moments", 10**9),
    ],
)
def test_sizes_that_are_too_large_are_told_before_anything_starts(words, tmp_path):
    config = resolve([str(word) for word in (*TRAINED, *words)])
    with pytest.raises(UserError, match="expected at most") as error:
        train_run(config, tmp_path / "run")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_display_that_the_disk_refuses_does_not_stop_a_run(tmp_path, capsys):
    config = replace(named_config("shared", "tiny", members=2, steps=25), training=TrainingConfig(attempts=0))
    with open_run(tmp_path / "run", config.plain()) as begun:
        (begun.folder / "tensorboard").write_text("no folder")
    with as_commands_do():
        assert train_run(config, tmp_path / "run").exists()
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "the run goes on" in line] == said[:1]
