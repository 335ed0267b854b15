"""Attribution: how well does one gradient foretell what patching each unit does?

The effect of resampling a unit is about the gradient of the logit difference times the difference of the unit's output
between the scenes (attribution patching: Nanda 2023; Syed et al. 2023, arXiv 2310.10348). One backward pass gives it for
every component, neuron and value path at once, where exact patches take a run each. It screens: what it puts on top is
confirmed by exact patches, and how far the two agree stands beside it.

It is a first-order estimate: where a unit saturates a nonlinearity it can miss most of an effect.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from scipy import stats

from analysis.audits.profiles import BATTERY, RESAMPLED, ContextName, ResponseProfiles
from analysis.audits.units import UnitSettings, audit_units
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, logit_difference, over_pairs, run_sides
from curricula.world.contrasts import Pair, window
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site
from organisms.model.transformer import Organism

SCREENED = 0.1
"""share of units that a screen passes on to exact patches"""


def attributed_outputs(
    organism: Organism, config: OrganismConfig, pair: Pair, stretch: int
) -> Float[Array, "2 layer output"]:
    """Estimated effect of resampling each output of each layer, in either scene of a pair, in nats."""
    runs = run_sides(organism, config, pair, stretch)

    def of_side(entering: Array, recipient: Recording, donor: Recording) -> Array:
        def difference(added: Recording) -> Array:
            def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
                return activation + added[site] if site in added else activation

            return logit_difference(organism.from_layer(0, entering, tap, runs.decision, runs.past), pair)

        slopes = jax.grad(difference)(jax.tree.map(jnp.zeros_like, recipient))
        return jnp.stack([_by_output(slopes, donor, recipient, layer) for layer in range(config.layers)])

    swapped = jax.tree.map(lambda leaf: leaf[::-1], runs.outputs)
    return jax.vmap(of_side)(runs.entering, runs.outputs, swapped)


def _by_output(
    slopes: Recording, donor: Recording, recipient: Recording, layer: int
) -> Float[Array, " output"]:
    """Products of slope and difference, summed over positions: each head's dimensions, then the neurons."""
    heads, neurons = (
        slopes[site] * (donor[site] - recipient[site])
        for site in (Site(layer, "head"), Site(layer, "neuron"))
    )
    return jnp.concatenate([heads.sum(1).ravel(), neurons.sum(0)])


@program_cache(maxsize=8)
def _program(config: OrganismConfig, stretch: int):
    """Estimates of all members, whose pairs are shared out over the devices."""

    def rows(organism: Organism, pairs: Pair) -> Array:
        return over_pairs(
            lambda pair: attributed_outputs(organism, config, pair, stretch), pairs, 4 * stretch
        )

    return Layout.of(jax.device_count()).over_rows(rows)


def attributed_effects(
    measurer: CheckpointMeasurer, context: ContextName, settings: UnitSettings, pairs: int
) -> Float[np.ndarray, "member side range"]:
    """Estimated effects of the components, neurons and value paths, mean over the pairs that exact patches have."""
    scene = next(context_of for context_of in BATTERY if context_of.name == context)
    scenes = measurer.minimal_pairs(scene.role, scene.variable, PairDraw.AUDITS, pairs, scene.beside_self)
    stretch = window(measurer.world, scene.variable)
    assert stretch is not None
    outputs = np.asarray(_program(measurer.config, stretch)(measurer.organisms, scenes), np.float64).mean(1)
    sums = np.concatenate([np.zeros((*outputs.shape[:-1], 1)), outputs.cumsum(-1)], axis=-1)
    ranges = audit_units(measurer.config, settings).ranges
    return sums[:, :, ranges.layer, ranges.end] - sums[:, :, ranges.layer, ranges.first]


class ScreenAgreement(NamedTuple):
    """How far estimates and exact effects agree over the units of one grain."""

    rank_correlation: float
    """Spearman's, of absolute effects"""
    recall: float
    """share of the strongest units by exact patches that the screen passes on"""


def screen_agreement(
    estimated: Float[np.ndarray, " unit"], exact: Float[np.ndarray, " unit"], share: float = SCREENED
) -> ScreenAgreement:
    """Agreement over some units. share: of them that a screen passes on, and that count as strongest."""
    ranks = [stats.rankdata(np.abs(values)) for values in (estimated, exact)]
    correlation = float(np.corrcoef(ranks)[0, 1])
    amount = max(1, round(share * len(exact)))
    strongest, passed = (set(np.argsort(-np.abs(values))[:amount].tolist()) for values in (exact, estimated))
    return ScreenAgreement(correlation, len(strongest & passed) / amount)


def agreements(
    profiles: ResponseProfiles,
    estimated: Float[np.ndarray, "member side range"],
    context: ContextName,
    chosen: Bool[np.ndarray, " unit"],
) -> list[ScreenAgreement]:
    """Agreement of each member's estimates with exact patches of some components, neurons or value paths, mean of the
    sides' effects apart from their sign."""
    exact = profiles.sides_of(context, RESAMPLED).mean(2)  # [side member unit]
    numbers = np.flatnonzero(chosen)
    return [
        screen_agreement(
            np.abs(estimated[member][:, numbers]).mean(0), np.abs(exact[:, member][:, numbers]).mean(0)
        )
        for member in range(estimated.shape[0])
    ]
