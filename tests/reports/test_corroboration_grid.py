"""Does the grid of corroboration show what each line says of each organism, to eyes, ears and pointers?"""

import re
from dataclasses import replace

import pytest
from run_findings import synthetic_runs

from analysis.patching.representational_similarity import SimilarityResult
from analysis.provenance.corroboration import Corroboration, CorroborationResult, EvidenceLine
from reports.page import Page, render_page
from reports.section import Folded, PageTable
from reports.sections.corroboration import SIGNS, corroboration_section

ATTACK = "<script>alert(1)</script>"


def grid_of(runs):
    section = corroboration_section(runs)
    (grid,) = [block for block in section.blocks if isinstance(block, PageTable)]
    return section, grid


def cell_rows(group):
    return [row.cells for row in group.rows if row.style != "group"]


def with_line(run, line):
    corroboration = run[CorroborationResult]
    members = ((*corroboration.members[0], line), *corroboration.members[1:])
    return run.with_result(replace(corroboration, members=members))


def test_every_organism_has_a_cell_for_every_line():
    runs = synthetic_runs()
    _, grid = grid_of(runs)
    assert grid.columns == ("member", "verdict", "cosine", "cross lesion", "circuits compute")
    for run, group in zip(runs, grid.groups, strict=True):
        for cells, lines in zip(cell_rows(group), run[CorroborationResult].members, strict=True):
            assert len(cells) == len(grid.columns)
            assert [cell.style for cell in cells[2:4]] == [f"mark {line.says}" for line in lines]


def test_a_cell_says_its_word_without_colour_or_pointer():
    """By a sign for eyes that do not tell the colours apart, and by the word for those who hear the page."""
    assert len(set(SIGNS.values())) == 3
    _, grid = grid_of(synthetic_runs())
    for cells in cell_rows(grid.groups[1]):
        for cell in cells[2:4]:
            says = cell.style.split()[1]
            assert f'<span aria-hidden="true">{SIGNS[says]}</span>' in cell.text
            assert f'<span class="unseen">{says}</span>' in cell.text


def test_the_number_and_its_nulls_are_in_the_hint_and_in_the_folded_table():
    line = EvidenceLine(0.42, 0.31, 0.53, null=0.11, null_high=0.22, bar=0.33, within=0.94)
    run = with_line(synthetic_runs()[0], Corroboration("fork_lesion", line, "disagrees"))
    section, grid = grid_of([run])
    cell = cell_rows(grid.groups[0])[0][4]
    assert cell.hint == (
        "fork lesion 0.42 [0.31, 0.53] (null 0.11, at most 0.22, within its own role 0.94, bar 0.33): disagrees"
    )
    (folded,) = [block for block in section.blocks if isinstance(block, Folded)]
    numbers = folded.blocks[0]
    (row,) = [cells for cells in cell_rows(numbers.groups[0]) if cells[2].text == "fork lesion"]
    assert [cell.text for cell in row[4:]] == ["0.42 [0.31, 0.53]", "0.11", "0.22", "0.94", "0.33"]
    assert "1 disagree (fork lesion 1)" in section.blocks[0].text


def test_a_line_that_an_organism_lacks_is_a_dash_and_not_silence():
    line = Corroboration("fork_lesion", EvidenceLine(0.4, 0.3, 0.5), "agrees")
    _, grid = grid_of([with_line(synthetic_runs()[0], line)])
    with_it, without = (cells[4] for cells in cell_rows(grid.groups[0])[:2])
    assert (with_it.style, without.style, without.text) == ("mark agrees", "mark", "–")


def test_names_of_runs_and_lines_are_escaped_in_cells_and_hints():
    run = with_line(synthetic_runs()[0], Corroboration(ATTACK, EvidenceLine(0.1, 0.0, 0.2), "silent"))
    run = replace(run, run=replace(run.run, run=ATTACK, curriculum=ATTACK))
    html = render_page(Page("title", "", [], [corroboration_section([run])]))
    assert ATTACK not in html
    assert re.search(r'title="&lt;script&gt;alert\(1\)', html)


@pytest.mark.parametrize("lacking", [CorroborationResult, SimilarityResult])
def test_what_no_run_has_measured_is_left_out(lacking):
    run = synthetic_runs()[0]
    results = {kind: result for kind, result in run.results.items() if kind is not lacking}
    section = corroboration_section([replace(run, results=results)])
    if lacking is CorroborationResult:
        assert section is None
    else:
        assert "circuits compute" not in section.blocks[1].columns
