"""Is what self has for itself told from other components by how far its weights moved?"""

import jax
import numpy as np
import pytest

from analysis.provenance.corroboration import agreement
from analysis.provenance.weight_change import SELF_WAS_TRAINED, weight_changes, weight_line
from organisms.model.sites import components

GROUPS = [np.arange(6), np.arange(6, 12)]
OWN = np.array([0.5, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0])
CHARACTERS = np.roll(OWN, 1)
STILL = 0.2 + 0.01 * np.arange(12) % 0.03


@pytest.mark.parametrize(
    ("factor", "verdict", "says"),
    [
        (2.0, "repurposed", "agrees"),
        (2.0, "second copy", "agrees"),
        (2.0, "reused", "silent"),
        (0.5, "repurposed", "disagrees"),
        (0.5, "reused", "agrees"),
        (2.0, "mixed", "silent"),
    ],
)
def test_own_components_that_moved_more_than_others_speak_for_parting(factor, verdict, says):
    line = weight_line(np.where(OWN > 0, factor * STILL, STILL), CHARACTERS, OWN, GROUPS, 0)
    assert line.value == pytest.approx(factor, rel=0.1)
    assert agreement(verdict, SELF_WAS_TRAINED, line) == says


def test_there_is_no_line_without_components_of_its_own_or_without_others():
    assert weight_line(STILL, OWN, OWN, GROUPS, 0) is None
    assert weight_line(STILL, np.zeros(12), np.ones(12), GROUPS, 0) is None
    few = [np.arange(2), np.arange(2, 4)]
    assert weight_line(STILL[:4], CHARACTERS[[0, 1, 6, 7]], OWN[[0, 1, 6, 7]], few, 0) is None


def test_there_is_no_line_where_weights_began_at_nothing_or_never_moved():
    began_at_nothing = STILL.copy()
    began_at_nothing[3] = np.inf
    assert weight_line(began_at_nothing, CHARACTERS, OWN, GROUPS, 0) is None
    assert weight_line(np.zeros(12), CHARACTERS, OWN, GROUPS, 0) is None


def test_the_change_of_a_component_is_that_of_its_own_weights(ensemble, sizes):
    """One head's output and one neuron's input are doubled: nothing else has moved."""
    before = jax.device_get(ensemble)
    after = jax.tree.map(np.array, before)
    after.output[...][:, 1, 0] *= 2
    block = sizes.neurons // sizes.neuron_blocks
    after.into_neurons[...][:, 0, :, block] *= 2  # the first neuron of the second block
    change = weight_changes(before, after, sizes)
    names = np.array(components(sizes))
    assert set(names[(change > 0).any(0)]) == {"L1H0", "L0M1"}
    head = [getattr(before, name)[...][:, 1, 0] for name in ("query", "key", "value", "output")]
    lengths = [np.sqrt((part**2).sum((1, 2))) for part in head]
    expected = lengths[-1] / np.sqrt(sum(length**2 for length in lengths))
    np.testing.assert_allclose(change[:, list(names).index("L1H0")], expected, rtol=1e-5)
