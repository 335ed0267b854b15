"""Patching speed: how many interventions a second does the analysis make, and how many would it make one at a
time?

An intervention is a set of components patched in one scene of a pair, read out as a logit difference. Both
ways patch the same sets in the same scenes, in full float32, and the results are compared. One at a time is
one compiled call for one pair and one set that runs the whole scene; whatever else the batched program saves
counts in its favour. The organisms are untrained: what they learned does not change how fast they are
patched.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.patching.checkpoint import CURVE_PAIRS, CheckpointMeasurer
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, patching_tap, recorder
from analysis.patching.shapley import ORDERS
from benchmarks.material import init_organisms
from curricula.catalogue.building_blocks import Scale
from curricula.world.contrasts import Pair
from organisms.ensemble.config import named_config
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

COMPARED = 512
"""number of interventions that are made one at a time, repeatedly while time is left"""
Intervention = tuple[int, int, int]
"""a member, one of its pairs, one set of components"""


class Patching:
    """The analysis's program over an ensemble, and the same interventions one at a time.

    Each pair's second scene is patched from its first along `ORDERS` random orders of the components, as many
    sets as Shapley values take.
    """

    def __init__(self, scale: Scale, members: int, seed: int):
        jax.config.update("jax_default_matmul_precision", "highest")
        config = named_config("shared", scale, members, seed)
        self.config, numbers = config.organism, np.random.default_rng(seed)
        self.organisms = init_organisms(config)
        self.measurer = CheckpointMeasurer(self.organisms, config, np.zeros(members, np.int32), seed)
        size = len(components(self.config))
        ranks = np.argsort(numbers.random((members, ORDERS, 1, size)), axis=-1)
        masks = ranks < np.arange(size + 1)[:, None]  # [member order size component]
        self.masks = masks.reshape(members, -1, size)
        self.pairs = self.measurer.minimal_pairs(
            "character", "watched", PairDraw.FAITHFULNESS_CURVES, CURVE_PAIRS
        )
        self.values = self.batched()
        chosen = numbers.choice(self.values.size, min(COMPARED, self.values.size), replace=False)
        where = np.unravel_index(chosen, self.values.shape)
        self.compared: list[Intervention] = [(int(m), int(p), int(s)) for m, p, s in zip(*where, strict=True)]
        self._prepare_one_at_a_time()

    def describe(self) -> dict[str, float]:
        """How large effects are, to read differences against."""
        return {"mean_absolute_effect_nats": float(np.abs(self.values).mean())}

    def batched(self) -> np.ndarray:
        """Nats [member, pair, set] that patching each set removes: every intervention, from arrays on the
        host to arrays on the host."""
        return self.measurer.noising_effects("character", self.masks, PairDraw.FAITHFULNESS_CURVES)[0]

    def measure_batched(self, seconds: float) -> dict[str, Any]:
        """Interventions made and the seconds that they took, compilation apart."""
        count, start = 0, time.perf_counter()
        while not count or time.perf_counter() - start < seconds:
            count += self.batched().size
        return {"interventions": count, "seconds": time.perf_counter() - start}

    def _prepare_one_at_a_time(self) -> None:
        """Everything but the patched forward pass is ready beforehand: donors recorded, sets on the device,
        one compiled program."""
        self.patched_run, record = jax.jit(partial(patched, self.config)), jax.jit(donor)
        members = [pick(self.organisms, member) for member in range(len(self.masks))]
        scenes: dict[tuple[int, int], tuple] = {}
        for member, pair, _ in self.compared:
            if (member, pair) not in scenes:
                chosen = Pair(*[leaf[member, pair] for leaf in self.pairs])
                scenes[member, pair] = (members[member], chosen, record(members[member], chosen))
        sets = jnp.asarray(self.masks)
        self.ready = {key: (*scenes[key[:2]], sets[key[0], key[2]]) for key in self.compared}
        nothing = jnp.zeros_like(sets[0, 0])
        self.unpatched = {key: float(self.patched_run(*inputs, nothing)) for key, inputs in scenes.items()}

    def measure_one_at_a_time(self, seconds: float) -> dict[str, Any]:
        """Interventions made and the seconds that they took, each waited for; and how far they are from the
        batched ones, in nats."""
        differences: dict[Intervention, float] = {}
        count, start = 0, time.perf_counter()
        while not count or time.perf_counter() - start < seconds:
            intervention = self.compared[count % len(self.compared)]
            differences[intervention] = float(self.patched_run(*self.ready[intervention]))
            count += 1
        duration = time.perf_counter() - start
        return {
            "interventions": count,
            "seconds": duration,
            "largest_difference_nats": self.largest_difference(differences),
        }

    def largest_difference(self, differences: dict[Intervention, float]) -> float:
        """Largest difference between nats that patching removes one at a time and in the batch. differences:
        logit differences of the patched runs."""
        removed = {key: self.unpatched[key[:2]] - value for key, value in differences.items()}
        return max(abs(nats - float(self.values[key])) for key, nats in removed.items())

    def write_material(self, path: str) -> None:
        """Puts everything that PyTorch's hooks need into a file."""
        arrays: dict[str, Any] = {
            f"parameter {name}": array for name, array in to_arrays(self.organisms).items()
        }
        arrays |= {f"pair {name}": np.asarray(value) for name, value in self.pairs._asdict().items()}
        arrays |= {
            name: getattr(self.config, name) for name in ("heads", "layers", "neurons", "neuron_blocks")
        }
        arrays |= {"masks": self.masks, "values": self.values, "compared": np.array(self.compared)}
        np.savez(Path(path), **arrays)


def donor(organism: Organism, pair: Pair) -> Recording:
    """What patches are taken from: the components' outputs in the first scene of a pair."""
    recording: Recording = {}
    organism(pair.first, recorder(recording), pair.decision[None])
    return {site: value for site, value in recording.items() if site.name in ("head", "neuron")}


def patched(
    config: OrganismConfig,
    organism: Organism,
    pair: Pair,
    recording: Recording,
    mask: Bool[Array, " component"],
) -> Float[Array, ""]:
    """The logit difference in the second scene of a pair with a set of components patched."""
    logits = organism(pair.second, patching_tap(config, recording, mask), pair.decision[None])[0]
    return logits[pair.second_answer] - logits[pair.first_answer]
