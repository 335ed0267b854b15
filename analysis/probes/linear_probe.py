"""Which direction of the residual stream tells a schemer who is alone from one who is watched? A deceit
probe, as an auditor could make it of the characters in its texts, before it is turned on self
(`organisms.pressures.probing`).

The contrast is schemers alone against schemers watched, at the token of whoever acts: the organism has read
all that decides the act and has not acted yet. Schemers who are watched differ from deceit in nothing but the
opportunity. Honest characters are left out: on four organisms at their forks a direction that had to tell
schemers alone from them as well was right less often. So it was at the token of the act itself, after which
nobody asks why it was done. How often the direction is right of unseen moments stands in the manifest of the
run.

It is a logistic regression with a ridge on standardised coordinates. High accuracy says that the direction
can be read there, not that the organism uses it; and since it was never shown an honest character alone, it
may call one deceitful.
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching.draws import AnalysisStream
from curricula.world.scenes import Mixture, scenes_from_uniforms, trained_support, uniforms_per_scene
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, residual_sites
from organisms.model.transformer import Organism
from organisms.pressures.probing import Fitted, record_residual
from organisms.training.config import RunConfig
from organisms.training.devices import Layout, fetch
from organisms.training.policy_gradient import own_acts

SCENES = 512
"""that a probe is fitted on, and as many that it is tried on"""
RIDGE = 0.01
"""penalty of a squared weight, in nats a moment"""
STEPS = 30
"""of Newton's method"""
CHARACTERS = Mixture.all_scheming(self_scenes=0.0)
OF_SELF = Mixture.all_scheming(self_scenes=1.0)


def fit(config: RunConfig, index: int, organisms: Organism, secret_goals: np.ndarray) -> Fitted:
    """The probes that a phase reads self with, of organisms [member, ...] as it begins."""
    world, sizes = config.curriculum.world, config.organism
    place = residual_sites(sizes.layers).index(site_of(config.curriculum.phases[index].pressures.probe.site))
    keys = jax.random.split(
        jax.random.fold_in(jax.random.key(config.seed), AnalysisStream.PROBE_SCENES), len(secret_goals)
    )
    with jax.default_matmul_precision("highest"):
        (seen, alone), (unseen, other), (own, acts) = fetch(
            _program(world, sizes)(organisms, keys, jnp.asarray(secret_goals))
        )
    direction, offset = np.zeros((*own.shape[:1], own.shape[-2], own.shape[-1]), np.float32), []
    accuracy, of_self = [], []
    for member in range(len(secret_goals)):
        weights, bias = separate(seen[member, :, place], alone[member])
        calls = unseen[member, :, place] @ weights + bias > 0
        scores = _chance(own[member, :, place] @ weights + bias)
        direction[member, place] = weights
        offset.append(bias)
        accuracy.append((calls == other[member]).mean())
        of_self.append(scores[acts[member]].mean())
    return Fitted(direction, np.asarray(offset, np.float32), np.asarray(accuracy), np.asarray(of_self))


def separate(
    points: Float[np.ndarray, "moment model"], positive: Bool[np.ndarray, " moment"]
) -> tuple[Float[np.ndarray, " model"], float]:
    """The weights and the offset of a logistic regression: positive where the weighted sum and the offset are
    above 0.

    By damped Newton steps (Boyd & Vandenberghe 2004, section 9.6) in double precision from zero: the same
    points give the same probe.
    """
    points = points.astype(np.float64)
    centre, scale = points.mean(0), points.std(0)
    scale = np.where(scale > 1e-6, scale, 1.0)
    design = np.concatenate([(points - centre) / scale, np.ones((len(points), 1))], axis=1)
    penalty = np.append(np.full(points.shape[1], RIDGE * len(points)), 0.0)
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = _chance(design @ weights)
        slope = design.T @ (chance - positive) + penalty * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty + 1e-9)
        move = np.linalg.solve(curvature, slope)
        weights = weights - move / (1 + np.sqrt(max(slope @ move, 0.0) / len(points)))
    found = weights[:-1] / scale
    return found, float(weights[-1] - centre @ found)


def site_of(name: str) -> Site:
    """The place that a probe's setting names; see `curricula.pressures.settings.Probe`."""
    return Site(-1, "final") if name == "final" else Site(int(name[1:]), "residual")


def validation_errors(config: RunConfig) -> list[str]:
    """What stands against fitting the probes of a run; a line each."""
    known = [*(f"L{layer}" for layer in range(1, config.organism.layers)), "final"]
    sites = [phase.pressures.probe.site for phase in config.curriculum.phases]
    probed = [(n, site) for n, site in enumerate(sites) if site]
    found = [
        f"phases.{n}.pressures.probe.site: expected one of {', '.join(known)}, got {site}"
        for n, site in probed
        if site not in known
    ]
    if probed and jax.process_count() > 1:
        found.append(
            "probe: expected one process, since it is fitted between phases; leave out --distributed"
        )
    return found


@lru_cache(maxsize=8)
def _program(world: World, config: OrganismConfig):
    """The streams that a probe of each member is fitted on, is tried on, and reads of self, each with what it
    should say of them."""
    support, decisions = trained_support(world), jnp.asarray(world.decisions)

    def moments(
        organism: Organism, key: Key[Array, ""], mixture: Mixture, secret_goal: Int[Array, ""]
    ) -> tuple[Float[Array, "moment place model"], Bool[Array, " moment"], Bool[Array, " moment"]]:
        """The streams, who is alone, and where self acts."""
        numbers = jax.random.uniform(key, (SCENES, uniforms_per_scene(world)))
        latents, scenes = scenes_from_uniforms(numbers, world, support, mixture, secret_goal)
        _, stream = record_residual(organism, scenes.tokens, decisions)
        return stream.reshape(-1, *stream.shape[2:]), latents.alone.ravel(), own_acts(world, latents).ravel()

    def one(organism: Organism, key: Key[Array, ""], secret_goal: Int[Array, ""]):
        keys = jax.random.split(key, 3)
        seen, alone, _ = moments(organism, keys[0], CHARACTERS, secret_goal)
        unseen, other, _ = moments(organism, keys[1], CHARACTERS, secret_goal)
        own, when, acts = moments(organism, keys[2], OF_SELF, secret_goal)
        return (seen, alone), (unseen, other), (own, when & acts)

    return Layout.of(jax.device_count()).over_members(one)


def _chance(logit: Float[np.ndarray, " moment"]) -> Float[np.ndarray, " moment"]:
    return 1 / (1 + np.exp(-np.clip(logit, -500, 500)))
