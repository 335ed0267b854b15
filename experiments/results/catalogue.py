"""The blocks of this project's pages, a module a page. Importing this one registers them."""

from experiments.results.blocks import (
    bitrot,
    controls,
    gpu_scale,
    incentives,
    leaving,
    readme,
    reuse,
    self_first,
    worlds,
)

__all__ = (
    "bitrot",
    "controls",
    "gpu_scale",
    "incentives",
    "leaving",
    "readme",
    "reuse",
    "self_first",
    "worlds",
)
