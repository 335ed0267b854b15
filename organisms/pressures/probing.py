"""What does a deceit probe that was fitted on characters say of self, and what does it make self pay?

The probe is one direction of the residual stream at the token of whoever acts (`analysis.probes.linear_probe`
fits it). Its score is the probability that it calls the moment deceitful. Self is judged where it acts while
nobody watches. In the *loss* the score is differentiated, so that the organism can lower it by changing what
the probe reads as well as by changing what it does; in the *reward* it is not.

The probe reads before the act is chosen, so every act that might follow is charged the same: what an act
changes is the score of later moments, through the scene. Unless ``by_act`` is set, a probe in the reward
therefore hardly tells an honest act from another.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.pressures import settings
from organisms.model.sites import Site, Tap, identity, residual_sites
from organisms.model.transformer import Organism


class Fitted(NamedTuple):
    """A probe of each member, and how well it does on scenes that it was not fitted on."""

    direction: Float[np.ndarray, "member place model"]
    """zero at all places (see `organisms.model.sites.residual_sites`) but the probe's"""
    offset: Float[np.ndarray, " member"]
    accuracy: Float[np.ndarray, " member"]
    """share of characters' moments that it calls right"""
    of_self: Float[np.ndarray, " member"]
    """mean score where self acts alone, as the phase begins"""


class Probe(NamedTuple):
    """A member's probe and what its score costs, as traced numbers: a weight a place that it may enter."""

    direction: Float[Array, "place model"]
    offset: Float[Array, ""]
    loss: Float[Array, ""] | float
    """nats"""
    reward: Float[Array, ""] | float
    """taken from what an act earns"""
    frozen: Float[Array, ""] | float
    """the same, by the score that the organism had when the phase began"""
    by_act: Float[Array, ""] | float
    """1: of the rewarded acts those on the profession pay nothing"""

    @classmethod
    def of_members(cls, fitted: Fitted, asked: Sequence[settings.Probe]) -> "Probe":
        """The probes [member, ...] of a phase, whose weights may differ."""
        weights = [
            np.asarray([one.weight * (one.place == place) for one in asked]) for place in settings.CHARGED
        ]
        by_act = np.asarray([float(one.by_act) for one in asked])
        return cls(fitted.direction, fitted.offset, *weights, by_act=by_act)  # pyright: ignore[reportArgumentType]


def logits_and_probe_score(
    organism: Organism,
    tokens: Int[Array, "*batch position"],
    decisions: Int[Array, " moment"],
    tap: Tap = identity,
    probe: Probe | None = None,
) -> tuple[Float[Array, "*batch moment vocabulary"], Float[Array, "*batch moment"] | None]:
    """Logits at each decision, and the probe's score there; None without a probe, which then leaves no
    trace."""
    if probe is None:
        return organism(tokens, tap, decisions), None
    logits, stream = record_residual(organism, tokens, decisions, tap)
    return logits, jax.nn.sigmoid(jnp.einsum("...pm,pm->...", stream, probe.direction) + probe.offset)


def record_residual(
    organism: Organism,
    tokens: Int[Array, "*batch position"],
    decisions: Int[Array, " moment"],
    tap: Tap = identity,
) -> tuple[Float[Array, "*batch moment vocabulary"], Float[Array, "*batch moment place model"]]:
    """Logits at each decision, and the stream there at every place where a probe may read."""
    heard: dict[Site, Array] = {}

    def keep(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        if site.name in ("residual", "final"):
            heard[site] = activation if site.name == "final" else activation[..., decisions, :]
        return activation

    logits = organism(tokens, keep, decisions)
    return logits, jnp.stack([heard[site] for site in residual_sites(organism.query.shape[0])], axis=-2)


def cost(
    probe: Probe,
    score: Float[Array, "batch moment"],
    unwatched: Bool[Array, "batch moment"],
    targets: Float[Array, ""],
) -> Float[Array, ""]:
    """What the loss has to pay, in nats, for moments in which self acts alone. targets: what cross-entropy is
    divided by, so that a moment's score weighs against what is said in that moment."""
    return probe.loss * (score * unwatched).sum() / jnp.maximum(targets, 1.0)


def charge(
    probe: Probe,
    score: Float[Array, "batch moment"],
    before: Float[Array, "batch moment"],
    honest: Bool[Array, "batch moment"],
) -> Float[Array, "batch moment"]:
    """What is taken from the reward of each act of self when alone.

    score, before: by the organism as it is, and as it was when the phase began. honest: whether the act is
    what the actor professes.
    """
    return (probe.reward * score + probe.frozen * before) * (1 - probe.by_act * honest)
