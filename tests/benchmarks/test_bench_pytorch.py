"""Does the PyTorch model learn, and is it patched, as ours? Only then can their speeds be compared."""

import warnings
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.material import batches, init_organisms, material, scene_loss
from benchmarks.patching import Patching
from curricula.phases import OptimiserConfig
from curricula.world.scenes import Scene
from organisms.ensemble.config import named_config
from organisms.ensemble.optimiser import Schedule, adamw_step, initial_moments, learning_rate
from organisms.model.parameter_names import to_arrays


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip(
            "torch", reason="PyTorch is an extra of the bench: pip install -e '.[bench]'"
        )
    module.set_num_threads(1)  # other tests run beside these
    return module


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=1)


@pytest.fixture(scope="module")
def scenes(config) -> Scene:
    """One batch in which some moments are no targets."""
    drawn = batches(config, 1)
    weights = jax.random.bernoulli(jax.random.key(3), 0.7, drawn.weights.shape).astype(jnp.float32)
    return Scene(*[leaf[0] for leaf in drawn._replace(weights=weights)])


our_gradient = jax.jit(jax.value_and_grad(scene_loss))
our_update = jax.jit(adamw_step)


def with_biases(config):
    """An organism whose biases are not zero: zeros would hide that one is not used."""
    numbers = np.random.default_rng(0)
    organism = jax.tree.map(lambda leaf: leaf[0], init_organisms(config))
    return jax.tree.map(
        lambda leaf: leaf + jnp.asarray(0.1 * numbers.normal(size=leaf.shape), jnp.float32), organism
    )


def named(organism) -> dict[str, np.ndarray]:
    return {name: a[0] for name, a in to_arrays(jax.tree.map(lambda leaf: leaf[None], organism)).items()}


def pytorch_model_of(organism, config, pruned):
    from benchmarks.pytorch_model import PyTorchModel

    world, sizes = config.curriculum.world, config.organism
    return PyTorchModel(
        named(organism), sizes.heads, sizes.layers, np.asarray(world.decisions), pruned=pruned
    )


def tensors(torch, scenes):
    return [
        torch.tensor(np.asarray(v), dtype=kind)
        for v, kind in zip(scenes, (torch.int64, torch.int64, torch.float32), strict=True)
    ]


@pytest.mark.parametrize("pruned", [False, True])
def test_loss_and_gradients_are_ours(torch, config, scenes, pruned):
    from benchmarks.pytorch_model import cross_entropy, pytorch_parameters

    organism, decisions = with_biases(config), jnp.asarray(config.curriculum.world.decisions)
    ours, gradient = our_gradient(organism, scenes, decisions)
    model = pytorch_model_of(organism, config, pruned)
    tokens, targets, weights = tensors(torch, scenes)
    pytorch_loss = cross_entropy(model(tokens), targets, weights)
    pytorch_loss.backward()
    assert float(pytorch_loss.detach()) == pytest.approx(float(ours), abs=1e-5)
    expected = pytorch_parameters(named(gradient), config.organism.layers)
    gradients = {name: parameter.grad.numpy() for name, parameter in model.named_parameters()}
    assert set(gradients) == set(expected)
    for name, value in expected.items():
        assert np.abs(value).max() > 1e-5
        np.testing.assert_allclose(gradients[name], value, atol=1e-5, err_msg=name)


def test_training_steps_are_ours(torch, config):
    """Three steps of PyTorch's training change the parameters as three of ours: schedule, clipping, decay
    and all."""
    from benchmarks.pytorch_baseline import PyTorchTraining
    from benchmarks.pytorch_model import pytorch_parameters

    settings_and_data = material(config) | {"clip": 0.05, "weight_decay": 0.3}
    settings = OptimiserConfig(clip=0.05, weight_decay=0.3)
    steps = config.curriculum.phases[0].steps
    schedule, decisions = Schedule.of(settings, steps), jnp.asarray(config.curriculum.world.decisions)
    drawn = batches(config)
    training = PyTorchTraining(settings_and_data, "eager", "cpu")
    organism = jax.tree.map(lambda leaf: leaf[0], init_organisms(config))
    moments = initial_moments(organism)
    for step in range(3):
        batch = Scene(*[leaf[step] for leaf in drawn])
        ours, gradient = our_gradient(organism, batch, decisions)
        assert float(training.step()) == pytest.approx(float(ours), abs=1e-5)
        organism, moments, norm = our_update(gradient, moments, organism, schedule, jnp.int32(step))
        assert norm > settings.clip
        assert training.rates[step] == pytest.approx(float(learning_rate(schedule, jnp.int32(step))))
    expected = pytorch_parameters(named(organism), config.organism.layers)
    for name, parameter in training.model.named_parameters():
        np.testing.assert_allclose(parameter.detach().numpy(), expected[name], atol=2e-5, err_msg=name)


@pytest.fixture(scope="module")
def patching() -> Iterator[Patching]:
    """It sets the precision of its process, which other tests share."""
    before = jax.config.jax_default_matmul_precision
    yield Patching("tiny", 2, 0)
    jax.config.update("jax_default_matmul_precision", before)


@pytest.mark.slow
def test_one_at_a_time_gives_what_the_batch_gives(patching):
    """And would not, were other sets patched."""
    measured = patching.measure_one_at_a_time(0.2)
    assert measured["interventions"] > 1
    size = patching.describe()["mean_absolute_effect_nats"]
    assert measured["largest_difference_nats"] < 1e-4 * size
    results = {key: float(patching.patched_run(*patching.ready[key])) for key in patching.compared[:40]}
    assert patching.largest_difference(results) < 1e-4 * size
    inverted = {
        key: float(patching.patched_run(*patching.ready[key][:-1], ~patching.ready[key][-1]))
        for key in results
    }
    assert patching.largest_difference(inverted) > size
    assert patching.measure_batched(0.0)["interventions"] == 2 * 24 * 4 * 13


def test_hooks_give_what_the_batch_gives(torch, patching, tmp_path, monkeypatch):
    from benchmarks import hooks as module
    from benchmarks.hooks import Hooks

    monkeypatch.setattr(module, "cores", lambda: 1)
    patching.write_material(str(tmp_path / "patching.npz"))
    hooks = Hooks(str(tmp_path / "patching.npz"), "cpu")
    size = patching.describe()["mean_absolute_effect_nats"]
    assert hooks.measure(0.2)["largest_difference_nats"] < 1e-4 * size
    hooks.material["masks"] = ~hooks.material["masks"]
    assert hooks.measure(0.2)["largest_difference_nats"] > size


def test_pytorch_trains_stacked_organisms_as_it_trains_one():
    torch = pytest.importorskip("torch", reason="PyTorch is an extra of the bench: pip install -e '.[bench]'")
    from benchmarks.material import material
    from benchmarks.pytorch_baseline import PyTorchTraining
    from benchmarks.pytorch_ensemble import PyTorchEnsemble
    from organisms.ensemble.config import named_config

    torch.set_num_threads(1)
    data = material(named_config("shared", "tiny", members=1)) | {"clip": 0.05}
    alone, stacked = PyTorchTraining(data, "pruned_eager", "cpu"), PyTorchEnsemble(data, 2, "cpu", None)
    for _ in range(3):
        loss, losses = alone.step(), stacked.step()
        assert float(losses[0]) == pytest.approx(float(loss), abs=1e-5)
        assert float(losses[1]) != pytest.approx(float(loss), abs=1e-5)
    for name, parameter in alone.model.named_parameters():
        np.testing.assert_allclose(
            stacked.parameters[name][0].detach(), parameter.detach(), atol=2e-5, err_msg=name
        )
