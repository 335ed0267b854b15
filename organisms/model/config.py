"""How large is an organism? Its sizes, and those of each scale."""

from dataclasses import dataclass, field
from typing import Literal

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.errors import range_errors

Norm = Literal["layer", "none"]
Activation = Literal["gelu", "relu"]

LIMITS = {
    "layers": (1, 1000),
    "heads": (1, 1000),
    "width": (1, 100_000),
    "neurons": (1, 1_000_000),
    "neuron_blocks": (1, 10_000),
}
"""least and largest sizes; memory is a limit of its own, see `organisms.ensemble.memory`"""


@dataclass(frozen=True)
class OrganismConfig:
    """Sizes of an organism: a decoder-only transformer."""

    layers: int = 3
    """blocks of attention and an MLP"""
    heads: int = 4
    """attention heads of each layer"""
    width: int = 64
    """of the residual stream; heads share it out evenly"""
    neurons: int = 256
    """of each layer's MLP"""
    neuron_blocks: int = 4
    """components that each layer's neurons are divided into, for analysis and for pressures on whole blocks"""
    initial_scale: float = 1.0
    """multiplies the standard deviation, 1/sqrt(inputs), of initial weights"""
    norm: Norm = field(default="layer", metadata=OMIT_IF_DEFAULT)
    """what heads, neurons and the unembedding read of the residual stream: its layer norm, or itself"""
    activation: Activation = field(default="gelu", metadata=OMIT_IF_DEFAULT)
    """nonlinearity of the neurons; gelu is its tanh form"""

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    def validation_errors(self) -> list[str]:
        """Everything that is wrong with these sizes, a line each."""
        errors = range_errors("organism.", self, LIMITS)
        if not errors and self.width % self.heads:
            divisors = [n for n in range(1, self.width + 1) if self.width % n == 0]
            errors.append(
                f"organism.heads: {self.heads} heads do not divide width {self.width}; "
                f"use {min(divisors, key=lambda n: abs(n - self.heads))} heads or another width"
            )
        if not errors and self.neurons % self.neuron_blocks:
            errors.append(
                f"organism.neuron_blocks: {self.neuron_blocks} blocks do not divide {self.neurons} neurons"
            )
        if not 0 < self.initial_scale <= 10:
            errors.append(
                f"organism.initial_scale: expected more than 0 and at most 10, got {self.initial_scale}"
            )
        return errors


ORGANISMS: dict[str, OrganismConfig] = {
    "tiny": OrganismConfig(layers=2, heads=4, width=32, neurons=128, neuron_blocks=2),
    "cpu": OrganismConfig(),
    "gpu": OrganismConfig(layers=6, heads=8, width=256, neurons=1024, neuron_blocks=8),
}
COMPILED = OrganismConfig(
    layers=5, heads=4, width=100, neurons=72, neuron_blocks=3, norm="none", activation="relu"
)
"""sizes of organisms that a compiled program is written into, at every scale"""
