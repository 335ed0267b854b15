"""Sites: where in an organism can activations be recorded and changed?

Axis words, used everywhere with these meanings:

- member: an organism of an ensemble.    batch: a scene of a batch.    pair: a minimal pair of scenes.
- position: a token of a scene.    source: a position attended to.
- layer, head, width (of a head), neuron, model (the residual stream), vocabulary.
- component: a head or a block of neurons; counted layer by layer, heads first.
- phase: a part of a curriculum.    moment: a part of a scene in which somebody acts.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from organisms.model.config import OrganismConfig


class Site(NamedTuple):
    """A named place in the forward pass. The layer is -1 for sites that belong to none.

    In the order of the forward pass: *embedding* [position, model]; in each layer *residual* [position,
    model], *query*, *key*, *value* [head, position, width], *pattern* [head, position, source], *head* (each
    head's output, before the output weights) [head, position, width], *neuron* (after the nonlinearity)
    [position, neuron]; then *final* (after the last norm) [position, model].
    """

    layer: int
    name: str


@runtime_checkable
class Tap(Protocol):
    """Takes every activation of the forward pass and returns the activation that replaces it: the one hook. It
    records, patches or ablates."""

    def __call__(self, site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]: ...


def identity(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
    """The tap that records nothing and changes nothing."""
    return activation


def compose(taps: Sequence[Tap]) -> Tap:
    """The tap that passes every activation through several taps, in their order."""

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        for part in taps:
            activation = part(site, activation)
        return activation

    return tap if taps else identity


def residual_sites(layers: int) -> list[Site]:
    """Where one direction of the residual stream may be read or moved: the entrance of every layer but the
    first, and what is read out."""
    return [*(Site(layer, "residual") for layer in range(1, layers)), Site(-1, "final")]


def components(config: OrganismConfig) -> list[str]:
    """Names of all components in order: ``L0H0 .. L0H3, L0M0 .. L0M3, L1H0 ..``."""
    return [
        f"L{layer}{kind}{index}"
        for layer in range(config.layers)
        for kind, count in (("H", config.heads), ("M", config.neuron_blocks))
        for index in range(count)
    ]


def by_head_and_neuron(
    config: OrganismConfig, values: Shaped[Array | np.ndarray, "*batch layer component"]
) -> tuple[Array, Array]:
    """Each component's value as [*batch, layer, head] and, repeated for all neurons of a block, [*batch,
    layer, neuron]."""
    heads, blocks = jnp.split(jnp.asarray(values), [config.heads], axis=-1)
    return heads, jnp.repeat(blocks, config.neurons // config.neuron_blocks, axis=-1)


def broadcast_to_site(
    config: OrganismConfig, values: Shaped[Array, "*batch layer component"], site: Site
) -> Array | None:
    """Each component's value, heads first in every layer, in a shape that fits the activation of a site; None
    for sites that are no components' output."""
    if site.name == "head":
        return values[..., site.layer, : config.heads, None, None]
    if site.name == "neuron":
        blocks = values[..., site.layer, None, config.heads :]  # [*batch 1 block]
        return jnp.repeat(blocks, config.neurons // config.neuron_blocks, axis=-1)
    return None


def component_mask(config: OrganismConfig, names: Sequence[str]) -> Bool[np.ndarray, " component"]:
    """Which components have these names."""
    return np.isin(components(config), names)


def component_names(masks: Bool[np.ndarray, "member component"], config: OrganismConfig) -> list[list[str]]:
    """The names of the components in each member's mask."""
    names = np.array(components(config))
    return [names[mask].tolist() for mask in masks]


def unknown_components(setting: str, names: Sequence[str], config: OrganismConfig) -> list[str]:
    """The line about names that are no component's, if there are any. setting: the flag that has them."""
    valid_names = components(config)
    wrong = [name for name in names if name not in valid_names]
    if not wrong:
        return []
    return [f"{setting}: expected names from {valid_names[0]} to {valid_names[-1]}, got {', '.join(wrong)}"]
