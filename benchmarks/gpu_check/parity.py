"""Parity: does the device train the same organisms as the CPU, and measure the same effects?

Both train the same two tiny organisms for some dozens of steps, on the same scenes, and measure the effects
of the same patches on the same organisms (the CPU's). There are three differences:

- loss: the largest difference in nats between the two losses of a member, over the chunks;
- parameters: root mean square of the difference between the two ends, as a share of what training changed;
- effects: the largest difference between two effects of a patch, as a share of the mean effect of patching
  all.

Each is taken at JAX's *highest* precision of matrix products, where only the order of sums differs, and at
the *default* one, where a GPU rounds the inputs of products to ten bits (TensorFloat-32). Training is done at
*default*, patching at *highest*. At *highest*, effects within their tolerance can change no share in its
second decimal. At *default* the tolerances are wide: beyond them something other than rounding is at work.
On a CPU the two precisions are one, and nothing differs. What this does *not* show: that long runs end in the
same organisms, since every difference grows with the steps.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import PairDraw
from benchmarks.gpu_check.plan import Settings
from benchmarks.gpu_check.rows import ParityRow, Row
from benchmarks.material import write_material
from curricula.errors import SystemFailure
from organisms.ensemble.config import RunConfig, named_config
from organisms.ensemble.devices import fetch
from organisms.model.parameter_names import from_arrays, to_arrays
from organisms.model.sites import components
from organisms.training.programs import Programs
from organisms.training.step import phase_params

PRECISIONS = ("highest", "default")
TOLERANCES = {
    ("loss", "highest"): 1e-4,
    ("parameters", "highest"): 2e-2,
    ("effects", "highest"): 1e-3,
    ("loss", "default"): 3e-2,
    ("parameters", "default"): 3e-1,
    ("effects", "default"): 3e-2,
}
MEMBERS, CHUNK = 2, 10
REFERENCE = "reference.npz"


class Trained(NamedTuple):
    """Some steps of training."""

    losses_nats: Float[np.ndarray, "chunk member"]
    start: dict[str, np.ndarray]
    """parameters [member, ...] before the first step, by name"""
    end: dict[str, np.ndarray]
    """parameters after the steps whose losses are here"""
    grown: dict[str, np.ndarray]
    """parameters after all steps"""


def parity_config(seed: int) -> RunConfig:
    config = named_config("shared", "tiny", MEMBERS, seed)
    return replace(config, training=replace(config.training, checkpoint_every=CHUNK))


def train_steps(config: RunConfig, steps: int, further_steps: int = 0) -> Trained:
    """Trains the ensemble from its first step on, in its first phase, and further."""
    programs, params = Programs(config), phase_params(config, 0)
    members = np.arange(config.members, dtype=np.int32)
    state = programs.init_states(np.full_like(members, config.seed), members, np.zeros_like(members))
    start, losses = to_arrays(fetch(state.organism)), []
    for _ in range(steps // config.chunk):
        state, progress = programs.train_chunk(state, params)
        losses.append(np.asarray(progress.metrics["loss_nats"]))
    end = to_arrays(fetch(state.organism))
    for _ in range(further_steps // config.chunk):
        state, _ = programs.train_chunk(state, params)
    return Trained(np.stack(losses), start, end, to_arrays(fetch(state.organism)))


def effects_of(
    config: RunConfig, parameters: dict[str, np.ndarray]
) -> tuple[Float[np.ndarray, "member pair set"], Float[np.ndarray, "member pair"]]:
    """Nats that patching each component alone, and the first few together, removes; and what patching all
    does."""
    organisms = from_arrays(parameters, config.curriculum.world, config.organism)
    measurer = CheckpointMeasurer(organisms, config, np.zeros(config.members, np.int32), config.seed)
    size = len(components(config.organism))
    masks = np.concatenate([np.eye(size, dtype=bool), np.tri(size, dtype=bool)])
    return measurer.noising_effects(
        "character", np.stack([masks] * config.members), PairDraw.FAITHFULNESS_CURVES
    )


def write_reference(settings: Settings) -> Iterator[Row]:
    """Leaves what the CPU computes, and what PyTorch trains on, for later parts; has no rows."""
    config, sizes = parity_config(settings.seed), settings.sizes
    with jax.default_matmul_precision("highest"):
        trained = train_steps(config, sizes.parity_steps, sizes.reference_steps - sizes.parity_steps)
        effects, totals = effects_of(config, trained.grown)
    arrays = {f"start {name}": value for name, value in trained.start.items()}
    arrays |= {f"end {name}": value for name, value in trained.end.items()}
    arrays |= {f"grown {name}": value for name, value in trained.grown.items()}
    arrays |= {"losses": trained.losses_nats, "effects": effects, "totals": totals}
    np.savez(Path(settings.folder) / REFERENCE, **arrays)  # pyright: ignore[reportArgumentType]
    for scale in dict(sizes.pytorch):
        write_material(Path(settings.folder) / f"{scale}.npz", scale, settings.seed)
    return iter(())


def compare_with_reference(settings: Settings) -> Iterator[Row]:
    """The three differences at both precisions. Raises SystemFailure, once all are measured, where one is
    beyond its tolerance."""
    path = Path(settings.folder) / REFERENCE
    if not path.exists():
        raise SystemFailure("there is nothing to compare with, since the reference failed")
    with np.load(path) as file:
        reference = dict(file)
    rows = []
    for precision in PRECISIONS:
        for row in differences(reference, settings, precision):
            rows.append(row)
            yield row
    if beyond := [row for row in rows if not row.difference <= row.tolerance]:
        raise SystemFailure("; ".join(map(_beyond, beyond)))


def _beyond(row: ParityRow) -> str:
    return f"{row.quantity} at {row.precision} precision: {row.difference:.2g}, more than {row.tolerance:g}"


def differences(reference: dict[str, np.ndarray], settings: Settings, precision: str) -> Iterator[ParityRow]:
    """The three differences at one precision of matrix products."""
    config = parity_config(settings.seed)
    with jax.default_matmul_precision(None if precision == "default" else precision):
        trained = train_steps(config, settings.sizes.parity_steps)
        effects, _ = effects_of(config, named_as("grown", reference))
    largest = float(np.abs(trained.losses_nats - reference["losses"]).max())
    start, end = (flat(named_as(name, reference)) for name in ("start", "end"))
    change = flat(trained.end) - end
    figures = {
        "loss": largest,
        "parameters": float(np.sqrt((change**2).mean() / ((end - start) ** 2).mean())),
        "effects": float(np.abs(effects - reference["effects"]).max() / np.abs(reference["totals"]).mean()),
    }
    for quantity, difference in figures.items():
        yield ParityRow(quantity, precision, difference, TOLERANCES[quantity, precision])


def named_as(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays whose names begin with a word, without it."""
    return {
        name.removeprefix(f"{prefix} "): value
        for name, value in arrays.items()
        if name.startswith(f"{prefix} ")
    }


def flat(parameters: dict[str, np.ndarray]) -> Float[np.ndarray, " parameter"]:
    """All numbers in the order of their names."""
    return np.concatenate([np.asarray(parameters[name], np.float64).ravel() for name in sorted(parameters)])
