"""What a person who waits is told on standard error, and that a script's own output is left alone."""

import io
import re
import sys

import organisms.logging.progress
from organisms.logging.tensorboard import TensorBoardLogger


def test_plain_lines_are_the_first_the_last_and_one_every_five_seconds(tmp_path, capfd, monkeypatch):
    """Nineteen steps of a second each, of 40 in all, then the process stops: the last of them is shown all
    the same."""
    clock = iter(range(1000))
    monkeypatch.setattr(organisms.logging.progress, "monotonic", lambda: float(next(clock)))
    with TensorBoardLogger(tmp_path / "runs" / "my run" / "tensorboard", {}, total_steps=40) as monitor:
        monitor.phase(0, "world")
        for step in range(1, 20):
            monitor.progress(step, {"loss": 1 / 3})
            if step == 2:
                monitor.message("saved [step 2]")
    out, err = capfd.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == f"TensorBoard: tensorboard --logdir {tmp_path / 'runs'}"
    assert lines[1:4] == [
        "step 1/40  world  loss 0.3333",
        "saved [step 2]",
        "step 6/40  world  loss 0.3333  0:00:34 left",
    ]
    assert [line.split("  ")[0] for line in lines[4:]] == ["step 11/40", "step 16/40", "step 19/40"]


def test_the_last_step_is_shown_once(tmp_path, capfd):
    with TensorBoardLogger(tmp_path / "run", {}, total_steps=3) as monitor:
        for step in [1, 2, 3]:
            monitor.progress(step, {})
        monitor.close({})
    lines = capfd.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == ["step 1/3", "step 3/3"]


def test_what_is_still_to_come_may_grow(tmp_path, capfd):
    """As where members are grown again."""
    with TensorBoardLogger(tmp_path / "run", {}, total_steps=2) as monitor:
        monitor.progress(1, {})
        monitor.expect(4)
        for step in [2, 3, 4]:
            monitor.progress(step, {})
        monitor.close({})
    lines = capfd.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == ["step 1/2", "step 4/4"]


def test_a_terminal_gets_a_bar_and_standard_output_stays_the_script_s(tmp_path, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with TensorBoardLogger(tmp_path / "run", {}, total_steps=10) as monitor:
        monitor.phase(0, "[world]")
        monitor.message("saved [bold]")
        monitor.progress(5, {"loss": 0.5})
        print("summary.json")
        monitor.progress(10, {"loss": 0.25})
        monitor.close({})
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    assert "saved [bold]\n" in shown
    assert "━" in shown
    assert "step 10/10  [world]  loss 0.25  0:00:00 left" in shown
    assert capsys.readouterr().out == "summary.json\n"


def test_quiet_shows_nothing(tmp_path, capfd):
    with TensorBoardLogger(tmp_path / "run", {}, total_steps=3, quiet=True) as monitor:
        monitor.message("hello")
        monitor.progress(3, {})
        monitor.close({})
    assert capfd.readouterr() == ("", "")
