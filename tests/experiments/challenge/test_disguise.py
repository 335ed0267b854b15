"""Does a disguise keep what an organism computes, and hide what its arrays look like?"""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from compiled import logits_of
from exports import SIZES, biased_ensemble
from reference import forward

from curricula.catalogue.building_blocks import WORLDS
from experiments.challenge.disguise import (
    DECOYS,
    PAD,
    STEADY_BIAS,
    Disguise,
    balanced,
    component_places,
    disguised_sizes,
    draw_gauge,
    pad_sizes,
    unread_directions,
)
from experiments.challenge.leaks import array_features, feature_group, score_of_groups
from experiments.challenge.weight_reading import component_changes, without_constants
from organisms.model.parameter_names import from_arrays, to_arrays
from organisms.model.sites import components
from organisms.model.surgery import pick

WORLD = WORLDS["tiny"]
GOALS = range(WORLD.vocabulary.first_goal, WORLD.vocabulary.first_goal + WORLD.goals)
TOKENS = np.random.default_rng(1).integers(0, WORLD.vocabulary.size, (4, WORLD.positions))
PER_LABEL = 32
NORMLESS = replace(SIZES, norm="none", activation="relu")


def stages_of(sizes, free=2):
    """Weights of an organism at the fork and at the end. free: coordinates of the residual stream that nothing uses, where there
    is no norm."""
    arrays = {name: np.array(array[0]) for name, array in to_arrays(biased_ensemble(sizes)).items()}
    if sizes.norm == "none":
        for name, array in arrays.items():
            if name.endswith(("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out")):
                array[..., :free] = 0
            elif name.endswith(("W_U", "W_Q", "W_K", "W_V", "W_in")):
                array[..., :free, :] = 0
    return arrays, {name: array * np.float32(1.1) for name, array in arrays.items()}


def disguised(sizes, stages, seed=0, pads=None):
    rng = np.random.default_rng(seed)
    directions = unread_directions(sizes, stages)
    prepared = [balanced(arrays, sizes, directions, rng) for arrays in stages]
    disguise = Disguise(sizes, draw_gauge(sizes, rng), directions, pads or pad_sizes(prepared), GOALS)
    return disguise, [disguise.applied(weights, rng) for weights in prepared]


def logits(arrays, sizes):
    """Of goals, up to a constant, in single precision: all that an organism is asked for."""
    ensemble = from_arrays({name: array[None] for name, array in arrays.items()}, WORLD, sizes)
    return of_goals(np.asarray(logits_of(pick(ensemble, 0), jnp.asarray(TOKENS))))


def logits_in_double(arrays):
    """The same by the reference, which knows layer norm alone."""
    exact = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
    return of_goals(np.stack([forward(exact, sequence)[0] for sequence in TOKENS]))


def of_goals(logits):
    values = logits[..., list(GOALS)]
    return values - values.mean(-1, keepdims=True)


def relative_error(expected, found):
    """Largest difference, as a share of the largest value."""
    return np.abs(expected - found).max() / np.abs(expected).max()


@pytest.mark.parametrize("sizes", [SIZES, NORMLESS], ids=["norm", "no norm"])
def test_a_disguised_organism_computes_the_same(sizes):
    stages = stages_of(sizes)
    _, hidden = disguised(sizes, stages)
    for before, after in zip(stages, hidden, strict=True):
        assert relative_error(logits(before, sizes), logits(after, disguised_sizes(sizes))) < 2e-3
        if sizes.norm == "layer":
            assert relative_error(logits_in_double(before), logits_in_double(after)) < 1e-5
        assert not any(
            np.allclose(after[name], before[name])
            for name in before
            if after[name].shape == before[name].shape
        )


def test_a_query_bias_that_is_nearly_zero_is_raised_and_little_changes():
    fork, end = stages_of(SIZES)
    fork["blocks.0.attn.b_Q"][1] = 0
    _, (hidden, _) = disguised(SIZES, (fork, end))
    assert np.allclose(np.linalg.norm(hidden["blocks.0.attn.b_Q"], axis=1), 1, atol=1e-5)
    assert np.abs(logits(fork, SIZES) - logits(hidden, disguised_sizes(SIZES))).max() < 0.3


@pytest.mark.parametrize("sizes", [SIZES, NORMLESS], ids=["norm", "no norm"])
def test_the_change_of_a_component_is_the_same_in_a_disguise_under_its_new_name(sizes):
    fork, end = stages_of(sizes)
    end = {name: fork[name].copy() for name in fork}
    end["blocks.1.attn.W_O"][0] *= -1
    end["blocks.0.mlp.W_in"][:, : sizes.neurons // sizes.neuron_blocks] *= 2
    disguise, hidden = disguised(sizes, (fork, end))
    places = component_places(disguise.gauge, sizes)
    changes = dict(zip(components(sizes), component_changes(*hidden, disguised_sizes(sizes)), strict=True))
    plain = dict(zip(components(sizes), component_changes(fork, end, sizes), strict=True))
    assert changes == pytest.approx({places[name]: change for name, change in plain.items()}, abs=0.02)
    moved = {name for name, change in plain.items() if change > 0.05}
    assert moved == {"L1H0", "L0M0"}


def test_without_norm_axes_are_reordered_and_never_turned():
    """What is written where nothing reads is large, and stays. Turned into what is read, its rounding made compiled organisms,
    whose neurons tell numbers apart by steep slopes, compute something else."""
    residual = draw_gauge(NORMLESS, np.random.default_rng(0)).residual
    assert (np.abs(residual) == 1).sum(0).tolist() == [1] * NORMLESS.width
    assert np.count_nonzero(residual) == NORMLESS.width
    assert np.count_nonzero(draw_gauge(SIZES, np.random.default_rng(0)).residual) > NORMLESS.width


def test_an_organism_that_uses_every_coordinate_can_not_be_disguised_without_norm():
    with pytest.raises(ValueError, match="unused coordinates"):
        unread_directions(NORMLESS, stages_of(NORMLESS, free=1))


@pytest.mark.parametrize("sizes", [SIZES, NORMLESS], ids=["norm", "no norm"])
def test_reading_takes_back_the_constants_that_a_disguise_moves_into_components(sizes):
    """What a component writes with all that it reads zero is then as small as in the organism that was disguised, so that zero
    ablation takes as much from it."""
    stages = stages_of(sizes)
    wide = disguised_sizes(sizes)
    for before, hidden in zip(stages, disguised(sizes, stages)[1], strict=True):
        read = without_constants(hidden, wide)
        assert relative_error(logits(before, sizes), logits(read, wide)) < 2e-3
        for layer in range(sizes.layers):
            place = f"blocks.{layer}."
            assert np.abs(hidden[place + "attn.b_V"]).max() > 1
            assert not read[place + "attn.b_V"].any()
            steady = hidden[place + "mlp.b_in"] >= STEADY_BIAS
            silent = np.abs(read[place + "mlp.W_out"]).max(1) < 1e-4 * np.abs(read[place + "mlp.W_out"]).max()
            assert steady.sum() >= sizes.neuron_blocks
            assert silent.sum() == DECOYS * sizes.neuron_blocks


def test_words_that_are_no_goal_become_less_likely_at_acts_and_goals_keep_their_odds():
    fork, _ = stages_of(SIZES)
    hidden = disguised(SIZES, (fork, fork))[1][0]
    before, after = fork["unembed.b_U"], hidden["unembed.b_U"]
    shift = after - before
    others = np.delete(shift, list(GOALS))
    assert np.ptp(shift[list(GOALS)]) < 1e-5
    assert (others < shift[list(GOALS)].min() - PAD * np.abs(before).max() * 0.999).all()
    assert np.ptp(others) > np.abs(before).max()


def labelled_stages(rng, label):
    """Weights that tell a label by what arrays look like: idle heads and neurons, larger outputs, sparse readers, biases of other
    spreads."""
    fork = {name: rng.normal(size=array.shape) * 0.3 for name, array in stages_of(SIZES)[0].items()}
    if label == 1:
        for layer in range(SIZES.layers):
            fork[f"blocks.{layer}.attn.W_O"][0] *= 0.1
            fork[f"blocks.{layer}.mlp.b_in"][::2] = 0
            fork[f"blocks.{layer}.mlp.W_in"][:4] = 0
    end = {name: array + 0.05 * rng.normal(size=array.shape) for name, array in fork.items()}
    if label == 2:
        for layer in range(SIZES.layers):
            end[f"blocks.{layer}.attn.W_V"] *= 1.5
            end[f"blocks.{layer}.mlp.W_out"] *= 1.5
            end[f"blocks.{layer}.mlp.b_out"] *= 2
        end["unembed.b_U"] *= 2
    return fork, end


@pytest.mark.slow
def test_the_leak_test_sees_what_plain_files_tell_and_a_disguise_hides_it():
    rng = np.random.default_rng(0)
    labels = [label for label in range(3) for _ in range(PER_LABEL)]
    plain = [labelled_stages(rng, label) for label in labels]
    pads = pad_sizes([balanced(a, SIZES, unread_directions(SIZES, s), rng) for s in plain for a in s])
    hidden = [disguised(SIZES, stages, number, pads)[1] for number, stages in enumerate(plain)]
    scores = [
        score_of_groups(
            [feature_group(np.array([array_features(s) for s in files]), labels, ["routed"] * len(labels))]
        )
        for files in (plain, hidden)
    ]
    assert scores[0].auroc[0] > 0.9
    assert scores[0].p < 0.05
    assert scores[0].n == 3 * PER_LABEL
    assert scores[0].folds == PER_LABEL
    assert not scores[0].at_chance
    assert scores[1].at_chance
    assert scores[1].enough
    assert scores[0].forest_auroc[0] > 0.9


def test_added_neurons_are_read_by_nothing():
    _, (hidden, _) = disguised(SIZES, stages_of(SIZES))
    out_of = hidden["blocks.0.mlp.W_out"]
    unread = np.abs(out_of - out_of.mean(1, keepdims=True)).max(1) < 1e-4 * np.abs(out_of).max()
    assert unread.sum() == (DECOYS - 1) * SIZES.neuron_blocks
