"""What would the same organism be in PyTorch? The model as PyTorch users write it, with the fast paths that
PyTorch has.

One product for queries, keys and values, fused attention, logits at the decisions only. ``pruned`` adds what
ours does besides: the last layer computes its queries, its heads' outputs and its neurons at the decisions
alone.
"""

from collections.abc import Mapping

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from jaxtyping import Float, Int
from torch import Tensor, nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

EPSILON = 1e-5


class Block(nn.Module):
    """A layer. The inputs of ``output`` are the heads' outputs side by side, the inputs of ``out_of_neurons``
    the neurons."""

    def __init__(self, model: int, heads: int, neurons: int):
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(model, 3 * model)
        self.output = nn.Linear(model, model)
        self.into_neurons = nn.Linear(model, neurons)
        self.out_of_neurons = nn.Linear(neurons, model)

    def forward(
        self, residual: Tensor, decisions: Tensor | None = None, visible: Tensor | None = None
    ) -> Tensor:
        """decisions, visible: the positions that are computed, and the positions that each of them may attend
        to; None: all, each what came before."""
        batch, positions, model = residual.shape
        inputs = functional.layer_norm(residual, (model,), eps=EPSILON)
        if decisions is None:
            together = self.query_key_value(inputs).view(batch, positions, 3, self.heads, model // self.heads)
            query, key, value = together.permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        else:
            weights, biases = self.query_key_value.weight, self.query_key_value.bias
            query = functional.linear(inputs[:, decisions], weights[:model], biases[:model])
            together = functional.linear(inputs, weights[model:], biases[model:])
            query = query.view(batch, len(decisions), self.heads, -1).transpose(1, 2)
            key, value = together.view(batch, positions, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
            residual = residual[:, decisions]
        residual = residual + self.output(mixed.transpose(1, 2).reshape(residual.shape))
        inputs = functional.layer_norm(residual, (model,), eps=EPSILON)
        return residual + self.out_of_neurons(functional.gelu(self.into_neurons(inputs), approximate="tanh"))


class PyTorchModel(nn.Module):
    """Gives logits [scene, moment, vocabulary] at the decisions of scenes [scene, position]."""

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        heads: int,
        layers: int,
        decisions: np.ndarray,
        pruned: bool = False,
    ):
        super().__init__()
        vocabulary, model = arrays["embed.W_E"].shape
        neurons = arrays["blocks.0.mlp.W_in"].shape[1]
        self.pruned = pruned
        self.embedding = nn.Embedding(vocabulary, model)
        self.position = nn.Parameter(torch.zeros(arrays["pos_embed.W_pos"].shape))
        self.blocks = nn.ModuleList(Block(model, heads, neurons) for _ in range(layers))
        self.unembedding = nn.Linear(model, vocabulary)
        at_decisions = torch.tensor(decisions)
        self.register_buffer("decisions", at_decisions, persistent=False)
        self.register_buffer(
            "visible", torch.arange(len(self.position)) <= at_decisions[:, None], persistent=False
        )
        self.load_state_dict(
            {name: torch.tensor(value) for name, value in pytorch_parameters(arrays, layers).items()}
        )

    def forward(self, tokens: Int[Tensor, "scene position"]) -> Float[Tensor, "scene moment vocabulary"]:
        residual = self.embedding(tokens) + self.position
        for block in self.blocks[:-1]:
            residual = block(residual)
        last = self.blocks[-1]
        at_decisions = (
            last(residual, self.decisions, self.visible) if self.pruned else last(residual)[:, self.decisions]
        )
        return self.unembedding(functional.layer_norm(at_decisions, (at_decisions.shape[-1],), eps=EPSILON))


def pytorch_parameters(arrays: Mapping[str, np.ndarray], layers: int) -> dict[str, np.ndarray]:
    """The PyTorch model's parameters by their names there, from one member's parameters (or gradients) under
    their TransformerLens names."""
    renamed = {
        "embedding.weight": arrays["embed.W_E"],
        "position": arrays["pos_embed.W_pos"],
        "unembedding.weight": arrays["unembed.W_U"].T,
        "unembedding.bias": arrays["unembed.b_U"],
    }
    for layer in range(layers):
        array = lambda name: arrays[f"blocks.{layer}.{name}"]  # noqa: B023, E731
        model = array("mlp.b_out").shape[0]
        by_head = [array(f"attn.W_{letter}").transpose(0, 2, 1).reshape(-1, model) for letter in "QKV"]
        renamed |= {
            f"blocks.{layer}.query_key_value.weight": np.concatenate(by_head),
            f"blocks.{layer}.query_key_value.bias": np.concatenate(
                [array(f"attn.b_{letter}").ravel() for letter in "QKV"]
            ),
            f"blocks.{layer}.output.weight": array("attn.W_O").reshape(-1, model).T,
            f"blocks.{layer}.output.bias": array("attn.b_O"),
            f"blocks.{layer}.into_neurons.weight": array("mlp.W_in").T,
            f"blocks.{layer}.into_neurons.bias": array("mlp.b_in"),
            f"blocks.{layer}.out_of_neurons.weight": array("mlp.W_out").T,
            f"blocks.{layer}.out_of_neurons.bias": array("mlp.b_out"),
        }
    return renamed


def cross_entropy(
    logits: Float[Tensor, "scene moment vocabulary"], targets: Tensor, weights: Tensor
) -> Float[Tensor, ""]:
    """Mean cross-entropy in nats over the targets of a batch."""
    nats = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return (nats * weights.flatten()).sum() / weights.sum().clamp(min=1.0)
