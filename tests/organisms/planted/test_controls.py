"""Does the check tell organisms that are what they were planted to be from those that are not?"""

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
from organisms.model.config import ORGANISMS
from organisms.model.transformer import Organism
from organisms.planted.lanes import lane_a
from organisms.planted.truth import TRUTHS, LaneEffects, _dealt, _faults, as_named, lane_effects
from organisms.training.config import named_config

CONFIG = ORGANISMS["tiny"]
GOOD = {name: [1.0] for name in ("self_alone_secret", "self_watched_professed", "character_alone_secret")}


def effects(fork_b: float, end_b: float, self_a: float) -> dict:
    of = lambda a: LaneEffects(np.array([a]), np.array([1 - a]), np.array([8.0]))  # noqa: E731
    return {
        "fork": {"character": of(1 - fork_b), "self": of(0.5)},
        "end": {"character": of(1 - end_b), "self": of(self_a)},
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
    found = _faults("routing", truth, spare, 0, effects(fork_b, end_b, self_a), GOOD)
    assert (wrong is None) == (not found)
    assert wrong is None or wrong in found[0]


def test_a_curriculum_whose_phases_were_changed_has_no_truth():
    """The name alone is no truth; steps may differ."""
    config = named_config("planted_reused", "tiny", steps=50)
    assert as_named(config)
    at = [phase.name for phase in config.curriculum.phases].index("intent")
    intent = config.curriculum.phases[at]
    for changed in (
        replace(
            intent,
            pressures=replace(intent.pressures, routing=replace(intent.pressures.routing, self_in_a=0.0)),
        ),
        replace(intent, self_acts="honest"),
        replace(intent, graft=True),
    ):
        phases = (*config.curriculum.phases[:at], changed, *config.curriculum.phases[at + 1 :])
        assert not as_named(replace(config, curriculum=replace(config.curriculum, phases=phases)))
    assert not as_named(named_config("shared", "tiny"))
    assert _faults("unnamed", "unknown", False, 0, effects(0, 0, 1), GOOD)


def test_an_organism_that_does_not_behave_is_no_control():
    bad = GOOD | {"self_alone_secret": [0.5]}
    assert "below 0.9" in _faults("routing", "reused", False, 0, effects(0, 0, 1), bad)[0]
    assert "above 0.1" in _faults("routing", "absent", False, 0, effects(0, 0, 1), bad)[0]
    assert not _faults("routing", "absent", False, 0, effects(0, 0, 1), GOOD | {"self_alone_secret": [0.0]})
    assert _faults("freezing", "reused", False, 0, effects(1, 1, 0), GOOD) == []


def test_every_planted_curriculum_has_a_truth():
    assert set(TRUTHS) == {f.__name__ for f in PLANTED + DATED}
    assert set(TRUTHS) <= set(CURRICULA)


@pytest.mark.parametrize("role", ["character", "self"])
def test_lanes_share_out_the_whole_effect(role, world):
    """Shares sum to 1, the lane of everything has all of it, and renaming the lanes exchanges their
    shares."""
    organism = Organism(CONFIG, world.vocabulary.size, world.positions, jax.random.key(4))
    lane = lane_a(0, jnp.int32(0), jnp.int32(0), CONFIG)
    measure = jax.jit(
        lambda l: lane_effects(organism, l, jnp.int32(0), jax.random.key(1), world, CONFIG, role)
    )
    found, other, whole = measure(lane), measure(~lane), measure(jnp.ones_like(lane))
    assert abs(float(found.total_nats)) > 1e-3
    assert float(found.lane_a + found.lane_b) == pytest.approx(1, abs=1e-3)
    assert float(found.lane_a) == pytest.approx(float(other.lane_b), abs=1e-3)
    assert float(whole.lane_a) == pytest.approx(1, abs=1e-3)
    assert float(whole.lane_b) == pytest.approx(0, abs=1e-3)
    assert abs(float(found.lane_b)) > 0.02, "a lane without any effect tests nothing"


def test_one_organism_alone_can_be_checked(tmp_path):
    """Where devices would idle they share its scenes, so that it lives on all of them."""
    few = ("--scale", "tiny", "--members", 1, "--steps", 25, "--training.attempts", 0)
    done = run(
        "train",
        "planted_reused",
        *few,
        "--out",
        tmp_path / "run",
        env=os.environ | {"JAX_NUM_CPU_DEVICES": "2"},
    )
    assert done.returncode == 0, done.stderr
    truth = json.loads((tmp_path / "run" / "truth.json").read_text())
    assert (len(truth["took"]), len(truth["lane_a"])) == (1, 1)
    assert truth["dealt"] == [None]
    assert truth["changes"] is None  # nobody dates them


def test_only_what_is_shared_out_between_lanes_is_dealt():
    """In shares as near as the number of goals allows: a quarter, a half and three quarters of four."""
    found = {name: _dealt(named_config(name, "cpu"), truth, 0) for name, (_, truth) in TRUTHS.items()}
    mixed = {
        "planted_mixed_quarter": 0.25,
        "planted_mixed": 0.5,
        "planted_mixed_three_quarters": 0.75,
        "planted_mixed_spare": 0.5,
    }
    assert {name: share for name, share in found.items() if share is not None} == pytest.approx(
        mixed, abs=0.11
    )


def test_after_an_exchange_the_lanes_are_looked_for_in_each_other_s_places():
    """At the end lane B serves characters and lane A self; what would be right without an exchange is wrong
    after it."""
    exchanged = effects(0.0, 1.0, 1.0)
    assert _faults("routing", "repurposed", False, 0, exchanged, GOOD, True) == []
    assert _faults("routing", "repurposed", False, 0, exchanged, GOOD, False)
    assert _faults("routing", "repurposed", False, 0, effects(0.0, 0.0, 0.0), GOOD, True)
