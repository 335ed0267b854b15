"""Does a check of a GPU keep to its time, survive its parts, and say of a card only what was measured on one?"""

import json
import os
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from commands import ROOT, command

from benchmarks.gpu_check import parity
from benchmarks.gpu_check.check import fractions_of
from benchmarks.gpu_check.command import file_name, gpu_check_command
from benchmarks.gpu_check.curriculum import Deadline, TimeIsOver, curriculum_config, scale_of
from benchmarks.gpu_check.page import DATA, PAGE, PART_WORDS, page_text, read_checks
from benchmarks.gpu_check.plan import MOST_SECONDS, PARTS, Part, Settings
from benchmarks.gpu_check.process import run_part
from benchmarks.gpu_check.rows import (
    AnalysisRow,
    CurriculumRow,
    DeviceRow,
    FractionRow,
    GpuCheck,
    LimitRow,
    ParityRow,
    PartOutcome,
    PyTorchRow,
    TrainingRow,
    check_from_plain,
    check_to_plain,
)
from benchmarks.gpu_check.training import measure_cell
from curricula.errors import Incomplete, SystemFailure, UserError
from organisms.storage import records

CARD = "Imaginary G1 80GB"
CHECK = GpuCheck(
    card=CARD,
    platform="gpu",
    short=False,
    date="2026-01-01T00:00:00+00:00",
    command="python scripts/gpu_check.py",
    seconds=400.0,
    versions={"python": "3.12.1", "torch": None},
    parts=(
        PartOutcome("limits", 20.0),
        PartOutcome("training", 20.0, failure="ended after 20 s"),
        PartOutcome("pytorch", 0.0, left_out="torch is not installed"),
    ),
    rows=(
        DeviceRow("gpu", CARD, 1, 80 * 10**9),
        LimitRow("tensorfloat32", 4e14, 8192),
        LimitRow("bfloat16", 8e14, 8192),
        ParityRow("loss", "highest", 2.5e-6, 1e-4),
        TrainingRow("cpu", 64, 1234.0, 31.0, 1e9, "tensorfloat32", 10**9),
        TrainingRow("cpu", 4096, not_measured="does not fit into memory"),
        PyTorchRow("cpu", 64, 617.0, 20.0, 1e-6),
        FractionRow("cpu", 64, "tensorfloat32", 0.25),
        CurriculumRow("shared", "cpu", 1024, 800, 90.0, 9876.0, 0.97, 0.96),
        AnalysisRow("cpu", 64, 7654.0, 321.0, 12.0, 0.5),
    ),
)


def settings(**changes) -> Settings:
    return replace(Settings(short=True, seed=0, folder="", seconds=100.0), **changes)


def test_the_page_is_what_its_data_say():
    assert PAGE.read_text() == page_text(read_checks(DATA)), (
        "python scripts/gpu_check.py --page writes it anew"
    )


def test_a_page_calls_unmeasured_what_no_card_has_been_checked_for():
    assert "Unmeasured" in page_text([])
    page = page_text([replace(CHECK, parts=CHECK.parts[:1])])
    assert "Unmeasured" not in page
    for figure in (
        CARD,
        "1,234",
        "0.25",
        "9,876",
        "7,654",
        "2.5e-06",
        "does not fit",
        "| 2.0 |",
        "400.0 TFLOP/s",
    ):
        assert figure in page, figure
    assert "Unmeasured.*" in page_text([replace(CHECK, rows=CHECK.rows[:1])])


def test_a_page_names_what_failed_and_what_was_left_out():
    page = page_text([CHECK])
    assert "**Failed**: training: ended after 20 s." in page
    assert "*Unmeasured*: pytorch, since torch is not installed." in page


def test_a_check_is_read_back_as_it_was_written():
    plain = json.loads(records.pretty(records.plain(check_to_plain(CHECK))))
    assert check_from_plain(plain) == CHECK


@pytest.mark.parametrize("changes", [{"short": True}, {"platform": "cpu"}])
def test_no_short_check_and_no_cpu_passes_for_a_card(changes, tmp_path):
    plain = records.plain(check_to_plain(replace(CHECK, **changes)))
    (tmp_path / "gpu-imaginary.json").write_bytes(records.pretty(plain))
    with pytest.raises(UserError, match="expected a whole check of a GPU"):
        read_checks(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "gpu-other.json").write_text("{}")
    with pytest.raises(UserError, match=r"expected what gpu_check\.py writes"):
        read_checks(tmp_path)


def test_a_file_is_named_after_its_card_and_a_short_one_after_its_platform():
    assert file_name(CHECK) == "gpu-imaginary-g1-80gb.json"
    assert file_name(replace(CHECK, short=True, platform="cpu")) == "cpu-short.json"


@pytest.mark.parametrize(
    "words",
    [["--short"], ["--parts", "limits"], ["--short", "--out", str(DATA)], ["--sort"], ["--seed", "-1"]],
)
def test_wrong_flags_are_refused_before_anything_runs(words):
    with pytest.raises(UserError):
        gpu_check_command(words)


def test_a_failed_part_is_said_at_the_end_and_the_file_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.gpu_check.command.run_check", lambda *_: CHECK)
    monkeypatch.delenv("OUT", raising=False)
    with pytest.raises(Incomplete, match=r"^training: ended after 20 s$") as caught:
        gpu_check_command(["--out", str(tmp_path / "new" / "folder")])
    assert check_from_plain(json.loads(caught.value.summary.read_text())) == CHECK


def test_all_parts_together_take_eight_minutes_at_most():
    assert sum(part.seconds for part in PARTS) <= MOST_SECONDS
    assert [part.name for part in PARTS] == list(PART_WORDS)


def test_a_fraction_is_products_a_second_over_the_limit():
    fractions = {(row.members, row.precision): row.fraction for row in fractions_of(list(CHECK.rows))}
    assert fractions == {
        (64, "tensorfloat32"): pytest.approx(1234e9 / 4e14),
        (64, "bfloat16"): pytest.approx(1234e9 / 8e14),
    }


def test_what_does_not_fit_is_recorded_and_what_breaks_fails():
    for error, reason, fails in (
        (RuntimeError("RESOURCE_EXHAUSTED: out of memory"), "does not fit into memory", False),
        (RuntimeError("broken"), "broken", True),
    ):
        job: Future = Future()
        job.set_exception(error)
        row, failure = measure_cell(("cpu", 4096), job, settings(), float("inf"))
        assert (row.not_measured, bool(failure)) == (reason, fails)
    row, failure = measure_cell(("cpu", 64), Future(), settings(), 0.0)
    assert (row.not_measured, failure) == ("time ran out", "")


def test_a_curriculum_is_of_the_scale_that_ends_in_time():
    whole = settings(short=False)
    for rate, scale in ((None, "tiny"), (1e3, "tiny"), (1e6, "cpu")):
        config = curriculum_config(replace(whole, curriculum_rate=rate))
        assert scale_of(config) == scale
        assert (config.members, config.training.attempts, config.chunk) == (1024, 0, 25)


def test_training_ends_when_its_time_is_over():
    Deadline(100.0).chunk(25, "characters", {})
    with pytest.raises(TimeIsOver):
        Deadline(-1.0).chunk(25, "characters", {})


@pytest.mark.parametrize("broken", ["loss", "parameters", "effects"])
def test_parity_fails_where_one_result_is_another(broken, monkeypatch, tmp_path):
    start, end = {"a": np.zeros((2, 3))}, {"a": np.ones((2, 3))}
    arrays = {"losses": np.ones((2, 2)), "effects": np.ones((2, 4, 5)), "totals": np.ones((2, 4))}
    named = {"start a": start["a"], "end a": end["a"], "grown a": end["a"]}
    np.savez(tmp_path / parity.REFERENCE, **arrays, **named)
    moved = {quantity: 0.5 * (quantity == broken) for quantity in ("loss", "parameters", "effects")}
    ended = {"a": end["a"] + moved["parameters"]}
    trained = parity.Trained(arrays["losses"] + moved["loss"], start, ended, ended)
    effects = arrays["effects"] + moved["effects"], arrays["totals"]
    monkeypatch.setattr(parity, "train_steps", lambda *_: trained)
    monkeypatch.setattr(parity, "effects_of", lambda *_: effects)
    rows = []
    with pytest.raises(SystemFailure, match=f"^{broken} at highest precision: 0.5.*; {broken} at default"):
        rows.extend(parity.compare_with_reference(settings(folder=str(tmp_path))))
    assert len(rows) == 6


PARTS_OF_ALL_KINDS = """
import os, time
from benchmarks.gpu_check.rows import LimitRow
from curricula.errors import UserError

def hangs(settings):
    yield LimitRow("float32", 1.0, 1)
    time.sleep(600)

def crashes(settings):
    yield LimitRow("float32", 1.0, 1)
    os.abort()

def raises(settings):
    print("something that a library prints")
    yield LimitRow("float32", 1.0, 1)
    raise ValueError("broken\\nin two lines")

def refuses(settings):
    raise UserError("expected another machine")
    yield
"""


@pytest.mark.slow
def test_a_part_that_hangs_crashes_or_raises_leaves_its_rows_and_a_line(tmp_path, monkeypatch):
    (tmp_path / "parts_of_all_kinds.py").write_text(PARTS_OF_ALL_KINDS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for kind, failure in (
        ("hangs", "ended after 15 s"),
        ("crashes", "exit code -6"),
        ("raises", "ValueError: broken"),
    ):
        part = Part(kind, 60.0, f"parts_of_all_kinds:{kind}")
        rows, outcome = run_part(part, settings(seconds=15.0 if kind == "hangs" else 60.0))
        assert rows == [LimitRow("float32", 1.0, 1)], kind
        assert outcome.failure == failure
    with pytest.raises(UserError, match=r"^expected another machine$"):
        run_part(Part("refuses", 60.0, "parts_of_all_kinds:refuses"), settings(seconds=60.0))
    missing = Part("x", 1.0, "", needs="no_such_library")
    assert run_part(missing, settings())[1].left_out == "no_such_library is not installed"


@pytest.mark.slow
def test_a_bare_machine_is_told_in_a_line_which_library_it_lacks(tmp_path):
    script = (
        "import sys; sys.modules['jaxtyping'] = None; from experiments.command_line.process import main; "
    )
    script += "main('benchmarks.gpu_check.command:gpu_check_command')"
    words = [sys.executable, "-c", script, "--short", "--out", str(tmp_path)]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert ended.stderr.startswith("error: expected jaxtyping")


@pytest.mark.slow
def test_a_short_check_runs_here_and_is_no_check_of_a_card(tmp_path):
    """Of two parts, to save time; `make gpu-check-short` runs all."""
    words = command("gpu_check", "--short", "--parts", "curriculum", "--out", tmp_path / "out")
    environment = os.environ | {"OUT": str(tmp_path / "copy"), "JAX_PLATFORMS": "cpu"}
    ended = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    path = tmp_path / "out" / "cpu-short.json"
    assert ended.stdout.strip() == str(path)
    assert path.read_bytes() == (tmp_path / "copy" / "cpu-short.json").read_bytes()
    check = check_from_plain(json.loads(path.read_text()))
    assert (check.platform, check.short, check.failures) == ("cpu", True, [])
    (row,) = check.rows_of(CurriculumRow)
    assert (row.organisms, row.steps, row.cut_short) == (4, 50, "")
    refused = subprocess.run(
        command("gpu_check", "--parts", "limits", "--out", tmp_path / "out"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: expected a GPU, jax finds a CPU alone")
    assert refused.stderr.count("\n") == 1
