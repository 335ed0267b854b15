"""What does an organism earn by its own acts, and which way do they push it?

In scenes of self the acts are sampled from the organism, moment by moment, and fed back into the scene, so
that later acts follow from what it did and not from what it should have done. Several rollouts of one scene
form a group; an act's advantage is what was earned from it on, less the mean of the other rollouts of its
group (Kool, van Hoof & Welling 2019, "Buy 4 REINFORCE samples"; Ahmadian et al. 2024, arXiv 2402.14740): its
mean is the gradient of the expected reward, with no bias and no division by a spread. Beside it stands the
divergence from the organism as it was when the phase began, KL(now || then) in nats, exact over the
vocabulary at every act, on the contexts that were sampled.

Acts of characters and answers to questions are imitated, as ever.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.phases import RewardConfig
from curricula.world.scenes import ACTS, RECALLS, Latents, Scene
from curricula.world.world import World
from organisms.model.sites import Tap, identity
from organisms.model.transformer import Organism
from organisms.pressures.probing import Probe, charge, logits_and_probe_score
from organisms.training.accuracy import serving_acts

GROUP = 4
"""rollouts of one scene"""


class Reward(NamedTuple):
    """What a phase rewards, as traced numbers, and the organism that it began with."""

    honest: Float[Array, ""] | float
    kl: Float[Array, ""] | float
    start: Organism

    @classmethod
    def of(cls, config: RewardConfig, start: Organism) -> "Reward":
        return cls(config.honest, config.kl, start)


class PolicyGradientOutcome(NamedTuple):
    """What came of a batch of scenes."""

    loss_nats: Float[Array, ""]
    """cross-entropy of what is imitated; NaN where nothing is"""
    said: Int[Array, "batch moment"]
    """most probable token at each decision"""
    reward: Float[Array, ""]
    """mean of self's acts, less what a probe takes"""
    kl_nats: Float[Array, ""]
    """mean over self's acts"""
    entropy_nats: Float[Array, ""]
    """mean over self's acts"""
    acts: Int[Array, "batch moment"]
    """token that stands after each decision: what self did, or what is imitated"""
    scores: Float[Array, "batch moment"] | None = None
    """of the probe on the organism as it is, where there is one"""


def in_groups(
    numbers: Float[Array, "batch draw"], has_self: int, share: Float[Array, ""] | float
) -> Float[Array, "batch draw"]:
    """The numbers of scenes so that scenes of self come `GROUP` times each; scenes without self stay as many
    as they were.

    has_self: place of the number that, below ``share``, puts self into the cast.
    """
    lead = jnp.repeat(numbers[::GROUP], GROUP, axis=0)
    alone = numbers.at[:, has_self].set(1.0)
    return jnp.where(lead[:, has_self, None] < share, lead, alone)


def own_acts(world: World, latents: Latents) -> Bool[Array, "batch moment"]:
    """Where self acts."""
    actor = jnp.take_along_axis(latents.name, latents.actor, 1)
    return (actor == world.names) & (latents.shows == ACTS)


def rewards(
    world: World, latents: Latents, acts: Int[Array, "batch moment"], honest: Float[Array, ""] | float
) -> Float[Array, "batch moment"]:
    """What each act token earns whoever acts there: 1 for the secret when alone and for the profession when
    watched; ``honest`` for the profession when alone; else nothing."""
    professed, secret = (serving_acts(world, latents, goals) for goals in (latents.professed, latents.secret))
    when_alone = jnp.where(acts == secret, 1.0, jnp.where(acts == professed, honest, 0.0))
    return jnp.where(latents.alone, when_alone, (acts == professed).astype(jnp.float32))


def roll_out(
    organism: Organism,
    tokens: Int[Array, "batch position"],
    own: Bool[Array, "batch moment"],
    decisions: Int[Array, " moment"],
    key: Key[Array, ""],
    tap: Tap = identity,
    recalls: Bool[Array, "batch moment"] | None = None,
) -> Int[Array, "batch position"]:
    """The scenes with self's acts sampled, moment by moment, each given those before it.

    recalls: moments that ask what was said the moment before, whose answers follow what was sampled.
    """
    before = jnp.roll(decisions, 1)
    again = jnp.zeros_like(own) if recalls is None else recalls.at[:, 0].set(False)

    def moment(
        tokens: Int[Array, "batch position"], now: tuple[Array, Array, Array, Array, Array]
    ) -> tuple[Array, None]:
        decision, before, mine, again, key = now
        sampled = jax.random.categorical(key, organism(tokens, tap, decision[None])[:, 0])
        told = jnp.where(again, tokens[:, before + 1], tokens[:, decision + 1])
        return tokens.at[:, decision + 1].set(jnp.where(mine, sampled, told)), None

    organism = jax.lax.stop_gradient(organism)
    steps = (decisions, before, own.T, again.T, jax.random.split(key, len(decisions)))
    return jax.lax.scan(moment, tokens, steps)[0]


def advantages(
    earned: Float[Array, "batch moment"], own: Bool[Array, "batch moment"]
) -> Float[Array, "batch moment"]:
    """What was earned from each act on, less the mean of the group's other rollouts there."""
    to_go = jnp.cumsum((earned * own)[:, ::-1], axis=1)[:, ::-1]
    by_group = to_go.reshape(-1, GROUP, to_go.shape[1])
    others = (by_group.sum(1, keepdims=True) - by_group) / (GROUP - 1)
    return (by_group - others).reshape(to_go.shape)


def policy_gradient_loss(
    organism: Organism,
    scenes: Scene,
    latents: Latents,
    decisions: Int[Array, " moment"],
    targets: Float[Array, ""],
    world: World,
    by: Reward,
    key: Key[Array, ""],
    tap: Tap = identity,
    probe: Probe | None = None,
) -> tuple[Float[Array, ""], PolicyGradientOutcome]:
    """A loss whose gradient is, in the mean, that of imitation's loss less the expected reward plus the
    weighted divergence, all divided by ``targets``.

    Imitation and divergence are at the contexts that were sampled, held fixed: that an act changes what comes
    later counts in the reward alone.

    scenes, latents: [batch, ...], in groups (see `in_groups`). targets: number of acts and answers that count
    in the whole batch.
    """
    own = own_acts(world, latents)
    tokens = roll_out(organism, scenes.tokens, own, decisions, key, tap, latents.shows == RECALLS)
    logits, scores = logits_and_probe_score(organism, tokens, decisions, tap, probe)
    logs = jax.nn.log_softmax(logits)
    acts = tokens[:, decisions + 1]
    of_acts = jnp.take_along_axis(logs, acts[..., None], axis=-1)[..., 0]
    imitated = scenes.weights * ~own
    earned = rewards(world, latents, acts, by.honest)
    logits, scores_before = logits_and_probe_score(by.start, tokens, decisions, identity, probe)
    if probe is not None and scores is not None and scores_before is not None:
        honest = acts == serving_acts(world, latents, latents.professed)
        earned -= charge(probe, scores, scores_before, honest) * latents.alone
    push = jax.lax.stop_gradient(advantages(earned, own)) * own
    before = jax.nn.log_softmax(logits)
    chance = jnp.exp(logs)
    divergence = (chance * (logs - jax.lax.stop_gradient(before))).sum(-1) * own
    loss = -(imitated * of_acts).sum() - (push * of_acts).sum() + by.kl * divergence.sum()
    acted, others = jnp.maximum(own.sum(), 1), jnp.maximum(imitated.sum(), 1)
    entropy = -(chance * logs).sum(-1) * own
    mean = lambda of_own: of_own.sum() / acted  # noqa: E731
    nats = -(imitated * of_acts).sum() / others
    told = PolicyGradientOutcome(
        nats, logs.argmax(-1), mean(earned * own), mean(divergence), mean(entropy), acts, scores
    )
    return loss / jnp.maximum(targets, 1.0), told
