"""Scored organisms that nobody trained: fields as given, and otherwise not measured."""

from analysis.provenance.scoring import ScoredOrganism
from analysis.provenance.verdict import CELLS


def scored_organism(truth: str, verdict: str = "mixed", **fields) -> ScoredOrganism:
    """An organism planted by routing, in which planting took."""
    nothing = dict.fromkeys(CELLS)
    defaults = {
        "curriculum": "planted",
        "run": "planted-0",
        "seed": 0,
        "member": 0,
        "make": "routing",
        "planting_took": True,
        "why_not": "",
        "verdict_in_full": verdict,
        "reason": "",
        "shares": nothing,
        "strict_shares": nothing,
        "excess": nothing,
        "planted_shares": None,
        "goals_in_lane_a": None,
        "goals_in_spare": None,
        "auroc": {},
        "cmd": None,
        "null_cmd": None,
        "cmd_of_spread": None,
        "circuit_found": True,
        "lines": {},
        "corroborated_as": {},
        "similarity": None,
        "planted_similarity": None,
    }
    return ScoredOrganism(**{**defaults, "truth": truth, "verdict": verdict, **fields})
