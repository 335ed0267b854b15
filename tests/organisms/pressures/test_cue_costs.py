"""Do the costs on the cue response cost what they say, and push only where they should?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contexts import context_of
from reading import MIXED, scenes_from_uniforms

from curricula.config_json import to_plain
from curricula.phases import Phase
from curricula.pressures.concentration import Concentration
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.pressures.registry import Pressures
from curricula.world.contrasts import PairSource
from curricula.world.mixture import Mixture
from curricula.world.scenes import scenes_from_uniforms as scenes_from_uniforms_of
from curricula.world.scenes import uniforms_per_scene, with_other_cues
from organisms.ensemble.config import named_config
from organisms.model.sites import components
from organisms.pressures.concentration import ConcentrationEffect, character_spread
from organisms.pressures.cue_response import (
    ALL_SCENES_STREAM,
    SCENES,
    STREAM,
    CueResponse,
    any_cue_cost,
    cue_response,
    response_scenes,
    response_shares,
)
from organisms.pressures.half_dropout import half_masks
from organisms.pressures.monitor import MonitorEffect, MonitorParams, random_half
from organisms.pressures.overlap import OverlapEffect, role_overlap
from organisms.pressures.step_context import StepOutcome

pytestmark = pytest.mark.slow

RUN = named_config("half_dropout", "tiny")
NO_OUTCOME = StepOutcome(None, None, None, None, None)  # pyright: ignore[reportArgumentType]
"""costs on the cue response have scenes of their own: they read nothing of what the organism did"""


@pytest.fixture(scope="module")
def context(world, sizes):
    return context_of(world, sizes, scenes_from_uniforms(world, MIXED), key=jax.random.key(3))


def penalty(name, organism, weight, context, watched=None):
    """A cost in nats and its metrics. watched: by the monitor; the first three components unless told otherwise."""
    effect = {"monitor": MonitorEffect, "overlap": OverlapEffect, "concentration": ConcentrationEffect}
    components_of = np.arange(len(components(context.config))) < 3 if watched is None else watched
    params = MonitorParams(weight, components_of) if name == "monitor" else weight
    return effect[name]().penalty(params, organism, context, NO_OUTCOME)


@pytest.fixture(scope="module")
def nats_of(context):
    """The three costs together, and their gradient, as a function of an organism and of the weight of each."""

    def nats(organism, weights):
        fresh = context._replace(memo={})
        return sum(penalty(name, organism, weight, fresh)[0] for name, weight in weights.items())

    return jax.jit(jax.value_and_grad(nats))


@pytest.fixture(scope="module")
def measured(organism, context, sizes):
    """The response that a step measures, and what costs of weight 2 make of it: a monitor's of everything and of
    nothing, and that of concentration."""
    everything = np.ones(len(components(sizes)), bool)

    @jax.jit
    def measure(organism):
        fresh = context._replace(memo={})
        costs = {
            "everything": penalty("monitor", organism, np.float32(2.0), fresh, everything),
            "nothing": penalty("monitor", organism, np.float32(2.0), fresh, ~everything),
            "concentration": penalty("concentration", organism, np.float32(2.0), fresh),
        }
        return cue_response(organism, fresh), costs

    response, costs = measure(organism)
    return response._replace(groups=int(response.groups)), costs


@pytest.fixture(scope="module")
def response(measured) -> CueResponse:
    return measured[0]


def test_a_monitor_of_everything_costs_its_weight_and_of_nothing_nothing(measured):
    for watched, share in (("everything", 1.0), ("nothing", 0.0)):
        nats, metrics = measured[1][watched]
        np.testing.assert_allclose(metrics["share"], share, atol=1e-4)
        np.testing.assert_allclose(nats, 2.0 * share, atol=2e-4)


def test_overlap_is_between_none_and_all_and_all_where_both_roles_respond_alike(response):
    assert 0.0 < float(role_overlap(response)) < 1.01
    alike = response._replace(self_acting=response.character)
    np.testing.assert_allclose(role_overlap(alike), 1.0, atol=1e-2)


def slope_through_characters(organism, context, response, through):
    """The overlap cost, and its gradients with respect to the characters' shares of the response and to
    self's. The shares are those that a step measures."""
    params = OverlapEffect().params([Overlap(1.0, through)], None, RUN)
    params = jax.tree.map(lambda weight: weight[0], params)

    def nats(character, self_acting):
        shares = CueResponse(character, self_acting, 2 * context.config.layers)
        given = context._replace(memo={STREAM: shares})
        return OverlapEffect().penalty(params, organism, given, NO_OUTCOME)[0]

    return jax.jit(jax.value_and_grad(nats, (0, 1)))(response.character, response.self_acting)


def test_a_stopped_side_of_the_overlap_cost_costs_the_same_and_pushes_self_alone(organism, context, response):
    """The cost is one number however it is differentiated; stopped, its slope with respect to the
    characters' response is exactly zero, and else it is not."""
    (both, (to_characters, to_self)) = slope_through_characters(organism, context, response, "both")
    (stopped, (stopped_characters, stopped_self)) = slope_through_characters(
        organism, context, response, "self"
    )
    assert float(both) == float(stopped) > 0
    assert np.asarray(to_characters).any()
    assert not np.asarray(stopped_characters).any()
    assert np.asarray(to_self).any()
    np.testing.assert_array_equal(stopped_self, to_self)


def test_an_overlap_cost_that_goes_through_both_is_written_as_before():
    """Runs without the setting keep their hash and their program."""
    assert to_plain(Pressures(Overlap(3.0))) == {"overlap": {"weight": 3.0}}
    assert to_plain(Pressures(Overlap(3.0, "self"))) == {"overlap": {"weight": 3.0, "through": "self"}}
    assert not Overlap(through="self").active
    assert isinstance(OverlapEffect().params([Overlap(3.0)], None, RUN), np.ndarray)


def test_the_characters_side_can_be_priced_in_all_scenes_half_of_which_have_self(organism, context):
    """The response is that over scenes with self in half of the casts, and another one than without self; the metric
    is its overlap with self's."""

    @jax.jit
    def measure(organism):
        fresh = context._replace(memo={})
        params = OverlapEffect().params([Overlap(1.0, character_scenes="all")], None, RUN)
        cost = jax.tree.map(lambda weight: weight[0], params)
        _, metrics = OverlapEffect().penalty(cost, organism, fresh, NO_OUTCOME)
        drawn = jax.random.uniform(
            fresh.key(ALL_SCENES_STREAM), (SCENES // 2, uniforms_per_scene(fresh.world))
        )
        scenes = with_other_cues(drawn, fresh.world)
        source = PairSource(fresh.world, fresh.support, fresh.secret_goal)
        by_share = [
            response_shares(
                organism, response_scenes(scenes, source, "character", share), fresh.world, fresh.config
            )
            for share in (0.0, 0.5)
        ]
        overlaps = [role_overlap(cue_response(organism, fresh)._replace(character=s)) for s in by_share]
        casts = scenes_from_uniforms_of(
            scenes, fresh.world, fresh.support, Mixture.all_scheming(0.5), fresh.secret_goal
        )[0].name
        return metrics["share"], overlaps, (casts == fresh.world.names).any(1).mean()

    priced, (without_self, in_all), with_self = measure(organism)
    np.testing.assert_allclose(priced, in_all, rtol=1e-5)
    assert abs(float(priced) - float(without_self)) > 1e-4
    assert 0.2 < float(with_self) < 0.8


def test_where_characters_are_priced_is_written_only_where_it_is_not_as_before():
    everywhere = Overlap(3.0, character_scenes="all")
    assert to_plain(Pressures(everywhere)) == {"overlap": {"weight": 3.0, "character_scenes": "all"}}


def test_a_sham_monitor_watches_a_random_half_of_every_layer_and_kind(sizes):
    """As many heads and blocks as the halves of half-dropout have, the same whenever they are drawn, and
    others for another member or seed."""
    larger = replace(sizes, heads=8, neurons=32, neuron_blocks=8)
    draws = [random_half(larger, seed, member) for seed in (0, 1) for member in (0, 1)]
    assert len({draw.tobytes() for draw in draws}) == len(draws)
    np.testing.assert_array_equal(draws[0], random_half(larger, 0, 0))
    halves = half_masks(larger)
    assert (halves[0] ^ halves[1]).all()
    for draw in draws:
        for mask in halves:
            for of_draw, of_half in zip(draw.reshape(-1, 8), mask.reshape(-1, 8), strict=True):
                assert of_draw.sum() == of_half.sum() == 4


def test_concentration_costs_the_spread_of_the_response(response, measured, sizes):
    """By hand, from the shares."""
    by_layer = np.asarray(response.character).reshape(sizes.layers, -1)
    spread = np.mean([1 - (kind**2).sum() for layer in by_layer for kind in np.split(layer, [sizes.heads])])
    nats, metrics = measured[1]["concentration"]
    np.testing.assert_allclose(nats, 2 * spread, rtol=1e-4)
    np.testing.assert_allclose(metrics["spread"], spread, rtol=1e-4)


def test_spread_is_zero_where_one_component_of_each_group_responds(response):
    alone = np.float32(np.arange(len(response.character)) < response.groups)
    assert float(character_spread(response._replace(character=jnp.asarray(alone)))) == 0.0


@pytest.mark.parametrize("name", ["monitor", "overlap", "concentration"])
def test_a_step_down_the_gradient_lowers_the_cost_and_without_weight_none_pushes(name, organism, nats_of):
    """One program has all three costs, as in a phase that sets one of them."""
    none = dict.fromkeys(("monitor", "overlap", "concentration"), 0.0)
    nats, slope = nats_of(organism, none | {name: 1.0})
    size = sum(float((np.asarray(leaf) ** 2).sum()) for leaf in jax.tree.leaves(slope)) ** 0.5
    assert np.isfinite(size)
    assert size > 0
    step = lambda leaf, by: np.asarray(leaf) - np.float32(1e-3 / size) * np.asarray(by)  # noqa: E731
    lower, _ = nats_of(jax.tree.map(step, organism, slope), none | {name: 1.0})
    assert float(lower) < float(nats)
    assert all(not np.asarray(leaf).any() for leaf in jax.tree.leaves(nats_of(organism, none)[1]))


def test_one_cost_on_the_cue_response_activates_the_program_of_all():
    """See `any_cue_cost`: sums are then rounded in one order whatever is set."""
    phase = Phase("intent", self_acts="scheming")
    assert not any_cue_cost(phase)
    for settings in (Monitor(1.0), Overlap(0.1), Concentration(1.0), MeanAblation(0.5)):
        assert any_cue_cost(replace(phase, pressures=Pressures(settings)))
