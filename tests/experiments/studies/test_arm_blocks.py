"""Are organisms that part by cast, took a spare or kept what stood there counted as pages of arms say?"""

from dataclasses import replace

from arm_summaries import arms

from experiments.studies.incentives.blocks import fork_blocks, parting_blocks
from experiments.studies.incentives.summary import spare_rate
from reports.formats import DASH


def test_organisms_that_read_by_cast_are_counted_where_self_parted():
    """Nothing is counted where self and characters share their components."""
    audited, shared = arms()["audited"], arms()["shared"]
    assert [dict(organism.parting) for organism in audited.organisms] == [
        {"effects": "by role", "reading": "by cast"},
        {},
    ]
    (*_, table) = parting_blocks({"audited": audited, "shared": shared})
    rows = [[cell.text for cell in row.cells] for group in table.groups for row in group.rows]
    assert rows == [["audited", "0 of 1", "1 of 1"], ["shared", DASH, DASH]]


def test_spares_are_counted_over_all_that_were_grown_and_what_was_kept_over_those_told():
    """An organism that does not behave took nothing, whatever stood at the fork."""
    audited = arms()["audited"]
    first, second = (
        replace(each, spare="spare", kept=word)
        for each, word in zip(audited.organisms, ("kept", "undecided"), strict=True)
    )
    (*_, table) = fork_blocks(
        {"audited": replace(audited, organisms=[first, replace(second, verdict="absent")])}
    )
    (row,) = [[cell.text for cell in row.cells] for group in table.groups for row in group.rows]
    assert [row[0], row[1], row[3]] == ["audited", "1 of 2", "1 of 1"]
    assert spare_rate(replace(audited, organisms=[first, replace(second, verdict="absent")]))[0] == 0.5
