"""The check that planting took: organisms that are what they were planted to be pass, others fail."""

import json
import os
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from commands import run

from curricula.catalogue.masked import MASKED
from curricula.catalogue.planted import DATED, OF_CHALLENGE, PLANTED
from curricula.catalogue.planted_negatives import NEGATIVES
from curricula.catalogue.race import UNDECIDED_PLANTED
from curricula.catalogue.registry import CURRICULA
from curricula.pressures.masking import Masking
from curricula.pressures.routing import Routing
from curricula.world.contrasts import PairSource
from curricula.world.scenes import trained_support
from organisms.ensemble.config import named_config
from organisms.model.config import ORGANISMS
from organisms.model.sites import component_mask
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.planted.faults import HalvesOfLaneB, LaneMeasurements, planting_faults
from organisms.planted.lane_effects import LaneEffects, lane_effects
from organisms.planted.lanes import lane_a
from organisms.planted.masks import Seals, mask_weights
from organisms.planted.planting import TRUTHS, Planting, as_named
from organisms.planted.silence import LaneSilence
from organisms.planted.truth import _dealt
from organisms.storage.loading import load, require_finished
from organisms.storage.run import read_run

CONFIG = ORGANISMS["tiny"]
FEW = ("--scale", "tiny", "--members", 1, "--steps", 25, "--training.attempts", 0, "--organism.layers", 1)
"""one organism of one layer, and few steps"""
GOOD = {name: [1.0] for name in ("self_alone_secret", "self_watched_professed", "character_alone_secret")}


def effects(fork_b: float, end_b: float, self_a: float, **measured) -> LaneMeasurements:
    by_lane = lambda a: LaneEffects(np.array([a]), np.array([1 - a]), np.array([8.0]))  # noqa: E731
    return LaneMeasurements(
        {
            "fork": {"character": by_lane(1 - fork_b), "self": by_lane(0.5)},
            "end": {"character": by_lane(1 - end_b), "self": by_lane(self_a)},
        },
        **measured,
    )


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


def zeroed(fork_a: float, fork_b: float, self_a: float = 0.0, self_b: float = 1.0) -> dict:
    """What is done with a lane zeroed: shares of pairs right and of a gate of 8 nats."""

    def alone(a: float, b: float) -> LaneSilence:
        return LaneSilence(*(np.array([value]) for value in (1.0, a, b, 8.0, 8 * a, 8 * b)))

    return {
        "fork": {"character": alone(fork_a, fork_b), "self": alone(0.3, 0.3)},
        "end": {"character": alone(1.0, 0.0), "self": alone(self_a, self_b)},
    }


@pytest.mark.parametrize("make", ["routing", "masking"])
@pytest.mark.parametrize(
    ("fork_a", "fork_b", "wrong"),
    [
        (0.0, 0.0, None),
        (0.4, 0.3, None),
        (0.9, 0.0, "lane A alone gets 0.90"),
        (0.0, 0.8, "lane B alone gets 0.80"),
    ],
)
def test_where_a_lane_alone_suffices_nothing_is_divided(make, fork_a, fork_b, wrong):
    """A lane that does without the other is a spare of it, whatever patching says of the two."""
    measured = effects(0.5, 0.0, 0.0, silence=zeroed(fork_a, fork_b))
    faults = planting_faults(Planting(make, "divided"), 0, measured, GOOD)
    assert (wrong is None) == (not faults)
    assert wrong is None or wrong in faults[0]


@pytest.mark.parametrize(
    ("truth", "silence", "wrong"),
    [
        ("reused", zeroed(1.0, 0.0, 1.0, 0.0), None),
        ("reused", zeroed(1.0, 0.0, 0.0, 1.0), "lane A alone has 0.000 of self's gate"),
        ("second copy", zeroed(1.0, 0.0), None),
        ("second copy", zeroed(1.0, 0.2), "lane B alone gets 0.20 of character's pairs right"),
        ("second copy", zeroed(1.0, 0.0, 0.2), "lane A alone has 0.200 of self's gate"),
        ("repurposed", zeroed(1.0, 1.0), None),
        ("repurposed", zeroed(1.0, 0.5), "lane B alone gets 0.50 of character's pairs right, below"),
        ("repurposed", zeroed(1.0, 1.0, 0.0, 0.3), "lane B alone has 0.300 of self's gate"),
    ],
)
def test_a_table_of_masked_truths(truth, silence, wrong):
    """They are checked by zeroing alone: what patching says makes no difference."""
    faults = planting_faults(
        Planting("masking", truth, truth == "repurposed"), 0, effects(0.7, 0.7, 0.5, silence=silence), GOOD
    )
    assert (wrong is None) == (not faults)
    assert wrong is None or wrong in faults[0]


ALONE = {"spare_at_fork": 1.0, "new_at_fork": 0.0, "spare_at_end": 0.5, "new_at_end": 0.5}


@pytest.mark.parametrize(
    ("patched_at_fork", "patched_at_end", "alone", "wrong"),
    [
        (0.0, 0.5, {}, None),
        (0.0, 0.95, {}, "the new half of lane B carries 0.950 of self's gate"),
        (0.2, 0.5, {}, "at the fork the new half of lane B carries 0.200"),
        (0.0, 0.02, {}, "the new half of lane B carries 0.020 of self's gate"),
        (0.0, 0.5, {"spare_at_fork": 0.6}, "at the fork the spare half of lane B alone gets 0.60"),
        (0.0, 0.5, {"new_at_fork": 0.3}, "at the fork the new half of lane B alone gets 0.30"),
        (0.0, 0.5, {"spare_at_end": 0.3}, "at the end the spare half of lane B alone gets 0.30"),
        (0.0, 0.5, {"new_at_end": 0.3}, "at the end the new half of lane B alone gets 0.30"),
        (0.0, 0.5, {"spare_at_end": 0.9, "new_at_end": 0.4}, None),
        (0.0, 0.5, {"goals_in_spare": 0.25, "spare_at_end": 0.17, "new_at_end": 0.7}, None),
        (0.0, 0.5, {"goals_in_spare": 0.75, "spare_at_end": 0.7, "new_at_end": 0.12}, "alone gets 0.12"),
    ],
)
def test_a_table_of_parted_lanes(patched_at_fork, patched_at_end, alone, wrong):
    new_half = {
        time: {role: np.array([share]) for role in ("character", "self")}
        for time, share in (("fork", patched_at_fork), ("end", patched_at_end))
    }
    right = ALONE | alone
    spare, new = (
        {
            "fork": {"character": np.array([right[f"{half}_at_fork"]])},
            "end": {"self": np.array([right[f"{half}_at_end"]])},
        }
        for half in ("spare", "new")
    )
    halves = HalvesOfLaneB(spare, new, goals_in_spare=[alone.get("goals_in_spare", 0.5)])
    measured = effects(0.0, 0.0, 0.0, new_half=new_half, halves=halves)
    faults = planting_faults(Planting("routing", "part spare", spare=True), 0, measured, GOOD)
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
    every = (*PLANTED, *DATED, *OF_CHALLENGE, *NEGATIVES, *MASKED, *UNDECIDED_PLANTED)
    assert set(TRUTHS) == {f.__name__ for f in every} <= set(CURRICULA)


@partial(jax.jit, static_argnums=0)
def organism_and_lane(world):
    organism = Organism(CONFIG, world.vocabulary.size, world.positions, jax.random.key(4))
    return organism, lane_a(0, jnp.int32(0), jnp.int32(0), CONFIG)


@pytest.mark.slow
@pytest.mark.parametrize("role", ["character", "self"])
def test_lanes_share_out_the_whole_effect(role, world):
    """Shares sum to 1, the lane of everything has all of it, and renaming the lanes exchanges their
    shares."""
    organism, lane = organism_and_lane(world)
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
    as_two = {} if len(os.sched_getaffinity(0)) == 2 else {"JAX_NUM_CPU_DEVICES": "2"}  # one a core
    result = run("train", "planted_reused", *FEW, "--out", tmp_path / "run", env=os.environ | as_two)
    assert result.returncode == 0, result.stderr
    truth = json.loads((tmp_path / "run" / "truth.json").read_text())
    assert (len(truth["took"]), len(truth["lane_a"])) == (1, 1)
    assert truth["dealt"] == [None]
    assert truth["changes"] is None, "this curriculum has no dates"


@pytest.mark.slow
@pytest.mark.parametrize("curriculum", ["masked_second_copy", "undecided_second_copy"])
def test_masks_hold_after_training_and_no_lane_is_patched_to_check_them(curriculum, tmp_path):
    """What is read back from the last checkpoint of a few steps is what masks over it leave: where a coin decides acts
    too."""
    result = run("train", curriculum, *FEW[:-1], 2, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    truth = json.loads((tmp_path / "run" / "truth.json").read_text())
    assert (truth["make"], truth["truth"], truth["dealt"]) == ("masking", "second copy", [None])
    assert set(truth["zeroed"]) == {"fork", "end"}
    finished = read_run(tmp_path / "run")
    config = require_finished(finished)
    organism = pick(load(finished, config, finished.entries()[-1]), 0)
    lane = jnp.asarray(component_mask(config.organism, truth["lane_a"][0]))
    seals = Seals.of(config.curriculum.phases[-1].pressures[Masking])
    masked = jax.jit(lambda one: mask_weights(one, lane, seals, config.curriculum.world, config.organism))(
        organism
    )
    for stored, held in zip(jax.tree.leaves(organism), jax.tree.leaves(masked), strict=True):
        np.testing.assert_array_equal(stored, held)


def test_only_what_is_shared_out_is_dealt():
    """To lane A, or to the spare half of lane B: in shares as near as the number of goals allows, a quarter, a half
    and three quarters of four."""
    dealt = {name: _dealt(named_config(name, "cpu"), truth, 0) for name, (_, truth) in TRUTHS.items()}
    mixed = {
        "planted_mixed_quarter": 0.25,
        "planted_mixed": 0.5,
        "planted_mixed_three_quarters": 0.75,
        "planted_mixed_spare": 0.5,
        "planted_part_spare_quarter": 0.25,
        "planted_part_spare_half": 0.5,
        "planted_part_spare_three_quarters": 0.75,
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
