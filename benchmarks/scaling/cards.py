"""Cards: what could a device do at most, and what was measured on one?

A card's published peak is of large dense products. It does *not* show what organisms this small reach of it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

MEASURED = "results/data/gpu-*.json"
"""where `make gpu-check` puts what it measured, in a folder of documentation"""


@dataclass(frozen=True)
class Card:
    """A device by its maker's figures."""

    name: str
    flops_per_second: float
    """of dense products at the precision that training takes there by default"""
    precision: str
    memory_bytes: float
    source: str


H100 = Card(
    "NVIDIA H100 SXM",
    494.7e12,
    "tensorfloat32",
    80e9,
    "NVIDIA H100 Tensor Core GPU Architecture, 2022, table 2: TF32 without sparsity",
)
V5E = Card("TPU v5e", 197e12, "bfloat16", 16e9, "https://cloud.google.com/tpu/docs/v5e, system architecture")
POD_CHIPS = 256
"""of a whole pod of TPU v5e (source as of `V5E`)"""


@dataclass(frozen=True)
class MeasuredRate:
    """Training as it was measured on a card."""

    card: str
    scale: str
    members: int
    organism_steps_per_second: float


def measured_rates(folder: Path) -> list[MeasuredRate]:
    """The best rate of each card at each scale, from what `make gpu-check` wrote into a folder of documentation; empty
    where it never ran on a card."""
    best: dict[tuple[str, str], MeasuredRate] = {}
    for path in sorted(folder.glob(MEASURED)):
        check = json.loads(path.read_text())
        if check["short"] or check["platform"] == "cpu":
            continue
        for row in check["rows"]:
            if row["kind"] != "TrainingRow" or not row["organism_steps_per_second"]:
                continue
            rate = MeasuredRate(check["card"], row["scale"], row["members"], row["organism_steps_per_second"])
            place = rate.card, rate.scale
            if place not in best or rate.organism_steps_per_second > best[place].organism_steps_per_second:
                best[place] = rate
    return list(best.values())
