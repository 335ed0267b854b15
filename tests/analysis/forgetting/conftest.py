"""The organisms that a mode is taken from."""

import numpy as np
import pytest

from analysis.forgetting.restoration import GatedAncestors
from organisms.ensemble.config import read_config
from organisms.storage.loading import load


@pytest.fixture(scope="module")
def whole(tiny_run) -> GatedAncestors:
    """Organisms of a run that has the mode."""
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    secret_goals = np.asarray(tiny_run.summary()["secret_goals"])
    return GatedAncestors.locate(organisms, config, secret_goals, 3)
