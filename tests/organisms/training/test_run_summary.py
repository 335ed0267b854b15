"""What a run says of itself is of its organisms as they ended."""

from inspect import unwrap
from types import SimpleNamespace

import numpy as np

from organisms.ensemble.config import named_config
from organisms.storage.manifest import Entry
from organisms.training import run_summary
from organisms.training.run_summary import check_planting


def test_planting_is_checked_by_the_lanes_of_the_last_attempts(monkeypatch):
    """A member that was reseeded since the fork has lanes of its new seed: those of the old one hold nothing."""
    config, seen = named_config("planted_reused", "tiny", members=2), {}

    def record(ensemble, *_):
        seen["record"] = ensemble.attempts.tolist()
        return {"took": [True, False], "why_not": ["", "no lane"]}

    def changes(ensemble, lineage):
        seen["changes"] = ensemble.attempts.tolist()
        return []

    monkeypatch.setattr(run_summary, "planting_record", record)
    monkeypatch.setattr(run_summary, "dated_changes", changes)
    entries = [Entry(0, config.curriculum.phases[0].name, 0, "", "", {})]
    run = SimpleNamespace(entries=lambda: entries, hash="abc", write_truth=lambda truth: None)
    end = SimpleNamespace(
        config=config,
        run=run,
        organisms=None,
        attempts=np.array([0, 1]),
        secret_goals=np.array([1, 2]),
        committed=lambda entry: (None, np.array([0, 0])),
    )
    lines = unwrap(check_planting)(end, {"behaviour": {}})  # a stand-in of the end has not its type
    assert seen == {"record": [0, 1], "changes": [0, 1]}
    assert lines == ["planting member 1 failed: no lane"]
