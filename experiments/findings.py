"""How are measurements written down? As plain numbers and lists that JSON holds; what was not measurable is
null."""

from typing import Any

import numpy as np

from analysis.patching import circuits
from analysis.patching.circuits import Circuit
from analysis.patching.shapley import Contributions
from organisms.storage.manifest import Entry
from organisms.storage.run import Run
from organisms.training.config import RunConfig


def plain_effects(contributions: list[Contributions]) -> dict[str, list[list[float]]]:
    """Effects with their 95 % intervals over pairs; of a variable that moves nothing, null."""
    found: dict[str, list[list[float]]] = {"value": [], "low": [], "high": [], "total_nats": []}
    rng = np.random.default_rng(0)
    for c in contributions:
        strong = c.total.mean() > circuits.LEAST_NATS
        draws = [c.effect(rng.integers(0, len(c.total), len(c.total))) for _ in range(200)]
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        for name, value in (("value", c.effect()), ("low", low), ("high", high)):
            found[name].append((value if strong else np.full(len(value), np.nan)).tolist())
        found["total_nats"].append(float(c.total.mean()))  # pyright: ignore[reportArgumentType]
    return found


def plain_circuits(of: list[Circuit]) -> dict[str, list[Any]]:
    """Circuits of all members. Curves are ratios to the total; where that is next to nothing they are
    null."""

    def kept(c: Circuit, value: Any) -> Any:
        return (np.asarray(value) + (0.0 if c.total_nats > circuits.LEAST_NATS else np.nan)).tolist()

    return {
        "sizes": of[0].sizes.tolist(),
        "faithfulness": [kept(c, c.faithfulness) for c in of],
        "null": [kept(c, c.null) for c in of],
        "size": [len(c.members) if c.found else None for c in of],
        "cmd": [kept(c, c.cmd) for c in of],
        "null_cmd": [kept(c, c.null_cmd) for c in of],
        "removed": [kept(c, c.removed) for c in of],
        "removed_null": [kept(c, c.removed_null) for c in of],
        "completeness": [c.completeness for c in of],
        "found": [c.found for c in of],
        "replication_p": [c.replication_p for c in of],
        "members": [c.members.tolist() for c in of],
        "core": [c.core.tolist() for c in of],
        "total_nats": [c.total_nats for c in of],
    }


def phases(config: RunConfig, entries: list[Entry]) -> list[dict[str, Any]]:
    """Where each phase begins and ends, in steps of the run."""
    found, start = [], 0
    for phase in config.curriculum.phases:
        end = max((entry.step for entry in entries if entry.phase == phase.name), default=start)
        found.append({"name": phase.name, "start": start, "end": end})
        start = end
    return found


def learning(run: Run) -> dict[str, list[Any]]:
    """Metrics over steps: a list a metric, with a list of members for each chunk."""
    lines = run.metrics()
    names = [name for name in lines[0] if name not in ("step", "phase")] if lines else []
    return {"step": [line["step"] for line in lines]} | {
        name: [line[name] for line in lines] for name in names
    }
