"""Does a fingerprint read attention where it says, and respond to what changes a component's write?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import WORLDS, read
from wired import READERS, SIZES, wired

from analysis.history.fingerprints import (
    CONTRASTS,
    FIGURES,
    PLACES,
    FingerprintScenes,
    Responses,
    fingerprints_from,
    record_responses,
    token_places,
)
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.vocabulary import SELF

PAIRS = 16


def drawn_pairs(world, role, variable):
    draw = jax.jit(
        lambda key: sample_pairs(
            key, PairSource(world, trained_support(world), jnp.int32(1)), role, variable, PAIRS
        )
    )
    return draw(jax.random.key(3))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "place"),
    [("watched", "cues"), ("idle", "cues"), ("professed", "profession"), ("secret", "secret")],
)
def test_a_variable_differs_first_at_the_place_of_its_name(world, variable, place):
    """Two scenes of a pair differ in one variable: the first token in which they do is of that variable's
    place."""
    pairs = drawn_pairs(world, "character", variable)
    for n in range(PAIRS):
        first = int(np.flatnonzero(np.asarray(pairs.first[n] != pairs.second[n]))[0])
        where = np.asarray(token_places(world, pairs.first[n], pairs.decision[n]))
        assert where[PLACES.index(place), first] == 1
        assert where.sum(1).tolist() == [world.cues, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny", "actor first", "own cues", "unnamed"])
def test_places_are_those_of_whoever_acts_in_any_order_and_by_any_name(name):
    """Of self, whose entry in the cast has no secret; cues are found where the scene is read to have them."""
    world = WORLDS[name]
    pairs = drawn_pairs(world, "self", "watched")
    for n in range(PAIRS):
        tokens, decision = np.asarray(pairs.first[n]), int(pairs.decision[n])
        cues, profession, secret = np.asarray(token_places(world, pairs.first[n], pairs.decision[n]))
        entry = int(np.flatnonzero(tokens == SELF)[0])
        assert (np.flatnonzero(profession).tolist(), np.flatnonzero(secret).tolist()) == (
            [entry + 1],
            [entry + 2],
        )
        moment = read(world, tokens).moments[world.decisions.tolist().index(decision)]
        first = world.vocabulary.first_cue + world.cue_kinds * (world.self_cues == "own")
        assert tokens[cues > 0].tolist() == [first + cue for cue in moment.cues]


def figures_of(organism, world, pairs):
    """The figures [component, figure] of one organism whose pairs are characters' that differ in the cues."""
    responses = jax.jit(lambda pairs: record_responses(organism, world, SIZES, pairs))(pairs)
    stacked = Responses(*(leaf[None] for leaf in responses))
    return fingerprints_from(stacked, FingerprintScenes(pairs, (0,)))[0]


@pytest.mark.slow
def test_components_that_read_cues_respond_to_them_and_no_others(world):
    """Of an organism wired by hand, whose two readers alone write anything that depends on the scene."""
    pairs = drawn_pairs(world, "character", "watched")
    response = figures_of(wired(world, 1), world, pairs)[:, FIGURES.index("response of character to watched")]
    assert set(np.flatnonzero(response > 0.1)) == set(READERS)
    rest = [n for n in range(len(response)) if n not in READERS]
    assert np.abs(response[rest]).max() < 1e-3


def test_equal_scenes_give_no_response(world):
    """Components write as ever in two scenes that are the same."""
    pairs = drawn_pairs(world, "character", "watched")
    figures = figures_of(wired(world, 1), world, pairs._replace(second=pairs.first))
    assert not figures[:, 2 * len(PLACES) :].any()
    assert figures[:, : len(PLACES)].any()


def test_attention_is_shared_evenly_by_heads_without_queries(world):
    """The wired organism attends equally to every token, so each place gets its tokens' part; neurons attend
    to nothing."""
    pairs = drawn_pairs(world, "character", "watched")
    figures = figures_of(wired(world, 1), world, pairs)
    per_token = float(np.mean(1 / (np.asarray(pairs.decision) + 1)))
    columns = [FIGURES.index(f"attention of character to {place}") for place in PLACES]
    heads = [n for n in range(len(figures)) if n % (SIZES.heads + SIZES.neuron_blocks) < SIZES.heads]
    expected = np.tile([world.cues * per_token, per_token, per_token], (len(heads), 1))
    np.testing.assert_allclose(figures[heads][:, columns], expected, rtol=1e-4)
    blocks = [n for n in range(len(figures)) if n not in heads]
    assert not figures[blocks][:, columns].any()


def test_a_variable_that_can_not_differ_has_a_figure_of_0():
    assert len(set(FIGURES)) == len(FIGURES) == 2 * len(PLACES) + len(CONTRASTS)
    components = SIZES.layers * (SIZES.heads + SIZES.neuron_blocks)
    responses = Responses(
        np.ones((1, 16, components, 3)),
        np.ones((1, 16, components)),
        np.full((1, 16, components), 4.0),
    )
    figures = fingerprints_from(responses, FingerprintScenes(None, (0,)))[0]  # pyright: ignore
    assert (figures[:, len(PLACES) * 2] == 2.0).all()
    assert not figures[:, len(PLACES) * 2 + 1 :].any()
