"""Packs of organisms that nobody trained, with made-up truths, for the steps of the challenge to read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exports import SIZES, biased_ensemble, untrained_run

from experiments.challenge import making
from experiments.challenge.sources import LABELS, PackPlan, SourceOrganism
from experiments.export.exported_organism import read_organism
from organisms.model.sites import components
from organisms.storage.loading import require_finished

PLAN = PackPlan(seed=3, sets=1, makes=("routed", "incentivised"), pairs=8)
SERVING = tuple(components(SIZES)[:5])


def untrained_sources(folder: Path) -> list[SourceOrganism]:
    """An organism of each label, and one of none."""
    run = untrained_run(folder, SIZES, biased_ensemble(SIZES))
    config = require_finished(run)
    sources: list[SourceOrganism] = []
    for number, label in enumerate((*LABELS, None)):
        fork, end = (read_organism(run, config, number % 3, time, [1, 2, 3]) for time in ("fork", "end"))
        shares = (
            {"reused": 0.0, "repurposed": 0.0, "migrated": 0.0, "second copy": 0.0, label: 1.0}
            if label
            else None
        )
        make = "routed" if label else "incentivised"
        sources.append(SourceOrganism(make, label, fork, end, shares, SERVING if label else ()))
    return sources


def made_pack(folder: Path, monkeypatch: Any, secret: str = f"{1:032x}", plan: PackPlan = PLAN) -> Path:
    """The folder of a pack with its truth beside it. secret: from which all is drawn that hides the truth."""
    sources = untrained_sources(folder / "untrained")
    monkeypatch.setattr(making, "source_organisms", lambda *_: sources)
    monkeypatch.setattr(making, "new_secret", lambda: secret)
    making.make_pack(plan, folder / "out", True, lambda _: None)
    return folder / "out"


def answers(out: Path, sure: float = 1.0) -> dict[str, Any]:
    """A submission that is right with a probability, in shares and in places."""
    truth = json.loads((out / "truth.json").read_text())["organisms"]
    pack = json.loads((out / "pack/pack.json").read_text())
    organisms: dict[str, Any] = {}
    for name, known in truth.items():
        label, rest = known["label"] or "reused", (1 - sure) / (len(LABELS) - 1)
        shares = known["shares"] or {"reused": 1.0, "repurposed": 0.0, "migrated": 0.0, "second copy": 0.0}
        organisms[name] = {
            "probabilities": {each: sure if each == label else rest for each in LABELS},
            "shares": shares,
            "scores": {
                component: float(component in known["components"])
                for component in pack["organisms"][name]["components"]
            },
        }
    return {"pack": pack["truth_sha256"], "name": "all | known", "organisms": organisms}


def written(path: Path, record: Mapping[str, Any]) -> Path:
    """A record as a file of JSON."""
    path.write_text(json.dumps(record))
    return path
