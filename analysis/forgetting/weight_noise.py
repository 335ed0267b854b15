"""Weight noise on a gate: is a mode *maintained* by what else is trained, or just not disturbed? Add noise,
train on the rest, and see whether the mode comes back.

The components of an organism's gate get noise on their weights, just so much that the mode is at most half of
what it was. Then self is trained on as it is in disuse (watched in all of its moments), with the characters
rehearsed and without. A mode that returns although it is never shown is maintained by what shares its
mechanism. A mode that does not return may still have survived disuse, for want of anything that would have
moved it.

What it does *not* show: how a mode would withstand smaller noise, or noise elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from analysis.relearning.finetune import MODE, FinetuneOptions, Rows, finetune, read_rates
from analysis.statistics import Interval, mean_interval
from curricula.phases import Phase
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from organisms.ensemble.config import RunConfig
from organisms.model import sites
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""standard deviations of noise, in those of the weights; the smallest that breaks a mode is taken"""
BROKEN = 0.5
"""largest share of the rate before at which a mode counts as broken"""
NOISE_STREAM = 72
"""keeps the noise apart from what else is drawn from one seed"""
STEPS = 100
"""of training after the noise"""
ARMS = {"characters rehearsed": 0.5, "characters gone": 0.0}
"""share of scenes with characters, by what is trained after the noise"""


@dataclass(frozen=True)
class NoiseRules:
    """The settings behind every recovery; a cached measurement counts only under the same ones."""

    strengths: tuple[float, ...] = STRENGTHS
    broken: float = BROKEN
    steps: int = STEPS


class NoisedRows(NamedTuple):
    """Rows with noise on their gates."""

    rows: Rows
    rate_before: Float[np.ndarray, " row"]
    """rate of the mode before the noise"""
    rate_after: Float[np.ndarray, " row"]
    strength: Float[np.ndarray, " row"]
    """of the noise; NaN where none broke the mode, and the row is as it was"""


@dataclass(frozen=True)
class Recovery:
    """How much of a broken mode came back."""

    n: int
    returned: Interval
    """share of what the noise took that is back at the end, mean over organisms"""
    organisms: list[float]
    readings: list[Interval]
    """mean rate at each reading"""
    rate_before: Interval
    """mean rate before the noise"""
    rate_after: Interval
    """mean rate after the noise"""


@dataclass(frozen=True)
class Recoveries:
    """How much of a broken mode came back, by what was trained."""

    not_broken: int
    """organisms whose mode no strength of noise broke"""
    arms: dict[str, Recovery]


def rest_phase(phase: Phase, rehearsal: float) -> Phase:
    """All that goes on but the mode: self watched throughout, with characters or without, and no drive."""
    pressures = Pressures(Rehearsal(rehearsal))
    optimiser = replace(phase.optimiser, weight_decay=0.0)
    return Phase(
        "rest", STEPS, self_acts="scheming", self_alone=0.0, pressures=pressures, optimiser=optimiser
    )


def with_gate_noise(
    organisms: Organism,
    gates: Bool[np.ndarray, "member component"],
    config: OrganismConfig,
    strength: float,
    seed: int,
) -> Organism:
    """The organisms [member, ...] with noise on the weights of their gate's components. strength: in standard
    deviations of the weights."""
    random = np.random.default_rng([seed, NOISE_STREAM])
    clone = nnx.clone(organisms)
    heads, neurons = map(
        np.asarray, sites.by_head_and_neuron(config, gates.reshape(len(gates), config.layers, -1))
    )
    masks = dict.fromkeys(("query", "key", "value", "output"), heads) | {"out_of_neurons": neurons}
    for name, mask in masks.items():
        old = np.array(getattr(clone, name)[...])
        mask = mask.reshape(mask.shape + (1,) * (old.ndim - mask.ndim))
        noise = strength * old.std() * random.normal(size=old.shape).astype(old.dtype)
        setattr(clone, name, nnx.Param(jnp.asarray(old + mask * noise)))
    return clone


def add_weight_noise(
    rows: Rows, gates: Bool[np.ndarray, "row component"], config: RunConfig, seed: int
) -> NoisedRows:
    """Every row with noise of the smallest strength that breaks its mode."""
    world, sizes = config.curriculum.world, config.organism
    rate_before = read_rates(rows, world, sizes)[MODE]
    organisms, rate_after, strengths = rows.organisms, rate_before.copy(), np.full(rows.amount, np.nan)
    for strength in STRENGTHS:
        whole = np.isnan(strengths)
        if not whole.any():
            break
        noised = with_gate_noise(rows.organisms, gates, sizes, strength, seed)
        rates = read_rates(rows._replace(organisms=noised), world, sizes)[MODE]
        broken = whole & (rates <= BROKEN * rate_before)
        organisms = jax.tree.map(_choose_rows(broken), noised, organisms)
        rate_after, strengths = np.where(broken, rates, rate_after), np.where(broken, strength, strengths)
    return NoisedRows(rows._replace(organisms=organisms), rate_before, rate_after, strengths)


def _choose_rows(chosen: Bool[np.ndarray, " row"]) -> Callable[[ArrayLike, ArrayLike], np.ndarray]:
    """Takes chosen rows from the first array, the others from the second."""

    def choose(first: ArrayLike, second: ArrayLike) -> np.ndarray:
        rows = np.asarray(first)
        return np.where(chosen.reshape(-1, *(1,) * (rows.ndim - 1)), rows, np.asarray(second))

    return choose


def recovery(
    rate_before: Float[np.ndarray, " organism"],
    rate_after: Float[np.ndarray, " organism"],
    rates: Float[np.ndarray, "reading organism"],
) -> Recovery:
    """Of what the noise took, how much is back at the end. rates: in
    the training that follows."""
    back = (rates[-1] - rate_after) / (rate_before - rate_after)
    return Recovery(
        n=len(back),
        returned=mean_interval(back),
        organisms=back.tolist(),
        readings=[mean_interval(row) for row in rates],
        rate_before=mean_interval(rate_before),
        rate_after=mean_interval(rate_after),
    )


def recoveries(noised: NoisedRows, config: RunConfig, phase: Phase) -> Recoveries:
    """The rows whose mode was broken, trained on the rest with and without characters. phase: gives the
    optimiser."""
    broken = np.flatnonzero(np.isfinite(noised.strength))
    not_broken = len(noised.strength) - len(broken)
    if not len(broken):
        return Recoveries(not_broken, {})
    rows = noised.rows.take(broken)
    phases = [rest_phase(phase, share) for share in ARMS.values() for _ in broken]
    rates = finetune(rows + rows, phases, config, FinetuneOptions(STEPS)).rates[MODE]
    rate_before, rate_after = noised.rate_before[broken], noised.rate_after[broken]
    by_arm = zip(ARMS, np.split(rates, len(ARMS), axis=1), strict=True)
    return Recoveries(
        not_broken, {arm: recovery(rate_before, rate_after, arm_rates) for arm, arm_rates in by_arm}
    )
