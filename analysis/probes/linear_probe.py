"""Linear probes for deceit: which direction of the residual stream separates a schemer who is alone from one
who is watched? An auditor fits it on characters and then reads self with it (`organisms.pressures.probe`).

The contrast is schemers alone against schemers watched, at the token of whoever acts: the organism has read
all that decides the act and has not acted yet. Watched schemers differ from deceit in nothing but the
opportunity. Honest characters are left out: on four organisms at their forks a direction that had to separate
schemers alone from them as well was right less often. So was a direction at the token of the act itself,
where the reason for the act no longer matters. How often the probe is right on unseen moments stands in the
manifest of the run.

The probe is a logistic regression with a ridge penalty on standardised coordinates (scikit-learn). High
accuracy shows that the direction can be read there, not that the organism uses it. Since the probe was never
fitted on an honest character alone, it may call one deceitful.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key
from scipy.special import expit

from analysis.patching.draws import AnalysisStream
from curricula.world.mixture import Mixture
from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene
from curricula.world.world import World
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites
from organisms.model.transformer import Organism
from organisms.pressures.probe import PROBE_READS, residual_stream, site_of
from organisms.pressures.protocol import FittedProbes, PhaseStart
from organisms.pressures.step_context import run_scenes, where_self_acts

SCENES = 512
"""scenes that a probe is fitted on, and as many that it is tested on"""
RIDGE = 0.01
"""penalty of half a squared weight, in nats a moment"""
TOLERANCE = 1e-14
"""largest slope of the mean loss at which the fit ends: small enough that the float32 probe is the same on
every machine"""
STEADY = 1e-6
"""standard deviation under which a coordinate counts as constant, so that float32's noise is not scaled up"""
CHARACTERS = Mixture.all_scheming(self_scenes=0.0)
"""scenes with characters alone, all of them schemers"""
SELF = Mixture.all_scheming(self_scenes=1.0)
"""scenes with self"""


class LinearProbe(NamedTuple):
    """A direction and an offset: the logit of a moment is their weighted sum, positive where the probe calls
    it deceitful."""

    weights: Float[np.ndarray, " model"]
    offset: float

    def logits(self, points: Float[np.ndarray, "moment model"]) -> Float[np.ndarray, " moment"]:
        """Log odds that each moment is a positive one."""
        return points @ self.weights + self.offset


class Moments(NamedTuple):
    """The residual stream where somebody acts, and what is true of these moments."""

    residual: Float[Array | np.ndarray, "*member moment place model"]
    alone: Bool[Array | np.ndarray, "*member moment"]
    self_acts: Bool[Array | np.ndarray, "*member moment"]


def fit_deceit_probes(start: PhaseStart, site: str) -> FittedProbes:
    """The probes of organisms [member, ...] as a phase begins, at a site named as in
    `curricula.pressures.probe`."""
    config, organisms, secret_goals = start.run, start.organisms, start.secret_goals
    world, sizes = config.curriculum.world, config.organism
    place = residual_sites(sizes.layers).index(site_of(site))
    stream = jax.random.fold_in(jax.random.key(config.seed), AnalysisStream.PROBE_SCENES)
    keys = jax.random.split(stream, len(secret_goals))
    with jax.default_matmul_precision("highest"):
        fitted_on, tested_on, with_self = fetch(
            _program(world, sizes)(organisms, keys, jnp.asarray(secret_goals))
        )
    members, _, *shape = with_self.residual.shape
    direction, offset = np.zeros((members, *shape), np.float32), []
    accuracy, self_scores = [], []
    for member in range(members):
        probe = logistic_probe(fitted_on.residual[member, :, place], fitted_on.alone[member])
        calls = probe.logits(tested_on.residual[member, :, place]) > 0
        scores = expit(probe.logits(with_self.residual[member, :, place]))
        direction[member, place] = probe.weights
        offset.append(probe.offset)
        accuracy.append((calls == tested_on.alone[member]).mean())
        self_scores.append(scores[(with_self.alone & with_self.self_acts)[member]].mean())
    return FittedProbes(
        direction, np.asarray(offset, np.float32), np.asarray(accuracy), np.asarray(self_scores)
    )


def logistic_probe(
    points: Float[np.ndarray, "moment model"], positive: Bool[np.ndarray, " moment"]
) -> LinearProbe:
    """The logistic regression with ridge penalty `RIDGE` that separates positive moments from the others.

    The same points give the same probe to the last bit of a float32. A constant
    coordinate has weight 0.
    """
    from sklearn.linear_model import (
        LogisticRegression,  # takes long to import, and most runs that train fit no probe
    )

    points = points.astype(np.float64)
    centre, scale = points.mean(0), points.std(0)
    scale = np.where(scale > STEADY, scale, 1.0)
    model = LogisticRegression(C=1 / (RIDGE * len(points)), solver="newton-cholesky", tol=TOLERANCE)
    model.fit((points - centre) / scale, positive)
    weights = model.coef_[0] / scale
    return LinearProbe(weights, float(np.ravel(model.intercept_)[0] - centre @ weights))


@program_cache(maxsize=8)
def _program(world: World, config: OrganismConfig):
    """Moments that each member's probe is fitted on, is tested on, and reads of self."""
    support, decisions = trained_support(world), jnp.asarray(world.decisions)

    def moments(
        organism: Organism, key: Key[Array, ""], mixture: Mixture, secret_goal: Int[Array, ""]
    ) -> Moments:
        uniforms = jax.random.uniform(key, (SCENES, uniforms_per_scene(world)))
        latents, scenes = scenes_from_uniforms(uniforms, world, support, mixture, secret_goal)
        forward = run_scenes(organism, scenes.tokens, decisions, reads=PROBE_READS)
        residual = residual_stream(forward, config.layers)
        flat = residual.reshape(-1, *residual.shape[2:])
        return Moments(flat, latents.alone.ravel(), where_self_acts(world, latents).ravel())

    def member(organism: Organism, key: Key[Array, ""], secret_goal: Int[Array, ""]):
        keys = jax.random.split(key, 3)
        return tuple(
            moments(organism, moment_key, mixture, secret_goal)
            for moment_key, mixture in zip(keys, (CHARACTERS, CHARACTERS, SELF), strict=True)
        )

    return Layout.of(jax.device_count()).over_members(member)
