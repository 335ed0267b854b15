"""Does self write its scratchpads itself where it is measured, and is it taught what a phase says?"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import logits_of
from contexts import NO_PRESSURES, context_of
from scipy.special import log_softmax

from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.scratchpads import ACTS_ALONE, MOMENTS_OF_WHOLE, honesty_phase, on_scratchpads_too
from curricula.objectives import ScratchpadConfig
from curricula.phases import Phase
from curricula.world.mixture import Mixture
from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene
from curricula.world.scratchpad import scratchpad_places
from curricula.world.vocabulary import BLANK
from experiments.studies.scratchpads.arms import PAD_ARMS, expected_targets
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.objectives.registry import objective_named
from organisms.objectives.scratchpad import taught_text
from organisms.objectives.self_writing import own_places, write_scenes_by_self
from organisms.training.behaviour import rates

WORLD = replace(WORLDS["tiny"], scratchpad="self")
SMALL = OrganismConfig(layers=1, heads=2, width=8, neurons=16, neuron_blocks=2)
PLACES = scratchpad_places(WORLD)
ACTS_AT = WORLD.decisions + 1
BATCH = 32
WRITING = objective_named("write")


@jax.jit
def organism_of(seed):
    return Organism(SMALL, WORLD.vocabulary.size, WORLD.positions, jax.random.key(seed))


@partial(jax.jit, static_argnames="batch")
def scenes_of(mixture, batch):
    uniforms = jax.random.uniform(jax.random.key(1), (batch, uniforms_per_scene(WORLD)))
    return scenes_from_uniforms(uniforms, WORLD, trained_support(WORLD), mixture, jnp.int32(1))


@partial(jax.jit, static_argnames="acts")
def written_by_self(organism, tokens, self_acts, key=None, acts=True):
    return write_scenes_by_self(organism, tokens, own_places(WORLD, acts=acts), self_acts, key)


def context(mixture=None, batch=BATCH):
    mixture = mixture or Mixture.all_scheming(0.7, questions=0.2)
    return context_of(WORLD, SMALL, scenes_of(mixture, batch), 1)


@jax.jit
def text_of(params, organism, latents, scenes):
    return taught_text(params, organism, context_of(WORLD, SMALL, (latents, scenes), 1))


@jax.jit
def loss_of(params, organism, latents, scenes):
    step = context_of(WORLD, SMALL, (latents, scenes), 1)
    result = WRITING.loss(params, organism, step, jnp.float32(1), NO_PRESSURES)
    return result.loss, result.metrics


def text_of_step(params, organism, step):
    """What a step teaches, by one compiled program."""
    return jax.device_get(text_of(params, organism, step.latents, step.scenes))


def params_of(config, start=None):
    """One member's numbers of a phase with this setting."""
    phase = Phase("p", objective="write", self_acts="scheming", scratchpad=config)
    stacked = WRITING.params([phase], None)
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf[0], jnp.float32), stacked)
    return params if start is None else params._replace(start=start)


def test_what_a_text_gave_is_never_read_where_self_writes():
    """Any scratchpads and acts of self in the given text lead to the same writing: the truth is not leaked."""
    step = context()
    organism, key = organism_of(0), jax.random.key(5)
    places = own_places(WORLD, acts=True)
    at_own = np.zeros((BATCH, WORLD.positions), bool)
    at_own[:, places.ravel()] = np.repeat(step.self_acts, places.shape[1], axis=1)
    tokens = np.asarray(step.scenes.tokens)
    other = np.where(at_own, np.asarray(WORLD.vocabulary.size - 1, tokens.dtype), tokens)
    for sampled in (None, key):
        written = [
            np.asarray(written_by_self(organism, given, step.self_acts, sampled)) for given in (tokens, other)
        ]
        np.testing.assert_array_equal(*written)
        np.testing.assert_array_equal(written[0][~at_own], tokens[~at_own])
    assert (written[0][at_own] != tokens[at_own]).any()


def test_each_token_that_is_written_is_the_most_probable_one_after_those_before():
    """By hand, one place after the other, with a full forward pass for each."""
    step = context(batch=4)
    organism, places = organism_of(0), own_places(WORLD, acts=True)
    tokens = np.array(step.scenes.tokens)
    self_acts = np.asarray(step.self_acts)
    for moment, of_moment in enumerate(places):
        for place in of_moment:
            likely = np.asarray(logits_of(organism, tokens))[:, place - 1].argmax(-1)
            tokens[:, place] = np.where(self_acts[:, moment], likely, tokens[:, place])
    written = written_by_self(organism, step.scenes.tokens, step.self_acts)
    assert self_acts.any()
    np.testing.assert_array_equal(np.asarray(written), tokens)


def copier(tokens, positions):
    """Answers with the token that stands at each position: after a given scratchpad it would act as that says."""
    return jax.nn.one_hot(tokens[positions], WORLD.vocabulary.size)


def test_behaviour_is_measured_on_scratchpads_that_self_writes():
    """An organism that copies the token before the act is perfect on a given scratchpad. By itself it copies who acts."""
    support, key = trained_support(WORLD), jax.random.key(0)
    found = jax.jit(lambda key: rates(copier, WORLD, support, jnp.int32(1), key, 32))(key)
    assert float(found["self_alone_secret"]) == 0
    assert float(found["self_watched_professed"]) == 0


@pytest.mark.parametrize("written", [0, 1, 2])
def test_everything_is_taught_as_the_phase_writes_it(written):
    step = context()
    text = text_of_step(params_of(ScratchpadConfig(written=written)), organism_of(0), step)
    given = np.asarray(step.scenes.tokens[:, PLACES])
    expected = np.where(np.arange(2) >= 2 - written, given, BLANK)
    np.testing.assert_array_equal(np.asarray(text.tokens[:, PLACES]), expected)
    np.testing.assert_array_equal(np.asarray(text.targets[:, :2]), np.swapaxes(expected, 1, 2))
    np.testing.assert_array_equal(np.asarray(text.targets[:, 2]), np.asarray(step.scenes.targets))
    of_self = np.asarray(step.scenes.weights * step.self_acts)
    np.testing.assert_array_equal(np.asarray(text.weights[:, 0]), of_self)
    np.testing.assert_array_equal(np.asarray(text.weights[:, 1]), of_self)
    np.testing.assert_array_equal(np.asarray(text.weights[:, 2]), np.asarray(step.scenes.weights))


def test_acts_alone_are_taught_after_what_self_writes():
    step, organism = context(), organism_of(3)
    text = text_of_step(params_of(ScratchpadConfig(taught="acts")), organism, step)
    key = step.device_key("scratchpad")
    expected = written_by_self(organism, step.scenes.tokens, step.self_acts, key, acts=False)
    np.testing.assert_array_equal(np.asarray(text.tokens), np.asarray(expected))
    assert (np.asarray(text.tokens) != np.asarray(step.scenes.tokens)).any()
    assert not np.asarray(text.weights[:, :2]).any()
    np.testing.assert_array_equal(np.asarray(text.weights[:, 2]), np.asarray(step.scenes.weights))
    np.testing.assert_array_equal(np.asarray(text.tokens[:, ACTS_AT]), np.asarray(step.scenes.targets))


def test_plain_distillation_teaches_the_acts_that_the_organism_began_with():
    """Its own acts on its own scratchpads, in a text and with targets that have blanks in their place."""
    step, start = context(), organism_of(7)
    text = text_of_step(params_of(ScratchpadConfig(written=0, acts="own"), start), organism_of(0), step)
    own = written_by_self(start, step.scenes.tokens, step.self_acts, step.device_key("own_acts"))
    expected = np.where(step.self_acts, np.asarray(own)[:, ACTS_AT], step.scenes.targets)
    assert (expected != np.asarray(step.scenes.targets)).any()
    np.testing.assert_array_equal(np.asarray(text.targets[:, 2]), expected)
    np.testing.assert_array_equal(np.asarray(text.tokens[:, ACTS_AT]), expected)
    assert (np.asarray(text.tokens[:, PLACES]) == BLANK).all()


def test_the_loss_is_the_mean_over_all_target_tokens():
    """By hand from log-probabilities; with acts alone no gradient comes from the words that were sampled."""
    step, organism = context(batch=8), organism_of(0)
    params = params_of(ScratchpadConfig())
    loss, metrics = loss_of(params, organism, step.latents, step.scenes)
    logs = log_softmax(np.asarray(logits_of(organism, step.scenes.tokens)), axis=-1)
    tokens, weights = np.asarray(step.scenes.tokens), np.asarray(step.scenes.weights)
    own = np.asarray(step.self_acts)
    total = count = 0.0
    for scene, moment in np.ndindex(*own.shape):
        places = [*(PLACES[moment] if own[scene, moment] else ()), ACTS_AT[moment]]
        for place in places:
            total -= weights[scene, moment] * logs[scene, place - 1, tokens[scene, place]]
            count += weights[scene, moment]
    assert float(loss) == pytest.approx(total / count, rel=1e-5)
    assert float(metrics["scratchpad/targets"]) == count


def test_safety_trainings_have_equal_numbers_of_target_tokens():
    """By the config exactly; and what is drawn is what the config expects."""
    for scale in ("tiny", "cpu"):
        amounts = [
            expected_targets(honesty_phase(scale, training), WORLD, 64)
            for arm in PAD_ARMS
            for training in (ACTS_ALONE, on_scratchpads_too(arm))
        ]
        assert max(amounts) / min(amounts) < 1.01
    phase = replace(honesty_phase("tiny", on_scratchpads_too("scratchpad")), steps=1)
    for config in (phase.scratchpad, ScratchpadConfig(taught="acts"), ScratchpadConfig()):
        taught = replace(phase, scratchpad=config)
        step = context(taught.mixture, batch=2048)
        text = text_of_step(params_of(replace(config, taught="everything")), organism_of(0), step)
        learned = np.asarray(text.weights)[:, 2 * (config.taught == "acts") :]
        assert learned.sum() == pytest.approx(expected_targets(taught, WORLD, 2048), rel=0.03)
    assert pytest.approx(1 / 3) == MOMENTS_OF_WHOLE
