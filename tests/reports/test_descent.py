"""The graph of runs: every child after its parent, and a drawing that holds what it is given as text and
nothing else."""

import re
import shutil

from organisms.storage.run import read_run
from reports.descent import drawing, family, line_of


def test_children_follow_their_parents_whatever_the_order_of_folders(tiny_run, disused_run):
    """With the step and the checkpoint that they were forked at. A child whose parent was not given stands by
    itself."""
    first, second = family([disused_run.folder, tiny_run.folder, tiny_run.folder])
    assert (first["curriculum"], second["curriculum"]) == ("shared", "disused")
    assert first["parent"] is None
    end = tiny_run.entries()[-1]
    assert (second["parent"], second["parent_step"], second["parent_sha256"]) == (
        first["run"],
        end.step,
        end.sha256,
    )
    assert [phase["end"] for phase in first["phases"]] == [400, 600]
    assert (second["steps"], second["members"]) == (50, 8)
    alone = family([disused_run.folder])
    assert [run["run"] for run in alone] == [second["run"]]


def test_a_line_of_descent_is_followed_as_far_as_its_folders_stand(tiny_run, disused_run, tmp_path):
    """The child says where its parent was; a parent that is no longer there ends the line, and is no
    fault."""
    assert line_of(disused_run) == [tiny_run.folder, disused_run.folder]
    assert line_of(tiny_run) == [tiny_run.folder]
    lost = tmp_path / "child"
    shutil.copytree(disused_run.folder, lost)
    manifest = lost / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace(str(tiny_run.folder), str(tmp_path / "nowhere")))
    assert line_of(read_run(lost)) == [lost]


def test_the_drawing_has_a_line_for_each_phase_and_an_arrow_for_each_fork(tiny_run, disused_run):
    runs = family([tiny_run.folder, disused_run.folder])
    both, single = drawing(runs), drawing(runs[:1])
    assert both.startswith("<svg")
    assert len(re.findall("<path", both)) > len(re.findall("<path", single))
    assert both == drawing(runs)


def test_text_of_a_run_is_drawn_and_not_written(tiny_run):
    runs = [dict(run, run="<script>alert(1)</script>") for run in family([tiny_run.folder])]
    assert "<script" not in drawing(runs)
