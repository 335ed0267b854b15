"""Does evidence of another kind agree with a verdict?

*cosine*: between the characters' and self's component effects at the end, beside the cosine with an unrelated task's (recalling what a
character professes). *cross_lesion*: patch the core of the characters' circuit, see what self loses, and the reverse, beside equally large random sets of other
components of the same layers. *fork_lesion*: the same with the core that the characters' circuit had at the fork. Each has its own null, and each says *agrees*,
*disagrees* or *silent*, the last where the verdict makes no claim or where the measurement cannot tell.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from analysis.effects import Contributions

TOGETHER, APART = {"reused", "migrated"}, {"repurposed", "second copy"}
AT_FORK, NOT_AT_FORK = {"reused", "repurposed"}, {"migrated", "second copy"}
CLAIMS: dict[str, tuple[set[str], set[str]]] = {
    "cosine": (TOGETHER, APART),
    "cross_lesion": (TOGETHER, APART),
    "cross_lesion_reverse": (TOGETHER, APART),
    "fork_lesion": (AT_FORK, NOT_AT_FORK),
}
"""for each line the verdicts under which it should be above its null, and those under which it should not"""
BOOTSTRAPS = 200


def cosine(
    first: Contributions, second: Contributions, unrelated: Contributions | None, seed: int
) -> dict[str, float | None]:
    """Cosine of two organisms-wide effect vectors with its interval over pairs, and the null: the second's with an unrelated task's."""
    rng = np.random.default_rng(seed)

    def of(a: Contributions, b: Contributions, draw: bool) -> float:
        picks = [rng.integers(0, len(c.total), len(c.total)) if draw else slice(None) for c in (a, b)]
        x, y = a.effect(picks[0]), b.effect(picks[1])
        return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))

    drawn = [of(first, second, True) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    null = of(unrelated, second, False) if unrelated else None
    return {"value": of(first, second, False), "low": float(low), "high": float(high), "null": null}


def lesion(removed: Float[np.ndarray, "pair set"], total: Float[np.ndarray, " pair"], seed: int) -> dict[str, float]:
    """Share of an effect that patching a circuit removes, its interval over pairs, and the same for random circuits.

    removed: nats; the first set is the circuit, the others are random ones of its size and layers.
    """
    rng = np.random.default_rng(seed)
    value = removed.sum(0) / total.sum()
    draws = rng.integers(0, len(total), (BOOTSTRAPS, len(total)))
    drawn = removed[draws, 0].sum(1) / total[draws].sum(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {
        "value": float(value[0]),
        "low": float(low),
        "high": float(high),
        "null": float(value[1:].mean()),
        "null_high": float(value[1:].max()),
    }


def say(verdict: str, claim_yes: set[str], claim_no: set[str], found: Mapping[str, Any]) -> str:
    """*agrees* where what was found is what the verdict claims: above its null's highest for ``claim_yes``, not so for ``claim_no``."""
    bar = found.get("null_high", found.get("null"))
    if verdict not in claim_yes | claim_no or bar is None:
        return "silent"
    if not (found["low"] > bar or found["high"] < bar):
        return "silent"
    return "agrees" if (found["low"] > bar) == (verdict in claim_yes) else "disagrees"
