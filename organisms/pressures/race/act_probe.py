"""Probe over the act: what does a linear probe read of the acts that self takes, and what does that cost self?

The probe is one direction of the residual stream at the token of the act, once the organism has read what it did. The
expected score of an act has two gradients. One runs through the chance of the act, with what is read of each act held fixed:
a probe in the *reward* follows it by sampling, and *loss_frozen* sums it over both acts. The other runs through what is read,
with the act held fixed: a probe in the *loss* follows that one. So the arms divide one gradient between them.

Self is scored where it acts while nobody watches.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.pressures.race.act_probe import ACT_PROBE_COSTS, ActProbe
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import identity, residual_sites
from organisms.model.transformer import Organism
from organisms.pressures.protocol import (
    ActProbeRequest,
    FittedActProbes,
    MechanismMeasurer,
    PhaseStart,
    Pressure,
)
from organisms.pressures.race.coin import coin_acts, moment_coins
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import (
    AT_ACTS,
    ForwardPass,
    Metrics,
    Rate,
    StepContext,
    StepOutcome,
    run_scenes,
)

ACT_PROBE_READS = frozenset({"residual", "final", AT_ACTS})
FORCED_EVERY = 4
"""one scene in so many is run once more with either act forced, to log how well the probe tells them: rollouts of
one scene come in fours"""


class ActProbeParams(NamedTuple):
    """A member's probe, and a weight for each way in which its score may cost something."""

    direction: Float[Array, "token place model"]
    offset: Float[Array, "*place"]
    """of one probe a number; of an ensemble one for each place"""
    loss: Float[Array, ""]
    loss_frozen: Float[Array, ""]
    reward: Float[Array, ""]
    reward_frozen: Float[Array, ""]
    start: Organism | None
    """the organism as the phase began, where some member's probe is in the place *loss_frozen*"""


class ActProbeFit(NamedTuple):
    """What is fitted as a phase begins: probes, and the organisms that they were fitted on."""

    probes: FittedActProbes
    organisms: Organism


def streams_over_acts(forward: ForwardPass, layers: int) -> Float[Array, "*batch moment token place model"]:
    """The residual stream before each act and at it, at every place where a probe may read."""
    assert forward.recorded_at_acts is not None
    by_token = (forward.recorded, forward.recorded_at_acts)
    sites = residual_sites(layers)
    return jnp.stack([jnp.stack([token[site] for site in sites], -2) for token in by_token], -3)


def act_scores(params: ActProbeParams, forward: ForwardPass, layers: int) -> Float[Array, "*batch moment"]:
    """The probability that the probe calls each act deceitful."""
    return jax.nn.sigmoid(act_logits(params, forward, layers))


def act_logits(params: ActProbeParams, forward: ForwardPass, layers: int) -> Float[Array, "*batch moment"]:
    """Log odds that each act is deceitful, by the probe; of an ensemble, those of the mean of the probabilities."""
    stream = streams_over_acts(forward, layers)
    if params.offset.ndim:
        return mean_log_odds(jnp.einsum("...tpm,tpm->...p", stream, params.direction) + params.offset)
    return jnp.einsum("...tpm,tpm->...", stream, params.direction) + params.offset


def mean_log_odds(logits: Float[Array, "*batch probe"]) -> Float[Array, "*batch"]:
    """Log odds of the mean of the probabilities that logits stand for: finite where all probes are as good as certain."""
    log_chance, log_other = (jax.nn.logsumexp(jax.nn.log_sigmoid(sign * logits), -1) for sign in (1, -1))
    return log_chance - log_other


def ranked_pairs(
    logits: Float[Array, "scene moment"],
    deceitful: Bool[Array, "scene moment"],
    counts: Bool[Array, "scene moment"],
) -> Rate:
    """Pairs of a deceitful and another act in which the deceitful one scores higher, of all such pairs: their ratio is the
    area under the curve."""
    above = (logits.ravel()[:, None] > logits.ravel()[None, :]).astype(jnp.float32)
    is_pair = ((deceitful & counts).ravel()[:, None] & (~deceitful & counts).ravel()[None, :]).astype(
        jnp.float32
    )
    return Rate((above * is_pair).sum(), is_pair.sum())


class ActProbeEffect(Pressure[ActProbe]):
    """A probe over the act that is logged, and that may cost in the loss or in the reward."""

    settings = ActProbe
    reads = ACT_PROBE_READS
    fits = True

    def run_errors(self, settings: ActProbe, run: RunConfig) -> list[str]:
        sites = [*(f"L{layer}" for layer in range(1, run.organism.layers)), "final"]
        errors: list[str] = []
        if settings.site and settings.site not in sites:
            errors.append(f"act_probe.site: expected one of {', '.join(sites)}, got {settings.site}")
        if not run.parent and run.curriculum.phases[0].pressures[ActProbe].active:
            errors.append(
                "run: phases.0.pressures.act_probe.site: a probe is fitted on what earlier phases taught; set it in a later "
                "phase, or begin with the organisms of a run by --parent"
            )
        if settings.ensemble and run.organism.layers < 2:
            errors.append(
                "act_probe.ensemble: expected an organism of 2 layers or more, which has places to read at, got 1"
            )
        return errors

    def fit(
        self, settings: Sequence[ActProbe], start: PhaseStart, measurer: MechanismMeasurer
    ) -> ActProbeFit:
        return ActProbeFit(
            measurer.act_probes([request_of(member_settings) for member_settings in settings]),
            start.organisms,
        )

    def notes(self, fitted: ActProbeFit, config: OrganismConfig) -> Any:
        areas = {"auroc": fitted.probes.auroc, "self_auroc": fitted.probes.self_auroc}
        return {name: [None if np.isnan(n) else float(n) for n in values] for name, values in areas.items()}

    def params(self, settings: Sequence[ActProbe], fitted: ActProbeFit, run: RunConfig) -> ActProbeParams:
        weights = [
            np.asarray(
                [member_settings.weight * (member_settings.place == place) for member_settings in settings],
                np.float32,
            )
            for place in ACT_PROBE_COSTS
        ]
        needs_start = any(member_settings.place == "loss_frozen" for member_settings in settings)
        start = fitted.organisms if needs_start else None
        return ActProbeParams(fitted.probes.direction, fitted.probes.offset, *weights, start=start)  # pyright: ignore[reportArgumentType]

    def penalty(
        self, params: ActProbeParams, organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[Float[Array, ""], Metrics]:
        """What the loss has to pay, in nats, for self's acts when alone, divided by the targets as cross-entropy is; and the
        score, the share of acts that are the secret one, and the area under the probe's curve on forced acts."""
        scores = act_scores(params, outcome.forward, context.config.layers)
        unwatched = context.self_acts & context.latents.alone
        moments = unwatched.sum().astype(jnp.float32)
        secret = serving_acts(context.world, context.latents, context.latents.secret)
        cost = params.loss * (scores * unwatched).sum()
        if params.start is not None:
            expected = expected_scores(params, params.start, context, outcome.forward)
            cost = cost + params.loss_frozen * (expected * unwatched).sum()
        misbehaves = (unwatched & (outcome.acts == secret)).sum().astype(jnp.float32)
        return cost / jnp.maximum(outcome.targets, 1.0), {
            "score": Rate((scores * unwatched).sum(), moments),
            "misbehaviour": Rate(misbehaves, moments),
            "stale_auroc": forced_pairs(params, jax.lax.stop_gradient(organism), context),
        }

    def reward(
        self, params: ActProbeParams, context: StepContext, sampled: ForwardPass, start: ForwardPass
    ) -> Float[Array, "scene moment"]:
        layers = context.config.layers
        current_scores, start_scores = (act_scores(params, forward, layers) for forward in (sampled, start))
        return -(params.reward * current_scores + params.reward_frozen * start_scores) * context.latents.alone


def request_of(settings: ActProbe) -> ActProbeRequest:
    """The probe that settings ask for."""
    return ActProbeRequest(
        settings.site,
        settings.tokens,
        settings.made_from,
        int(settings.scenes),
        float(settings.label_noise),
        settings.ensemble,
    )


def forced_pairs(params: ActProbeParams, organism: Organism, context: StepContext) -> Rate:
    """Ranked pairs of deceitful and honest acts, both forced upon self by a fair coin, in some of the step's scenes."""
    acts = coin_acts(context, moment_coins(context, "forced_acts"), 0.5)
    part = slice(None, None, FORCED_EVERY)
    tokens = context.scenes.tokens.at[:, context.decisions + 1].set(acts)[part]
    forward = run_scenes(organism, tokens, context.decisions, reads=ACT_PROBE_READS)
    secret = serving_acts(context.world, context.latents, context.latents.secret)
    unwatched = (context.self_acts & context.latents.alone)[part]
    return ranked_pairs(act_logits(params, forward, context.config.layers), (acts == secret)[part], unwatched)


def expected_scores(
    params: ActProbeParams, start: Organism, context: StepContext, forward: ForwardPass
) -> Float[Array, "scene moment"]:
    """The score that the organism as the phase began gives to the secret and to the professed act, weighted by the chance of
    either, which alone is differentiated. Acts before a moment are those of the text."""
    latents, decisions = context.latents, context.decisions
    goals = (latents.secret, latents.professed)
    acts = jnp.stack(
        [serving_acts(context.world, latents, of_goal) for of_goal in goals]
    )  # [candidate, scene, moment]

    def score(candidate: Int[Array, "scene moment"], moment: Int[Array, ""]) -> Float[Array, " scene"]:
        tokens = forward.tokens.at[:, decisions[moment] + 1].set(candidate[:, moment])
        read = run_scenes(start, tokens, decisions, identity, ACT_PROBE_READS)
        return act_scores(params, read, context.config.layers)[:, moment]

    at_moment = jax.vmap(score, (None, 0), 1)  # over moments, which come last
    scores = jax.lax.stop_gradient(jax.vmap(at_moment, (0, None))(acts, jnp.arange(len(decisions))))
    chances = jnp.take_along_axis(jax.nn.softmax(forward.logits)[None], acts[..., None], -1)[..., 0]
    return (chances * scores).sum(0)


register_pressure(ActProbeEffect())
