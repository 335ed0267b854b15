"""PyTorch, members together: how fast does it train many organisms as one program?

Parameters of all members are stacked, the model is mapped over them (torch.func.vmap of functional_call) and
compiled as one. Each member has its own scenes and its own gradient clipping, as ours does.
"""

from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import Tensor  # pyright: ignore[reportMissingImports]
from torch.func import functional_call, vmap  # pyright: ignore[reportMissingImports]

from benchmarks.pytorch_model import PyTorchModel, cross_entropy


class PyTorchEnsemble:
    """Organisms in training together, from the same first parameters; a step draws no scene and keeps no
    metric."""

    def __init__(self, material: dict[str, np.ndarray], members: int, device: str, compiler: str | None):
        """material: see `benchmarks.material`. compiler: a backend of torch.compile; None: no compiling."""
        arrays = {
            name.removeprefix("parameter "): value
            for name, value in material.items()
            if name.startswith("parameter ")
        }
        sizes = int(material["heads"]), int(material["layers"]), material["decisions"]
        model = PyTorchModel(arrays, *sizes, pruned=True).to(device)
        self.parameters = {
            name: parameter.detach().expand(members, *parameter.shape).clone().requires_grad_()
            for name, parameter in model.named_parameters()
        }
        self.tokens = torch.tensor(material["tokens"], dtype=torch.int64, device=device)
        self.targets = torch.tensor(material["targets"], dtype=torch.int64, device=device)
        self.weights = torch.tensor(material["weights"], device=device)
        self.members = torch.arange(members, device=device)
        self.rates = material["learning_rates"].tolist()
        self.clip, self.steps = float(material["clip"]), 0
        self.optimiser = torch.optim.AdamW(
            list(self.parameters.values()),
            lr=self.rates[0],
            betas=(0.9, float(material["second_moment"])),
            weight_decay=float(material["weight_decay"]),
            fused=True,
        )

        def loss(parameters: dict[str, Tensor], tokens: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
            return cross_entropy(functional_call(model, parameters, (tokens,)), targets, weights)

        self.losses: Any = vmap(loss)
        self.scales: Any = self._scales
        if compiler:
            self.losses = torch.compile(self.losses, backend=compiler, dynamic=False)
            self.scales = torch.compile(self.scales, backend=compiler, dynamic=False)

    def step(self) -> Tensor:
        """One step of every member; their losses [member] before it, on the device."""
        index = (self.members + self.steps) % len(self.tokens)
        self.optimiser.param_groups[0]["lr"] = self.rates[self.steps % len(self.rates)]
        losses = self.losses(self.parameters, self.tokens[index], self.targets[index], self.weights[index])
        losses.sum().backward()
        gradients = [each.grad for each in self.parameters.values() if each.grad is not None]
        with torch.no_grad():
            scale = self.scales(gradients)
            for gradient in gradients:
                gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.steps += 1
        return losses.detach()

    def _scales(self, gradients: list[Tensor]) -> Tensor:
        """What each member's gradient is multiplied by, so that its norm is at most the clip [member]."""
        squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients])
        return (self.clip / (squares.sum(0).sqrt() + 1e-6)).clamp(max=1.0)
