"""The check that planting took: organisms that are what they were planted to be pass, others fail."""

import json
import os
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from commands import run

from curricula.catalogue.planted import DATED, PLANTED
from curricula.catalogue.registry import CURRICULA
from curricula.pressures.routing import Routing
from curricula.world.contrasts import PairSource
from curricula.world.scenes import trained_support
from organisms.ensemble.config import named_config
from organisms.model.config import ORGANISMS
from organisms.model.transformer import Organism
from organisms.planted.lanes import lane_a
from organisms.planted.truth import (
    TRUTHS,
    LaneEffects,
    Planting,
    _dealt,
    as_named,
    lane_effects,
    planting_faults,
)

CONFIG = ORGANISMS["tiny"]
GOOD = {name: [1.0] for name in ("self_alone_secret", "self_watched_professed", "character_alone_secret")}


def effects(fork_b: float, end_b: float, self_a: float) -> dict:
    by_lane = lambda a: LaneEffects(np.array([a]), np.array([1 - a]), np.array([8.0]))  # noqa: E731
    return {
        "fork": {"character": by_lane(1 - fork_b), "self": by_lane(0.5)},
        "end": {"character": by_lane(1 - end_b), "self": by_lane(self_a)},
    }


@pytest.mark.parametrize(
    ("truth", "fork_b", "end_b", "self_a", "wrong"),
    [
        ("reused", 0.0, 0.0, 1.0, None),
        ("reused", 0.0, 0.0, 0.8, "self"),
        ("reused", 0.2, 0.0, 1.0, "fork"),
        ("second copy", 0.0, 0.0, 0.0, None),
        ("second copy", 0.0, 0.0, 0.2, "self"),
        ("second copy", 0.0, 0.2, 0.0, "end"),
        ("repurposed", 0.5, 0.0, 0.0, None),
        ("repurposed", 0.1, 0.0, 0.0, "fork"),
        ("repurposed", 0.5, 0.3, 0.0, "end"),
        ("mixed", 0.0, 0.0, 0.5, None),
        ("mixed", 0.0, 0.0, 0.97, "self"),
        ("mixed of a spare", 0.5, 0.0, 0.5, None),
        ("mixed of a spare", 0.1, 0.0, 0.5, "fork"),
        ("mixed", 0.5, 0.0, 0.5, "fork"),
    ],
)
def test_a_table_of_truths(truth, fork_b, end_b, self_a, wrong):
    spare, truth = truth in ("repurposed", "mixed of a spare"), truth.removesuffix(" of a spare")
    planting = Planting("routing", truth, spare, exchanged=False)
    faults = planting_faults(planting, 0, effects(fork_b, end_b, self_a), GOOD)
    assert (wrong is None) == (not faults)
    assert wrong is None or wrong in faults[0]


def test_a_curriculum_whose_phases_were_changed_has_no_truth():
    """The name alone is no truth; steps may differ."""
    config = named_config("planted_reused", "tiny", steps=50)
    assert as_named(config)
    index = [phase.name for phase in config.curriculum.phases].index("intent")
    intent = config.curriculum.phases[index]
    for changed in (
        replace(
            intent,
            pressures=intent.pressures.replace(replace(intent.pressures[Routing], self_in_a=0.0)),
        ),
        replace(intent, self_acts="honest"),
        replace(intent, graft=True),
    ):
        phases = (*config.curriculum.phases[:index], changed, *config.curriculum.phases[index + 1 :])
        assert not as_named(replace(config, curriculum=replace(config.curriculum, phases=phases)))
    assert not as_named(named_config("shared", "tiny"))
    assert Planting.of(named_config("shared", "tiny")).truth == "unknown"
    assert planting_faults(Planting("unnamed", "unknown", False, False), 0, effects(0, 0, 1), GOOD)


def test_an_organism_that_does_not_behave_is_no_control():
    bad = GOOD | {"self_alone_secret": [0.5]}
    honest = GOOD | {"self_alone_secret": [0.0]}
    reused, absent, frozen = (
        Planting(make, truth, spare=False, exchanged=False)
        for make, truth in (("routing", "reused"), ("routing", "absent"), ("freezing", "reused"))
    )
    assert "below 0.9" in planting_faults(reused, 0, effects(0, 0, 1), bad)[0]
    assert "above 0.1" in planting_faults(absent, 0, effects(0, 0, 1), bad)[0]
    assert not planting_faults(absent, 0, effects(0, 0, 1), honest)
    assert planting_faults(frozen, 0, effects(1, 1, 0), GOOD) == []


def test_every_planted_curriculum_has_a_truth():
    assert set(TRUTHS) == {f.__name__ for f in PLANTED + DATED}
    assert set(TRUTHS) <= set(CURRICULA)


@pytest.mark.slow
@pytest.mark.parametrize("role", ["character", "self"])
def test_lanes_share_out_the_whole_effect(role, world):
    """Shares sum to 1, the lane of everything has all of it, and renaming the lanes exchanges their
    shares."""
    organism = Organism(CONFIG, world.vocabulary.size, world.positions, jax.random.key(4))
    lane = lane_a(0, jnp.int32(0), jnp.int32(0), CONFIG)
    source = PairSource(world, trained_support(world), jnp.int32(0))
    measure = jax.jit(lambda lane: lane_effects(organism, lane, jax.random.key(1), source, CONFIG, role))
    shares, renamed, whole = measure(lane), measure(~lane), measure(jnp.ones_like(lane))
    assert abs(float(shares.total_nats)) > 1e-3
    assert float(shares.lane_a + shares.lane_b) == pytest.approx(1, abs=1e-3)
    assert float(shares.lane_a) == pytest.approx(float(renamed.lane_b), abs=1e-3)
    assert float(whole.lane_a) == pytest.approx(1, abs=1e-3)
    assert float(whole.lane_b) == pytest.approx(0, abs=1e-3)
    assert abs(float(shares.lane_b)) > 0.02, "a lane without any effect tests nothing"


@pytest.mark.slow
def test_one_organism_alone_can_be_checked(tmp_path):
    """Where devices would idle they share its scenes, so that it lives on all of them."""
    few = ("--scale", "tiny", "--members", 1, "--steps", 25, "--training.attempts", 0)
    result = run(
        "train",
        "planted_reused",
        *few,
        "--out",
        tmp_path / "run",
        env=os.environ | {"JAX_NUM_CPU_DEVICES": "2"},
    )
    assert result.returncode == 0, result.stderr
    truth = json.loads((tmp_path / "run" / "truth.json").read_text())
    assert (len(truth["took"]), len(truth["lane_a"])) == (1, 1)
    assert truth["dealt"] == [None]
    assert truth["changes"] is None, "this curriculum has no dates"


def test_only_what_is_shared_out_between_lanes_is_dealt():
    """In shares as near as the number of goals allows: a quarter, a half and three quarters of four."""
    dealt = {name: _dealt(named_config(name, "cpu"), truth, 0) for name, (_, truth) in TRUTHS.items()}
    mixed = {
        "planted_mixed_quarter": 0.25,
        "planted_mixed": 0.5,
        "planted_mixed_three_quarters": 0.75,
        "planted_mixed_spare": 0.5,
    }
    assert {name: share for name, share in dealt.items() if share is not None} == pytest.approx(
        mixed, abs=0.11
    )


def test_an_exchange_of_lanes_exchanges_what_is_expected():
    """At the end lane B serves characters and lane A self; what would be right without an exchange is wrong
    after it."""
    in_other_places = effects(0.0, 1.0, 1.0)
    exchanged, plain = (Planting("routing", "repurposed", False, exchanged) for exchanged in (True, False))
    assert planting_faults(exchanged, 0, in_other_places, GOOD) == []
    assert planting_faults(plain, 0, in_other_places, GOOD)
    assert planting_faults(exchanged, 0, effects(0.0, 0.0, 0.0), GOOD)
