"""Organisms: what does one member of an ensemble answer at one checkpoint?"""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from curricula.world.world import World
from exapt.lineage import Lineage
from exapt.session import set_up_session
from organisms.ensemble.compiler_options import TO_MEASURE, on_a_cpu
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.storage.loading import CheckpointChoice, load, require_member, require_same_attempt

Tokens = Int[np.ndarray, "*batch position"] | Int[Array, "*batch position"]


@dataclass(frozen=True, repr=False)
class LoadedOrganism:
    """One organism at one checkpoint."""

    model: Organism
    """the transformer: tokens [*batch, position] to logits [*batch, position, vocabulary], with a tap at every activation
    (`organisms.model.sites.Site`)"""
    config: OrganismConfig
    world: World
    member: int
    """index in its ensemble"""
    step: int
    """of its checkpoint"""
    secret_goal: int
    """number of self's secret goal, or of the rule that it follows (`curricula.world.rules.self_secret_goal`)"""

    def __repr__(self) -> str:
        return f"LoadedOrganism(member {self.member} at step {self.step})"

    @property
    def components(self) -> tuple[str, ...]:
        """Names of its heads and blocks of neurons, in order."""
        return tuple(components(self.config))


def load_organism(lineage: Lineage, member: int = 0, checkpoint: CheckpointChoice = "end") -> LoadedOrganism:
    """One organism of a run, with its parameters at a checkpoint.

    member: its index, from 0. checkpoint: a step, *fork* (just before self was first taught) or *end*.
    Raises UserError where there is no such member or checkpoint, where the member was another organism then, since it was
    reseeded later, or where a file is not what was committed.

    >>> lineage = exapt.read_lineage("runs/shared")
    >>> organism = exapt.load_organism(lineage, member=0, checkpoint="fork")
    >>> organism
    LoadedOrganism(member 0 at step 400)
    >>> organism.model.query.shape  # [layer, head, model, width]
    (2, 4, 32, 8)
    """
    set_up_session()
    require_member(lineage.config, member)
    entry = lineage.checkpoint(checkpoint)
    require_same_attempt(lineage.run, entry, member)
    return LoadedOrganism(
        pick(load(lineage.run, lineage.config, entry), member),
        lineage.config.organism,
        lineage.config.curriculum.world,
        member,
        entry.step,
        int(lineage.run.summary()["secret_goals"][member]),
    )


@program_cache(maxsize=1)
def _forward_program():
    return jax.jit(lambda model, tokens: model(tokens), compiler_options=on_a_cpu(TO_MEASURE))


def logits(organism: LoadedOrganism, tokens: Tokens) -> Float[np.ndarray, "*batch position vocabulary"]:
    """Logits at every position of some scenes: what the organism expects as the next token.

    tokens: [*batch, position], as `scenes` and `minimal_pairs` give them. Words of the vocabulary:
    ``organism.world.vocabulary.words()``.

    >>> organism = exapt.load_organism(exapt.read_lineage("runs/shared"))
    >>> exapt.logits(organism, exapt.scenes(organism, count=4).tokens).shape
    (4, 19, 17)
    """
    return np.asarray(_forward_program()(organism.model, tokens))


def acts(organism: LoadedOrganism, tokens: Tokens) -> Int[np.ndarray, "*batch moment"]:
    """Tokens that the organism finds likeliest where an act or an answer follows, one a moment of the scene.

    >>> organism = exapt.load_organism(exapt.read_lineage("runs/shared"))
    >>> drawn = exapt.scenes(organism, count=64)
    >>> bool((exapt.acts(organism, drawn.tokens) == drawn.targets).mean() > 0.9)
    True
    """
    return logits(organism, tokens)[..., organism.world.decisions, :].argmax(-1)
