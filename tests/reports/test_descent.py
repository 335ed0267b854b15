"""Are forks drawn as they were, and is every text of a run drawn and not written?"""

import re
from dataclasses import replace

import pytest

from analysis.findings import PhaseSpan
from analysis.history.descent import RelatedRun
from reports.descent import draw_descent

PARENT = RelatedRun(
    "shared-1",
    "shared",
    8,
    (PhaseSpan("characters", 0, 400), PhaseSpan("intent", 400, 600)),
    600,
    (),
    None,
    None,
    None,
)
CHILD = replace(
    PARENT, run="gone-2", phases=(PhaseSpan("disuse", 0, 50),), steps=50, parent="shared-1", parent_step=600
)


def test_a_line_for_each_phase_and_an_arrow_for_each_fork():
    family, single = draw_descent([PARENT, CHILD]), draw_descent([PARENT])
    orphan = draw_descent([PARENT, replace(CHILD, parent="elsewhere")])
    assert family.startswith("<svg")
    counts = [len(re.findall("<path", drawing)) for drawing in (single, orphan, family)]
    assert counts == sorted(set(counts))
    assert family == draw_descent([PARENT, CHILD])


@pytest.mark.parametrize("field", ["run", "curriculum"])
def test_text_of_a_run_is_drawn_and_not_written(field):
    assert "<script" not in draw_descent([replace(PARENT, **{field: "<script>alert(1)</script>"})])
