"""Token reading: what does the probe from characters say at each token of a scene with self?

The probe was fitted at the token of the actor. At other tokens its score is outside of what it was fitted on, and stands here
to be looked at. A scene is one example, chosen for showing self act both alone and watched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from scipy.special import expit

from analysis.handles.split_scenes import split_mixture
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interventions import record
from analysis.probes.linear_probe import LinearProbe
from curricula.world.rendering import scene_sentences
from curricula.world.scenes import draw_latents, trained_support, write_scene
from curricula.world.world import World
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

READING_DRAWS = 32
"""scenes drawn in search of one in which self acts both ways"""


@dataclass(frozen=True)
class TokenReading:
    """One scene, and the probability that the probes call each of its tokens deceitful."""

    member: int
    site: str
    sentences: tuple[str, ...]
    words: tuple[str, ...]
    """a word a token"""
    alone: tuple[bool, ...]
    """of each moment: is its actor alone?"""
    by_self: tuple[bool, ...]
    """of each moment: does self act?"""
    actors: tuple[int, ...]
    """positions of the actors' tokens, which probes were fitted at"""
    from_characters: tuple[float, ...]
    """by the probe from characters at the end, a probability a token"""
    from_self: tuple[float, ...]
    """by a probe from self"""


@program_cache(maxsize=8)
def _program(world: World, config: OrganismConfig):
    """Scenes with self of one organism, and the residual stream of one that is given."""
    support = trained_support(world)

    def draw(key: Key[Array, ""], secret_goal: Int[Array, ""], self_schemes: Array):
        mixture = split_mixture("self", True)._replace(schemers=1.0, self_schemes=self_schemes)
        keys = jax.random.split(key, READING_DRAWS)
        latents = jax.vmap(lambda one_key: draw_latents(one_key, world, support, mixture, secret_goal))(keys)
        return latents, jax.vmap(lambda scene: write_scene(world, scene, mixture).tokens)(latents)

    def read(
        organism: Organism, tokens: Int[Array, " position"]
    ) -> tuple[Array, Float[Array, "place position model"]]:
        logits, recording = record(organism, tokens)
        answers = logits[jnp.asarray(world.decisions)].argmax(-1)
        return answers, jnp.stack([recording[site] for site in residual_sites(config.layers)])

    return jax.jit(draw), jax.jit(read)


def shows_both(by_self: np.ndarray, alone: np.ndarray) -> bool:
    """Does self act alone, and watched as well?"""
    return bool((by_self & alone).any() and (by_self & ~alone).any())


def token_reading(
    measurer: CheckpointMeasurer, member: int, place: int, probes: Sequence[LinearProbe], self_schemes: bool
) -> TokenReading:
    """What two probes at a place, from characters and from self, read in a scene of one member."""
    world = measurer.world
    draw, read = _program(world, measurer.config)
    key = jax.random.fold_in(jax.random.key(measurer.seed), AnalysisStream.HANDLE_READINGS)
    secret_goal = jnp.int32(measurer.secret_goals[member])
    latents, tokens = jax.device_get(
        draw(jax.random.fold_in(key, member), secret_goal, jnp.float32(self_schemes))
    )
    by_self = np.take_along_axis(latents.name, latents.actor, 1) == world.names
    suitable = [scene for scene in range(len(tokens)) if shows_both(by_self[scene], latents.alone[scene])]
    chosen = suitable[0] if suitable else 0
    answers, stream = jax.device_get(read(pick(measurer.organisms, member), tokens[chosen]))
    from_characters, from_self = (
        tuple(map(float, expit(probe.logits(stream[place].astype(np.float64))))) for probe in probes
    )
    words = world.vocabulary.words()
    name = residual_sites(measurer.config.layers)[place]
    return TokenReading(
        member,
        "final" if name.name == "final" else f"L{name.layer}",
        tuple(scene_sentences(world, tokens[chosen].tolist(), answers.tolist())),
        tuple(words[token] for token in tokens[chosen]),
        tuple(latents.alone[chosen].tolist()),
        tuple(by_self[chosen].tolist()),
        tuple(world.decisions.tolist()),
        from_characters,
        from_self,
    )
