"""Do the masks of a run hold in a child that is taught something else, and only there?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
from runs import Silent

from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.pressures.masking import Masking
from curricula.pressures.registry import Pressures
from organisms.ensemble.config import named_config
from organisms.planted.lanes import lane_a
from organisms.planted.masks import Seals, mask_weights
from organisms.storage.forking import parent_at, require_parent
from organisms.storage.loading import load
from organisms.storage.run import open_run, read_run
from organisms.training.loop import train_ensemble
from organisms.training.sources import TrainingSources
from organisms.training.validation import check_config

MASKS = curriculum("masked_second_copy", "tiny").phases[-1].pressures[Masking]


def grown(config, folder, parent=None):
    with open_run(folder, config.plain()) as run:
        run.write_summary(train_ensemble(config, run, Silent(), TrainingSources(parent=parent)))
    return read_run(folder)


def child_config(parent, pressures):
    begin, theirs = parent_at(parent.folder)
    phase = Phase("safety", 2, self_acts="honest", pressures=pressures)
    return replace(theirs, curriculum=Curriculum("child", theirs.curriculum.world, (phase,)), parent=begin)


def largest_masked_weight(run, config):
    """How far the last checkpoint is from what the masks of self's phase would make of it."""
    entry = run.entries()[-1]
    organisms, attempt = load(run, config, entry), entry.extra["attempts"][0]

    def distance(organism):
        lane = lane_a(config.seed, jnp.int32(0), jnp.int32(attempt), config.organism)
        masked = mask_weights(organism, lane, Seals.of(MASKS), config.curriculum.world, config.organism)
        return jax.tree.map(lambda a, b: jnp.abs(a - b).max(), organism, masked)

    only = jax.tree.map(lambda leaf: leaf[0], organisms)
    return max(float(leaf) for leaf in jax.tree.leaves(jax.jit(distance)(only)))


@pytest.mark.slow
def test_held_masks_hold_in_a_child_and_weights_move_without_them(tmp_path):
    parent = grown(named_config("masked_second_copy", "tiny", 1, steps=2), tmp_path / "parent")
    held, free = (
        child_config(parent, pressures) for pressures in (Pressures(replace(MASKS, held=True)), Pressures())
    )
    assert not held.curriculum.planted
    runs = [
        grown(config, tmp_path / name, parent.folder) for name, config in (("held", held), ("free", free))
    ]
    assert largest_masked_weight(runs[0], held) == pytest.approx(0, abs=1e-6)
    assert largest_masked_weight(runs[1], free) > 1e-4
    assert not (runs[0].folder / "truth.json").exists()


@pytest.mark.slow
def test_held_masks_are_those_of_the_parent(tmp_path):
    parent = grown(named_config("masked_second_copy", "tiny", 1, steps=2), tmp_path / "parent")
    require_parent(child_config(parent, Pressures(replace(MASKS, held=True))), parent.folder)
    other = child_config(parent, Pressures(replace(MASKS, held=True, with_self="a")))
    with pytest.raises(UserError, match=r"masking\.held: expected the masks of its last phase"):
        require_parent(other, parent.folder)


def test_masks_are_held_of_a_parent_alone():
    held = replace(MASKS, held=True)
    config = named_config("masked_second_copy", "tiny", 1)
    characters, intent = config.curriculum.phases
    changed = replace(config.curriculum, phases=(characters, replace(intent, pressures=Pressures(held))))
    with pytest.raises(UserError, match="parent: expected the masked run whose masks are held, got none"):
        check_config(replace(config, curriculum=changed))
