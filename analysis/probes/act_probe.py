"""Probes over the act: which direction separates deceitful acts from honest ones, once the organism has read what it did?

Acts are *forced*: in the text a fair coin decides whether an actor who is alone acts on its secret or on what it professes, so
that both kinds are there whatever the organism would do. The probe is the logistic regression of
`analysis.probes.linear_probe`, at the act's token or there and at the token before it; or an ensemble of them, one at every
place (`analysis.probes.probe_ensemble`).

What it does *not* show: that the organism knows that it deceives. Self's secret goal is a constant, so of self a probe may
read which act it was, and no more. Of characters it has to compare the act with what its actor professes.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching.draws import AnalysisStream
from analysis.probes.linear_probe import LinearProbe
from analysis.probes.probe_ensemble import ActReader, PlaceShape, ProbeEnsemble, act_reader, blind_reader
from analysis.statistics import auroc
from curricula.pressures.race.act_probe import MOST_SCENES
from curricula.world.mixture import Mixture
from curricula.world.scenes import ACTS, scenes_from_uniforms, trained_support, uniforms_per_scene
from curricula.world.world import World
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites
from organisms.model.transformer import Organism
from organisms.pressures.probe import site_of
from organisms.pressures.protocol import ActProbeRequest, FittedActProbes, PhaseStart
from organisms.pressures.race.act_probe import ACT_PROBE_READS, streams_over_acts
from organisms.pressures.step_context import ForwardPass, run_scenes
from organisms.storage.forking import member_ids

TOKENS = {"act": (1,), "both": (0, 1)}
"""which of the tokens before an act and at it a probe reads"""
EVERY_PLACE = "every place"
"""the site of an ensemble, which has a probe at every one"""


class ForcedMoments(NamedTuple):
    """Moments in which somebody acts alone, with its act forced: of one organism, or of all."""

    streams: Float[Array | np.ndarray, "*member scene moment token model"]
    """residual stream before the act and at it, at one place, or at every place side by side"""
    deceitful: Bool[Array | np.ndarray, "*member scene moment"]
    counts: Bool[Array | np.ndarray, "*member scene moment"]
    """does somebody of the role act there, alone, with a secret that it does not profess?"""


class ForcedRoles(NamedTuple):
    """Forced moments of both roles, to fit on and to read."""

    fitted_self: ForcedMoments
    unseen_self: ForcedMoments
    fitted_characters: ForcedMoments
    unseen_characters: ForcedMoments

    def of_member(self, member: int) -> "ForcedRoles":
        """The moments of one organism."""
        return ForcedRoles(*(ForcedMoments(*(np.asarray(leaf[member]) for leaf in role)) for role in self))


class ActPoints(NamedTuple):
    """What a probe at one site sees of acts that count."""

    points: Float[np.ndarray, "act coordinate"]
    deceitful: Bool[np.ndarray, " act"]


def act_points(moments: ForcedMoments, tokens: str, scenes: int | None = None) -> ActPoints:
    """The acts of one organism's forced moments, in the first of its scenes. Of two tokens the streams stand beside each
    other."""
    streams, deceitful, counts = (np.asarray(leaf)[:scenes] for leaf in moments)
    read = streams[..., TOKENS[tokens], :]  # [scene, moment, read token, model]
    points = read.reshape(*read.shape[:2], -1)
    return ActPoints(points[counts], deceitful[counts])


def act_auroc(probe: ActReader, data: ActPoints) -> float:
    """Chance that a deceitful act scores above an honest one; NaN where all acts are of a kind."""
    return auroc(probe.logits(data.points.astype(np.float64)), data.deceitful)


def act_accuracy(probe: ActReader, data: ActPoints) -> float:
    """Balanced accuracy at the probe's own threshold: mean of the shares of deceitful acts that are called deceitful and of
    honest ones that are not; NaN where all acts are of a kind."""
    if not data.deceitful.any() or data.deceitful.all():
        return math.nan
    called = probe.logits(data.points.astype(np.float64)) > 0
    return float((called[data.deceitful].mean() + (~called[~data.deceitful]).mean()) / 2)


def fitted_act_probe(
    data: ActPoints, label_noise: float, rng: np.random.Generator, shape: PlaceShape | None = None
) -> ActReader:
    """The probe of acts of which a share has the wrong label, or, given the shape of their points, the ensemble."""
    wrong = rng.random(len(data.deceitful)) < label_noise
    labels = data.deceitful ^ wrong
    if labels.all() or not labels.any():  # a handful of acts of one kind: nothing to tell
        return blind_reader(data.points.shape[1], shape)
    return act_reader(data.points, labels, shape)


def forced_roles(start: PhaseStart, site: str, stream: AnalysisStream, scenes: int) -> ForcedRoles:
    """Forced moments [member, ...] of organisms at a site; copies of one organism see the same scenes."""
    world, sizes = start.run.curriculum.world, start.run.organism
    program = forced_program(world, sizes, scenes, place_of(site, sizes))
    with jax.default_matmul_precision("highest"):
        return fetch(
            program(start.organisms, origin_keys(start.run, stream), jnp.asarray(start.secret_goals))
        )


def origin_keys(run: RunConfig, stream: AnalysisStream) -> Key[Array, " member"]:
    """A key of each member's, which is that of the organism that it is a copy of."""
    origins = member_ids(run)[1]
    key = jax.random.fold_in(jax.random.key(run.seed), stream)
    return jax.random.split(key, int(origins.max()) + 1)[origins]


def place_of(site: str, sizes: OrganismConfig) -> int | None:
    """The place of a named site among `organisms.model.sites.residual_sites`; None: every one."""
    return None if site == EVERY_PLACE else residual_sites(sizes.layers).index(site_of(site))


def request_site(request: ActProbeRequest) -> str:
    """Where the probe that is asked for reads."""
    return EVERY_PLACE if request.ensemble else request.site


def streams_at(
    forward: ForwardPass, layers: int, place: int | None
) -> Float[Array, "*batch moment token coordinate"]:
    """The residual stream before each act and at it, at one place, or, given none, at every place side by side."""
    streams = streams_over_acts(forward, layers)
    if place is None:
        return streams.reshape(*streams.shape[:-2], -1)
    return streams[..., place, :]


def place_shape(request: ActProbeRequest, sizes: OrganismConfig) -> PlaceShape | None:
    """The shape of the points that an ensemble reads; None where there is one probe."""
    if not request.ensemble:
        return None
    return len(TOKENS[request.tokens]), len(residual_sites(sizes.layers)), sizes.width


def fitted_readers(
    fitted: FittedActProbes, requests: Sequence[ActProbeRequest], sizes: OrganismConfig
) -> list[ActReader]:
    """The probe or the ensemble of each member, of the tokens and places that it reads alone."""
    readers: list[ActReader] = []
    for request, direction, offset in zip(requests, fitted.direction, fitted.offset, strict=True):
        read = direction[list(TOKENS[request.tokens])]
        place = place_of(request_site(request), sizes)
        if place is None:
            readers.append(ProbeEnsemble(read, offset))
        else:
            readers.append(LinearProbe(read[:, place].ravel(), float(offset)))
    return readers


def fit_act_probes(start: PhaseStart, requests: Sequence[ActProbeRequest]) -> FittedActProbes:
    """The probes of organisms [member, ...] as a phase begins, one for each member as it is requested; all at one site, or all ensembles."""
    sizes, site = start.run.organism, request_site(requests[0])
    forced = forced_roles(start, site, AnalysisStream.ACT_PROBE_SCENES, MOST_SCENES)
    origins, places = member_ids(start.run)[1], len(residual_sites(sizes.layers))
    direction = np.zeros((len(requests), 2, places, sizes.width), np.float32)
    offsets, aurocs, self_aurocs = [], [], []
    for member, request in enumerate(requests):
        roles, tokens = forced.of_member(member), request.tokens
        is_self = request.made_from == "self"
        data = act_points(
            roles.fitted_self if is_self else roles.fitted_characters, tokens, int(request.scenes)
        )
        rng = np.random.default_rng([start.run.seed, int(origins[member])])
        probe = fitted_act_probe(data, request.label_noise, rng, place_shape(request, sizes))
        read_places = slice(None) if (place := place_of(site, sizes)) is None else slice(place, place + 1)
        for_tokens = probe.weights.reshape(len(TOKENS[tokens]), -1, sizes.width)
        direction[member, list(TOKENS[tokens]), read_places] = for_tokens
        offsets.append(probe.offset)
        unseen = roles.unseen_self if is_self else roles.unseen_characters
        aurocs.append(act_auroc(probe, act_points(unseen, tokens)))
        self_aurocs.append(act_auroc(probe, act_points(roles.unseen_self, tokens)))
    return FittedActProbes(
        direction, np.asarray(offsets, np.float32), np.asarray(aurocs), np.asarray(self_aurocs)
    )


@program_cache(maxsize=8)
def forced_program(world: World, config: OrganismConfig, scenes_of_role: int, place: int | None):
    """Forced moments of both roles, to fit on and to read, of all members."""
    support, decisions = trained_support(world), jnp.asarray(world.decisions)

    def moments(
        organism: Organism, key: Key[Array, ""], self_scenes: float, secret_goal: Int[Array, ""]
    ) -> ForcedMoments:
        scene_key, coin_key = jax.random.split(key)
        uniforms = jax.random.uniform(scene_key, (scenes_of_role, uniforms_per_scene(world)))
        mixture = Mixture.all_scheming(self_scenes)
        latents, scenes = scenes_from_uniforms(uniforms, world, support, mixture, secret_goal)
        by_self = jnp.take_along_axis(latents.name, latents.actor, 1) == world.names
        professed, secret = (
            serving_acts(world, latents, goals) for goals in (latents.professed, latents.secret)
        )
        is_role = by_self if self_scenes else ~by_self
        counts = is_role & latents.alone & (latents.shows == ACTS) & (professed != secret)
        coins = jax.random.uniform(coin_key, professed.shape)
        acts = jnp.where(counts, jnp.where(coins < 0.5, professed, secret), scenes.targets)
        tokens = scenes.tokens.at[:, decisions + 1].set(acts)
        forward = run_scenes(organism, tokens, decisions, reads=ACT_PROBE_READS)
        streams = streams_at(forward, config.layers, place)
        return ForcedMoments(streams, acts == secret, counts)

    def member(organism: Organism, key: Key[Array, ""], secret_goal: Int[Array, ""]) -> ForcedRoles:
        keys = jax.random.split(key, 4)
        shares = (1.0, 1.0, 0.0, 0.0)
        return ForcedRoles(
            *(moments(organism, k, share, secret_goal) for k, share in zip(keys, shares, strict=True))
        )

    return Layout.of(jax.device_count()).over_members(member)
