"""Does the fork's circuit, frozen, drive the final organism's self?

The organism as it was at the fork, before self was taught, runs a scene watched and alone; the outputs of a
set of its components, as they were then, are patched into the final organism's run of self, over the cues and
the actor's token (cross-model activation patching: Prakash et al. 2024, arXiv 2402.14811). What counts is
taking them from the fork alone against from the fork watched, over what the final organism's own cues do: see
`analysis.patching.interchange`, whose measurement this is with another organism in place of another role, and
whose gate sets it takes.

*transfer*: the fork runs the very scene in which the final organism's self acts. At the fork self was nobody
yet: a low number may mean that self listens to other components, but also that these did not yet read the
cues when self acted. *transfer_from_characters*: the fork runs scenes in which a character acts, as it had
been taught to. A high number says that the final self obeys what these components wrote then; a low one of
the latter that self listens to others, or that these have since changed what they write.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Int, Key

from analysis.patching.interchange import (
    CHOOSING_PAIRS,
    PAIRS,
    InterchangeEffect,
    compared,
    cross_role_pairs,
    exchanges,
    gate_sets,
)
from analysis.patching.shapley import Contributions
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism


def transfer(
    end: Organism,
    fork: Organism,
    world: World,
    config: OrganismConfig,
    keys: Key[Array, " member"],
    secret_goals: Int[Array, " member"],
    effects: Sequence[Contributions],
    circuit: Sequence[Int[np.ndarray, "..."]],
    seed: int,
) -> dict[str, InterchangeEffect]:
    """What components of the fork [member, ...] hand over to the final organism's self; *within*: from one
    scene of characters to another at the fork.

    effects: of each member's fork on characters, which rank its components. circuit: the components of the
    characters' circuit at the fork.
    """
    drawn = jax.vmap(jax.random.split)(keys)
    into, source = cross_role_pairs(world, drawn[:, 0], secret_goals, CHOOSING_PAIRS)
    chosen = gate_sets(fork, world, config, into.character_pair, source.character_pair, effects)
    masks = compared(config, chosen, circuit, seed)
    into, source = cross_role_pairs(world, drawn[:, 1], secret_goals, PAIRS)
    within = exchanges(fork, fork, world, config, into.character_pair, source.character_pair, masks)
    return {
        line: InterchangeEffect(
            exchanges(end, fork, world, config, into.self_pair, giver, masks), within, chosen
        )
        for line, giver in (("transfer", into.self_pair), ("transfer_from_characters", source.character_pair))
    }
