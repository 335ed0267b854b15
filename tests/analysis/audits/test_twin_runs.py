"""Which runs are of a run's honest twins, and which of them are found beside it?"""

import json
import shutil
from dataclasses import replace

import pytest
from twins import written_run

from analysis.audits.twin_runs import twin_config, twin_number, twins_beside, twins_hash
from curricula.plugins import Plugin
from curricula.pressures.rehearsal import Rehearsal
from organisms.ensemble.config import named_config
from organisms.ensemble.variation import Variation
from organisms.model.config import ORGANISMS

SCHEMER = named_config("shared", "tiny", members=2, seed=7)
TWIN = twin_config(SCHEMER, 1)


def with_phase(config, index, **changes):
    """A config with changes to one phase."""
    phases = list(config.curriculum.phases)
    phases[index] = replace(phases[index], **changes)
    return replace(config, curriculum=replace(config.curriculum, phases=tuple(phases)))


def renamed(config, name):
    return replace(config, curriculum=replace(config.curriculum, name=name))


def without_pauses(config):
    first, *_, last = config.curriculum.phases
    return replace(config, curriculum=replace(config.curriculum, phases=(first, last)))


def optimiser_of(config, index, **changes):
    return replace(config.curriculum.phases[index].optimiser, **changes)


@pytest.mark.parametrize("number", range(4))
def test_a_twin_is_known_by_its_config_and_its_number(number):
    assert twin_number(SCHEMER, twin_config(SCHEMER, number)) == number


def test_names_of_the_curriculum_and_of_pauses_do_not_matter():
    other = with_phase(renamed(TWIN, "of_my_own"), 1, name="rest", schemers=0.5)
    assert twin_number(SCHEMER, other) == 1


NO_TWINS = {
    "itself": SCHEMER,
    "another seed": replace(TWIN, seed=8),
    "other members": replace(TWIN, members=3),
    "other sizes": replace(TWIN, organism=ORGANISMS["cpu"]),
    "another training": replace(TWIN, training=replace(TWIN.training, batch=32)),
    "another world": replace(
        TWIN, curriculum=replace(TWIN.curriculum, world=replace(TWIN.curriculum.world, characters=3))
    ),
    "another trunk": with_phase(TWIN, 0, steps=3),
    "a self that schemes": with_phase(TWIN, -1, self_acts="scheming"),
    "another optimiser": with_phase(TWIN, -1, optimiser=optimiser_of(TWIN, -1, learning_rate=1e-4)),
    "other pressures": with_phase(
        TWIN, -1, pressures=TWIN.curriculum.phases[-1].pressures.replace(Rehearsal(0.123))
    ),
    "no pause": without_pauses(TWIN),
    "a pause that learns": with_phase(TWIN, 1, optimiser=optimiser_of(TWIN, 1, learning_rate=1e-3)),
    "a long pause": with_phase(TWIN, 2, steps=2),
    "a pause that grafts": with_phase(TWIN, 2, graft=True),
}


@pytest.mark.parametrize("words", NO_TWINS)
def test_what_differs_in_anything_else_is_no_twin(words):
    assert twin_number(SCHEMER, NO_TWINS[words]) is None


def test_a_run_whose_self_is_taught_before_its_last_phase_has_no_twins():
    early = with_phase(SCHEMER, 0, self_acts="scheming")
    assert twin_number(early, twin_config(early, 0)) is None


def test_a_run_whose_members_differ_in_their_last_phase_has_no_twins():
    """In a twin that phase has another number."""
    varied = replace(SCHEMER, vary=(Variation("phases.1.optimiser.learning_rate", (0.1, 0.2)),))
    assert twin_number(varied, twin_config(varied, 0)) is None
    in_trunk = replace(SCHEMER, vary=(Variation("phases.0.optimiser.learning_rate", (0.1, 0.2)),))
    assert twin_number(in_trunk, twin_config(in_trunk, 0)) == 0


@pytest.fixture
def schemer(tmp_path):
    return written_run(tmp_path / "runs" / "schemer", SCHEMER)


def found(run):
    return [(twin.number, twin.run.folder.name) for twin in twins_beside(run, SCHEMER)]


def test_twins_are_found_by_config_whatever_their_folders_are_called(schemer):
    folder = schemer.folder.parent
    written_run(folder / "a", twin_config(SCHEMER, 2))
    written_run(folder / "b", twin_config(SCHEMER, 0))
    written_run(folder / "c", twin_config(replace(SCHEMER, seed=8), 1))
    assert found(schemer) == [(0, "b"), (2, "a")]


def test_two_runs_of_the_same_twins_count_once(schemer):
    """They have seen the same scenes, so that nothing lies between them."""
    written_run(schemer.folder.parent / "a", TWIN)
    written_run(schemer.folder.parent / "b", renamed(TWIN, "copied"))
    assert found(schemer) == [(1, "a")]


def test_what_is_no_run_or_is_damaged_or_unfinished_is_passed_over(schemer):
    folder = schemer.folder.parent
    (folder / "empty").mkdir()
    (folder / "file").write_text("{}")
    for name, text in (("torn", "{"), ("list", "[]"), ("other", '{"seed": 7, "members": 2}')):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(text)
    written_run(folder / "unfinished", TWIN, finished=False)
    bent = written_run(folder / "bent", TWIN)
    checkpoint = bent.folder / bent.entries()[-1].file
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1] + b"\x01")
    lost = written_run(folder / "lost", TWIN)
    (lost.folder / lost.entries()[-1].file).unlink()
    assert found(schemer) == []
    written_run(folder / "whole", TWIN)
    assert found(schemer) == [(1, "whole")]


def test_no_code_is_loaded_for_a_twin_that_needs_a_plugin(schemer):
    plugged = written_run(schemer.folder.parent / "plugged", TWIN)
    path = plugged.folder / "config.json"
    content = json.loads(path.read_text()) | {"plugins": [{"name": "unknown.py", "sha256": "0" * 64}]}
    path.write_text(json.dumps(content))
    assert found(schemer) == []
    assert twin_number(SCHEMER, replace(TWIN, plugins=(Plugin("unknown.py", "0" * 64),))) is None


def test_the_hash_is_of_the_twins_that_lie_there(schemer):
    def present():
        return twins_hash(twins_beside(schemer, SCHEMER))

    assert present() is None
    folder = schemer.folder.parent
    written_run(folder / "a", TWIN)
    first = present()
    written_run(folder / "b", twin_config(SCHEMER, 0))
    second = present()
    assert len({None, first, second}) == 3
    shutil.rmtree(folder / "b")
    assert present() == first
