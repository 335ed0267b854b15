"""Does handing over the gate do what the plain forward pass of tests/reference.py does, and find out who
listens to whom?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from component_keys import keys_of
from wired import READERS, SIZES, own_answers, wired

from analysis.patching.interchange import (
    candidates,
    compared,
    cross_role_pairs,
    exchange,
    exchanges,
    gate_sets,
    interchange,
)
from analysis.patching.interventions import count
from analysis.patching.shapley import Contributions
from curricula.world.contrasts import window
from curricula.world.vocabulary import SELF
from organisms.model.parameter_names import to_arrays
from organisms.model.surgery import pick

AMOUNT = 4


@pytest.fixture(scope="module")
def crossed(world):
    """Recipients' and donors' crossings [pair, ...]."""
    drawn = cross_role_pairs(world, jax.random.split(jax.random.key(3), 1), jnp.array([1]), 2 * AMOUNT)
    return jax.tree.map(lambda leaf: leaf[0], drawn)


@pytest.fixture(scope="module")
def masks(sizes):
    """Nothing, everything, then six random sets [set, component]."""
    size = count(sizes)
    drawn = np.random.default_rng(0).random((6, size)) < 0.5
    return np.concatenate([np.zeros((1, size), bool), np.ones((1, size), bool), drawn])


@pytest.fixture(scope="module")
def run(world, sizes, masks):
    """`exchange` over pairs, compiled once."""
    sets = jnp.asarray(masks)
    one = lambda r, d, into, source: exchange(r, d, sizes, into, source, sets, window(world, "watched"))  # noqa: E731
    return jax.jit(jax.vmap(one, (None, None, 0, 0)))


def by_reference(ensemble, sizes, world, recipient, donor, into, source, masks, n):
    """Nats moved by each set, and the total, of pair n: outputs of the donor over the cues and the actor, of
    the recipient before them."""
    stretch = slice(int(into.decision[n]) - world.cues, int(into.decision[n]) + 1)
    plain = [reference.member_arrays(to_arrays(ensemble), member) for member in (recipient, donor)]
    answers = into.second_answer[n], into.first_answer[n]

    def difference(logits):
        return logits[into.decision[n], answers[0]] - logits[into.decision[n], answers[1]]

    sides = [[np.asarray(side[n])[: stretch.stop] for side in (of.first, of.second)] for of in (into, source)]
    own, other = (
        [reference.forward(p, s, blocks=sizes.neuron_blocks) for s in of]
        for p, of in zip(plain, sides, strict=True)
    )
    moved = []
    for mask in masks:
        found = np.zeros((2, 2))
        for r in (0, 1):
            for d in (0, 1):
                patches = {}
                for key in keys_of(sizes, mask):
                    patches[key] = own[r][1][key].copy()
                    patches[key][stretch] = other[d][1][key][stretch]
                found[r, d] = difference(reference.forward(plain[0], sides[0][r], patches)[0])
        moved.append((found[:, 1] - found[:, 0]).mean())
    return np.array(moved), difference(own[1][0]) - difference(own[0][0])


@pytest.mark.parametrize("kind", ["another role", "another organism"])
def test_every_exchange_is_the_plain_one(kind, run, ensemble, sizes, world, crossed, masks):
    into = jax.tree.map(lambda leaf: leaf[:AMOUNT], crossed[0].self_pair)
    source = (
        into
        if kind == "another organism"
        else jax.tree.map(lambda leaf: leaf[:AMOUNT], crossed[1].character_pair)
    )
    donor = 1 if kind == "another organism" else 0
    moved, total = jax.device_get(run(pick(ensemble, 0), pick(ensemble, donor), into, source))
    for n in range(AMOUNT):
        expected, all_of_it = by_reference(ensemble, sizes, world, 0, donor, into, source, masks, n)
        np.testing.assert_allclose(moved[n], expected, atol=1e-4 * max(1, np.abs(expected).max()))
        assert total[n] == pytest.approx(all_of_it, abs=1e-4)
    assert np.abs(moved[:, 2:]).max() > 0.05
    assert np.abs(moved[:, 1] - total).max() > 0.05


def test_everything_within_a_role_is_the_total_and_nothing_is_nothing(run, ensemble, crossed):
    """Everything taken from the recipient's own scenes, alone or watched, leaves nothing of the recipient."""
    moved, total = jax.device_get(
        run(pick(ensemble, 0), pick(ensemble, 0), crossed[0].self_pair, crossed[0].self_pair)
    )
    assert np.abs(total).max() > 0.1
    assert (moved[:, 0] == 0).all()
    np.testing.assert_allclose(moved[:, 1], total, atol=1e-5 * np.abs(total).max())


@pytest.fixture(scope="module")
def by_hand(world):
    """Two organisms [member, ...]: in the first self listens to the characters' reader, in the second to the
    other one."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(wired(world, reader) for reader in READERS))


@pytest.fixture(scope="module")
def known(world, crossed):
    """The crossings of both organisms [member, pair, ...]."""
    answered = [own_answers(world, of) for of in crossed]
    return jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), answered)


@pytest.mark.parametrize(
    ("driven", "giver", "reader", "expected"),
    [
        ("own", "character", 0, [1, 0]),
        ("own", "character", 1, [0, 1]),
        ("character", "own", 0, [1, 1]),
        ("character", "own", 1, [0, 0]),
        ("character", "character", 0, [1, 1]),
        ("own", "own", 1, [0, 1]),
    ],
)
def test_who_listens_to_whom_is_found(driven, giver, reader, expected, by_hand, known, world):
    """The shared reader hands over all of the gate between roles, separate ones nothing, in either direction
    and in scenes with other casts."""
    sets = np.zeros((2, 1, count(SIZES)), bool)
    sets[:, 0, reader] = True
    into, source = getattr(known[0], driven), getattr(known[1], giver)
    found = exchanges(by_hand, by_hand, world, SIZES, into, source, sets)
    assert found.total.min() > 0.5
    np.testing.assert_allclose(found.share()[:, 0], expected, atol=0.01)


def test_a_gate_set_is_the_reader_that_hands_over_and_no_more(by_hand, known, world):
    """Though the ranking puts the other reader first, and one that does nothing second."""
    effects = [Contributions(np.eye(count(SIZES))[[1, 2, 0]] * [[3], [2], [1]], np.ones(3))] * 2
    found = gate_sets(by_hand, world, SIZES, known[0].self_pair, known[1].self_pair, effects)
    assert found[0, 0]
    assert np.flatnonzero(found[1]).tolist() == [1]
    assert not found[:, 5:].any()


def test_candidates_are_tops_cut_at_a_layer(sizes):
    effect = np.random.default_rng(0).normal(size=count(sizes))
    found = candidates(sizes, effect)
    assert (np.diff(found.sum(1)) >= 0).all()
    assert found.shape == candidates(sizes, -effect).shape
    first_layer = np.arange(len(effect)) < len(effect) // 2
    for mask in found:
        left_out = effect[~mask & (first_layer if not mask[~first_layer].any() else True)]
        assert not mask.any() or left_out.size == 0 or effect[mask].min() > left_out.max()


def test_sets_compared_are_the_chosen_one_random_ones_and_the_circuit(sizes):
    chosen = np.zeros((1, count(sizes)), bool)
    chosen[0, :2] = True
    found = compared(sizes, np.repeat(chosen, 2, 0), [np.array([3, 4]), np.array([1])], 0)[0]
    assert np.flatnonzero(found[0]).tolist() == [0, 1]
    assert np.flatnonzero(found[-1]).tolist() == [3, 4]
    assert len(found) == 21
    assert (found[1:-1].sum(1) == 2).all()


def test_each_line_is_measured_where_its_name_says(by_hand, world, monkeypatch):
    """The set of the giver's own ranking, handed to the other role: the character's first reader, then self's
    second."""
    from analysis.patching import interchange as module

    drawn = module.cross_role_pairs
    monkeypatch.setattr(
        module,
        "cross_role_pairs",
        lambda *a: tuple(jax.vmap(lambda c: own_answers(world, c))(of) for of in drawn(*a)),
    )
    asked = []

    def listening(recipients, donors, world, config, into, source, masks):
        is_self = [bool(of.first[0, 0, of.decision[0, 0]] == SELF) for of in (into, source)]
        other_scenes = bool(
            (into.first[0, :, : world.cast_tokens] != source.first[0, :, : world.cast_tokens]).any()
        )
        asked.append((*is_self, other_scenes))
        return exchanges(recipients, donors, world, config, into, source, masks)

    monkeypatch.setattr(module, "exchanges", listening)
    only = lambda component: [Contributions(np.eye(count(SIZES))[[component]], np.ones(1))] * 2  # noqa: E731
    found = interchange(
        by_hand,
        world,
        SIZES,
        jax.random.split(jax.random.key(1), 2),
        jnp.array([1, 1]),
        {"character": only(0), "self": only(1)},
        {role: [np.array([0])] * 2 for role in ("character", "self")},
        0,
    )
    there, back = found["interchange"], found["interchange_reverse"]
    assert np.flatnonzero(there.members[1]).tolist() == [0]
    assert np.flatnonzero(back.members[1]).tolist() == [1]
    np.testing.assert_allclose(there.over.share()[:, 0], [1, 0], atol=0.01)
    np.testing.assert_allclose(back.over.share()[1, 0], 0, atol=0.01)
    for line in (there, back):
        np.testing.assert_allclose(line.within.share()[:, 0], 1, atol=0.01)
    np.testing.assert_allclose(there.over.share()[:, -1], [1, 0], atol=0.01)
    # Into whom, from whom: first the choice within the giver's role, then the other role, then the giver's own again; never into the donor's own scene.
    into_and_from = [(False, False), (True, False), (False, False), (True, True), (False, True), (True, True)]
    assert asked == [(*roles, True) for roles in into_and_from]
