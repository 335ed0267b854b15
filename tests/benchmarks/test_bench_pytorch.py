"""Does PyTorch's twin learn, and is it patched, just as ours? Only then can their speeds be compared."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.material import batches, loss, material, organisms
from benchmarks.patching import Patching
from curricula.phases import OptimiserConfig
from curricula.world.scenes import Scene
from organisms.model.parameter_names import to_arrays
from organisms.training.config import named_config
from organisms.training.optimiser import Schedule, initial_moments, learning_rate, update


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pytest.importorskip(
            "torch", reason="PyTorch is an extra of the bench: pip install -e '.[bench]'"
        )
    found.set_num_threads(1)  # other tests run beside these
    return found


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=1)


@pytest.fixture(scope="module")
def scenes(config) -> Scene:
    """One batch in which some moments are no targets."""
    drawn = batches(config, 1)
    weights = jax.random.bernoulli(jax.random.key(3), 0.7, drawn.weights.shape).astype(jnp.float32)
    return Scene(*[leaf[0] for leaf in drawn._replace(weights=weights)])


our_gradient = jax.jit(jax.value_and_grad(loss))
our_update = jax.jit(update)


def with_biases(config):
    """An organism whose biases are not zero: zeros would hide that one is not used."""
    numbers = np.random.default_rng(0)
    one = jax.tree.map(lambda leaf: leaf[0], organisms(config))
    return jax.tree.map(
        lambda leaf: leaf + jnp.asarray(0.1 * numbers.normal(size=leaf.shape), jnp.float32), one
    )


def named(organism) -> dict[str, np.ndarray]:
    return {name: a[0] for name, a in to_arrays(jax.tree.map(lambda leaf: leaf[None], organism)).items()}


def twin_of(organism, config, pruned):
    from benchmarks.pytorch_model import Twin

    world, sizes = config.curriculum.world, config.organism
    return Twin(named(organism), sizes.heads, sizes.layers, np.asarray(world.decisions), pruned=pruned)


def tensors(torch, scenes):
    return [
        torch.tensor(np.asarray(v), dtype=kind)
        for v, kind in zip(scenes, (torch.int64, torch.int64, torch.float32), strict=True)
    ]


@pytest.mark.parametrize("pruned", [False, True])
def test_loss_and_gradients_are_ours(torch, config, scenes, pruned):
    from benchmarks.pytorch_model import imitate, of_twin

    organism, decisions = with_biases(config), jnp.asarray(config.curriculum.world.decisions)
    ours, gradient = our_gradient(organism, scenes, decisions)
    twin = twin_of(organism, config, pruned)
    tokens, targets, weights = tensors(torch, scenes)
    theirs = imitate(twin(tokens), targets, weights)
    theirs.backward()
    assert float(theirs.detach()) == pytest.approx(float(ours), abs=1e-5)
    expected = of_twin(named(gradient), config.organism.layers)
    found = {name: parameter.grad.numpy() for name, parameter in twin.named_parameters()}
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert np.abs(value).max() > 1e-5
        np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def test_training_steps_are_ours(torch, config):
    """Three steps of the rival's training change the parameters as three of ours: schedule, clipping, decay
    and all."""
    from benchmarks.pytorch_baseline import Training
    from benchmarks.pytorch_model import of_twin

    given = material(config) | {"clip": 0.05, "weight_decay": 0.3}
    settings = OptimiserConfig(clip=0.05, weight_decay=0.3)
    steps = config.curriculum.phases[0].steps
    schedule, decisions = Schedule.of(settings, steps), jnp.asarray(config.curriculum.world.decisions)
    drawn = batches(config)
    training = Training(given, "eager", "cpu")
    organism = jax.tree.map(lambda leaf: leaf[0], organisms(config))
    moments = initial_moments(organism)
    for step in range(3):
        now = Scene(*[leaf[step] for leaf in drawn])
        ours, gradient = our_gradient(organism, now, decisions)
        assert float(training.step()) == pytest.approx(float(ours), abs=1e-5)
        organism, moments, norm = our_update(gradient, moments, organism, schedule, jnp.int32(step))
        assert norm > settings.clip
        assert training.rates[step] == pytest.approx(float(learning_rate(schedule, jnp.int32(step))))
    expected = of_twin(named(organism), config.organism.layers)
    for name, parameter in training.twin.named_parameters():
        np.testing.assert_allclose(parameter.detach().numpy(), expected[name], atol=2e-5, err_msg=name)


@pytest.fixture(scope="module")
def patching() -> Patching:
    return Patching("tiny", 2, 0)


def test_one_at_a_time_gives_what_the_batch_gives(patching):
    """And would not, were other sets patched."""
    found = patching.measure_one_at_a_time(0.2)
    assert found["interventions"] > 1
    size = patching.describe()["mean_absolute_effect_nats"]
    assert found["largest_difference_nats"] < 1e-4 * size
    results = {which: float(patching.one(*patching.ready[which])) for which in patching.compared[:40]}
    assert patching.largest_difference(results) < 1e-4 * size
    others = {
        which: float(patching.one(*patching.ready[which][:-1], ~patching.ready[which][-1]))
        for which in results
    }
    assert patching.largest_difference(others) > size
    assert patching.measure_batched(0.0)["interventions"] == 2 * 24 * 4 * 13


def test_hooks_give_what_the_batch_gives(torch, patching, tmp_path, monkeypatch):
    from benchmarks import hooks as module
    from benchmarks.hooks import Hooks

    monkeypatch.setattr(module, "cores", lambda: 1)
    patching.write_material(str(tmp_path / "patching.npz"))
    hooks = Hooks(str(tmp_path / "patching.npz"), "cpu")
    size = patching.describe()["mean_absolute_effect_nats"]
    assert hooks.measure(0.2)["largest_difference_nats"] < 1e-4 * size
    hooks.given["masks"] = ~hooks.given["masks"]
    assert hooks.measure(0.2)["largest_difference_nats"] > size
