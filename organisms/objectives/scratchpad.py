"""Writing: the cross-entropy of self's scratchpads beside that of acts and answers.

Where acts alone are taught, the text holds what self writes as it is: it learns what to do after its own words, and no word
is a target. No gradient passes through what is sampled.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from curricula.phases import Phase
from curricula.world.scratchpad import scratchpad_places, with_written_alone
from curricula.world.world import SCRATCHPAD_TOKENS, World
from organisms.model.sites import Tap, identity
from organisms.model.transformer import Organism
from organisms.objectives.registry import ActingPressures, Objective, ObjectiveResult, register_objective
from organisms.objectives.self_writing import own_places, write_scenes_by_self
from organisms.pressures.race.coin import moment_coins
from organisms.pressures.step_context import BATCH_AXIS, ForwardPass, StepContext, StepOutcome, run_scenes


class WriteParams(NamedTuple):
    """What a phase teaches of scratchpads, as traced numbers [member]."""

    written: Float[Array | np.ndarray, "*row"]
    """tokens that self should write"""
    everything: Float[Array | np.ndarray, "*row"]
    """1: the scratchpad is learned as well; 0: the act alone, after what self writes itself"""
    moments: Float[Array | np.ndarray, "*row"]
    """share of self's moments that are targets"""
    own_acts: Float[Array | np.ndarray, "*row"]
    """1: self learns the acts of the organism that the phase began with"""
    samples: Float[Array | np.ndarray, "*row"] | None
    """None where no member learns acts alone, so that none writes"""
    start: Organism | None
    """None where no member learns its own acts"""


class TaughtText(NamedTuple):
    """A batch of scenes as self reads them, and what it learns."""

    tokens: Int[Array, "scene position"]
    targets: Int[Array, "scene place moment"]
    """tokens of the scratchpad's places, then the acts"""
    weights: Float[Array, "scene place moment"]


class WritingObjective(Objective):
    """All acts and answers are imitated, and self's scratchpads are taught as the phase says."""

    name = "write"
    needs_start = True

    def params(self, phases: Sequence[Phase], start: Organism | None) -> WriteParams:
        taught = [phase.scratchpad for phase in phases]
        everything = np.asarray([float(config.taught == "everything") for config in taught])
        own_acts = np.asarray([float(config.acts == "own") for config in taught])
        return WriteParams(
            np.asarray([float(config.written) for config in taught]),
            everything,
            np.asarray([config.moments for config in taught]),
            own_acts,
            None if everything.all() else 1 - everything,
            start if own_acts.any() else None,
        )

    def loss(
        self,
        params: WriteParams,
        organism: Organism,
        context: StepContext,
        targets: Float[Array, ""],
        acting: ActingPressures,
    ) -> ObjectiveResult:
        text = taught_text(params, organism, context)
        total = text.weights.sum()
        if context.device_shares > 1:
            total = jax.lax.psum(total, BATCH_AXIS)
        nats, logits = writing_nats(organism, context.world, text.tokens, text.targets, acting.tap)
        loss = (nats * text.weights).sum() / jnp.maximum(total, 1.0)
        predicted = logits.argmax(-1)
        acts = predicted[:, -1]
        # Where the text gives a scratchpad, an act counts where self would have written that.
        writes_text = (predicted == text.targets)[:, :-1].all(1) | ~context.self_acts
        acts = jnp.where((params.everything > 0) & ~writes_text, -1, acts)
        forward = ForwardPass(text.tokens, logits[:, -1], {})
        outcome = StepOutcome(forward, total, loss, acts, text.targets[:, -1])
        shares = context.device_shares
        return ObjectiveResult(loss, outcome, {"scratchpad/targets": text.weights.sum() / shares})


def taught_text(params: WriteParams, organism: Organism, context: StepContext) -> TaughtText:
    """The scenes of a step with self's scratchpads, and what is a target in them."""
    world, scenes, self_acts = context.world, context.scenes, context.self_acts
    decisions = context.decisions
    tokens, acts = scenes.tokens, scenes.targets
    if params.start is not None:
        own = write_scenes_by_self(
            params.start, tokens, own_places(world, acts=True), self_acts, context.device_key("own_acts")
        )
        acts = jnp.where((params.own_acts > 0) & self_acts, own[:, decisions + 1], acts)
        tokens = tokens.at[:, decisions + 1].set(acts)
    tokens = with_written_alone(world, tokens, jnp.asarray(params.written))
    if params.samples is not None:
        writer = jax.lax.stop_gradient(organism)
        own_places_of_text = own_places(world, acts=False)
        sampled = write_scenes_by_self(
            writer, tokens, own_places_of_text, self_acts, context.device_key("scratchpad")
        )
        tokens = jnp.where(params.samples > 0, sampled, tokens)
    is_drawn = ~self_acts | (moment_coins(context, "scratchpad_targets") < params.moments)
    act_weights = scenes.weights * is_drawn
    scratchpad_weights = act_weights * self_acts * params.everything
    weights = jnp.stack([*[scratchpad_weights] * SCRATCHPAD_TOKENS, act_weights], 1)
    return TaughtText(tokens, scene_targets(world, tokens, acts), weights)


def scene_targets(
    world: World, tokens: Int[Array, "scene position"], acts: Int[Array, "scene moment"]
) -> Int[Array, "scene place moment"]:
    """Tokens of the scratchpads as they stand in the text, then the acts."""
    return jnp.concatenate([jnp.swapaxes(tokens[:, scratchpad_places(world)], 1, 2), acts[:, None]], 1)


def writing_nats(
    organism: Organism,
    world: World,
    tokens: Int[Array, "scene position"],
    targets: Int[Array, "scene place moment"],
    tap: Tap = identity,
) -> tuple[Float[Array, "scene place moment"], Float[Array, "scene place moment vocabulary"]]:
    """Cross-entropy of each scratchpad token and act, given all text before it, and the logits behind it."""
    before = jnp.concatenate([scratchpad_places(world).T - 1, jnp.asarray(world.decisions)[None]])
    logits = run_scenes(organism, tokens, before.ravel(), tap).logits.reshape(*targets.shape, -1)
    logs = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(logs, targets[..., None], -1)[..., 0], logits


register_objective(WritingObjective())
