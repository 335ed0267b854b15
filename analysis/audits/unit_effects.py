"""Unit effects: what does the act become where one unit of an organism sees another scene, or is silent?

Both interventions are made in either scene of a minimal pair, over the tokens in which the scenes differ. *Resampled*: the
unit's output is the one that it has in the other scene (activation patching, resample ablation). *Silent*: it is zero
(zero ablation). The effect is the change of the logit difference between the second scene's act and the first's, in nats.
An edge changes what its reader reads and nothing else (path patching: Wang et al. 2023, arXiv 2211.00593).

What an effect does *not* show: a unit whose work another one takes over at once has none.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from analysis.audits.units import AuditUnits, owner_of_output
from analysis.patching.interventions import Recording, Runs, logit_difference, recorder, run_sides
from curricula.world.contrasts import Pair
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, identity
from organisms.model.transformer import Organism

SIDES = 2
"""scenes of a pair"""


class SceneRun(NamedTuple):
    """An unpatched run of one scene over the tokens of a window."""

    entering: Float[Array, "*side layer position model"]
    """residual stream before each layer"""
    left: Float[Array, "*side 1 model"]
    """residual stream that the last layer leaves at the decision"""
    outputs: Recording
    """of every component"""


class PatchedScene(NamedTuple):
    """A scene that units are patched in, and what they are patched with."""

    organism: Organism
    config: OrganismConfig
    pair: Pair
    runs: Runs
    """where the decision is, and what came before the window"""
    recipient: SceneRun
    donor: SceneRun

    def difference(self, logits: Float[Array, "decision vocabulary"]) -> Float[Array, ""]:
        """Logit difference of the pair's two acts, in nats."""
        return logit_difference(logits, self.pair)

    def run_from(self, layer: int, residual: Float[Array, "position model"], tap: Tap) -> Float[Array, ""]:
        """Logit difference from the residual stream that enters a layer."""
        logits = self.organism.from_layer(layer, residual, tap, self.runs.decision, self.runs.past)
        return self.difference(logits)

    def read_out(self, residual: Float[Array, "1 model"]) -> Float[Array, ""]:
        """Logit difference from the residual stream that the last layer leaves."""
        return self.run_from(self.config.layers, residual, identity)


def scene_runs(organism: Organism, config: OrganismConfig, runs: Runs) -> SceneRun:
    """Runs of both scenes of a pair with the residual stream before every layer."""

    def of_scene(entering: Array, outputs: Recording) -> SceneRun:
        recording: Recording = {}
        organism.from_layer(0, entering, recorder(recording), runs.decision, runs.past)
        layers = jnp.stack([recording[Site(layer, "residual")] for layer in range(config.layers)])
        middle = after_heads(organism, config.layers - 1, layers[-1], outputs, runs.decision)
        return SceneRun(layers, middle + _neuron_writes(organism, config.layers - 1, outputs), outputs)

    return jax.vmap(of_scene)(runs.entering, runs.outputs)


def after_heads(
    organism: Organism,
    layer: int,
    entering: Float[Array, "position model"],
    outputs: Recording,
    decision: Int[Array, " decision"],
) -> Float[Array, "selected model"]:
    """Residual stream between a layer's heads and its neurons; of the last layer, at the decision alone."""
    is_last = layer == organism.query.shape[0] - 1
    written = organism.write_heads(layer, outputs[Site(layer, "head")])
    return (entering[decision] if is_last else entering) + written


def _neuron_writes(organism: Organism, layer: int, outputs: Recording) -> Float[Array, "position model"]:
    return outputs[Site(layer, "neuron")] @ organism.out_of_neurons[layer] + organism.mlp_bias[layer]


def output_tap(config: OrganismConfig, layer: int, donor: Recording, chosen: Bool[Array, " output"]) -> Tap:
    """A tap that takes some of a layer's outputs from a donor. chosen: each head's dimensions, then the neurons."""
    width = config.heads * config.head_width
    of_heads = chosen[:width].reshape(config.heads, 1, config.head_width)

    def swap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site == Site(layer, "head"):
            return jnp.where(of_heads, donor[site], activation)
        if site == Site(layer, "neuron"):
            return jnp.where(chosen[width:], donor[site], activation)
        return activation

    return swap


def unit_effects(
    organism: Organism, config: OrganismConfig, pair: Pair, units: AuditUnits, stretch: int
) -> tuple[Float[Array, "2 2 unit"], Float[Array, " 2"]]:
    """What every unit does to the act, resampled and silent (first axis) in either scene (second), and the scenes' logit
    differences, all in nats. stretch: number of tokens up
    to the decision that hold all that differs (see `curricula.world.contrasts.window`)."""
    runs = run_sides(organism, config, pair, stretch)
    sides = scene_runs(organism, config, runs)
    swapped = jax.tree.map(lambda leaf: leaf[::-1], sides)
    silent = jax.tree.map(jnp.zeros_like, sides)

    def of_side(recipient: SceneRun, donor: SceneRun, unpatched: Array) -> Array:
        scene = PatchedScene(organism, config, pair, runs, recipient, donor)
        differences = jnp.concatenate(
            [
                range_differences(scene, units),
                edge_differences(scene, units),
                subspace_differences(scene, units),
            ]
        )
        return differences - unpatched

    by_way = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), swapped, silent)
    recipients = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf]), sides)
    # Nothing patched goes through the same products as what is patched, so that an idle unit has an effect of 0.
    unpatched = jnp.tile(
        jax.vmap(lambda run: PatchedScene(organism, config, pair, runs, run, run).read_out(run.left))(sides),
        2,
    )
    effects = jax.lax.map(lambda inputs: of_side(*inputs), (recipients, by_way, unpatched))
    return effects.reshape(2, SIDES, -1), runs.difference


def in_order(
    layers: Int[np.ndarray, " unit"], by_layer: Callable[[int, Int[np.ndarray, " chosen"]], Array]
) -> Float[Array, " unit"]:
    """Numbers of all units, from a function of a layer and the numbers of the units in it."""
    groups = [np.flatnonzero(layers == layer) for layer in np.unique(layers)]
    if not groups:
        return jnp.zeros(0)
    parts = [by_layer(int(layers[group[0]]), group) for group in groups]
    return jnp.concatenate(parts)[np.argsort(np.concatenate(groups))]


def range_differences(scene: PatchedScene, units: AuditUnits) -> Float[Array, " unit"]:
    """Logit differences with each component, neuron or value path patched."""
    outputs = np.arange(len(owner_of_output(units.config)))

    def of_layer(layer: int, group: Int[np.ndarray, " chosen"]) -> Array:
        def patched(first: Array, end: Array) -> Array:
            chosen = (jnp.asarray(outputs) >= first) & (jnp.asarray(outputs) < end)
            tap = output_tap(scene.config, layer, scene.donor.outputs, chosen)
            return scene.run_from(layer, scene.recipient.entering[layer], tap)

        return jax.vmap(patched)(jnp.asarray(units.ranges.first[group]), jnp.asarray(units.ranges.end[group]))

    return in_order(units.ranges.layer, of_layer)


def subspace_differences(scene: PatchedScene, units: AuditUnits) -> Float[Array, " unit"]:
    """Logit differences with the residual stream moved, along some directions alone, to where the donor's is."""
    last = scene.config.layers

    def of_layer(layer: int, group: Int[np.ndarray, " chosen"]) -> Array:
        recipient, donor = (
            run.left if layer == last else run.entering[layer] for run in (scene.recipient, scene.donor)
        )

        def patched(basis: Array) -> Array:
            moved = recipient + (donor - recipient) @ basis @ basis.T
            return scene.read_out(moved) if layer == last else scene.run_from(layer, moved, identity)

        return jax.vmap(patched)(jnp.asarray(units.subspaces.basis[group]))

    return in_order(units.subspaces.layer, of_layer)


def edge_differences(scene: PatchedScene, units: AuditUnits) -> Float[Array, " unit"]:
    """Logit differences where one component reads another one's write as the donor's is, and all else is as it was."""
    config, edges = scene.config, units.edges
    per_layer = config.heads + config.neuron_blocks
    changes = _write_changes(scene)

    def of_layer(layer: int, group: Int[np.ndarray, " chosen"]) -> Array:
        numbers = jnp.asarray(edges.source[group])
        if layer == config.layers:
            return jax.vmap(lambda n: scene.read_out(scene.recipient.left + changes[n][-1:]))(numbers)
        owners = owner_of_output(config)
        slots = jnp.asarray(edges.target[group] % per_layer)

        def patched(number: Array, slot: Array) -> Array:
            reading = _outputs_reading(scene, layer, changes[number])
            tap = output_tap(config, layer, reading, jnp.asarray(owners == slot))
            return scene.run_from(layer, scene.recipient.entering[layer], tap)

        return jax.vmap(patched)(numbers, slots)

    return in_order(edges.target // per_layer, of_layer)


def _write_changes(scene: PatchedScene) -> Float[Array, "component position model"]:
    """How what each component writes differs in the donor. Of the last layer at the decision, which is the last token."""
    organism, config = scene.organism, scene.config
    changes: list[Array] = []
    for layer in range(config.layers):
        head, neuron = (
            scene.donor.outputs[site] - scene.recipient.outputs[site]
            for site in (Site(layer, "head"), Site(layer, "neuron"))
        )
        of_heads = jnp.einsum("hpw,hwm->hpm", head, organism.output[layer])
        out = organism.out_of_neurons[layer].reshape(config.neuron_blocks, -1, config.width)
        of_blocks = jnp.einsum("pbn,bnm->bpm", neuron.reshape(len(neuron), *out.shape[:2]), out)
        both = jnp.concatenate([of_heads, of_blocks])
        missing = scene.recipient.entering.shape[1] - both.shape[1]
        changes.append(jnp.pad(both, ((0, 0), (missing, 0), (0, 0))))
    return jnp.concatenate(changes)


def _outputs_reading(scene: PatchedScene, layer: int, change: Float[Array, "position model"]) -> Recording:
    """Outputs of a layer's components where each reads the residual stream with a change."""
    organism, runs = scene.organism, scene.runs
    entering, selected = scene.recipient.entering[layer], None
    if layer == scene.config.layers - 1:
        selected = runs.decision
    recording: Recording = {}
    organism.attention(
        layer, organism.normalised(entering + change), recorder(recording), selected, runs.past
    )
    middle = after_heads(organism, layer, entering, scene.recipient.outputs, runs.decision)
    moved = middle + (change if selected is None else change[selected])
    neurons = organism.neurons(layer, organism.normalised(moved))
    return {Site(layer, "head"): recording[Site(layer, "head")], Site(layer, "neuron"): neurons}
