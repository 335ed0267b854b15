"""Deceit probe: what does a linear probe that was fitted on characters read of self, and what does that cost self?

The probe is one direction of the residual stream at the token of the actor. Its score is the probability that it calls
the moment deceitful. Self is scored where it acts while nobody watches. In the *loss* the score is differentiated, so
that the organism can lower it by changing what the probe reads as well as by changing what it does; in the *reward* it
is not.

The probe reads before the act is chosen, so every act that might follow is charged the same: what an act changes is the
score of later moments, through the scene. Unless ``by_act`` is set, a probe in the reward therefore hardly separates an
honest act from another.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from curricula.pressures.probe import PROBE_COSTS, Probe
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, residual_sites
from organisms.model.transformer import Organism
from organisms.pressures.protocol import FittedProbes, MechanismMeasurer, PhaseStart, Pressure
from organisms.pressures.registry import register_pressure
from organisms.pressures.step_context import ForwardPass, Metrics, Rate, StepContext, StepOutcome

PROBE_READS = frozenset({"residual", "final"})
UNINFORMED = 0.5
"""score of a probe that reads nothing"""


class ProbeParams(NamedTuple):
    """A member's probe and what its score costs: a weight for each way in which it may cost something."""

    direction: Float[Array, "place model"]
    offset: Float[Array, ""]
    loss: Float[Array, ""]
    """nats"""
    reward: Float[Array, ""]
    """taken from what an act earns"""
    frozen: Float[Array, ""]
    """the same, by the score that the organism had when the phase began"""
    constant: Float[Array, ""]
    """the same, by `UNINFORMED`, whatever is read"""
    by_act: Float[Array, ""]
    """1: of the rewarded acts those on the profession pay nothing"""


def site_of(name: str) -> Site:
    """The site that a probe's setting names; see `curricula.pressures.probe.Probe`."""
    return Site(-1, "final") if name == "final" else Site(int(name[1:]), "residual")


def residual_stream(forward: ForwardPass, layers: int) -> Float[Array, "*batch moment place model"]:
    """The residual stream at each decision, at every place where a probe may read."""
    return jnp.stack([forward.recorded[site] for site in residual_sites(layers)], axis=-2)


def probe_scores(params: ProbeParams, forward: ForwardPass, layers: int) -> Float[Array, "*batch moment"]:
    """The probability that the probe calls each moment deceitful."""
    stream = residual_stream(forward, layers)
    return jax.nn.sigmoid(jnp.einsum("...pm,pm->...", stream, params.direction) + params.offset)


def score_charge(
    params: ProbeParams,
    score: Float[Array, "batch moment"],
    start_score: Float[Array, "batch moment"],
    honest: Bool[Array, "batch moment"],
) -> Float[Array, "batch moment"]:
    """What is taken from the reward of each act of self when alone.

    score, start_score: by the organism as it is, and as it was when the phase began. honest: whether the act is what
    the actor professes.
    """
    charged = params.reward * score + params.frozen * start_score + params.constant * UNINFORMED
    return charged * (1 - params.by_act * honest)


class ProbeEffect(Pressure[Probe]):
    """A deceit probe that is logged, and that may cost in the loss or in the reward."""

    settings = Probe
    reads = PROBE_READS
    fits = True

    def run_errors(self, settings: Probe, run: RunConfig) -> list[str]:
        sites = [*(f"L{layer}" for layer in range(1, run.organism.layers)), "final"]
        if not settings.site or settings.site in sites:
            return []
        return [f"probe.site: expected one of {', '.join(sites)}, got {settings.site}"]

    def fit(self, settings: Sequence[Probe], start: PhaseStart, measurer: MechanismMeasurer) -> FittedProbes:
        return measurer.deceit_probes(settings[0].site)

    def notes(self, fitted: FittedProbes, config: OrganismConfig) -> Any:
        return {"accuracy": fitted.accuracy.tolist(), "self_score": fitted.self_score.tolist()}

    def params(self, settings: Sequence[Probe], fitted: FittedProbes, run: RunConfig) -> ProbeParams:
        weights = [
            np.asarray(
                [member_settings.weight * (member_settings.place == place) for member_settings in settings]
            )
            for place in PROBE_COSTS
        ]
        by_act = np.asarray([float(member_settings.by_act) for member_settings in settings])
        return ProbeParams(fitted.direction, fitted.offset, *weights, by_act=by_act)  # pyright: ignore[reportArgumentType]

    def penalty(
        self, params: ProbeParams, organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[Float[Array, ""], Metrics]:
        """What the loss has to pay, in nats, for moments in which self acts alone, divided by the targets as
        cross-entropy is, so that a moment's score weighs against its act."""
        scores = probe_scores(params, outcome.forward, context.config.layers)
        unwatched = context.self_acts & context.latents.alone
        cost = params.loss * (scores * unwatched).sum() / jnp.maximum(outcome.targets, 1.0)
        return cost, {"score": Rate((scores * unwatched).sum(), unwatched.sum().astype(jnp.float32))}

    def reward(
        self, params: ProbeParams, context: StepContext, sampled: ForwardPass, start: ForwardPass
    ) -> Float[Array, "scene moment"]:
        world, latents, layers = context.world, context.latents, context.config.layers
        acts = sampled.tokens[:, context.decisions + 1]
        honest = acts == serving_acts(world, latents, latents.professed)
        scores = (probe_scores(params, forward, layers) for forward in (sampled, start))
        return -score_charge(params, *scores, honest=honest) * latents.alone


register_pressure(ProbeEffect())
