"""Are planted curricula sound, and does what they alone use do what it says: the exchange of parts, and training of self alone?"""

import jax
import numpy as np
import pytest
from emitters import optimised

from curricula.catalogue.building_blocks import STEPS
from curricula.catalogue.masked import MASKED
from curricula.catalogue.planted import DATED, PLANTED
from curricula.catalogue.planted_negatives import NEGATIVES
from curricula.catalogue.race import UNDECIDED_PLANTED
from curricula.world.vocabulary import BLANK, SELF
from organisms.ensemble.config import named_config
from organisms.model.surgery import freeze_all_but_self
from organisms.training.programs import Programs


def test_the_compiled_exchange_is_the_exchange():
    """It may take its argument's memory: a compiler that writes over what it has yet to read makes copies of
    what should be exchanged."""
    with optimised():
        programs = Programs(named_config("planted_exchanged", "tiny", members=2))
        born = programs.init_states(
            np.zeros(2, np.int32), np.arange(2, dtype=np.int32), np.zeros(2, np.int32)
        )
        before = [np.asarray(leaf) for leaf in jax.tree.leaves(born.organism)]
        once = programs.exchange(born)
    after = [np.asarray(leaf) for leaf in jax.tree.leaves(once.organism)]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(
        np.array_equal(np.sort(a.ravel()), np.sort(b.ravel())) for a, b in zip(before, after, strict=True)
    )


def test_only_self_learns_where_nothing_else_may(organism):
    after = jax.tree.map(lambda leaf: leaf + 1.0, organism)
    kept = freeze_all_but_self(organism, after, 1.0, [SELF, BLANK])
    changed = np.asarray(kept.embedding[...] != organism.embedding[...]).any(1)
    assert set(np.flatnonzero(changed)) == {SELF, BLANK}
    same = [
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(kept), jax.tree.leaves(organism), strict=True)
    ]
    assert same.count(False) == 1
    free = freeze_all_but_self(organism, after, 0.0, [SELF, BLANK])
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(free), jax.tree.leaves(after), strict=True)
    )


@pytest.mark.parametrize("scale", STEPS)
@pytest.mark.parametrize("planted", PLANTED + DATED + NEGATIVES + MASKED + UNDECIDED_PLANTED)
def test_planted_curricula_are_sound(planted, scale):
    found = planted(scale)
    assert found.name == planted.__name__
    assert not found.validation_errors()
    assert found.planted
    assert found.phases[found.fork].self_acts != "absent"
