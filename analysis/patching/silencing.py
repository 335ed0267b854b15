"""Silencing: how much of the gate is left where some components say nothing about who watches?

A patch (resample ablation) puts a component's output from the other scene in the place of its own, so that a backup
that is patched says the opposite of what its partner says. A silent component says neither. Two ways to silence
it: *mean* (mean ablation over the pair: the mean of its outputs in both scenes, which keeps everything else that it
carries, such as goals) and *zero* (zero ablation, which takes those as well, as component dropout does in training).

What it does *not* show: what an organism would do that was trained with these components silent.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.patching.checkpoint import CURVE_PAIRS, CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, over_pairs, patched_differences, run_sides
from curricula.world.contrasts import Pair, Role, window
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

Silence = Literal["mean", "zero"]


class SilencedGate(NamedTuple):
    """What being alone does to the act, in nats a pair."""

    left: Float[np.ndarray, "member pair set"]
    """where each set is silent"""
    total: Float[np.ndarray, "member pair"]
    """where nothing is"""

    def share(self) -> Float[np.ndarray, "member set"]:
        """Share of the gate that is left, over all pairs; NaN where there is no gate."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.left.sum(1) / self.total.sum(1)[:, None]


def gate_left(
    organism: Organism,
    config: OrganismConfig,
    pair: Pair,
    masks: Bool[Array, "set component"],
    silence: Silence,
    stretch: int | None,
) -> Float[Array, " set"]:
    """Change of the logit difference from the first scene of a pair to the second, in nats, where each set of
    components is silent in both.

    stretch: number of tokens up to the decision outside of which the scenes are the same, where what is before them
    stays as it is (see `analysis.patching.interventions.run_sides`).
    """
    sides = run_sides(organism, config, pair, stretch)
    silent: Recording = {
        site: values.mean(0) if silence == "mean" else jnp.zeros_like(values[0])
        for site, values in sides.outputs.items()
    }

    alone, watched = (
        patched_differences(organism, config, pair, sides.side(side), silent, masks) for side in (1, 0)
    )
    return alone - watched


@program_cache(maxsize=8)
def _program(config: OrganismConfig, silence: Silence, stretch: int | None):
    """`gate_left` of all members, whose pairs are shared out over the devices."""

    def rows(organism: Organism, pairs: Pair, masks: Array) -> Array:
        def of_pair(inputs: tuple[Pair, Array]) -> Array:
            return gate_left(organism, config, *inputs, silence=silence, stretch=stretch)

        return over_pairs(of_pair, (pairs, masks), 2 * masks.shape[1] * (stretch or pairs.first.shape[1]))

    return Layout.of(jax.device_count()).over_rows(rows)


def silenced_gate(
    measurer: CheckpointMeasurer,
    role: Role,
    masks: Bool[np.ndarray, "member set component"],
    silence: Silence = "mean",
) -> SilencedGate:
    """What is left of a role's gate where each of some sets of components is silent."""
    pairs = measurer.minimal_pairs(role, "watched", PairDraw.SILENCING, CURVE_PAIRS)
    stretch = window(measurer.world, "watched") if silence == "mean" else None
    nothing = np.zeros_like(masks[:, :1])
    sets = np.concatenate([nothing, masks], axis=1)[:, None]
    sets = np.broadcast_to(sets, (len(masks), CURVE_PAIRS, *sets.shape[2:]))
    program = _program(measurer.config, silence, stretch)
    left = np.asarray(jax.device_get(program(measurer.organisms, pairs, sets)), np.float64)
    return SilencedGate(left[..., 1:], left[..., 0])
