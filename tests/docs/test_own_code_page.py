"""Do the tables of CONTRIBUTING.md, by which people write their own curricula and pressures, fit the code?"""

import dataclasses
import re

from commands import ROOT

from curricula.phases import Phase
from organisms.pressures.step_context import ForwardPass, StepContext, StepOutcome

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def rows(heading):
    """The cells of the rows of the table whose first column has this heading."""
    (table,) = re.findall(rf"^\| {heading} \|.*\n\|---.*\n((?:\|.*\n)+)", PAGE, flags=re.M)
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]


def words(cell):
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_fields_of_a_phase_exist_and_have_the_defaults_that_are_printed():
    fields = {field.name: field for field in dataclasses.fields(Phase)}
    table = rows("field of a phase")
    assert len(table) > 5
    for name, default, _ in table:
        field = fields[words(name)[0]]
        printed = words(default)
        if field.default is not dataclasses.MISSING:
            assert printed
            assert printed[0] == (
                str(field.default) if isinstance(field.default, str) else f"{field.default:g}"
            )
        else:
            assert not printed


def test_what_a_pressure_is_given_has_these_fields():
    table = {words(name)[0]: words(text) for name, text in rows("argument")}
    of_context = {word.split("(")[0] for word in table["context"]} - {"tokens", "targets"}
    assert len(of_context) > 5
    assert all(hasattr(StepContext, word) for word in of_context)
    parts = [word.split(".") for word in table["outcome"] if word != "reads"]
    assert {first for first, *_ in parts} <= {*StepOutcome._fields}
    assert {rest[0] for _, *rest in parts if rest} <= {*ForwardPass._fields}
