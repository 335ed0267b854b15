"""Are stand-in effects measured at the fork, with what characters keep silent, in the pairs that its effects are of?"""

import numpy as np
import pytest

from analysis.patching.results import EffectsResult
from analysis.provenance import spare
from analysis.provenance.spare import kept_and_taken
from experiments.measurements.measuring import opened_for_measuring
from experiments.measurements.patching.provenance import share_inputs
from experiments.measurements.patching.spare import SpareMeasurement

pytestmark = pytest.mark.usefixtures("programs_of_commands")


@pytest.fixture(scope="module")
def opened(tiny_run):
    return opened_for_measuring(tiny_run, 1)


def test_with_nothing_silent_they_are_the_fork_s_effects(opened, findings, monkeypatch):
    """Where no component reaches the bar characters keep none."""
    monkeypatch.setattr(spare, "SERVES", 10.0)
    at_fork = findings[EffectsResult].require("fork", "character")
    found = SpareMeasurement().measure(opened, findings)
    assert found.members == (None,) * opened.config.members
    np.testing.assert_allclose(found.stand_in_nats, at_fork.pair_nats, atol=1e-4)


def test_what_characters_keep_does_nothing_once_it_is_silent(opened, findings):
    effects = findings[EffectsResult]
    ends = (effects.require("end", role).value for role in ("character", "self"))
    found = SpareMeasurement().measure(opened, findings)
    at_fork = effects.require("fork", "character")
    for member, of_member in enumerate(zip(*ends, strict=True)):
        kept, _ = kept_and_taken(*of_member)
        assert kept.any()
        assert np.abs(at_fork.pair_nats[member][:, kept]).max() > 0.1
        np.testing.assert_allclose(found.stand_in_nats[member][:, kept], 0, atol=1e-4)


def test_shares_are_made_of_them(findings):
    for member, inputs in enumerate(share_inputs(findings)):
        at_fork = findings[EffectsResult].require("fork", "character")
        assert inputs.stand_in is not None
        assert inputs.stand_in.components.shape == at_fork.pair_nats[member].shape
        np.testing.assert_array_equal(inputs.stand_in.total, at_fork.pair_total_nats[member])
