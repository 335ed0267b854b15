"""Is a mode *maintained* by what else is trained, or just not touched? Knock it, train on the rest, and see
whether it comes back.

The components of an organism's own gate get noise on their weights, just so much that the mode is at most
half of what it was. Then self is taught on as it is in disuse (watched in all of its moments), with the
characters rehearsed and without. A mode that returns although it is never shown is maintained by what shares
its mechanism. A mode that does not return may still have survived disuse, for want of anything that would
have moved it.

What it does *not* show: how a mode would stand smaller knocks, or knocks elsewhere.
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from analysis.relearning.finetune import MODE, Rows, read, teach
from analysis.statistics import jsonable, mean_interval
from curricula.phases import Phase
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from organisms.model import sites
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig

STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""standard deviations of noise, in those of the weights; the smallest that knocks a mode is taken"""
KNOCKED = 0.5
"""of the rate before, at most"""
STEPS = 100
RULES = {"strengths": STRENGTHS, "knocked": KNOCKED, "steps": STEPS}
"""by which knocks are tried: what was found by others is tried again"""


def rest(phase: Phase, rehearsal: float) -> Phase:
    """All that goes on but the mode: self watched throughout, with characters or without, and no drive."""
    pressures = Pressures(Rehearsal(rehearsal))
    optimiser = replace(phase.optimiser, weight_decay=0.0)
    return Phase(
        "rest", STEPS, self_acts="scheming", self_alone=0.0, pressures=pressures, optimiser=optimiser
    )


def ablated(
    organisms: Organism,
    gates: Bool[np.ndarray, "member component"],
    config: OrganismConfig,
    strength: float,
    seed: int,
) -> Organism:
    """The organisms [member, ...] with noise on the weights of their gate's components."""
    drawn = np.random.default_rng([seed, 72])
    clone = nnx.clone(organisms)
    heads, neurons = map(
        np.asarray, sites.by_head_and_neuron(config, gates.reshape(len(gates), config.layers, -1))
    )
    for name, mask in {
        **dict.fromkeys(("query", "key", "value", "output"), heads),
        "out_of_neurons": neurons,
    }.items():
        old = np.array(getattr(clone, name)[...])
        mask = mask.reshape(mask.shape + (1,) * (old.ndim - mask.ndim))
        noise = strength * old.std() * drawn.normal(size=old.shape).astype(old.dtype)
        setattr(clone, name, nnx.Param(jnp.asarray(old + mask * noise)))
    return clone


def knock(
    rows: Rows, gates: Bool[np.ndarray, "row component"], config: RunConfig, seed: int
) -> dict[str, Any]:
    """Every organism knocked by the smallest strength that does it. Returns the rows, the rate before and
    after, and which strength it took (NaN: none did)."""
    world, sizes = config.curriculum.world, config.organism
    before = read(rows, world, sizes)[MODE]
    taken, after, strength = rows.organisms, before.copy(), np.full(rows.amount, np.nan)
    for much in STRENGTHS:
        if not (open_ := np.isnan(strength)).any():
            break
        tried = ablated(rows.organisms, gates, sizes, much, seed)
        rates = read(rows._replace(organisms=tried), world, sizes)[MODE]
        now = open_ & (rates <= KNOCKED * before)
        pick = lambda new, old, now=now: np.where(now.reshape(-1, *(1,) * (old.ndim - 1)), new, old)  # noqa: E731
        taken = _each(pick, tried, taken)
        after, strength = np.where(now, rates, after), np.where(now, much, strength)
    return {"rows": rows._replace(organisms=taken), "before": before, "after": after, "strength": strength}


def _each(function: Any, *organisms: Organism) -> Organism:
    return jax.tree.map(lambda *leaves: function(*map(np.asarray, leaves)), *organisms)


def returned(
    before: Float[np.ndarray, " organism"],
    after: Float[np.ndarray, " organism"],
    rates: Float[np.ndarray, "reading organism"],
) -> dict[str, Any]:
    """Of what the knock took, how much is back at the end: mean over organisms with its interval, and the
    mean at every reading."""
    back = (rates[-1] - after) / (before - after)
    return {
        "n": len(back),
        "returned": jsonable(mean_interval(back)),
        "organisms": back.tolist(),
        "readings": [jsonable(mean_interval(row)) for row in rates],
        "before": jsonable(mean_interval(before)),
        "after": jsonable(mean_interval(after)),
    }


def try_rest(found: dict[str, Any], config: RunConfig, phase: Phase) -> dict[str, Any]:
    """The organisms that a knock did knock, taught on the rest with and without characters."""
    there = np.flatnonzero(np.isfinite(found["strength"]))
    told: dict[str, Any] = {"not_knocked": int(len(found["strength"]) - len(there)), "arms": {}}
    if not len(there):
        return told
    rows: Rows = found["rows"].take(there)
    arms = {"characters rehearsed": 0.5, "characters gone": 0.0}
    phases = [rest(phase, share) for share in arms.values() for _ in there]
    rates, _ = teach(rows + rows, phases, config, STEPS)
    for n, name in enumerate(arms):
        mine = rates[MODE][:, n * len(there) : (n + 1) * len(there)]
        told["arms"][name] = returned(found["before"][there], found["after"][there], mine)
    return told
