"""Can a person read what --help lists? A line a study, names by what they are for, and no line broken in its midst."""

import re

import pytest

from curricula.catalogue.registry import CURRICULA, curricula_by_purpose
from experiments.command_line.help_lists import help_groups, help_list
from experiments.commands.study import study_command
from experiments.commands.train import train_command
from experiments.studies.catalogue import LISTED_STUDIES

COLUMNS = (70, 100, 200)


def help_lines(command, columns, capsys, monkeypatch) -> list[str]:
    """What a command prints for --help in a terminal of this width, without the frames."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as end:
        command(["--help"])
    assert end.value.code in (None, 0)
    return [line.strip("│ ") for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("columns", COLUMNS)
def test_each_study_begins_a_line_of_its_own_with_all_that_is_said_of_it(columns, capsys, monkeypatch):
    lines = help_lines(study_command, columns, capsys, monkeypatch)
    listed = lines[lines.index("Studies:") + 1 :]
    listed = listed[: listed.index("")]
    assert all(len(line) <= columns for line in listed)
    text = "\n".join(listed)
    for name, study in LISTED_STUDIES.items():
        assert re.search(rf"^{name}  +{study.about.split()[0]}\b", text, flags=re.M), name
        assert study.about in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("columns", COLUMNS)
def test_each_curriculum_stands_below_what_it_is_for(columns, capsys, monkeypatch):
    lines = help_lines(train_command, columns, capsys, monkeypatch)
    listed = lines[lines.index("Curricula:") + 1 :]
    text = " ".join(listed[: listed.index("")])
    groups = curricula_by_purpose()
    assert [name for names in groups.values() for name in names] == list(CURRICULA)
    for title, names in groups.items():
        assert f"{title} {', '.join(names)}" in text


def test_the_text_of_a_flag_goes_on_to_the_end_of_the_line(capsys, monkeypatch):
    """tyro keeps the ends of lines of a docstring that the code breaks."""
    lines = help_lines(study_command, 400, capsys, monkeypatch)
    (plugin,) = [line for line in lines if line.startswith("--plugin")]
    assert "a Python file that adds" in plugin
    assert plugin.endswith("once for each file (repeatable)")


def test_lists_keep_to_the_width_and_break_between_words(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = help_list({"a": "one two three " * 6, "longer": "x"}).split("\n")
    assert lines[0].startswith("  a       one two")
    assert all(len(line) <= 40 for line in lines)
    assert all(line.startswith(" " * 10) for line in lines[1:-1])
    assert lines[-1] == "  longer  x"
    assert help_groups({"For what?": ["a_name", "another"]}) == "  For what?\n    a_name, another"
