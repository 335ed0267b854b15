"""Which runs does *disuse* fork, and which organisms of their parents count?"""

import json
import shutil

from analysis.relearning.finetune import MODE
from curricula.catalogue.building_blocks import WORLDS
from curricula.pressures.rehearsal import Rehearsal
from experiments.studies.disuse.parents import as_expected, has_mode
from experiments.studies.disuse.plan import (
    EXERCISE,
    FORKS,
    MECHANISMS,
    PARENTS,
    REHEARSAL,
    USES,
    fork_configs,
    label_of,
)
from experiments.studies.disuse.study import DisuseStudy
from experiments.studies.registry import study_named
from experiments.studies.study import StudySettings
from organisms.ensemble.config import read_config
from organisms.model.config import ORGANISMS
from organisms.training.validation import check_config

SETTINGS = StudySettings("tiny", WORLDS["tiny"], ORGANISMS["tiny"], 8, 3)


def test_every_mechanism_is_forked_into_every_cell_that_is_claimed(tiny_run):
    """All drives without exercise, all rates of exercise under both, and the same disuse for organisms that
    were never taught, from before they were."""
    configs = fork_configs(SETTINGS, dict.fromkeys(PARENTS, tiny_run.folder))
    tiny_config = read_config(tiny_run.config)
    assert set(configs) == set(FORKS)
    for name in MECHANISMS:
        drives, never, exercised = (
            configs[label_of(name, use)] for use in ("drives", "never_taught", "exercise")
        )
        assert (drives.members, exercised.members) == (2 * 4, 2 * 3)
        for config in (drives, never, exercised):
            check_config(config)
            assert config.training.evaluation_scenes * 2 == tiny_config.training.evaluation_scenes
            assert config.curriculum.phases[0].pressures[Rehearsal].fraction == REHEARSAL
            assert config.curriculum.phases[0].self_alone == 0
        assert [config.parent.step for config in (drives, never)] == [600, 400]
        assert [setting.values for setting in exercised.vary] == [EXERCISE]
    assert set(FORKS.values()) == {(name, use) for name in MECHANISMS for use in USES}
    assert configs["shared.characters_absent"].curriculum.phases[0].mixture.self_scenes == 1
    assert configs["shared.decay_only"].curriculum.phases[0].optimiser.gradients == 0


def test_the_study_is_registered_and_its_parents_have_one_seed():
    study = study_named("disuse")
    assert isinstance(study, DisuseStudy)
    configs = study.runs(SETTINGS)
    assert set(configs) == set(PARENTS)
    assert {config.seed for config in configs.values()} == {SETTINGS.seed}
    assert {config.members for config in configs.values()} == {SETTINGS.members}


def test_organisms_without_the_mode_are_found_in_the_parent_s_summary(tiny_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(tiny_run.folder, folder)
    run_summary = json.loads((folder / "summary.json").read_text())
    run_summary["behaviour"][MODE] = [0.95, 0.4]
    (folder / "summary.json").write_text(json.dumps(run_summary))
    assert has_mode(folder).tolist() == [True, False]


def test_organisms_with_a_verdict_of_another_mechanism_do_not_count():
    """No verdict is no reason to leave an organism out; another one is."""
    verdicts = ["second copy", "reused", "undecided", "mixed", "repurposed", "absent"]
    assert as_expected("second copy", verdicts).tolist() == [True, False, True, False, False, False]
    assert as_expected("reused", verdicts).tolist() == [False, True, True, False, False, False]
