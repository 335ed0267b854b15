"""Organisms of planted curricula that nobody trained, as the study of controls measures them."""

from dataclasses import replace

from scored import scored_organism

from analysis.provenance.planted_truth import RIGHT_VERDICTS
from analysis.provenance.verdict import CELLS
from experiments.studies.controls.study import CURRICULA
from experiments.studies.controls.summary import ControlsMeasurement
from organisms.planted.planting import TRUTHS

OTHER = "planted_other_rule"


def scored(curriculum, verdict, reused=1.0, took=True):
    """An organism of a planted curriculum whose measured and planted shares agree."""
    make, truth = TRUTHS[curriculum]
    shares = {**dict.fromkeys(CELLS, 0.0), "reused": reused}
    other_rule = curriculum == OTHER
    return scored_organism(
        truth,
        verdict,
        curriculum=curriculum,
        run=f"{curriculum}-<b>0</b>",
        seed=7,
        make=make,
        planting_took=took,
        why_not="" if took else "lane A is <i>loud</i>",
        verdict_in_full="second copy, by another mechanism" if other_rule else verdict,
        shares=shares,
        strict_shares=shares,
        planted_shares=None if truth == "absent" else shares,
        goals_in_lane_a=0.6 if truth == "mixed" else None,
        auroc={"character": 1.0, "self": 0.9},
        cmd=0.02,
        null_cmd=0.4,
        cmd_of_spread=0.02,
        similarity="another" if other_rule else "alike",
        planted_similarity={OTHER: "another", "planted_reused": "alike"}.get(curriculum),
    )


NULLS = {"untrained": ("absent",) * 8, "shuffled": ("undecided",) * 7 + ("reused",)}


def measured(**changes):
    """One right organism of each curriculum; of planted_reused one more that is undecided, and one in which
    planting failed. changes: of the scored organism of planted_other_rule."""
    organisms = {
        name: [scored(name, "mixed" if TRUTHS[name][1] in RIGHT_VERDICTS else TRUTHS[name][1])]
        for name in CURRICULA
    }
    organisms["planted_reused"] += [
        scored("planted_reused", "undecided"),
        scored("planted_reused", "absent", took=False),
    ]
    organisms[OTHER] = [replace(organisms[OTHER][0], **changes)]
    return {
        name: ControlsMeasurement(
            name, tuple(of_run), 1, NULLS if name == "planted_reused" else {}, (None,) * len(of_run)
        )
        for name, of_run in organisms.items()
    }
