"""Descent of runs: does every child follow its parent?"""

import json
import shutil

from analysis.history.descent import ancestor_folders, related_runs
from organisms.storage.run import read_run


def test_children_follow_parents_whatever_the_order_of_folders(tiny_run, disused_run):
    """With the step and the checkpoint that they were forked at. A child whose parent was not given stands by
    itself."""
    parent, child = related_runs([disused_run.folder, tiny_run.folder, tiny_run.folder])
    assert (parent.curriculum, child.curriculum) == ("shared", "self_never_alone")
    assert parent.parent is None
    end = tiny_run.entries()[-1]
    assert (child.parent, child.parent_step, child.parent_sha256) == (parent.run, end.step, end.sha256)
    assert [phase.end for phase in parent.phases] == [400, 600]
    assert (child.steps, child.members) == (50, 8)
    assert related_runs([disused_run.folder]) == (child,)


def test_descent_is_followed_while_its_folders_exist(tiny_run, disused_run, tmp_path):
    """The child's manifest holds its parent's folder; a parent that no longer exists ends the line, without
    an error."""
    assert ancestor_folders(disused_run) == [tiny_run.folder, disused_run.folder]
    assert ancestor_folders(tiny_run) == [tiny_run.folder]
    orphan = tmp_path / "child"
    shutil.copytree(disused_run.folder, orphan)
    manifest = orphan / "manifest.jsonl"
    first, *rest = manifest.read_text().splitlines(keepends=True)
    line = json.loads(first)
    line["parent"]["folder"] = "../nowhere"
    manifest.write_text("".join([json.dumps(line) + "\n", *rest]))
    assert ancestor_folders(read_run(orphan)) == [orphan]
