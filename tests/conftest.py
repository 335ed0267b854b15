"""What do many tests share? One tiny world, one tiny organism, compiled programs (kept where commands keep
theirs), and hypothesis runs that draw the same examples every time.
"""

from collections import Counter
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import settings
from runs import Silent

from analysis.findings import RunFindings
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import curriculum
from curricula.world.contrasts import Pair, PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.world import World
from experiments.measurements.measuring import measure_run, opened_for_measuring
from organisms.ensemble.config import named_config
from organisms.ensemble.devices import keep_programs
from organisms.ensemble.variation import Variation
from organisms.model.config import OrganismConfig
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.storage.forking import parent_at
from organisms.storage.run import Run, open_run, read_run
from organisms.training.loop import TrainingSources, train_ensemble

jax.config.update("jax_num_cpu_devices", 2)  # laws hold on several devices, as commands use them
# Most programs run a few times. Commands, in processes of their own, are compiled as ever.
jax.config.update("jax_disable_most_optimizations", True)
keep_programs()
settings.register_profile("exapt", deadline=None, derandomize=True, database=None)
settings.load_profile("exapt")


TRAINED = frozenset({"tiny_run", "findings", "run_findings", "disused_run"})
"""fixtures that train or measure for many seconds: a test that asks for one is slow"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what trains, or starts commands, as slow; and begins with slow files, longest first, so that no worker is
    left with one while others are idle."""
    for item in items:
        if TRAINED & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    amounts = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -amounts[item.path])


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
        lambda leaf: jnp.asarray(numbers.normal(scale=0.4, size=(3, *leaf.shape)), jnp.float32), shapes
    )


@pytest.fixture(scope="session")
def organism(ensemble) -> Organism:
    return pick(ensemble, 0)


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


@pytest.fixture
def optimised():
    """Programs that are compiled during the test are compiled as commands compile theirs."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Run:
    """Two organisms of the smallest scale, grown through *shared*: a finished run, opened to read. Takes
    about 20 seconds.
    """
    config = named_config("shared", "tiny", members=2)
    folder = tmp_path_factory.mktemp("runs") / "shared-tiny"
    with open_run(folder, config.plain()) as run:
        run.write_summary(train_ensemble(config, run, Silent()))
    return read_run(folder)


@pytest.fixture(scope="session")
def findings(tiny_run) -> RunFindings:
    """The findings of `tiny_run`."""
    return measure_run(opened_for_measuring(tiny_run))


@pytest.fixture(scope="session")
def disused_run(tiny_run, tmp_path_factory) -> Run:
    """`tiny_run`'s two organisms in 50 steps of disuse, each four times: without gradients and with, without
    weight decay and with."""
    parent, theirs = parent_at(tiny_run.folder)
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
    folder = tmp_path_factory.mktemp("runs") / "disused-tiny"
    with open_run(folder, config.plain()) as run:
        run.write_summary(train_ensemble(config, run, Silent(), TrainingSources(parent=tiny_run.folder)))
    return read_run(folder)
