"""Learning curves: what was the loss, and what did the organisms do, while they were trained?

The curves are those that training wrote down, chunk by chunk, on the scenes that it trained on. They do not show by
which mechanism a rate was reached.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from organisms.storage.run import Run


@dataclass(frozen=True)
class LearningResult:
    """Metrics over the steps of a run; NaN where a metric was not measured."""

    steps: tuple[int, ...]
    metrics: Mapping[str, Float[np.ndarray, "step member"]]
    """by the metric's name, as in metrics.jsonl"""


def learning_curves_of(run: Run) -> LearningResult:
    """The metrics that a run wrote."""
    lines = run.metrics()
    names = [name for name in lines[0] if name not in ("step", "phase")] if lines else []
    numbers = lambda value: [math.nan if number is None else float(number) for number in value]  # noqa: E731
    return LearningResult(
        tuple(line["step"] for line in lines),
        {name: np.array([numbers(line[name]) for line in lines]) for name in names},
    )
