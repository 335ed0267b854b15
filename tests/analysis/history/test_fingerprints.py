"""Does a fingerprint look where it says, and answer to what moves a component?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import READERS, SIZES, wired

from analysis.history.fingerprints import ASKED, FIGURES, PLACES, Drawn, _places, fingerprint, looks
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support

PAIRS = 16


def drawn_pairs(world, role, variable):
    draw = jax.jit(
        lambda key: sample_pairs(
            key, PairSource(world, trained_support(world), jnp.int32(1)), role, variable, PAIRS
        )
    )
    return draw(jax.random.key(3))


@pytest.mark.parametrize(
    ("variable", "place"),
    [("watched", "cues"), ("idle", "cues"), ("professed", "profession"), ("secret", "secret")],
)
def test_what_differs_stands_where_the_place_is(world, variable, place):
    """Two scenes of a pair differ in one variable: the first token in which they do is of that variable's
    place."""
    pairs = drawn_pairs(world, "character", variable)
    for n in range(PAIRS):
        first = int(np.flatnonzero(np.asarray(pairs.first[n] != pairs.second[n]))[0])
        where = np.asarray(_places(world, pairs.first[n], pairs.decision[n]))
        assert where[PLACES.index(place), first] == 1
        assert where.sum(1).tolist() == [world.cues, 1, 1]


def prints(organism, world, pairs):
    """The figures of one organism whose pairs are the same for every variable that is asked for."""
    seen = jax.jit(lambda pairs: looks(organism, world, SIZES, pairs))(pairs)
    return fingerprint(tuple(leaf[None] for leaf in seen), Drawn(pairs, (0,)), SIZES)[0]


def test_components_that_read_cues_answer_to_them_and_others_do_not(world):
    """Of an organism wired by hand, whose two readers alone write anything that depends on the scene."""
    pairs = drawn_pairs(world, "character", "watched")
    found = prints(wired(world, 1), world, pairs)
    response = found[:, FIGURES.index("response of character to watched")]
    assert set(np.flatnonzero(response > 0.1)) == set(READERS)
    others = [n for n in range(len(response)) if n not in READERS]
    assert np.abs(response[others]).max() < 1e-3


def test_what_does_not_differ_moves_nothing(world):
    """Two scenes that are the same: components write as ever, and no response is told."""
    pairs = drawn_pairs(world, "character", "watched")
    found = prints(wired(world, 1), world, pairs._replace(second=pairs.first))
    assert not found[:, 2 * len(PLACES) :].any()
    assert found[:, : len(PLACES)].any()


def test_attention_is_shared_evenly_by_heads_without_queries(world):
    """The wired organism attends to every token alike, so each place gets its tokens' part; neurons attend to
    nothing."""
    pairs = drawn_pairs(world, "character", "watched")
    found = prints(wired(world, 1), world, pairs)
    each = float(np.mean(1 / (np.asarray(pairs.decision) + 1)))
    at = [FIGURES.index(f"attention of character to {place}") for place in PLACES]
    heads = [n for n in range(len(found)) if n % (SIZES.heads + SIZES.neuron_blocks) < SIZES.heads]
    np.testing.assert_allclose(
        found[heads][:, at], np.tile([world.cues * each, each, each], (len(heads), 1)), rtol=1e-4
    )
    blocks = [n for n in range(len(found)) if n not in heads]
    assert not found[blocks][:, at].any()


def test_what_cannot_be_asked_is_none():
    """A figure for each role and variable, and 0 where a world does not let it differ."""
    assert len(set(FIGURES)) == len(FIGURES) == 2 * len(PLACES) + len(ASKED)
    components = SIZES.layers * (SIZES.heads + SIZES.neuron_blocks)
    scenes = len(ASKED[:1]) * 16
    seen = (
        np.ones((1, scenes, components, 3)),
        np.ones((1, scenes, components)),
        np.full((1, scenes, components), 4.0),
    )
    found = fingerprint(seen, Drawn(None, (0,)), SIZES)[0]  # pyright: ignore
    assert (found[:, len(PLACES) * 2] == 2.0).all()
    assert not found[:, len(PLACES) * 2 + 1 :].any()
