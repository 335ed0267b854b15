"""How many interventions a second does the analysis make, and how many would it make one at a time?

An intervention is one patched forward pass, read out as a logit difference. Both ways patch the same components in the same scenes; the
results are compared. The organisms are newborn: how fast they are patched does not depend on what they learned.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from analysis.effects import ORDERS
from analysis.interventions import Recording, difference, patch, record
from analysis.survey import PAIRS, Survey
from benchmarks.material import organisms
from curricula.catalogue import Scale
from curricula.contrasts import Pair
from organisms.config import OrganismConfig, named_config
from organisms.model import Organism
from organisms.naming import to_arrays
from organisms.sites import components
from organisms.surgery import pick

COMPARED = 512
"""interventions that are made one at a time, and taken in turn when time is left"""
Intervention = tuple[int, int, int]
"""a member, one of its pairs in one direction, one set of components"""


class Patching:
    """A survey's own program over an ensemble, and the same interventions one at a time.

    Each pair is patched along `ORDERS` random orders of the components, every second one backwards, as Shapley values are measured.
    """

    def __init__(self, scale: Scale, members: int, seed: int):
        config = named_config("shared", scale, members, seed)
        self.config, numbers = config.organism, np.random.default_rng(seed)
        self.organisms = organisms(config)
        self.survey = Survey(self.organisms, config, np.zeros(members, np.int32), seed)
        size, runs = len(components(self.config)), PAIRS * ORDERS
        ranks = np.argsort(numbers.random((members, runs, size)), axis=-1)
        self.masks = ranks[:, :, None] < np.arange(size + 1)[:, None]  # [member pair set component]
        self.noising = np.tile(np.arange(ORDERS) % 2 == 1, (members, PAIRS))
        pairs = self.survey.pairs("character", "watched", 0)
        self.pairs = jax.tree.map(lambda leaf: jnp.repeat(leaf, ORDERS, axis=1), pairs)
        chosen = numbers.choice(self.masks[..., 0].size, min(COMPARED, self.masks[..., 0].size), replace=False)
        where = np.unravel_index(chosen, self.masks.shape[:3])
        self.compared: list[Intervention] = [(int(m), int(p), int(s)) for m, p, s in zip(*where, strict=True)]
        self.values = self.batched()
        self._prepare_one_at_a_time()

    def describe(self) -> dict[str, float]:
        """How large effects are, to read differences against."""
        return {"mean_absolute_effect_nats": float(np.abs(self.values).mean())}

    def batched(self) -> np.ndarray:
        """Nats [member, pair, set] that patching each set moves the difference: every intervention, from host arrays to host arrays."""
        values, _ = self.survey.sets(self.organisms, self.pairs, jnp.asarray(self.masks), jnp.asarray(self.noising))
        return np.asarray(values)

    def measure_batched(self, seconds: float) -> dict[str, Any]:
        """Interventions made and the seconds that they took, compilation apart."""
        count, begun = 0, time.perf_counter()
        while not count or time.perf_counter() - begun < seconds:
            count += self.batched().size
        return {"interventions": count, "seconds": time.perf_counter() - begun}

    def _prepare_one_at_a_time(self) -> None:
        """Everything that is not the patched forward pass is ready beforehand: donors recorded, masks on the device, one program."""
        self.members = [pick(self.organisms, member) for member in range(len(self.masks))]
        self.one = jax.jit(partial(_one, self.config))
        recorded = jax.jit(lambda organism, tokens: _donor(record(organism, tokens)[1]))
        self.ready: dict[Intervention, tuple] = {}
        runs: dict[tuple[int, int], tuple] = {}
        for member, run, chosen in self.compared:
            if (member, run) not in runs:
                pair = jax.tree.map(lambda leaf: leaf[member, run], self.pairs)  # noqa: B023
                giver, base = (pair.first, pair.second) if self.noising[member, run] else (pair.second, pair.first)
                runs[member, run] = (base, recorded(self.members[member], giver), pair)
            mask = jnp.asarray(self.masks[member, run, chosen])
            self.ready[member, run, chosen] = (self.members[member], *runs[member, run], mask)
        nothing = jnp.zeros(len(components(self.config)), bool)
        self.unpatched = {
            (member, run): float(self.one(self.members[member], *inputs, nothing))
            for (member, run), inputs in runs.items()
        }

    def measure_one_at_a_time(self, seconds: float) -> dict[str, Any]:
        """Interventions made and the seconds that they took, each waited for; and how far they are from the batched ones, in nats."""
        found: dict[Intervention, float] = {}
        count, begun = 0, time.perf_counter()
        while not count or time.perf_counter() - begun < seconds:
            which = self.compared[count % len(self.compared)]
            found[which] = float(self.one(*self.ready[which]))
            count += 1
        taken = time.perf_counter() - begun
        return {"interventions": count, "seconds": taken, "largest_difference_nats": self.largest_difference(found)}

    def largest_difference(self, found: dict[Intervention, float]) -> float:
        """Between patched differences found one at a time, as changes of the unpatched one, and the batched values."""
        changes = {
            which: (self.unpatched[which[:2]] - value)
            if self.noising[which[:2]]
            else (value - self.unpatched[which[:2]])
            for which, value in found.items()
        }
        return max(abs(change - float(self.values[which])) for which, change in changes.items())

    def write_material(self, path: str) -> None:
        """Puts everything that PyTorch's hooks need into a file."""
        parameters = {f"parameter {name}": array for name, array in to_arrays(self.organisms).items()}
        pairs = {f"pair {name}": np.asarray(value) for name, value in self.pairs._asdict().items()}
        sizes = {name: getattr(self.config, name) for name in ("heads", "layers", "neurons", "neuron_blocks")}
        np.savez(
            Path(path),
            **parameters,  # pyright: ignore[reportArgumentType]
            **pairs,  # pyright: ignore[reportArgumentType]
            **sizes,
            masks=self.masks,
            noising=self.noising,
            values=self.values,
            compared=np.array(self.compared),
        )


def _donor(recording: Recording) -> Recording:
    """What patches are taken from: the components' outputs."""
    return {site: value for site, value in recording.items() if site.name in ("head", "neuron")}


def _one(config: OrganismConfig, organism: Organism, base: Any, donor: Recording, pair: Pair, mask: Any) -> Any:
    return difference(organism(base, patch(config, donor, mask)), pair)
