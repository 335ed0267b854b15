"""Does patching a component do to an organism what it does in the plain forward pass of
tests/reference.py?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from component_keys import keys_of

from analysis.patching.interventions import effects_of_sets, patching_tap, record, recorder
from curricula.world.contrasts import VARIABLES, PairSource, sample_pairs, window
from curricula.world.scenes import trained_support
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import Site, components
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

PAIRS = 6


@pytest.fixture(scope="module")
def large(world, sizes):
    """All weights twice as large as at birth, so that totals are nats and attention is sharp."""
    born = jax.vmap(lambda k: Organism(sizes, world.vocabulary.size, world.positions, k))
    doubled = jax.jit(lambda keys: jax.tree.map(lambda leaf: 2 * leaf, born(keys)))
    return jax.device_get(doubled(jax.random.key(1)[None]))


@pytest.fixture(scope="module", params=["whole scenes", "the window alone"])
def ask(request, sizes, pairs, masks, world):
    """Effects of all masks in all pairs, compiled once."""
    stretch = window(world, "watched") if request.param == "the window alone" else None
    sets = jnp.asarray(np.broadcast_to(masks, (PAIRS, 1, *masks.shape)))

    def effects(organism, ways):
        moved, totals = effects_of_sets(organism, sizes, pairs, sets, ways[:, None], stretch)
        return moved[:, 0], totals

    return jax.jit(effects)


@pytest.fixture(scope="module", params=["usual weights", "large weights"])
def stack(request, ensemble, large):
    return jax.device_get(ensemble) if request.param == "usual weights" else large


@pytest.fixture(scope="module")
def masks(sizes):
    """Nothing, everything, each component alone, then eight random sets [set, component]."""
    size = len(components(sizes))
    drawn = np.random.default_rng(0).random((8, size)) < 0.5
    return np.concatenate(
        [np.zeros((1, size), bool), np.ones((1, size), bool), np.eye(size, dtype=bool), drawn]
    )


@pytest.fixture(scope="module")
def measured(stack, ask):
    """Effects [way, pair, set] and totals [way, pair], in nats."""
    found = [jax.device_get(ask(pick(stack, 0), np.full(PAIRS, way))) for way in (False, True)]
    return np.stack([f[0] for f in found]), np.stack([f[1] for f in found])


def _difference(logits, decision, answers):
    return logits[decision, answers[0]] - logits[decision, answers[1]]


def by_reference(stack, sizes, pairs, masks):
    """The same effects and totals, from the plain forward pass."""
    arrays, pairs = reference.member_arrays(to_arrays(stack)), jax.device_get(pairs)
    effects, totals = np.zeros((2, PAIRS, len(masks))), np.zeros((2, PAIRS))
    for n in range(PAIRS):
        sides = [pairs.first[n], pairs.second[n]]
        runs = [reference.forward(arrays, side, blocks=sizes.neuron_blocks) for side in sides]
        decision, answers = pairs.decision[n], (pairs.second_answer[n], pairs.first_answer[n])
        ends = [_difference(run[0], decision, answers) for run in runs]
        totals[:, n] = ends[1] - ends[0]
        for way in (0, 1):
            for m, mask in enumerate(masks):
                donor = {key: runs[1 - way][1][key] for key in keys_of(sizes, mask)}
                patched = _difference(reference.forward(arrays, sides[way], donor)[0], decision, answers)
                effects[way, n, m] = (patched - ends[way]) * (1 - 2 * way)
    return effects, totals


@pytest.mark.slow
def test_nothing_does_nothing_and_everything_does_all(measured):
    """In both directions, pair by pair: up to the measured token all but the cue is the same in both
    scenes."""
    effects, totals = measured
    assert np.abs(totals).max() > 0.1
    assert (effects[:, :, 0] == 0).all()
    np.testing.assert_allclose(effects[:, :, 1], totals, atol=1e-5 * np.abs(totals).max())
    np.testing.assert_allclose(totals[0], totals[1], atol=1e-5 * np.abs(totals).max())


@pytest.mark.slow
def test_every_patched_run_is_the_plain_one(measured, stack, sizes, pairs, masks):
    """Single heads, single blocks of neurons and random sets, both ways. The last assertion keeps this from
    comparing zeros with zeros.
    """
    effects, totals = measured
    expected, all_of_it = by_reference(stack, sizes, pairs, masks)
    np.testing.assert_allclose(effects, expected, atol=2e-5 * max(1, np.abs(all_of_it).max()))
    np.testing.assert_allclose(totals, all_of_it, atol=2e-5 * max(1, np.abs(all_of_it).max()))
    of_singles = np.abs(expected[:, :, 2 : 2 + len(components(sizes))]).max(1)
    assert (of_singles > 2e-3).all()
    assert (
        np.abs(np.subtract.outer(of_singles[0], of_singles[0]))[
            ~np.eye(len(components(sizes)), dtype=bool)
        ].min()
        > 1e-4
    )


@pytest.mark.slow
def test_each_pair_goes_its_own_way(measured, stack, ask):
    effects, _ = measured
    ways = np.arange(PAIRS) % 2 == 1
    found, _ = ask(pick(stack, 0), ways)
    scale = np.abs(effects).max()
    np.testing.assert_allclose(found, effects[ways.astype(int), np.arange(PAIRS)], atol=1e-5 * scale)
    assert np.abs(effects[0] - effects[1]).max() > 1e-2 * scale


@pytest.fixture(scope="module")
def look(organism, sizes):
    """Runs the first scene under a patch from the second: logits and activations of the two scenes and of the
    patched run, without and with a
    recorder."""

    def run(pair, mask):
        first, second = record(organism, pair.first), record(organism, pair.second)
        swap, seen = patching_tap(sizes, second[1], mask), {}
        logits = organism(pair.first, recorder(seen, swap))
        plain = lambda recording: {tuple(site): activation for site, activation in recording.items()}  # noqa: E731
        return (
            (first[0], plain(first[1])),
            plain(second[1]),
            (logits, plain(seen)),
            organism(pair.first, swap),
        )

    compiled = jax.jit(run)
    return lambda pair, mask: jax.device_get(compiled(pair, mask))


def test_a_recorder_sees_what_a_patch_lets_flow_on(look, sizes, pairs):
    """The tap composes: masked components are the donor's, others of their layer the base's or what follows
    from the patch.
    """
    mask = np.isin(np.arange(len(components(sizes))), [1, sizes.heads + 2])
    pair = jax.tree.map(lambda leaf: leaf[0], jax.device_get(pairs))
    (_, base), donor, (logits, seen), unrecorded = look(pair, mask)
    size = sizes.neurons // sizes.neuron_blocks
    head, neuron = Site(0, "head"), Site(0, "neuron")
    near = {"atol": 1e-6}
    np.testing.assert_allclose(seen[head][1], donor[head][1], **near)
    np.testing.assert_allclose(seen[head][0], base[head][0], **near)
    np.testing.assert_allclose(seen[neuron][:, 2 * size :], donor[neuron][:, 2 * size :], **near)
    assert np.abs(seen[neuron][:, :size] - donor[neuron][:, :size]).max() > 1e-4
    assert np.abs(donor[head][1] - base[head][1]).max() > 1e-3
    assert set(seen) == set(base)
    np.testing.assert_allclose(logits, unrecorded, atol=1e-5)


def test_a_patch_changes_nothing_before_the_first_differing_token(look, sizes, pairs):
    """So patching everywhere is patching from the first differing token on."""
    for n in range(PAIRS):
        pair = jax.tree.map(lambda leaf, n=n: leaf[n], jax.device_get(pairs))
        place = int(np.argmax(pair.first != pair.second))
        (base, _), _, (patched, _), _ = look(pair, np.ones(len(components(sizes)), bool))
        np.testing.assert_allclose(patched[:place], base[:place], atol=1e-5)
        assert np.abs(patched[place:] - base[place:]).max() > 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("variable", VARIABLES)
def test_scenes_of_a_pair_differ_inside_the_window_alone(world, variable):
    """Up to the measured decision; and at its beginning in some pair, else it would be wider than it need
    be."""

    @jax.jit
    def forty(key):
        source = PairSource(world, trained_support(world), jnp.int32(1))
        return sample_pairs(key, source, "character", variable, 40)

    drawn = jax.device_get(forty(jax.random.key(3)))
    stretch, first = window(world, variable), []
    for n, decision in enumerate(drawn.decision):
        differ = np.flatnonzero((drawn.first[n] != drawn.second[n])[: decision + 1])
        first.append(decision - differ[0] + 1)
    assert stretch is None or max(first) == stretch
    assert stretch is not None or max(first) > world.cues + 1
