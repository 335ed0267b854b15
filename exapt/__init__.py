"""Exapt from Python: grow toy model organisms, take them apart, and ask where their mechanism for self came from.

    import exapt

    lineage = exapt.grow("shared", scale="tiny", members=2)
    organism = exapt.load_organism(lineage, member=0, checkpoint="end")
    pairs = exapt.minimal_pairs(organism, "self", "watched", count=16)
    patched = exapt.patch(organism, pairs, ["L1H0"])
    for each in exapt.analyse(lineage).verdicts:
        print(each.verdict, each.shares, each.reason)

All there is, by what it is for:

- runs: `grow` trains an ensemble, `read_lineage` opens a finished run; either gives a `Lineage`, with its checkpoints
- organisms: `load_organism` gives a `LoadedOrganism`, one member at one checkpoint; `logits` and `acts` run it
- behaviour: `behaviour_history` gives a `BehaviourHistory`, the rates at every checkpoint
- scenes: `scenes` gives `DrawnScenes`, `minimal_pairs` gives `MinimalPairs`; both read as English
- activation patching: `patch` gives `PatchedPairs`, beside `logit_differences`; `effects` gives `ComponentEffects`
- verdicts: `analyse` gives an `Analysis`, with an `OrganismVerdict` a member, and each share as a `ShareInterval`
- your own curricula, pressures and measurements: `load_plugin` runs a file of them, as ``--plugin`` does
- errors: `UserError` for whatever a person can put right, in one line or two

What is not here is in the packages beneath (`curricula`, `organisms`, `analysis`, `reports`, `experiments`), which this one
wraps thinly: a `LoadedOrganism` has the `model`, a `Lineage` the `config`, an `Analysis` all `findings`. Importing this package
imports nothing else: each name is imported when it is first used. Functions that grow, load or measure set the switches of JAX that
decide results (64-bit numbers, matrix precision, the random generator) for the whole process, as commands do. They warn where
your process had set one otherwise. Examples of single functions read the run that the example of `grow` grows.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curricula.errors import UserError
    from exapt.behaviour import BehaviourHistory, behaviour_history
    from exapt.drawing import DrawnScenes, MinimalPairs, minimal_pairs, scenes
    from exapt.judgement import Analysis, OrganismVerdict, ShareInterval, analyse
    from exapt.lineage import Lineage, grow, read_lineage
    from exapt.organism import LoadedOrganism, acts, load_organism, logits
    from exapt.patching import ComponentEffects, PatchedPairs, effects, logit_differences, patch
    from exapt.plugin import load_plugin

__all__ = [
    "Analysis",
    "BehaviourHistory",
    "ComponentEffects",
    "DrawnScenes",
    "Lineage",
    "LoadedOrganism",
    "MinimalPairs",
    "OrganismVerdict",
    "PatchedPairs",
    "ShareInterval",
    "UserError",
    "acts",
    "analyse",
    "behaviour_history",
    "effects",
    "grow",
    "load_organism",
    "load_plugin",
    "logit_differences",
    "logits",
    "minimal_pairs",
    "patch",
    "read_lineage",
    "scenes",
]
_MODULES = {
    "curricula.errors": ("UserError",),
    "exapt.behaviour": ("BehaviourHistory", "behaviour_history"),
    "exapt.drawing": ("DrawnScenes", "MinimalPairs", "minimal_pairs", "scenes"),
    "exapt.judgement": ("Analysis", "OrganismVerdict", "ShareInterval", "analyse"),
    "exapt.lineage": ("Lineage", "grow", "read_lineage"),
    "exapt.organism": ("LoadedOrganism", "acts", "load_organism", "logits"),
    "exapt.patching": ("ComponentEffects", "PatchedPairs", "effects", "logit_differences", "patch"),
    "exapt.plugin": ("load_plugin",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """A public name, imported when it is first used (PEP 562): JAX takes a second to import."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'exapt' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
