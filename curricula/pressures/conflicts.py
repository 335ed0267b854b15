"""Which pressures can not stand beside each other in one phase, and why? The one place that says so."""

from curricula.pressures.registry import Conflict

AUDITED = "organisms whose provenance is planted are not audited"

CONFLICTS = [
    *(
        Conflict(planted, name, AUDITED)
        for planted in ("routing", "masking")
        for name in ("monitor", "mean_ablation", "overlap", "concentration")
    ),
    Conflict("routing", "half_dropout", "it silences what lanes own"),
    Conflict("routing", "probe", "organisms whose provenance is planted are not probed"),
    Conflict("masking", "probe", "organisms whose provenance is planted are not probed"),
    Conflict("routing", "act_probe", "organisms whose provenance is planted are not probed"),
    Conflict("masking", "act_probe", "organisms whose provenance is planted are not probed"),
    Conflict("coin", "routing", "scenes of lanes are written before a coin changes acts in them"),
    Conflict("coin", "interference", "the answer to its question is the act before the coin"),
]


def register_conflict(first: str, second: str, reason: str) -> None:
    """Registers that two pressures, by name, can not be set in one phase."""
    CONFLICTS.append(Conflict(first, second, reason))
