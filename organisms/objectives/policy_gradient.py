"""Policy gradient: what does an organism earn by its acts, and which way do they push it?

In scenes of self the acts are sampled from the organism, moment by moment, and fed back into the scene, so that later
acts follow from what it did and not from what it should have done. Several rollouts of one scene form a group; an act's
advantage is what was earned from it on, less the mean of the other rollouts of its group (Kool, van Hoof & Welling
2019, "Buy 4 REINFORCE samples"; Ahmadian et al. 2024, arXiv 2402.14740): its mean is the gradient of the expected
reward, with no bias and no division by a spread. Beside it stands the divergence from the organism as it was when the
phase began, KL(now || then) in nats, exact over the vocabulary at every act, on the contexts that were sampled.

Acts of characters and answers to questions are imitated, as ever.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Phase
from curricula.world.mixture import Mixture
from curricula.world.scenes import RECALLS, Latents
from curricula.world.world import World
from organisms.ensemble.accuracy import serving_acts
from organisms.model.sites import identity
from organisms.model.transformer import Organism
from organisms.objectives.registry import ActingPressures, Objective, ObjectiveResult, register_objective
from organisms.objectives.rollout import ActMoments, roll_out
from organisms.pressures.step_context import Metrics, StepContext, StepOutcome, run_scenes

GROUP = 4
"""rollouts of one scene"""


class RewardParams(NamedTuple):
    """What a phase rewards, as traced numbers, and the organism that it began with."""

    honest: Float[Array, ""]
    kl: Float[Array, ""]
    start: Organism


def group_rollouts(
    uniforms: Float[Array, "batch draw"], has_self: int, share: Float[Array, ""] | float
) -> Float[Array, "batch draw"]:
    """The uniforms of scenes so that scenes of self come `GROUP` times each; scenes without self stay as many
    as they were.

    has_self: place of the number that, below ``share``, puts self into the cast.
    """
    lead = jnp.repeat(uniforms[::GROUP], GROUP, axis=0)
    without_self = uniforms.at[:, has_self].set(1.0)
    return jnp.where(lead[:, has_self, None] < share, lead, without_self)


def act_rewards(
    world: World, latents: Latents, acts: Int[Array, "batch moment"], honest: Float[Array, ""] | float
) -> Float[Array, "batch moment"]:
    """What each act token earns whoever acts there: 1 for the secret when alone and for the profession when
    watched; ``honest`` for the profession when alone; else nothing."""
    professed, secret = (serving_acts(world, latents, goals) for goals in (latents.professed, latents.secret))
    when_alone = jnp.where(acts == secret, 1.0, jnp.where(acts == professed, honest, 0.0))
    return jnp.where(latents.alone, when_alone, (acts == professed).astype(jnp.float32))


def advantages(
    rewards: Float[Array, "batch moment"], self_acts: Bool[Array, "batch moment"]
) -> Float[Array, "batch moment"]:
    """What was earned from each act on, less the mean of the group's other rollouts there."""
    to_go = jnp.cumsum((rewards * self_acts)[:, ::-1], axis=1)[:, ::-1]
    by_group = to_go.reshape(-1, GROUP, to_go.shape[1])
    mean_of_rest = (by_group.sum(1, keepdims=True) - by_group) / (GROUP - 1)
    return (by_group - mean_of_rest).reshape(to_go.shape)


class RewardObjective(Objective):
    """Self's acts are sampled and earn a reward; all else is imitated."""

    name = "reward"
    batch_multiple = GROUP
    needs_start = True

    def params(self, phases: Sequence[Phase], start: Organism | None) -> RewardParams:
        assert start is not None
        honest, kl = np.asarray([(phase.reward.honest, phase.reward.kl) for phase in phases], float).T
        return RewardParams(honest, kl, start)

    def change_scenes(
        self, params: Any, uniforms: Float[Array, "scene draw"], world: World, mixture: Mixture
    ) -> Float[Array, "scene draw"]:
        return group_rollouts(uniforms, world.names, mixture.self_scenes)

    def loss(
        self,
        params: RewardParams,
        organism: Organism,
        context: StepContext,
        targets: Float[Array, ""],
        acting: ActingPressures,
    ) -> ObjectiveResult:
        return policy_gradient_loss(params, organism, context, targets, acting)


def policy_gradient_loss(
    params: RewardParams,
    organism: Organism,
    context: StepContext,
    targets: Float[Array, ""],
    acting: ActingPressures,
) -> ObjectiveResult:
    """A loss whose gradient is, in the mean, that of imitation's loss less the expected reward plus the weighted
    divergence, all divided by ``targets``.

    Imitation and divergence are at the contexts that were sampled, held fixed: that an act changes what comes later
    counts in the reward alone. The context's scenes come in groups (see `group_rollouts`). targets: number of acts and
    answers that count in the whole batch.
    """
    world, latents, scenes, decisions = context.world, context.latents, context.scenes, context.decisions
    self_acts, key = context.self_acts, context.device_key("reward")
    moments = ActMoments(self_acts, latents.shows == RECALLS)
    tokens = roll_out(organism, scenes.tokens, moments, world.decisions, key, acting.tap)
    sampled = run_scenes(organism, tokens, decisions, acting.tap, acting.reads)
    logs = jax.nn.log_softmax(sampled.logits)
    acts = tokens[:, decisions + 1]
    log_of_acts = jnp.take_along_axis(logs, acts[..., None], axis=-1)[..., 0]
    imitated = scenes.weights * ~self_acts
    rewards = act_rewards(world, latents, acts, params.honest)
    start = run_scenes(params.start, tokens, decisions, identity, acting.reads)
    added = acting.reward(sampled, start)
    rewards = rewards if added is None else rewards + added
    push = jax.lax.stop_gradient(advantages(rewards, self_acts)) * self_acts
    start_logs = jax.nn.log_softmax(start.logits)
    chance = jnp.exp(logs)
    divergence = (chance * (logs - jax.lax.stop_gradient(start_logs))).sum(-1) * self_acts
    loss = -(imitated * log_of_acts).sum() - (push * log_of_acts).sum() + params.kl * divergence.sum()
    nats = -(imitated * log_of_acts).sum() / jnp.maximum(imitated.sum(), 1)
    entropy = -(chance * logs).sum(-1) * self_acts
    totals = {"mean": rewards * self_acts, "kl_nats": divergence, "entropy_nats": entropy}
    act_count, shares = jnp.maximum(self_acts.sum(), 1), context.device_shares
    outcome = StepOutcome(sampled, targets, nats / shares, logs.argmax(-1), acts)
    metrics: Metrics = {f"reward/{name}": total.sum() / act_count / shares for name, total in totals.items()}
    return ObjectiveResult(loss / jnp.maximum(targets, 1.0), outcome, metrics)


register_objective(RewardObjective())
