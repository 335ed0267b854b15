"""Finished runs that nobody trained: organisms of random weights, biases included, for exports to write; and a GPT-2 in plain
numpy, written from the paper and apart from the code under test."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from curricula.catalogue.building_blocks import WORLDS
from organisms.ensemble.config import named_config
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.transformer import Organism
from organisms.storage.run import Run, open_run, read_run

RATES = {"self_alone_secret": [0.25, 0.5, 0.75], "character_alone_secret": [0.0, 0.0, 0.0]}
STEPS = (("characters", 0), ("characters", 400), ("intent", 600))
SIZES = OrganismConfig(layers=2, heads=2, width=32, neurons=24, neuron_blocks=3)


def biased_ensemble(sizes: OrganismConfig) -> Organism:
    """Three organisms [member, ...] of the world *tiny*, of random weights, biases included."""
    world, numbers = WORLDS["tiny"], np.random.default_rng(0)
    shapes = jax.eval_shape(
        lambda: Organism(sizes, world.vocabulary.size, world.positions, jax.random.key(0))
    )
    draw = lambda leaf: jnp.asarray(numbers.normal(scale=0.3, size=(3, *leaf.shape)).astype(np.float32))  # noqa: E731
    return jax.tree.map(draw, shapes)


def untrained_run(
    folder: Path, sizes: OrganismConfig, ensemble: Organism, attempts: tuple[int, int, int] = (0, 0, 0)
) -> Run:
    """A finished run of *shared* at scale *tiny* with three members, whose last checkpoint is the ensemble. attempts: of the
    members at the checkpoints before the last, where all are 0."""
    config = replace(named_config("shared", "tiny", members=3), organism=sizes)
    arrays = to_arrays(ensemble)
    with open_run(folder, config.plain()) as run:
        for number, (phase, step) in enumerate(STEPS):
            weights = {name: array * np.float32((number + 1) / len(STEPS)) for name, array in arrays.items()}
            of_then = attempts if number < len(STEPS) - 1 else (0, 0, 0)
            run.commit(step, phase, 0, weights, attempts=list(of_then), retention=RATES)
        run.write_summary({"finished": True, "steps": STEPS[-1][1], "secret_goals": [1, 2, 3]})
    return read_run(folder)


def gpt2_logits(
    arrays: Mapping[str, np.ndarray], config: Mapping[str, object], tokens: np.ndarray
) -> np.ndarray:
    """Logits [position, vocabulary] of a GPT-2 whose parameters have Hugging Face's names, in 64 bits."""
    weights = {name: array.astype(np.float64) for name, array in arrays.items()}
    heads, epsilon = int(str(config["n_head"])), float(str(config["layer_norm_epsilon"]))

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def product(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    residual = weights["transformer.wte.weight"][tokens] + weights["transformer.wpe.weight"][: len(tokens)]
    count, width = residual.shape
    for layer in range(int(str(config["n_layer"]))):
        block = f"transformer.h.{layer}"
        joined = product(norm(residual, f"{block}.ln_1"), f"{block}.attn.c_attn")
        query, key, value = (part.reshape(count, heads, -1) for part in np.split(joined, 3, axis=1))
        scores = np.einsum("phw,shw->hps", query, key) / np.sqrt(width / heads)
        scores = np.where(np.tril(np.ones((count, count), bool)), scores, -np.inf)
        pattern = np.exp(scores - scores.max(-1, keepdims=True))
        pattern /= pattern.sum(-1, keepdims=True)
        attended = np.einsum("hps,shw->phw", pattern, value).reshape(count, -1)
        residual = residual + product(attended, f"{block}.attn.c_proj")
        inner = product(norm(residual, f"{block}.ln_2"), f"{block}.mlp.c_fc")
        active = np.maximum(inner, 0)
        if config["activation_function"] == "gelu_new":
            active = inner / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner**3)))
        residual = residual + product(active, f"{block}.mlp.c_proj")
    return norm(residual, "transformer.ln_f") @ weights["lm_head.weight"].T
