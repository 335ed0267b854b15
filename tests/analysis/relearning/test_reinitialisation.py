"""Do the lanes of re-initialisation differ in what is drawn anew and in nothing else, and are they read rightly?"""

from dataclasses import replace

import numpy as np
import pytest

from analysis.patching.results import EffectsResult
from analysis.relearning.reinitialisation import (
    LANES,
    MemberReinitialised,
    ReinitialisedLane,
    lane_sets,
    measure_reinitialisation,
    reason_against,
    share_within,
)
from organisms.ensemble.config import named_config, read_config
from organisms.model.sites import components
from reports.sections.reinitialisation import place_and_slowdown


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


def member(own, others, steps=(20, 10, 10)):
    """An organism with these shares of self's effect in its own set, and steps, of the lanes own, others, others."""
    lanes = [ReinitialisedLane("intact", (), 10, 0.9)]
    for arm, place, took in zip(LANES[1:], (own, *others), steps, strict=True):
        lanes.append(ReinitialisedLane(arm, (0,), took, place))
    return MemberReinitialised((0,), tuple(lanes))


def test_others_are_as_many_of_the_same_layers_and_kinds(config):
    own = np.zeros(len(components(config.organism)), bool)
    own[[0, config.organism.heads]] = True
    intact, same, *others = lane_sets(own, config, 0)
    assert not intact.any()
    assert (same == own).all()
    for drawn in others:
        assert drawn[: config.organism.heads].sum() == 1
        assert drawn.sum() == 2
        assert not (drawn & own).any()


@pytest.mark.parametrize(
    ("name", "why_not"),
    [
        ("shared", None),
        ("audited_half_dropout", None),
        ("planted_repurposed", "plants"),
        ("honest", "never taught"),
    ],
)
def test_what_was_planted_is_not_learned_anew(name, why_not):
    reason = reason_against(named_config(name, "tiny"))
    assert reason is None if why_not is None else why_not in reason


def test_what_is_missed_shows_as_a_place_or_as_steps():
    """Self is elsewhere by 0.4 in one organism and by 0.2 in the other, and takes twice as many steps."""
    place, slower = place_and_slowdown([member(0.4, (0.7, 0.9)), member(0.6, (0.8, 0.8))], 40)
    assert place == pytest.approx((-0.3, -0.4, -0.2), abs=0.01)
    assert slower == pytest.approx((2, 2, 2))
    nothing, as_fast = place_and_slowdown([member(0.8, (0.8, 0.8), (10, 10, 10))] * 2, 40)
    assert nothing == (0, 0, 0)
    assert as_fast == (1, 1, 1)


def test_a_lane_that_did_not_get_there_counts_with_the_steps_of_the_phase():
    _, slower = place_and_slowdown([member(0.5, (0.5, 0.5), (None, 10, 40))] * 2, 80)
    assert slower[0] == pytest.approx(80 / 20)


def test_a_share_is_of_positive_effects():
    assert share_within(np.array([0.3, -0.5, 0.1]), np.array([True, True, False])) == pytest.approx(0.75)
    assert np.isnan(share_within(np.zeros(2), np.array([True, False])))


def strongest_alone(effects):
    """Effects by which self's strongest component at the end is all that serves it: a tiny organism has few others."""
    at_end = effects.require("end", "self")
    strongest = at_end.value == at_end.value.max(1, keepdims=True)
    alone = replace(at_end, value=strongest.astype(float))
    return replace(effects, measured=tuple(alone if each is at_end else each for each in effects.measured))


def test_the_intact_lane_is_the_run_and_redrawn_components_are_missed(tiny_run, findings):
    """Where nothing is drawn anew self ends where the run's self did; where its strongest component is, it is slower."""
    effects = strongest_alone(findings[EffectsResult])
    result = measure_reinitialisation(tiny_run, read_config(tiny_run.config), effects, 1)
    assert result.why_not is None
    at_end = findings[EffectsResult].require("end", "self").value
    for found, effect in zip(result.members, at_end, strict=True):
        intact, redrawn, *others = found.lanes
        assert found.own == redrawn.components == (int(effect.argmax()),)
        own = np.arange(len(effect)) == effect.argmax()
        assert intact.self_in_own == pytest.approx(share_within(effect, own), abs=0.05)
        assert all(len(lane.components) == 1 and lane.components != found.own for lane in others)
        assert intact.steps is not None
        assert redrawn.steps is None or redrawn.steps > intact.steps
