"""Patching: how far does an act turn when components take what they have in the other scene of a minimal pair?

`patch` is one experiment on one organism; `effects` has what an analysis measured of all components. Neither shows what a
component computes: see `analysis.patching.interventions` and `analysis.patching.shapley`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.patching.circuits import LEAST_NATS
from analysis.patching.interventions import effects_of_sets
from analysis.patching.results import CheckpointName, EffectsResult
from curricula.errors import UserError
from curricula.world.contrasts import Pair, Role, Variable, window
from exapt.arguments import require_contrast, require_name
from exapt.drawing import MinimalPairs
from exapt.lineage import Lineage
from exapt.organism import LoadedOrganism, logits
from exapt.session import set_up_session
from experiments.analyse import results_of
from experiments.measurements.patching.effects import VARIABLES
from organisms.ensemble.compiler_options import TO_MEASURE, on_a_cpu
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import component_mask, unknown_components
from organisms.model.transformer import Organism


@dataclass(frozen=True)
class PatchedPairs:
    """What patching some components does in each pair, in nats of logit difference."""

    components: tuple[str, ...]
    moved_nats: Float[np.ndarray, " pair"]
    """how far the logit difference moved towards the other scene's"""
    total_nats: Float[np.ndarray, " pair"]
    """how far it moves when everything is patched: the difference between the two scenes' logit differences"""

    @property
    def share(self) -> float:
        """Effect of the components as a fraction of patching everything: a ratio of two sums over pairs. NaN where patching
        everything moves the act by 0.5 nats or less on average, as in an analysis."""
        if self.total_nats.mean() <= LEAST_NATS:
            return float("nan")
        return float(self.moved_nats.sum() / self.total_nats.sum())


@dataclass(frozen=True)
class ComponentEffects:
    """Shapley effects of every component on one variable, in all organisms of a run."""

    components: tuple[str, ...]
    value: Float[np.ndarray, "member component"]
    """fractions of patching everything; NaN where the variable hardly moves the act"""
    low: Float[np.ndarray, "member component"]
    """lower ends of 95 % intervals over minimal pairs"""
    high: Float[np.ndarray, "member component"]
    total_nats: Float[np.ndarray, " member"]
    """what patching everything does, a mean over pairs"""

    def ranked(self, member: int) -> list[tuple[str, float]]:
        """Names and effects of one organism's components, largest first."""
        named = zip(self.components, self.value[member].tolist(), strict=True)
        return sorted(named, key=lambda each: -each[1])


def logit_differences(organism: LoadedOrganism, pairs: MinimalPairs) -> Float[np.ndarray, "pair 2"]:
    """Logit of the second scene's act less that of the first's, in nats, in the first and in the second scene of each pair.
    Raises UserError on pairs that were drawn for an organism with another secret goal.

    An organism that acts rightly has less than 0 in the first and more than 0 in the second.

    >>> organism = exapt.load_organism(exapt.read_lineage("runs/shared"))
    >>> pairs = exapt.minimal_pairs(organism, "self", "watched", count=16)
    >>> first, second = exapt.logit_differences(organism, pairs).mean(0)
    >>> bool(first < 0 < second)
    True
    """
    pairs.require_fit(organism)
    pair, row = pairs.pair, np.arange(len(pairs))
    tokens = np.stack([pair.first, pair.second], axis=1)  # [pair side position]
    at_decision = logits(organism, tokens)[row, :, pair.decision]  # [pair side vocabulary]
    return at_decision[row, :, pair.second_answer] - at_decision[row, :, pair.first_answer]


def patch(
    organism: LoadedOrganism, pairs: MinimalPairs, components: Sequence[str], noising: bool = False
) -> PatchedPairs:
    """Activation patching: runs one scene of each pair with the outputs that some components have in the other scene
    (an interchange intervention, or resample ablation), and reads the logit difference between the two acts.

    components: names, as ``["L0H1", "L1M0"]``, patched together. noising: False runs the first scene with outputs from the
    second (denoising); True runs the second with outputs from the first. Either counts as positive what turns towards the
    other scene's act. Raises UserError on a name that no component has, and on pairs that were drawn for an organism with another
    secret goal.

    Source: Vig et al. 2020, arXiv 2004.12265; Geiger et al. 2021, arXiv 2106.02997. See `analysis.patching.interventions`.

    >>> organism = exapt.load_organism(exapt.read_lineage("runs/shared"))
    >>> pairs = exapt.minimal_pairs(organism, "self", "watched", count=16)
    >>> patched = exapt.patch(organism, pairs, ["L1H0"])
    >>> patched.moved_nats.shape  # [pair]
    (16,)
    >>> round(exapt.patch(organism, pairs, organism.components).share, 3)
    1.0
    """
    errors = unknown_components("components", components, organism.config)
    if errors:
        raise UserError(*errors)
    pairs.require_fit(organism)
    mask = component_mask(organism.config, components)
    amount = len(pairs)
    masks = np.broadcast_to(mask, (amount, 1, 1, len(mask)))
    program = _patch_program(organism.config, window(pairs.world, pairs.variable))
    moved, total = program(organism.model, pairs.pair, masks, np.full((amount, 1), noising))
    return PatchedPairs(tuple(components), np.asarray(moved)[:, 0, 0], np.asarray(total))


def effects(
    lineage: Lineage,
    checkpoint: CheckpointName = "end",
    role: Role = "self",
    variable: Variable = "watched",
) -> ComponentEffects:
    """How much of a variable's influence on the act each component carries (a Shapley value), as the analysis of the run has
    it. Where the run was not analysed the effects alone are measured, and kept in its folder: seconds to a minute.

    checkpoint: *fork* or *end*. role: whose acts. variable: *watched*, *professed*, *secret*, or *idle*, the null of *watched*.
    Raises UserError where the variable is not written in the world's scenes, or where another process writes the run.

    Source: Ghorbani & Zou 2020, arXiv 2002.09815. See `analysis.patching.shapley`.

    >>> lineage = exapt.read_lineage("runs/shared")
    >>> at_end = exapt.effects(lineage, "end", role="self", variable="watched")
    >>> at_end.value.shape  # [member, component]
    (2, 12)
    >>> (name, share), *others = at_end.ranked(member=0)
    >>> name in lineage.components, share > 0.1
    (True, True)
    """
    set_up_session()
    require_contrast(lineage.config.curriculum.world, role, variable, VARIABLES)
    require_name("checkpoint", checkpoint, get_args(CheckpointName))
    result = results_of(lineage.folder, (EffectsResult,), seed=None)[EffectsResult]
    measured = result.require(checkpoint, role, variable)
    return ComponentEffects(
        lineage.components, measured.value, measured.low, measured.high, measured.total_nats
    )


@program_cache(maxsize=32)
def _patch_program(config: OrganismConfig, stretch: int | None):
    """A compiled `effects_of_sets`. stretch: see `curricula.world.contrasts.window`."""

    def patched(
        model: Organism,
        pairs: Pair,
        masks: Bool[Array, "pair way set component"],
        noising: Bool[Array, "pair way"],
    ) -> tuple[Float[Array, "pair way set"], Float[Array, " pair"]]:
        return effects_of_sets(model, config, pairs, masks, noising, stretch)

    return jax.jit(patched, compiler_options=on_a_cpu(TO_MEASURE))
