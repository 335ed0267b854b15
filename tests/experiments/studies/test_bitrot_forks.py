"""Which runs does *bitrot* fork, and which organisms of their parents count?"""

import json
import shutil

from analysis.relearning.finetune import MODE
from curricula.catalogue.building_blocks import WORLDS
from curricula.pressures.rehearsal import Rehearsal
from experiments.studies.bitrot.plan import (
    EXERCISE,
    FORKS,
    MECHANISMS,
    PARENTS,
    fork_configs,
    label_of,
)
from experiments.studies.bitrot.study import Bitrot, as_expected, has_mode
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
    for name, mechanism in MECHANISMS.items():
        drives = configs[label_of(name, "drives")]
        never = [] if mechanism.routed else [configs[label_of(name, "never_taught")]]
        assert drives.members == 2 * 4
        exercised = [configs[label_of(name, "exercise")]] if name in ("shared", "separate") else []
        assert [config.members for config in exercised] == [2 * 3] * len(exercised)
        for config in (drives, *never, *exercised):
            check_config(config)
            assert config.training.evaluation_scenes * 2 == tiny_config.training.evaluation_scenes
            assert config.curriculum.phases[0].pressures[Rehearsal].fraction == mechanism.rehearsal
            assert config.curriculum.phases[0].self_alone == 0
        assert [config.parent.step for config in (drives, *never)] == [600, 400][: 1 + len(never)]
        assert [[setting.values for setting in config.vary] for config in exercised] == [[EXERCISE]] * len(
            exercised
        )
    uses = {use: {name for name, of_name in FORKS.values() if of_name == use} for _, use in FORKS.values()}
    assert uses["never_taught"] == {name for name, mechanism in MECHANISMS.items() if not mechanism.routed}
    for use in ("exercise", "characters_absent", "decay_only"):
        assert uses[use] == {"shared", "separate"}
    assert configs["shared.characters_absent"].curriculum.phases[0].mixture.self_scenes == 1
    assert configs["shared.decay_only"].curriculum.phases[0].optimiser.gradients == 0


def test_the_study_is_registered_and_its_parents_have_one_seed():
    study = study_named("bitrot")
    assert isinstance(study, Bitrot)
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
    separate, shared = (MECHANISMS[name].curriculum for name in ("separate", "shared"))
    assert as_expected(separate, verdicts).tolist() == [True, False, True, False, False, False]
    assert as_expected(shared, verdicts).tolist() == [False, True, True, False, False, False]
