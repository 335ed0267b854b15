"""Are component histories complete, and what do they hold at the ends of phases?"""

import numpy as np
import pytest

from analysis.history.component_history import measure_history
from organisms.model.sites import components
from organisms.storage.loading import require_finished

pytestmark = pytest.mark.usefixtures("programs_of_commands")


@pytest.fixture(scope="module")
def history(tiny_run):
    return measure_history(tiny_run, 1)


def test_a_history_covers_every_checkpoint_of_every_organism(history, tiny_run):
    entries = tiny_run.entries()
    assert history.steps == tuple(entry.step for entry in entries)
    assert len(history.members) == 2
    for member in history.members:
        assert member.from_step == 0
        for role in ("character", "self"):
            shares = member.of_role(role).effects
            assert shares.shape == (len(entries), len(components(require_finished(tiny_run).organism)))
            assert shares[-1].sum() == pytest.approx(1, abs=1e-3)
        kinds = {event.event for event in member.events}
        assert "born" in kinds, "no component serves a role in an untrained organism, and one does at the end"


def test_ends_of_phases_have_fingerprints_latent_effects_and_successors(history):
    """Fingerprints at each, latent effects at each but the last; and which became which from one to the next."""
    for member in history.members:
        fork, end = member.ends_of_phases
        assert (fork.phase, end.phase) == ("characters", "intent")
        assert end.latent is None
        latent = fork.latent["character"]
        assert (latent == 0).any(), "what single patches find is not latent"
        assert (latent != 0).any()
        assert end.fingerprints.shape == (len(latent), len(history.figures))
        (succession,) = member.successions
        assert (succession.from_step, succession.to_step) == (fork.step, end.step)
        names = [
            np.array([getattr(pair, side) for pair in succession.components])
            for side in ("becomes", "component")
        ]
        assert sorted(names[0]) == sorted(names[1])
