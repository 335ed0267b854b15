"""A run may begin with the organisms of any checkpoint of another; where its phases are those that would have
followed, nothing tells the two apart."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from commands import run as command
from emitters import as_commands_do
from runs import Killed, Killer, Silent

from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from curricula.phases import Curriculum
from organisms.ensemble.config import RunConfig, named_config, read_config
from organisms.ensemble.parent import Parent
from organisms.ensemble.variation import Variation
from organisms.storage.config_hash import config_hash
from organisms.storage.forking import inherit, member_ids, parent_at, require_parent
from organisms.storage.run import Run, open_run, read_run
from organisms.training.loop import train_ensemble
from organisms.training.sources import TrainingSources
from organisms.training.validation import check_config


def fork(run: Run, phases, step: int | None = None, **settings) -> RunConfig:
    """The config of a child with these phases."""
    parent, theirs = parent_at(run.folder, step)
    taught = Curriculum("child", theirs.curriculum.world, tuple(phases))
    return replace(theirs, curriculum=taught, parent=parent, **settings)


def grown(config: RunConfig, folder, parent, callback=None) -> Run:
    """In programs that are compiled as those of `tiny_run`, whose bits some tests compare."""
    with open_run(folder, config.plain()) as run, as_commands_do():
        run.write_summary(train_ensemble(config, run, callback or Silent(), TrainingSources(parent=parent)))
    return read_run(folder)


@pytest.fixture(scope="module")
def child(tiny_run, tmp_path_factory) -> Run:
    """The intent phase of `tiny_run` once more, from the end of its first phase."""
    phases = read_config(tiny_run.config).curriculum.phases
    config = fork(tiny_run, phases[1:], phases[0].steps)
    return grown(config, tmp_path_factory.mktemp("forks") / "child", tiny_run.folder)


def test_a_fork_into_the_phases_that_followed_equals_the_unbroken_run(child, tiny_run):
    """Organisms, secrets, scenes and a fresh optimiser are all that a phase begins with: the same hash at
    every step."""
    first = read_config(tiny_run.config).curriculum.phases[0].steps
    unbroken = {entry.step - first: entry.sha256 for entry in tiny_run.entries()}
    ours = {entry.step: entry.sha256 for entry in child.entries()}
    assert len(ours) > 3
    assert len(set(ours.values())) == len(ours)
    assert ours == {step: unbroken[step] for step in ours}
    assert child.summary()["secret_goals"] == tiny_run.summary()["secret_goals"]


def test_the_first_checkpoint_says_where_its_organisms_came_from(child, tiny_run):
    first = child.entries()[0]
    entry = next(one for one in tiny_run.entries() if one.step == first.extra["parent"]["step"])
    assert first.step == 0
    assert first.extra["parent"]["sha256"] == entry.sha256 == first.sha256
    assert first.extra["parent"]["run"] == f"shared-{tiny_run.hash}"
    assert (child.folder / first.extra["parent"]["folder"]).samefile(tiny_run.folder)
    assert read_config(child.config).parent.sha256 == entry.sha256


def test_a_killed_child_goes_on_to_the_same_bits_without_its_parent(child, tiny_run, tmp_path):
    """Once its first checkpoint is there a child is a run like any other: the parent may even be gone."""
    lost = tmp_path / "parent"
    shutil.copytree(tiny_run.folder, lost)
    config = read_config(child.config)
    with pytest.raises(Killed), open_run(tmp_path / "child", config.plain()) as run, as_commands_do():
        train_ensemble(config, run, Killer(100), TrainingSources(parent=lost))
    shutil.rmtree(lost)
    again = grown(config, tmp_path / "child", lost)
    assert [entry.sha256 for entry in again.entries()] == [entry.sha256 for entry in child.entries()]


def test_the_parent_is_part_of_what_names_a_run(tiny_run):
    """Another step, another checkpoint or no parent at all: another hash. A config of a run that was born says
    nothing of parents. Its hash was another one, 16bc3d129bdf, until configs came to hold only the pressures that
    are set."""
    phases = curriculum("self_never_alone", "tiny").phases
    last, earlier = fork(tiny_run, phases), fork(tiny_run, phases, 450)
    born = replace(last, parent=Parent())
    other = replace(last, parent=replace(last.parent, sha256="0" * 64))
    assert len({config_hash(config.plain()) for config in (last, earlier, born, other)}) == 4
    assert read_config(last.plain()) == last
    named = named_config("shared", "cpu", 8, 12)
    first, second = named.curriculum.phases
    fixed = replace(first, longest=1), second.of_fixed_length()  # as before phases were prolonged
    without_parent = replace(named, curriculum=replace(named.curriculum, phases=fixed)).plain()
    assert "parent" not in without_parent
    assert config_hash(without_parent) == "fa886692207f"


def test_phases_of_one_line_of_descent_have_numbers_of_their_own(child, tiny_run):
    """Two phases of one number would draw the same scenes. A newborn's checkpoint has begun none."""
    counts = {step: parent_at(tiny_run.folder, step)[0].phases for step in (0, 50, 400, 450)}
    assert counts == {0: 0, 50: 1, 400: 1, 450: 2}
    assert [parent_at(child.folder, step)[0].phases for step in (0, 50)] == [1, 2]


def test_copies_that_differ_in_a_setting_come_from_one_organism(tiny_run):
    """Each value of a setting meets each organism of the parent once, and copies draw their scenes from the
    same numbers."""
    phases = curriculum("self_never_alone", "tiny").phases
    vary = (Variation("phases.0.self_alone", (0.0, 0.1, 0.5)),)
    config = fork(tiny_run, phases, vary=vary, members=6)
    check_config(config)
    assert member_ids(config)[1].tolist() == [0, 0, 0, 1, 1, 1]
    (organisms, attempts), _ = inherit(config, tiny_run.folder, tiny_run.folder.parent / "child")
    theirs = tiny_run.parameters(tiny_run.entries()[-1])
    for member in range(6):
        leaf = np.asarray(organisms.embedding[...])[member]
        assert (leaf == theirs["embed.W_E"][member // 3]).all()
    assert attempts.tolist() == [0] * 6
    with pytest.raises(
        UserError, match="members: expected 6, since the parent has 2 for each of 3 combinations"
    ):
        check_config(replace(config, members=7))


def damage(folder) -> None:
    path = sorted((folder / "checkpoints").iterdir())[-1]
    path.write_bytes(path.read_bytes()[:-9])


WRONG = {
    "no such step": ({"step": 13}, None, "no checkpoint at step 13"),
    "a damaged file": ({}, damage, "cut short or changed"),
    "a missing file": (
        {},
        lambda folder: sorted((folder / "checkpoints").iterdir())[-1].unlink(),
        "found no file",
    ),
    "no manifest": ({}, lambda folder: (folder / "manifest.jsonl").unlink(), "no checkpoint yet"),
    "no run": ({}, shutil.rmtree, "expected a run's folder"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_parent_that_is_missing_or_damaged_is_one_line(case, tiny_run, tmp_path):
    arguments, harm, says = WRONG[case]
    folder = tmp_path / "parent"
    shutil.copytree(tiny_run.folder, folder)
    if harm:
        harm(folder)
    with pytest.raises(UserError, match=says) as fault:
        parent_at(folder, **arguments)
    assert "\n" not in str(fault.value)
    assert str(fault.value).startswith("--parent: ")


def test_organisms_of_other_sizes_worlds_or_seeds_are_refused(tiny_run):
    """Every difference is named in one line, and the same config is taken."""
    config = fork(tiny_run, curriculum("self_never_alone", "tiny").phases)
    require_parent(config, tiny_run.folder)
    changed = {
        "seed: expected 5, found 0": replace(config, seed=5),
        "organism.width: expected 64, found 32": replace(config, organism=replace(config.organism, width=64)),
        "world.goals: expected 5, found 4": replace(
            config, curriculum=replace(config.curriculum, world=replace(config.curriculum.world, goals=5))
        ),
        "expected sha256 0000": replace(config, parent=replace(config.parent, sha256="0" * 64)),
    }
    for says, wrong in changed.items():
        with pytest.raises(UserError, match=says) as fault:
            require_parent(wrong, tiny_run.folder)
        assert "\n" not in str(fault.value)


def test_what_can_not_be_forked_is_refused(tiny_run):
    """Organisms that come from a parent can not be grown again, and what was planted in them is not known."""
    named = curriculum("shared", "tiny").phases
    with pytest.raises(
        UserError, match=r"phases.0.criterion: expected longest above 1 beside it, or 0, with a parent"
    ):
        check_config(fork(tiny_run, (replace(named[0], longest=1), *named[1:])))
    with pytest.raises(UserError, match="parent: expected none where something is planted"):
        check_config(fork(tiny_run, curriculum("planted_reused", "tiny").phases[1:]))
    with pytest.raises(UserError, match="got no run"):
        check_config(replace(fork(tiny_run, named[1:]), parent=Parent(step=3)))


def test_the_command_takes_sizes_and_seed_from_the_parent_and_exits_2_where_it_can_not(tiny_run, tmp_path):
    """A fork needs no more than the curriculum and the parent; what contradicts the parent is one line on
    standard error, and nothing is written."""
    out = tmp_path / "child"
    common = ("--parent", tiny_run.folder, "--out", out, "--quiet")
    wrong = command("train", "self_never_alone", "--scale", "tiny", *common, "--world.goals", 5)
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1
    assert "world.goals" in wrong.stderr
    assert not out.exists()
    lonely = command("train", "self_never_alone", "--scale", "tiny")
    assert lonely.returncode == 2
    assert "expected --parent RUN" in lonely.stderr
    good = command("train", "shared", "--first-phase", "intent", "--steps", 5, *common, "--parent-step", 400)
    assert good.returncode == 0, good.stderr
    assert read_config(read_run(out).config).members == 2
    assert read_run(out).entries()[-1].step == 5
