"""Does an interchange do what the plain forward pass of tests/reference.py does, and show which role responds
to which components?"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from component_keys import keys_of
from wired import READERS, SIZES, measurer_of, wired, with_wired_answers

from analysis.patching import interchange as module
from analysis.patching.interchange import (
    CrossRoleScenes,
    ScenePairs,
    candidate_sets,
    compared_sets,
    cross_role_pairs,
    exchange,
    exchanges,
    gate_sets,
    interchange_effects,
)
from analysis.patching.shapley import Contributions
from curricula.world.contrasts import window
from curricula.world.vocabulary import SELF
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import components
from organisms.model.surgery import pick

AMOUNT = 4
SIZE = len(components(SIZES))
answered = jax.jit(with_wired_answers, static_argnums=0)


@pytest.fixture(scope="module")
def scenes(world) -> CrossRoleScenes:
    """Cross-role pairs [pair, ...]."""
    drawn = cross_role_pairs(world, jax.random.split(jax.random.key(3), 1), jnp.array([1]), 2 * AMOUNT)
    return jax.tree.map(lambda leaf: leaf[0], jax.device_get(drawn))


@pytest.fixture(scope="module")
def masks(sizes):
    """Nothing, everything, then six random sets [set, component]."""
    size = len(components(sizes))
    drawn = np.random.default_rng(0).random((6, size)) < 0.5
    return np.concatenate([np.zeros((1, size), bool), np.ones((1, size), bool), drawn])


@pytest.fixture(scope="module")
def run(world, sizes, masks):
    """`exchange` over pairs, compiled once."""
    stretch = window(world, "watched")

    def over_pairs(recipient, donor, pairs):
        sets = jnp.asarray(masks)
        return jax.vmap(lambda each: exchange(recipient, donor, sizes, each, sets, stretch))(pairs)

    return jax.jit(over_pairs)


class Reference(NamedTuple):
    """An exchange by the plain forward pass, in one pair of scenes."""

    recipient: dict[str, np.ndarray]
    donor: dict[str, np.ndarray]
    pairs: ScenePairs
    stretch: slice
    """positions over which outputs are taken: the cues and the actor"""

    def difference(self, logits):
        pair = self.pairs.recipient
        return logits[pair.decision, pair.second_answer] - logits[pair.decision, pair.first_answer]

    def runs(self, arrays, pair, blocks):
        """Tokens, logits and outputs of both scenes, up to the decision."""
        sides = [np.asarray(side)[: self.stretch.stop] for side in (pair.first, pair.second)]
        return [(side, *reference.forward(arrays, side, blocks=blocks)) for side in sides]

    def exchange(self, sizes, masks):
        """Nats moved by each set, and the total: outputs of the donor over the stretch, of the recipient
        elsewhere."""
        received = self.runs(self.recipient, self.pairs.recipient, sizes.neuron_blocks)
        given = self.runs(self.donor, self.pairs.donor, sizes.neuron_blocks)
        moved = []
        for mask in masks:
            differences = np.zeros((2, 2))
            for r, (tokens, _, outputs) in enumerate(received):
                for d, (_, _, donor_outputs) in enumerate(given):
                    patches = {}
                    for key in keys_of(sizes, mask):
                        patches[key] = outputs[key].copy()
                        patches[key][self.stretch] = donor_outputs[key][self.stretch]
                    logits = reference.forward(self.recipient, tokens, patches)[0]
                    differences[r, d] = self.difference(logits)
            moved.append((differences[:, 1] - differences[:, 0]).mean())
        return np.array(moved), self.difference(received[1][1]) - self.difference(received[0][1])


@pytest.mark.slow
@pytest.mark.parametrize("donor", ["another role", "another organism"])
def test_every_exchange_is_that_of_the_plain_forward_pass(donor, run, ensemble, world, scenes, masks, sizes):
    recipient = jax.tree.map(lambda leaf: leaf[:AMOUNT], scenes.recipients.self_pair)
    if donor == "another organism":
        member, pairs = 1, ScenePairs(recipient, recipient)
    else:
        characters = jax.tree.map(lambda leaf: leaf[:AMOUNT], scenes.donors.character_pair)
        member, pairs = 0, ScenePairs(recipient, characters)
    ensemble = jax.device_get(ensemble)
    moved, total = jax.device_get(run(pick(ensemble, 0), pick(ensemble, member), pairs))
    arrays = [reference.member_arrays(to_arrays(ensemble), number) for number in (0, member)]
    for n in range(AMOUNT):
        pair = jax.tree.map(lambda leaf, n=n: leaf[n], pairs)
        decision = int(pair.recipient.decision)
        plain = Reference(*arrays, pair, slice(decision - world.cues, decision + 1))
        expected, expected_total = plain.exchange(sizes, masks)
        np.testing.assert_allclose(moved[n], expected, atol=1e-4 * max(1, np.abs(expected).max()))
        assert total[n] == pytest.approx(expected_total, abs=1e-4)
    assert np.abs(moved[:, 2:]).max() > 0.05
    assert np.abs(moved[:, 1] - total).max() > 0.05


def test_everything_within_a_role_is_the_total_and_nothing_is_nothing(run, ensemble, scenes):
    """Everything taken from the recipient's scenes, alone or watched, leaves nothing of the recipient."""
    self_pair = scenes.recipients.self_pair
    organism = pick(jax.device_get(ensemble), 0)
    halves = (jax.tree.map(lambda leaf, n=n: leaf[n : n + AMOUNT], self_pair) for n in (0, AMOUNT))
    found = [jax.device_get(run(organism, organism, ScenePairs(half, half))) for half in halves]
    moved, total = (np.concatenate(parts) for parts in zip(*found, strict=True))
    assert np.abs(total).max() > 0.1
    assert (moved[:, 0] == 0).all()
    np.testing.assert_allclose(moved[:, 1], total, atol=1e-5 * np.abs(total).max())


@pytest.fixture(scope="module")
def wired_organisms(world):
    """Two organisms [member, ...]: in the first self responds to the characters' reader, in the second to the
    other one."""

    @jax.jit
    def both():
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(wired(world, reader) for reader in READERS))

    return both()


@pytest.fixture(scope="module")
def wired_scenes(world, scenes) -> CrossRoleScenes:
    """The cross-role pairs of both organisms [member, pair, ...], with the answers that these can give."""
    with_answers = CrossRoleScenes(*(answered(world, pairs) for pairs in scenes))
    return jax.tree.map(lambda leaf: np.stack([leaf, leaf]), jax.device_get(with_answers))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipient_and_donor", "reader", "expected"),
    [
        (("self", "character"), 0, [1, 0]),
        (("self", "character"), 1, [0, 1]),
        (("character", "self"), 0, [1, 1]),
        (("character", "self"), 1, [0, 0]),
        (("character", "character"), 0, [1, 1]),
        (("self", "self"), 1, [0, 1]),
    ],
)
def test_a_role_responds_to_the_reader_that_it_is_wired_to(
    recipient_and_donor, reader, expected, wired_organisms, wired_scenes, world
):
    """The shared reader carries all of the gate between roles, separate ones nothing, in either direction
    and in scenes with other casts."""
    sets = np.zeros((2, 1, SIZE), bool)
    sets[:, 0, reader] = True
    pairs = wired_scenes.scene_pairs(*recipient_and_donor)
    effect = exchanges(wired_organisms, wired_organisms, world, SIZES, pairs, sets)
    assert effect.total.min() > 0.5
    np.testing.assert_allclose(effect.share()[:, 0], expected, atol=0.01)


@pytest.mark.slow
def test_a_gate_set_is_the_reader_that_carries_the_gate_and_no_more(wired_organisms, wired_scenes, world):
    """Though the ranking puts the other reader first, and one that does nothing second."""
    effects = [Contributions(np.eye(SIZE)[[1, 2, 0]] * [[3], [2], [1]], np.ones(3))] * 2
    sets = gate_sets(wired_organisms, world, SIZES, wired_scenes.scene_pairs("self", "self"), effects)
    assert sets[0, 0]
    assert np.flatnonzero(sets[1]).tolist() == [1]
    assert not sets[:, 5:].any()


def test_candidates_are_tops_of_the_ranking_cut_at_a_layer(sizes):
    effect = np.random.default_rng(0).normal(size=len(components(sizes)))
    candidates = candidate_sets(sizes, effect)
    assert (np.diff(candidates.sum(1)) >= 0).all()
    assert candidates.shape == candidate_sets(sizes, -effect).shape
    first_layer = np.arange(len(effect)) < len(effect) // 2
    for mask in candidates:
        left_out = effect[~mask & (first_layer if not mask[~first_layer].any() else True)]
        assert not mask.any() or left_out.size == 0 or effect[mask].min() > left_out.max()


def test_sets_compared_are_the_chosen_one_random_ones_and_the_circuit(sizes):
    chosen = np.zeros((1, len(components(sizes))), bool)
    chosen[0, :2] = True
    sets = compared_sets(sizes, np.repeat(chosen, 2, 0), [np.array([3, 4]), np.array([1])], 0)[0]
    assert np.flatnonzero(sets[0]).tolist() == [0, 1]
    assert np.flatnonzero(sets[-1]).tolist() == [3, 4]
    assert len(sets) == 21
    assert (sets[1:-1].sum(1) == 2).all()


@pytest.mark.slow
def test_each_effect_is_measured_in_the_role_that_its_name_says(wired_organisms, world, monkeypatch):
    """The set of the donor's ranking, in the other role: the character's first reader, then self's second."""
    monkeypatch.setattr(
        module,
        "cross_role_pairs",
        lambda *arguments: CrossRoleScenes(
            *(answered(world, pairs) for pairs in cross_role_pairs(*arguments))
        ),
    )
    calls = []

    def recording(recipients, donors, *settings):
        pairs = settings[2]
        sides = jax.device_get(pairs)
        is_self = [bool(side.first[0, 0, side.decision[0, 0]] == SELF) for side in sides]
        casts = [side.first[0, :, : world.cast_tokens] for side in sides]
        calls.append((*is_self, bool((casts[0] != casts[1]).any())))
        return exchanges(recipients, donors, *settings)

    monkeypatch.setattr(module, "exchanges", recording)
    only = lambda component: [Contributions(np.eye(SIZE)[[component]], np.ones(1))] * 2  # noqa: E731
    effects = interchange_effects(
        measurer_of(world, wired_organisms),
        {"character": only(0), "self": only(1)},
        {role: [np.array([0])] * 2 for role in ("character", "self")},
    )
    to_self, to_characters = effects
    assert np.flatnonzero(to_self.gate_set[1]).tolist() == [0]
    assert np.flatnonzero(to_characters.gate_set[1]).tolist() == [1]
    np.testing.assert_allclose(to_self.effect.share()[:, 0], [1, 0], atol=0.01)
    np.testing.assert_allclose(to_characters.effect.share()[1, 0], 0, atol=0.01)
    for line in effects:
        np.testing.assert_allclose(line.effect_within.share()[:, 0], 1, atol=0.01)
    np.testing.assert_allclose(to_self.effect.share()[:, -1], [1, 0], atol=0.01)
    # Recipient and donor: first the choice within the donor's role, then the other role, then the donor's role again; never into the donor's scene.
    expected = [(False, False), (True, False), (False, False), (True, True), (False, True), (True, True)]
    assert calls == [(*roles, True) for roles in expected]
