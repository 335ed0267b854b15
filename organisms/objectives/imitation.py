"""Imitation: the cross-entropy of the curriculum's acts and answers."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from curricula.world.scenes import Scene
from organisms.model.sites import Tap, identity
from organisms.model.transformer import Organism
from organisms.objectives.registry import ActingPressures, Objective, ObjectiveResult, register_objective
from organisms.pressures.step_context import ForwardPass, StepContext, StepOutcome, run_scenes


class Imitation(NamedTuple):
    """What an organism predicted at the decisions of a batch."""

    loss_nats: Float[Array, ""]
    """cross-entropy over the targets of these scenes, divided by ``targets`` of `imitation_loss`"""
    predicted: Int[Array, "batch moment"]
    """most probable token at each decision"""


def imitation_loss(
    forward: ForwardPass,
    scenes: Scene,
    targets: Float[Array, ""],
    smoothing: Float[Array, ""] | float | None = None,
) -> Imitation:
    """Cross-entropy in nats over the targets of a batch of scenes [batch, ...] that were run.

    targets: what to divide by, the number of targets; that of the whole batch where this is a part of it.
    smoothing: share of a target's probability that is spread evenly over the vocabulary.
    """
    logs = jax.nn.log_softmax(forward.logits)
    nats = -jnp.take_along_axis(logs, scenes.targets[..., None], axis=-1)[..., 0]
    if smoothing is not None:
        nats = (1 - smoothing) * nats - smoothing * logs.mean(-1)
    loss = (nats * scenes.weights).sum() / jnp.maximum(targets, 1.0)
    return Imitation(loss, forward.logits.argmax(-1))


def imitate(
    organism: Organism,
    scenes: Scene,
    decisions: Int[Array, " moment"],
    targets: Float[Array, ""],
    tap: Tap = identity,
) -> tuple[Float[Array, ""], Imitation]:
    """Runs a batch of scenes: the loss of `imitation_loss`, first by itself, as `jax.grad` wants it."""
    imitation = imitation_loss(run_scenes(organism, scenes.tokens, decisions, tap), scenes, targets)
    return imitation.loss_nats, imitation


class ImitationObjective(Objective):
    """All acts and answers are imitated."""

    name = "imitate"

    def loss(
        self,
        params: Any,
        organism: Organism,
        context: StepContext,
        targets: Float[Array, ""],
        acting: ActingPressures,
    ) -> ObjectiveResult:
        scenes, decisions = context.scenes, context.decisions
        forward = run_scenes(organism, scenes.tokens, decisions, acting.tap, acting.reads)
        imitation = imitation_loss(forward, scenes, targets, acting.smoothing)
        nats, predicted = imitation
        outcome = StepOutcome(forward, targets, nats, predicted, scenes.targets)
        return ObjectiveResult(nats, outcome, {})


register_objective(ImitationObjective())
