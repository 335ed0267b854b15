"""Which components would an auditor watch? Those that an analysis of the organisms finds as a phase begins,
or that were named by hand.

Found: the strongest for characters' gate by Shapley value, as many as together hold the share of it that the
pressure names. They are what the analysis can see of the mechanism as it is at that moment; spares that hide
behind it are not among them. Or one circuit that suffices (`analysis.patching.pruning`), beside which another
may stand.
"""

import jax
import numpy as np
from jaxtyping import Bool, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.pruning import sufficient
from analysis.patching.shapley import Contributions
from curricula.phases import Phase
from organisms.model.sites import components
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig
from organisms.training.step import Watched
from organisms.training.variation import phase_of

CALLS = 2
"""of the program that measures effects"""


def locate(config: RunConfig, index: int, organisms: Organism, secret_goals: np.ndarray) -> Watched:
    """The components that the pressures of a phase are about, of organisms [member, ...] as it begins."""
    phases = [
        phase_of(member, index, config.curriculum.phases[index], config.vary)
        for member in range(config.members)
    ]
    parts = [(one.pressures.monitor, one.pressures.clamp) for one in phases]
    nothing = np.zeros(len(components(config.organism)), bool)
    effects: list[Contributions] = []
    circuits = np.stack([nothing] * config.members)
    if any(asked(one) for one in phases):
        with jax.default_matmul_precision("highest"):
            survey = CheckpointMeasurer(organisms, config, secret_goals, config.seed)
            effects = survey.shapley_effects("character", "watched", calls=CALLS)
            if any(monitor.finds == "circuit" for monitor, _ in parts):
                circuits = sufficient(survey, np.array([monitor.reach for monitor, _ in parts]))
    masks = []
    for kind in (0, 1):
        chosen = [both[kind] for both in parts]
        by_hand = [named(config, part.components) if part.components else nothing for part in chosen]
        found = [
            strongest(of.effect(), part.reach) for of, part in zip(effects, chosen, strict=False)
        ] or by_hand
        if kind == 0:
            pairs = zip(parts, found, circuits, strict=True)
            found = [circuit if monitor.finds == "circuit" else one for (monitor, _), one, circuit in pairs]
        masks.append(
            np.stack([a if part.components else b for part, a, b in zip(chosen, by_hand, found, strict=True)])
        )
    return Watched(*masks)


def asked(phase: Phase) -> bool:
    """Does a pressure of this phase want components that it does not name?"""
    monitor, clamp = phase.pressures.monitor, phase.pressures.clamp
    return (monitor.weight > 0 and not monitor.components) or (clamp.reach > 0 and not clamp.components)


def validation_errors(config: RunConfig) -> list[str]:
    """What stands against finding what the pressures of a run are about; a line each."""
    known, found = components(config.organism), []
    audited = [(n, phase) for n, phase in enumerate(config.curriculum.phases) if phase.pressures.audited]
    for n, phase in audited:
        for kind in ("monitor", "clamp"):
            wrong = [name for name in getattr(phase.pressures, kind).components if name not in known]
            if wrong:
                expected = f"expected names from {known[0]} to {known[-1]}, got {', '.join(wrong)}"
                found.append(f"phases.{n}.pressures.{kind}.components: {expected}")
    if audited and jax.process_count() > 1:
        found.append(
            "monitor, clamp, exclusive: expected one process, since components are found between phases; leave out --distributed"
        )
    return found


def strongest(effect: Float[np.ndarray, " component"], reach: float) -> Bool[np.ndarray, " component"]:
    """The fewest components that hold at least this share of all positive effects together; none where there
    is no effect."""
    above = np.nan_to_num(effect).clip(0)
    order = np.argsort(-above, kind="stable")
    before = np.cumsum(above[order]) - above[order]
    found = np.zeros(len(above), bool)
    found[order] = (before < reach * above.sum() - 1e-9) & (above[order] > 0)
    return found


def named(config: RunConfig, names: tuple[str, ...]) -> Bool[np.ndarray, " component"]:
    """The components of these names, which `validation_errors` has looked at."""
    return np.isin(components(config.organism), names)
