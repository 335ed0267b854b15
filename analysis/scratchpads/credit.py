"""Credit assignment: where does the gradient of honest acts land, and do scenes agree about it?

A hypothesis says that safety training has trouble with reasoning since credit has to be assigned through it. Two figures stand for that.
The *share* of the squared gradient that lands on the gate's components, beside the mean share of random sets of as many heads and
blocks of neurons. The *agreement*: the mean cosine between gradients of single scenes.

The gradient is of the loss that safety training has as it begins, in moments in which self is alone. Components' weights count; biases and
embeddings do not. It is *not* the step that Adam takes, which divides by each weight's usual gradient.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.provenance.weight_change import OF_HEAD
from curricula.objectives import ScratchpadConfig
from curricula.world.mixture import Mixture
from curricula.world.scenes import Latents, draw_latents, trained_support, write_scene
from curricula.world.scratchpad import with_written_alone
from curricula.world.world import SCRATCHPAD_TOKENS, World
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.objectives.scratchpad import scene_targets, writing_nats
from organisms.objectives.self_writing import own_places, write_scenes_by_self
from organisms.pressures.step_context import where_self_acts

CREDIT_SCENES = 32
DRAWS_PER_SCENE = 2
"""scenes that are drawn for each that is kept, since self may not act in one"""
RANDOM_SETS = 500
HONEST_ALONE = Mixture.all_scheming(1.0)._replace(self_alone=1.0, self_schemes=0.0)


@dataclass(frozen=True)
class CreditFigures:
    """Of one organism."""

    share: float
    """of the squared gradient, on the gate's components"""
    random_share: float
    """mean of random sets of as many heads and blocks"""
    agreement: float
    """mean cosine between the gradients of two scenes, over all components"""
    gate_agreement: float
    """over the gate's components alone"""

    @property
    def excess(self) -> float:
        """Logarithm of the share over that of random sets."""
        return float(np.log(self.share / self.random_share))


def component_products(gradients: Organism, config: OrganismConfig) -> Float[Array, "component scene scene"]:
    """Inner products of the gradients [scene, ...] of each two scenes, over the weights of each component. Biases are left
    out."""
    heads = sum(
        jnp.einsum("slhij,tlhij->lhst", *(getattr(gradients, name)[...],) * 2) for name in OF_HEAD
    )  # [layer head scene scene]
    into, out_of = gradients.into_neurons[...], gradients.out_of_neurons[...]
    by_block = into.reshape(*into.shape[:-1], config.neuron_blocks, -1)
    out_by_block = out_of.reshape(*out_of.shape[:2], config.neuron_blocks, -1, out_of.shape[-1])
    blocks = jnp.einsum("slmbn,tlmbn->lbst", *(by_block,) * 2)
    blocks = blocks + jnp.einsum("slbnm,tlbnm->lbst", *(out_by_block,) * 2)
    together = jnp.concatenate([heads, blocks], axis=1)
    return together.reshape(-1, *together.shape[2:])


def credit_figures(
    products: Float[np.ndarray, "component scene scene"],
    gate: Bool[np.ndarray, " component"],
    config: OrganismConfig,
    seed: int,
) -> CreditFigures:
    """The figures of one organism, from the inner products of its scenes' gradients."""
    on_component = products.mean((1, 2))  # of the mean gradient
    shares = on_component / on_component.sum()
    is_head = np.arange(len(gate)) % (config.heads + config.neuron_blocks) < config.heads
    random, draws = np.random.default_rng(seed), np.zeros(RANDOM_SETS)
    for kind in (is_head, ~is_head):
        places, count = np.flatnonzero(kind), int((gate & kind).sum())
        for draw in range(RANDOM_SETS):
            draws[draw] += shares[random.choice(places, count, replace=False)].sum()
    return CreditFigures(
        float(shares[gate].sum()),
        float(draws.mean()),
        _agreement(products.sum(0)),
        _agreement(products[gate].sum(0)),
    )


def _agreement(products: Float[np.ndarray, "scene scene"]) -> float:
    """Mean cosine between two different scenes; those without a gradient have none."""
    lengths = np.sqrt(np.diag(products))
    moved = lengths > 0
    cosines = products[np.ix_(moved, moved)] / np.outer(lengths[moved], lengths[moved])
    off_diagonal = ~np.eye(len(cosines), dtype=bool)
    return float(cosines[off_diagonal].mean()) if off_diagonal.any() else float("nan")


@program_cache(maxsize=16)
def _credit_program(world: World, config: OrganismConfig, taught: ScratchpadConfig):
    support = trained_support(world)
    learns_everything = float(taught.taught == "everything")

    def honest_scenes(key: Key[Array, ""], secret_goal: Int[Array, ""]) -> tuple[Latents, Array, Array]:
        keys = jax.random.split(key, DRAWS_PER_SCENE * CREDIT_SCENES)
        latents = jax.vmap(lambda key: draw_latents(key, world, support, HONEST_ALONE, secret_goal))(keys)
        order = jnp.argsort(~where_self_acts(world, latents).any(1), stable=True)[:CREDIT_SCENES]
        latents = jax.tree.map(lambda leaf: leaf[order], latents)
        scenes = jax.vmap(lambda scene: write_scene(world, scene, HONEST_ALONE))(latents)
        return latents, scenes.tokens, scenes.targets

    def products(
        organism: Organism, secret_goal: Int[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "component scene scene"]:
        scene_key, writing_key = jax.random.split(key)
        latents, tokens, acts = honest_scenes(scene_key, secret_goal)
        is_own = where_self_acts(world, latents)
        if taught.taught == "acts":
            places = own_places(world, acts=False)
            tokens = write_scenes_by_self(organism, tokens, places, is_own, writing_key)
        else:
            tokens = with_written_alone(world, tokens, taught.written)
        targets = scene_targets(world, tokens, acts)
        of_scratchpad = [learns_everything * is_own] * SCRATCHPAD_TOKENS
        weights = jnp.stack([*of_scratchpad, is_own.astype(jnp.float32)], 1)

        def loss(
            organism: Organism,
            tokens: Int[Array, " position"],
            targets: Int[Array, "place moment"],
            weights: Float[Array, "place moment"],
        ) -> Float[Array, ""]:
            nats, _ = writing_nats(organism, world, tokens[None], targets[None])
            return (nats[0] * weights).sum() / jnp.maximum(weights.sum(), 1.0)

        gradients = jax.vmap(jax.grad(loss), (None, 0, 0, 0))(organism, tokens, targets, weights)
        return component_products(gradients, config)

    def of_all(
        organisms: Organism, secret_goals: Int[Array, " member"], keys: Key[Array, " member"]
    ) -> Array:
        return jax.lax.map(lambda member: products(*member), (organisms, secret_goals, keys))

    return jax.jit(of_all)


def gradient_products(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    secret_goals: Int[np.ndarray, " member"],
    taught: ScratchpadConfig,
    seed: int,
) -> Float[np.ndarray, "member component scene scene"]:
    """Inner products of the honest gradients of `CREDIT_SCENES` scenes, by component. taught: what safety training teaches."""
    keys = jax.random.split(jax.random.key(seed), len(secret_goals))
    program = _credit_program(world, config, taught)
    return np.asarray(program(organisms, jnp.asarray(secret_goals), keys), float)
