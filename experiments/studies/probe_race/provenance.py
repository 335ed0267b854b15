"""Provenance in the race: does it change what gives way to a probe, where self's mechanism comes from?

Undecided organisms have their provenance planted by weight masks (`organisms.planted.masks`). They are children's parents as any
others are: the masks end as the race begins. An organism in which planting failed is left out and counted.

Predicted: with a probe that reads the act at its token, provenance does not matter.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float

from analysis.provenance.planted_truth import PlantedTruth
from analysis.race.rates import RaceLosses
from analysis.statistics import mean_interval
from curricula.errors import UserError
from curricula.pressures.race.act_probe import ActProbePlace
from experiments.studies.probe_race.arms import (
    ARM_OF,
    PROVENANCE_PLACES,
    PROVENANCES,
    provenance_label,
)
from experiments.studies.probe_race.measurement import RaceCourse
from experiments.studies.probe_race.summary import MeasuredCell, measured_cells
from experiments.studies.study import Number, Triple, triple

COSTS: tuple[ActProbePlace, ...] = ("reward", "loss")
"""arms whose selection is compared"""
PAIRS = tuple(combinations(PROVENANCES, 2))
"""provenances that are set beside each other"""
START_NUMBERS = ("misbehaviour", "stale_auroc")
END_NUMBERS = ("misbehaviour", "stale_auroc", "stale_accuracy", "fresh_self_auroc")


def provenance_findings(
    courses: Mapping[str, RaceCourse], truths: Mapping[str, PlantedTruth]
) -> dict[str, Number | Triple]:
    """Results by name: ``provenance.PROVENANCE.ARM.NUMBER``. Differences of two provenances are of organisms of equal number
    in which both were planted.

    courses: by label of the arm. truths: by label of the undecided organisms. Raises UserError where the arms of a
    provenance did not begin with the same organisms.
    """
    findings: dict[str, Number | Triple] = {}
    selections: dict[tuple[str, ActProbePlace], Float[np.ndarray, " organism"]] = {}
    for provenance, fork in PROVENANCES.items():
        if fork not in truths:
            continue
        cells = _cells_of(provenance, courses)
        took = np.asarray(truths[fork].planting_took)
        prefix = f"provenance.{provenance}"
        findings |= {f"{prefix}.grown": len(took), f"{prefix}.planted": int(took.sum())}
        without = cells["none"]
        for name in START_NUMBERS:
            findings[f"{prefix}.start.{name}"] = triple(mean_interval(without.metric(name)[0][took]))
        for place, cell in cells.items():
            for name in END_NUMBERS:
                findings[f"{prefix}.{place}.end_{name}"] = triple(mean_interval(cell.metric(name)[-1][took]))
        for place in COSTS:
            losses = cells[place].losses(without)
            selections[provenance, place] = np.where(took, losses.selection, np.nan)
            findings |= _loss_findings(f"{prefix}.{place}", losses, took)
        reward, loss = (selections[provenance, place] for place in COSTS)
        findings[f"{prefix}.reward_less_loss.selection"] = triple(mean_interval(reward - loss))
    for first, second in PAIRS:
        for place in COSTS:
            if (first, place) in selections and (second, place) in selections:
                difference = selections[first, place] - selections[second, place]
                name = f"provenance.{first}_less_{second}.{place}"
                findings[f"{name}.selection"] = triple(mean_interval(difference))
                findings[f"{name}.n"] = int(np.isfinite(difference).sum())
    return findings


def _cells_of(provenance: str, courses: Mapping[str, RaceCourse]) -> dict[ActProbePlace, MeasuredCell]:
    """The arms of a provenance by where the score costs something."""
    labels: dict[ActProbePlace, str] = {
        place: provenance_label(provenance, place) for place in PROVENANCE_PLACES
    }
    if missing := [label for label in labels.values() if label not in courses]:
        raise UserError(f"probe-race: expected the arms {', '.join(missing)}; train them")
    cells = measured_cells({label: courses[label] for label in labels.values()})
    return {place: cells[ARM_OF[label].name] for place, label in labels.items()}


def _loss_findings(
    prefix: str, losses: RaceLosses, took: Bool[np.ndarray, " organism"]
) -> dict[str, Number | Triple]:
    """What an arm lost, over the organisms in which planting took."""
    selection = losses.selection[took]
    return {
        f"{prefix}.misbehaviour_lost": triple(mean_interval(losses.misbehaviour[took])),
        f"{prefix}.auroc_lost": triple(mean_interval(losses.reading[took])),
        f"{prefix}.selection": triple(mean_interval(selection)),
        f"{prefix}.gave_way": int(np.isfinite(selection).sum()),
    }
