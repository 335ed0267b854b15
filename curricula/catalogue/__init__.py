"""The named curricula, by what they are for. Importing this package registers them."""
# ruff: noqa: I001

from curricula.catalogue import reuse
from curricula.catalogue import incentives
from curricula.catalogue import planted
from curricula.catalogue import planted_negatives
from curricula.catalogue import masked
from curricula.catalogue import disuse
from curricula.catalogue import compiled
from curricula.catalogue import race
from curricula.catalogue import scratchpads
from curricula.catalogue import selection

__all__ = [
    "compiled",
    "disuse",
    "incentives",
    "masked",
    "planted",
    "planted_negatives",
    "race",
    "reuse",
    "scratchpads",
    "selection",
]
