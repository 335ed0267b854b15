"""What do many tests share? One tiny world, one tiny organism, compiled programs (kept where commands keep
theirs), and hypothesis runs that draw the same examples every time.
"""

import checked_shapes  # noqa: F401  # isort: skip  (it checks what is imported after it)
import gc
import os
import pickle
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from commands import QUICKLY_COMPILED
from emitters import as_commands_do, newer_emitter
from hypothesis import settings
from runs import Silent
from shared_between_workers import made_once

from analysis.findings import RunFindings
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import curriculum
from curricula.world.contrasts import Pair, PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.world import World
from experiments.analyse import analyse_run
from experiments.command_line.process import LOOK_FOR_CYCLES_AFTER
from organisms.ensemble.config import named_config
from organisms.ensemble.devices import keep_programs
from organisms.ensemble.variation import Variation
from organisms.model.config import OrganismConfig
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.storage.forking import parent_at
from organisms.storage.run import Run, open_run, read_run
from organisms.training.loop import train_ensemble
from organisms.training.sources import TrainingSources

os.environ["XLA_FLAGS"] = " ".join((os.environ.get("XLA_FLAGS", ""), *QUICKLY_COMPILED)).strip()
jax.config.update("jax_num_cpu_devices", 2)  # laws hold on several devices, as commands use them
# Most programs of tests run once; `emitters.as_commands_do` has the others.
jax.config.update("jax_disable_most_optimizations", True)
keep_programs()
gc.set_threshold(*LOOK_FOR_CYCLES_AFTER)
settings.register_profile("exapt", deadline=None, derandomize=True, database=None)
settings.load_profile("exapt")


TRAINED = frozenset({"tiny_run", "analysed_run", "findings", "run_findings", "disused_run"})
"""fixtures that train or measure for many seconds: a test that asks for one is slow"""


LONGEST = {
    name: 1000 - place
    for place, name in enumerate(
        (
            "test_measuring",
            "test_process",
            "test_compare",
            "test_distributed",
            "test_plugin_commands",
            "test_selection_study",
            "test_audits_study",
            "test_probe_race_study",
            "test_self_first_study",
            "test_scaling",
            "test_soak",
            "test_phase_start",
            "test_gpu_check",
            "test_swap_study",
            "test_result_figures",
            "test_resume",
            "test_bench",
            "test_truth",
            "test_handles_study",
            "test_prolonged_phases",
            "test_reinitialisation",
        )
    )
}
"""files that take longest though their tests are few; the first trains what many others read"""


WHOLE_STUDY = "whole_study"
"""mark of tests that run every arm of a study of many arms: minutes, mostly of compiling"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what trains, or starts commands, as slow; and begins with slow files, longest first, so that no worker is
    left with one while others are idle. Whole studies are skipped unless they are asked for by ``-m``."""
    if WHOLE_STUDY not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker(WHOLE_STUDY):
                item.add_marker(
                    pytest.mark.skip(reason="every arm of a study takes minutes: make test-studies")
                )
    for item in items:
        if TRAINED & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    amounts = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -LONGEST.get(item.path.stem, amounts[item.path]))


@pytest.fixture(scope="session")
def world() -> World:
    return WORLDS["tiny"]


@pytest.fixture(scope="session")
def sizes() -> OrganismConfig:
    return OrganismConfig(layers=2, heads=2, width=16, neurons=24, neuron_blocks=3)


@pytest.fixture(scope="session")
def ensemble(world, sizes) -> Organism:
    """Three organisms [member, ...] of random weights, biases included: a bias left at zero would hide that
    it is not used.
    """

    shapes = jax.eval_shape(
        lambda: Organism(sizes, world.vocabulary.size, world.positions, jax.random.key(0))
    )
    numbers = np.random.default_rng(0)
    return jax.tree.map(
        lambda leaf: jnp.asarray(numbers.normal(scale=0.4, size=(3, *leaf.shape)).astype(np.float32)), shapes
    )


@pytest.fixture(scope="session")
def organism(ensemble) -> Organism:
    return jax.tree.map(jnp.asarray, pick(jax.device_get(ensemble), 0))


@pytest.fixture(scope="session")
def tokens(world) -> jax.Array:
    """Four random sequences [batch, position]: laws of the model hold for any tokens."""
    return jax.random.randint(jax.random.key(1), (4, world.positions), 0, world.vocabulary.size).astype(
        jnp.int32
    )


@pytest.fixture(scope="session")
def pairs(world) -> Pair:
    """Six minimal pairs [pair, ...] in which a character is watched or alone."""
    support = trained_support(world)
    draw = jax.jit(
        lambda key: sample_pairs(key, PairSource(world, support, jnp.int32(1)), "character", "watched", 6)
    )
    return draw(jax.random.key(5))


@pytest.fixture(scope="module")
def programs_of_commands() -> Iterator[None]:
    """For modules that measure what commands measure: their programs are found, not compiled."""
    with as_commands_do():
        yield


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Run:
    """Two organisms of the smallest scale, grown through *shared*: a finished run, opened to read. Takes
    about 20 seconds.
    """

    def train(folder: Path) -> None:
        config = named_config("shared", "tiny", members=2)
        with open_run(folder, config.plain()) as run, as_commands_do():
            run.write_summary(train_ensemble(config, run, Silent()))

    return read_run(made_once(tmp_path_factory, "shared-tiny", train))


@pytest.fixture(scope="session")
def analysed_run(tiny_run, tmp_path_factory) -> Path:
    """`tiny_run` with its analysis, and its findings as they were measured, in ``findings.pickle`` beside it."""

    def analyse(folder: Path) -> None:
        shutil.copytree(tiny_run.folder, folder / "shared-tiny")
        with as_commands_do():
            found = analyse_run(folder / "shared-tiny")
        (folder / "findings.pickle").write_bytes(pickle.dumps(found))

    return made_once(tmp_path_factory, "analysed", analyse) / "shared-tiny"


@pytest.fixture(scope="session")
def findings(analysed_run) -> RunFindings:
    """The findings of `tiny_run`."""
    return pickle.loads((analysed_run.parent / "findings.pickle").read_bytes())


@pytest.fixture(scope="session")
def disused_run(tiny_run, tmp_path_factory) -> Run:
    """`tiny_run`'s two organisms in 50 steps of disuse, each four times: without gradients and with, without
    weight decay and with."""

    def train(folder: Path) -> None:
        beside = folder.with_name(tiny_run.folder.name)  # a copy of both finds the one from the other
        parent, theirs = parent_at(beside)
        taught = curriculum("self_never_alone", "tiny", 50)
        settings = ("gradients", "weight_decay")
        config = replace(
            theirs,
            curriculum=replace(taught, world=theirs.curriculum.world),
            training=replace(theirs.training, checkpoint_every=25),
            vary=tuple(Variation(f"phases.0.optimiser.{setting}", (0.0, 1.0)) for setting in settings),
            members=8,
            parent=parent,
        )
        with open_run(folder, config.plain()) as run, newer_emitter():
            run.write_summary(train_ensemble(config, run, Silent(), TrainingSources(parent=beside)))

    return read_run(made_once(tmp_path_factory, "disused-tiny", train))
