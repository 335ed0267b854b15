"""Does a registered pressure act where it is active, and leave no trace where it is not?"""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import newborn
from reading import TRAINED_QUICKLY

from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.concentration import Concentration
from curricula.pressures.half_dropout import HalfDropout
from curricula.pressures.interference import Interference
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.pressures.probe import Probe
from curricula.pressures.registry import (
    PRESSURES,
    Pressures,
    PressureSettings,
    register_pressure_settings,
)
from curricula.pressures.rehearsal import Rehearsal
from curricula.pressures.resample_ablation import ResampleAblation
from curricula.pressures.routing import Routing
from organisms.ensemble.config import RunConfig, TrainingConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import components, residual_sites
from organisms.pressures.monitor import MonitorEffect
from organisms.pressures.protocol import FittedProbes, Pressure
from organisms.pressures.registry import EFFECTS, active_pressures, register_pressure
from organisms.pressures.step_context import RANDOM_STREAMS, stream_number
from organisms.training.step import ChunkSetup, phase_params, train_chunk

PHASE = Phase("intent", 10, self_acts="scheming")
CUE_COSTS = {"monitor", "overlap", "concentration"}
"""costs on the cue response, which share one program; see `organisms.pressures.cue_response.any_cue_cost`"""
ACTIVE = [
    (ComponentDropout(0.2), set()),
    (Rehearsal(0.25), set()),
    (ResampleAblation(("L0H0",)), {"resample_ablation"}),
    (HalfDropout(0.5), {"half_dropout"}),
    (MeanAblation(components=("L0H0",)), CUE_COSTS | {"mean_ablation"}),
    (Probe("final"), {"probe"}),
    (Monitor(1.0), CUE_COSTS),
    (Overlap(1.0), CUE_COSTS),
    (Concentration(1.0), CUE_COSTS),
    (Interference(0.1), {"interference"}),
    (Routing(with_self=0.5), {"routing"}),
]
"""settings, and whose traces they leave in a program beside that of component dropout, which every program has"""


@dataclass(frozen=True)
class Gravity(PressureSettings):
    """A toy: embeddings cost their size, and what is read out shrinks by a coin a scene."""

    name: ClassVar[str] = "gravity"

    weight: float = 0.0
    """nats a unit of squared size"""
    shrink: float = 0.0
    """largest share by which what is read out shrinks"""


class GravityEffect(Pressure[Gravity]):
    """A penalty, a tap and a metric."""

    settings = Gravity

    def params(self, settings, fitted, run):
        return np.asarray([(one.weight, one.shrink) for one in settings], np.float32)

    def intervene(self, params, context):
        factors = 1 - params[1] * context.coins(self.name)

        def tap(site, activation):
            scale = jax.lax.expand_dims(factors, range(1, activation.ndim))
            return activation * scale if site.name == "final" else activation

        return tap

    def penalty(self, params, organism, context, outcome):
        size = (organism.embedding[...] ** 2).sum()
        return params[0] * size, {"size": size}


@pytest.fixture
def gravity():
    """The toy, registered for the time of a test."""
    register_pressure_settings(Gravity)
    yield register_pressure(GravityEffect())
    for registry in (PRESSURES, EFFECTS):
        registry.pop("gravity", None)


@pytest.fixture(scope="module")
def sizes(sizes) -> OrganismConfig:
    """One layer: what is in a program and what is not does not depend on how many there are."""
    return replace(sizes, layers=1)


@pytest.fixture(scope="module")
def run_of(world, sizes):
    """A run of one member whose second phase has these pressures."""

    def run(*settings: PressureSettings) -> RunConfig:
        phases = (Phase("characters", 10), replace(PHASE, pressures=Pressures(*settings)))
        return RunConfig(Curriculum("x", world, phases), sizes, TrainingConfig(batch=16), members=1)

    return run


@pytest.fixture(scope="module")
def params_of(run_of, sizes):
    """The numbers of the second phase of such a run, with components and a probe that were fitted by nobody."""
    count, places = len(components(sizes)), len(residual_sites(sizes.layers))
    one = np.ones(1)
    fitted = {
        "monitor": np.zeros((1, count), bool),
        "mean_ablation": np.zeros((1, count), bool),
        "probe": FittedProbes(np.zeros((1, places, sizes.width), np.float32), np.float32(one), one, one),
    }

    def params(*settings: PressureSettings):
        return jax.tree.map(lambda leaf: leaf[0], phase_params(run_of(*settings), 1, fitted=fitted))

    return params


@pytest.fixture(scope="module")
def state(world, sizes):
    return newborn(jnp.int32(0), jnp.int32(0), jnp.int32(0), world, sizes)


@pytest.fixture(scope="module")
def setup(world, sizes) -> ChunkSetup:
    return ChunkSetup(world, sizes, batch=16, steps=1)


@pytest.fixture(scope="module")
def program_of(params_of, state, setup):
    """The program of a phase with these pressures, as text without addresses."""

    def program(*settings: PressureSettings) -> str:
        traced = jax.make_jaxpr(partial(train_chunk, setup=setup))(state, params_of(*settings))
        return re.sub("0x[0-9a-f]+", "", str(traced))

    return program


@pytest.fixture(scope="module")
def plain_program(program_of) -> str:
    return program_of()


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "traces"), ACTIVE, ids=lambda value: getattr(value, "name", ""))
def test_a_pressure_is_in_the_program_of_a_phase_that_has_it_alone(
    settings, traces, run_of, program_of, plain_program
):
    """Settings that are numbers alone share the program of a phase without them."""
    run = run_of(settings)
    names = {pressure.name for pressure in active_pressures(run.member_phases(1), run)}
    assert names == traces | {"component_dropout"}
    assert (program_of(settings) != plain_program) == bool(traces)


@pytest.mark.slow
def test_inactive_pressures_leave_no_trace_in_a_program(program_of, plain_program, monkeypatch):
    """The program is that of a project without them, to the letter."""
    for name in set(EFFECTS) - {"component_dropout"}:
        monkeypatch.delitem(EFFECTS, name)
    assert program_of() == plain_program


@pytest.mark.slow
def test_a_registered_pressure_acts_in_a_phase_that_has_it(
    gravity, params_of, state, setup, run_of, plain_program, program_of
):
    """Its tap changes the loss, its penalty what is learned, and its metric stands under its name; where it is not set
    nothing changes."""
    chunk = jax.jit(partial(train_chunk, setup=setup), compiler_options=TRAINED_QUICKLY)
    (plain, of_plain), (neutral, of_neutral), (pulled, of_pulled), (shrunk, of_shrunk) = (
        chunk(state, params_of(*settings))
        for settings in ((), (Gravity(1e-9),), (Gravity(1.0),), (Gravity(shrink=0.5),))
    )
    assert gravity in active_pressures(run_of(Gravity(1.0)).member_phases(1), run_of())
    assert program_of() == plain_program
    assert "gravity/size" not in of_plain.metrics
    size = (np.asarray(state.organism.embedding[...]) ** 2).sum()
    np.testing.assert_allclose(of_pulled.metrics["gravity/size"], size, rtol=1e-5)
    np.testing.assert_allclose(of_neutral.metrics["loss_nats"], of_plain.metrics["loss_nats"], rtol=1e-6)
    np.testing.assert_array_equal(of_pulled.metrics["loss_nats"], of_neutral.metrics["loss_nats"])
    assert abs(float(of_shrunk.metrics["loss_nats"] - of_neutral.metrics["loss_nats"])) > 1e-4
    embeddings = [np.asarray(one.organism.embedding[...]) for one in (neutral, pulled, shrunk)]
    assert np.abs(embeddings[1] - embeddings[0]).max() > 1e-6
    assert np.abs(embeddings[2] - embeddings[0]).max() > 1e-6
    np.testing.assert_allclose(embeddings[0], plain.organism.embedding[...], atol=1e-4)


def test_streams_keep_their_numbers_and_no_two_names_share_one(gravity):
    """Runs of before streams had names stay what they were, to the bit."""
    assert RANDOM_STREAMS == {"reward": 1, "cue_response": 2, "mean_ablation": 3, "half_dropout": 4}
    names = set(PRESSURES) | set(RANDOM_STREAMS)
    assert gravity.name in names
    assert len({stream_number(name) for name in names}) == len(names)
    assert all(0 <= stream_number(name) < 2**31 for name in names)


def test_an_effect_needs_settings_and_a_name_of_its_own(gravity):
    """Registered again by its own module it takes the place of what was there: a notebook runs a cell twice."""
    second = GravityEffect()
    register_pressure(second)
    assert EFFECTS["gravity"] is second
    usurper = type("GravityEffect", (MonitorEffect,), {"settings": Gravity, "__module__": "elsewhere"})
    with pytest.raises(UserError, match=r"'gravity' is registered twice, .*elsewhere"):
        register_pressure(usurper())
    assert EFFECTS["gravity"] is second
    del PRESSURES["gravity"]
    with pytest.raises(UserError, match="pressure 'gravity': expected its settings to be registered first"):
        register_pressure(second)
